"""The figures of the forward pass and of one weight's gradient."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from unrolled.by_hand.lstm import StepCache, sigmoid
from unrolled.data import ArrayLike
from unrolled_book.figures.shared import legend_above
from unrolled_book.figures.style import COLORS, GATE_NAMES


def plot_prices(prices: ArrayLike, *, ax: Axes | None = None) -> Axes:
    """Draw the daily prices, their mean, and the day to be predicted.

    Args:
        prices: prices in price units, (T,).
        ax: where to draw; default: a new figure.
    """
    prices = np.asarray(prices, dtype=float)
    ax = ax or plt.figure().add_subplot()
    days = np.arange(1, len(prices) + 1)
    ax.plot(days, prices, marker="o", color=COLORS["x"])
    ax.axhline(prices.mean(), color=COLORS["x"], linestyle=":", linewidth=1)
    ax.annotate(
        f"mean {prices.mean():g}",
        (days[-1] + 1, prices.mean()),
        xytext=(0, -4),
        textcoords="offset points",
        ha="right",
        va="top",
    )
    ax.annotate("?", (days[-1] + 1, prices[-1]), ha="center", va="center")
    ax.set(
        xlabel="day",
        ylabel="price",
        xlim=(0.5, len(days) + 1.5),
        xticks=[*days, days[-1] + 1],
    )
    return ax


def plot_squashing(z: ArrayLike, *, ax: Axes | None = None) -> Axes:
    """Draw the two functions that squash a weighted sum.

    Args:
        z: where to draw them, (n,).
        ax: where to draw; default: a new figure.
    """
    z = np.asarray(z, dtype=float)
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
        ax: where to draw; default: a new figure.
    """
    gates = {name: getattr(caches, name).ravel() for name in GATE_NAMES}
    ax = ax or plt.figure().add_subplot()
    for name, values in gates.items():
        ax.plot(values, "o-", color=COLORS[name], label=GATE_NAMES[name])
    ax.set(xlabel="step t", ylabel="gate value", xticks=range(gates["f"].size))
    legend_above(ax)
    return ax


def plot_states(caches: StepCache, *, ax: Axes | None = None) -> Axes:
    """Draw the two states of one unit over the steps.

    Args:
        caches: stacked caches of one sequence and one unit, (1, T, 1).
        ax: where to draw; default: a new figure.
    """
    c = np.asarray(caches.c, dtype=float)
    h = np.asarray(caches.h, dtype=float)
    ax = ax or plt.figure().add_subplot()
    ax.plot(c.ravel(), "s-", color=COLORS["c"], label="cell state c")
    ax.plot(h.ravel(), "o-", color=COLORS["h"], label="hidden state h")
    ax.set(xlabel="step t", ylabel="state", xticks=range(c.size))
    legend_above(ax)
    return ax


def plot_predictions(
    predictions: ArrayLike, targets: ArrayLike, *, ax: Axes | None = None
) -> Axes:
    """Draw what the network says beside what it should say.

    Args:
        predictions: one sequence with one feature, (1, T, 1).
        targets: what they should be, (1, T, 1).
        ax: where to draw; default: a new figure.
    """
    predictions = np.asarray(predictions, dtype=float)
    targets = np.asarray(targets, dtype=float)
    ax = ax or plt.figure().add_subplot()
    ax.plot(targets.ravel(), "s--", color=COLORS["x"], label="target y")
    ax.plot(predictions.ravel(), "o-", color=COLORS["h"], label="answer h")
    ax.set(
        xlabel="step t",
        ylabel="normalised price",
        xticks=range(predictions.size),
    )
    legend_above(ax)
    return ax
