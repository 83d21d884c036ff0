"""The diagram of an LSTM cell."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.patches import Circle, Patch

from unrolled_book.figures.shared import draw_arrow, draw_box, write
from unrolled_book.figures.style import COLORS, GATE_NAMES

_GREY, _BELT = "#8A8A8A", "#E3E3E3"
_arrow = partial(draw_arrow, color=_GREY, linewidth=1.1, zorder=2)
_TOP, _BOTTOM = 14.5, 2.9  # edges of the diagram; its unit is 0.48 inches


@dataclass(frozen=True)
class _Node:
    """A box (with the colour of its quantity) or a circle of the diagram."""

    x: float
    y: float
    label: str
    color: str | None = None

    @property
    def place(self) -> tuple[float, float]:
        """Its middle."""
        return self.x, self.y


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


def plot_cell(*, ax: Axes | None = None) -> Axes:
    """Draw the LSTM cell."""
    ax = ax or plt.figure(figsize=(4.8, 0.48 * (_TOP - _BOTTOM))).add_subplot()
    ax.set(xlim=(0, 10), ylim=(_BOTTOM, _TOP), aspect="equal")
    ax.axis("off")
    patches = {name: _draw_node(ax, node) for name, node in _NODES.items()}
    _draw_inputs(ax, patches)
    for start, end in _FLOW:
        edges = {"patchA": patches[start], "patchB": patches[end]}
        _arrow(ax, _NODES[start].place, _NODES[end].place, **edges)
    belt = [_NODES[name] for name in ("c_prev", "forget", "add", "c")]
    path = [[node.x for node in belt], [node.y for node in belt]]
    ax.plot(*path, color=_BELT, lw=14, solid_joinstyle="round", zorder=0)
    y, h = _NODES["y"], _NODES["h"]
    ax.plot([y.x, h.x], [y.y, h.y], ":", color=_GREY, lw=1.1, zorder=1)
    middle = ((y.x + h.x) / 2, h.y + 0.15)
    write(ax, middle, "$(h_t - y_t)^2$", va="bottom", fontsize=10)
    return ax


def _draw_node(ax: Axes, node: _Node) -> Patch:
    """Draw an operation, or a quantity."""
    look = {"fontsize": 10, "va": "center_baseline", "zorder": 4}
    write(ax, node.place, node.label, **look)
    if node.color is None:
        radius = 0.52 if len(node.label) > 1 else 0.32
        circle = Circle(node.place, radius, fc="white", ec=_GREY, zorder=3)
        return ax.add_patch(circle)
    style = "round,pad=0.05,rounding_size=0.2"
    look = {"edgecolor": COLORS[node.color], "linewidth": 1.6}
    return draw_box(ax, node.place, 2.0, 0.71, style, **look)


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
        end, look = _NODES[gate], {"patchB": patches[gate], "zorder": 1}
        _arrow(ax, (end.x, level), end.place, **look)
