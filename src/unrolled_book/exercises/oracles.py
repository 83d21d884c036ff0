r"""PyTorch's answers to the exercises: states, gradients, and small nudges.

The oracles of the exercises' checks. They share no line with the package's own
LSTM. Everywhere x is (N, T, D), an error of each step dhs is (N, T, H), and
the parameters are ``weight_ih`` (4H, D), ``weight_hh`` (4H, H) and ``bias``
(4H,), rows packed i | f | g | o.
"""

from copy import deepcopy

import numpy as np
import torch
from torch import Tensor, nn

from unrolled._checks import (
    check,
    check_float,
    check_int,
    check_names,
    check_type,
)
from unrolled.data import ArrayLike

Params = dict[str, np.ndarray]

_SHAPES = {"weight_ih": "4*H D", "weight_hh": "4*H H", "bias": "4*H"}
_NUDGE = 1e-5


def random_lstm(
    N: int, T: int, D: int, H: int, rng: np.random.Generator
) -> tuple[np.ndarray, Params, np.ndarray]:
    """Draw a problem on which every path of an LSTM counts.

    Returns:
        Inputs x, parameters, and an error of each step. All are normal, the
        parameters with standard deviation 0.7.

    Example:
        >>> x, params, dhs = random_lstm(2, 5, 3, 4, np.random.default_rng(0))
        >>> x.shape, params["weight_ih"].shape, dhs.shape
        ((2, 5, 3), (16, 3), (2, 5, 4))
    """
    sizes = {"N": N, "T": T, "D": D, "H": H}
    N, T, D, H = (check_int(name, size) for name, size in sizes.items())
    check_type("rng", rng, np.random.Generator)
    params = {
        "weight_ih": rng.normal(0, 0.7, (4 * H, D)),
        "weight_hh": rng.normal(0, 0.7, (4 * H, H)),
        "bias": rng.normal(0, 0.7, 4 * H),
    }
    return rng.normal(size=(N, T, D)), params, rng.normal(size=(N, T, H))


