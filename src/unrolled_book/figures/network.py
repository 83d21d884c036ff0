"""The figures of layers, stacks and models."""

from collections.abc import Mapping, Sequence
from functools import partial

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from unrolled.data import ArrayLike
from unrolled_book.figures.shared import (
    THIN,
    draw_arrow,
    draw_box,
    draw_runs,
    legend_above,
    write,
)
from unrolled_book.figures.style import COLORS

_GREY, _PLAIN = COLORS["x"], COLORS["plain"]
_FILLED = "#F9DFD0"  # a light tint of the hidden state's colour
_STYLES = (("o-", _PLAIN), ("s--", "white"), ("^:", "white"))
"""How the lines are drawn, and what their markers are filled with."""

_DASHES = (":", "-.")
_STEPS = 4  # of a stack

_arrow = partial(draw_arrow, linewidth=1.1, mutation_scale=8, zorder=2)
_word = partial(write, fontsize=9)


def plot_wiring(
    reads: Sequence[str],
    writes: Sequence[str],
    second: int | None = None,
    feeds_back: bool = False,
    *,
    ax: Axes | None = None,
) -> Axes:
    """Draw which steps of a model read something, and which answer.

    Args:
        reads: what each step reads, T words; empty where it reads nothing.
        writes: what each step answers, T words; empty where nothing is asked.
        second: the step from which on another layer computes, its boxes
            filled; counted from 0.
        feeds_back: whether an answer is read at the next step; dashed arrows.
    """
    T = len(reads)
    turn = T if second is None else second
    ax = ax or plt.figure(figsize=(4.8, 1.9)).add_subplot()
    for t, (below, above) in enumerate(zip(reads, writes, strict=True)):
        _box(ax, (t, 0), 0.22, filled=t >= turn)
        if t:
            _arrow(ax, (t - 0.68, 0), (t - 0.32, 0), COLORS["h"])
        if below:
            _arrow(ax, (t, -0.95), (t, -0.42), _GREY)
            _word(ax, (t, -1.3), below)
        if above:
            _arrow(ax, (t, 0.42), (t, 0.95), COLORS["h"])
            _word(ax, (t, 1.3), above)
            if feeds_back and t + 1 < T:
                middle = [t + 0.5, t + 0.5]
                ax.plot(
                    [t + 0.3, *middle, t + 0.6],
                    [1.3, 1.3, -1.3, -1.3],
                    color=_GREY,
                    linestyle=(0, (2, 1.5)),
                    linewidth=0.9,
                )
                _arrow(ax, (t + 0.6, -1.3), (t + 0.8, -1.3), _GREY)
    ax.set(xlim=(-0.6, T - 0.4), ylim=(-1.75, 1.75))
    ax.axis("off")
    return ax


def plot_stack(
    num_layers: int, num_directions: int = 1, *, ax: Axes | None = None
) -> Axes:
    """Draw a stack of recurrent layers, unrolled over its steps.

    Args:
        num_layers: L, layers, drawn from below; 1 to 3.
        num_directions: 1, or 2 for a second row of boxes in each layer, which
            passes its state from right to left.
    """
    L, directions, T = num_layers, num_directions, _STEPS
    height = directions + 0.4  # of one layer
    top = L * height
    ax = ax or plt.figure(figsize=(4.8, 0.8 * (top + 1))).add_subplot()
    for layer in range(L):
        floor = layer * height
        from_below = COLORS["h"] if layer else _GREY
        for direction in range(directions):
            # Both rows keep clear of each other's arrows up and down.
            shift = 0.2 * (2 * direction - 1) * (directions - 1)
            y = floor + 0.7 + direction
            arrow = "←" if direction else "→"
            _word(ax, (-1.05, y), f"layer {layer + 1} {arrow}")
            for t in range(T):
                x, ceiling = t + shift, floor + height
                _box(ax, (x, y), 0.18, filled=bool(direction))
                _arrow(ax, (x, floor), (x, y - 0.3), from_below)
                head = "-|>" if layer + 1 == L else "-"
                _arrow(
                    ax, (x, y + 0.3), (x, ceiling), COLORS["h"], arrowstyle=head
                )
                if t:
                    ends = [(x - 0.74, y), (x - 0.26, y)]
                    start, end = ends[:: -1 if direction else 1]
                    _arrow(ax, start, end, COLORS["h"])
        if layer and directions > 1:  # what is joined goes to both
            for t in range(T):
                ends = (t - 0.2, floor), (t + 0.2, floor)
                _arrow(ax, *ends, COLORS["h"], arrowstyle="-")
    for t in range(T):
        _word(ax, (t, -0.2), f"$x_{t + 1}$")
        _word(ax, (t, top + 0.2), f"out$_{t + 1}$")
    ax.set(xlim=(-1.6, T - 0.4), ylim=(-0.45, top + 0.45))
    ax.axis("off")
    return ax


