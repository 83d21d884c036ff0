"""The figures of backpropagation through time."""

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.lines import Line2D

from unrolled.data import ArrayLike
from unrolled_book.figures.shared import (
    DOTS_THIRD,
    draw_arrow,
    legend_above,
    write,
)
from unrolled_book.figures.style import COLORS, GATE_NAMES

_PATHS = {
    "total": ("total derivative", COLORS["gradient"], "-"),
    "direct": ("direct path", COLORS["c"], "-"),
    **{
        gate: (f"by the {name}", COLORS[gate], "--")
        for gate, name in GATE_NAMES.items()
    },
}
"""Label, colour and line style of each way through the cell."""

_STEPS, _WIDTH = 3, 3.2  # of the diagram, and of a step in it
_SIGNED = LinearSegmentedColormap.from_list(
    "signed", [COLORS["negative"], "#FFFFFF", COLORS["gradient"]]
)


def plot_walks_back(*, ax: Axes | None = None) -> Axes:
    """Draw all ways that errors take back through an unrolled LSTM."""
    ax = ax or plt.figure(figsize=(4.8, 3.6)).add_subplot()
    for t in range(1, _STEPS + 1):
        x = (t - 1) * _WIDTH
        c, h, gates = (x + 1.5, 5.2), (x + 1.5, 2.8), (x, 4.0)
        loss, weights = (x + 1.5, 1.5), (x, 0.35)
        if t > 1:
            c_before, h_before = (c[0] - _WIDTH, c[1]), (h[0] - _WIDTH, h[1])
            thick = {"shrink": 13, "linewidth": 2.2}
            draw_arrow(ax, c, c_before, COLORS["c"], **thick)
            draw_arrow(ax, gates, h_before, COLORS["h"], **thick)
        for start, end in (
            (loss, h),
            (h, c),
            (h, (gates[0] + 0.3, gates[1] - 0.3)),
            (c, (gates[0] + 0.3, gates[1] + 0.3)),
            (gates, weights),
        ):
            draw_arrow(
                ax, start, end, COLORS["gradient"], shrink=13, linewidth=1.1
            )
        _box(ax, c, f"$c_{t}$", COLORS["c"])
        _box(ax, h, f"$h_{t}$", COLORS["h"])
        _box(ax, loss, f"error {t}", COLORS["gradient"])
        _box(ax, gates, f"gates\nstep {t}", COLORS["x"])
    middle = ((_STEPS - 1) * _WIDTH + 1.5) / 2
    words = "the gradient of the twelve weights and biases: add up"
    write(ax, (middle, 0.05), words)
    handles = [
        Line2D([], [], color=COLORS[name], linewidth=2.2) for name in "ch"
    ]
    labels = ["direct, through the cell state", "through h and the gates"]
    ax.legend(
        handles, labels, ncols=2, loc="lower center", bbox_to_anchor=(0.5, 0.97)
    )
    right = (_STEPS - 1) * _WIDTH + 2.3
    ax.set(xlim=(-0.9, right), ylim=(-0.4, 5.8))
    ax.set_axis_off()
    return ax


