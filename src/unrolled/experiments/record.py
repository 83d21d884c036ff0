"""What a run left behind: how it was made, its curves, its results."""

from __future__ import annotations

import datetime
import json
import platform
import re
import subprocess
from dataclasses import asdict, dataclass, fields
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import torch

from unrolled import _fields
from unrolled._checks import check_names, check_type, check_whole
from unrolled.experiments.config import RunConfig
from unrolled.train import Epoch, History, Score

FORMAT = "unrolled record 1"
"""What a record says of itself; the number counts the changes of form."""

VERSIONED = ("python", "torch", "numpy", "unrolled")

_DERIVED = ("id", "name", "seed", "command")
"""Told in the file for who reads it there; they follow from the rest."""


@dataclass(frozen=True, kw_only=True)
class Record:
    """All that is kept of a run, but for its weights.

    Every decimal number is rounded to six significant digits.

    Raises:
        ValueError: a field of another type or out of its range, or one that
            does not suit the configuration.

    Chapter: 08_thirty_steps.
    """

    config: RunConfig
    """The run, as data."""

    history: History
    """The curves, epoch by epoch."""

    best_epoch: int
    """The first epoch with the lowest validation loss, counted from 1."""

    test_best: Score
    """The test data, measured with the weights of the best epoch."""

    test_last: Score
    """The test data, measured with the weights of the last epoch."""

    parameters: int
    """Numbers that the training could change."""

    gradient_norms: tuple[float, ...] | None
    """How much the final state depends on each step's input before the
    training, T numbers, in units of the state by input: see
    `unrolled.experiments.gradient_norms`. None if not asked for."""

    versions: dict[str, str]
    """The versions of Python, torch, numpy and unrolled."""

    machine: str
    """System, processor, its instructions and, in newer records, its model, as
    these decide the last digit of a sum."""

    threads: int
    """Threads that PyTorch used, as these do so, too."""

    seconds: float
    """Wall time in seconds: of all epochs, if resumed those of before as well,
    and of what was measured after them."""

    date: str
    """When the run ended, in UTC, as ``"2026-01-31T23:59:59Z"``."""

    def __post_init__(self) -> None:
        checks = {
            "config": partial(_check_kind, kind=RunConfig),
            "history": _check_history,
            "best_epoch": check_whole,
            "test_best": _check_score,
            "test_last": _check_score,
            "parameters": check_whole,
            "gradient_norms": _fields.optional(_check_norms),
            "versions": _check_versions,
            "machine": partial(_check_kind, kind=str),
            "threads": check_whole,
            "seconds": _check_rounded,
            "date": _check_date,
        }
        _fields.set_checked(self, checks)
        config, done = self.config, len(self.history.epochs)
        told = {
            "best_epoch": (self.best_epoch <= done, self.best_epoch),
            "history": (
                done == config.train.epochs or self.history.stopped_early,
                f"{done} epochs",
            ),
            "gradient_norms": (
                len(self.gradient_norms or ())
                == (config.steps if config.diagnose else 0),
                f"{len(self.gradient_norms or ())} numbers",
            ),
        }
        for name, (suits, value) in told.items():
            if not suits:
                raise ValueError(
                    f"{name}: expected what suits {config.train.epochs} epochs "
                    f"of {config.steps} steps with diagnose={config.diagnose}, "
                    f"got {value}"
                )

    @property
    def name(self) -> str:
        """The name of the run."""
        return self.config.name

    def to_json(self) -> str:
        """Write all fields as one JSON object, each on a line of its own."""
        told: dict[str, Any] = {"format": FORMAT}
        told |= {name: getattr(self.config, name) for name in _DERIVED}
        told |= asdict(self)
        told["history"] = {"stopped_early": self.history.stopped_early} | {
            field.name: self.history.column(field.name)
            for field in fields(Epoch)
        }
        lines = (f" {json.dumps(k)}: {json.dumps(v)}" for k, v in told.items())
        return "{\n" + ",\n".join(lines) + "\n}\n"

    @classmethod
    def from_json(cls, text: str) -> Record:
        """Read what `to_json` has written.

        Args:
            text: a JSON object with every field and no other.

        Raises:
            ValueError: no JSON, missing or unknown fields, a field of another
                type or out of its range, an id that is not that of the
                configuration.
        """
        value = _fields.read_object("Record", text)
        check_type("Record", value, dict)
        own = (field.name for field in fields(cls))
        check_names("Record", value, ["format", *_DERIVED, *own])
        told = {name: value.pop(name) for name in ("format", *_DERIVED)}
        value["config"] = RunConfig.from_dict(value["config"])
        wanted = {"format": FORMAT} | {
            name: getattr(value["config"], name) for name in _DERIVED
        }
        for name, want in wanted.items():
            if told[name] != want:
                raise ValueError(
                    f"{name}: expected {want!r}, as of this configuration, "
                    f"got {told[name]!r:.80}"
                )
        value["history"] = _history(value["history"])
        for name in ("test_best", "test_last"):
            value[name] = _fields.make(Score, value[name])
        if isinstance(value["gradient_norms"], list):
            value["gradient_norms"] = tuple(value["gradient_norms"])
        return _fields.make(cls, value)


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
    machine = f"{platform.system()} {platform.machine()} {instructions}"
    return {
        "versions": {
            "python": platform.python_version(),
            "torch": torch.__version__,
            "numpy": np.__version__,
            "unrolled": metadata.version("unrolled"),
        },
        "machine": ", ".join(filter(None, (machine, _processor()))),
        "threads": torch.get_num_threads(),
        "date": f"{now:%Y-%m-%dT%H:%M:%SZ}",
    }


