"""The figures of the plain recurrent network: what it forgets, and why."""

from collections.abc import Mapping
from functools import partial

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.ticker import MaxNLocator

from unrolled.data import ArrayLike
from unrolled_book.figures.shared import (
    draw_arrow,
    draw_box,
    legend_above,
    name_ends,
    write,
)
from unrolled_book.figures.style import COLORS

_GREY = "#8A8A8A"
_COPIES = ("#117A8B", "#8C6D1F", "#7A3E9D", "#3F7D3A")
"""One colour for each copy of a weight."""

_arrow = partial(draw_arrow, linewidth=1.4, zorder=2)  # behind the boxes


def plot_unrolled(
    states: ArrayLike,
    inputs: ArrayLike,
    gradients: ArrayLike,
    contributions: ArrayLike,
    *,
    ax: Axes | None = None,
) -> Axes:
    """Draw a one-unit recurrent network, unrolled, with its copies of w.

    Args:
        states: h_0, the state before the first step, to h_T, (T + 1,), for
            two steps to four.
        inputs: x_1 to x_T, (T,).
        gradients: total derivatives of the loss with respect to h_1 to h_T,
            (T,).
        contributions: what each copy of w adds to the derivative with respect
            to w, (T,).
    """
    T, red = len(inputs), COLORS["gradient"]
    ax = ax or plt.figure(figsize=(4.8, 3.2)).add_subplot()
    ax.set(xlim=(-0.45, T + 0.45), ylim=(-2.2, 1.3))
    ax.axis("off")
    _arrow(ax, (T + 0.1, 0.43), (T + 0.1, 0.92), _GREY)
    _arrow(ax, (T - 0.1, 0.92), (T - 0.1, 0.43), red)
    write(ax, (T, 1.1), "loss $L$")
    _box(ax, (0, 0), [("$h_0$", "black"), (_short(states[0]), "black")], _GREY)
    ax.text(-0.33, -2.0, "adds to\nd$L$/d$w$", va="center", fontsize="small")
    for t in range(1, T + 1):
        copy = _COPIES[t - 1]
        lines = [(f"$h_{t}$", "black"), (_short(states[t]), "black")]
        lines.append((_short(gradients[t - 1]), red))
        _box(ax, (t, 0), lines, COLORS["h"])
        x = [(f"$x_{t}$", "black"), (_short(inputs[t - 1]), "black")]
        _box(ax, (t, -1.4), x, COLORS["x"])
        _arrow(ax, (t, -1.12), (t, -0.42), copy, linewidth=2.2)
        ax.text(t + 0.07, -0.78, f"$w_{t}$", va="center", color=copy)
        words = f"{contributions[t - 1]:.4f}".replace("-", "−")
        write(ax, (t, -2.0), words, color=copy)
        _arrow(ax, (t - 0.66, 0.06), (t - 0.34, 0.06), _GREY)
        write(ax, (t - 0.5, 0.14), "$u$", va="bottom")
        if t > 1:
            _arrow(ax, (t - 0.34, -0.14), (t - 0.66, -0.14), red)
    return ax


def _box(
    ax: Axes,
    middle: tuple[float, float],
    lines: list[tuple[str, str]],
    color: str,
) -> None:
    """Draw a box with one line of text below the other."""
    height = 0.1 + 0.24 * len(lines)
    style = "round,pad=0.02,rounding_size=0.06"
    look = {"edgecolor": color, "linewidth": 1.6}
    draw_box(ax, middle, 0.6, height, style, **look)
    x, y = middle
    for row, (text, text_color) in enumerate(lines):
        place = x, y + 0.24 * ((len(lines) - 1) / 2 - row)
        write(ax, place, text, color=text_color, zorder=4)


def _short(number: float) -> str:
    """Write a short number as it is, another with four decimals."""
    text = f"{number:g}" if number == round(number, 1) else f"{number:.4f}"
    return text.replace("-", "−")