def plot_contributions(table: ArrayLike, *, ax: Axes | None = None) -> Axes:
    """Draw what each error contributes by each step's use of one weight.

    The sums of the rows stand at the right, those of the columns below.

    Args:
        table: contributions to one weight's gradient, (T, T): the step that
            errs, then the step at which the weight is used. Not all 0.
    """
    ax = ax or plt.figure(figsize=(4.8, 4.6)).add_subplot()
    T = len(table)
    power = int(np.floor(np.log10(np.abs(table).max())))
    values = np.full((T + 1, T + 1), np.nan)
    values[:T, :T] = np.where(np.tril(np.ones((T, T))), table, np.nan)
    values[:T, T], values[T, :T] = table.sum(axis=1), table.sum(axis=0)
    values[T, T] = table.sum()
    values /= 10.0**power
    edges = np.append(np.arange(T + 1) - 0.5, T + 0.75)  # the sums' are wider
    centres = np.array([*range(T), T + 0.25])
    limit = np.abs(values[:T, :T][np.tril_indices(T)]).max()
    cells = values.copy()
    cells[T], cells[:, T] = np.nan, np.nan
    ax.pcolormesh(
        edges,
        edges,
        cells,
        cmap=_SIGNED,
        vmin=-limit,
        vmax=limit,
        edgecolors="#E5E5E5",
        linewidth=0.6,
    )
    for (row, column), value in np.ndenumerate(values):
        if np.isfinite(value):
            dark = row < T and column < T and abs(value) > 0.55 * limit
            write(
                ax,
                (centres[column], centres[row]),
                f"{value:.1f}".replace("-0.0", "0.0").replace("-", "−"),
                color="white" if dark else "black",
                fontweight="bold" if T in (row, column) else "normal",
                fontsize=9,
            )
    ax.set(
        xlabel="step t at which the weight is used",
        ylabel="step s that errs",
        xlim=(-0.5, T + 0.75),
        ylim=(T + 0.75, -0.5),
        aspect="equal",
        title=f"contribution, in units of $10^{{{power}}}$",
    )
    ax.set_xticks(centres, [*map(str, range(1, T + 1)), "sum"])
    ax.set_yticks(centres, [*map(str, range(1, T + 1)), "sum"])
    ax.tick_params(length=0)
    ax.spines[["left", "bottom"]].set_visible(False)
    ax.grid(visible=False)
    return ax


def plot_cell_paths(
    norms: Mapping[str, ArrayLike], *, ax: Axes | None = None
) -> Axes:
    """Draw how strongly the last cell state depends on earlier ones.

    Lines are medians over the draws; the bands hold the middle 80 % of them.

    Args:
        norms: by path, ``"total"``, ``"direct"``, ``"f"``, ``"i"``, ``"g"``
            or ``"o"``, the size of that part of the Jacobian, (draws, n), at
            1, 2, ..., n steps back; all of one shape, none negative.
    """
    ax = ax or plt.figure(figsize=(4.8, 3.8)).add_subplot()
    for name in (name for name in _PATHS if name in norms):
        label, color, style = _PATHS[name]
        # A part that is 0, as the output gate's over one step, has no place
        # on a logarithmic axis.
        array = np.where(norms[name] > 0, norms[name], np.nan)
        steps = np.arange(1, array.shape[1] + 1)
        shown = np.isfinite(array).all(axis=0)
        low, middle, high = np.quantile(
            array[:, shown], [0.1, 0.5, 0.9], axis=0
        )
        is_main = name in ("total", "direct")
        ax.plot(
            steps[shown],
            middle,
            style,
            color=color,
            label=label,
            linewidth=2.2 if is_main else 1.4,
        )
        if is_main:
            ax.fill_between(
                steps[shown], low, high, color=color, alpha=0.2, linewidth=0
            )
    ax.set(yscale="log", xlabel="steps back", ylabel="average stretch")
    legend_above(ax)
    return ax


def plot_bug_losses(
    losses: Mapping[str, ArrayLike], *, ax: Axes | None = None
) -> Axes:
    """Draw the loss of several runs that differ in their gradient.

    Args:
        losses: by label, the loss after 0, 1, 2, ... updates, (n,); at most
            four runs, all of one length. A label that names δc or δh has
            the colour of that state.
    """
    ax = ax or plt.figure().add_subplot()
    looks = zip(losses.items(), DOTS_THIRD, strict=False)
    for (label, values), dashes in looks:
        named = [state for state in "ch" if f"δ{state}" in label]
        color = COLORS[named[0] if named else "pale"]
        ax.plot(values, dashes, color=color, label=label)
    ax.set(xlabel="updates", ylabel="mean squared error", ylim=(0, None))
    ax.legend(loc="upper right")
    return ax


def _box(ax, place, label, color) -> None:
    """Write a label in a box."""
    box = {"boxstyle": "round", "facecolor": "white", "edgecolor": color}
    write(ax, place, label, fontsize=9, bbox=box)
