"""The figures of a network that goes on alone."""

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Circle

from unrolled.data import ArrayLike
from unrolled_book.figures.shared import (
    draw_arrow,
    draw_series,
    legend_above,
    write,
)
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
    """
    T = len(next(iter(ways.values())))
    height = 4.8 * 2.3 * len(ways) / (T + 0.4)
    ax = ax or plt.figure(figsize=(4.8, height)).add_subplot()
    for row, (name, own) in enumerate(ways.items()):
        y = -2.3 * row
        ax.text(-0.4, y + 0.85, name, fontsize=9, ha="left")
        for t, is_own in enumerate(own):
            edge, face = (OWN, OWN) if is_own else (TRUTH, "white")
            look = {"facecolor": face, "edgecolor": edge}
            ax.add_patch(Circle((t, y), 0.32, **look))
            color = "white" if is_own else "black"
            write(ax, (t, y), f"{t + 1}", fontsize=8, color=color)
            if t + 1 < T:
                # Up and over to the next step if read there, else into the air.
                ends = (t + 0.2, y + 0.28), (t + 0.45, y + 0.62)
                draw_arrow(ax, *ends, OWN, arrowstyle="-")
                if own[t + 1]:
                    ends = (t + 0.45, y + 0.62), (t + 0.83, y + 0.22)
                    draw_arrow(ax, *ends, OWN)
            if not is_own:
                draw_arrow(ax, (t, y - 0.9), (t, y - 0.36), TRUTH)
    ax.set(xlim=(-0.7, T - 0.3), ylim=(1.3 - 2.3 * len(ways), 1.3))
    ax.set_aspect("equal")
    ax.axis("off")
    return ax


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
    """
    ax = ax or plt.figure(figsize=(4.8, 2.6)).add_subplot()
    steps = np.arange(1, len(truth) + 1)
    lines = {
        name: [(steps[alone:], row) for row in rows]
        for name, rows in runs.items()
    }
    draw_series(ax, steps, truth, lines, linewidth=0.9)
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
    """
    height = 0.45 * len(differences) + 0.8
    ax = ax or plt.figure(figsize=(4.8, height)).add_subplot()
    for row, five in enumerate(differences.values()):
        half = FOUR_DEGREES * five.std(ddof=1) / np.sqrt(5)
        ends = five.mean() - half, five.mean() + half
        ax.hlines(row, *ends, color=COLORS["c"], linewidth=3, alpha=0.35)
        ax.plot(five.mean(), row, "|", color=COLORS["c"], markersize=12)
        heights = row + np.linspace(-0.2, 0.2, 5)  # else dots hide dots
        ax.plot(five, heights, "o", color=OWN, alpha=0.8)
    ax.axvline(0, color=COLORS["c"], linestyle=":", linewidth=1)
    ax.set_yticks(range(len(differences)), [*differences])
    ax.set(xlabel=label, ylim=(len(differences) - 0.5, -0.5))
    return ax
