r"""The series and the weights that the chapters compute with.

The *anchor* is the small example that source A traces by hand: ten daily
prices, each next day predicted from the days before it by an LSTM with one
input and one hidden unit.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from unrolled._checks import check_array, check_number, check_type, check_whole

PRICES = (100, 102, 105, 103, 108, 110, 107, 112, 115, 113)
"""Ten daily closing prices, in price units (source A)."""


@dataclass(frozen=True)
class Normalization:
    r"""Shift a series to mean 0 and scale it to standard deviation 1.

    .. math:: \tilde p = (p - \mu) / \sigma

    where :math:`\sigma` is the *population* standard deviation (divide by the
    number of values, not by one less), as source A computes it.

    Example:
        >>> normalization = Normalization.of(PRICES)
        >>> normalization.mean, round(normalization.std, 4)
        (107.5, 4.7592)
        >>> round(float(normalization.apply(PRICES)[0]), 4)
        -1.5759
        >>> float(normalization.undo(normalization.apply(PRICES))[0])
        100.0

    Reference: source A, "Code". Chapter: 02_forward.
    """

    mean: float
    """Mean of the series, in its own units."""

    std: float
    """Population standard deviation of the series, in its own units; > 0."""

    def __post_init__(self) -> None:
        smallest = np.finfo(float).tiny
        check_number(
            "mean", self.mean, "that is finite", minimum=-np.inf, below=np.inf
        )
        check_number("std", self.std, "above 0", minimum=smallest, below=np.inf)

    @classmethod
    def of(cls, series: ArrayLike) -> Normalization:
        """Measure the mean and standard deviation of a series.

        Args:
            series: at least one value, shape (T,).

        Raises:
            ValueError: empty, NaN or infinite values, a constant series.
        """
        series = check_array("series", series, ("T",))
        # Not std() == 0: that of three times 0.1 is a rounding error above 0.
        if series.min() == series.max():
            raise ValueError(
                "series: expected one that varies, got one whose "
                f"{len(series)} values are all {series[0]}"
            )
        return cls(float(series.mean()), float(series.std()))

    def apply(self, series: ArrayLike) -> np.ndarray:
        """Return the series in units of standard deviations, shape (T,)."""
        return (check_array("series", series, ("T",)) - self.mean) / self.std

    def undo(self, series: ArrayLike) -> np.ndarray:
        """Return a normalised series in its own units again, shape (T,)."""
        return check_array("series", series, ("T",)) * self.std + self.mean


def next_step_pairs(series: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Pair each value of a series with the one that follows it.

    Args:
        series: at least two values, shape (T + 1,).

    Returns:
        Inputs x and targets y, each of shape (1, T, 1): one sequence of T
        steps with one feature.

    Raises:
        ValueError: fewer than two values, NaN or infinite values.

    Example:
        >>> x, y = next_step_pairs([1.0, 2.0, 3.0])
        >>> x.ravel().tolist(), y.ravel().tolist()
        ([1.0, 2.0], [2.0, 3.0])

    Chapter: 02_forward.
    """
    series = check_array("series", series, ("T + 1",))
    if len(series) < 2:
        raise ValueError(
            f"series: expected at least two values, got {len(series)}"
        )
    return series[None, :-1, None].copy(), series[None, 1:, None].copy()


def windows(series: ArrayLike, steps: int) -> tuple[np.ndarray, np.ndarray]:
    """Cut a series into all its windows of so many steps.

    Neighbouring windows overlap: each begins one step after the one before.

    Args:
        series: T values, shape (T,).
        steps: S, the steps of each window, at most T - 1.

    Returns:
        Inputs x and targets y, each of shape (T - S, S, 1): one sequence for
        each window, its targets the values that follow its inputs.

    Raises:
        ValueError: steps that are not a whole number of at least 1, or more
            than the series has; NaN or infinite values.

    Example:
        >>> x, y = windows([1.0, 2.0, 3.0, 4.0], 2)
        >>> x[..., 0].tolist(), y[..., 0].tolist()
        ([[1.0, 2.0], [2.0, 3.0]], [[2.0, 3.0], [3.0, 4.0]])

    Chapter: 05_training.
    """
    series = check_array("series", series, ("T",))
    steps = check_whole("steps", steps)
    if steps >= len(series):
        raise ValueError(
            f"steps: expected at most {len(series) - 1}, one less than the "
            f"series has values, got {steps}"
        )
    cut = np.lib.stride_tricks.sliding_window_view(series, steps)[..., None]
    return cut[:-1].copy(), cut[1:].copy()  # (T - S, S, 1) each


def minibatches(
    count: int, size: int, rng: np.random.Generator
) -> Iterator[np.ndarray]:
    """Deal out shuffled sequence numbers in batches: one epoch.

    Args:
        count: N, the number of sequences.
        size: how many go into each batch. The last batch is smaller if this
            does not divide N.
        rng: the source of randomness.

    Yields:
        The numbers of one batch's sequences, shape (size,). Each number from
        0 to N - 1 comes exactly once.

    Raises:
        ValueError: a count or size that is not a whole number of at least 1,
            an `rng` of another kind.

    Example:
        >>> batches = minibatches(5, 2, np.random.default_rng(0))
        >>> [len(batch) for batch in batches]
        [2, 2, 1]

    Chapter: 05_training.
    """
    count = check_whole("count", count)
    size = check_whole("size", size)
    check_type("rng", rng, np.random.Generator)
    order = rng.permutation(count)
    return (order[k : k + size] for k in range(0, count, size))


def source_a_weights() -> dict[str, np.ndarray]:
    r"""Return the weights of source A's one-unit LSTM.

    Source A draws a 4 × 2 matrix from NumPy's legacy generator with seed 42
    and multiplies it by 0.1. Its rows are the gates in the order f, i, g, o
    and its columns the weights of h and of x. Here they are packed as
    everywhere in this package: rows i, f, g, o, the two columns apart.

    Returns:
        ``weight_ih`` (4, 1), ``weight_hh`` (4, 1) and ``bias`` (4,), all 0.

    Example:
        >>> weights = source_a_weights()
        >>> weights["weight_ih"].ravel().round(4).tolist()  # i, f, g, o
        [0.1523, -0.0138, -0.0234, 0.0767]

    Reference: source A, "Code". Chapter: 02_forward.
    """
    f, i, g, o = 0.1 * np.random.RandomState(42).randn(4, 2)
    packed = np.stack([i, f, g, o])  # (4, 2)
    return {
        "weight_ih": packed[:, 1:],
        "weight_hh": packed[:, :1],
        "bias": np.zeros(4),
    }


def anchor() -> tuple[np.ndarray, np.ndarray, dict[str, np.ndarray]]:
    """Return source A's example: inputs, targets and weights.

    Returns:
        The nine normalised inputs x (1, 9, 1), the nine targets y (1, 9, 1),
        each the next day's price, and the weights of `source_a_weights`.

    Example:
        >>> x, y, weights = anchor()
        >>> round(float(x[0, 2, 0]), 4), round(float(y[0, 2, 0]), 4)
        (-0.5253, -0.9455)

    Reference: source A, "Code". Chapter: 03_one_weight.
    """
    normalised = Normalization.of(PRICES).apply(PRICES)
    return *next_step_pairs(normalised), source_a_weights()
