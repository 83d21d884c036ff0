r"""Gradients held against a loss that moves, and against wrong ones.

References of the exercises' checks, as in `exercise_references`: by steps of
gradient descent, and by PyTorch's autograd.
"""

import numpy as np
import torch
from numpy.typing import ArrayLike

from unrolled._checks import check_array, check_number
from unrolled.exercise_oracles import (
    _ORDER,
    _tensors,
    lstm_gradients,
    lstm_states,
)
from unrolled.numpy_lstm import Params


def fall_ratio(
    x: ArrayLike, y: ArrayLike, params: Params, rate: float
) -> float:
    r"""Divide the fall of the loss in one update by the fall foretold.

    The loss is :math:`L = \sum_t (h_t - y_t)^2`, the update one by plain
    gradient descent, and the straight line foretells the fall
    :math:`\eta \lVert \nabla L \rVert^2`.

    Args:
        x: the inputs, (N, T, D).
        y: the targets, (N, T, H).
        params: ``weight_ih`` (4H, D), ``weight_hh`` (4H, H), ``bias`` (4H,).
        rate: the learning rate η, above 0.

    Returns:
        The ratio, near 1 for a small rate.

    Raises:
        ValueError: wrong shapes, NaN or infinite values, missing parameters,
            a rate that is not above 0.

    Example:
        >>> from unrolled import data
        >>> x, y, params = data.anchor()
        >>> round(fall_ratio(x, y, params, rate=1e-6), 3)
        1.0

    Chapter: the exercises.
    """
    check_number("rate", rate, "above 0", minimum=1e-12, below=np.inf)
    hs = lstm_states(x, params)[0]
    y = check_array("y", y, hs.shape)
    grads = lstm_gradients(x, params, 2 * (hs - y))
    moved = {name: params[name] - rate * grads[name] for name in grads}
    fall = ((hs - y) ** 2).sum() - ((lstm_states(x, moved)[0] - y) ** 2).sum()
    return float(fall / (rate * _length(grads) ** 2))


def gap_without_dh(x: ArrayLike, params: Params, dhs: ArrayLike) -> float:
    r"""Say how wrong a gradient is that loses δh between two steps.

    Autograd computes both: for the wrong one, h is detached after each step.

    Args:
        x: the inputs, (N, T, D).
        params: ``weight_ih`` (4H, D), ``weight_hh`` (4H, H), ``bias`` (4H,).
        dhs: each step's own error, (N, T, H).

    Returns:
        The length of the difference, as a share of the right length.

    Raises:
        ValueError: wrong shapes, NaN or infinite values, missing parameters.

    Example:
        >>> from unrolled.exercise_oracles import random_lstm
        >>> problem = random_lstm(1, 1, 2, 3, np.random.default_rng(0))
        >>> round(gap_without_dh(*problem), 9)  # nothing comes from later
        0.0

    Chapter: the exercises.
    """
    right = lstm_gradients(x, params, dhs)
    weights, _, H = _tensors(params)
    no_bias = torch.zeros(4 * H).double()
    states = (torch.zeros(len(x), H).double(),) * 2
    x, own = (torch.tensor(np.asarray(array, float)) for array in (x, dhs))
    ordered, loss = [weights[name] for name in _ORDER], torch.zeros(())
    for t, x_t in enumerate(x.unbind(1)):
        h, c = torch.lstm_cell(x_t, states, *ordered, no_bias)
        loss = loss + (own[:, t] * h).sum()
        states = h.detach(), c
    loss.backward()
    wrong = {name: weights[name].grad.numpy() for name in right}
    gap = {name: wrong[name] - right[name] for name in right}
    return float(_length(gap) / _length(right))


def _length(grads: Params) -> float:
    """Return the length of all arrays as one vector."""
    return np.sqrt(sum((grad**2).sum() for grad in grads.values()))