def lstm_states(
    x: ArrayLike,
    params: Params,
    h0: ArrayLike | None = None,
    c0: ArrayLike | None = None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Run PyTorch's own LSTM.

    Args:
        x: the inputs.
        params: the parameters.
        h0: the hidden state before the first step, (N, H); default: zeros.
        c0: the cell state before the first step, (N, H); default: zeros.

    Returns:
        The hidden states hs (N, T, H), and h and c after the last step,
        (N, H) each.

    Example:
        >>> x, params, _ = random_lstm(2, 5, 3, 4, np.random.default_rng(0))
        >>> hs, h, c = lstm_states(x, params)
        >>> hs.shape, h.shape, bool((hs[:, -1] == h).all())
        ((2, 5, 4), (2, 4), True)
    """
    x, weights, zeros = _tensors(x, params)
    h, c = (zeros if state is None else state for state in (h0, c0))
    states = check(h0=(h, zeros.shape), c0=(c, zeros.shape))
    with torch.no_grad():
        out, (h, c) = _run(x, weights, *map(torch.tensor, states))
    return out.numpy(), h.numpy(), c.numpy()


def lstm_gradients(
    x: ArrayLike,
    params: Params,
    dhs: ArrayLike,
    k1: int | None = None,
    k2: int | None = None,
) -> Params:
    r"""Let autograd compute the gradient of an LSTM's parameters.

    The loss is :math:`L = \sum_t \delta_t \cdot h_t`, so that the error of
    step t is :math:`\delta_t`. With k₁ and k₂ there is a pass back after
    every k₁ steps, which walks through the last k₂ and takes along the errors
    of the last k₁; the states before are detached.

    Args:
        x: the inputs.
        params: the parameters.
        dhs: each step's own error.
        k1: steps forward between two passes; default: T. It divides T.
        k2: steps that each pass walks through; default: T.

    Returns:
        The gradient of every parameter, summed over passes and sequences.

    Example:
        >>> problem = random_lstm(1, 6, 2, 3, np.random.default_rng(0))
        >>> whole = lstm_gradients(*problem)
        >>> cut = lstm_gradients(*problem, k1=2, k2=4)
        >>> whole["bias"].shape, bool((whole["bias"] == cut["bias"]).any())
        ((12,), False)

    Reference: Williams & Peng (1990).
    """
    x, weights, zeros = _tensors(x, params)
    T = x.shape[1]
    dhs = torch.tensor(check(dhs=(dhs, (len(x), T, zeros.shape[1]))))
    k1 = check_int("k1", T if k1 is None else k1)
    k2 = check_int("k2", T if k2 is None else k2)
    if T % k1:
        raise ValueError(f"k1: expected a divisor of T = {T}, got {k1}")
    for end in range(k1, T + 1, k1):
        start, h, c = max(0, end - k2), zeros, zeros
        if start:
            with torch.no_grad():
                _, (h, c) = _run(x[:, :start], weights, h, c)
        out, _ = _run(x[:, start:end], weights, h, c)
        taken = min(k1, end - start)  # errors
        (out[:, -taken:] * dhs[:, end - taken : end]).sum().backward()
    return {name: np.asarray(weight.grad) for name, weight in weights.items()}


def gap_without_dh(x: ArrayLike, params: Params, dhs: ArrayLike) -> float:
    r"""Say how wrong a gradient is that loses δh between two steps.

    Autograd computes both: for the wrong one, h is detached after each step.

    Returns:
        The length of the difference, as a share of the right length.

    Example:
        >>> problem = random_lstm(1, 1, 2, 3, np.random.default_rng(0))
        >>> round(gap_without_dh(*problem), 9)  # nothing comes from later
        0.0
    """
    right = lstm_gradients(x, params, dhs)
    x, weights, zeros = _tensors(x, params)
    h, c, outs = zeros, zeros, []
    for x_t in x.split(1, dim=1):
        out, (h, c) = _run(x_t, weights, h.detach(), c)
        outs.append(out)
    (torch.cat(outs, dim=1) * torch.tensor(dhs)).sum().backward()
    gap = {n: np.asarray(weights[n].grad) - right[n] for n in right}
    return float(_length(gap) / _length(right))


def fall_ratio(
    x: ArrayLike, y: ArrayLike, params: Params, rate: float
) -> float:
    r"""Divide the fall of the loss in one update by the fall foretold.

    The loss is :math:`L = \sum_t (h_t - y_t)^2`, the update one by plain
    gradient descent, and the straight line foretells the fall
    :math:`\eta \lVert \nabla L \rVert^2`.

    Args:
        x: the inputs.
        y: the targets, (N, T, H).
        params: the parameters.
        rate: the learning rate η, above 0.

    Returns:
        The ratio, near 1 for a small rate.

    Example:
        >>> from unrolled import data
        >>> x, y, params = data.anchor()
        >>> round(fall_ratio(x, y, params, rate=1e-6), 3)
        1.0
    """
    check_float("rate", rate, "above 0", minimum=1e-12, below=np.inf)
    hs = lstm_states(x, params)[0]
    y = check(y=(y, hs.shape))
    grads = lstm_gradients(x, params, 2 * (hs - y))
    moved = {name: params[name] - rate * grads[name] for name in grads}
    fall = ((hs - y) ** 2).sum() - ((lstm_states(x, moved)[0] - y) ** 2).sum()
    return float(fall / (rate * _length(grads) ** 2))


def arrivals(layer: nn.RNNBase, x: Tensor) -> np.ndarray:
    r"""Nudge each input, and see how far the last hidden state goes.

    .. math::
        \sqrt{\frac{1}{N} \sum_{n=1}^{N} \left\lVert
        \frac{\partial h_T^{(n)}}{\partial x_t^{(n)}} \right\rVert^2}

    with the Frobenius norm, by central differences in float64, divided by its
    value at the last step.

    Args:
        layer: one of PyTorch's, with ``batch_first=True``. It is not changed.
        x: the inputs.

    Returns:
        One number for each step, the first step first, (T,).

    Example:
        >>> layer = nn.RNN(1, 1, batch_first=True)
        >>> for tensor in layer.parameters():
        ...     _ = nn.init.constant_(tensor, 0.5 * (tensor.dim() == 2))
        >>> arrivals(layer, torch.zeros(1, 3, 1)).round(6).tolist()
        [0.25, 0.5, 1.0]
    """
    check_type("layer", layer, nn.RNNBase)
    if not layer.batch_first:
        raise ValueError("layer: expected batch_first=True, got False")
    check({"D": layer.input_size}, like=Tensor, x=(x, "N T D"))
    layer, x = deepcopy(layer).double(), x.detach().double()
    _, T, D = x.shape
    squares = torch.zeros(T).double()
    for t, d in np.ndindex(T, D):
        nudge = torch.zeros_like(x)
        nudge[:, t, d] = _NUDGE
        with torch.no_grad():
            up, down = (layer(x + sign * nudge)[0] for sign in (1, -1))
        slope = (up - down)[:, -1] / (2 * _NUDGE)  # (N, H)
        squares[t] += slope.square().sum(dim=1).mean()
    lengths = squares.sqrt()
    return (lengths / lengths[-1]).numpy()


def _tensors(
    x: ArrayLike, params: Params
) -> tuple[Tensor, dict[str, Tensor], Tensor]:
    """Return x, the parameters, which want a gradient, and zeros, (N, H)."""
    check_names("params", params, _SHAPES)
    shaped = {name: (params[name], shape) for name, shape in _SHAPES.items()}
    x, *weights = map(torch.tensor, check(x=(x, "N T D"), **shaped))
    named = {
        name: weight.requires_grad_()
        for name, weight in zip(_SHAPES, weights, strict=True)
    }
    return x, named, x.new_zeros(len(x), weights[1].shape[1])


def _run(
    x: Tensor, weights: dict[str, Tensor], h: Tensor, c: Tensor
) -> tuple[Tensor, tuple[Tensor, Tensor]]:
    """Run PyTorch's LSTM; its second bias is 0."""
    no_bias = torch.zeros_like(weights["bias"])
    out, h, c = torch.lstm(
        x,
        (h[None], c[None]),
        [*weights.values(), no_bias],
        has_biases=True,
        num_layers=1,
        dropout=0.0,
        train=False,
        bidirectional=False,
        batch_first=True,
    )
    return out, (h[0], c[0])


def _length(grads: Params) -> float:
    """Return the length of all arrays as one vector."""
    return np.sqrt(sum((grad**2).sum() for grad in grads.values()))
