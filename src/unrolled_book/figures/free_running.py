"""The figures of a network that goes on alone."""

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from unrolled._checks import check_array, check_type, check_whole
from unrolled_book.figures.shared import check_all, legend_above
from unrolled_book.figures.style import COLORS

TRUTH, OWN = COLORS["x"], COLORS["h"]
"""The colours of what is true, and of what a network says."""

FOUR_DEGREES = 2.776
"""Student's t with 4 degrees of freedom: the share of 95% lies within."""


def plot_reads(
    ways: Mapping[str, ArrayLike], *, ax: Axes | None = None
) -> Axes:
    """Draw what a forecaster reads at each step: truth, or its own forecast.

    Args:
        ways: by name, 1 for each step at which it reads its own forecast and 0
            for the others, (T,); the first is 0, as there is none yet. Each
            way is a row.
        ax: where to draw; a new figure unless told.

    Raises:
        ValueError: no ways, other numbers, a first that is not 0, other shapes.
    """
    rows = check_all("ways", ways, ("T",))
    T = len(next(iter(rows.values())))
    for name, own in rows.items():
        own = check_array(f"ways[{name!r}]", own, (T,))
        if not np.isin(own, (0, 1)).all() or own[0]:
            raise ValueError(
                f"ways[{name!r}]: expected 0 or 1, and 0 first, got {own}"
            )
    height = 4.8 * 2.3 * len(rows) / (T + 0.4)
    ax = ax or plt.figure(figsize=(4.8, height)).add_subplot()
    for row, (name, own) in enumerate(rows.items()):
        y = -2.3 * row
        ax.text(-0.4, y + 0.85, name, fontsize=9, ha="left")
        for t, is_own in enumerate(own):
            _circle(ax, (t, y), filled=bool(is_own), text=f"{t + 1}")
            if t + 1 < T:
                # Up and over to the next step if read there, else into the air.
                _arrow(ax, (t + 0.2, y + 0.28), (t + 0.45, y + 0.62), OWN, "-")
                if own[t + 1]:
                    ends = (t + 0.45, y + 0.62), (t + 0.83, y + 0.22)
                    _arrow(ax, *ends, OWN)
            if not is_own:
                _arrow(ax, (t, y - 0.9), (t, y - 0.36), TRUTH)
    ax.set(xlim=(-0.7, T - 0.3), ylim=(1.3 - 2.3 * len(rows), 1.3))
    ax.set_aspect("equal")
    ax.axis("off")
    return ax


def _circle(
    ax: Axes, place: tuple[float, float], *, filled: bool, text: str
) -> None:
    """Draw a step; filled if it reads a forecast."""
    ax.add_patch(
        plt.Circle(
            place,
            0.32,
            facecolor=OWN if filled else "white",
            edgecolor=OWN if filled else TRUTH,
        )
    )
    color = "white" if filled else "black"
    ax.text(*place, text, ha="center", va="center", fontsize=8, color=color)


def _arrow(
    ax: Axes,
    start: tuple[float, float],
    end: tuple[float, float],
    color: str,
    style: str = "-|>",
) -> None:
    """Draw an arrow, or a line."""
    look = {"arrowstyle": style, "color": color, "shrinkA": 0, "shrinkB": 0}
    ax.annotate("", end, start, arrowprops=look)


def plot_drift(
    truth: ArrayLike,
    runs: Mapping[str, ArrayLike],
    alone: int,
    *,
    ax: Axes | None = None,
) -> Axes:
    """Draw a series, and how networks go on that stop being told it.

    Args:
        truth: the series, (T,), grey.
        runs: by name, what networks say of the steps from `alone` on, a row for
            each, (S, T − alone); one or two names.
        alone: how many steps they have read before.
        ax: where to draw; a new figure unless told.

    Raises:
        ValueError: other shapes, NaN or infinite values, no runs or more than
            two names, a number of steps that the series does not have.
    """
    truth = check_array("truth", truth, ("T",))
    if check_whole("alone", alone) >= len(truth):
        raise ValueError(
            f"alone: expected fewer than {len(truth)} steps, got {alone}"
        )
    shape = ("S", len(truth) - alone)
    runs = check_all("runs", runs, shape)
    colors = (OWN, COLORS["plain"])
    if len(runs) > len(colors):
        raise ValueError(f"runs: expected at most two, got {len(runs)}")
    ax = ax or plt.figure(figsize=(4.8, 2.6)).add_subplot()
    steps = np.arange(1, len(truth) + 1)
    ax.plot(steps, truth, color=TRUTH, linewidth=2.4, alpha=0.6, label="truth")
    for (name, rows), color, dashes in zip(
        runs.items(), colors, ("-", "--"), strict=False
    ):
        for count, row in enumerate(rows):
            label = None if count else name
            look = {"color": color, "linestyle": dashes, "linewidth": 0.9}
            ax.plot(steps[alone:], row, label=label, **look)
    ax.axvline(alone + 0.5, color=COLORS["c"], linestyle=":", linewidth=1)
    ax.set(xlabel="step t", ylabel="value")
    legend_above(ax)
    return ax


def plot_paired(
    differences: Mapping[str, ArrayLike],
    label: str,
    *,
    ax: Axes | None = None,
) -> Axes:
    """Draw paired differences of five seeds, with the interval of their mean.

    The interval is the mean ± 2.776 standard errors: if the differences of all
    seeds were normally distributed, 95 of 100 such intervals would hold the
    mean of them all.

    Args:
        differences: by name, one for each of five seeds, (5,). Each name is a
            row, with a dot for each seed, the first uppermost, and a bar for
            the interval.
        label: what they are differences of, with the unit.
        ax: where to draw; a new figure unless told.

    Raises:
        ValueError: no differences, other shapes, NaN or infinite values, a
            label that is not a text.
    """
    rows = check_all("differences", differences, (5,))
    check_type("label", label, str)
    height = 0.45 * len(rows) + 0.8
    ax = ax or plt.figure(figsize=(4.8, height)).add_subplot()
    for row, five in enumerate(rows.values()):
        half = FOUR_DEGREES * five.std(ddof=1) / np.sqrt(5)
        ends = five.mean() - half, five.mean() + half
        ax.hlines(row, *ends, color=COLORS["c"], linewidth=3, alpha=0.35)
        ax.plot(five.mean(), row, "|", color=COLORS["c"], markersize=12)
        heights = row + np.linspace(-0.2, 0.2, 5)  # else dots hide dots
        ax.plot(five, heights, "o", color=OWN, alpha=0.8)
    ax.axvline(0, color=COLORS["c"], linestyle=":", linewidth=1)
    ax.set_yticks(range(len(rows)), [*rows])
    ax.set(xlabel=label, ylim=(len(rows) - 0.5, -0.5))
    return ax
