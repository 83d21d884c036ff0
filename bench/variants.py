"""The record of the variants: each kind of cell on each task, five seeds.

Takes a few minutes of one processor core. What is recorded is no time but how
training went; the notebook repeats the beginning of one group.
"""

import argparse
import json
import platform
import time
from collections.abc import Callable
from pathlib import Path

import torch

from unrolled_lab.cell_race import VARIANTS, make_network, train_variant

SEEDS = [0, 1, 2, 3, 4]
UPDATES = {"first-last": 300, "intervals": 500}
EVERY = 20  # updates between two tests
RECORD = Path(__file__).resolve().parent.parent / "results" / "variants.json"


def rounded(value: list | float) -> list | float:
    """Keep five decimals, in lists to any depth."""
    if isinstance(value, list):
        return [rounded(each) for each in value]
    return round(value, 5)


def measure(record: dict, keep: Callable[[dict], None]) -> None:
    """Train all groups that the record does not have yet, and keep each."""
    for name in VARIANTS:
        count = sum(p.numel() for p in make_network(name, 0).parameters())
        record["parameters"][name] = count
    for task, updates in record["updates"].items():
        for variant in VARIANTS:
            done = record["tasks"].setdefault(task, {})
            if variant not in done:
                curves = train_variant(
                    variant, task, record["seeds"], updates, every=EVERY
                )
                done[variant] = {k: rounded(v) for k, v in curves.items()}
                keep(record)


def new_record() -> dict:
    """Say what is going to be done, and where."""
    return {
        "machine": platform.machine(),
        "torch": torch.__version__,
        "date": time.strftime("%Y-%m-%d"),
        "command": "python bench/variants.py",
        "seeds": SEEDS,
        "updates": UPDATES,
        "every": EVERY,
        "parameters": {},
        "tasks": {},
    }


def write(record: dict) -> None:
    """Write the record whole: beside its place first, then there."""
    beside = RECORD.with_suffix(".part")
    beside.write_text(json.dumps(record) + "\n")
    beside.replace(RECORD)


def main() -> None:
    """Go on with the record that is there, or begin a new one."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--anew", action="store_true", help="forget the old")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    record = new_record()
    if RECORD.exists() and not arguments.anew:
        record = json.loads(RECORD.read_text())
    measure(record, write)


if __name__ == "__main__":
    main()
