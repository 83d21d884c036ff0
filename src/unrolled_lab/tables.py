"""What several records say together: curves, and when they pass a level."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike

from unrolled import _fields
from unrolled._checks import check_array, check_type, check_whole
from unrolled_lab.config import RunConfig
from unrolled_lab.files import load_records
from unrolled_lab.record import Record

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


def curves(
    records: list[Record], column: str, epochs: int | None = None
) -> np.ndarray:
    """Put one measurement of several runs into one array.

    Args:
        records: S runs, one or more, such as the seeds of a group.
        column: a field of `unrolled.train.Epoch`, such as
            ``"valid_accuracy"``.
        epochs: E, only the first so many; all of them unless told.

    Returns:
        The measurement after each epoch, a row for each run, (S, E).

    Raises:
        ValueError: no records, no such field, a run that did not measure it,
            runs that do not have so many epochs, or, if `epochs` is not told,
            do not all have the same.

    Chapter: 08_thirty_steps.
    """
    records = check_records(records)
    rows = [record.history.column(column) for record in records]
    for record, row in zip(records, rows, strict=True):
        if None in row:
            raise ValueError(
                f"records: expected runs with {column}, got {record.name} "
                "without"
            )
    shortest = min(map(len, rows))
    if epochs is None:
        if shortest < max(map(len, rows)):
            raise ValueError(
                "records: expected runs of as many epochs each, got "
                f"{sorted(set(map(len, rows)))}"
            )
        epochs = shortest
    epochs = check_whole("epochs", epochs)
    if epochs > shortest:
        raise ValueError(
            f"epochs: expected at most {shortest}, those of the shortest run, "
            f"got {epochs}"
        )
    return np.array([row[:epochs] for row in rows])  # (S, E)


def first_above(values: ArrayLike, level: float) -> int | None:
    """Find the first epoch in which a measurement is above a level.

    A level near to where the values hover is passed by chance alone: choose
    one that is a few standard errors away.

    Args:
        values: the measurement after epochs 1, 2, ..., (E,).
        level: what to compare with.

    Returns:
        The number of the epoch, counted from 1, or None if there is none.

    Raises:
        ValueError: another shape, NaN or infinite values or level.

    Example:
        >>> first_above([0.5, 0.7, 0.9, 0.8], 0.75)
        3

    Chapter: 08_thirty_steps.
    """
    values = check_array("values", values, ("E",))
    above = np.flatnonzero(values > check_array("level", level, ()))
    return int(above[0]) + 1 if len(above) else None


def gradient_ratio(records: list[Record]) -> np.ndarray:
    r"""Divide the first step's gradient by the last step's, before training.

    .. math:: \lVert \partial h_T / \partial x_1 \rVert \;/\;
        \lVert \partial h_T / \partial x_T \rVert

    Args:
        records: S runs, one or more, that were diagnosed; see
            `unrolled_lab.gradient_norms`.

    Returns:
        The ratio for each run, (S,).

    Raises:
        ValueError: no records, a run that was not diagnosed, or whose gradient
            by the last step is 0.

    Chapter: 08_thirty_steps.
    """
    norms = [record.gradient_norms for record in check_records(records)]
    if None in norms:
        name = records[norms.index(None)].name
        raise ValueError(
            f"records: expected runs with gradient_norms, got {name} without"
        )
    first, last = np.array([(steps[0], steps[-1]) for steps in norms]).T  # (S,)
    if not last.all():
        name = records[int(np.argmin(last))].name
        raise ValueError(
            "records: expected a gradient by the last step that is not 0, "
            f"got 0 in {name}"
        )
    return first / last


def check_records(records: list[Record]) -> list[Record]:
    """Return a list of records, if there are any in it.

    Raises:
        ValueError: no list, an empty one, something else than records in it.
    """
    check_type("records", records, list)
    if not records:
        raise ValueError("records: expected one or more, got []")
    for record in records:
        check_type("records", record, Record)
    return records
