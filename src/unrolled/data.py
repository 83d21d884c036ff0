r"""The series and the weights that the chapters compute with.

The *anchor* is source A's example: ten daily prices, each predicted from the
days before it by an LSTM with one input and one hidden unit.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from jaxtyping import Float, Int

from unrolled._checks import check, check_int, check_type, check_varies, insist

if TYPE_CHECKING:
    ArrayLike = Any  # an array, once `check` has returned it
else:
    from numpy.typing import ArrayLike

Params = dict[str, np.ndarray]
"""Parameters, or gradients by parameter: name to array."""

Prices = Float[np.ndarray, "1 9 1"]

PRICES = (100, 102, 105, 103, 108, 110, 107, 112, 115, 113)
"""Ten daily closing prices, in price units (source A)."""


class Normalization(NamedTuple):
    r"""Shift a series to mean 0 and scale it to standard deviation 1.

    .. math:: \tilde p = (p - \mu) / \sigma

    where :math:`\sigma` is the *population* standard deviation.

    Example:
        >>> normalization = Normalization.of(PRICES)
        >>> normalization.mean, round(normalization.std, 4)
        (107.5, 4.7592)
        >>> round(float(normalization.apply(PRICES)[0]), 4)
        -1.5759

    Reference: source A, "Code". Chapter: 02_forward.
    """

    mean: float  # in the series' own units
    std: float  # likewise; above 0

    @classmethod
    def of(cls, series: ArrayLike) -> Normalization:
        """Measure the mean and standard deviation of a series, (T,)."""
        series = check(series=(series, "T"))
        check_varies("series", series)
        return cls(float(series.mean()), float(series.std()))

    def apply(self, series: ArrayLike) -> Float[np.ndarray, " T"]:
        """Return a series, (T,), in units of standard deviations."""
        return (check(series=(series, "T")) - self.mean) / self.std

    def undo(self, series: ArrayLike) -> Float[np.ndarray, " T"]:
        """Return a normalised series, (T,), in its own units again."""
        return check(series=(series, "T")) * self.std + self.mean


def sea_temperature() -> Float[np.ndarray, " 732"]:
    """Read the temperature of the sea off Peru, in °C, month by month.

    From January 1950 to December 2010, the mean over the surface between 0 and
    10° S and 90 and 80° W, where El Niño shows first.

    Example:
        >>> sea_temperature()[:3].tolist()
        [23.11, 24.2, 25.37]

    Reference: NOAA, ERSST.V3B, Niño 1+2, in the public domain; by way of
    statsmodels, ``datasets.elnino``. Chapter: 13_real_series.
    """
    path = Path(__file__).with_name("sea_temperature.csv")
    years = np.loadtxt(path, delimiter=",", skiprows=4, encoding="utf-8")
    return years[:, 1:].ravel()  # of (61, 1 + 12)


def windows(
    series: ArrayLike, steps: int | None = None
) -> tuple[Float[np.ndarray, "N S 1"], Float[np.ndarray, "N S 1"]]:
    """Cut a series into all its windows of so many steps (default: into one).

    Each begins one step after the one before; x and y lie one step apart: each
    value of x is paired with the one that follows it.

    Example:
        >>> x, y = windows([1.0, 2.0, 3.0, 4.0], 2)
        >>> x[..., 0].tolist(), y[..., 0].tolist()
        ([[1.0, 2.0], [2.0, 3.0]], [[2.0, 3.0], [3.0, 4.0]])

    Chapters: 02_forward, 05_training.
    """
    series = check(series=(series, "T"))
    most = len(series) - 1
    insist("series", most > 0, "at least two values", 1)
    steps = check_int("steps", most if steps is None else steps, 1, most)
    cut = np.lib.stride_tricks.sliding_window_view(series, steps)[..., None]
    return cut[:-1].copy(), cut[1:].copy()  # (T - S, S, 1) each


def minibatches(
    count: int, size: int, rng: np.random.Generator
) -> Iterator[Int[np.ndarray, " size"]]:
    """Deal out the numbers from 0 to N - 1, shuffled, in batches: one epoch.

    Example:
        >>> batches = minibatches(5, 2, np.random.default_rng(0))
        >>> [len(batch) for batch in batches]
        [2, 2, 1]

    Chapter: 05_training.
    """
    check_int("count", count)
    check_int("size", size)
    check_type("rng", rng, np.random.Generator)
    order = rng.permutation(count)
    return (order[k : k + size] for k in range(0, count, size))


def source_a_weights() -> Params:
    r"""Return the weights of source A's one-unit LSTM.

    Source A packs the gates f, i, g, o, and h before x in one matrix; here they
    are packed as everywhere in this package.

    Example:
        >>> weights = source_a_weights()
        >>> weights["weight_ih"].ravel().round(4).tolist()  # i, f, g, o
        [0.1523, -0.0138, -0.0234, 0.0767]

    Reference: source A, "Code". Chapter: 02_forward.
    """
    f, i, g, o = 0.1 * np.random.RandomState(42).randn(4, 2)
    weight_hh, weight_ih = np.split(np.stack([i, f, g, o]), 2, axis=1)  # (4, 1)
    return {"weight_ih": weight_ih, "weight_hh": weight_hh, "bias": np.zeros(4)}


def anchor() -> tuple[Prices, Prices, Params]:
    """Return source A's example: normalised inputs x, targets y, and weights.

    Example:
        >>> x, y, weights = anchor()
        >>> round(float(x[0, 2, 0]), 4), round(float(y[0, 2, 0]), 4)
        (-0.5253, -0.9455)

    Reference: source A, "Code". Chapter: 03_one_weight.
    """
    normalised = Normalization.of(PRICES).apply(PRICES)
    return *windows(normalised), source_a_weights()