def plot_shrinking(
    curves: Mapping[str, ArrayLike],
    lines: Mapping[str, ArrayLike],
    limits: tuple[float, float],
    *,
    ax: Axes | None = None,
) -> Axes:
    """Draw how a size changes over 1, 2, ..., K steps, on a logarithmic axis.

    Args:
        curves: by label, sizes above 0 in several draws, (draws, K): the
            median is drawn, and a band from the 10th to the 90th percentile.
            Light red to dark.
        lines: by label, sizes above 0 for comparison, (K,); dotted or dashed.
        limits: of the axis of sizes.
    """
    ax = ax or plt.figure().add_subplot()
    ends = {}
    for (label, size), color in zip(
        curves.items(), _reds(len(curves)), strict=True
    ):
        low, middle, high = np.percentile(size, [10, 50, 90], axis=0)
        k = np.arange(1, len(middle) + 1)
        ax.fill_between(k, low, high, color=color, alpha=0.2, lw=0)
        ax.semilogy(k, middle, color=color, lw=1.8)
        ends[label] = (middle[-1], color)
    for (label, size), style in zip(
        lines.items(), [":", "-.", "--"], strict=False
    ):
        k = np.arange(1, len(size) + 1)
        ax.semilogy(k, size, style, color="black", lw=1.2)
        ends[label] = (size[-1], "black")
    ax.set(xlabel="steps back, k", ylabel="size", ylim=limits)
    name_ends(ax, ends)
    return ax


def plot_cliff(
    u: ArrayLike,
    b: ArrayLike,
    loss: ArrayLike,
    paths: Mapping[str, ArrayLike],
    *,
    ax: Axes | None = None,
) -> Axes:
    """Draw a loss over two weights as a map, and descents on it.

    Args:
        u: recurrent weights, (n,), increasing.
        b: biases, (m,), increasing.
        loss: the loss at each pair, (m, n).
        paths: by label, points (u, b) of a descent, (steps, 2), at most
            three. A point off the map does not widen it.
    """
    ax = ax or plt.figure(figsize=(4.8, 4.2)).add_subplot()
    field = ax.contourf(u, b, loss, 24, cmap="Greys")
    ax.figure.colorbar(
        field, ax=ax, label="loss", pad=0.02, ticks=MaxNLocator(5)
    )
    ax.set(
        xlabel="recurrent weight u",
        ylabel="bias b",
        xlim=(u[0], u[-1]),
        ylim=(b[0], b[-1]),
    )
    ax.grid(visible=False)
    looks = [("o-", COLORS["gradient"]), ("s--", "white"), ("D:", "white")]
    for (label, path), (style, face) in zip(paths.items(), looks, strict=False):
        look = {"color": COLORS["gradient"], "markerfacecolor": face}
        ax.plot(*path.T, style, linewidth=1.2, label=label, **look)
    start = next(iter(paths.values()))[0]
    ax.plot(*start, "o", ms=14, mfc="none", mec="black", mew=1.2)
    legend_above(ax)
    return ax


def plot_wall(b: ArrayLike, loss: ArrayLike, *, ax: Axes | None = None) -> Axes:
    """Draw a slice through a loss surface, along the bias.

    Args:
        b: biases, (n,), increasing.
        loss: the loss at each, (n,).
    """
    ax = ax or plt.figure(figsize=(4.8, 2.6)).add_subplot()
    ax.plot(b, loss, color="black")
    ax.set(xlabel="bias b", ylabel="loss")
    return ax


def plot_ellipses(
    powers: Mapping[str, ArrayLike], *, ax: Axes | None = None
) -> Axes:
    """Draw what becomes of a circle when it is multiplied by matrices.

    Args:
        powers: by label, matrices, (2, 2); light red to dark.
    """
    ax = ax or plt.figure(figsize=(4.8, 2.6)).add_subplot()
    angle = np.linspace(0, 2 * np.pi, 181)
    circle = np.stack([np.cos(angle), np.sin(angle)])
    for (label, matrix), color in zip(
        powers.items(), _reds(len(powers)), strict=True
    ):
        line = np.asarray(matrix) @ circle  # (2, 181)
        ax.plot(*line, color=color)
        wide = np.ptp(line[0]) > 1.01 * np.ptp(line[1])
        tip = line[:, line[0 if wide else 1].argmax()]
        ax.annotate(
            label, tip, (3, -4 if wide else 4), textcoords="offset points",
            color=color, va="top" if wide else "bottom",
        )  # fmt: skip
    ax.set_aspect("equal")
    ax.margins(0.14)
    ax.set(xlabel="first unit", ylabel="second unit")
    return ax


def _reds(count: int) -> np.ndarray:
    """Shades of the gradient's colour, from light to dark."""
    shades = LinearSegmentedColormap.from_list(
        "gradients", ["#E58A70", COLORS["gradient"], "#4A0410"]
    )
    return shades(np.linspace(0, 1, count) if count > 1 else [0.5])
