"""The figure of a series and what forecasts say of it."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
from matplotlib.axes import Axes

from unrolled.data import ArrayLike
from unrolled_book.figures.shared import draw_series, legend_above


def plot_forecasts(
    x: ArrayLike,
    truth: ArrayLike,
    lines: Mapping[str, Sequence[tuple[ArrayLike, ArrayLike]]],
    labels: tuple[str, str],
    *,
    ax: Axes | None = None,
) -> Axes:
    """Draw a series, and what forecasts say of it.

    Args:
        x: when its values come, (T,).
        truth: the values, (T,): grey.
        lines: by name, one or more forecasts: when, and what, (K,) each. At
            most two names.
        labels: of the two axes, with their units.
    """
    ax = ax or plt.figure(figsize=(4.8, 2.6)).add_subplot()
    draw_series(ax, x, truth, lines, linewidth=1.1)
    ax.set(xlabel=labels[0], ylabel=labels[1])
    if lines:
        legend_above(ax)
    return ax
