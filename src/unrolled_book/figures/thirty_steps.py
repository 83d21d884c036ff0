"""The figures of the memory experiment that no other one has."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Wedge
from matplotlib.ticker import MaxNLocator, NullLocator

from unrolled.data import ArrayLike
from unrolled_book.figures.shared import (
    dashed,
    draw_levels,
    kind_of,
    legend_above,
    look_of,
    write,
)
from unrolled_book.figures.style import COLORS

_NEVER = 1.13  # of the last epoch: where the runs are that never got there


def plot_two_ends(points: ArrayLike, *, ax: Axes | None = None) -> Axes:
    """Draw where the sign of the last number gives the wrong answer.

    The plane of both ends is cut into eight sectors of 45°. The answer is 1
    above the falling diagonal. The last number alone says 1 above the
    horizontal axis. Between the two lie the sectors where it is wrong: grey.

    Args:
        points: the first and the last number of some sequences, (N, 2). Filled
            points have the answer 1, open ones 0.
    """
    points = np.asarray(points, dtype=float)
    ax = ax or plt.figure(figsize=(3.6, 3.6)).add_subplot()
    reach = max(3.0, np.abs(points).max())
    for sector in range(8):
        is_wrong = sector in (3, 7)
        look = {"facecolor": "0.82" if is_wrong else "white"}
        look |= {"edgecolor": "0.6", "linewidth": 0.6}
        ends = 45 * sector, 45 * (sector + 1)
        ax.add_patch(Wedge((0, 0), 2 * reach, *ends, **look))
        angle = np.radians(45 * sector + 22.5)
        place = 0.82 * reach * np.cos(angle), 0.82 * reach * np.sin(angle)
        write(ax, place, "wrong" if is_wrong else "right", fontsize=9)
    answer = points.sum(axis=1) > 0
    for value, face in ((1, COLORS["c"]), (0, "white")):
        look = {"markerfacecolor": face, "markeredgecolor": COLORS["c"]}
        label = f"answer {value}"
        ax.plot(*points[answer == value].T, "o", ms=3, label=label, **look)
    limits = (-reach, reach)
    ax.set(xlim=limits, ylim=limits, aspect="equal")
    ax.set(xlabel="first number a", ylabel="last number b")
    ax.grid(visible=False)
    legend_above(ax)
    return ax


def plot_crossings(
    ratios: Mapping[str, ArrayLike],
    epochs: Mapping[str, Sequence[int | None]],
    last: int,
    *,
    ax: Axes | None = None,
) -> Axes:
    """Draw how soon each run learned against its first gradient.

    Args:
        ratios: by the name of the group, a ratio of gradients for each run,
            (S,), above 0.
        epochs: by group, the epoch in which each run got there, from 1; None,
            drawn above all, if it did not.
        last: how many epochs there were.
    """
    ax = ax or plt.figure(figsize=(4.8, 3.6)).add_subplot()
    labels = dict.fromkeys(map(kind_of, ratios))
    for name, ratio in ratios.items():
        color, marker = look_of(name)
        kind = kind_of(name)
        label = kind if kind in labels else None
        labels.pop(kind, None)
        height = [_NEVER * last if row is None else row for row in epochs[name]]
        ax.plot(ratio, height, marker, color=color, alpha=0.7, label=label)
    ax.axhspan(1.06 * last, 1.2 * last, color="0.93", lw=0)
    ax.set(xscale="log", ylim=(0, 1.2 * last), ylabel="first epoch above 80%")
    ticks = [
        tick for tick in MaxNLocator(4).tick_values(0, last) if tick <= last
    ]
    words = [*(f"{tick:g}" for tick in ticks), "never"]
    ax.set_yticks([*ticks, _NEVER * last], words)
    ax.set(xlabel="gradient of the first step / of the last")
    legend_above(ax)
    return ax


def plot_lengths(
    scores: Mapping[str, Mapping[int, ArrayLike]],
    measure: str,
    levels: Mapping[str, float],
    *,
    ax: Axes | None = None,
) -> Axes:
    """Draw a score against the length of the sequences, each run a dot.

    Args:
        scores: by the name of the network and by the length T, a score of each
            run, (S,); lines join the medians. Names that begin with a kind
            of network, such as ``"LSTM"``, have its colour; those of one
            colour differ in their dashes.
        measure: the score's name and unit, for the axis.
        levels: by name, values to compare with, drawn as dotted lines.
    """
    ticks = sorted({T for by_length in scores.values() for T in by_length})
    ax = ax or plt.figure().add_subplot()
    draw_levels(ax, levels)
    for name, style in dashed(scores).items():
        by_length = scores[name]
        lengths = sorted(by_length)
        color, marker = look_of(name)
        for T in lengths:
            at = np.full(len(by_length[T]), T)
            ax.plot(at, by_length[T], marker, color=color, alpha=0.6)
        middles = [np.median(by_length[T]) for T in lengths]
        look = {"color": color, "marker": marker, "linestyle": style}
        ax.plot(lengths, middles, label=name, **look)
    ax.set(xscale="log", xlabel="steps T", ylabel=measure)
    ax.set_xticks(ticks, [str(T) for T in ticks], minor=False)
    ax.xaxis.set_minor_locator(NullLocator())
    legend_above(ax)
    return ax
