"""Chapter 10: loud, not wrong; what one number can mend."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from unrolled.confidence import losses, reliability
from unrolled_book.explore.drawing import (
    Numbers,
    Panel,
    drawing,
    fixed,
    legend,
    line,
    say,
    table,
    trace,
)
from unrolled_book.explore.page import Control, Explorable, State, choice

WEIGHTS = ("last", "best")
SETS = {
    "train": (132, "training", "plain"),
    "valid": (232, "validation", "x dashed"),
    "test": (342, "unseen", "h"),
}
"""Where the name of each set's curve stands, its name, and its look."""
SHARES = Panel("shares", (-20, 36), (-4, 0), (44, 52, 470, 160))
LOSSES = Panel("losses", (-2, 3), (-5, 1), (44, 222, 236, 374))
HONEST = Panel("honest", (0.5, 1), (0, 1), (292, 222, 470, 374))
EDGES = range(-20, 37)  # of bins of the margin, a nat each
GRID = [2 ** (-2 + k / 5) for k in range(26)]
"""The temperatures at which the loss is drawn."""
TOLD = {
    "loss": "mean loss",
    "right": "right answers, in %",
    "sure": "mean confidence, in %",
    "error": "calibration error, in %",
}


def loud_not_wrong(
    margins: Mapping[str, Mapping[str, ArrayLike]],
) -> Explorable:
    """Show what a temperature does to a network's answers.

    Args:
        margins: by weights and by set, the margin of each answer.

    Chapter: 10_overfitting.
    """
    return Explorable(
        name="temperature",
        alt=(
            "Three charts. On top, the shares of training and unseen answers "
            "by their margin. Below, at the left, the mean loss of training, "
            "validation and unseen answers against the temperature; at the "
            "right, the share of right answers against the confidence."
        ),
        controls=(
            Control("tau", "temperature τ", 1, 0.25, 8, 0.05),
            choice("weights", "weights", *WEIGHTS),
        ),
        data={
            weights: {name: pack(margins[weights][name]) for name in SETS}
            for weights in WEIGHTS
        },
        numbers=numbers,
        draw=draw,
    )


def pack(margins: ArrayLike) -> list[int]:
    """Sort margins, in hundredths, and write how much each is above the last.

    None becomes 0: who was right stays right.
    """
    exact = np.asarray(margins, dtype=float)
    whole = np.rint(100 * exact)
    whole = np.where(whole, whole, np.where(exact > 0, 1, -1))
    return np.diff(np.sort(whole), prepend=0).astype(int).tolist()


def numbers(state: State, data: Mapping[str, Any]) -> Numbers:
    """Divide all margins by τ, and measure."""
    made: dict[str, Any] = {}
    for name, packed in data[WEIGHTS[int(state["weights"])]].items():
        margins = np.cumsum(packed) / 100
        milder = margins / state["tau"]
        logits = np.stack([milder, np.zeros(len(milder))], axis=1)
        labels = np.zeros(len(milder), dtype=int)
        honest = reliability(logits, labels)
        inside = np.clip(np.floor(milder), EDGES[0], EDGES[-1] - 1)
        count = np.bincount(inside.astype(int) - EDGES[0])
        curve = [mean_loss(margins / tau) for tau in GRID]
        made |= {
            f"{name}_loss": mean_loss(milder),
            f"{name}_right": 100 * np.mean(margins > 0).item(),
            f"{name}_sure": 100
            * np.average(honest.confidence, weights=honest.count).item(),
            f"{name}_error": 100 * honest.error,
            f"{name}_shares": (count / len(milder)).tolist(),
            f"{name}_curve": curve,
            f"{name}_confidence": honest.confidence.tolist(),
            f"{name}_accuracy": honest.accuracy.tolist(),
        }
    return made


def mean_loss(margins: np.ndarray) -> float:
    """Return the mean loss of answers that lead by so much."""
    logits = np.stack([margins, np.zeros(len(margins))], axis=1)
    return losses(logits, np.zeros(len(margins), dtype=int)).mean().item()


def draw(state: State, found: Numbers) -> str:
    """Draw the three charts, and the table of what is measured."""
    powers = {0: "1", -2: "10⁻²", -4: "10⁻⁴"}
    parts = [
        SHARES.axes(
            {m: fixed(m, 0) for m in (-20, -10, 0, 10, 20, 30)},
            powers,
            "share of answers, by margin / τ",
        ),
        LOSSES.axes(
            {-2: "¼", 0: "1", 1: "2", 3: "8"}, powers, "mean loss", "τ"
        ),
        HONEST.axes(
            {0.5: "0.5", 1: "1"},
            {0: "0", 0.5: "0.5", 1: "1"},
            "share right",
            "confidence",
        ),
        line(292, 298, 470, 222, look="flow dashed"),
        trace("tau", upright(state["tau"]), look="flow dashed"),
    ]
    for name, (at, words, look) in SETS.items():
        curve = found[f"{name}_curve"]
        path = LOSSES.curve(list(map(np.log2, GRID)), logs(curve, 1e-5))
        parts.append(legend(at, 12, words, look))
        parts.append(trace(f"{name}-curve", path, look=look))
        if name != "valid":
            steps = stairs(found[f"{name}_shares"])
            parts.append(trace(f"{name}-shares", steps, look=look))
            bins = HONEST.curve(
                found[f"{name}_confidence"], found[f"{name}_accuracy"]
            )
            parts.append(trace(f"{name}-honest", bins, look=look))
    rows = {
        words: [
            say(
                f"{name}-{what}",
                fixed(found[f"{name}_{what}"], 4 if what == "loss" else 1),
                "td",
            )
            for name in SETS
        ]
        for what, words in TOLD.items()
    }
    columns = [words for _, words, _ in SETS.values()]
    return drawing(414, *parts) + table(rows, columns)


def logs(values: Sequence[float], least: float) -> list[float]:
    """Take logarithms to the base of 10, of what is not too small."""
    return [float(np.log10(max(value, least))) for value in values]


def stairs(shares: Sequence[float]) -> str:
    """Write the path over the bins of the margin."""
    ends = [x for edge in EDGES for x in (edge, edge)][1:-1]
    heights = [y for y in logs(shares, 1e-4) for _ in range(2)]
    return SHARES.curve(ends[: len(heights)], heights)


def upright(tau: float) -> str:
    """Write the line at this temperature."""
    at = np.log2(tau)
    return LOSSES.curve((at, at), LOSSES.y)
