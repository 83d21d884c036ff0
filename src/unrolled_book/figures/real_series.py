"""The figure of a series and what forecasts say of it."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from unrolled.data import ArrayLike
from unrolled_book.figures.shared import legend_above
from unrolled_book.figures.style import COLORS


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
        ax: where to draw; default: a new figure.
    """
    ax = ax or plt.figure(figsize=(4.8, 2.6)).add_subplot()
    truth = np.asarray(truth, dtype=float)
    ax.plot(
        x, truth, color=COLORS["x"], linewidth=2.4, alpha=0.6, label="truth"
    )
    looks = (COLORS["h"], "-"), (COLORS["c"], ":")
    for (color, dashes), (name, each) in zip(
        looks, lines.items(), strict=False
    ):
        for count, (when, said) in enumerate(each):
            look = {"color": color, "linestyle": dashes, "linewidth": 1.1}
            ax.plot(when, said, label=None if count else name, **look)
    ax.set(xlabel=labels[0], ylabel=labels[1])
    if lines:
        legend_above(ax)
    return ax
