"""Checks of arguments at the public doors: what was expected, what came."""

import sys
from collections.abc import Collection, Iterable, Mapping, Sequence
from math import inf, isfinite
from typing import Any

import numpy as np


def check(sizes: Any = None, /, *, like: Any = None, **arguments: tuple) -> Any:
    """Return the arguments if they have these shapes and hold finite numbers.

    They come in their order, or alone if there is only one: tensors as they
    came; arrays as copies, float64 (int64 with a range).

    A shape is a text with a word for each axis: a letter stands for any size
    of 1 or more, and for the same size wherever it comes again, in this
    argument or in a later one; ``"..."`` alone is any shape. A tuple of sizes
    does as well. A `range` after the shape asks for whole numbers of it.

    In place of one array may stand a dict of shapes, for a dict of arrays; the
    class of a named tuple, with the shapes in its annotations, for one of them;
    or a list, of the word for its length and one shape, for a list of arrays.

    Args:
        sizes: what letters stand for beforehand, ``dict(D=3)``.
        like: a tensor, for tensors of its dtype, on its device (with a range:
            int64); the class ``torch.Tensor``, for tensors of any floating
            dtype. Default: arrays, or what NumPy can make one.
        arguments: by their names, (value, shape) or (value, shape, range).
    """
    known = {"": 1, **(sizes or {})}  # "" stands for no letter

    def checked(name: str, value: Any, form: Any, allowed: Any = None) -> Any:
        if isinstance(form, dict):
            check_names(name, value, form)
            pairs = {k: (value[k], each) for k, each in form.items()}
            parts = {k: checked(f"{name}[{k!r}]", *pairs[k]) for k in form}
            return {k: parts[k] for k in value}
        if isinstance(form, type):
            check_type(name, value, form)
            return form(*fields(name, form, value))
        if isinstance(form, list):
            length, each = form
            is_list = isinstance(value, list | tuple) and len(value) > 0
            is_right = is_list and _bind([len(value)], [length], known)
            wanted = f"a list or tuple of {_size(length, known)}"
            insist(name, is_right, wanted, value)
            if not isinstance(each, type):
                numbered = enumerate(value)
                return [checked(f"{name}[{k}]", v, each) for k, v in numbered]
            for row in value:
                check_type(name, row, each)
            columns = fields(name, each, zip(*value, strict=True), f"{length} ")
            return [each(*row) for row in zip(*columns, strict=True)]
        return _one(name, value, form, allowed, known, like)

    def fields(name: str, kind: Any, values: Iterable, axis: str = "") -> list:
        pairs = zip(kind.__annotations__.items(), values, strict=True)
        return [
            checked(f"{name}.{field}", value, axis + shape.dim_str)
            for (field, shape), value in pairs
        ]

    values = [checked(name, *argument) for name, argument in arguments.items()]
    return values[0] if len(values) == 1 else tuple(values)


def _one(name: str, value: Any, form: Any, allowed: Any, known: dict, like):
    axes = form.split() if isinstance(form, str) else [*map(str, form)]
    array = _as_array(value, "biuf") if like is None else _as_tensor(value)
    if array is None:
        kind = "numbers" if like is None else "a dense tensor"
        raise refusal(name, f"{kind} of {_shape(axes, known)}", repr(value))
    if like is not None:
        _check_tensor(name, array, like, allowed)
    if 0 in array.shape or not _bind(array.shape, axes, known):
        wanted = f"{_shape(axes, known)} with no empty axis"
        raise refusal(name, wanted, tuple(array.shape))
    bad = _bad_number(array, allowed)
    if bad is not None:
        wanted = "finite numbers"
        if allowed is not None:
            wanted = f"whole numbers from {allowed[0]} to {allowed[-1]}"
        raise refusal(name, wanted, f"{bad:g}")
    if like is not None:
        return array
    return array.astype(float if allowed is None else int)  # always a copy


def _parts(axis: str) -> tuple[int, str]:  # cached, torch.compile warns
    """Part ``"4*H"`` into its factor and its letter; a number has no letter."""
    factor, _, letter = axis.rpartition("*")
    return (int(letter), "") if letter.isdigit() else (int(factor or 1), letter)


def _size(axis: str, known: Mapping[str, int]) -> int | str:
    """Return the size of an axis, or its word if a letter is not bound yet."""
    factor, letter = _parts(axis)
    return factor * known[letter] if letter in known else axis


def _shape(axes: Sequence[str], known: Mapping[str, int]) -> str:
    if axes == ["..."]:
        return "any shape"
    return f"shape {tuple(_size(a, known) for a in axes)}".replace("'", "")


