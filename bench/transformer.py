"""The record of what an LSTM and a Transformer take: times, on one thread.

Each time is the least of several, the contenders taking turns. Takes some
minutes on a machine that does nothing else. What else a machine does makes
times longer, never shorter: so `--record` keeps the least of what the record
has and what is measured now, if both are of the same kind of machine, and a
record gets better with each time it is made. `--anew` begins a new one.
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
RECORD = Path(__file__).resolve().parent.parent / "results" / "transformer.json"


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


def measure(rounds: int, longest: int) -> dict:
    """Measure everything: a record of plain numbers, times in seconds."""
    train_steps = tuple(T for T in TRAIN_STEPS if longest >= T)
    lengths = tuple(n for n in LENGTHS if 4 * longest >= n)
    batches = tuple(N for N in BATCHES if longest * SEQUENCES >= N * 64)
    torch.set_num_threads(1)
    return {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "threads": 1,
        "torch": torch.__version__,
        "date": time.strftime("%Y-%m-%d"),
        "command": "python bench/transformer.py --record",
        "rounds": rounds,
        "sequences": SEQUENCES,
        "train": by_turns(train_at, TRAINED, train_steps, rounds),
        "batch_steps": BATCH_STEPS,
        "batch": by_turns(train_with, TRAINED, batches, rounds),
        "generate": by_turns(generate_at, WAYS, lengths, 10 * rounds),
    }


def least(old: dict, new: dict) -> dict:
    """Join two records: the least of each time, the rounds of both."""
    same = ("machine", "threads", "torch", "sequences", "batch_steps")
    if any(old[name] != new[name] for name in same):
        raise SystemExit("Not kept: another machine or version; try --anew")
    record = new | {"rounds": old["rounds"] + new["rounds"]}
    for part in ("train", "batch", "generate"):
        record[part] = {}
        for name, row in new[part].items():
            before = old[part][name]
            sizes = sorted({*before, *row}, key=int)
            both = {size: (before.get(size), row.get(size)) for size in sizes}
            record[part][name] = {
                size: min(filter(None, times)) for size, times in both.items()
            }
    return record


def table(record: dict) -> str:
    """Write a record as text, in milliseconds."""
    lines = [f"torch {record['torch']} on {record['machine']}, 1 thread, ms"]
    for part, across in (("train", "T"), ("batch", "N"), ("generate", "n")):
        sizes = list(record[part]["LSTM"])
        head = "".join(f"{size:>10}" for size in sizes)
        lines += ["", f"{part + ', by ' + across:24}{head}"]
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
    arguments = parser.parse_args()
    record = measure(arguments.rounds, arguments.longest)
    print(table(record))
    if arguments.record and RECORD.exists() and not arguments.anew:
        record = least(json.loads(RECORD.read_text()), record)
    if arguments.record:
        beside = RECORD.with_suffix(".part")
        beside.write_text(json.dumps(record, indent=1) + "\n")
        beside.replace(RECORD)


if __name__ == "__main__":
    main()
