"""The figures of many runs, each of them shown."""

from collections.abc import Mapping
from itertools import cycle

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from unrolled._checks import check_type, check_whole
from unrolled.plots.palette import COLORS
from unrolled.plots.parts import (
    check_all,
    check_levels,
    draw_levels,
    legend_above,
    look_of,
)

_DASHES = ("-", "--", ":", "-.")
_SOURCE = {"linestyle": "", "markersize": 6, "zorder": 4, "color": COLORS["c"]}


def plot_runs(
    curves: Mapping[str, ArrayLike],
    across: str,
    measure: str,
    levels: Mapping[str, float] | None = None,
    points: Mapping[str, ArrayLike] | None = None,
    *,
    start: int = 1,
    ax: Axes | None = None,
) -> Axes:
    """Draw what was measured in many runs: each thin, their median thick.

    Args:
        curves: by name, the measure, (S, n): one row for each of S runs. Names
            that begin with a kind of network, such as ``"LSTM"``, have its
            colour; those of one colour differ in their dashes.
        across: what the n columns are, such as ``"epoch"``, for the axis.
        measure: its name and unit, for the axis.
        levels: by name, values to compare with, drawn as dotted lines.
        points: by name, what others have measured, at x and y, (k, 2).
        start: the number of the first column.
        ax: where to draw; a new figure unless told.

    Raises:
        ValueError: no curves, other shapes, NaN or infinite values, names that
            are no texts, a start that is not a whole number of at least 0.
    """
    curves = check_all("curves", curves, ("S", "n"))
    check_type("across", across, str)
    check_type("measure", measure, str)
    marks = check_all("points", points, ("k", 2)) if points else {}
    levels = check_levels(levels)
    start = check_whole("start", start, 0)
    ax = ax or plt.figure().add_subplot()
    draw_levels(ax, levels)
    dashes = {}
    for name, runs in curves.items():
        color, _ = look_of(name)
        style = next(dashes.setdefault(color, cycle(_DASHES)))
        at, look = start + np.arange(runs.shape[1]), {"color": color}
        ax.plot(at, runs.T, linewidth=0.7, alpha=0.4, **look)
        ax.plot(at, np.median(runs, axis=0), style, label=name, **look)
    for marker, (name, places) in zip("*P", marks.items(), strict=False):
        ax.plot(*places.T, marker=marker, label=name, **_SOURCE)
    ax.set(xlabel=across, ylabel=measure)
    ax.xaxis.get_major_locator().set_params(integer=True)
    legend_above(ax)
    return ax


def plot_groups(
    scores: Mapping[str, ArrayLike],
    measure: str,
    levels: Mapping[str, float] | None = None,
    beside: Mapping[str, ArrayLike] | None = None,
    *,
    ax: Axes | None = None,
) -> Axes:
    """Draw a score of each run, group below group; a bar at each median.

    Args:
        scores: by the name of the group, a score of each run, (S,): filled.
        measure: the score's name and unit, for the axis.
        levels: by name, values to compare with, drawn as dotted lines.
        beside: another score of the same runs, (S,): open.
        ax: where to draw; a new figure unless told.

    Raises:
        ValueError: no groups, other shapes, NaN or infinite values, a measure
            that is not a text, other groups in `beside`.
    """
    scores = check_all("scores", scores, ("S",))
    check_type("measure", measure, str)
    others = check_all("beside", beside, ("S",)) if beside else {}
    if others and others.keys() != scores.keys():
        raise ValueError(
            f"beside: expected the groups of scores, got {[*others]!s:.80}"
        )
    levels = check_levels(levels)
    height = 0.26 * len(scores) + 0.8
    ax = ax or plt.figure(figsize=(4.8, height)).add_subplot()
    draw_levels(ax, levels, upright=True)
    for row, (name, values) in enumerate(scores.items()):
        color, marker = look_of(name)
        look = {"color": color, "marker": marker, "linestyle": ""}
        if others:
            ax.plot(
                others[name],
                np.full(len(others[name]), row + 0.2),
                markerfacecolor="none",
                **look,
            )
        shift = -0.2 if others else 0
        ax.plot(values, np.full(len(values), row + shift), alpha=0.7, **look)
        middle = np.median(values)
        ax.vlines(middle, row + shift - 0.2, row + shift + 0.2, COLORS["c"])
    ax.set(xlabel=measure, ylim=(len(scores) - 0.4, -0.6))
    ax.set_yticks(range(len(scores)), [*scores])
    return ax
