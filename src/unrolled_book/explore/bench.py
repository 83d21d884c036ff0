"""Chapter 9: a recorded network and its untrained twin, gates in your hand."""

import base64
import functools
import json
from collections.abc import Mapping, Sequence
from typing import Any, Literal, cast

from torch import Tensor

from unrolled.gates import Clamp, Rerun
from unrolled.models import Classifier
from unrolled_book.explore.drawing import (
    Numbers,
    Panel,
    drawing,
    fixed,
    join,
    legend,
    line,
    say,
    table,
    trace,
)
from unrolled_book.explore.page import Control, Explorable, State, choice
from unrolled_lab import load_model, load_records, make_data

FILE = "_static/bench.js"
"""What the page loads when the figure is touched, from the book's root on."""
ASKED = 500  # sequences, as in the chapter
GATES = "fio"
MOMENTS: Mapping[str, Literal["best", "initial"]] = {
    "trained": "best",
    "twin": "initial",
}
"""The two networks, by the moment of the record that they are taken from."""
GATE = Panel("gate", (1, 30), (0, 1), (44, 52, 470, 132))
PLANES = {
    "trained": Panel("trained", (-3, 3), (-3, 3), (44, 196, 234, 366)),
    "twin": Panel("twin", (-3, 3), (-3, 3), (280, 196, 470, 366)),
}
DOT = "stroke-width: 4; stroke-linecap: round"


def intervention_bench() -> Explorable:
    """Show what the two networks of seed 0 answer while gates are held.

    Chapter: 09_memory.
    """
    x, _ = sequences()
    start = {"layer": 1, "gate": 0, "units": 128, "value": 0.5}
    start |= {"first": 1, "last": 30}
    return Explorable(
        name="bench",
        alt=(
            "Three charts. On top the mean of the chosen gate at each step, "
            "in the trained network and in its untrained twin, and where the "
            "reader holds it. Below, for each of the two networks, a dot for "
            "each sequence by its first and its last number, marked where the "
            "answer is wrong."
        ),
        controls=(
            choice("layer", "layer", "1", "2", start=start["layer"]),
            choice("gate", "gate", "forget f", "input i", "output o"),
            Control("units", "units held", start["units"], 0, 128, 1),
            Control("value", "held at", start["value"], 0, 1),
            Control("first", "from step", start["first"], 1, 30, 1),
            Control("last", "to step", start["last"], 1, 30, 1),
        ),
        data={
            "file": FILE,
            "ends": x[:, [0, -1], 0].double().numpy().round(2).tolist(),
            "asked": {
                "start": [start, answers(start)],
                "free": [start | {"units": 0}, answers({"units": 0})],
            },
            "means": means(),
        },
        numbers=numbers,
        draw=draw,
        needs=("two_layers",),
    )


@functools.cache
def sequences() -> tuple[Tensor, Tensor]:
    """Return the test sequences of seed 0, and their labels."""
    record = load_records("published")[0]
    x, labels = make_data(record.config).test.tensors
    return x[:ASKED], labels[:ASKED]


def network(name: str) -> Classifier:
    """Return one of the networks of seed 0."""
    model = load_model(load_records("published")[0], MOMENTS[name])
    return cast(Classifier, model)


@functools.cache
def rerun(name: str) -> Rerun:
    """Return a network's run of all sequences, to be repeated."""
    return Rerun(network(name).double(), sequences()[0].double())


def answers(state: State) -> dict[str, list[int]]:
    """Say for each network which sequences it gets right, with gates held."""
    clamps, first = [], int(state.get("first", 1)) - 1
    steps = range(first, int(state.get("last", 0)))
    if state["units"] and steps:
        gate, units = GATES[int(state["gate"])], range(int(state["units"]))
        layer, value = int(state["layer"]), float(state["value"])
        clamps = [Clamp(layer, gate, value, steps, units)]
    made = {}
    for name in MOMENTS:
        logits, _ = rerun(name).run(clamps)
        made[name] = (logits.argmax(dim=1) == sequences()[1]).int().tolist()
    return made


def means() -> dict[str, list[list[list[float]]]]:
    """Return each gate's mean of each step, by network and layer."""
    made = {}
    for name in MOMENTS:
        _, layers = rerun(name).run()
        made[name] = [
            [
                [round(getattr(step, gate).mean().item(), 4) for step in steps]
                for gate in GATES
            ]
            for steps in layers
        ]
    return made


