"""Chapter 8: every recorded run, with its best or its last weights."""

from collections.abc import Mapping
from typing import Any

import numpy as np

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
    text,
    trace,
)
from unrolled_book.explore.page import Control, Explorable, State, choice
from unrolled_lab import Record

CHOICES = {
    "cell": ("RNN", "GRU", "LSTM", "Transformer"),
    "init": ("uniform", "pytorch", "xavier", "orthogonal", "identity"),
    "bias": (0, 1, 2),
    "steps": (10, 20, 30, 50, 100, 200),
    "seed": (0, 1, 2, 3, 4),
}
WORDS = {
    "cell": "cell",
    "init": "first weights",
    "bias": "bias of its gate",
    "steps": "steps T",
    "seed": "seed",
}
DOTS = Panel("dots", (45, 100), (-0.5, 3.5), (82, 52, 470, 212))
CURVE = Panel("curve", (0, 1), (45, 100), (82, 288, 470, 388))
DOT = "stroke-width: 6; stroke-linecap: round"
HERE = "stroke-width: 10; pointer-events: none"
GOLDEN = 0.6180339887


def all_runs(records: list[Record]) -> Explorable:
    """Show the accuracy of each run that was recorded, and its curve.

    Args:
        records: as `unrolled_lab.load_records` gives them.

    Chapter: 08_thirty_steps.
    """
    filters = (
        choice(name, WORDS[name], "all", *map(str, options))
        for name, options in CHOICES.items()
    )
    return Explorable(
        name="runs",
        alt=(
            "Two charts. Above, a row of dots for each kind of cell, each dot "
            "the accuracy of a run on fresh sequences. Below, the validation "
            "accuracy of one of them over its epochs, with its best epoch."
        ),
        controls=(
            *filters,
            choice("weights", "weights of", "the best epoch", "the last epoch"),
            Control("run", "number of the run", 0, 0, len(records) - 1, 1),
        ),
        data=packed(records),
        numbers=numbers,
        draw=draw,
    )


def packed(records: list[Record]) -> dict[str, list[Any]]:
    """Return of each run what it was, its accuracies in %, and its curve."""
    rows = [
        {
            "cell": run.config.cell,
            "init": run.config.init,
            "bias": bias_of_gate(run),
            "steps": run.config.steps,
            "seed": run.config.seed,
            **{
                kind: round(100 * getattr(run, f"test_{kind}").accuracy, 2)
                for kind in ("best", "last")
            },
            "best_epoch": run.best_epoch,
            "valid": [
                round(100 * right, 1)
                for right in run.history.column("valid_accuracy")
            ],
        }
        for run in records
    ]
    return {name: [row[name] for row in rows] for name in rows[0]}


def bias_of_gate(run: Record) -> float | None:
    """Return what the forget or the update gate begins with, if it has one."""
    config = run.config
    biases = {"LSTM": config.forget_bias, "GRU": config.update_bias}
    return biases.get(config.cell)


def is_wanted(state: State, data: Mapping[str, list], run: int) -> bool:
    """Say whether a run passes all filters: 0 lets all pass."""
    return all(
        state[name] == 0 or data[name][run] == options[state[name] - 1]
        for name, options in CHOICES.items()
    )


def numbers(state: State, data: Mapping[str, list]) -> Numbers:
    """Choose runs, and of these the one at the number asked for, or next."""
    count = len(data["cell"])
    chosen = [n for n in range(count) if is_wanted(state, data, n)]
    later = [n for n in chosen if n >= state["run"]]
    run = later[0] if later else chosen[-1] if chosen else 0
    valid = data["valid"][run]
    shown = data["last" if state["weights"] else "best"]
    return {
        "count": len(chosen),
        "passed": sum(max(data["valid"][n]) > 80 for n in chosen),
        "best": median(data["best"], chosen),
        "last": median(data["last"], chosen),
        "run": run,
        "chosen": chosen,
        "shown": shown,
        "curve": valid,
        "at": data["best_epoch"][run] / len(valid),
        "rows": [CHOICES["cell"].index(cell) for cell in data["cell"]],
        "its": [
            CHOICES["cell"].index(data["cell"][run]),
            CHOICES["init"].index(data["init"][run]),
            -1 if data["bias"][run] is None else data["bias"][run],
            data["steps"][run],
            data["seed"][run],
            data["best"][run],
            data["last"][run],
        ],
    }


