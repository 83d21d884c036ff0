"""Parts that several figures share."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import cycle
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from unrolled._checks import check_array, check_type, check_whole
from unrolled_book.figures.style import CELL_LOOKS, COLORS

THIN = {"linewidth": 0.7, "alpha": 0.4}
"""How one run of several is drawn."""

_DASHES = ("-", "--", ":", "-.")


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
        name: next(styles.setdefault(look_of(name)[0], cycle(_DASHES)))
        for name in names
    }


def draw_runs(
    ax: Axes,
    at: ArrayLike,
    runs: np.ndarray,
    label: str,
    *,
    thin: Mapping[str, Any] | None = THIN,
    **look: Any,
) -> None:
    """Draw runs, (S, n): each thin, if at all, and their median thick."""
    if thin:
        ax.plot(at, runs.T, **look | thin)
    ax.plot(at, np.median(runs, axis=0), label=label, **look)


def draw_scores(
    ax: Axes, scores: np.ndarray, at: float, reach: float, **look: Any
) -> None:
    """Draw a score of each run, (S,), in one row; a bar at their median."""
    row = np.full(len(scores), at)
    ax.plot(scores, row, linestyle="", alpha=0.7, **look)
    ax.vlines(np.median(scores), at - reach, at + reach, COLORS["c"])


def draw_levels(
    ax: Axes,
    levels: Mapping[str, float],
    *,
    upright: bool = False,
    color: str = COLORS["c"],
    linewidth: float = 1.2,
    **words: Any,
) -> None:
    """Draw values to compare with, and write their names."""
    for name, level in levels.items():
        draw = ax.axvline if upright else ax.axhline
        draw(level, color=color, linestyle=":", linewidth=linewidth)
        ax.annotate(
            name,
            (level, 1) if upright else (1, level),
            xycoords=("data", "axes fraction")[:: 1 if upright else -1],
            xytext=(0, 2),
            textcoords="offset points",
            ha="center" if upright else "right",
            fontsize=9,
            **{"va": "bottom"} | words,
        )


def check_levels(levels: Mapping[str, float] | None) -> dict[str, float]:
    """Return the values to compare with, by name; none if there are none."""
    if levels is None:
        return {}
    check_type("levels", levels, dict)
    marks = check_all("levels", levels, ()) if levels else {}
    return {name: float(level) for name, level in marks.items()}


def check_dict(
    name: str,
    value: object,
    kind: type = str,
    *,
    most: int | None = None,
    among: Collection[str] | None = None,
) -> None:
    """Insist on a dict that is not empty.

    Args:
        name: what the caller's argument is called.
        value: the argument.
        kind: the type of the keys.
        most: how many keys there may be; any number unless told.
        among: the keys that there may be; any unless told.

    Raises:
        ValueError: no dict, none or too many keys, other keys.
    """
    wanted = "a dict by name"
    if most is not None:
        wanted = f"a dict by name, of one to {most}"
    if among is not None:
        wanted = f"a dict with some of {[*among]}"
    if (
        not isinstance(value, Mapping)
        or not 1 <= len(value) <= (most or len(value))
        or not {*value} <= {*(among or value)}
    ):
        got = [*value] if isinstance(value, Mapping) and value else value
        raise ValueError(f"{name}: expected {wanted}, got {got!r:.80}")
    for key in value:
        check_type(f"{name}: a key", key, kind)


def check_all(
    name: str,
    arrays: Mapping[str, ArrayLike],
    shape: Sequence[int | str],
    kind: type = str,
    **keys: Any,
) -> dict[str, np.ndarray]:
    """Return the arrays of a dict, as `check_dict` wants it."""
    check_dict(name, arrays, kind, **keys)
    return {
        key: check_array(f"{name}[{key!r}]", value, shape)
        for key, value in arrays.items()
    }


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


_SEED_DASHES = ("-", "--", "-.", ":")
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
        ax: where to draw; a new figure unless told.

    Raises:
        ValueError: none or more than four names, other shapes, NaN or infinite
            values, labels that are not two texts, unknown or too few colours.
    """
    x = check_array("x", x, ("M",))
    curves = check_all("curves", curves, ("S", len(x)), most=len(_SEED_DASHES))
    is_pair = isinstance(labels, tuple) and len(labels) == 2
    if not is_pair or not all(isinstance(label, str) for label in labels):
        raise ValueError(f"labels: expected two texts, got {labels!r:.80}")
    known = isinstance(colors, Sequence) and all(c in COLORS for c in colors)
    if not known or len(colors) < len(curves):
        raise ValueError(
            f"colors: expected {len(curves)} of {', '.join(COLORS)}, "
            f"got {colors!r:.80}"
        )
    levels = check_levels(levels)
    ax = ax or plt.figure().add_subplot()
    for color, dashes, (name, rows) in zip(
        colors, _SEED_DASHES, curves.items(), strict=False
    ):
        look = {"color": COLORS[color], "linestyle": dashes}
        thin = _THIN if len(rows) > 1 else None
        draw_runs(ax, x, rows, name, thin=thin, **look)
    words = {"va": "baseline", "bbox": _PLATE}
    draw_levels(ax, levels, color=COLORS["x"], linewidth=1, **words)
    ax.set(xlabel=labels[0], ylabel=labels[1])
    legend_above(ax)
    return ax
