r"""The readout in NumPy: one weight for each hidden unit, and a bias, after h.

An LSTM's h stays between -1 and 1, and there is one of them for each unit. The
readout turns them into predictions of any size and number.
"""

import numpy as np
from numpy.typing import ArrayLike

from unrolled._checks import check_array, check_names
from unrolled.numpy_lstm import Params

_SHAPES = {"weight": ("F", "H"), "bias": ("F",)}


def readout_forward(hs: ArrayLike, params: Params) -> np.ndarray:
    r"""Turn hidden states into predictions.

    .. math:: \hat y_t = V h_t + u

    Args:
        hs: the hidden states, (N, T, H).
        params: ``weight`` V (F, H) and ``bias`` u (F,).

    Returns:
        The predictions, (N, T, F).

    Raises:
        ValueError: wrong shapes, NaN or infinite values, missing parameters.

    Example:
        >>> params = {"weight": np.full((1, 2), 3.0), "bias": np.ones(1)}
        >>> readout_forward([[[0.5, -0.25]]], params).tolist()
        [[[1.75]]]

    Chapter: 05_training.
    """
    params, _, H = _check_params(params)
    hs = check_array("hs", hs, ("N", "T", H))
    return hs @ params["weight"].T + params["bias"]  # (N, T, F)


def readout_backward(
    errors: ArrayLike, hs: ArrayLike, params: Params
) -> tuple[np.ndarray, Params]:
    r"""Carry the errors of the predictions back to the hidden states.

    With :math:`\delta` for the derivative of the loss with respect to what
    follows it, and :math:`h_t` and :math:`\delta\hat y_t` as columns,

    .. math::
        \delta h_t = V^\top \delta\hat y_t \qquad
        \delta V = \sum_t \delta\hat y_t\, h_t^\top \qquad
        \delta u = \sum_t \delta\hat y_t

    Args:
        errors: derivative of the loss with respect to each prediction,
            (N, T, F).
        hs: the hidden states that `readout_forward` was given, (N, T, H).
        params: ``weight`` (F, H) and ``bias`` (F,).

    Returns:
        The derivative with respect to each hidden state, (N, T, H), which is
        what `numpy_lstm.bptt` takes, and the gradients of the readout's own
        parameters, summed over steps and sequences.

    Raises:
        ValueError: wrong shapes, NaN or infinite values, missing parameters.

    Example:
        >>> params = {"weight": np.full((1, 2), 3.0), "bias": np.ones(1)}
        >>> dhs, grads = readout_backward([[[2.0]]], [[[0.5, -0.25]]], params)
        >>> dhs.tolist(), grads["weight"].tolist(), grads["bias"].tolist()
        ([[[6.0, 6.0]]], [[1.0, -0.5]], [2.0])

    Chapter: 05_training.
    """
    params, F, H = _check_params(params)
    hs = check_array("hs", hs, ("N", "T", H))
    errors = check_array("errors", errors, (*hs.shape[:2], F))
    grads = {
        "weight": np.einsum("ntf,nth->fh", errors, hs),  # (F, H)
        "bias": errors.sum(axis=(0, 1)),  # (F,)
    }
    return errors @ params["weight"], grads  # (N, T, H)


def _check_params(params: Params) -> tuple[Params, int, int]:
    """Return a copy of the parameters, F and H once the shapes fit."""
    check_names("params", params, _SHAPES)
    params = {
        name: check_array(name, params[name], shape)
        for name, shape in _SHAPES.items()
    }
    F, H = params["weight"].shape
    check_array("bias", params["bias"], (F,))
    return params, F, H
