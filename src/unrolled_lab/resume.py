"""A training that can be killed: all of it in one file, read with care.

A checkpoint is a zip as `torch.save` writes it, of plain types only: dicts,
lists, numbers, texts and tensors. It is written so that a kill does no harm.
"""

import contextlib
import copy
import hashlib
import os
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import torch
from torch import Tensor, nn
from torch.utils.data import TensorDataset

from unrolled._checks import check_names, check_type, insist
from unrolled.train import History, TrainConfig, Training, fit

FORMAT = "unrolled checkpoint 1"
"""What a checkpoint says of itself: a file as described above. What is in it is
checked by those who read it, such as `load_state`; that has no number."""

State = dict[str, Any]


def fit_resumably(
    model: nn.Module,
    train_set: TensorDataset,
    valid_set: TensorDataset | None,
    config: TrainConfig,
    path: Path | str,
    *,
    before: Callable[[int], object] = lambda epoch: None,
    after: Callable[[], float | None] = lambda: None,
    progress: bool = False,
) -> History:
    """Do what `fit` does, with a checkpoint after every epoch.

    Args:
        model: as for `fit`.
        train_set: as for `fit`.
        valid_set: as for `fit`.
        config: as for `fit`.
        progress: as for `fit`.
        path: a file in a folder that exists. If it is there already, the
            training goes on where it ended, whatever weights the model has,
            and ends with the same bits as one that was never stopped; if it
            had finished, its history is returned at once. Another number of
            `epochs` is welcome, unless the file is past it. One process at a
            time.
        before: called with the number of the epoch to come, from 1, before it
            begins. It may change the training data in place, if these are on
            the model's device.
        after: called after each epoch. What it gives is kept in the file, as
            ``"notes"``, a list.

    Returns:
        The history. A checkpoint of another training is refused: of another
        configuration, model, device, or other data.
    """
    path = check_path(path)
    about = _describe(model, train_set, valid_set, config)
    notes: list[float | None] = []

    def load(run: Training) -> None:
        if path.exists():
            state = load_checkpoint(path)
            check_same(path.name, state.pop("about", None), about)
            kept = state.pop("notes", None)
            load_state(run, state, f"{path.name:.80}")
            done = len(run.history.epochs)
            is_right = isinstance(kept, list) and len(kept) == done
            insist(f"{path.name:.80}, notes", is_right, f"{done} of them", kept)
            notes.extend(kept)
        begin(run)

    def save(run: Training) -> None:
        notes.append(after())
        more = {"about": about, "notes": notes}
        save_checkpoint(path, state_of(run) | more)
        begin(run)

    def begin(run: Training) -> None:
        done = len(run.history.epochs)
        if done < config.epochs and not run.history.stopped_early:
            before(done + 1)

    hooks = {"on_start": load, "on_epoch": save}
    return fit(model, train_set, valid_set, config, **hooks, progress=progress)


def state_of(run: Training) -> State:
    """Return all that a training needs to go on, of plain types.

    It shares the training's tensors: write it to a file, or `copy.deepcopy` it.
    """
    return {
        "config": run.config.model_dump(),
        "history": run.history.to_json(),
        "model": dict(run.model.state_dict()),
        "best": run.best,
        "optimizer": run.optimizer.state_dict(),
        "scheduler": run.scheduler.state_dict(),
        "random": run.streams.states,
    }


def load_state(run: Training, state: State, name: str = "state") -> None:
    """Go on from a state of this configuration; its `epochs` may differ."""
    check_names(name, state, state_of(run))
    state = copy.deepcopy(state)  # or the caller's would change
    before = copy.deepcopy(run.model.state_dict())
    try:
        epochs = History.from_json(state["history"]).epochs
        _check_state(run, state, len(epochs))
        run.optimizer.load_state_dict(state["optimizer"])
        run.scheduler.load_state_dict(state["scheduler"])
        if run.best is not None:
            run.model.load_state_dict(state["best"])
        run.model.load_state_dict(state["model"])
    except Exception as error:  # what does not suit can fail in any way
        run.model.load_state_dict(before)
        raise ValueError(
            f"{name}: expected one of this training, got one that does not "
            f"suit ({error!s:.200})"
        ) from error
    run.tell(*epochs)
    run.best, run.streams.states = state["best"], state["random"]


