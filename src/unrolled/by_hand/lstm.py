r"""The LSTM in NumPy: one step forward, one step backward, and both in time.

Batch first: inputs x are (N, T, D), states (N, H). The parameters are a dict
with PyTorch's names and packing: ``weight_ih`` (4H, D), ``weight_hh`` (4H, H)
and ``bias`` (4H,), their rows packed i | f | g | o. All arithmetic is float64.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from unrolled._checks import check, check_float, check_int, check_type
from unrolled.data import ArrayLike, Params

State = Float[np.ndarray, "N H"]


class StepCache(NamedTuple):
    """What one forward step leaves behind for the backward pass.

    The input x; h and c before the step; the input gate i, the forget gate f,
    the candidate g and the output gate o; c and h after the step.
    `stack_caches` puts an axis T behind N in each. Chapter: 02_forward.
    """

    x: Float[np.ndarray, "N D"]
    h_prev: Float[np.ndarray, "N H"]
    c_prev: Float[np.ndarray, "N H"]
    i: Float[np.ndarray, "N H"]
    f: Float[np.ndarray, "N H"]
    g: Float[np.ndarray, "N H"]
    o: Float[np.ndarray, "N H"]
    c: Float[np.ndarray, "N H"]
    h: Float[np.ndarray, "N H"]


PARAMS = {"weight_hh": "4*H H", "weight_ih": "4*H D", "bias": "4*H"}
"""The shapes of the parameters."""

CACHES = ["T", StepCache]
"""The form of the caches of T steps."""


def sigmoid(z: ArrayLike) -> np.ndarray:
    r"""Squash any number into (0, 1): :math:`\sigma(z) = 1 / (1 + e^{-z})`.

    As (1 + tanh(z / 2)) / 2, which does not overflow; 0 below about z = -37.

    Example:
        >>> float(sigmoid(0.0)), round(float(sigmoid(2.0)), 4)
        (0.5, 0.8808)

    Chapter: 02_forward.
    """
    return _sigmoid(check(z=(z, "...")))


def _sigmoid(z: np.ndarray) -> np.ndarray:
    return 0.5 * (1.0 + np.tanh(0.5 * z))


def init_params(
    input_size: int,
    hidden_size: int,
    rng: np.random.Generator,
    forget_bias: float = 1.0,
) -> Params:
    r"""Draw the parameters of an LSTM.

    Weights are uniform on :math:`[-1/\sqrt H, 1/\sqrt H]`, PyTorch's default.
    Biases are 0, but for the forget gate's.

    Example:
        >>> params = init_params(3, 2, np.random.default_rng(0))
        >>> params["weight_ih"].shape, params["bias"].tolist()
        ((8, 3), [0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0])

    Reference: Gers, Schmidhuber & Cummins (2000) and Jozefowicz, Zaremba &
    Sutskever (2015), for the forget bias. Chapter: 02_forward.
    """
    D = check_int("input_size", input_size)
    H = check_int("hidden_size", hidden_size)
    check_type("rng", rng, np.random.Generator)
    check_float("forget_bias", forget_bias, "that is finite")
    bound = 1 / np.sqrt(H)
    bias = np.zeros(4 * H)
    bias[H : 2 * H] = forget_bias
    return {
        "weight_ih": rng.uniform(-bound, bound, (4 * H, D)),
        "weight_hh": rng.uniform(-bound, bound, (4 * H, H)),
        "bias": bias,
    }


def cell_forward(
    x_t: ArrayLike, h: ArrayLike, c: ArrayLike, params: Params
) -> tuple[State, State, StepCache]:
    r"""Compute one step of the LSTM.

    .. math::
        z &= W_{ih}\, x_t + W_{hh}\, h_{t-1} + b \\
        i, f, o &= \sigma(z_i), \sigma(z_f), \sigma(z_o)
        \qquad g = \tanh(z_g) \\
        c_t &= f \odot c_{t-1} + i \odot g \\
        h_t &= o \odot \tanh(c_t)

    Example:
        >>> from unrolled import data
        >>> h, c, cache = cell_forward(
        ...     [[-1.5759]], [[0.0]], [[0.0]], data.source_a_weights()
        ... )
        >>> round(float(cache.f[0, 0]), 4), round(float(h[0, 0]), 4)
        (0.5054, 0.0076)

    Reference: Gers, Schmidhuber & Cummins (2000), for the forget gate; Greff et
    al. (2017), "Forward Pass", without peepholes. Chapter: 02_forward.
    """
    params, x_t, h, c = check(
        params=(params, PARAMS), x_t=(x_t, "N D"), h=(h, "N H"), c=(c, "N H")
    )
    cache = _step_forward(x_t, h, c, params)
    return cache.h.copy(), cache.c.copy(), cache


def _step_forward(
    x: np.ndarray, h_prev: np.ndarray, c_prev: np.ndarray, params: Params
) -> StepCache:
    W, U = params["weight_ih"], params["weight_hh"]
    z = x @ W.T + h_prev @ U.T + params["bias"]  # (N, 4H)
    z_i, z_f, z_g, z_o = z.reshape(len(z), 4, -1).swapaxes(0, 1)  # (N, H) each
    i, f, g, o = _sigmoid(z_i), _sigmoid(z_f), np.tanh(z_g), _sigmoid(z_o)
    c = f * c_prev + i * g
    h = o * np.tanh(c)
    return StepCache(x, h_prev, c_prev, i, f, g, o, c, h)


def cell_backward(
    dh: ArrayLike, dc: ArrayLike, cache: StepCache, params: Params
) -> tuple[Float[np.ndarray, "N D"], State, State, Params]:
    r"""Carry the gradient back through one step.

    For one sequence, vectors as columns, with :math:`\delta` for a derivative
    of the loss,

    .. math::
        \delta c_t &\mathrel{+}= \delta h_t \odot o \odot (1 - \tanh^2 c_t) \\
        \delta z_i &= \delta c_t \odot g \odot i (1 - i) &
        \delta z_f &= \delta c_t \odot c_{t-1} \odot f (1 - f) \\
        \delta z_g &= \delta c_t \odot i \odot (1 - g^2) &
        \delta z_o &= \delta h_t \odot \tanh c_t \odot o (1 - o) \\
        \delta x_t &= W_{ih}^\top \delta z, \qquad
        \delta h_{t-1} = W_{hh}^\top \delta z, &
        \delta c_{t-1} &= \delta c_t \odot f \\
        \delta W_{ih} &= \delta z\, x_t^\top, \qquad
        \delta W_{hh} = \delta z\, h_{t-1}^\top, &
        \delta b &= \delta z

    Args:
        dh: (N, H), from the loss itself and from the step after it.
        dc: (N, H), from the step after it; h's part is added here.

    Returns:
        dx, dh and dc before the step, and the gradients, summed over N.

    Example:
        >>> params = init_params(2, 3, np.random.default_rng(0))
        >>> zeros, ones = np.zeros((1, 3)), np.ones((1, 3))
        >>> h, c, cache = cell_forward(np.ones((1, 2)), zeros, zeros, params)
        >>> dx, dh, dc, grads = cell_backward(ones, zeros, cache, params)
        >>> dx.shape, dh.shape, grads["weight_hh"].shape
        ((1, 2), (1, 3), (12, 3))

    Reference: Greff et al. (2017), "Backpropagation Through Time", without
    peepholes. Chapter: 03_one_weight.
    """
    params, cache, dh, dc = check(
        params=(params, PARAMS),
        cache=(cache, StepCache),
        dh=(dh, "N H"),
        dc=(dc, "N H"),
    )
    return _step_backward(dh, dc, cache, params)


def _step_backward(
    dh: np.ndarray, dc: np.ndarray, cache: StepCache, params: Params
) -> tuple[np.ndarray, np.ndarray, np.ndarray, Params]:
    x, h_prev, c_prev, i, f, g, o, c, _ = cache
    tanh_c = np.tanh(c)
    dc = dc + dh * o * (1 - tanh_c**2)
    dz_i = dc * g * i * (1 - i)
    dz_f = dc * c_prev * f * (1 - f)
    dz_g = dc * i * (1 - g**2)
    dz_o = dh * tanh_c * o * (1 - o)
    dz = np.concatenate([dz_i, dz_f, dz_g, dz_o], axis=1)  # (N, 4H)
    grads = {
        "weight_ih": dz.T @ x,  # (4H, D)
        "weight_hh": dz.T @ h_prev,  # (4H, H)
        "bias": dz.sum(axis=0),  # (4H,)
    }
    dx, dh_prev = dz @ params["weight_ih"], dz @ params["weight_hh"]
    return dx, dh_prev, dc * f, grads


def forward(
    x: ArrayLike,
    params: Params,
    h0: ArrayLike | None = None,
    c0: ArrayLike | None = None,
) -> tuple[Float[np.ndarray, "N T H"], list[StepCache]]:
    """Run `cell_forward` T times, from h0 and c0 (default: zeros).

    Example:
        >>> params = init_params(1, 4, np.random.default_rng(0))
        >>> hs, caches = forward(np.ones((2, 5, 1)), params)
        >>> hs.shape, len(caches)
        ((2, 5, 4), 5)

    Chapter: 02_forward.
    """
    params, x = check(params=(params, PARAMS), x=(x, "N T D"))
    zeros = np.zeros((len(x), len(params["bias"]) // 4))
    h, c = check(
        h0=(zeros if h0 is None else h0, zeros.shape),
        c0=(zeros if c0 is None else c0, zeros.shape),
    )
    caches = []
    for t in range(x.shape[1]):
        cache = _step_forward(x[:, t], h, c, params)
        h, c = cache.h, cache.c
        caches.append(cache)
    return np.stack([cache.h for cache in caches], axis=1), caches


def stack_caches(caches: Sequence[StepCache]) -> StepCache:
    """Join the caches of T steps into one, of arrays (N, T, D) and (N, T, H).

    Example:
        >>> params = init_params(1, 4, np.random.default_rng(0))
        >>> _, caches = forward(np.ones((2, 5, 1)), params)
        >>> stack_caches(caches).f.shape
        (2, 5, 4)

    Chapter: 02_forward.
    """
    caches = check(caches=(caches, CACHES))
    return StepCache(*(np.stack(a, axis=1) for a in zip(*caches, strict=True)))


def bptt(
    dhs: ArrayLike,
    caches: Sequence[StepCache],
    params: Params,
    window: int | None = None,
) -> tuple[Float[np.ndarray, "N T D"], Params]:
    r"""Backpropagation through time: gradients summed over steps and sequences.

    Each step's own error, in dhs, leaves out the later steps. With
    ``window=k`` each step's error reaches k steps, its own included: this is
    truncation with k₁ = 1 and k₂ = k.

    Example:
        >>> params = init_params(1, 2, np.random.default_rng(0))
        >>> hs, caches = forward(np.ones((1, 5, 1)), params)
        >>> error = np.zeros_like(hs)
        >>> error[:, -1] = 1.0  # only the last step has a loss
        >>> dx, grads = bptt(error, caches, params, window=2)
        >>> (dx.ravel() != 0).tolist()
        [False, False, False, True, True]

    Reference: Werbos (1990); Williams & Peng (1990), whose BPTT(h) has the
    window h. Chapters: 04_bptt, 06_truncated.
    """
    params, caches, dhs = check(
        params=(params, PARAMS), caches=(caches, CACHES), dhs=(dhs, "N T H")
    )
    if window is None:
        return _backward_pass(dhs, caches, params)
    window = check_int("window", window)
    dx = np.zeros((*dhs.shape[:2], caches[0].x.shape[1]))  # (N, T, D)
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    for t in range(len(caches)):
        steps = slice(max(0, t + 1 - window), t + 1)
        own_error = np.zeros_like(dhs[:, steps])
        own_error[:, -1] = dhs[:, t]
        dx_t, grads_t = _backward_pass(own_error, caches[steps], params)
        dx[:, steps] += dx_t
        grads = {name: grads[name] + grads_t[name] for name in grads}
    return dx, grads


def _backward_pass(
    dhs: np.ndarray, caches: Sequence[StepCache], params: Params
) -> tuple[np.ndarray, Params]:
    """Go back from the last of these steps to the first."""
    dh, dc = np.zeros_like(caches[-1].h), np.zeros_like(caches[-1].c)
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    dxs = []
    for t in reversed(range(len(caches))):
        # Step t's own error joins what comes back from the steps after it.
        dh = dhs[:, t] + dh
        dx, dh, dc, grads_t = _step_backward(dh, dc, caches[t], params)
        grads = {name: grads[name] + grads_t[name] for name in grads}
        dxs.append(dx)
    return np.stack(dxs[::-1], axis=1), grads
