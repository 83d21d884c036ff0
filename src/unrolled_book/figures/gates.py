"""The figures of a trained network's gates and states."""

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import TwoSlopeNorm

from unrolled.data import ArrayLike
from unrolled_book.figures.shared import DASHES, apart, legend_above
from unrolled_book.figures.style import COLORS, GATE_NAMES

_MARKERS = ("o", "^", "s")


def plot_units(gate: str, values: ArrayLike, *, ax: Axes | None = None) -> Axes:
    """Draw one gate of several units over the steps of one sequence.

    Args:
        gate: the gate, ``"i"``, ``"f"``, ``"g"`` or ``"o"``.
        values: one column for each unit, (T, U), named 1, 2, ... at the right.
    """
    values = np.asarray(values, dtype=float)
    ax = ax or plt.figure().add_subplot()
    T, U = values.shape
    steps = np.arange(1, T + 1)
    for unit in range(U):
        style = {"linestyle": DASHES[unit % 4], "linewidth": 1.1}
        ax.plot(steps, values[:, unit], color=COLORS[gate], **style)
    low, high = _range(gate)
    places = apart(values[-1], 0.09 * (high - low))
    for unit, place in enumerate(places, start=1):
        ax.annotate(
            str(unit),
            (T, values[-1, unit - 1]),
            (T + 0.05 * T, place),
            arrowprops={"arrowstyle": "-", "linewidth": 0.4},
            fontsize=8,
            va="center",
        )
    margin = 0.03 * (high - low)
    ax.set(xlabel="step t", ylabel=GATE_NAMES[gate])
    ax.set(ylim=(low - margin, high + margin), xlim=(0, 1.12 * T))
    return ax


def plot_unit_bands(
    gate: str,
    bands: Mapping[str, ArrayLike],
    line: ArrayLike,
    *,
    ax: Axes | None = None,
) -> Axes:
    """Draw one gate of one unit over the steps, for many sequences.

    Args:
        gate: the gate, ``"i"``, ``"f"``, ``"g"`` or ``"o"``.
        bands: by name, the gate in many sequences, (N, T): the mean is a line,
            the middle 80 of 100 a band. The first has the gate's colour, a
            second is grey and dashed.
        line: the gate in one sequence, (T,), drawn thin.
    """
    ax = ax or plt.figure().add_subplot()
    steps = np.arange(1, len(line) + 1)
    looks = zip((COLORS[gate], COLORS["x"]), ("-", "--"), strict=True)
    for (color, dashes), (name, values) in zip(
        looks, bands.items(), strict=False
    ):
        values = np.asarray(values, dtype=float)
        low, high = np.percentile(values, [10, 90], axis=0)
        ax.fill_between(steps, low, high, color=color, alpha=0.25, linewidth=0)
        ax.plot(steps, values.mean(axis=0), dashes, color=color, label=name)
    ax.plot(steps, line, ":", color=COLORS["c"], linewidth=1)
    low, high = _range(gate)
    ax.set(xlabel="step t", ylabel=GATE_NAMES[gate])
    ax.set(ylim=(low - 0.03, high + 0.03))
    return ax


def plot_gate_pairs(
    gates: tuple[str, str],
    pairs: Mapping[str, tuple[ArrayLike, ArrayLike]],
    *,
    ax: Axes | None = None,
) -> Axes:
    """Draw one point for each unit: one of its gates against another.

    Args:
        gates: the gates along the two axes, such as ``("f", "i")``.
        pairs: by name, the two gates' values for each unit, (U,) each. One to
            three names.
    """
    ax = ax or plt.figure().add_subplot()
    colors = (COLORS["layer 1"], COLORS["layer 2"], COLORS["x"])
    for marker, color, (name, pair) in zip(
        _MARKERS, colors, pairs.items(), strict=False
    ):
        style = {"markersize": 4, "alpha": 0.5, "markeredgewidth": 0}
        ax.plot(*pair, marker, color=color, label=name, **style)
    x, y = gates
    ax.set(xlabel=GATE_NAMES[x], xlim=_range(x))
    ax.set(ylabel=GATE_NAMES[y], ylim=_range(y), aspect="equal")
    legend_above(ax)
    return ax


def plot_signal(
    c: ArrayLike, signal: ArrayLike, *, ax: Axes | None = None
) -> Axes:
    """Draw one unit's cell state in many sequences, coloured by a signal.

    Args:
        c: the unit's cell state, (N, T).
        signal: x₁, one number for each sequence, (N,), below 0 in some and
            above in others: purple below, orange above.
    """
    c, signal = (np.asarray(each, dtype=float) for each in (c, signal))
    ax = ax or plt.figure().add_subplot()
    size = np.abs(signal).max()
    scale = ScalarMappable(TwoSlopeNorm(0, -size, size), "PuOr_r")
    steps = np.arange(1, c.shape[1] + 1)
    for row, value in zip(c, signal, strict=True):
        ax.plot(steps, row, color=scale.to_rgba(value), linewidth=0.9)
    ax.figure.colorbar(scale, ax=ax, label="x₁")
    ax.set(xlabel="step t", ylabel="cell state c")
    return ax


def _range(gate: str) -> tuple[int, int]:
    """Return the least and the largest value that a gate can have."""
    return (-1, 1) if gate == "g" else (0, 1)
