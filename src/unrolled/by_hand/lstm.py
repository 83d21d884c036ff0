r"""The LSTM in NumPy: one step forward, one step backward, and both in time.

Batch first: inputs x are (N, T, D), states (N, H). The parameters are a dict
with PyTorch's names and packing: ``weight_ih`` (4H, D), ``weight_hh`` (4H, H)
and ``bias`` (4H,), their rows packed i | f | g | o. All arithmetic is float64.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from unrolled._checks import (
    check_array,
    check_names,
    check_number,
    check_type,
    check_whole,
)

Params = dict[str, np.ndarray]
"""Parameters, or gradients by parameter: name to array."""

_SHAPES = {"weight_ih": ("4H", "D"), "weight_hh": ("4H", "H"), "bias": ("4H",)}


class StepCache(NamedTuple):
    """What one forward step leaves behind for the backward pass.

    Each array has one row for each sequence; stacked, one more axis for the
    steps: (N, T, H) where (N, H) is said.
    """

    x: np.ndarray
    """Input, (N, D)."""
    h_prev: np.ndarray
    """Hidden state before the step, (N, H)."""
    c_prev: np.ndarray
    """Cell state before the step, (N, H)."""
    i: np.ndarray
    """Input gate, (N, H), between 0 and 1."""
    f: np.ndarray
    """Forget gate, (N, H), between 0 and 1."""
    g: np.ndarray
    """Candidate, (N, H), between -1 and 1."""
    o: np.ndarray
    """Output gate, (N, H), between 0 and 1."""
    c: np.ndarray
    """Cell state after the step, (N, H)."""
    h: np.ndarray
    """Hidden state after the step, (N, H)."""


def sigmoid(z: ArrayLike) -> np.ndarray:
    r"""Squash any number into (0, 1): :math:`\sigma(z) = 1 / (1 + e^{-z})`.

    Computed as (1 + tanh(z / 2)) / 2, the same function, which does not
    overflow for large negative z. It is exact to about 1e-16: below about
    z = -37 it returns 0.

    Args:
        z: numbers of any shape.

    Returns:
        Numbers of the same shape.

    Raises:
        ValueError: not numbers, NaN or infinite values.

    Example:
        >>> float(sigmoid(0.0)), round(float(sigmoid(2.0)), 4)
        (0.5, 0.8808)

    Chapter: 02_forward.
    """
    return 0.5 * (1.0 + np.tanh(0.5 * check_array("z", z, None)))


def init_params(
    input_size: int,
    hidden_size: int,
    rng: np.random.Generator,
    forget_bias: float = 1.0,
) -> Params:
    r"""Draw the parameters of an LSTM.

    Weights are uniform on :math:`[-1/\sqrt H, 1/\sqrt H]`, PyTorch's default.
    Biases are 0, but for the forget gate's, which start at `forget_bias`: a
    gate that starts open lets the gradient through from the first update.

    Args:
        input_size: D, inputs per step.
        hidden_size: H, hidden units.
        rng: the source of randomness.
        forget_bias: the forget gate's bias, 1.0 unless told.

    Returns:
        ``weight_ih`` (4H, D), ``weight_hh`` (4H, H), ``bias`` (4H,).

    Raises:
        ValueError: a size that is not a whole number of at least 1, a
            `forget_bias` that is not finite, an `rng` of another kind.

    Example:
        >>> params = init_params(3, 2, np.random.default_rng(0))
        >>> params["weight_ih"].shape, params["bias"].tolist()
        ((8, 3), [0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0])

    Reference: Gers, Schmidhuber & Cummins (2000) and Jozefowicz, Zaremba &
    Sutskever (2015), for the forget bias. Chapter: 02_forward.
    """
    D = check_whole("input_size", input_size)
    H = check_whole("hidden_size", hidden_size)
    forget_bias = check_number(
        "forget_bias",
        forget_bias,
        "that is finite",
        minimum=-np.inf,
        below=np.inf,
    )
    check_type("rng", rng, np.random.Generator)
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
) -> tuple[np.ndarray, np.ndarray, StepCache]:
    r"""Compute one step of the LSTM.

    .. math::
        z &= W_{ih}\, x_t + W_{hh}\, h_{t-1} + b \\
        i, f, o &= \sigma(z_i), \sigma(z_f), \sigma(z_o)
        \qquad g = \tanh(z_g) \\
        c_t &= f \odot c_{t-1} + i \odot g \\
        h_t &= o \odot \tanh(c_t)

    Args:
        x_t: the step's input, (N, D).
        h: the hidden state before the step, (N, H).
        c: the cell state before the step, (N, H).
        params: ``weight_ih``, ``weight_hh``, ``bias``.

    Returns:
        The new h and c, each (N, H), and the cache for `cell_backward`, which
        shares no memory with the arguments.

    Raises:
        ValueError: wrong shapes, NaN or infinite values, missing parameters.

    Example:
        >>> from unrolled import data
        >>> h, c, cache = cell_forward(
        ...     [[-1.5759]], [[0.0]], [[0.0]], data.source_a_weights()
        ... )
        >>> round(float(cache.f[0, 0]), 4), round(float(h[0, 0]), 4)
        (0.5054, 0.0076)

    Reference: Hochreiter & Schmidhuber (1997) for the cell; Gers, Schmidhuber
    & Cummins (2000) for the forget gate. The equations are those of Greff et
    al. (2017), "Forward Pass", without peepholes. Chapter: 02_forward.
    """
    params, D, H = _check_params(params)
    x_t = check_array("x_t", x_t, ("N", D))
    h = check_array("h", h, (len(x_t), H))
    c = check_array("c", c, (len(x_t), H))
    cache = _step_forward(x_t, h, c, params)
    return cache.h.copy(), cache.c.copy(), cache


def _step_forward(
    x: np.ndarray, h_prev: np.ndarray, c_prev: np.ndarray, params: Params
) -> StepCache:
    """Compute the equations of `cell_forward`."""
    weight_ih, weight_hh, bias = (params[name] for name in _SHAPES)
    z = x @ weight_ih.T + h_prev @ weight_hh.T + bias  # (N, 4H)
    z_i, z_f, z_g, z_o = np.split(z, 4, axis=1)  # (N, H) each
    i, f, g, o = sigmoid(z_i), sigmoid(z_f), np.tanh(z_g), sigmoid(z_o)
    c = f * c_prev + i * g
    h = o * np.tanh(c)
    return StepCache(x, h_prev, c_prev, i, f, g, o, c, h)


def cell_backward(
    dh: ArrayLike, dc: ArrayLike, cache: StepCache, params: Params
) -> tuple[np.ndarray, np.ndarray, np.ndarray, Params]:
    r"""Carry the gradient back through one step.

    With :math:`\delta` for the derivative of the loss with respect to what
    follows it, for one sequence and with vectors as columns,

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
        dh: derivative of the loss with respect to the step's h, (N, H): from
            the loss itself and from the step after it.
        dc: derivative with respect to the step's c, (N, H), as it arrives
            from the step after it; what arrives through h is added here.
        cache: what `cell_forward` left behind.
        params: ``weight_ih``, ``weight_hh``, ``bias``.

    Returns:
        dx (N, D); dh and dc (N, H) for the states before the step; and the
        gradient of every parameter from this step alone, summed over N.

    Raises:
        ValueError: wrong shapes, NaN or infinite values, missing parameters.

    Example:
        >>> params = init_params(2, 3, np.random.default_rng(0))
        >>> h, c, cache = cell_forward(
        ...     np.ones((1, 2)), np.zeros((1, 3)), np.zeros((1, 3)), params
        ... )
        >>> dx, dh, dc, grads = cell_backward(
        ...     np.ones((1, 3)), np.zeros((1, 3)), cache, params
        ... )
        >>> dx.shape, dh.shape, grads["weight_hh"].shape
        ((1, 2), (1, 3), (12, 3))

    Reference: Greff et al. (2017), "Backpropagation Through Time", without
    peepholes. Chapter: 03_one_weight.
    """
    params, D, H = _check_params(params)
    check_type("cache", cache, StepCache)
    _check_caches([cache], D, H)
    dh = check_array("dh", dh, cache.h.shape)
    dc = check_array("dc", dc, cache.c.shape)
    return _step_backward(dh, dc, cache, params)


def _step_backward(
    dh: np.ndarray, dc: np.ndarray, cache: StepCache, params: Params
) -> tuple[np.ndarray, np.ndarray, np.ndarray, Params]:
    """Compute the equations of `cell_backward`."""
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
) -> tuple[np.ndarray, list[StepCache]]:
    """Run the LSTM over whole sequences: `cell_forward`, T times.

    Args:
        x: the inputs, (N, T, D).
        params: ``weight_ih``, ``weight_hh``, ``bias``, the same at each step.
        h0: the hidden state before the first step, (N, H); zeros unless told.
        c0: the cell state before the first step, (N, H); zeros unless told.

    Returns:
        The hidden states hs (N, T, H) and the T caches.

    Raises:
        ValueError: wrong shapes, NaN or infinite values, an empty sequence.

    Example:
        >>> params = init_params(1, 4, np.random.default_rng(0))
        >>> hs, caches = forward(np.ones((2, 5, 1)), params)
        >>> hs.shape, len(caches)
        ((2, 5, 4), 5)

    Chapter: 02_forward.
    """
    params, D, H = _check_params(params)
    x = check_array("x", x, ("N", "T", D))
    zeros = np.zeros((len(x), H))
    h = check_array("h0", zeros if h0 is None else h0, zeros.shape)
    c = check_array("c0", zeros if c0 is None else c0, zeros.shape)
    caches = []
    for t in range(x.shape[1]):
        cache = _step_forward(x[:, t], h, c, params)
        h, c = cache.h, cache.c
        caches.append(cache)
    return np.stack([cache.h for cache in caches], axis=1), caches


def stack_caches(caches: Sequence[StepCache]) -> StepCache:
    """Join the caches of T steps into one.

    Args:
        caches: the caches of T steps, as `forward` returns them.

    Returns:
        One `StepCache` whose arrays are (N, T, D) and (N, T, H).

    Raises:
        ValueError: no caches, or something else than caches.

    Example:
        >>> params = init_params(1, 4, np.random.default_rng(0))
        >>> _, caches = forward(np.ones((2, 5, 1)), params)
        >>> stack_caches(caches).f.shape
        (2, 5, 4)

    Chapter: 02_forward.
    """
    _check_caches(caches)
    return StepCache(*(np.stack(a, axis=1) for a in zip(*caches, strict=True)))


def bptt(
    dhs: ArrayLike,
    caches: Sequence[StepCache],
    params: Params,
    window: int | None = None,
) -> tuple[np.ndarray, Params]:
    r"""Backpropagation through time: gradients over all steps.

    Each step's own error :math:`\partial L/\partial h_t` travels back through
    the steps before it. Without a window it travels to the first step. With
    ``window=k`` it stops after k steps: step t's error reaches the steps
    t, t - 1, ..., t - k + 1, and what came before counts as a constant. Each
    step has a window of its own, which is truncation with k₁ = 1 and k₂ = k;
    detaching the states after every k steps is another scheme.

    Args:
        dhs: each step's own error, (N, T, H): the derivative of the loss
            with respect to h_t where the loss uses h_t, not through later
            steps.
        caches: what `forward` left behind, T of them.
        params: ``weight_ih``, ``weight_hh``, ``bias``.
        window: steps that an error travels, itself included; None for all.

    Returns:
        dx (N, T, D) and the gradient of every parameter, summed over steps
        and sequences.

    Raises:
        ValueError: wrong shapes, NaN or infinite values, no caches, a window
            that is not a whole number of at least 1.

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
    params, D, H = _check_params(params)
    _check_caches(caches, D, H)
    N = len(caches[0].h)
    dhs = check_array("dhs", dhs, (N, len(caches), H))
    if window is None:
        return _backward_pass(dhs, caches, params)

    window = check_whole("window", window)
    dx = np.zeros((N, len(caches), D))
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
        dx, dh, dc, grads_t = _step_backward(
            dhs[:, t] + dh, dc, caches[t], params
        )
        grads = {name: grads[name] + grads_t[name] for name in grads}
        dxs.append(dx)
    return np.stack(dxs[::-1], axis=1), grads


