"""The figures of the forward pass and of one weight's gradient."""

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from unrolled.by_hand.lstm import StepCache, sigmoid
from unrolled.data import ArrayLike
from unrolled_book.figures.shared import name_ends
from unrolled_book.figures.style import COLORS, GATE_NAMES


def plot_squashing(z: ArrayLike, *, ax: Axes | None = None) -> Axes:
    """Draw the two functions that squash a weighted sum.

    Args:
        z: where to draw them, (n,).
    """
    ax = ax or plt.figure().add_subplot()
    plain = COLORS["plain"]  # the sigmoid is not that of one gate only
    ax.plot(z, sigmoid(z), color=plain, label="sigmoid σ(z), for gates")
    ax.plot(
        z, np.tanh(z), "--", color=COLORS["pale"], label="tanh(z), for contents"
    )
    ax.set(xlabel="weighted sum z", ylabel="squashed value")
    ax.legend(loc="upper left")
    return ax


def plot_gates(caches: StepCache, *, ax: Axes | None = None) -> Axes:
    """Draw the four gates of one unit over the steps.

    Args:
        caches: stacked caches of one sequence and one unit, (1, T, 1).
    """
    lines = {
        words: (getattr(caches, name), COLORS[name], "o-")
        for name, words in GATE_NAMES.items()
    }
    return _draw_steps(lines, "gate value", ax)


def plot_states(caches: StepCache, *, ax: Axes | None = None) -> Axes:
    """Draw the two states of one unit over the steps.

    Args:
        caches: stacked caches of one sequence and one unit, (1, T, 1).
    """
    lines = {
        "cell state c": (caches.c, COLORS["c"], "s-"),
        "hidden state h": (caches.h, COLORS["h"], "o-"),
    }
    return _draw_steps(lines, "state", ax)


def plot_predictions(
    predictions: ArrayLike, targets: ArrayLike, *, ax: Axes | None = None
) -> Axes:
    """Draw what the network says beside what it should say.

    Args:
        predictions: one sequence with one feature, (1, T, 1).
        targets: what they should be, (1, T, 1).
    """
    lines = {
        "target y": (targets, COLORS["x"], "s--"),
        "answer h": (predictions, COLORS["h"], "o-"),
    }
    return _draw_steps(lines, "normalised price", ax)


def _draw_steps(
    lines: Mapping[str, tuple[ArrayLike, str, str]],
    ylabel: str,
    ax: Axes | None,
) -> Axes:
    """Draw lines over the steps, counted from 1, with their names beside."""
    ax = ax or plt.figure().add_subplot()
    ends = {}
    for label, (values, color, style) in lines.items():
        flat = np.ravel(values)
        ax.plot(np.arange(1, flat.size + 1), flat, style, color=color)
        ends[label] = (flat[-1], color)
    ax.set(xlabel="step t", ylabel=ylabel, xticks=range(1, flat.size + 1))
    name_ends(ax, ends)
    return ax
