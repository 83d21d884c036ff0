"""Parts that several figures share."""

import re
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from unrolled._checks import check_array, check_type
from unrolled.plots.palette import CELL_LOOKS, COLORS


def legend_above(ax: Axes) -> None:
    """Put the legend above the axes, two entries in a row."""
    ax.legend(ncols=2, loc="lower center", bbox_to_anchor=(0.5, 1.0))


def kind_of(name: str) -> str:
    """Return the word that a name begins with, such as "LSTM"."""
    return re.split(r"\W", name, maxsplit=1)[0]


def look_of(name: str) -> tuple[str, str]:
    """Return the colour and the marker of the kind that a name begins with."""
    return CELL_LOOKS.get(kind_of(name), (COLORS["c"], "o"))


def draw_levels(
    ax: Axes, levels: Mapping[str, float], *, upright: bool = False
) -> None:
    """Draw values to compare with, and write their names."""
    for name, level in levels.items():
        draw = ax.axvline if upright else ax.axhline
        draw(level, color=COLORS["c"], linestyle=":", linewidth=1.2)
        ax.annotate(
            name,
            (level, 1) if upright else (1, level),
            xycoords=("data", "axes fraction")[:: 1 if upright else -1],
            xytext=(0, 2),
            textcoords="offset points",
            ha="center" if upright else "right",
            va="bottom",
            fontsize=9,
        )


def check_levels(levels: Mapping[str, float] | None) -> dict[str, float]:
    """Return the values to compare with, by name; none if there are none."""
    check_type("levels", levels or {}, dict)
    return {
        name: float(check_array(f"levels[{name!r}]", level, ()))
        for name, level in (levels or {}).items()
    }


def check_dict(name: str, value: object, kind: type = str) -> None:
    """Insist on a dict that is not empty, with keys of this type."""
    if not isinstance(value, Mapping) or not value:
        raise ValueError(f"{name}: expected a dict by name, got {value!r:.80}")
    for key in value:
        check_type(f"{name}: a key", key, kind)


def check_all(
    name: str,
    arrays: Mapping[str, ArrayLike],
    shape: Sequence[int | str],
    kind: type = str,
) -> dict[str, np.ndarray]:
    """Return the arrays of a dict that is not empty."""
    check_dict(name, arrays, kind)
    return {
        key: check_array(f"{name}[{key!r}]", value, shape)
        for key, value in arrays.items()
    }
