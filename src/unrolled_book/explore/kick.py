"""Chapter 11: errors that grow, and errors that are made."""

import functools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike

from unrolled import tasks
from unrolled_book.explore.drawing import (
    Numbers,
    Panel,
    drawing,
    fixed,
    legend,
    say,
    short,
    table,
    trace,
)
from unrolled_book.explore.page import Control, Explorable, State, choice

SERIES = ("Hénon's map", "oscillations")
MEMORIES = {
    "all values": None,
    "30 values": 30,
    "16 values": 16,
    "12 values": 12,
}
READ, AHEAD = 30, 60
HORIZONS = (1, 5, 10, 20, 60)
BEGINNING = (0.4, 0.2)
"""The last two values that the map has read."""
GROW = Panel("grow", (1, 60), (-12, 1), (44, 32, 470, 172))
MADE = Panel("made", (0.7, 3.3), (-2, 2.5), (44, 252, 470, 392))
KINDS = {"truth": "h", "right": "plain dashed"}
NAMES = {
    "truth": "own / true values",
    "right": "own / right values without noise",
}
"""What is compared with what; the table has it for steps 41 to 60."""


def kick_and_control(ratios: Sequence[Mapping[str, ArrayLike]]) -> Explorable:
    """Show how a kick grows, and what networks err beside a control.

    Args:
        ratios: first the map's, then the oscillations' for each of `MEMORIES`:
            the errors that five networks make anew on their own values, as
            multiples of those on other values, for each third of the steps.

    Chapter: 11_free_running.
    """
    return Explorable(
        name="kick",
        alt=(
            "Two charts. Above, on a logarithmic axis, how far apart two runs "
            "of the rule are over sixty steps, one of them kicked once. Below, "
            "a line for each of five networks over three parts of the run: "
            "its own errors as a multiple of those on other values."
        ),
        controls=(
            choice("series", "series", *SERIES),
            Control("size", "size of the kick: 10 to the", -4, -10, -1, 1),
            choice("memory", "values the control remembers", *MEMORIES),
        ),
        data={
            "ratios": [
                {
                    kind: np.round(np.asarray(ratio, dtype=float), 4).tolist()
                    for kind, ratio in zip(KINDS, both.values(), strict=False)
                }
                for both in ratios
            ]
        },
        numbers=numbers,
        draw=draw,
    )


def numbers(state: State, data: Mapping[str, Any]) -> Numbers:
    """Kick the rule at its last value, and look the networks up."""
    size, which = float(f"1e{state['size']:g}"), int(state["memory"])
    if state["series"]:
        memory = list(MEMORIES.values())[which]
        apart = size * np.abs(response(memory))
        both = data["ratios"][1 + which]
    else:
        apart = np.abs(kicked_map(size))
        both = data["ratios"][0]
    made: dict[str, Any] = {"apart": apart.tolist()}
    for k in HORIZONS:
        made[f"apart_{k}"] = apart[k - 1].item()
    for kind in KINDS:
        # Where there is no noise, right values are the true ones.
        made[kind] = np.ravel(both.get(kind, both["truth"])).tolist()
    return made


def kicked_map(size: float) -> np.ndarray:
    """Return the distance of two runs, the second one's last value off."""
    before, last = BEGINNING
    pair = torch.tensor(
        [[before, last], [before, last + size]], dtype=torch.float64
    )
    run, other = tasks.henon_continue(pair[..., None], AHEAD)[..., 0].numpy()
    return other - run


@functools.cache
def response(memory: int | None) -> np.ndarray:
    """Return what is left of a kick of 1 at the last value that was read.

    The best forecast is a weighted sum of values; what it makes of ones and
    zeros are its weights.
    """
    ones = torch.eye(READ + AHEAD, dtype=torch.float64)[..., None]
    weights = tasks.oscillations_best(ones, memory)[..., 0].T.numpy()
    off = np.zeros(READ + AHEAD)
    off[READ - 1] = 1
    for t in range(READ, READ + AHEAD):
        off[t] = weights[t - 1, :t] @ off[:t]
    return off[READ:]


def draw(state: State, found: Numbers) -> str:
    """Draw both charts, and the tables below them."""
    steps = range(1, AHEAD + 1)
    parts = [
        GROW.axes(
            {k: str(k) for k in (1, 10, 20, 30, 40, 50, 60)},
            {0: "1", -4: "10⁻⁴", -8: "10⁻⁸", -12: "10⁻¹²"},
            "how far apart the kicked and the other run are",
            "steps alone",
        ),
        MADE.axes(
            {1: "steps 1–20", 2: "21–40", 3: "41–60"},
            {-2: "¼", -1: "½", 0: "1", 1: "2", 2: "4"},
            "errors made anew by five networks, as multiples",
        ),
        trace("apart", GROW.curve(steps, logs(found["apart"])), look="c"),
    ]
    for at, (kind, look) in zip((62, 218), KINDS.items(), strict=True):
        parts.append(legend(at, 434, NAMES[kind], look))
        parts.append(trace(kind, lines(found[kind]), look=look))
    far = {
        f"apart at step {k}": [
            say(f"apart-{k}", short(found[f"apart_{k}"]), "td")
        ]
        for k in HORIZONS
    }
    end = {
        NAMES[kind]: [
            say(f"{kind}-{seed}", fixed(found[kind][3 * seed + 2], 2), "td")
            for seed in range(5)
        ]
        for kind in KINDS
    }
    seeds = [f"seed {seed}" for seed in range(5)]
    return drawing(444, *parts) + table(far) + table(end, seeds)


def logs(apart: Sequence[float]) -> list[float]:
    """Take logarithms to the base of 10; of 0, one below the axis."""
    return [float(np.log10(value)) if value else -99.0 for value in apart]


def lines(ratios: Sequence[float]) -> str:
    """Write a line for each network, over the thirds of its run."""
    return "".join(
        MADE.curve((1, 2, 3), np.log2(ratios[k : k + 3]).tolist())
        for k in range(0, len(ratios), 3)
    )
