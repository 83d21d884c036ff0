r"""PyTorch's answers to the exercises: states, gradients, and small nudges.

The oracles of the exercises' checks. They share no line with the package's own
LSTM.
"""

from copy import deepcopy

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor, nn

from unrolled._checks import check_array, check_number, check_type, check_whole
from unrolled._torch_checks import check_tensor
from unrolled.by_hand._shared import Params, check_params

_ORDER = ("weight_ih", "weight_hh", "bias")  # PyTorch's
_NUDGE = 1e-5


def random_lstm(
    N: int, T: int, D: int, H: int, rng: np.random.Generator
) -> tuple[np.ndarray, Params, np.ndarray]:
    """Draw a problem on which every path of an LSTM counts.

    Args:
        N: sequences.
        T: steps.
        D: inputs per step.
        H: hidden units.
        rng: the source of randomness.

    Returns:
        Inputs x (N, T, D); parameters ``weight_ih`` (4H, D), ``weight_hh``
        (4H, H) and ``bias`` (4H,), rows packed i | f | g | o; and an error of
        each step, dhs (N, T, H). All are normal, the parameters with standard
        deviation 0.7.

    Raises:
        ValueError: a size that is not a whole number of at least 1, an `rng`
            of another kind.

    Example:
        >>> x, params, dhs = random_lstm(2, 5, 3, 4, np.random.default_rng(0))
        >>> x.shape, params["weight_ih"].shape, dhs.shape
        ((2, 5, 3), (16, 3), (2, 5, 4))

    Chapter: the exercises.
    """
    sizes = {"N": N, "T": T, "D": D, "H": H}
    N, T, D, H = (check_whole(name, size) for name, size in sizes.items())
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
        x: the inputs, (N, T, D).
        params: ``weight_ih`` (4H, D), ``weight_hh`` (4H, H), ``bias`` (4H,).
        h0: the hidden state before the first step, (N, H); zeros unless told.
        c0: the cell state before the first step, (N, H); zeros unless told.

    Returns:
        The hidden states hs (N, T, H), and h and c after the last step,
        (N, H) each.

    Raises:
        ValueError: wrong shapes, NaN or infinite values, missing parameters.

    Example:
        >>> x, params, _ = random_lstm(2, 5, 3, 4, np.random.default_rng(0))
        >>> hs, h, c = lstm_states(x, params)
        >>> hs.shape, h.shape, bool((hs[:, -1] == h).all())
        ((2, 5, 4), (2, 4), True)

    Chapter: the exercises.
    """
    weights, D, H = _tensors(params)
    x = torch.tensor(check_array("x", x, ("N", "T", D)))
    zeros = np.zeros((len(x), H))
    h = check_array("h0", zeros if h0 is None else h0, zeros.shape)
    c = check_array("c0", zeros if c0 is None else c0, zeros.shape)
    with torch.no_grad():
        out, (h, c) = _run(x, weights, torch.tensor(h), torch.tensor(c))
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
        x: the inputs, (N, T, D).
        params: ``weight_ih`` (4H, D), ``weight_hh`` (4H, H), ``bias`` (4H,).
        dhs: each step's own error, (N, T, H).
        k1: steps forward between two passes, T unless told. It divides T.
        k2: steps that each pass walks through, T unless told.

    Returns:
        The gradient of every parameter, summed over passes and sequences.

    Raises:
        ValueError: wrong shapes, NaN or infinite values, missing parameters,
            a k₁ that does not divide T, a k₂ below 1.

    Example:
        >>> problem = random_lstm(1, 6, 2, 3, np.random.default_rng(0))
        >>> whole = lstm_gradients(*problem)
        >>> cut = lstm_gradients(*problem, k1=2, k2=4)
        >>> whole["bias"].shape, bool((whole["bias"] == cut["bias"]).any())
        ((12,), False)

    Reference: Williams & Peng (1990). Chapter: the exercises.
    """
    weights, D, H = _tensors(params)
    x = torch.tensor(check_array("x", x, ("N", "T", D)))
    N, T, _ = x.shape
    dhs = torch.tensor(check_array("dhs", dhs, (N, T, H)))
    k1 = T if k1 is None else check_whole("k1", k1)
    k2 = T if k2 is None else check_whole("k2", k2)
    if T % k1:
        raise ValueError(f"k1: expected a divisor of T = {T}, got {k1}")
    for end in range(k1, T + 1, k1):
        start = max(0, end - k2)
        h = c = torch.zeros(N, H).double()
        if start:
            with torch.no_grad():
                _, (h, c) = _run(x[:, :start], weights, h, c)
        out, _ = _run(x[:, start:end], weights, h, c)
        taken = min(k1, end - start)  # errors
        own = dhs[:, end - taken : end]
        (out[:, -taken:] * own).sum().backward()
    return {name: weight.grad.numpy() for name, weight in weights.items()}


def arrivals(layer: nn.RNNBase, x: Tensor) -> np.ndarray:
    r"""Nudge each input, and see how far the last hidden state goes.

    .. math::
        \sqrt{\frac{1}{N} \sum_{n=1}^{N} \left\lVert
        \frac{\partial h_T^{(n)}}{\partial x_t^{(n)}} \right\rVert^2}

    with the Frobenius norm, by central differences in float64, divided by its
    value at the last step.

    Args:
        layer: one of PyTorch's, with ``batch_first=True``. It is not changed.
        x: the inputs, (N, T, D).

    Returns:
        One number for each step, the first step first, (T,).

    Raises:
        ValueError: another kind of layer, or one that is not batch first; a
            wrong shape, NaN or infinite values.

    Example:
        >>> layer = nn.RNN(1, 1, batch_first=True)
        >>> for tensor in layer.parameters():
        ...     _ = nn.init.constant_(tensor, 0.5 * (tensor.dim() == 2))
        >>> arrivals(layer, torch.zeros(1, 3, 1)).round(6).tolist()
        [0.25, 0.5, 1.0]

    Chapter: the exercises.
    """
    check_type("layer", layer, nn.RNNBase)
    if not layer.batch_first:
        raise ValueError("layer: expected batch_first=True, got False")
    check_tensor("x", x, ("N", "T", layer.input_size))
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


def _tensors(params: Params) -> tuple[dict[str, Tensor], int, int]:
    """Return the parameters as tensors that want a gradient, D and H."""
    params, D, H = check_params(params, gates=4)
    tensors = {
        name: torch.tensor(value, requires_grad=True)
        for name, value in params.items()
    }
    return tensors, D, H


def _run(
    x: Tensor, weights: dict[str, Tensor], h: Tensor, c: Tensor
) -> tuple[Tensor, tuple[Tensor, Tensor]]:
    """Run PyTorch's LSTM; its second bias is 0."""
    no_bias = torch.zeros_like(weights["bias"])
    out, h, c = torch.lstm(
        x,
        (h[None], c[None]),
        [weights[name] for name in _ORDER] + [no_bias],
        has_biases=True,
        num_layers=1,
        dropout=0.0,
        train=False,
        bidirectional=False,
        batch_first=True,
    )
    return out, (h[0], c[0])


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
        >>> from unrolled_book.exercises.oracles import random_lstm
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
