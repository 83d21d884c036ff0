"""The figure of what several networks did, each with a seed of its own."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from unrolled._checks import check_array
from unrolled.plots.palette import COLORS
from unrolled.plots.parts import (
    THIN,
    check_all,
    check_levels,
    draw_levels,
    draw_runs,
    legend_above,
)

_DASHES = ("-", "--", "-.", ":")
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
    curves = check_all("curves", curves, ("S", len(x)), most=len(_DASHES))
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
        colors, _DASHES, curves.items(), strict=False
    ):
        look = {"color": COLORS[color], "linestyle": dashes}
        thin = _THIN if len(rows) > 1 else None
        draw_runs(ax, x, rows, name, thin=thin, **look)
    words = {"va": "baseline", "bbox": _PLATE}
    draw_levels(ax, levels, color=COLORS["x"], linewidth=1, **words)
    ax.set(xlabel=labels[0], ylabel=labels[1])
    legend_above(ax)
    return ax
