"""The figures of an LSTM beside a Transformer: who reads what, and the cost."""

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from unrolled.data import ArrayLike
from unrolled_book.figures.shared import (
    dashed,
    draw_arrow,
    draw_box,
    look_of,
    write,
)
from unrolled_book.figures.style import COLORS


def plot_reading(
    sees: ArrayLike, chained: bool, *, ax: Axes | None = None
) -> Axes:
    """Draw which tokens each step reads itself, and which steps wait.

    Tokens stand below, what the network makes of each step above. A grey line
    leads from a token to each step that reads it; an orange arrow leads from a
    step to one that has to wait for it.

    Args:
        sees: whether step t reads token s, (T, T), true or false.
        chained: whether each step waits for the one before.
    """
    T = len(sees)
    ax = ax or plt.figure(figsize=(4.8, 2.0)).add_subplot()
    for t, s in np.argwhere(sees):
        ax.plot([s, t], [0.22, 0.98], color=COLORS["x"], lw=0.9, zorder=1)
    for t in range(T):
        draw_box(ax, (t, 1.2), 0.4, 0.36, edgecolor=COLORS["h"], linewidth=1.4)
        write(ax, (t, 0), f"$x_{t + 1}$", fontsize=10)
        if t and chained:
            ends = (t - 0.75, 1.2), (t - 0.25, 1.2)
            draw_arrow(ax, *ends, COLORS["h"], mutation_scale=9, zorder=2)
    ax.set(xlim=(-0.5, T - 0.5), ylim=(-0.25, 1.55))
    ax.axis("off")
    return ax


def plot_costs(
    costs: Mapping[str, Mapping[float, float]],
    labels: tuple[str, str],
    *,
    ax: Axes | None = None,
) -> Axes:
    """Draw what something costs against its size, both logarithmic.

    Args:
        costs: by name, the cost at each size, both above 0. Names that begin
            with a kind of network, such as ``"LSTM"``, have its colour; those
            of one colour differ in their dashes. Each stands at its line's end.
        labels: of the two axes, with their units.
    """
    ax = ax or plt.figure().add_subplot()
    for name, style in dashed(costs).items():
        color, marker = look_of(name)
        sizes, row = [*costs[name].keys()], [*costs[name].values()]
        look = {"color": color, "marker": marker, "markersize": 5}
        ax.plot(sizes, row, linestyle=style, **look)
        ax.annotate(
            name.replace(", ", ",\n"),
            (sizes[-1], row[-1]),
            xytext=(6, 0),
            textcoords="offset points",
            va="center",
            color=COLORS["c"],
            fontsize=9,
        )
    ax.set(xscale="log", yscale="log", xlabel=labels[0], ylabel=labels[1])
    ax.set_xticks(
        [*dict.fromkeys(size for row in costs.values() for size in row)]
    )
    ax.minorticks_off()
    ax.xaxis.set_major_formatter("{x:,.0f}")
    return ax
