"""Chapter 12: what an LSTM and a Transformer cost, and who waits."""

import functools
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from unrolled.lstm import LSTMCell
from unrolled.recurrent import Recurrent
from unrolled_book.explore.drawing import (
    Numbers,
    Panel,
    drawing,
    grouped,
    join,
    legend,
    say,
    table,
    trace,
)
from unrolled_book.explore.page import Control, Explorable, State, choice
from unrolled_lab import costs
from unrolled_lab import transformer_race as race

POWERS = range(4, 15)  # of 2: the tokens T
READ = Panel("read", (4, 14), (1, 14), (44, 46, 452, 196))
WRITE = Panel("write", (4, 14), (3, 10), (44, 262, 452, 402))
LOOKS = {"LSTM": "lstm", "Transformer": "transformer"}
BELOW = ("multiplications", "bytes kept")
TOLD = {
    "work": "multiplications to read T tokens",
    "chain": "operations in a row",
    "ticks": "ticks of this machine",
    "next": "multiplications for one more token",
    "kept": "bytes kept for it",
}


def what_it_costs(T: int, width: int) -> Explorable:
    """Show what the rivals of the chapter cost, at other sizes.

    Args:
        T: tokens to begin with, a power of 2.
        width: d, the Transformer's width to begin with.

    Chapter: 12_beyond.
    """
    return Explorable(
        name="costs",
        alt=(
            "Two charts against the number of tokens, with logarithmic axes "
            "and a curve each for the LSTM and the Transformer. Above, the "
            "ticks that a machine needs to read them; below, what one more "
            "token takes, or what is kept for it."
        ),
        controls=(
            Control("power", "tokens T = 2 to the", int(np.log2(T)), 4, 14, 1),
            Control("hands", "hands at work: 10 to the", 0, 0, 9, 1),
            Control("N", "sequences at once N", 1, 1, 64, 1),
            Control("d", "width d", width, 32, 384, 32),
            choice("below", "chart below", *BELOW),
        ),
        data={},
        numbers=numbers,
        draw=draw,
    )


def numbers(state: State, data: Mapping[str, Any]) -> Numbers:
    """Count, by the package's models and its counter."""
    d, N, power = (int(state[name]) for name in ("d", "N", "power"))
    hands = 10.0 ** state["hands"]
    made: dict[str, Any] = {}
    for name in LOOKS:
        rows = [count(name, d, 2**power) for power in POWERS]
        work, chain, one, kept = np.array(rows, dtype=float).T
        work, one, kept = N * work, N * one, N * kept
        curves = {
            "work": work,
            "chain": chain,
            "ticks": work / hands + chain,
            "next": one,
            "kept": kept,
        }
        for what, values in curves.items():
            made[f"{name}_{what}"] = values[power - POWERS[0]].item()
        below = kept if state["below"] else one
        made[f"{name}_above"] = np.log10(curves["ticks"]).tolist()
        made[f"{name}_below"] = np.log10(below).tolist()
    return made


def count(name: str, width: int, T: int) -> np.ndarray:
    """Count four things for T tokens, from their counts for 2, 3 and 4.

    A step is as large as what it reads, so that each count is a polynomial in
    T, of the second degree at most.
    """
    two, three, four = (counted(name, width, few) for few in (2, 3, 4))
    rise = three - two
    return two + (T - 2) * (rise + (T - 3) * (four - three - rise) // 2)


@functools.cache
def counted(name: str, width: int, T: int) -> np.ndarray:
    """Count, by the package's models and its counters.

    Multiplications to read T tokens; operations in a row, of one layer of the
    LSTM, as the second can run beside it, a step later; multiplications for
    one more token, and the bytes kept for it.
    """
    model: Any = race.make_rival(name, torch.Generator(), width)
    tokens = torch.zeros(1, T, dtype=torch.int64)
    with torch.no_grad():
        _, before = model.read(tokens[:, :-1])
        _, after = model.read(tokens[:, -1:], before)
        one = costs.multiplications(lambda: model.read(tokens[:, -1:], before))
        work = costs.multiplications(lambda: model(tokens))
    if name == "LSTM":
        layer = Recurrent(LSTMCell, 3, 5, generator=torch.Generator())
        chain = costs.longest_chain(layer(torch.ones(1, T, 3))[0])
        work = T * one  # its steps are all alike, and the fast ones not counted
    else:
        chain = costs.longest_chain(model(tokens))
    return np.array([work, chain, one, costs.held_bytes(after)])


def draw(state: State, found: Numbers) -> str:
    """Draw both charts, and the table of what is counted at T."""
    ticks = {k: f"{2**k:,}" for k in (4, 6, 8, 10, 12, 14)}
    above = {2: "10²", 5: "10⁵", 8: "10⁸", 11: "10¹¹"}
    below = {3: "10³", 5: "10⁵", 7: "10⁷", 9: "10⁹"}
    title = f"one more token: {BELOW[int(state['below'])]}"
    parts = [
        READ.axes(ticks, above, "to read T tokens: ticks"),
        WRITE.axes(ticks, below, "", "tokens T"),
        say("title", title, x=8, y=250, look="title"),
        legend(200, 16, "LSTM", LOOKS["LSTM"]),
        legend(282, 16, "Transformer", LOOKS["Transformer"]),
        trace("here", here(state["power"]), look="flow dashed"),
    ]
    for name, look in LOOKS.items():
        for panel, where in ((READ, "above"), (WRITE, "below")):
            curve = panel.curve(POWERS, found[f"{name}_{where}"])
            parts.append(trace(f"{name}-{where}", curve, look=look))
    rows = {
        words: [
            say(f"{name}-{what}", grouped(found[f"{name}_{what}"]), "td")
            for name in LOOKS
        ]
        for what, words in TOLD.items()
    }
    return drawing(438, *parts) + table(rows, list(LOOKS))


def here(power: float) -> str:
    """Write the upright line at T in both charts."""
    at = READ.across(power)
    return "".join(join((at, at), panel.box[1::2]) for panel in (READ, WRITE))
