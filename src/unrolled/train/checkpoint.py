"""A training in one file: written so that a kill does no harm, read with care.

A checkpoint is a zip as `torch.save` writes it, of plain types only: dicts,
lists, numbers, texts and tensors.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import torch
from torch import Tensor
from torch.utils.data import TensorDataset

from unrolled._checks import check_type

FORMAT = "unrolled checkpoint 1"
"""What a checkpoint says of itself; the number counts the changes of form."""

State = dict[str, Any]


def check_path(path: Path | str) -> Path:
    """Return the path of a file that could be written here.

    Raises:
        ValueError: no path, a folder, or one in a folder that is not there.
    """
    if not isinstance(path, Path | str) or not str(path):
        raise ValueError(f"checkpoint: expected a path, got {path!r:.80}")
    path = Path(path)
    if path.is_dir() or not path.parent.is_dir():
        raise ValueError(
            "checkpoint: expected a file in a folder that exists, got "
            f"{str(path)!r:.200}"
        )
    return path


def save_checkpoint(path: Path | str, state: State) -> None:
    """Write a checkpoint, so that at any moment a whole one is there.

    The state goes to a second file beside the first, down to the disk, and
    then takes the first one's name: one step, which happens or does not. A
    process killed before leaves the old checkpoint, and a ``.tmp`` file that
    the next call writes over. Two processes must not share a path.

    Args:
        path: the file, in a folder that exists.
        state: what to keep, of plain types.

    Raises:
        ValueError: no such path, a state that is no dict.
        OSError: the disk is full, say; the old checkpoint is still there.
    """
    check_path(path)
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

    Raises:
        ValueError: no such path.
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

    Raises:
        ValueError: no such file, a foreign, cut or damaged one.
    """
    path = check_path(path)
    try:
        with path.open("rb") as file:
            with zipfile.ZipFile(file) as archive:
                packed = [
                    info.filename
                    for info in archive.infolist()
                    if info.compress_type != zipfile.ZIP_STORED
                ]
                if packed:  # never by torch.save; could unpack to any size
                    raise ValueError(f"{packed[0]} is compressed")
                damaged = archive.testzip()
            if damaged is not None:
                raise ValueError(f"another checksum in {damaged}")
            file.seek(0)
            state = torch.load(
                file, map_location="cpu", weights_only=True, mmap=False
            )
            form(state)  # one that holds itself has no end
    except Exception as error:  # a foreign file can fail in any way
        raise ValueError(
            f"{path.name:.80}: expected a checkpoint, got a file that cannot "
            f"be read as one ({type(error).__name__}: {error!s:.100})"
        ) from error
    if not isinstance(state, dict) or state.get("format") != FORMAT:
        found = state.get("format") if isinstance(state, dict) else state
        raise ValueError(
            f"{path.name:.80}: expected a checkpoint with the format "
            f"{FORMAT!r}, got {found!r:.80}"
        )
    del state["format"]
    return state


def fingerprint(dataset: TensorDataset | None) -> str:
    """Describe a data set: a hash of its values, and its sizes.

    Args:
        dataset: the tensors; None for no data set.

    Raises:
        ValueError: no `TensorDataset`.

    Example:
        >>> fingerprint(TensorDataset(torch.zeros(5, 3), torch.arange(5)))
        '1340b72cb8203d15 of (5, 3) torch.float32, (5,) torch.int64'
    """
    if dataset is None:
        return "none"
    check_type("dataset", dataset, TensorDataset)
    digest = hashlib.sha256()
    sizes = []
    for tensor in dataset.tensors:
        sizes.append(f"{tuple(tensor.shape)} {tensor.dtype}")
        flat = tensor.detach().cpu().flatten().contiguous()  # (all entries,)
        digest.update(flat.view(torch.uint8).numpy())  # their bytes
    digest.update("; ".join(sizes).encode())
    return f"{digest.hexdigest()[:16]} of {', '.join(sizes)}"


def check_same(name: str, got: State, want: State) -> None:
    """Insist on the values of a flat dict, and name those that differ.

    Raises:
        ValueError: another value, a missing or an unknown name.
    """
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
        return {place: f"{tuple(value.shape)} {value.dtype}"}
    found = {place: type(value).__name__}
    if isinstance(value, list | tuple):
        value = dict(enumerate(value))
    if isinstance(value, dict):
        for key, part in value.items():
            found |= form(part, f"{place}.{key}".lstrip("."))
    return found
