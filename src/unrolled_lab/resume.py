"""A training that can be killed: all of it in one file, read with care.

A checkpoint is a zip as `torch.save` writes it, of plain types only: dicts,
lists, numbers, texts and tensors. It is written so that a kill does no harm.
"""

import contextlib
import hashlib
import os
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import torch
from torch import Tensor, nn
from torch.utils.data import TensorDataset

from unrolled._checks import check_type, insist
from unrolled.train import History, TrainConfig, Training, fit

FORMAT = "unrolled checkpoint 1"
"""What a checkpoint says of itself: a file as described above. What is in it is
checked by those who read it, with `check_same`; that has no number."""

State = dict[str, Any]


def fit_resumably(
    model: nn.Module,
    train_set: TensorDataset,
    valid_set: TensorDataset,
    config: TrainConfig,
    path: Path,
    *,
    before: Callable[[int], object] = lambda epoch: None,
    after: Callable[[], float | None] = lambda: None,
) -> History:
    """Do what `fit` does, with a checkpoint after every epoch.

    Args:
        model: as for `fit`, like what is not told here.
        path: a file in a folder that exists. If it is there already, the
            training goes on where it ended, whatever weights the model has,
            and ends with the same bits as one that was never stopped; if it
            had finished, its history is returned at once. Another number of
            `epochs` is welcome, unless the file is past it. One process at a
            time.
        before: called with the number of the epoch to come, from 1, before it
            begins, and once more after the last. It may change the training
            data in place, if these are on the model's device.
        after: called after each epoch. What it gives is kept in the file, as
            ``"notes"``, a list.

    Returns:
        The history. A checkpoint of another training is refused: of another
        configuration, model, device, or other data. If it is of the same one,
        and whole, its state is taken as it is.
    """
    about, notes = _describe(model, train_set, valid_set, config), []

    def load(run: Training) -> None:
        if path.exists():
            state = load_checkpoint(path)
            check_same(path.name, state.pop("about", None), about)
            notes.extend(state.pop("notes"))
            load_state(run, state)
        before(len(run.history.epochs) + 1)

    def save(run: Training) -> None:
        notes.append(after())
        more = {"about": about, "notes": notes}
        save_checkpoint(path, state_of(run) | more)
        before(len(run.history.epochs) + 1)

    sets = train_set, valid_set
    return fit(model, *sets, config, on_start=load, on_epoch=save)


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


def load_state(run: Training, state: State) -> None:
    """Go on from a state of the same training; its `epochs` may differ."""
    epochs = History.from_json(state["history"]).epochs
    done, most = len(epochs), run.config.epochs
    insist("epochs", done <= most, f"at most {most}, as in config", done)
    run.optimizer.load_state_dict(state["optimizer"])
    run.scheduler.load_state_dict(state["scheduler"])
    run.model.load_state_dict(state["model"])
    run.tell(*epochs)
    run.best, run.streams.states = state["best"], state["random"]


def _describe(
    model: nn.Module,
    train_set: TensorDataset,
    valid_set: TensorDataset,
    config: TrainConfig,
) -> dict[str, object]:
    """Tell what must be the same when a training is resumed.

    Not the number of epochs: nothing before the last one depends on it.
    """
    about = config.model_dump(exclude={"epochs"})
    about["train_set"] = _fingerprint(train_set)
    about["valid_set"] = _fingerprint(valid_set)
    # A module's text shows what its weights do not, such as the dropout.
    for line, text in enumerate(str(model).splitlines(), 1):
        about[f"model (line {line})"] = text.strip()
    for name, value in model.state_dict(keep_vars=True).items():
        trained = ", trained" if value.requires_grad else ""
        about[name] = f"{_kind(value)} on {value.device.type}{trained}"
    return about


def _fingerprint(dataset: TensorDataset) -> str:
    """Describe a data set: a hash of its values, and its sizes.

    Example:
        >>> _fingerprint(TensorDataset(torch.zeros(5, 3), torch.arange(5)))
        '1340b72cb8203d15 of (5, 3) torch.float32, (5,) torch.int64'
    """
    digest = hashlib.sha256()
    for tensor in dataset.tensors:
        flat = tensor.detach().cpu().flatten().contiguous()  # (all entries,)
        digest.update(flat.view(torch.uint8).numpy().data)  # their bytes
    kinds = [_kind(tensor) for tensor in dataset.tensors]
    digest.update("; ".join(kinds).encode())
    return f"{digest.hexdigest()[:16]} of {', '.join(kinds)}"


def check_same(name: str, got: object, want: State) -> None:
    """Insist on the form of a state and its values, but for its tensors'."""
    check_type(f"{name:.80}", got, dict)
    there, here = form(got), form(want)
    others = [k for k in here | there if here.get(k) != there.get(k)]
    if others:
        was, now = (parts.get(others[0], "missing") for parts in (there, here))
        raise ValueError(
            f"{name:.80}: expected a checkpoint of the same training, got one "
            f"with another {', '.join(others):.90}; {others[0]:.30} is "
            f"{was:.60} (here {now:.60})"
        )


def form(value: object, place: str = "") -> dict[str, str]:
    """Say what a state is built of: each place's value, or shape and dtype.

    Example:
        >>> form({"weight": torch.zeros(2, 3), "lr": 0.1}, "a")
        {'a': 'dict', 'a.weight': '(2, 3) torch.float32', 'a.lr': '0.1'}
    """
    if isinstance(value, Tensor):
        return {place: _kind(value)}
    if not isinstance(value, dict):
        return {place: repr(value)}
    found = {place: "dict"}
    for key, part in value.items():
        found |= form(part, f"{place}.{key}".lstrip("."))
    return found


def _kind(tensor: Tensor) -> str:
    return f"{tuple(tensor.shape)} {tensor.dtype}"


def save_checkpoint(path: Path | str, state: State) -> None:
    """Write a checkpoint, so that at any moment a whole one is there.

    A process killed before the end leaves the old checkpoint, and a ``.tmp``
    file that the next call writes over. Two processes must not share a path.

    Raises:
        OSError: the disk is full, say; the old checkpoint is still there.
    """
    with write_whole(path) as file:
        torch.save({"format": FORMAT, **state}, file)


@contextlib.contextmanager
def write_whole(path: Path | str) -> Iterator[BinaryIO]:
    """Hand out a file to write, which then takes its place at one stroke.

    Yields:
        A second file beside the first, opened for bytes. At the end it goes
        down to the disk, and then takes the first one's name; or it is removed,
        if the block fails.
    """
    temporary = Path(f"{path}.tmp")
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
    damaged weight is noticed. All tensors come to the CPU.
    """
    name = f"{Path(path).name:.80}"
    try:
        with zipfile.ZipFile(path) as archive:
            damaged = archive.testzip()
        if damaged is not None:
            raise ValueError(f"another checksum in {damaged}")
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # a foreign file can fail in any way
        raise ValueError(
            f"{name}: expected a checkpoint, got a file that cannot be read "
            f"as one ({type(error).__name__}: {error!s:.100})"
        ) from error
    found = state.pop("format", None) if isinstance(state, dict) else state
    wanted = f"a checkpoint with the format {FORMAT!r}"
    insist(name, found == FORMAT, wanted, found)
    return state
