"""The figures of the plain recurrent network: what it forgets, and why."""

from collections.abc import Mapping
from functools import partial

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.patches import FancyBboxPatch
from matplotlib.ticker import MaxNLocator

from unrolled.data import ArrayLike
from unrolled_book.figures.shared import as_arrays, draw_arrow
from unrolled_book.figures.style import COLORS

_arrow = partial(draw_arrow, linewidth=1.4, zorder=2)
_GREY = "#8A8A8A"


def plot_two_runs(
    one: ArrayLike, other: ArrayLike, *, ax: Axes | None = None
) -> Axes:
    """Draw the states of two runs that differ in their first input only.

    Args:
        one: states of the first run after steps 1 to T, (T,).
        other: states of the second run, (T,).
        ax: where to draw; default: a new figure.
    """
    one = np.asarray(one, dtype=float)
    other = np.asarray(other, dtype=float)
    ax = ax or plt.figure().add_subplot()
    steps = np.arange(1, len(one) + 1)
    ax.fill_between(steps, one, other, color=COLORS["h"], alpha=0.15, lw=0)
    ax.plot(steps, one, "o-", color=COLORS["h"], label="first input +1")
    ax.plot(
        steps,
        other,
        "s--",
        color=COLORS["h"],
        markerfacecolor="white",
        label="first input −1",
    )
    ax.set(xlabel="step t", ylabel="state h")
    ax.locator_params(axis="x", integer=True)
    ax.legend(ncols=2, loc="lower center", bbox_to_anchor=(0.5, 1.0))
    return ax


def plot_unrolled(
    states: ArrayLike,
    inputs: ArrayLike,
    gradients: ArrayLike | None = None,
    *,
    ax: Axes | None = None,
) -> Axes:
    """Draw a one-unit recurrent network, unrolled over its steps.

    Args:
        states: h_0, the state before the first step, to h_T, (T + 1,), for
            two steps to four.
        inputs: x_1 to x_T, (T,).
        gradients: total derivatives of the loss with respect to h_1 to h_T,
            (T,). Given, the way back is drawn.
        ax: where to draw; default: a new figure.
    """
    inputs = np.asarray(inputs, dtype=float)
    T = len(inputs)
    states = np.asarray(states, dtype=float)
    back = gradients is not None
    gradients = np.asarray(gradients if back else np.zeros(T), dtype=float)
    ax = ax or plt.figure(figsize=(4.8, 2.9)).add_subplot()
    ax.set(xlim=(-0.45, T + 0.45), ylim=(-1.75, 1.3))
    ax.axis("off")
    top = 0.43 if back else 0.31  # of the last state's box
    _arrow(ax, (T + 0.1 * back, top), (T + 0.1 * back, 0.92), _GREY)
    ax.text(T, 1.1, "loss $L$", ha="center", va="center")
    for t in range(T + 1):
        lines = [(f"$h_{t}$", "black"), (_short(states[t]), "black")]
        if back and t:
            lines.append((_short(gradients[t - 1]), COLORS["gradient"]))
        _box(ax, (t, 0), lines, COLORS["h"])
        if not t:
            continue
        x = [(f"$x_{t}$", "black"), (_short(inputs[t - 1]), "black")]
        _box(ax, (t, -1.4), x, COLORS["x"])
        _arrow(ax, (t, -1.12), (t, -0.42), _GREY)
        ax.text(t + 0.06, -0.78, "$w$", va="center")
        _arrow(ax, (t - 0.66, 0.06), (t - 0.34, 0.06), _GREY)
        ax.text(t - 0.5, 0.14, "$u$", ha="center", va="bottom")
        if back and t > 1:
            red = COLORS["gradient"]
            _arrow(ax, (t - 0.34, -0.14), (t - 0.66, -0.14), red)
    if back:
        _arrow(ax, (T - 0.1, 0.92), (T - 0.1, top), COLORS["gradient"])
    return ax


