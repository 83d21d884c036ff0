"""The record of what an LSTM and a Transformer take: times, on one thread.

Each time is the least of several, the contenders taking turns. Takes some
minutes on a machine that does nothing else. What else a machine does makes
times longer, never shorter: so `--record` keeps the least of what the record
has and what is measured now, if both are of the same kind of machine, and a
record gets better with each time it is made. `--anew` begins a new one.

`--widths` measures the training step at several widths beside the lengths, and
keeps this in a record of its own. Fixed before: on this one core, "a
Transformer trains substantially faster on long sequences, whatever its size"
is confirmed if at 1,024 tokens it takes half the time of PyTorch's LSTM, or
less, at each width; refuted if it takes longer at each; and else it depends on
the width. Of a GPU, which the claim is about, this says nothing.
"""

import argparse
import gc
import json
import os
import platform
import time
from collections.abc import Callable
from pathlib import Path

import torch

from unrolled_lab.costs import least_seconds
from unrolled_lab.transformer_race import (
    TRAINED,
    WAYS,
    generating_step,
    make_rival,
    training_step,
)

SEQUENCES = 4
TRAIN_STEPS = (16, 64, 256, 1024, 4096)
BATCHES, BATCH_STEPS = (1, 4, 16, 64), 256
LENGTHS = (16, 64, 256, 1024, 4096, 16384)
WITHOUT_CACHE = 4096  # tokens at most: more would take seconds for one token
WIDTHS, WIDTH_STEPS = (32, 96, 192, 384), (64, 256, 1024)
RECORD = Path(__file__).resolve().parent.parent / "results" / "transformer.json"
WIDTH_RECORD = RECORD.with_name("widths.json")


def by_turns(
    make: Callable[[str, int], Callable | None],
    names: tuple[str, ...],
    sizes: tuple[int, ...],
    rounds: int,
) -> dict[str, dict[str, float]]:
    """Time what `make` makes of each name and size: seconds by both."""
    table = {name: {} for name in names}
    for size in sizes:
        calls = {name: make(name, size) for name in names}
        calls = {name: call for name, call in calls.items() if call}
        for name, seconds in least_seconds(calls, rounds).items():
            table[name][str(size)] = float(f"{seconds:.4g}")
        del calls
        gc.collect()
    return table


def train_at(name: str, steps: int) -> Callable:
    """Make a training step over this many steps."""
    return training_step(make_rival(name), SEQUENCES, steps)


def train_with(name: str, count: int) -> Callable:
    """Make a training step with this many sequences."""
    return training_step(make_rival(name), count, BATCH_STEPS)


def generate_at(way: str, length: int) -> Callable | None:
    """Make a step of generation, if it is to be timed at this length."""
    if way == "Transformer, no cache" and length > WITHOUT_CACHE:
        return None
    return generating_step(way, length)


def about(command: str, rounds: int) -> dict:
    """Tell on what and how it is measured, on one thread."""
    torch.set_num_threads(1)
    return {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "threads": 1,
        "torch": torch.__version__,
        "date": time.strftime("%Y-%m-%d"),
        "command": f"python bench/transformer.py {command}",
        "rounds": rounds,
        "sequences": SEQUENCES,
    }


def measure_widths(rounds: int) -> dict:
    """Measure a training step by width, for each length: seconds."""
    record = about("--widths --record", rounds)
    for T in WIDTH_STEPS:
        record[f"train, T = {T}"] = by_turns(
            lambda name, width, T=T: training_step(
                make_rival(name, width=width), SEQUENCES, T
            ),
            TRAINED[1:],
            WIDTHS,
            rounds,
        )
    return record


def measure(rounds: int, longest: int) -> dict:
    """Measure everything: a record of plain numbers, times in seconds."""
    train_steps = tuple(T for T in TRAIN_STEPS if longest >= T)
    lengths = tuple(n for n in LENGTHS if 4 * longest >= n)
    batches = tuple(N for N in BATCHES if longest * SEQUENCES >= N * 64)
    return about("--record", rounds) | {
        "train": by_turns(train_at, TRAINED, train_steps, rounds),
        "batch_steps": BATCH_STEPS,
        "batch": by_turns(train_with, TRAINED, batches, rounds),
        "generate": by_turns(generate_at, WAYS, lengths, 10 * rounds),
    }


def least(old: dict, new: dict) -> dict:
    """Join two records: the least of each time, the rounds of both."""
    same = ("machine", "threads", "torch", "sequences", "batch_steps")
    if any(old.get(name) != new.get(name) for name in same):
        raise SystemExit("Not kept: another machine or version; try --anew")
    record = new | {"rounds": old["rounds"] + new["rounds"]}
    for part in tables(new):
        record[part] = {}
        for name, row in new[part].items():
            before = old[part][name]
            sizes = sorted({*before, *row}, key=int)
            both = {size: (before.get(size), row.get(size)) for size in sizes}
            record[part][name] = {
                size: min(filter(None, times)) for size, times in both.items()
            }
    return record


def tables(record: dict) -> list[str]:
    """Name the parts of a record that hold times."""
    return [part for part, held in record.items() if isinstance(held, dict)]


def table(record: dict) -> str:
    """Write a record as text, in milliseconds."""
    lines = [f"torch {record['torch']} on {record['machine']}, 1 thread, ms"]
    across = {"train": "T", "batch": "N", "generate": "n"}
    for part in tables(record):
        first, *_ = record[part].values()
        sizes = list(first)
        head = "".join(f"{size:>10}" for size in sizes)
        lines += ["", f"{part + ', by ' + across.get(part, 'd'):24}{head}"]
        for name, row in record[part].items():
            times = [1000 * row[size] for size in sizes if size in row]
            lines += [f"  {name:22}" + "".join(f"{t:10.3g}" for t in times)]
    return "\n".join(lines)


def main() -> None:
    """Measure, print, and keep the record if so told."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--longest", type=int, default=TRAIN_STEPS[-1])
    parser.add_argument("--record", action="store_true", help="keep the result")
    parser.add_argument("--anew", action="store_true", help="forget the old")
    parser.add_argument("--widths", action="store_true", help="widths instead")
    arguments = parser.parse_args()
    path = WIDTH_RECORD if arguments.widths else RECORD
    if arguments.widths:
        record = measure_widths(arguments.rounds)
    else:
        record = measure(arguments.rounds, arguments.longest)
    print(table(record))
    if arguments.record and path.exists() and not arguments.anew:
        record = least(json.loads(path.read_text()), record)
    if arguments.record:
        beside = path.with_suffix(".part")
        beside.write_text(json.dumps(record, indent=1) + "\n")
        beside.replace(path)


if __name__ == "__main__":
    main()