def _bind(shape: Sequence[int], axes: list[str], known: dict[str, int]) -> bool:
    """Bind the letters that are not bound yet, if all sizes fit; tell that."""
    if axes == ["..."]:
        return True
    if len(shape) != len(axes):
        return False
    bound = dict(known)
    for size, axis in zip(shape, axes, strict=True):
        factor, letter = _parts(axis)
        if size != factor * bound.setdefault(letter, size // factor):
            return False
    known |= bound
    return True


def _as_array(value: object, kinds: str) -> np.ndarray | None:
    """Return `value` as an array, or None if it is none of these kinds."""
    parts = value if isinstance(value, list | tuple) else [value]
    if any(isinstance(part, np.ma.MaskedArray) for part in parts):
        return None  # hidden values would come back to life
    try:
        array = np.asarray(value)
    except (TypeError, ValueError, RuntimeError):
        return None
    return array if array.dtype.kind in kinds else None


def _as_tensor(value: Any) -> Any:
    """Return `value`, or None if it is no dense tensor."""
    torch = sys.modules["torch"]  # is there, as a tensor is asked for
    is_dense = isinstance(value, torch.Tensor) and not value.is_nested
    return value if is_dense and value.layout == torch.strided else None


def _check_tensor(name: str, value: Any, like: Any, allowed: object) -> None:
    torch = sys.modules["torch"]
    same = isinstance(like, torch.Tensor)
    fits, wanted = value.is_floating_point(), "floating-point numbers"
    if allowed is not None:
        fits, wanted = value.dtype == torch.int64, "torch.int64"
    elif same:
        fits, wanted = value.dtype == like.dtype, f"{like.dtype}, as the others"
    insist(name, fits, wanted, value.dtype)
    if same and value.device != like.device:
        raise refusal(name, f"a tensor on {like.device}", value.device)


def _bad_number(values: Any, allowed: range | None) -> float | None:
    """Return a number that is not finite, or not of the range, if any is."""
    if isinstance(values, np.ndarray):
        good = np.isfinite(values)
        if allowed is not None:
            good = np.isin(values, allowed)
        return None if good.all() else values[~good].flat[0]
    if sys.modules["torch"].compiler.is_compiling():
        return None
    try:
        limits = [each.item() for each in values.detach().aminmax()]
    except RuntimeError:  # meta, fake, vmap: there are no numbers to look at
        return None
    is_good = isfinite if allowed is None else allowed.__contains__
    return next((each for each in limits if not is_good(each)), None)


def refusal(name: str, wanted: object, got: object) -> ValueError:
    """Make the error that says what was expected, and what came."""
    return ValueError(f"{name}: expected {wanted}, got {got!s:.80}")


def insist(name: str, is_right: bool, wanted: str, got: object) -> None:
    """Refuse a value that breaks a rule."""
    if not is_right:
        raise refusal(name, wanted, repr(got))


def check_type(name: str, value: object, kind: Any) -> None:
    """Insist on a value of this type."""
    wanted = f"a {getattr(kind, '__name__', kind)}"
    insist(name, isinstance(value, kind), wanted, value)


def check_varies(name: str, value: Any) -> None:
    """Insist on numbers that differ: their variance may be rounding alone."""
    differ = bool(value.min() < value.max())
    insist(name, differ, "numbers that differ", value)


def check_choice(name: str, value: str, choices: Collection[str]) -> str:
    """Return `value` if it is one of these texts."""
    is_right = isinstance(value, str) and value in choices
    insist(name, is_right, " or ".join(map(repr, choices)), value)
    return value


def check_names(name: str, value: object, names: Collection[str]) -> None:
    """Insist on a dict with exactly these names."""
    got = [*value] if isinstance(value, dict) else value
    is_right = isinstance(value, dict) and set(value) == set(names)
    insist(name, is_right, f"{[*names]}", got)


def check_int(name: str, value: int, minimum=1, maximum=inf) -> int:
    """Return `value` if it is an integer (2.0 is none) of this range."""
    array = _as_array(value, "iu")
    is_number = array is not None and not array.ndim
    is_right = is_number and minimum <= value <= maximum
    limit = f" and at most {maximum}" if maximum < inf else ""
    wanted = f"a whole number of at least {minimum}{limit}"
    insist(name, is_right, wanted, value)
    return int(value)


def check_float(name: str, value: float, wanted: str, minimum=-inf, below=inf):
    """Return `value` if it is a finite number with minimum <= value < below.

    `wanted` is the range in words, for the message: "from 0 to below 1".
    """
    array = _as_array(value, "iuf")
    is_number = array is not None and not array.ndim and np.isfinite(array)
    is_right = is_number and minimum <= value < below
    insist(name, bool(is_right), f"a number {wanted}", value)
    return float(value)