def _check_state(run: Training, state: State, done: int) -> None:
    """Insist on what is loaded unseen, or would change what is done."""
    most = run.config.epochs
    insist("epochs", done <= most, f"at most {most}, as in config", done)
    for name, value in run.config.model_dump(exclude={"epochs"}).items():
        _check_equal(name, state["config"][name], value)
    for kind in run.streams.states:
        torch.Generator(kind).set_state(state["random"][kind])
    _check_equal("best", [*(state["best"] or [])], [*(run.best or [])])
    scheduler, optimizer = state["scheduler"], state["optimizer"]
    now = {"last_epoch": done, "_step_count": done + 1}
    now["_last_lr"] = [lr] = scheduler["_last_lr"]
    _check_equal("scheduler", scheduler, run.scheduler.state_dict() | now)
    [group] = run.optimizer.state_dict()["param_groups"]
    wanted = [group | {"lr": lr}]
    _check_equal("param_groups", optimizer["param_groups"], wanted)
    name = "whether the optimizer has averages"
    _check_equal(name, optimizer["state"] != {}, done > 0)
    for number, averages in optimizer["state"].items():
        parameter = run.parameters[number]
        shapes = dict.fromkeys(["exp_avg", "exp_avg_sq"], parameter.shape)
        shapes["step"] = ()
        found = {name: value.shape for name, value in averages.items()}
        _check_equal(f"shapes of average {number}", found, shapes)


def _check_equal(name: str, there: object, here: object) -> None:
    """Insist on the same value in a state as in this training."""
    if there != here:
        raise ValueError(f"{name} is {there}, not {here}")


def _describe(
    model: nn.Module,
    train_set: TensorDataset,
    valid_set: TensorDataset | None,
    config: TrainConfig,
) -> dict[str, object]:
    """Tell what must be the same when a training is resumed.

    Not the number of epochs: nothing before the last one depends on it.
    """
    check_type("model", model, nn.Module)
    check_type("config", config, TrainConfig)
    about = config.model_dump(exclude={"epochs"})
    about["train_set"] = _fingerprint("train_set", train_set)
    about["valid_set"] = "none"
    if valid_set is not None:
        about["valid_set"] = _fingerprint("valid_set", valid_set)
    # A module's text shows what its weights do not, such as the dropout.
    for line, text in enumerate(str(model).splitlines(), 1):
        about[f"model (line {line})"] = text.strip()
    for name, value in model.state_dict(keep_vars=True).items():
        trained = ", trained" if value.requires_grad else ""
        about[name] = f"{_kind(value)} on {value.device.type}{trained}"
    return about


def _fingerprint(name: str, dataset: TensorDataset) -> str:
    """Describe a data set: a hash of its values, and its sizes.

    Args:
        name: what the caller's argument is called.
        dataset: the tensors.

    Example:
        >>> data = TensorDataset(torch.zeros(5, 3), torch.arange(5))
        >>> _fingerprint("train_set", data)
        '1340b72cb8203d15 of (5, 3) torch.float32, (5,) torch.int64'
    """
    check_type(name, dataset, TensorDataset)
    digest = hashlib.sha256()
    for tensor in dataset.tensors:
        flat = tensor.detach().cpu().flatten().contiguous()  # (all entries,)
        digest.update(flat.view(torch.uint8).numpy().data)  # their bytes
    kinds = [_kind(tensor) for tensor in dataset.tensors]
    digest.update("; ".join(kinds).encode())
    return f"{digest.hexdigest()[:16]} of {', '.join(kinds)}"


