"""What a run left behind: how it was made, its curves, its results."""

import json
import platform
import re
import subprocess
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import torch
from pydantic import (
    BeforeValidator,
    Field,
    NonNegativeFloat,
    PlainSerializer,
    PositiveInt,
    model_validator,
)

from unrolled._checks import check_names, insist
from unrolled._frozen import Frozen
from unrolled.train import Epoch, History, Score
from unrolled_lab.config import RunConfig

STATED = ("id", "name", "seed", "command")
"""Fields of the configuration that a record states for who reads the file."""


def columns(history: History) -> dict[str, Any]:
    """Turn a history into a column for each field of its epochs."""
    return {"stopped_early": history.stopped_early} | {
        name: history.column(name) for name in Epoch.model_fields
    }


def _of_columns(told: Any) -> Any:
    """Make a history of such columns."""
    if not isinstance(told, dict):
        return told
    names = [*Epoch.model_fields]
    check_names("history", told, ["stopped_early", *names])
    rows = zip(*(told[name] for name in names), strict=True)
    epochs = (Epoch(**dict(zip(names, row, strict=True))) for row in rows)
    return History(epochs=tuple(epochs), stopped_early=told["stopped_early"])


class Record(Frozen):
    """All that is kept of a run, but for its weights.

    Chapter: 08_thirty_steps.
    """

    format: Literal["unrolled record 1"]
    """What a record says of itself; the number counts the changes of form."""

    id: str
    """As of the configuration; and so are the next three: see `STATED`."""
    name: str
    seed: int
    command: str

    config: RunConfig
    """The run, as data."""

    history: Annotated[
        History, BeforeValidator(_of_columns), PlainSerializer(columns)
    ]
    """The curves, epoch by epoch; in the file, a column for each."""

    best_epoch: PositiveInt
    """The first epoch with the lowest validation loss, counted from 1."""

    test_best: Score
    """The test data, measured with the weights of the best epoch."""

    test_last: Score
    """The test data, measured with the weights of the last epoch."""

    parameters: PositiveInt
    """Numbers that the training could change."""

    gradient_norms: tuple[NonNegativeFloat, ...] | None
    """How much the final state depends on each step's input before the
    training, T numbers, in units of the state by input: see
    `unrolled_lab.gradient_norms`. None if not asked for."""

    gradient_ratios: tuple[NonNegativeFloat, ...] | None = None
    """The first step's of these by the last step's after each epoch, in fewer
    directions. None if not asked for."""

    versions: Annotated[
        dict[Literal["python", "torch", "numpy", "unrolled"], str],
        Field(min_length=4),
    ]
    """The versions of what computed it."""

    machine: str
    """System, processor, its instructions and, in newer records, its model, as
    these decide the last digit of a sum."""

    threads: PositiveInt
    """Threads that PyTorch used, as these do so, too."""

    seconds: NonNegativeFloat
    """Wall time in seconds: of all epochs, if resumed those of before as well,
    and of what was measured before and after them; not of what is done between
    two: new data, ratios, checkpoints."""

    date: Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")]
    """When the run ended, in UTC, as ``"2026-01-31T23:59:59Z"``."""

    @classmethod
    def of(cls, config: RunConfig, **results: Any) -> Self:
        """Make the record of a run that has just ended.

        Args:
            config: the run.
            **results: the fields from `history` to `gradient_ratios`, and
                `seconds`; decimal numbers are rounded to six significant
                digits.
        """
        told = {name: getattr(config, name) for name in STATED}
        told |= {"format": "unrolled record 1", "config": config.model_dump()}
        rounded = json.loads(json.dumps(results), parse_float=_six_digits)
        return cls.from_json(json.dumps(told | rounded | circumstances()))

    @model_validator(mode="after")
    def _suits(self) -> Self:
        """Insist on what suits the configuration."""
        config, epochs = self.config, len(self.history.epochs)
        told = {n: (getattr(self, n), getattr(config, n)) for n in STATED}
        told["best_epoch"] = (self.best_epoch, min(self.best_epoch, epochs))
        if not self.history.stopped_early:
            told["history"] = (epochs, config.train.epochs)
        norms = config.steps if config.diagnose else 0
        told["gradient_norms"] = (len(self.gradient_norms or ()), norms)
        ratios = epochs if config.trace else 0
        told["gradient_ratios"] = (len(self.gradient_ratios or ()), ratios)
        for name, (got, wanted) in told.items():
            where = f"{wanted!r}, as of this configuration"
            insist(name, got == wanted, where, got)
        return self

    def to_json(self) -> str:
        """Write all fields as one JSON object, each on a line of its own."""
        told = self.model_dump().items()
        lines = (f" {json.dumps(k)}: {json.dumps(v)}" for k, v in told)
        return "{\n" + ",\n".join(lines) + "\n}\n"


def _six_digits(number: str) -> float:
    """Round a decimal number to six significant digits."""
    return float(f"{float(number):.6g}")


def circumstances() -> dict[str, Any]:
    """Tell the fields of a record that do not depend on the run.

    Returns:
        The `versions`, `machine`, `threads` and `date` of this moment.

    Example:
        >>> [*circumstances()]
        ['versions', 'machine', 'threads', 'date']
    """
    instructions = torch.backends.cpu.get_cpu_capability()
    machine = f"{platform.system()} {platform.machine()} {instructions}"
    versions = {"python": platform.python_version()}
    versions["torch"] = str(torch.__version__)  # with its build
    versions |= {name: metadata.version(name) for name in ("numpy", "unrolled")}
    return {
        "versions": versions,
        "machine": ", ".join(filter(None, (machine, _processor()))),
        "threads": torch.get_num_threads(),
        "date": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
    }


def _processor() -> str:
    """Name the processor's model; empty where the system does not tell."""
    if platform.system() == "Darwin":
        ask = ["/usr/sbin/sysctl", "-n", "machdep.cpu.brand_string"]
        told = subprocess.run(ask, capture_output=True, text=True)
        return told.stdout.strip()
    about = Path("/proc/cpuinfo")
    told = about.read_text() if about.is_file() else ""
    named = re.search(r"^model name\s*:\s*(.+)$", told, re.MULTILINE)
    return named[1] if named else platform.processor()
