"""The figures of the gap between what is learned and what is new."""

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from unrolled.confidence import Reliability
from unrolled.data import ArrayLike
from unrolled_book.figures.shared import (
    THIN,
    draw_runs,
    draw_scores,
    legend_above,
)
from unrolled_book.figures.style import COLORS, MOMENTS


def plot_margins(
    margins: Mapping[str, ArrayLike],
    weights: Mapping[str, ArrayLike],
    measure: str,
    *,
    ax: Axes | None = None,
) -> Axes:
    """Draw where on the scale of margins something lies, such as the loss.

    The margins are sorted into bins, one nat wide.

    Args:
        margins: of the ``"best"`` and the ``"last"`` weights, or of one of
            them, (S, N): N sequences for each of S runs. The runs are drawn
            thin, their mean thick.
        weights: what each sequence adds to its bin, (S, N).
        measure: what the sum in a bin is, with its unit, for the axis.
    """
    ax = ax or plt.figure(figsize=(4.8, 2.4)).add_subplot()
    largest = max(np.abs(runs).max() for runs in margins.values())
    reach = max(1, np.ceil(largest))
    edges = np.arange(-reach, reach + 1)
    for name, runs in margins.items():
        look: dict[str, Any] = {"color": COLORS[name], "where": "mid"}
        sums = np.array(
            [
                np.histogram(run, edges, weights=add)[0]
                for run, add in zip(runs, weights[name], strict=True)
            ]
        )  # (S, bins)
        ax.step(edges[:-1] + 0.5, sums.T, **look, **THIN)
        ax.step(edges[:-1] + 0.5, sums.mean(axis=0), label=name, **look)
    ax.axvline(0, color=COLORS["x"], linestyle=":", linewidth=1)
    ax.set(xlabel="margin m of the true class (nats)", ylabel=measure)
    legend_above(ax)
    return ax


def plot_reliability(
    tables: Mapping[str, Sequence[Reliability]], *, ax: Axes | None = None
) -> Axes:
    """Draw how often answers are right against how sure they are.

    On the diagonal, confidence is honest; below it, there is too much of it.
    A dot is a bin of one run; its area grows with the number of answers.

    Args:
        tables: of the ``"best"`` and the ``"last"`` weights, or of one of
            them: what `unrolled.confidence.reliability` gives, for each run
            of two classes.
    """
    ax = ax or plt.figure(figsize=(4.8, 4.4)).add_subplot()
    ax.plot([0.5, 1], [0.5, 1], color=COLORS["x"], linestyle=":")
    for name, runs in tables.items():
        confidence = np.concatenate([table.confidence for table in runs])
        accuracy = np.concatenate([table.accuracy for table in runs])
        share = np.concatenate([t.count / t.count.sum() for t in runs])
        ax.scatter(
            confidence,
            accuracy,
            s=15 + 60 * np.sqrt(share),
            color=COLORS[name],
            marker=MOMENTS[name],
            alpha=0.7,
            linewidths=0,
            label=name,
        )
    ax.set(xlabel="confidence", ylabel="share of right answers")
    legend_above(ax)
    return ax


_SETS = {
    "training": {"color": COLORS["x"], "linestyle": "--"},
    "unseen": {"color": COLORS["plain"], "linestyle": "-"},
}


def plot_gap(
    train: ArrayLike,
    valid: ArrayLike,
    measure: str,
    best: ArrayLike,
    *,
    ax: Axes | None = None,
) -> Axes:
    """Draw what was measured on the training and on the validation data.

    Args:
        train: after epochs 1, 2, ..., (S, E), for each of S runs. The runs are
            drawn thin, their median thick.
        valid: the same on data that were not trained on, (S, E).
        measure: its name and unit, for the axis.
        best: the epoch that is chosen in each run, from 1, (S,): dots.
    """
    epochs = np.arange(1, train.shape[1] + 1)
    ax = ax or plt.figure().add_subplot()
    runs = {"training": train, "validation": valid}
    for look, (name, rows) in zip(_SETS.values(), runs.items(), strict=True):
        draw_runs(ax, epochs, rows, name, **look)
    chosen = valid[np.arange(len(best)), np.asarray(best) - 1]
    color = COLORS["best"]
    ax.plot(best, chosen, "o", color=color, zorder=4, label="best epoch")
    ax.set(xlabel="epoch", ylabel=measure)
    legend_above(ax)
    return ax


def plot_scales(
    factors: ArrayLike,
    losses: Mapping[str, ArrayLike],
    *,
    ax: Axes | None = None,
) -> Axes:
    """Draw what the loss would be if all logits were larger or smaller.

    Args:
        factors: what they are multiplied by, (K,), above 0.
        losses: by the set, ``"training"`` or ``"unseen"``, the mean loss,
            (S, K), above 0: a row for each of S runs, drawn thin, with their
            median thick.
    """
    ax = ax or plt.figure().add_subplot()
    for name, runs in losses.items():
        draw_runs(ax, factors, runs, name, **_SETS[name])
    ax.axvline(1, color=COLORS["c"], linestyle=":", linewidth=1)
    ax.set(xscale="log", yscale="log", ylabel="mean loss (nats)")
    ax.set(xlabel="all logits multiplied by")
    legend_above(ax)
    return ax


def plot_best_and_last(
    scores: Mapping[str, Mapping[str, ArrayLike]],
    measure: str,
    level: float | None = None,
    *,
    ax: Axes | None = None,
) -> Axes:
    """Draw a score of each run, with its best and with its last weights.

    Args:
        scores: by the name of the setting, then by ``"best"`` and ``"last"``, a
            score of each run, (S,). The settings lie below each other; a bar
            marks each median.
        measure: the score's name and unit, for the axis.
        level: a value to compare with, drawn as a dotted line.
    """
    height = 0.5 * len(scores) + 1.1
    ax = ax or plt.figure(figsize=(4.8, height)).add_subplot()
    if level is not None:
        ax.axvline(level, color=COLORS["c"], linestyle=":", linewidth=1.2)
    for row, runs in enumerate(scores.values()):
        for name, values in runs.items():
            at = row + (0.16 if name == "last" else -0.16)
            look = {"color": COLORS[name], "marker": MOMENTS[name]}
            label = None if row else name
            draw_scores(ax, values, at, 0.15, label=label, **look)
    ax.set(xlabel=measure, ylim=(len(scores) - 0.5, -0.5))
    ax.locator_params(axis="x", nbins=5)  # long numbers need room
    ax.set_yticks(range(len(scores)), [*scores])
    legend_above(ax)
    return ax
