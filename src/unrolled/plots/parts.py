"""Parts that several figures share."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import cycle
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from unrolled._checks import check_array, check_type
from unrolled.plots.palette import CELL_LOOKS, COLORS

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
