"""The figures of many runs, each of them shown."""

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from unrolled._checks import check_array, check_type, check_whole
from unrolled.plots.palette import COLORS
from unrolled.plots.parts import (
    THIN,
    check_all,
    check_levels,
    dashed,
    draw_levels,
    draw_runs,
    draw_scores,
    legend_above,
    look_of,
)

_STARS = ("*", "P")
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
        points: by name, what others have measured, at x and y, (k, 2). At
            most two names.
        start: the number of the first column.
        ax: where to draw; a new figure unless told.

    Raises:
        ValueError: no curves, more than two names of points, other shapes, NaN
            or infinite values, names that are no texts, a start that is not a
            whole number of at least 0.
    """
    curves = check_all("curves", curves, ("S", "n"))
    check_type("across", across, str)
    check_type("measure", measure, str)
    if points is not None:
        points = check_all("points", points, ("k", 2), most=len(_STARS))
    levels = check_levels(levels)
    start = check_whole("start", start, 0)
    ax = ax or plt.figure().add_subplot()
    draw_levels(ax, levels)
    for name, style in dashed(curves).items():
        color, _ = look_of(name)
        runs = curves[name]
        at = start + np.arange(runs.shape[1])
        # A single run has no thin line, which would show between the dashes.
        thin = THIN if len(runs) > 1 else None
        draw_runs(ax, at, runs, name, thin=thin, color=color, linestyle=style)
    for marker, (name, places) in zip(
        _STARS, (points or {}).items(), strict=False
    ):
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
        beside: by group, another score of the same runs, (S,): open.
        ax: where to draw; a new figure unless told.

    Raises:
        ValueError: no groups, other shapes, NaN or infinite values, a measure
            that is not a text, other groups or numbers of runs in `beside`.
    """
    scores = check_all("scores", scores, ("S",))
    check_type("measure", measure, str)
    if beside is not None:
        beside = _check_beside(beside, scores)
    levels = check_levels(levels)
    height = 0.26 * len(scores) + 0.8
    ax = ax or plt.figure(figsize=(4.8, height)).add_subplot()
    draw_levels(ax, levels, upright=True)
    for row, (name, values) in enumerate(scores.items()):
        color, marker = look_of(name)
        look = {"color": color, "marker": marker}
        shift = 0 if beside is None else 0.2
        if beside is not None:
            at = np.full(len(values), row + shift)
            ax.plot(beside[name], at, ls="", markerfacecolor="none", **look)
        draw_scores(ax, values, row - shift, 0.2, **look)
    ax.set(xlabel=measure, ylim=(len(scores) - 0.4, -0.6))
    ax.set_yticks(range(len(scores)), [*scores])
    return ax


def _check_beside(
    beside: Mapping[str, ArrayLike], scores: Mapping[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """Return another score of the same runs."""
    check_all("beside", beside, ("S",))
    if beside.keys() != scores.keys():
        raise ValueError(
            f"beside: expected the groups of scores, got {[*beside]!s:.80}"
        )
    return {
        name: check_array(f"beside[{name!r}]", beside[name], values.shape)
        for name, values in scores.items()
    }
