"""Where the records are, and how they are written and read.

``results/EXPERIMENT/NAME-ID.json`` is a run's record, and ``NAME-ID.pt`` beside
it its weights, if it keeps any. What an unfinished run needs to go on is in
``results/.unfinished``, which is no part of the repository. Everywhere in this
package `folder` is the one that holds all results: see `results_folder`.
"""

import contextlib
import fcntl
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from unrolled._checks import check_choice, check_type, insist
from unrolled.models.heads import Classifier
from unrolled.models.transformer import Transformer
from unrolled_lab.build import build_model
from unrolled_lab.config import Moment, RunConfig
from unrolled_lab.record import Record
from unrolled_lab.resume import (
    State,
    check_same,
    load_checkpoint,
    save_checkpoint,
    write_whole,
)

Folder = Path | str | None
"""The folder that holds all results, or None: see `results_folder`."""

KEPT_AS = torch.float16
"""The dtype of weights in files: half the size, each rounded by at most 1 part
in 2048, which moves an accuracy by a sequence in a thousand or so."""


def weights_of(
    model: nn.Module, dtype: torch.dtype = KEPT_AS
) -> dict[str, Tensor]:
    """Copy a model's weights, as they are kept in a file."""
    state = model.state_dict()
    return {name: v.to(dtype, copy=True) for name, v in state.items()}


@contextlib.contextmanager
def locked(made: Path) -> Iterator[None]:
    """Wait until no other process is at work on a file of the results.

    A worker outlives a sweep that was killed until its run is done. Who starts
    the sweep again waits here for that run, and finds what it has made. Once
    this is there, the file that is the lock is removed.
    """
    unfinished = made.parents[1] / ".unfinished" / made.parent.name
    unfinished.mkdir(parents=True, exist_ok=True)
    path = unfinished / f"{made.stem}.lock"
    with path.open("w") as file:  # closing it, or dying, unlocks
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
        if made.is_file():
            path.unlink(missing_ok=True)


@contextlib.contextmanager
def use_threads(count: int) -> Iterator[None]:
    """Let PyTorch use so many: another number gives other last digits."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def make_once(path: Path, make: Callable[[Path], object]) -> bool:
    """Let a file be made by one process, on one thread, unless it is there.

    `make` writes it, as a whole. Returns whether it was made now.
    """
    path.parent.mkdir(exist_ok=True)
    with locked(path), use_threads(1):
        if path.exists():
            return False
        make(path)
    return True


def results_folder(folder: Folder = None, *, create: bool = False) -> Path:
    """Find the folder that holds the records.

    Args:
        folder: where they are. None for those of this package: ``results`` in
            the repository that it was installed from, with ``pip install
            --editable``, as ``make`` does; or what came in its wheel.
        create: whether to make the folder if it was named and is not there;
            the one around it must be.

    Returns:
        The folder, which exists.

    Example:
        >>> results_folder(".")
        PosixPath('.')

    Chapter: 08_thirty_steps.
    """
    if folder is None:
        here = Path(__file__).resolve()
        is_repository = (here.parents[2] / "pyproject.toml").is_file()
        folder = (here.parents[2] if is_repository else here.parent) / "results"
    elif create:
        with contextlib.suppress(OSError, TypeError):  # told below
            Path(folder).mkdir(exist_ok=True)
    is_path = isinstance(folder, Path | str) and str(folder)
    if not is_path or not Path(folder).is_dir():
        raise ValueError(
            f"folder: expected a folder that exists, got {str(folder)!r:.200}"
        )
    return Path(folder)


class RunFiles:
    """The files of one run."""

    def __init__(self, config: RunConfig, folder: Folder) -> None:
        check_type("config", config, RunConfig)
        folder = results_folder(folder)
        name = f"{config.name}-{config.id}"
        self.record = folder / config.experiment / f"{name}.json"
        self.weights = self.record.with_suffix(".pt")
        unfinished = folder / ".unfinished" / config.experiment
        self.checkpoint = unfinished / f"{name}.pt"

    def lock(self) -> contextlib.AbstractContextManager[None]:
        """Wait until no other process works on this run: see `locked`."""
        return locked(self.record)

    def save(self, record: Record, weights: State) -> None:
        """Write the weights, by moment, and then the record, each as a whole.

        So where a record is, its weights are, too. Killed before, the run is
        done again from its checkpoint, which has all of its epochs.
        """
        self.record.parent.mkdir(parents=True, exist_ok=True)
        if weights:
            save_checkpoint(self.weights, {"id": record.config.id, **weights})
        with write_whole(self.record) as file:
            file.write(record.to_json().encode())
        self.checkpoint.unlink(missing_ok=True)


def load_record(path: Path | str) -> Record:
    """Read one record, from the file where its configuration belongs."""
    try:
        path = Path(path).absolute()  # also of a bare name
        record = Record.from_json(path.read_text(encoding="utf-8"))
    except (OSError, TypeError, ValueError) as error:
        raise ValueError(
            f"path {path!s:.150}: expected a record, got a file that is none "
            f"({error!s:.200})"
        ) from None
    home = RunFiles(record.config, path.parent.parent).record
    wanted = "the record of this name and folder"
    is_home, own = home == path, f"{home.parent.name}/{home.name}"
    insist(f"{path.name:.80}", is_home, wanted, own)
    return record


def load_records(experiment: str, folder: Folder = None) -> list[Record]:
    """Read all records of an experiment, sorted by group and seed.

    Chapter: 08_thirty_steps.
    """
    check_type("experiment", experiment, str)
    home = results_folder(folder) / experiment
    records = [load_record(path) for path in home.glob("*.json")]
    wanted = "one of python -m unrolled_lab list that has records"
    is_one = records != [] and home.name == experiment  # not "../another"
    insist("experiment", is_one, wanted, experiment)
    return sorted(records, key=lambda r: (r.config.group, r.config.seed))


def load_model(
    record: Record, moment: Moment, folder: Folder = None
) -> Classifier | Transformer:
    """Make the network of a run, with the weights that it had.

    Args:
        record: the run's record.
        moment: ``"best"`` or ``"last"``, if the run kept these weights, or
            ``"initial"``, which are drawn again from the seed if not.

    Returns:
        The model, in evaluation mode. Weights from a file are rounded: see
        `KEPT_AS`.

    Chapter: 09_gates.
    """
    check_type("record", record, Record)
    config, model = record.config, build_model(record.config).eval()
    check_choice("moment", moment, ("initial", *config.weights))
    if moment not in config.weights:
        return model
    path = RunFiles(config, folder).weights
    state = load_checkpoint(path)
    kept = dict.fromkeys(config.weights, weights_of(model))
    check_same(path.name, state, {"id": config.id, **kept})
    model.load_state_dict(state[moment])
    return model


def load_measurement(name: str, folder: Folder = None) -> Any:
    """Read what a program of ``bench`` or of this package measured once.

    `name` is the file's, without ending: ``"variants"``, ``"probes/seed0"``.

    Chapter: 09_gates.
    """
    folder = results_folder(folder).resolve()
    path = (folder / f"{name}.json").resolve()
    is_there = path.is_file() and path.is_relative_to(folder)
    insist("name", is_there, f"a file in {folder}", name)
    return json.loads(path.read_text(encoding="utf-8"))
