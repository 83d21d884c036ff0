"""Parts that several figures share."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from unrolled._checks import check_array, check_type
from unrolled.plots.palette import CELL_LOOKS, COLORS


def legend_above(ax: Axes) -> None:
    """Put the legend above the axes, two entries in a row."""
    ax.legend(ncols=2, loc="lower center", bbox_to_anchor=(0.5, 1.0))


def look_of(name: str) -> tuple[str, str]:
    """Return the colour and the marker of the kind that a name begins with."""
    return CELL_LOOKS.get(name.split()[0], (COLORS["c"], "o"))


def draw_levels(
    ax: Axes, levels: Mapping[str, float] | None, *, upright: bool = False
) -> None:
    """Draw values to compare with, and write their names."""
    check_type("levels", levels or {}, dict)
    for name, level in (levels or {}).items():
        level = float(check_array(f"levels[{name!r}]", level, ()))
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


def check_dict(name: str, value: object) -> None:
    """Insist on a dict that is not empty, by names."""
    if not isinstance(value, Mapping) or not value:
        raise ValueError(f"{name}: expected a dict by name, got {value!r:.80}")


def check_all(
    name: str, arrays: Mapping[str, ArrayLike], shape: Sequence[int | str]
) -> dict[str, np.ndarray]:
    """Return the arrays of a dict that is not empty."""
    check_dict(name, arrays)
    return {
        key: check_array(f"{name}[{key!r}]", value, shape)
        for key, value in arrays.items()
    }
