"""The figures of how sure a network is, and of how often it is right."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from unrolled._checks import check_array, check_names, check_type
from unrolled.calibration import Reliability
from unrolled.plots.palette import COLORS, MOMENTS
from unrolled.plots.parts import THIN, check_all, check_dict, legend_above


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
        ax: where to draw; a new figure unless told.

    Raises:
        ValueError: other names, shapes that differ, NaN or infinite values, a
            measure that is not a text.
    """
    margins = check_all("margins", margins, ("S", "N"), among=MOMENTS)
    check_names("weights", weights, margins)
    weights = {
        name: check_array(f"weights[{name!r}]", weights[name], runs.shape)
        for name, runs in margins.items()
    }
    check_type("measure", measure, str)
    ax = ax or plt.figure(figsize=(4.8, 2.4)).add_subplot()
    largest = max(np.abs(runs).max() for runs in margins.values())
    reach = max(1, np.ceil(largest))
    edges = np.arange(-reach, reach + 1)
    for name, runs in margins.items():
        look = {"color": COLORS[name], "where": "mid"}
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
    tables: Mapping[str, Sequence[Reliability]],
    *,
    least: float = 0.5,
    ax: Axes | None = None,
) -> Axes:
    """Draw how often answers are right against how sure they are.

    On the diagonal, confidence is honest; below it, there is too much of it.
    A dot is a bin of one run; its area grows with the number of answers.

    Args:
        tables: of the ``"best"`` and the ``"last"`` weights, or of one of
            them: what `unrolled.calibration.reliability` gives, for each run.
        least: the least confidence possible, 1/C for C classes.
        ax: where to draw; a new figure unless told.

    Raises:
        ValueError: other names, no tables, something else than a table; a
            number that is not finite.
    """
    check_dict("tables", tables, among=MOMENTS)
    least = float(check_array("least", least, ()))
    for name, runs in tables.items():
        if not isinstance(runs, list | tuple) or not runs:
            raise ValueError(
                f"tables[{name!r}]: expected a list of tables, got {runs!r:.80}"
            )
        for table in runs:
            check_type(f"tables[{name!r}]", table, Reliability)
    ax = ax or plt.figure(figsize=(3.8, 3.8)).add_subplot()
    ax.plot([least, 1], [least, 1], color=COLORS["x"], linestyle=":")
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
    ax.set(xlabel="confidence", ylabel="share of right answers", aspect="equal")
    legend_above(ax)
    return ax
