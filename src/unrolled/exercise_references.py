r"""What the exercises' experiments must give, and counts made by hand.

References of the exercises' checks that stand here and not in the notebooks,
where they would be a solution to read. They use PyTorch or brute force.
"""

from copy import deepcopy

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor, nn

from unrolled._checks import (
    check_array,
    check_number,
    check_type,
    check_whole,
)
from unrolled._torch_checks import check_tensor
from unrolled.exercise_oracles import (
    _ORDER,
    _tensors,
    lstm_gradients,
    lstm_states,
)
from unrolled.numpy_lstm import Params

# Where an experiment on random draws must come out: chapter, what, range.
RANGES = {
    ("01_vanishing", "no inputs"): (0.999, 1.001),
    ("01_vanishing", "weak inputs"): (0.21, 0.41),
    ("01_vanishing", "strong inputs"): (1e-6, 1e-4),
    ("07_network", "one unit"): (0.65, 0.85),
    ("07_network", "sixteen units"): (0.9, 1.0),
    ("08_thirty_steps", "bias 0"): (0.7, 0.8),
    ("08_thirty_steps", "bias 2"): (0.85, 1.0),
    ("08_thirty_steps", "bias 6"): (0.5, 0.7),
}

_NUDGE = 1e-5


def kept_pairs(T: int, k1: int, k2: int) -> int:
    r"""Count the pairs of an error and a step that it reaches.

    There is a pass back after every k₁ steps, which walks through the last k₂
    and takes along the errors of the last k₁.

    Args:
        T: steps, with an error at each.
        k1: steps forward between two passes. It divides T.
        k2: steps that each pass walks through.

    Returns:
        The number of pairs.

    Raises:
        ValueError: a number that is not whole and at least 1, a k₁ that does
            not divide T.

    Example:
        >>> kept_pairs(4, 4, 4), kept_pairs(4, 2, 2), kept_pairs(4, 4, 2)
        (10, 6, 3)

    Reference: Williams & Peng (1990). Chapter: the exercises.
    """
    given = {"T": T, "k1": k1, "k2": k2}
    T, k1, k2 = (check_whole(name, value) for name, value in given.items())
    if T % k1:
        raise ValueError(f"k1: expected a divisor of T = {T}, got {k1}")
    return sum(
        end - k2 <= step <= error
        for end in range(k1, T + 1, k1)
        for error in range(end - k1, end)
        for step in range(T)
    )


def steps_until(factor: float, left: float) -> int:
    r"""Count how often 1 is multiplied until it is below what may be left.

    The smallest n with :math:`f^n < \ell`.

    Args:
        factor: f, between 0 and 1.
        left: what may be left, between 0 and 1.

    Returns:
        The number of multiplications.

    Raises:
        ValueError: a number that is not between 0 and 1.

    Example:
        >>> steps_until(0.5, 0.2), steps_until(0.9, 0.5)
        (3, 7)

    Chapter: the exercises.
    """
    given = {"factor": factor, "left": left}
    for name, value in given.items():
        check_number(name, value, "between 0 and 1", minimum=1e-9, below=1)
    steps, rest = 0, 1.0
    while rest >= left:
        steps, rest = steps + 1, rest * factor
    return steps


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


def _length(grads: Params) -> float:
    """Return the length of all arrays as one vector."""
    return np.sqrt(sum((grad**2).sum() for grad in grads.values()))
