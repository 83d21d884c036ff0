"""The figures of the forward pass and of one weight's gradient."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from unrolled._checks import check_array, check_type
from unrolled.by_hand.lstm import StepCache, sigmoid
from unrolled_book.figures.shared import legend_above
from unrolled_book.figures.style import COLORS, GATE_NAMES


def plot_prices(prices: ArrayLike, *, ax: Axes | None = None) -> Axes:
    """Draw the daily prices, their mean, and the day to be predicted.

    Args:
        prices: prices in price units, (T,).
        ax: where to draw; a new figure unless told.

    Raises:
        ValueError: empty, NaN or infinite prices.
    """
    prices = check_array("prices", prices, ("T",))
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
        ax: where to draw; a new figure unless told.

    Raises:
        ValueError: empty, NaN or infinite z.
    """
    z = check_array("z", z, ("n",))
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
        ax: where to draw; a new figure unless told.

    Raises:
        ValueError: more than one sequence or unit.
    """
    check_type("caches", caches, StepCache)
    gates = {
        name: check_array(name, getattr(caches, name), (1, "T", 1)).ravel()
        for name in GATE_NAMES
    }
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
        ax: where to draw; a new figure unless told.

    Raises:
        ValueError: more than one sequence or unit.
    """
    check_type("caches", caches, StepCache)
    c = check_array("c", caches.c, (1, "T", 1))
    h = check_array("h", caches.h, c.shape)
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
        ax: where to draw; a new figure unless told.

    Raises:
        ValueError: other shapes, NaN or infinite values.
    """
    predictions = check_array("predictions", predictions, (1, "T", 1))
    targets = check_array("targets", targets, predictions.shape)
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


def plot_nudges(
    nudges: ArrayLike, errors: ArrayLike, *, ax: Axes | None = None
) -> Axes:
    """Draw how good a central difference is for nudges of many sizes.

    Args:
        nudges: sizes of the nudge, (n,), above 0.
        errors: relative error of the central difference at each, (n,).
        ax: where to draw; a new figure unless told.

    Raises:
        ValueError: shapes that differ, nudges or errors that are not finite,
            nudges of 0 or below, errors below 0.
    """
    nudges = check_array("nudges", nudges, ("n",))
    errors = check_array("errors", errors, nudges.shape)
    if nudges.min() <= 0 or errors.min() < 0:
        raise ValueError(
            "nudges, errors: expected nudges above 0 and errors of at least "
            f"0, got {nudges.min()} and {errors.min()}"
        )
    ax = ax or plt.figure().add_subplot()
    ax.loglog(nudges, errors, "o-", color=COLORS["gradient"])
    ax.set(xlabel="size of the nudge", ylabel="relative error")
    return ax
