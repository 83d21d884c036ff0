"""Chapter 2: what the gates are for, with the reader in their place."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from unrolled.by_hand import lstm
from unrolled.data import Params
from unrolled_book.explore.drawing import (
    Numbers,
    Panel,
    drawing,
    fixed,
    grip,
    legend,
    say,
    table,
    trace,
)
from unrolled_book.explore.page import Control, Explorable, State

DAYS = range(1, 10)
GATES = {"f": "forget gate", "i": "input gate", "o": "output gate"}
DOES = {"f": "what is kept", "i": "what is written", "o": "what is said"}
ROWS = {
    gate: Panel(gate, (0.5, 9.5), (0, 1), (40, top, 472, top + 44))
    for gate, top in zip(GATES, (28, 122, 216), strict=True)
}
STATES = Panel("states", (0.5, 9.5), (-0.1, 0.1), (40, 316, 472, 456))
CURVES = {
    "g": (366, "g dashed", "candidate g"),
    "c": (112, "c", "cell state c"),
    "h": (230, "h", "hidden state h"),
}
"""Where the name of each curve stands, its look, and its name."""
TOLD = {
    "entry": "candidate g on day 1",
    "held": "cell state c on day 6",
    "said": "hidden state h on day 6",
    "before": "largest size of h until day 5",
}
HALF = 0.28  # of a bar's width, in days


def gate_sandbox(x: ArrayLike, params: Params) -> Explorable:
    """Show an LSTM of one unit whose gates the reader sets.

    Args:
        x: the inputs of nine days, (1, 9, 1).
        params: the weights, from which the gates come to begin with.

    Chapter: 02_forward.
    """
    _, caches = lstm.forward(x, params)
    return Explorable(
        name="sandbox",
        alt=(
            "Three rows of nine bars, one for each gate and day, and below "
            "them a chart of the cell state, the hidden state and the "
            "candidate over the nine days."
        ),
        controls=tuple(
            Control(
                f"{gate}{day}",
                f"{words}, day {day}",
                getattr(caches[day - 1], gate).item(),
                *(0, 1, 0.05),
                kind="bar",
            )
            for gate, words in GATES.items()
            for day in DAYS
        ),
        data={"x": np.ravel(x), "params": dict(params)},
        numbers=numbers,
        draw=draw,
        needs=("lstm",),
    )


def numbers(state: State, data: Mapping[str, Any]) -> Numbers:
    """Run the network; only its candidates are its own."""
    h = c = np.zeros((1, 1))
    made: dict[str, Any] = {"g": [], "c": [], "h": []}
    for day, x in zip(DAYS, data["x"], strict=True):
        f, i, o = (state[f"{gate}{day}"] for gate in GATES)
        _, _, own = lstm.cell_forward([[x]], h, c, data["params"])
        c = f * c + i * own.g
        h = o * np.tanh(c)
        for name, value in {"g": own.g, "c": c, "h": h}.items():
            made[name].append(value.item())
    return made | {
        "entry": made["g"][0],
        "held": made["c"][5],
        "said": made["h"][5],
        "before": max(np.abs(made["h"][:5]).tolist()),
    }


def draw(state: State, found: Numbers) -> str:
    """Draw the bars, and below them what comes of them."""
    parts, grips = [], []
    for gate, row in ROWS.items():
        title = f"{GATES[gate]} {gate}: {DOES[gate]}"
        parts.append(row.axes({}, {1: "1", 0: "0"}, title))
        for day in DAYS:
            name, value = f"{gate}{day}", state[f"{gate}{day}"]
            ends = (day - HALF, day + HALF)
            bar = row.band(ends, (0, 0), (value, value))
            at, under = row.across(day), row.box[3] + 16
            parts.append(trace(name, bar, look=f"bar {gate}"))
            parts.append(
                say(name, fixed(value, 2), x=at, y=under, look="tick middle")
            )
            grips.append(grip(row, name, day - 0.5, day + 0.5))
    levels = {0.1: "0.1", 0.05: "", 0: "0", -0.05: "", -0.1: "−0.1"}
    days = {day: str(day) for day in DAYS}
    parts.append(STATES.axes(days, levels, "states", "day"))
    for name, (at, look, words) in CURVES.items():
        parts.append(legend(at, 300, words, look))
        curve = STATES.curve(DAYS, found[name])
        parts.append(trace(name, curve, look=look))
    rows = {
        words: [say(name, fixed(found[name]), "td")]
        for name, words in TOLD.items()
    }
    return drawing(498, *parts, grips=grips) + table(rows)
