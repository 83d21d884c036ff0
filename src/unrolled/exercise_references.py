r"""What the exercises' experiments must give, and counts made by hand.

References of the exercises' checks that stand here and not in the notebooks,
where they would be a solution to read. They use PyTorch or brute force.
"""

import numpy as np
import torch
from numpy.typing import ArrayLike

from unrolled._checks import check_array, check_number, check_whole
from unrolled._exercise_ranges import RANGES as RANGES
from unrolled.exercise_oracles import (
    _ORDER,
    _tensors,
    lstm_gradients,
    lstm_states,
)
from unrolled.numpy_lstm import Params


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


def stopped(losses: ArrayLike, patience: int) -> tuple[int, int]:
    r"""Say which epoch early stopping keeps, and which is the last it trains.

    It ends with the first epoch that lies `patience` epochs after the lowest
    loss so far, or else with the last one.

    Args:
        losses: the validation loss of each epoch, (E,).
        patience: epochs to wait for a lower loss, 1 or more.

    Returns:
        The epoch kept and the last epoch trained, counted from 1.

    Raises:
        ValueError: another shape, NaN or infinite values, a patience that is
            not whole and at least 1.

    Example:
        >>> stopped([3.0, 1.0, 2.0, 2.0, 0.0], patience=2)
        (2, 4)

    Reference: Prechelt (1998). Chapter: the exercises.
    """
    losses = check_array("losses", losses, ("E",))
    patience = check_whole("patience", patience)
    E = len(losses)
    kept = [int(losses[:epoch].argmin()) + 1 for epoch in range(1, E + 1)]
    ends = [e for e in range(1, E) if e - kept[e - 1] == patience]
    ended = (ends or [E])[0]
    return kept[ended - 1], ended


def cost_of_patience(losses: ArrayLike, patience: int) -> np.ndarray:
    r"""Say by how much early stopping misses the lowest loss of each run.

    Args:
        losses: the validation loss of each run and epoch, (S, E), in nats.
        patience: epochs to wait for a lower loss, 1 or more.

    Returns:
        The loss of the epoch kept less the lowest of all epochs, (S,).

    Raises:
        ValueError: another shape, NaN or infinite values, a patience that is
            not whole and at least 1.

    Example:
        >>> cost_of_patience([[3.0, 2.0, 1.0], [3.0, 3.0, 1.0]], 1).tolist()
        [0.0, 2.0]

    Chapter: the exercises.
    """
    rows = check_array("losses", losses, ("S", "E"))
    ends = [stopped(row, patience)[1] for row in rows]
    found = [row[:end].min() for row, end in zip(rows, ends, strict=True)]
    return np.array(found) - rows.min(axis=1)


def interval_of_five(values: ArrayLike) -> tuple[float, float]:
    r"""Compute the mean of five numbers and half of its 95 % interval.

    The half is :math:`t \, s / \sqrt 5` with :math:`t = 2.776`, and the
    variance :math:`s^2` is half the mean square of the differences between
    two of the five.

    Args:
        values: the numbers, (5,).

    Returns:
        The mean and the half.

    Raises:
        ValueError: another shape, NaN or infinite values.

    Example:
        >>> mean, half = interval_of_five([1.0, 2.0, 3.0, 4.0, 5.0])
        >>> mean, round(half, 3)
        (3.0, 1.963)

    Reference: Student (1908). Chapter: the exercises.
    """
    values = check_array("values", values, (5,))
    gaps = values[:, None] - values  # (5, 5), 20 of them between two
    variance = (gaps**2).sum() / 20 / 2
    return float(values.mean()), float(2.776 * np.sqrt(variance / 5))


def _length(grads: Params) -> float:
    """Return the length of all arrays as one vector."""
    return np.sqrt(sum((grad**2).sum() for grad in grads.values()))
