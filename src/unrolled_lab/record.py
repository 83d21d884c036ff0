"""What a run left behind: how it was made, its curves, its results."""

import datetime
import json
import platform
from importlib import metadata
from typing import Annotated, Any, Literal, Self

import numpy as np
import torch
from pydantic import (
    BeforeValidator,
    Field,
    NonNegativeFloat,
    PositiveInt,
    model_validator,
)

from unrolled.train import Epoch, History, Score
from unrolled_lab.config import Frozen, RunConfig, read_object

FORMAT = "unrolled record 1"
"""What a record says of itself; the number counts the changes of form."""

_DERIVED = ("id", "name", "seed", "command")
"""Told in the file for who reads it there; they follow from the rest."""


def _rounded(value: Any) -> Any:
    """Round all decimal numbers to six significant digits, to any depth."""
    if isinstance(value, float):
        return float(f"{value:.6g}")
    if isinstance(value, list | tuple):
        return tuple(map(_rounded, value))
    if isinstance(value, dict):
        return {name: _rounded(each) for name, each in value.items()}
    return value


def columns(history: History) -> dict[str, Any]:
    """Turn a history into a column for each field of its epochs."""
    return {"stopped_early": history.stopped_early} | {
        name: history.column(name) for name in vars(history.epochs[0])
    }


def _history(value: Any) -> Any:
    """Make a history of its columns."""
    if not isinstance(value, dict):
        return value
    told = _rounded(value)
    stopped_early, names = told.pop("stopped_early", None), [*told]
    rows = zip(*told.values(), strict=True)
    return History(
        epochs=tuple(
            Epoch(**dict(zip(names, row, strict=True))) for row in rows
        ),
        stopped_early=stopped_early,
    )


_Score = Annotated[
    Score,
    BeforeValidator(
        lambda value: Score(**_rounded(value)) if type(value) is dict else value
    ),
]


class Record(Frozen):
    """All that is kept of a run, but for its weights.

    Every decimal number is rounded to six significant digits.

    Chapter: 08_thirty_steps.
    """

    config: RunConfig
    """The run, as data."""

    history: Annotated[History, BeforeValidator(_history)]
    """The curves, epoch by epoch; in the file, a column for each."""

    best_epoch: PositiveInt
    """The first epoch with the lowest validation loss, counted from 1."""

    test_best: _Score
    """The test data, measured with the weights of the best epoch."""

    test_last: _Score
    """The test data, measured with the weights of the last epoch."""

    parameters: PositiveInt
    """Numbers that the training could change."""

    gradient_norms: Annotated[
        Annotated[tuple[NonNegativeFloat, ...], Field(strict=False)] | None,
        BeforeValidator(_rounded),
    ]
    """How much the final state depends on each step's input before the
    training, T numbers, in units of the state by input: see
    `unrolled_lab.gradient_norms`. None if not asked for."""

    versions: Annotated[
        dict[Literal["python", "torch", "numpy", "unrolled"], str],
        Field(min_length=4),
    ]
    """The versions of what computed it."""

    machine: str
    """System, processor and its instructions, as these decide the last digit
    of a sum."""

    threads: PositiveInt
    """Threads that PyTorch used, as these do so, too."""

    seconds: Annotated[NonNegativeFloat, BeforeValidator(_rounded)]
    """Wall time in seconds: of all epochs, if resumed those of before as well,
    and of what was measured after them."""

    date: Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")]
    """When the run ended, in UTC, as ``"2026-01-31T23:59:59Z"``."""

    @model_validator(mode="after")
    def _suits(self) -> Self:
        """Insist on what suits the configuration."""
        config, epochs = self.config, len(self.history.epochs)
        norms = len(self.gradient_norms or ())
        told = {
            "best_epoch": (self.best_epoch, min(self.best_epoch, epochs)),
            "history": (
                epochs,
                epochs if self.history.stopped_early else config.train.epochs,
            ),
            "gradient_norms": (norms, config.steps if config.diagnose else 0),
        }
        for name, (got, wanted) in told.items():
            if got != wanted:
                raise ValueError(f"{name}: expected {wanted}, got {got}")
        return self

    @property
    def name(self) -> str:
        """The name of the run."""
        return self.config.name

    def to_json(self) -> str:
        """Write all fields as one JSON object, each on a line of its own."""
        told = {"format": FORMAT}
        told |= {name: getattr(self.config, name) for name in _DERIVED}
        told |= self.model_dump() | {"history": columns(self.history)}
        lines = (f" {json.dumps(k)}: {json.dumps(v)}" for k, v in told.items())
        return "{\n" + ",\n".join(lines) + "\n}\n"

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what `to_json` has written."""
        told = read_object("Record", text)
        stated = {key: told.pop(key, None) for key in ("format", *_DERIVED)}
        record = cls(**told)
        follows = {key: getattr(record.config, key) for key in _DERIVED}
        for key, value in ({"format": FORMAT} | follows).items():
            if stated[key] != value:
                raise ValueError(
                    f"{key}: expected {value!r}, as of this configuration, "
                    f"got {stated[key]!r:.80}"
                )
        return record


def circumstances() -> dict[str, Any]:
    """Tell the fields of a record that do not depend on the run.

    Returns:
        The `versions`, `machine`, `threads` and `date` of this moment.

    Example:
        >>> [*circumstances()]
        ['versions', 'machine', 'threads', 'date']
    """
    now = datetime.datetime.now(datetime.UTC)
    instructions = torch.backends.cpu.get_cpu_capability()
    return {
        "versions": {
            "python": platform.python_version(),
            "torch": str(torch.__version__),
            "numpy": np.__version__,
            "unrolled": metadata.version("unrolled"),
        },
        "machine": f"{platform.system()} {platform.machine()} {instructions}",
        "threads": torch.get_num_threads(),
        "date": f"{now:%Y-%m-%dT%H:%M:%SZ}",
    }