def _check_params(params: Params) -> tuple[Params, int, int]:
    """Return a copy of the parameters, D and H once the shapes fit."""
    check_names("params", params, _SHAPES)
    params = {
        name: check_array(name, params[name], shape)
        for name, shape in _SHAPES.items()
    }
    H = params["weight_hh"].shape[1]
    for name in ("weight_hh", "weight_ih", "bias"):
        if len(params[name]) != 4 * H:
            raise ValueError(
                f"{name}: expected 4H = {4 * H} rows, as weight_hh has H = "
                f"{H} columns, got shape {params[name].shape}"
            )
    return params, params["weight_ih"].shape[1], H


def _check_caches(
    caches: Sequence[StepCache], D: int | str = "D", H: int | str = "H"
) -> None:
    """Insist on at least one cache, and on caches of the same sizes."""
    if not isinstance(caches, Sequence) or not len(caches):
        raise ValueError(
            f"caches: expected a list of one cache per step, got {caches!r:.80}"
        )
    N: int | str = "N"
    for cache in caches:
        check_type("caches", cache, StepCache)
        N, D = check_array("cache.x", cache.x, (N, D)).shape
        for name in StepCache._fields[1:]:
            state = check_array(f"cache.{name}", getattr(cache, name), (N, H))
            H = state.shape[1]
