r"""The plain recurrent network in NumPy: forward, backward, and how it forgets.

Batch first: inputs x are (N, T, D), states (N, H). The parameters are a dict
with PyTorch's names: ``weight_ih`` (H, D), which the text calls W,
``weight_hh`` (H, H), U, and ``bias`` (H,), b. `forward` and `bptt` are called
as in `by_hand.lstm`.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from unrolled._checks import check, insist
from unrolled.data import ArrayLike, Params


class StepCache(NamedTuple):
    """What a step leaves behind: the input, the state before and after.

    Chapter: 01_vanishing.
    """

    x: Float[np.ndarray, "N D"]
    h_prev: Float[np.ndarray, "N H"]
    h: Float[np.ndarray, "N H"]


_PARAMS = {"weight_hh": "H H", "weight_ih": "H D", "bias": "H"}
_CACHES = ["T", StepCache]


def forward(
    x: ArrayLike, params: Params, h0: ArrayLike | None = None
) -> tuple[Float[np.ndarray, "N T H"], list[StepCache]]:
    r"""Run a plain recurrent network over sequences, from h0 (default: zeros).

    .. math:: h_t = \tanh(W x_t + U h_{t-1} + b)

    Example:
        >>> params = {"weight_ih": [[0.5]], "weight_hh": [[0.9]], "bias": [0]}
        >>> hs, caches = forward([[[1.0], [0.0]]], params)
        >>> hs.ravel().round(4).tolist()
        [0.4621, 0.3935]

    Reference: Werbos (1990). Chapter: 01_vanishing.
    """
    params, x = check(params=(params, _PARAMS), x=(x, "N T D"))
    W, U, b = (params[name] for name in ("weight_ih", "weight_hh", "bias"))
    zeros = np.zeros((len(x), len(b)))
    h = check(h0=(zeros if h0 is None else h0, zeros.shape))
    caches = []
    for t in range(x.shape[1]):
        z = x[:, t] @ W.T + h @ U.T + b  # (N, H)
        caches.append(StepCache(x[:, t], h, np.tanh(z)))
        h = caches[-1].h
    return np.stack([cache.h for cache in caches], axis=1), caches


def bptt(
    dhs: ArrayLike, caches: Sequence[StepCache], params: Params
) -> tuple[Float[np.ndarray, "N T D"], Params]:
    r"""Backpropagation through time: gradients summed over steps and sequences.

    For one sequence, with vectors as columns, total derivatives δ, and dhs for
    the :math:`\partial L / \partial h_t`, which leave out later steps,

    .. math::
        \delta h_t &= \frac{\partial L}{\partial h_t}
            + U^\top \delta z_{t+1} \qquad
        \delta z_t = (1 - h_t^2) \odot \delta h_t \\
        \delta W &= \sum_t \delta z_t\, x_t^\top \qquad
        \delta U = \sum_t \delta z_t\, h_{t-1}^\top \qquad
        \delta b = \sum_t \delta z_t \qquad
        \delta x_t = W^\top \delta z_t

    Example:
        >>> params = {"weight_ih": [[0.5]], "weight_hh": [[0.9]], "bias": [0]}
        >>> hs, caches = forward([[[1.0], [0.0]]], params)
        >>> dx, grads = bptt([[[0.0], [1.0]]], caches, params)
        >>> round(float(grads["weight_hh"][0, 0]), 4)  # (1 - h_2²) h_1
        0.3906

    Reference: Werbos (1990); Pascanu, Mikolov & Bengio (2013), section 1.1.
    Chapter: 01_vanishing.
    """
    params, caches, dhs = check(
        params=(params, _PARAMS), caches=(caches, _CACHES), dhs=(dhs, "N T H")
    )
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    dxs, dh = [], np.zeros_like(dhs[:, 0])
    for t in reversed(range(len(caches))):
        x, h_prev, h = caches[t]
        # Step t's own error joins what comes back from the step after it.
        dz = (dhs[:, t] + dh) * (1 - h**2)  # (N, H)
        grads["weight_ih"] += dz.T @ x  # (H, D)
        grads["weight_hh"] += dz.T @ h_prev  # (H, H)
        grads["bias"] += dz.sum(axis=0)  # (H,)
        dxs.append(dz @ params["weight_ih"])  # (N, D)
        dh = dz @ params["weight_hh"]
    return np.stack(dxs[::-1], axis=1), grads


def jacobians(hs: ArrayLike, params: Params) -> Float[np.ndarray, "N T H H"]:
    r"""Compute how the last state (rows) depends on each before it (columns).

    .. math::
        \frac{\mathrm{d} h_T}{\mathrm{d} h_t} =
        \prod_{s=T}^{t+1} \mathrm{diag}(1 - h_s^2)\, U

    Example:
        >>> params = {"weight_ih": [[0.5]], "weight_hh": [[0.9]], "bias": [0]}
        >>> hs, _ = forward([[[1.0], [0.0]]], params)
        >>> jacobians(hs, params).ravel().round(4).tolist()
        [0.7607, 1.0]

    Reference: Pascanu, Mikolov & Bengio (2013), equation 5. Chapter:
    01_vanishing.
    """
    params, hs = check(params=(params, _PARAMS), hs=(hs, "N T H"))
    worst = hs.flat[np.abs(hs).argmax()].item()
    insist("hs", abs(worst) <= 1, "states from -1 to 1", worst)
    N, T, H = hs.shape
    J = np.empty((N, T, H, H))
    J[:, -1] = np.eye(H)
    for t in reversed(range(T - 1)):
        step = (1 - hs[:, t + 1] ** 2)[:, :, None] * params["weight_hh"]
        J[:, t] = J[:, t + 1] @ step  # (N, H, H)
    return J