def _processor() -> str:
    """Name the processor's model; empty where the system does not tell."""
    if platform.system() == "Darwin":
        ask = ["/usr/sbin/sysctl", "-n", "machdep.cpu.brand_string"]
        return subprocess.run(
            ask, capture_output=True, text=True
        ).stdout.strip()
    about = Path("/proc/cpuinfo")
    told = about.read_text() if about.is_file() else ""
    named = re.search(r"^model name\s*:\s*(.+)$", told, re.MULTILINE)
    return named[1] if named else platform.processor()


def _history(value: object) -> History:
    """Make a history of its columns."""
    names = [field.name for field in fields(Epoch)]
    check_names("history", value, ["stopped_early", *names])
    lengths = set()
    for name in names:
        check_type(f"history.{name}", value[name], list)
        lengths.add(len(value[name]))
    if len(lengths) > 1:
        raise ValueError(
            f"history: expected columns of one length, got {sorted(lengths)}"
        )
    rows = zip(*(value[name] for name in names), strict=True)
    epochs = (Epoch(**dict(zip(names, row, strict=True))) for row in rows)
    return History(tuple(epochs), value["stopped_early"])


def _rounded(value: float | None) -> float | None:
    """Round to six significant digits."""
    return None if value is None else float(f"{value:.6g}")


def _check_kind(name: str, value: Any, kind: type) -> Any:
    """Insist on a type, and return the value."""
    check_type(name, value, kind)
    return value


def _check_rounded(name: str, value: float) -> float:
    return _rounded(_fields.check_not_negative(name, value))


def _check_score(name: str, value: Score) -> Score:
    check_type(name, value, Score)
    return Score(_rounded(value.loss), _rounded(value.accuracy))


def _check_history(name: str, value: History) -> History:
    check_type(name, value, History)
    epochs = (
        Epoch(**{key: _rounded(number) for key, number in vars(epoch).items()})
        for epoch in value.epochs
    )
    return History(tuple(epochs), value.stopped_early)


def _check_norms(name: str, value: tuple[float, ...]) -> tuple[float, ...]:
    check_type(name, value, tuple)
    return tuple(_check_rounded(name, number) for number in value)


def _check_versions(name: str, value: dict[str, str]) -> dict[str, str]:
    check_names(name, value, VERSIONED)
    for key, version in value.items():
        check_type(f"{name}.{key}", version, str)
    return dict(value)


def _check_date(name: str, value: str) -> str:
    check_type(name, value, str)
    try:
        datetime.datetime.strptime(value, "%Y-%m-%dT%H:%M:%SZ")
    except ValueError:
        raise ValueError(
            f"{name}: expected a date as 2026-01-31T23:59:59Z, "
            f"got {value!r:.80}"
        ) from None
    return value
