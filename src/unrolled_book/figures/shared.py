"""Parts that several figures share."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import cycle
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import FancyBboxPatch, Patch

from unrolled.data import ArrayLike
from unrolled_book.figures.style import CELL_LOOKS, COLORS

THIN: dict[str, Any] = {"linewidth": 0.7, "alpha": 0.4}
"""How one run of several is drawn."""

DASHES = ("-", "--", "-.", ":")
DOTS_THIRD = ("-", "--", ":", "-.")


def legend_above(ax: Axes) -> None:
    """Put the legend above the axes, two entries in a row."""
    ax.legend(ncols=2, loc="lower center", bbox_to_anchor=(0.5, 1.0))


def kind_of(name: str) -> str:
    """Return the word that a name begins with, such as "LSTM"."""
    return re.split(r"\W", name, maxsplit=1)[0]


def look_of(name: str) -> tuple[str, str]:
    """Return the colour and the marker of the kind that a name begins with."""
    return CELL_LOOKS.get(kind_of(name), (COLORS["c"], "o"))


def dashed(names: Iterable[str]) -> dict[str, str]:
    """Return a line style for each name: those of one colour differ."""
    styles: dict[str, Iterator[str]] = {}
    return {
        name: next(styles.setdefault(look_of(name)[0], cycle(DOTS_THIRD)))
        for name in names
    }


def draw_runs(
    ax: Axes,
    at: ArrayLike,
    runs: ArrayLike,
    label: str,
    *,
    thin: Mapping[str, Any] = THIN,
    **look: Any,
) -> None:
    """Draw runs, (S, n): each thin, if not alone, and their median thick."""
    runs = np.asarray(runs)
    if len(runs) > 1:  # one would show between the dashes
        ax.plot(at, runs.T, **look | thin)
    ax.plot(at, np.median(runs, axis=0), label=label, **look)


def draw_series(
    ax: Axes,
    x: ArrayLike,
    truth: ArrayLike,
    lines: Mapping[str, Iterable[tuple[ArrayLike, ArrayLike]]],
    linewidth: float,
) -> None:
    """Draw a series, and for each of two names what is said of it, and when."""
    ax.plot(x, truth, color=COLORS["x"], label="truth", lw=2.4, alpha=0.6)
    looks = (COLORS["h"], "-"), (COLORS["c"], ":")
    for (color, dashes), (name, each) in zip(
        looks, lines.items(), strict=False
    ):
        for count, (when, said) in enumerate(each):
            look = {"color": color, "linestyle": dashes, "linewidth": linewidth}
            ax.plot(when, said, label=None if count else name, **look)


def draw_scores(
    ax: Axes, scores: ArrayLike, at: float, reach: float, **look: Any
) -> None:
    """Draw a score of each run, (S,), in one row; a bar at their median."""
    row = np.full(len(scores), at)
    ax.plot(scores, row, linestyle="", alpha=0.7, **look)
    ax.vlines(np.median(scores), at - reach, at + reach, COLORS["c"])


def write(ax: Axes, place: ArrayLike, words: str, **look: Any) -> None:
    """Write words, their middle at a place."""
    ax.text(*place, words, **{"ha": "center", "va": "center"} | look)


def draw_box(
    ax: Axes,
    middle: tuple[float, float],
    width: float,
    height: float,
    boxstyle: str = "round,pad=0.04",
    **look: Any,
) -> Patch:
    """Draw a box with round corners, white and in front of lines."""
    corner = middle[0] - width / 2, middle[1] - height / 2
    look = {"facecolor": "white", "zorder": 3} | look
    box = FancyBboxPatch(corner, width, height, boxstyle=boxstyle, **look)
    return ax.add_patch(box)


def draw_arrow(
    ax: Axes,
    tail: ArrayLike,
    head: ArrayLike,
    color: str,
    *,
    shrink: float = 0.0,
    zorder: float = 3,
    **look: Any,
) -> None:
    """Draw an arrow from point to point."""
    look = {"arrowstyle": "-|>", "color": color} | look
    look |= {"shrinkA": shrink, "shrinkB": shrink}
    ax.annotate("", head, tail, arrowprops=look, zorder=zorder)


def draw_levels(
    ax: Axes,
    levels: Mapping[str, float] | None,
    *,
    upright: bool = False,
    color: str = COLORS["c"],
    linewidth: float = 1.2,
    **words: Any,
) -> None:
    """Draw values to compare with, and write their names."""
    words = {"va": "bottom"} | words
    coords: Any = ("data", "axes fraction")[:: 1 if upright else -1]
    for name, level in (levels or {}).items():
        draw = ax.axvline if upright else ax.axhline
        draw(level, color=color, linestyle=":", linewidth=linewidth)
        ax.annotate(
            name,
            (level, 1) if upright else (1, level),
            xycoords=coords,
            xytext=(0, 2),
            textcoords="offset points",
            ha="center" if upright else "right",
            fontsize=9,
            **words,
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
    """
    ax = ax or plt.figure().add_subplot()
    draw_levels(ax, levels)
    for name, style in dashed(curves).items():
        color, _ = look_of(name)
        runs = curves[name]
        at = start + np.arange(len(runs[0]))
        draw_runs(ax, at, runs, name, color=color, linestyle=style)
    for marker, (name, places) in zip(
        _STARS, (points or {}).items(), strict=False
    ):
        ax.plot(*np.transpose(places), marker=marker, label=name, **_SOURCE)
    ax.set(xlabel=across, ylabel=measure)
    ax.locator_params(axis="x", integer=True)
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
    """
    height = 0.26 * len(scores) + 0.8
    ax = ax or plt.figure(figsize=(4.8, height)).add_subplot()
    draw_levels(ax, levels, upright=True)
    for row, (name, values) in enumerate(scores.items()):
        color, marker = look_of(name)
        look: dict[str, Any] = {"color": color, "marker": marker}
        if beside:
            at = np.full(len(values), row + 0.2)
            ax.plot(beside[name], at, ls="", markerfacecolor="none", **look)
        draw_scores(ax, values, row - 0.2 if beside else row, 0.2, **look)
    ax.set(xlabel=measure, ylim=(len(scores) - 0.4, -0.6))
    ax.set_yticks(range(len(scores)), [*scores])
    return ax


_ORDER = ("c", "h", "x", "adam")
_THIN = THIN | {"alpha": 0.45}
_PLATE = {"facecolor": "white", "alpha": 0.7, "pad": 0, "lw": 0}


def plot_seeds(
    x: ArrayLike,
    curves: Mapping[str, ArrayLike],
    labels: tuple[str, str],
    levels: Mapping[str, float] | None = None,
    colors: Sequence[str] = _ORDER,
    *,
    ax: Axes | None = None,
) -> Axes:
    """Draw what several networks did, each seed thin and their median thick.

    Args:
        x: where they were measured, (M,): steps, or numbers of units.
        curves: by name, one row for each seed, (S, M). One to four names.
        labels: of the two axes, with their units.
        levels: by name, values to compare with, drawn as dotted lines.
        colors: the colour of each curve, by its name in `COLORS`.
    """
    ax = ax or plt.figure().add_subplot()
    for color, dashes, (name, rows) in zip(
        colors, DASHES, curves.items(), strict=False
    ):
        look = {"color": COLORS[color], "linestyle": dashes}
        draw_runs(ax, x, rows, name, thin=_THIN, **look)
    words = {"va": "baseline", "bbox": _PLATE}
    draw_levels(ax, levels, color=COLORS["x"], linewidth=1, **words)
    ax.set(xlabel=labels[0], ylabel=labels[1])
    legend_above(ax)
    return ax


def name_ends(ax: Axes, ends: Mapping[str, tuple[float, Any]]) -> None:
    """Write each line's name beside its end: by name, the value and colour."""
    scale = ax.yaxis.get_transform()
    low, high = scale.transform(ax.get_ylim())
    places = scale.transform(np.array([value for value, _ in ends.values()]))
    places = scale.inverted().transform(apart(places, 0.075 * (high - low)))
    right = ax.get_xlim()[1]
    for (label, (_, color)), place in zip(ends.items(), places, strict=True):
        ax.annotate(
            label, (right, place), (2, 0), textcoords="offset points",
            color=color, va="center", annotation_clip=False, fontsize="small",
        )  # fmt: skip


def apart(places: np.ndarray, gap: float) -> np.ndarray:
    """Move places up or down until any two are a gap apart, in their order."""
    order = np.argsort(places, kind="stable")
    sorted_ = places[order]
    ranks = gap * np.arange(len(places))
    # The closest rising sequence to places less ranks: pool what falls.
    rising = _rising(sorted_ - ranks)
    moved = np.empty_like(places)
    moved[order] = rising + ranks
    return moved


def _rising(values: np.ndarray) -> np.ndarray:
    """Find the closest sequence that never falls, by pooling neighbours."""
    pools: list[list[float]] = []
    for value in values:
        pools.append([value])
        while len(pools) > 1 and np.mean(pools[-2]) > np.mean(pools[-1]):
            pools[-2:] = [pools[-2] + pools[-1]]
    return np.concatenate([np.full(len(p), np.mean(p)) for p in pools])
