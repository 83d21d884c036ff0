"""The diagram of an LSTM cell, with the numbers of one step in it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Circle, FancyBboxPatch, Patch

from unrolled.data import ArrayLike
from unrolled_book.figures.shared import as_arrays, draw_arrow, short
from unrolled_book.figures.style import COLORS, GATE_NAMES

_GREY, _BELT = "#8A8A8A", "#E3E3E3"
_LINE = 0.46  # height of a line of text
_TOP, _BOTTOM = 14.5, 2.9  # edges of the diagram; its unit is 0.48 inches


@dataclass(frozen=True)
class _Node:
    """A box (with the colour of its quantity) or a circle of the diagram."""

    x: float
    y: float
    label: str
    color: str | None = None
    width: float = 2.0


_NODES = {
    "h_prev": _Node(4.95, 3.8, "$h_{t-1}$", "h"),
    "x": _Node(7.45, 3.8, "$x_t$", "x"),
    "f": _Node(1.2, 7.1, "forget $f$", "f"),
    "i": _Node(3.7, 7.1, "input $i$", "i"),
    "g": _Node(6.2, 7.1, "candidate $g$", "g"),
    "o": _Node(8.7, 7.1, "output $o$", "o"),
    "c_prev": _Node(1.2, 11.1, "$c_{t-1}$", "c"),
    "forget": _Node(1.2, 9.4, "×"),
    "write": _Node(4.95, 8.47, "×"),
    "add": _Node(4.95, 9.4, "+"),
    "c": _Node(4.95, 11.1, "$c_t$", "c"),
    "tanh": _Node(7.0, 11.1, "tanh"),
    "reveal": _Node(8.7, 11.1, "×"),
    "h": _Node(8.7, 13.45, "$h_t$", "h"),
    "y": _Node(4.5, 13.45, "target $y_t$", "x"),
}

_FLOW = (
    ("c_prev", "forget"),
    ("f", "forget"),
    ("forget", "add"),
    ("i", "write"),
    ("g", "write"),
    ("write", "add"),
    ("add", "c"),
    ("c", "tanh"),
    ("tanh", "reveal"),
    ("o", "reveal"),
    ("reveal", "h"),
)


def plot_cell(
    values: Mapping[str, ArrayLike] | None = None, *, ax: Axes | None = None
) -> Axes:
    """Draw the LSTM cell, with the numbers of one step if they are given.

    Args:
        values: numbers of one step, by the name of their box: any field of
            `StepCache`, or ``y`` for the target.
        ax: where to draw; default: a new figure.
    """
    values = as_arrays(values or {})
    ax = ax or plt.figure(figsize=(4.8, 0.48 * (_TOP - _BOTTOM))).add_subplot()
    ax.set(xlim=(0, 10), ylim=(_BOTTOM, _TOP), aspect="equal")
    ax.axis("off")
    patches = {
        name: _draw_node(ax, node, values.get(name))
        for name, node in _NODES.items()
    }
    _draw_inputs(ax, patches)
    for start, end in _FLOW:
        _draw_arrow(ax, patches, start, end)
    belt = [_NODES[name] for name in ("c_prev", "forget", "add", "c")]
    path = [[node.x for node in belt], [node.y for node in belt]]
    ax.plot(*path, color=_BELT, lw=14, solid_joinstyle="round", zorder=0)
    y, h = _NODES["y"], _NODES["h"]
    ax.plot([y.x, h.x], [y.y, h.y], ":", color=_GREY, lw=1.1, zorder=1)
    middle = ((y.x + h.x) / 2, h.y + 0.15)
    ax.text(*middle, "$(h_t - y_t)^2$", ha="center", va="bottom", fontsize=10)
    return ax


def _draw_node(ax: Axes, node: _Node, value: np.ndarray | None) -> Patch:
    """Draw an operation, or a quantity with its value."""
    lines = [node.label]
    if value is not None:
        lines.append(", ".join(map(short, np.ravel(value))))
    if node.color is None:
        radius = 0.52 if len(node.label) > 1 else 0.32
        patch = Circle((node.x, node.y), radius, fc="white", ec=_GREY, zorder=3)
    else:
        height = 0.25 + _LINE * len(lines)
        patch = FancyBboxPatch(
            (node.x - node.width / 2, node.y - height / 2),
            node.width,
            height,
            boxstyle="round,pad=0.05,rounding_size=0.2",
            facecolor="white",
            edgecolor=COLORS[node.color],
            linewidth=1.6,
            zorder=3,
        )
    ax.add_patch(patch)
    for row, text in enumerate(lines):
        ax.text(
            node.x,
            node.y + _LINE * ((len(lines) - 1) / 2 - row),
            text,
            fontsize=10,
            ha="center",
            va="center_baseline",
            zorder=4,
        )
    return patch


def _draw_arrow(
    ax: Axes, patches: Mapping[str, Patch], start: str, end: str
) -> None:
    """Draw an arrow from edge to edge."""
    tail, head = _NODES[start], _NODES[end]
    _annotate_arrow(
        ax,
        (tail.x, tail.y),
        (head.x, head.y),
        patches[end],
        patchA=patches[start],
    )


def _annotate_arrow(
    ax: Axes,
    tail: ArrayLike,
    head: ArrayLike,
    end: Patch,
    *,
    zorder: int = 2,
    **style: Any,
) -> None:
    """Draw an arrow that stops at the edge of the patch at its end."""
    style = {"color": _GREY, "linewidth": 1.1, "patchB": end} | style
    draw_arrow(ax, tail, head, zorder=zorder, **style)


def _draw_inputs(ax: Axes, patches: Mapping[str, Patch]) -> None:
    """Draw the line on which both inputs reach all four decisions."""
    style = {"color": _GREY, "linewidth": 1.1, "zorder": 1}
    entries = [_NODES["h_prev"].x, _NODES["x"].x]
    level = _NODES["x"].y + 1.15
    ax.plot([_NODES["f"].x, _NODES["o"].x], [level, level], **style)
    for x in entries:
        ax.plot([x, x], [level - 1.15, level], **style)
        ax.plot([x], [level], "o", color=_GREY, markersize=3)
    for gate in GATE_NAMES:
        end = _NODES[gate]
        _annotate_arrow(
            ax, (end.x, level), (end.x, end.y), patches[gate], zorder=1
        )
