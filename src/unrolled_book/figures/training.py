"""The figures of the training loop."""

from collections.abc import Collection, Mapping

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from unrolled.data import ArrayLike
from unrolled_book.figures.shared import (
    DASHES,
    draw_arrow,
    draw_levels,
    draw_runs,
    legend_above,
    write,
)
from unrolled_book.figures.style import COLORS

STEPS = (
    "empty memories, h = 0 and c = 0",
    "go forward, keep every step's numbers",
    "compute the loss",
    "go backward: the gradient",
    "move the weights",
    "all sequences of a batch, averaged",
)
"""The six steps of a training loop, in our words."""


def plot_training_loop(
    missing: Collection[int], *, ax: Axes | None = None
) -> Axes:
    """Draw the six steps of a training loop, some of them as missing.

    Args:
        missing: the numbers of the steps that a loop lacks, from 1 to 6.
    """
    ax = ax or plt.figure(figsize=(4.8, 3.6)).add_subplot()
    for number, words in enumerate(STEPS, start=1):
        lacks = number in missing
        box = {
            "boxstyle": "round,pad=0.4",
            "facecolor": "#DDE1EA" if lacks else "white",
            "edgecolor": COLORS["plain"],
            "linestyle": "--" if lacks else "-",
        }
        ax.text(0, -number, f"{number}  {words}", bbox=box, va="center")
    last = -len(STEPS)
    ax.plot([-0.3, -0.6, -0.6], [last, last, -1], color=COLORS["x"])
    ends = (-0.6, -1), (-0.15, -1)
    draw_arrow(ax, *ends, COLORS["x"], arrowstyle="->")
    look = {"rotation": 90, "color": COLORS["x"]}
    write(ax, (-0.8, (last - 1) / 2), "next epoch", **look)
    ax.set(xlim=(-1, 6), ylim=(last - 0.6, -0.4))
    ax.axis("off")
    return ax


def plot_losses(
    losses: Mapping[str, ArrayLike],
    levels: Mapping[str, float] | None = None,
    every: int = 1,
    *,
    ax: Axes | None = None,
) -> Axes:
    """Draw how losses fall in training, on a logarithmic scale.

    Args:
        losses: by name, the loss after 0, 1, 2, ... updates, (S, U), above 0:
            one row for each of S runs. The runs are drawn thin, their median
            thick. Names that begin with SGD or Adam have a colour of theirs.
        levels: by name, values to compare with, drawn as dotted lines.
        every: the updates between one loss and the next.
    """
    ax = ax or plt.figure().add_subplot()
    for (name, curves), dashes in zip(losses.items(), DASHES, strict=False):
        updates = every * np.arange(curves.shape[1])
        look = {"color": _color(name), "linestyle": dashes}
        draw_runs(ax, updates, curves, name, **look)
    draw_levels(ax, levels, color=COLORS["x"], linewidth=1)
    ax.set(xlabel="updates", ylabel="MSE", yscale="log")
    _plain_ticks(ax.yaxis)
    legend_above(ax)
    return ax


def plot_learning_rates(
    rates: Mapping[str, ArrayLike],
    losses: Mapping[str, ArrayLike],
    *,
    ax: Axes | None = None,
) -> Axes:
    """Draw the final loss against the learning rate, for each optimiser.

    Args:
        rates: by optimiser, the learning rates, (R,), above 0.
        losses: by optimiser, the final losses, (R, S), above 0, S runs for
            each rate. A loss above 1 counts as a failed run and is drawn at
            the upper edge.
    """
    ax = ax or plt.figure().add_subplot()
    for name, dashes, marker in zip(rates, DASHES, "soo", strict=False):
        grid, end = rates[name], np.minimum(losses[name], 1)
        look = {"color": _color(name), "marker": marker}
        ax.plot(grid, end, linestyle="", markersize=2.5, alpha=0.5, **look)
        middle = np.median(end, axis=1)
        ax.plot(grid, middle, linestyle=dashes, label=name, **look)
    ax.set(xlabel="learning rate", ylabel="final MSE")
    ax.set(xscale="log", yscale="log")
    _plain_ticks(ax.xaxis)
    _plain_ticks(ax.yaxis)
    legend_above(ax)
    return ax


def _color(name: str) -> str:
    """Return the colour of the optimiser that a name begins with, or grey."""
    for optimiser in ("sgd", "adam"):
        if name.lower().startswith(optimiser):
            return COLORS[optimiser]
    return COLORS["x"]


def _plain_ticks(axis: Axis) -> None:
    """Write 0.05 and not a power of ten on a logarithmic axis."""
    low, high = axis.get_view_interval()
    subs = (1, 2, 5) if high / low < 500 else (1,)
    axis.set_major_locator(LogLocator(subs=subs))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
