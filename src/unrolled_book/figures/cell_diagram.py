"""The diagram of an LSTM cell, with the numbers of one step in it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Circle, FancyBboxPatch, Patch

from unrolled.data import ArrayLike
from unrolled_book.figures.shared import as_arrays, draw_arrow
from unrolled_book.figures.style import COLORS, GATE_NAMES

_GREY, _BELT = "#8A8A8A", "#E3E3E3"
_LINE = 0.46  # height of a line of text
_TOP = 14.5  # upper edge of the diagram; its unit is 0.48 inches


@dataclass(frozen=True)
class _Node:
    """A box (with the colour of its quantity) or a circle of the diagram."""

    x: float
    y: float
    label: str
    color: str | None = None
    width: float = 2.0


_NODES = {
    "h_prev": _Node(4.95, 0.9, "$h_{t-1}$", "h"),
    "x": _Node(7.45, 0.9, "$x_t$", "x"),
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

# Only with gradients: two more boxes, the way that one error takes back to the
# forget gate's weights, and where its five phases are marked.
_MORE_NODES = {
    "z_f": _Node(1.2, 4.95, "$z_f$", "f"),
    "weight_f": _Node(1.5, 2.5, "$W_f$", "f", width=2.7),
}
_WAY_BACK = (
    *("h", "reveal", "tanh", "c", "add", "forget"),
    *("f", "z_f", "weight_f"),
)
_PHASES = ((7.3, 12.8), (7.85, 11.75), (3.1, 10.0), (0.5, 6.02), (0.5, 3.84))


def plot_cell(
    values: Mapping[str, ArrayLike] | None = None,
    gradients: Mapping[str, ArrayLike] | None = None,
    *,
    ax: Axes | None = None,
) -> Axes:
    """Draw the LSTM cell, with the numbers of one step if they are given.

    Args:
        values: numbers of one step, by the name of their box: any field of
            `StepCache`, or ``y`` for the target; with gradients also ``z_f``
            and ``weight_f``, the forget gate's sum and its two weights.
        gradients: derivatives of the loss with respect to these, by the same
            names. Given, the way back to the two weights is drawn.
        ax: where to draw; default: a new figure.

    Returns:
        The Axes.
    """
    nodes = _NODES | (_MORE_NODES if gradients else {})
    values = as_arrays(values or {})
    gradients = as_arrays(gradients or {})
    # Without the boxes for z_f and W_f, the inputs move up into their place.
    lift = 0.0 if gradients else 2.9
    nodes |= {n: replace(nodes[n], y=0.9 + lift) for n in ("h_prev", "x")}
    ax = ax or plt.figure(figsize=(4.8, 0.48 * (_TOP - lift))).add_subplot()
    ax.set(xlim=(0, 10), ylim=(lift, _TOP), aspect="equal")
    ax.axis("off")

    patches = {
        name: _draw_node(ax, node, values.get(name), gradients.get(name))
        for name, node in nodes.items()
    }
    _draw_inputs(ax, nodes, patches)
    for start, end in _FLOW:
        _draw_arrow(ax, nodes, patches, start, end)
    belt = [nodes[name] for name in ("c_prev", "forget", "add", "c")]
    path = [[node.x for node in belt], [node.y for node in belt]]
    ax.plot(*path, color=_BELT, lw=14, solid_joinstyle="round", zorder=0)
    y, h = nodes["y"], nodes["h"]
    ax.plot([y.x, h.x], [y.y, h.y], ":", color=_GREY, lw=1.1, zorder=1)
    middle = ((y.x + h.x) / 2, h.y + 0.15)
    ax.text(*middle, "$(h_t - y_t)^2$", ha="center", va="bottom", fontsize=10)
    if gradients:
        _draw_way_back(ax, nodes, patches)
    return ax


def _draw_node(
    ax: Axes,
    node: _Node,
    value: np.ndarray | None,
    gradient: np.ndarray | None,
) -> Patch:
    """Draw an operation, or a quantity with its value and its gradient."""
    lines = [(node.label, "black")]
    if value is not None:
        lines.append((", ".join(map(_short, np.ravel(value))), "black"))
    for number in [] if gradient is None else np.ravel(gradient):
        lines.append((_short(number), COLORS["gradient"]))
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
    for row, (text, color) in enumerate(lines):
        ax.text(
            node.x,
            node.y + _LINE * ((len(lines) - 1) / 2 - row),
            text,
            color=color,
            fontsize=10,
            ha="center",
            va="center_baseline",
            zorder=4,
        )
    return patch


def _draw_arrow(
    ax: Axes,
    nodes: Mapping[str, _Node],
    patches: Mapping[str, Patch],
    start: str,
    end: str,
    *,
    color: str = _GREY,
    shift: float = 0.0,
) -> None:
    """Draw an arrow from edge to edge, `shift` to the right of its line."""
    tail = np.array([nodes[start].x, nodes[start].y])
    head = np.array([nodes[end].x, nodes[end].y])
    if nodes[start].color and nodes[end].color:
        tail[0] = head[0] = min(tail[0], head[0])  # between boxes: upright
    along = (head - tail) / np.linalg.norm(head - tail)
    aside = shift * np.array([along[1], -along[0]])
    _annotate_arrow(
        ax,
        tail + aside,
        head + aside,
        patches[end],
        patchA=patches[start],
        color=color,
        linewidth=1.6 if shift else 1.1,
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


def _draw_inputs(
    ax: Axes, nodes: Mapping[str, _Node], patches: Mapping[str, Patch]
) -> None:
    """Draw the line on which both inputs reach all four decisions."""
    style = {"color": _GREY, "linewidth": 1.1, "zorder": 1}
    level = nodes["x"].y + 1.15
    entries = [nodes["h_prev"].x, nodes["x"].x]
    exits = {gate: (nodes[gate].x, gate) for gate in GATE_NAMES}
    if "z_f" in nodes:  # around the weights, into the forget gate's sum
        exits["f"] = (3.05, "z_f")
    first = min(x for x, _ in exits.values())
    ax.plot([min(first, *entries), nodes["o"].x], [level, level], **style)
    for x in entries:
        ax.plot([x, x], [level - 1.15, level], **style)
        ax.plot([x], [level], "o", color=_GREY, markersize=3)
    for x, gate in exits.values():
        end, turn = nodes[gate], x != nodes[gate].x
        if turn:
            ax.plot([x, x], [level, end.y], **style)
        tail = (x, end.y if turn else level)
        _annotate_arrow(ax, tail, (end.x, end.y), patches[gate], zorder=1)


def _draw_way_back(
    ax: Axes, nodes: Mapping[str, _Node], patches: Mapping[str, Patch]
) -> None:
    """Draw the five phases: red arrows from the error to the two weights."""
    red = COLORS["gradient"]
    y, h = nodes["y"], nodes["h"]
    _annotate_arrow(
        ax,
        ((y.x + h.x) / 2, h.y - 0.2),
        (h.x, h.y - 0.2),
        patches["h"],
        zorder=3,
        color=red,
        linewidth=1.6,
    )
    _draw_arrow(ax, nodes, patches, "weight_f", "z_f")
    _draw_arrow(ax, nodes, patches, "z_f", "f")
    for start, end in pairwise(_WAY_BACK):
        _draw_arrow(ax, nodes, patches, start, end, color=red, shift=0.2)
    for number, (x, y) in enumerate(_PHASES, start=1):
        ax.add_patch(Circle((x, y), 0.2, color=red, zorder=5))
        ax.text(
            x,
            y,
            str(number),
            color="white",
            fontsize=7,
            fontweight="bold",
            ha="center",
            va="center_baseline",
            zorder=6,
        )


def _short(number: float) -> str:
    """Write four decimals, or a power of ten for a tiny number."""
    tiny = 0 < abs(number) < 1e-3
    text = f"{number:.2e}" if tiny else f"{number:.4f}"
    return text.replace("-", "−")