def script() -> str:
    """Write what the page loads: the networks and sequences, to the bit."""

    def coded(value: Tensor) -> str:
        little = value.detach().numpy().astype("<f4").tobytes()
        return base64.b64encode(little).decode("ascii")

    x, labels = sequences()
    told: dict[str, Any] = {"x": coded(x), "labels": labels.tolist()}
    for name in MOMENTS:
        parts = network(name).state_dict().items()
        told[name] = {part: coded(value) for part, value in parts}
    return f"unrolled.bench({json.dumps(told)});\n"


def numbers(state: State, data: Mapping[str, Any]) -> Numbers:
    """Answer with these gates held, and say what they are by themselves."""
    layer, gate = int(state["layer"]), int(state["gate"])
    made: dict[str, Any] = dict(answers(state))
    for name, mean in data["means"].items():
        made[f"{name}_gate"] = mean[layer][gate]
    return made | {
        "first_number": [ends[0] for ends in data["ends"]],
        "last_number": [ends[1] for ends in data["ends"]],
    }


def draw(state: State, found: Numbers) -> str:
    """Draw the gate, the answers of both networks, and how many are right."""
    thirds = {-3: "−3", 0: "0", 3: "3"}
    parts = [
        legend(44, 12, "trained", "plain"),
        legend(130, 12, "twin", "x dashed"),
        legend(194, 12, "", "gradient"),
        say("units", units(state), x=221, y=16, look="tick"),
        legend(334, 12, "right", "plain"),
        legend(402, 12, "wrong", "gradient"),
        GATE.axes(
            {1: "1", 15: "15", 30: "30"},
            {0: "0", 0.5: "0.5", 1: "1"},
            "mean of the gate, by step",
        ),
        trace("twin-gate", curve(found["twin_gate"]), look="x dashed"),
        trace("trained-gate", curve(found["trained_gate"]), look="plain"),
        trace("held", held(state), look="gradient", style="stroke-width: 3.5"),
    ]
    for name, title in (("trained", "trained, last x"), ("twin", "twin")):
        plane, points = (
            PLANES[name],
            (found["first_number"], found["last_number"]),
        )
        left, top, right, bottom = plane.box
        everyone = dots(plane, *points, [1] * ASKED, 1)
        parts += [
            plane.axes(thirds, thirds, title, "first x"),
            line(left, top, right, bottom, look="hair"),
            f'<path d="{everyone}" class="hair" style="{DOT}"></path>',
            trace(f"{name}-right", dots(plane, *points, found[name], 1),
                  look="plain", style=DOT),
            trace(f"{name}-wrong", dots(plane, *points, found[name], 0),
                  look="gradient", style=DOT),
        ]  # fmt: skip
    rows = {
        words: [
            say(f"{name}-count", count(found[name]), "td"),
            say(f"{name}-share", share(found[name]), "td"),
        ]
        for name, words in (("trained", "trained"), ("twin", "untrained twin"))
    }
    words = f"{ASKED} of {ASKED} sequences are answered."
    progress = say("progress", words, "p", style="margin: 0; font-size: 14px")
    columns = ("right, of those answered", "in %")
    return drawing(408, *parts) + table(rows, columns) + progress


def curve(values: Sequence[float]) -> str:
    """Write the path of a gate over the steps."""
    return GATE.curve(range(1, 31), values)


def units(state: State) -> str:
    """Say in how many units the gate is held."""
    return f"held, {int(state['units'])} units"


def held(state: State) -> str:
    """Write the path where the gate is held, if it is."""
    first, last, value = state["first"], state["last"], state["value"]
    if not state["units"] or first > last:
        return ""
    ends = [max(1, first - 0.3), min(30, last + 0.3)]
    return GATE.curve(ends, [value, value])


def dots(
    plane: Panel,
    xs: Sequence[float],
    ys: Sequence[float],
    right: Sequence[int],
    wanted: int,
) -> str:
    """Write a dot for each sequence that is answered right, or wrong."""
    points = zip(xs, ys, right, strict=True)
    return "".join(
        f"{join([plane.across(x)], [plane.up(y)])}h0"
        for x, y, this in points
        if this == wanted
    )


def count(right: Sequence[int]) -> str:
    """Write how many answers are right."""
    return f"{sum(right)} of {len(right)}"


def share(right: Sequence[int]) -> str:
    """Write how many of a hundred answers are right."""
    return fixed(100 * sum(right) / len(right), 1)