def _box(
    ax: Axes,
    middle: tuple[float, float],
    lines: list[tuple[str, str]],
    color: str,
) -> None:
    """Draw a box with one line of text below the other."""
    x, y = middle
    height = 0.1 + 0.24 * len(lines)
    box = FancyBboxPatch(
        (x - 0.3, y - height / 2),
        0.6,
        height,
        boxstyle="round,pad=0.02,rounding_size=0.06",
        facecolor="white",
        edgecolor=color,
        linewidth=1.6,
        zorder=3,
    )
    ax.add_patch(box)
    for row, (text, text_color) in enumerate(lines):
        ax.text(
            x,
            y + 0.24 * ((len(lines) - 1) / 2 - row),
            text,
            color=text_color,
            ha="center",
            va="center",
            zorder=4,
        )


def _short(number: float) -> str:
    """Write a short number as it is, another with four decimals."""
    text = f"{number:g}" if number == round(number, 1) else f"{number:.4f}"
    return text.replace("-", "−")


def plot_shrinking(
    curves: Mapping[str, ArrayLike],
    lines: Mapping[str, ArrayLike] | None = None,
    *,
    ax: Axes | None = None,
) -> Axes:
    """Draw how a size changes over 1, 2, ..., K steps, on a logarithmic axis.

    Args:
        curves: by label, sizes above 0 in several draws, (draws, K): the
            median is drawn, and a band from the 10th to the 90th percentile.
            One to five of them, light red to dark.
        lines: by label, sizes above 0 for comparison, (K,); drawn dotted.
        ax: where to draw; default: a new figure.
    """
    sizes, dotted = as_arrays(curves), as_arrays(lines or {})
    ax = ax or plt.figure().add_subplot()
    shades = LinearSegmentedColormap.from_list(
        "gradients", ["#F2A38C", COLORS["gradient"], "#4A0410"]
    )(np.linspace(0, 1, len(sizes)) if len(sizes) > 1 else [0.5])
    for (label, size), color, marker in zip(
        sizes.items(), shades, "osD^v", strict=False
    ):
        low, middle, high = np.percentile(size, [10, 50, 90], axis=0)
        k = np.arange(1, len(middle) + 1)
        ax.fill_between(k, low, high, color=color, alpha=0.2, lw=0)
        ax.semilogy(
            k,
            middle,
            color=color,
            marker=marker,
            markevery=max(1, len(k) // 10),
            label=label,
        )
    for (label, size), style in zip(
        dotted.items(), [":", "-.", "--"] * len(dotted), strict=False
    ):
        k = np.arange(1, len(size) + 1)
        ax.semilogy(k, size, style, color="black", lw=1.2, label=label)
    ax.set(xlabel="steps back, k", ylabel="size")
    ax.legend(ncols=2, loc="lower center", bbox_to_anchor=(0.5, 1.0))
    return ax


def plot_cliff(
    u: ArrayLike,
    b: ArrayLike,
    loss: ArrayLike,
    paths: Mapping[str, ArrayLike] | None = None,
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
        ax: where to draw; default: a new figure.
    """
    loss = np.asarray(loss, dtype=float)
    points = as_arrays(paths or {})
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
    for (label, path), (style, face) in zip(
        points.items(), looks, strict=False
    ):
        ax.plot(
            *path.T,
            style,
            color=COLORS["gradient"],
            markerfacecolor=face,
            linewidth=1.2,
            label=label,
        )
    if points:
        start = next(iter(points.values()))[0]
        ax.plot(*start, "o", ms=14, mfc="none", mec="black", mew=1.2)
        ax.legend(loc="lower center", ncols=2, bbox_to_anchor=(0.5, 1.0))
    return ax


def plot_wall(b: ArrayLike, loss: ArrayLike, *, ax: Axes | None = None) -> Axes:
    """Draw a slice through a loss surface, along the bias.

    Args:
        b: biases, (n,), increasing.
        loss: the loss at each, (n,).
        ax: where to draw; default: a new figure.
    """
    b = np.asarray(b, dtype=float)
    loss = np.asarray(loss, dtype=float)
    ax = ax or plt.figure(figsize=(4.8, 2.6)).add_subplot()
    ax.plot(b, loss, color="black")
    ax.set(xlabel="bias b", ylabel="loss")
    return ax
