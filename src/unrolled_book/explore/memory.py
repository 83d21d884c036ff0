"""Chapter 1: remembering is one thing, learning to is another."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from unrolled.by_hand import rnn
from unrolled_book.explore.drawing import (
    Numbers,
    Panel,
    drawing,
    fixed,
    legend,
    power,
    say,
    table,
    trace,
)
from unrolled_book.explore.page import Control, Explorable, State

STATES = Panel("states", (1, 20), (-1, 1), (44, 32, 470, 166))
RATES = Panel("rates", (1, 20), (-16, 4), (44, 226, 470, 360))
RUNS = {"up": 1.0, "down": -1.0}
"""The two runs, and the first input of each."""
LINES = {
    "up": (228, "first input +1", ""),
    "down": (354, "first input −1", " dashed"),
}
"""Where the name of each run stands, its name, and its look."""


def memory_or_gradient(
    w: float, u: float, later: Sequence[float]
) -> Explorable:
    """Show two runs that differ in their first input, and its derivatives.

    Args:
        w, u: the weights to begin with.
        later: the inputs after the first.

    Chapter: 01_vanishing.
    """
    return Explorable(
        name="memory",
        alt=(
            "Two charts over 20 steps. Above, the states of two runs that "
            "differ in their first input only. Below, on a logarithmic axis, "
            "how much each state still depends on the first one."
        ),
        controls=(
            Control("u", "recurrent weight u", u, 0, 3),
            Control("w", "input weight w", w, 0, 2),
            Control("s", "strength of later inputs, s", 1.0, 0, 2),
        ),
        data={"later": later},
        numbers=numbers,
        draw=draw,
    )


def numbers(state: State, data: Mapping[str, Sequence[float]]) -> Numbers:
    """Run both, and differentiate each state by the first."""
    params = {
        "weight_ih": [[state["w"]]],
        "weight_hh": [[state["u"]]],
        "bias": [0.0],
    }
    later = state["s"] * np.array(data["later"])
    made: dict[str, Any] = {}
    for run, first in RUNS.items():
        hs, _ = rnn.forward(np.array([first, *later])[None, :, None], params)
        made[run] = hs.ravel().tolist()
        made[f"{run}_rates"] = [
            rnn.jacobians(hs[:, : t + 1], params)[0, 0, 0, 0].item()
            for t in range(hs.shape[1])
        ]
    made["gap"] = made["up"][-1] - made["down"][-1]
    return made


def draw(state: State, found: Numbers) -> str:
    """Draw the states, and the derivatives below them."""
    steps = range(1, 21)
    ticks = {t: str(t) for t in (1, 5, 10, 15, 20)}
    logs = {0: "1", -4: "10⁻⁴", -8: "10⁻⁸", -12: "10⁻¹²", -16: "10⁻¹⁶"}
    gap = STATES.band(steps, found["down"], found["up"])
    parts = [
        STATES.axes(ticks, {1: "1", 0: "0", -1: "−1"}, "state h"),
        RATES.axes(ticks, logs, "derivative of h by h₁", "step"),
        trace("gap", gap, look="band"),
    ]
    for run, (at, words, dashed) in LINES.items():
        parts.append(legend(at, 16, words, f"h{dashed}"))
        rates = [log10(rate) for rate in found[f"{run}_rates"]]
        curve = STATES.curve(steps, found[run])
        parts.append(trace(run, curve, look=f"h{dashed}"))
        below = RATES.curve(steps, rates)
        parts.append(trace(f"{run}-rates", below, look=f"gradient{dashed}"))
    rows = {
        "state h<sub>20</sub>": [
            *(say(f"{run}-last", fixed(found[run][-1]), "td") for run in RUNS),
            say("gap-last", fixed(found["gap"]), "td"),
        ],
        "dh<sub>20</sub>/dh<sub>1</sub>": [
            *(
                say(f"{run}-rate", power(found[f"{run}_rates"][-1]), "td")
                for run in RUNS
            ),
            "<td></td>",
        ],
    }
    columns = ("first input +1", "first input −1", "gap")
    return drawing(402, *parts) + table(rows, columns)


def log10(rate: float) -> float:
    """Take the logarithm of a size; of 0, one below the axis."""
    return float(np.log10(abs(rate))) if rate else -99.0
