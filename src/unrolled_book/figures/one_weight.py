"""The figures of one error on its way to one weight."""

from collections.abc import Mapping
from itertools import accumulate, pairwise
from operator import mul

import matplotlib.pyplot as plt
from matplotlib.axes import Axes

from unrolled.data import ArrayLike
from unrolled_book.figures.shared import draw_arrow, legend_above, write
from unrolled_book.figures.style import COLORS


def plot_chain(
    values: Mapping[str, tuple[str, float]],
    factors: Mapping[str, float],
    *,
    ax: Axes | None = None,
) -> Axes:
    """Draw a chain from a weight up to the loss, and the way back in red.

    Args:
        values: by label, the colour and the value of each box, from the weight
            up to the loss.
        factors: by label, the rate of each link, from the loss down to the
            weight: one less than the values. Their products are written.
    """
    ax = ax or plt.figure(figsize=(4.2, 4.4)).add_subplot()
    places = [1.5 * row for row in range(len(values))]
    for y, (label, (color, value)) in zip(places, values.items(), strict=True):
        box = {"boxstyle": "round,pad=0.35", "facecolor": "white"}
        box |= {"edgecolor": COLORS[color], "linewidth": 1.6}
        look = {"linespacing": 1.3, "bbox": box, "zorder": 4}
        write(ax, (1.3, y), f"{label}\n{_short(value)}", **look)
    for low, high in pairwise(places):
        draw_arrow(ax, (0.9, low), (0.9, high), "#8A8A8A", shrink=17)
        look = {"shrink": 17, "linewidth": 1.6}
        draw_arrow(ax, (1.7, high), (1.7, low), COLORS["gradient"], **look)
    red = {"color": COLORS["gradient"], "va": "center"}
    ways = zip(
        places[::-1],
        factors.items(),
        accumulate(factors.values(), mul),
        strict=False,
    )
    for phase, (y, (label, factor), product) in enumerate(ways, start=1):
        circle = {"boxstyle": "circle,pad=0.2", "color": COLORS["gradient"]}
        look = {"color": "white", "fontsize": 8, "fontweight": "bold"}
        write(ax, (2.55, y - 0.75), str(phase), bbox=circle, **look)
        times = "× " if phase > 1 else ""
        ax.text(2.9, y - 0.75, f"{times}{label} = {_short(factor)}", **red)
        ax.text(2.9, y - 1.5, _short(product), fontweight="bold", **red)
    ax.set(xlim=(0, 5.4), ylim=(-0.7, places[-1] + 0.7))
    ax.axis("off")
    return ax


def plot_nudges(
    nudges: ArrayLike,
    errors: Mapping[str, ArrayLike],
    *,
    ax: Axes | None = None,
) -> Axes:
    """Draw how good a central difference is for nudges of many sizes.

    Args:
        nudges: sizes of the nudge, (n,), above 0.
        errors: by label, the relative error at each, (n,).
    """
    ax = ax or plt.figure().add_subplot()
    colors = [COLORS[name] for name in ("gradient", "plain")]
    for (label, values), color in zip(errors.items(), colors, strict=False):
        ax.loglog(nudges, values, "o-", color=color, label=label)
    ax.set(xlabel="size of the nudge", ylabel="relative error")
    legend_above(ax)
    return ax


def _short(number: float) -> str:
    """Write four decimals, or a power of ten for a tiny number."""
    tiny = 0 < abs(number) < 1e-3
    text = f"{number:.2e}" if tiny else f"{number:.4f}"
    return text.replace("-", "−")
