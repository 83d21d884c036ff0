"""The figure of what several networks did, each with a seed of its own."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from unrolled._checks import check_array, check_type
from unrolled.plots.palette import COLORS
from unrolled.plots.parts import legend_above

_DASHES = ("-", "--", "-.", ":")
_ORDER = ("c", "h", "x", "adam")


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
    if not isinstance(curves, Mapping) or not 1 <= len(curves) <= len(_DASHES):
        raise ValueError(
            f"curves: expected a dict of one to {len(_DASHES)} arrays, got "
            f"{curves!r:.80}"
        )
    is_pair = isinstance(labels, tuple) and len(labels) == 2
    if not is_pair or not all(isinstance(label, str) for label in labels):
        raise ValueError(f"labels: expected two texts, got {labels!r:.80}")
    known = isinstance(colors, Sequence) and all(c in COLORS for c in colors)
    if not known or len(colors) < len(curves):
        raise ValueError(
            f"colors: expected {len(curves)} of {', '.join(COLORS)}, "
            f"got {colors!r:.80}"
        )
    check_type("levels", levels or {}, dict)
    drawn = {
        name: check_array(f"curves[{name!r}]", rows, ("S", len(x)))
        for name, rows in curves.items()
    }
    marks = {
        name: float(check_array(f"levels[{name!r}]", level, ()))
        for name, level in (levels or {}).items()
    }
    ax = ax or plt.figure().add_subplot()
    for color, dashes, (name, rows) in zip(
        colors, _DASHES, drawn.items(), strict=False
    ):
        style = {"color": COLORS[color], "linestyle": dashes}
        if len(rows) > 1:
            ax.plot(x, rows.T, linewidth=0.7, alpha=0.45, **style)
        ax.plot(x, np.median(rows, axis=0), label=name, **style)
    for name, level in marks.items():
        ax.axhline(level, color=COLORS["x"], linestyle=":", linewidth=1)
        ax.annotate(
            name,
            (1, level),
            xycoords=("axes fraction", "data"),
            xytext=(0, 2),
            textcoords="offset points",
            ha="right",
            fontsize=9,
            bbox={"facecolor": "white", "alpha": 0.7, "pad": 0, "lw": 0},
        )
    ax.set(xlabel=labels[0], ylabel=labels[1])
    legend_above(ax)
    return ax