def plot_tags(
    tokens: str,
    tags: ArrayLike,
    probabilities: Mapping[str, ArrayLike],
    *,
    ax: Axes | None = None,
) -> Axes:
    """Draw how probable a tag is to taggers, token by token.

    The tokens whose tag is 1 stand on a grey ground.

    Args:
        tokens: a character for each step, T of them.
        tags: the right tags, 0 or 1, (T,).
        probabilities: by the name of the tagger, the probability that it
            gives to tag 1, (T,), from 0 to 1; one to three taggers.
    """
    ax = ax or plt.figure(figsize=(4.8, 2.2)).add_subplot()
    for t in np.flatnonzero(tags):
        ax.axvspan(t - 0.5, t + 0.5, color="0.88", lw=0)
    ax.axhline(0.5, color=_GREY, linestyle=":", linewidth=1)
    lines = zip(_STYLES, probabilities.items(), strict=False)
    for (style, face), (name, line) in lines:
        ax.plot(line, style, color=_PLAIN, markerfacecolor=face, label=name)
    ax.set(
        xlim=(-0.5, len(tags) - 0.5),
        ylim=(-0.06, 1.06),
        xlabel="token",
        ylabel="probability of tag 1",
        xticks=range(len(tags)),
        xticklabels=list(tokens),
    )
    ax.grid(visible=False)
    legend_above(ax)
    return ax


def plot_epochs(
    curves: Mapping[str, ArrayLike],
    measure: str,
    levels: Mapping[str, float],
    *,
    ax: Axes | None = None,
) -> Axes:
    """Draw what was measured after each epoch of training.

    Args:
        curves: by name, the measure after epochs 1, 2, ..., (S, E): one row
            for each of S runs. The runs are drawn thin, their median thick.
            One to three names.
        measure: its name and unit, for the axis.
        levels: by name, values to compare with, drawn as straight lines; at
            most two.
    """
    ax = ax or plt.figure().add_subplot()
    lines = zip(_STYLES, curves.items(), strict=False)
    for (style, face), (name, runs) in lines:
        epochs = np.arange(1, len(runs[0]) + 1)
        look = {"color": _PLAIN, "markerfacecolor": face}
        look |= {"marker": style[0], "linestyle": style[1:]}
        draw_runs(ax, epochs, runs, name, thin=THIN | {"marker": ""}, **look)
    for dashes, (name, level) in zip(_DASHES, levels.items(), strict=False):
        look = {"color": COLORS["c"], "linestyle": dashes, "linewidth": 1.2}
        ax.axhline(level, label=name, **look)
    ax.set(xlabel="epoch", ylabel=measure)
    ax.locator_params(axis="x", integer=True)
    legend_above(ax)
    return ax


def _box(
    ax: Axes, middle: tuple[float, float], half: float, filled: bool
) -> None:
    """Draw one cell at one step."""
    look = {"facecolor": _FILLED if filled else "white", "linewidth": 1.4}
    draw_box(ax, middle, 2 * half, 2 * half, edgecolor=COLORS["h"], **look)