def check_same(name: str, got: State, want: State) -> None:
    """Insist on the values of a flat dict, and name those that differ."""
    check_type(f"{name:.80}", got, dict)
    differing = {}
    for key in {**want, **got}:
        there = repr(got[key]) if key in got else "missing"
        here = repr(want[key]) if key in want else "missing"
        if there != here:
            differing[str(key)] = f"{there:.60} (here {here:.60})"
    if differing:
        first = next(iter(differing))
        raise ValueError(
            f"{name:.80}: expected a checkpoint of the same training, got one "
            f"with another {', '.join(differing):.90}; {first:.30} is "
            f"{differing[first]}"
        )


def form(value: object, place: str = "") -> dict[str, str]:
    """Say what a state is built of: each place's type, or shape and dtype.

    Example:
        >>> form({"weight": torch.zeros(2, 3)}, "model")
        {'model': 'dict', 'model.weight': '(2, 3) torch.float32'}
    """
    if isinstance(value, Tensor):
        return {place: _kind(value)}
    found = {place: type(value).__name__}
    if isinstance(value, list | tuple):
        value = dict(enumerate(value))
    if isinstance(value, dict):
        for key, part in value.items():
            found |= form(part, f"{place}.{key}".lstrip("."))
    return found


def _kind(tensor: Tensor) -> str:
    return f"{tuple(tensor.shape)} {tensor.dtype}"


def check_path(path: Path | str) -> Path:
    """Return the path of a file that could be written here."""
    if not isinstance(path, Path | str) or not str(path):
        raise ValueError(f"path: expected a path, got {path!r:.80}")
    path = Path(path)
    if path.is_dir() or not path.parent.is_dir():
        raise ValueError(
            "path: expected a file in a folder that exists, got "
            f"{str(path)!r:.200}"
        )
    return path


def save_checkpoint(path: Path | str, state: State) -> None:
    """Write a checkpoint, so that at any moment a whole one is there.

    A process killed before the end leaves the old checkpoint, and a ``.tmp``
    file that the next call writes over. Two processes must not share a path.

    Args:
        path: the file, in a folder that exists.
        state: what to keep, of plain types.

    Raises:
        OSError: the disk is full, say; the old checkpoint is still there.
    """
    check_type("state", state, dict)
    with write_whole(path) as file:
        torch.save({"format": FORMAT, **state}, file)


@contextlib.contextmanager
def write_whole(path: Path | str) -> Iterator[BinaryIO]:
    """Hand out a file to write, which then takes its place at one stroke.

    Args:
        path: the file, in a folder that exists.

    Yields:
        A second file beside the first, opened for bytes. At the end it goes
        down to the disk, and then takes the first one's name; or it is removed,
        if the block fails.
    """
    path = check_path(path)
    temporary = path.with_name(path.name + ".tmp")
    try:
        with temporary.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def load_checkpoint(path: Path | str) -> State:
    """Read a checkpoint, and run nothing that it may hold.

    PyTorch makes only plain types of what it reads (``weights_only``), but
    does not look at the file's checksums; they are compared here, so that a
    damaged weight is noticed.

    Args:
        path: what `save_checkpoint` has written.

    Returns:
        The state that was saved, its tensors on the CPU.
    """
    path = check_path(path)
    try:
        with path.open("rb") as file:
            with zipfile.ZipFile(file) as archive:
                for info in archive.infolist():
                    if info.compress_type != zipfile.ZIP_STORED:
                        # Never by torch.save; it could unpack to any size.
                        raise ValueError(f"{info.filename} is compressed")
                damaged = archive.testzip()
            if damaged is not None:
                raise ValueError(f"another checksum in {damaged}")
            file.seek(0)
            state = torch.load(file, map_location="cpu", weights_only=True)
        form(state)  # what holds itself has no end
    except Exception as error:  # a foreign file can fail in any way
        raise ValueError(
            f"{path.name:.80}: expected a checkpoint, got a file that cannot "
            f"be read as one ({type(error).__name__}: {error!s:.100})"
        ) from error
    found = state.pop("format", None) if isinstance(state, dict) else state
    if found != FORMAT:
        raise ValueError(
            f"{path.name:.80}: expected a checkpoint with the format "
            f"{FORMAT!r}, got {found!r:.80}"
        )
    return state
