"""Remedies against overfitting: their settings, and what each run scored."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np

from unrolled import _fields
from unrolled.experiments.config import RunConfig
from unrolled.experiments.files import load_records
from unrolled.experiments.record import Record
from unrolled.experiments.summary import check_records

Remedy = Literal["dropout", "data", "decay"]
Measure = Literal["loss", "accuracy"]

SOURCE_B_DROPOUT = 0.3
"""The setting that stands in the middle of every remedy."""

_VARIED: dict[str, tuple[Callable[[RunConfig], Any], str]] = {
    "dropout": (lambda config: config.dropout, "dropout {:.2f}"),
    "data": (lambda config: config.train_count, "{:,} sequences"),
    "decay": (lambda config: config.train.weight_decay, "decay {:g}"),
}
"""What each experiment varies, and how its settings are called."""


def remedy_groups(
    remedy: Remedy, folder: Path | str | None = None
) -> dict[str, list[Record]]:
    """Read an experiment on a remedy, with source B's own setting.

    That is a dropout of 0.3, with 5,000 sequences and no decay, from the
    experiment ``"dropout"``: it stands among the others, where it belongs.

    Args:
        remedy: the experiment: ``"dropout"``, ``"data"`` or ``"decay"``.
        folder: where all results are; see `results_folder`.

    Returns:
        The records of each setting that has any, sorted by seed; by the
        setting's name, the smallest first.

    Raises:
        ValueError: another experiment, no such folder, no records, a damaged
            one.

    Chapter: 10_overfitting.
    """
    _fields.check_choice("remedy", remedy, get_args(Remedy))
    varied, name = _VARIED[remedy]
    records = load_records("dropout", folder)
    if remedy != "dropout":
        records = [r for r in records if r.config.dropout == SOURCE_B_DROPOUT]
        records += load_records(remedy, folder)
    records.sort(key=lambda r: (varied(r.config), r.config.seed))
    groups: dict[str, list[Record]] = {}
    for record in records:
        label = name.format(varied(record.config))
        groups.setdefault(label, []).append(record)
    return groups


def best_and_last(
    records: list[Record], measure: Measure
) -> dict[str, np.ndarray]:
    """Tell what runs scored on the test data.

    Args:
        records: S runs, one or more.
        measure: ``"loss"``, in nats, or ``"accuracy"``, 0 to 1.

    Returns:
        By ``"best"``, the weights that the validation data chose, and by
        ``"last"``: the score of each run, (S,).

    Raises:
        ValueError: no list of records, another measure.

    Chapter: 10_overfitting.
    """
    check_records(records)
    _fields.check_choice("measure", measure, get_args(Measure))
    return {
        "best": np.array([getattr(r.test_best, measure) for r in records]),
        "last": np.array([getattr(r.test_last, measure) for r in records]),
    }
