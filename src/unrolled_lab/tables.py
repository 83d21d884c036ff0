"""What the records hold as tidy tables: a row for each run, or each epoch.

Only who asks for this module imports pandas.
"""

import numpy as np
import pandas as pd

from unrolled._checks import check, check_choice, check_type, insist
from unrolled.data import ArrayLike
from unrolled_lab.record import Record, columns


def runs(records: list[Record]) -> pd.DataFrame:
    r"""Put what each run was and what came of it into a row.

    Args:
        records: one or more, as `unrolled_lab.load_records` gives them.

    Returns:
        A row for each run, in their order. Its columns: the fields of its
        configuration and of its training; ``best_epoch``; ``loss_best``,
        ``accuracy_best``, ``loss_last`` and ``accuracy_last``, of the test
        data; ``parameters``, ``seconds``; and ``gradient_ratio``, the first
        step's gradient by the last step's before the training,
        :math:`\lVert \partial h_T / \partial x_1 \rVert \;/\;
        \lVert \partial h_T / \partial x_T \rVert`, NaN if it was not measured.

    Example:
        >>> from unrolled_lab import load_records
        >>> table = runs(load_records("published"))
        >>> table[["group", "seed", "loss_best"]].shape
        (5, 3)

    Chapter: 08_thirty_steps.
    """
    rows = []
    for record in _checked(records):
        norms = record.gradient_norms or (np.nan, np.nan)
        row = record.config.model_dump(exclude={"train"})
        row |= dict(record.config.train)
        for moment in ("best", "last"):
            score = getattr(record, f"test_{moment}")
            row |= {f"{name}_{moment}": v for name, v in score}
        for name in ("best_epoch", "parameters", "seconds"):
            row[name] = getattr(record, name)
        row["gradient_ratio"] = norms[0] / norms[-1] if norms[-1] else np.nan
        rows.append(row)
    return pd.DataFrame(rows)


def epochs(records: list[Record]) -> pd.DataFrame:
    """Put each epoch of each run into a row.

    Returns:
        A row for each epoch, by ``group``, ``seed`` and ``epoch``, from 1; its
        columns are the fields of `unrolled.train.Epoch`, and for runs that
        were traced ``gradient_ratio``, as in `runs`, after the epoch.

    Example:
        >>> from unrolled_lab import load_records
        >>> table = epochs(load_records("published"))
        >>> table["valid_accuracy"].unstack().shape  # 5 seeds by 100 epochs
        (5, 100)

    Chapter: 08_thirty_steps.
    """
    parts = []
    for record in _checked(records):
        part = pd.DataFrame(columns(record.history))
        part = part.drop(columns="stopped_early")
        part.insert(0, "group", record.config.group)
        part.insert(1, "seed", record.config.seed)
        part.insert(2, "epoch", part.index + 1)
        if record.gradient_ratios:
            part["gradient_ratio"] = record.gradient_ratios
        parts.append(part)
    return pd.concat(parts).set_index(["group", "seed", "epoch"])


def of_group(records: list[Record], group: str) -> list[Record]:
    """Choose the records of a group, such as ``"lstm-uniform-fb2"``.

    Chapter: 08_thirty_steps.
    """
    check_type("group", group, str)
    return [run for run in _checked(records) if run.config.group == group]


def by_epoch(
    records: list[Record], column: str, count: int | None = None
) -> np.ndarray:
    """Return a row for each run, a column for each of the first epochs.

    Args:
        records: as for `runs`.
        column: one of those of `epochs`, such as ``"valid_accuracy"``.
        count: of the epochs. Default: all.

    Chapter: 08_thirty_steps.
    """
    table = epochs(records)
    check_choice("column", column, [*table])
    return table[column].unstack("epoch").loc[:, :count].to_numpy()


def first_above(values: ArrayLike, level: float) -> int | None:
    """Find the first epoch in which a measurement is above a level.

    A level near to where the values hover is passed by chance alone: choose
    one that is a few standard errors away.

    Args:
        values: the measurement after epochs 1, 2, ..., (E,).
        level: what to compare with.

    Returns:
        The number of the epoch, counted from 1, or None if there is none.

    Example:
        >>> first_above([0.5, 0.7, 0.9, 0.8], 0.75)
        3

    Chapter: 08_thirty_steps.
    """
    values, level = check(values=(values, "E"), level=(level, ""))
    above = np.flatnonzero(values > level)
    return int(above[0]) + 1 if len(above) else None


def _checked(records: list[Record]) -> list[Record]:
    """Return a list of records, if there are any in it."""
    check_type("records", records, list)
    insist("records", records != [], "one or more", records)
    for record in records:
        check_type("records", record, Record)
    return records
