r"""What the exercises' experiments must give, and counts made by hand.

References of the exercises' checks that stand here and not in the notebooks,
where they would be a solution to read. They use brute force.
"""

import tomllib
from pathlib import Path

import numpy as np

from unrolled._checks import check, check_float, check_int
from unrolled.data import ArrayLike

_FILE = Path(__file__).with_name("ranges.toml")
RANGES = {
    (chapter, what): (low, high)
    for chapter, rows in tomllib.loads(_FILE.read_text("utf-8")).items()
    for what, (low, high) in rows.items()
}
"""Where answers must lie: by chapter and what, the smallest and the largest."""


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

    Example:
        >>> kept_pairs(4, 4, 4), kept_pairs(4, 2, 2), kept_pairs(4, 4, 2)
        (10, 6, 3)

    Reference: Williams & Peng (1990).
    """
    given = {"T": T, "k1": k1, "k2": k2}
    T, k1, k2 = (check_int(name, value) for name, value in given.items())
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

    Example:
        >>> steps_until(0.5, 0.2), steps_until(0.9, 0.5)
        (3, 7)
    """
    given = {"factor": factor, "left": left}
    for name, value in given.items():
        check_float(name, value, "between 0 and 1", minimum=1e-9, below=1)
    steps, rest = 0, 1.0
    while rest >= left:
        steps, rest = steps + 1, rest * factor
    return steps


def stopped(losses: ArrayLike, patience: int) -> tuple[int, int]:
    r"""Say which epoch early stopping keeps, and which is the last it trains.

    It ends with the first epoch that lies `patience` epochs after the lowest
    loss so far, or else with the last one.

    Args:
        losses: the validation loss of each epoch, (E,).
        patience: epochs to wait for a lower loss, 1 or more.

    Returns:
        The epoch kept and the last epoch trained, counted from 1.

    Example:
        >>> stopped([3.0, 1.0, 2.0, 2.0, 0.0], patience=2)
        (2, 4)

    Reference: Prechelt (1998).
    """
    row = check(losses=(losses, "E"))
    patience = check_int("patience", patience)
    E = len(row)
    kept = [int(row[:epoch].argmin()) + 1 for epoch in range(1, E + 1)]
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

    Example:
        >>> cost_of_patience([[3.0, 2.0, 1.0], [3.0, 3.0, 1.0]], 1).tolist()
        [0.0, 2.0]
    """
    rows = check(losses=(losses, "S E"))
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

    Example:
        >>> mean, half = interval_of_five([1.0, 2.0, 3.0, 4.0, 5.0])
        >>> mean, round(half, 3)
        (3.0, 1.963)

    Reference: Student (1908).
    """
    five = check(values=(values, "5"))
    gaps = five[:, None] - five  # (5, 5), 20 of them between two
    variance = (gaps**2).sum() / 20 / 2
    return float(five.mean()), float(2.776 * np.sqrt(variance / 5))