def median(values: list[float], chosen: list[int]) -> float:
    """Return the median of those chosen; 0 if there are none."""
    return float(np.median([values[n] for n in chosen])) if chosen else 0.0


def dot(found: Numbers, n: int) -> str:
    """Write the dot of a run: it is shifted, so that none hides another."""
    shift = 0.7 * (n * GOLDEN % 1 - 0.5)
    up = DOTS.up(3 - found["rows"][n] + shift)
    return f"{join([DOTS.across(found['shown'][n])], [up])}l.1 .1"


def draw(state: State, found: Numbers) -> str:
    """Draw the dots of the chosen runs, and the curve of one of them."""
    run, curve, (low, high) = found["run"], found["curve"], CURVE.y
    chosen, at = set(found["chosen"]), found["at"]
    epochs = [(k + 1) / len(curve) for k in range(len(curve))]
    lines = {
        "here": dot(found, run),
        "at": CURVE.curve((at, at), (low, high)),
        "curve": CURVE.curve(epochs, curve),
    }
    if not found["count"]:
        lines = dict.fromkeys(lines, "")
    accuracies = {50: "50", 75: "75", 100: "100"}
    rows = {3 - k: cell for k, cell in enumerate(CHOICES["cell"])}
    one_end = DOTS.across(75)
    parts = [
        legend(290, 12, "one end", "flow dashed"),
        legend(376, 12, "best epoch", "h dashed"),
        DOTS.axes(accuracies, rows, "", "right on fresh sequences, in %"),
        text(46, 16, "All runs", look="title"),
        line(one_end, 52, one_end, 212, look="flow dashed"),
        *(
            trace(
                f"dot{n}",
                dot(found, n) if n in chosen else "",
                look="plain",
                style=DOT,
                data_set=f"run={n}",
            )
            for n in range(len(found["rows"]))
        ),
        trace("here", lines["here"], look="h", style=f"{DOT}; {HERE}"),
        CURVE.axes(
            {0: "start", 1: "end"},
            accuracies,
            "right on validation data, in %",
        ),
        line(82, CURVE.up(75), 470, CURVE.up(75), look="flow dashed"),
        trace("at", lines["at"], look="h dashed"),
        trace("curve", lines["curve"], look="h"),
    ]
    (name, best, last), (passed, *medians) = words(found)
    body = {
        "chosen runs": [
            say("passed", passed, "td"),
            *(say(f"median_{k}", m, "td") for k, m in enumerate(medians)),
        ],
        "this run": [
            say("name", name, "td"),
            say("best", best, "td"),
            say("last", last, "td"),
        ],
    }
    columns = ("passed 80 on validation data", "right, best", "right, last")
    return drawing(412, *parts) + table(body, columns)


def words(found: Numbers) -> tuple[list[str], list[str]]:
    """Return the words of the table, of one run and of all that are chosen."""
    count = found["count"]
    if not count:
        return ["–", "–", "–"], ["none", "–", "–"]
    cell, init, bias, steps, seed, *its = found["its"]
    gate = f", bias {bias:g}" if bias >= 0 else ""
    name = f"{CHOICES['cell'][cell]} {CHOICES['init'][init]}{gate}"
    medians = [found["best"], found["last"]]
    return (
        [
            f"{found['run']}: {name}, T = {steps}, seed {seed}",
            *(f"{fixed(each, 1)}%" for each in its),
        ],
        [
            f"{found['passed']} of {count}",
            *(f"median {fixed(each, 1)}%" for each in medians),
        ],
    )
