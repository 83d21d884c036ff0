"""The figures of truncated backpropagation through time."""

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb

from unrolled.data import ArrayLike
from unrolled_book.figures.shared import DASHES, draw_arrow, draw_box, write
from unrolled_book.figures.style import COLORS


def plot_truncation(kept: ArrayLike, *, ax: Axes | None = None) -> Axes:
    """Draw the unrolled steps: forward through all, back through the kept.

    A filled box is a step whose cache is kept, grey arrows carry the states
    forward, red arrows carry the last step's error back.

    Args:
        kept: whether each step's cache is kept, (T,), true or false.
    """
    ax = ax or plt.figure(figsize=(4.8, 1.4)).add_subplot()
    red, last = COLORS["gradient"], len(kept) - 1
    bent = {"shrink": 1, "connectionstyle": "arc3,rad=-0.5"}
    for t, keep in enumerate(kept):
        color = red if keep else COLORS["x"]
        look = {"edgecolor": color, "linestyle": "-" if keep else ":"}
        look |= {"facecolor": _tint(red, 0.2) if keep else "white"}
        draw_box(ax, (t, 0), 0.44, 0.44, zorder=1, **look)
        write(ax, (t, 0), str(t + 1), va="center_baseline", fontsize=9)
        if t < last:
            draw_arrow(ax, (t, 0.34), (t + 1, 0.34), COLORS["x"], **bent)
        if t and keep and kept[t - 1]:
            draw_arrow(ax, (t, -0.34), (t - 1, -0.34), red, **bent)
    write(ax, (last, -0.95), "error", color=red, va="top", fontsize=9)
    draw_arrow(ax, (last, -0.92), (last, -0.34), red, shrink=1)
    ax.set(xlim=(-0.5, last + 0.5), ylim=(-1.35, 0.85), aspect="equal")
    ax.axis("off")
    return ax


def plot_pairs(kept: ArrayLike, *, ax: Axes | None = None) -> Axes:
    """Draw which steps each error reaches.

    Args:
        kept: whether the error of step s (row) reaches step u (column),
            (T, T), true or false; no error reaches a later step. Steps
            count from 1 in the drawing.
    """
    ax = ax or plt.figure().add_subplot()
    kept = np.asarray(kept, dtype=bool)
    image = np.ones((*kept.shape, 3))
    image[np.tri(len(kept), dtype=bool)] = _tint(COLORS["x"], 0.2)
    image[kept] = to_rgb(COLORS["gradient"])
    first, last = 0.5, len(kept) + 0.5
    ax.imshow(image, extent=(first, last, last, first))
    edges = np.arange(first, last + 1)
    ax.hlines(edges, edges[0], edges[-1], color="white", linewidth=1)
    ax.vlines(edges, edges[0], edges[-1], color="white", linewidth=1)
    ax.grid(visible=False)
    ax.set(
        xlabel="step reached",
        ylabel="error of step",
        xticks=range(1, len(kept) + 1),
        yticks=range(1, len(kept) + 1),
    )
    return ax


def plot_memory(
    steps: ArrayLike,
    held: Mapping[str, ArrayLike],
    *,
    ax: Axes | None = None,
) -> Axes:
    """Draw the bytes held for the backward pass against the steps.

    Args:
        steps: lengths T of the sequence, (n,).
        held: bytes at each length, (n,), by the name of the scheme; at most
            four.
    """
    ax = ax or plt.figure().add_subplot()
    colors = 2 * (COLORS["pale"], COLORS["plain"])
    for line, (name, values) in enumerate(held.items()):
        style = "o-" if line < 2 else "s--"
        megabytes = np.asarray(values) / 1e6
        ax.plot(steps, megabytes, style, color=colors[line], label=name)
    ax.set(
        xlabel="steps T",
        ylabel="held for the way back (MB)",
        xlim=(0, None),
        ylim=(0, None),
    )
    ax.legend(ncols=2, loc="lower center", bbox_to_anchor=(0.45, 1.0))
    return ax


def plot_windows(
    shares: Mapping[str, ArrayLike], *, ax: Axes | None = None
) -> Axes:
    """Draw how long truncated gradients are, against the window.

    The line is the median of the draws, the band holds the middle 80 of 100.

    Args:
        shares: of the full gradient's length, for windows of 1 to k steps,
            (draws, k), by label; at most four; k may differ.
    """
    ax = ax or plt.figure().add_subplot()
    for line, (label, draws) in enumerate(shares.items()):
        windows = np.arange(1, draws.shape[1] + 1)
        low, middle, high = np.percentile(draws, [10, 50, 90], axis=0)
        ax.fill_between(windows, low, high, color=COLORS["f"], alpha=0.15, lw=0)
        ax.plot(windows, middle, color=COLORS["f"], linestyle=DASHES[line])
        half = np.argmax(middle >= 0.5)
        # Beside the line, where it has come half the way.
        ax.annotate(
            label,
            (windows[half], middle[half]),
            (7, -7),
            textcoords="offset points",
            va="top",
            color=COLORS["f"],
        )
    ax.set(
        xscale="log",
        xlabel="window k (steps)",
        ylabel="length, as a share",
        xlim=(1, None),
        ylim=(0, None),
    )
    ax.xaxis.set_major_formatter("{x:g}")
    return ax


def _tint(color: str, share: float) -> np.ndarray:
    """Mix a share of a colour with white."""
    return 1 - share * (1 - np.array(to_rgb(color)))
