"""Checks of arguments, shared by the public functions."""

from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import ArrayLike


def check_array(
    name: str, value: ArrayLike, shape: Sequence[int | str] | None
) -> np.ndarray:
    """Return a copy of `value` as a float array, or say why it cannot be one.

    Args:
        name: what the caller's argument is called.
        value: the argument.
        shape: one entry per axis: a number is the size that is required, a
            name such as ``"N"`` stands for any size of 1 or more. None for
            any shape.

    Raises:
        ValueError: not numbers, another shape, an empty axis, NaN or infinite.
    """
    form = "any shape"
    if shape is not None:
        form = f"shape {tuple(shape)}".replace("'", "")
    array = _as_array(value)
    if array is None or array.dtype.kind not in "biuf":
        raise ValueError(
            f"{name}: expected numbers of {form}, got {value!r:.80}"
        )
    if shape is not None and not fits(array.shape, shape):
        raise ValueError(
            f"{name}: expected {form} with no empty axis, got {array.shape}"
        )
    if not np.isfinite(array).all():
        bad = array[~np.isfinite(array)].flat[0]
        raise ValueError(f"{name}: expected finite numbers, got {bad}")
    return array.astype(float)  # always a copy: nothing is shared


def _as_array(value: object) -> np.ndarray | None:
    """Return `value` as an array, or None if it is no plain array."""
    if isinstance(value, np.ma.MaskedArray):
        return None  # its hidden values would come back to life
    try:
        return np.asarray(value)
    except (TypeError, ValueError, RuntimeError):
        return None


def fits(shape: Sequence[int], wanted: Sequence[int | str]) -> bool:
    """Tell whether a shape is the wanted one."""
    return len(shape) == len(wanted) and all(
        size >= 1 if isinstance(want, str) else size == want
        for size, want in zip(shape, wanted, strict=True)
    )


def check_type(name: str, value: object, kind: type) -> None:
    """Insist on a value of this type.

    Raises:
        ValueError: a value of another type.
    """
    if not isinstance(value, kind):
        raise ValueError(
            f"{name}: expected a {kind.__name__}, got {value!r:.80}"
        )


def check_names(name: str, value: object, names: Collection[str]) -> None:
    """Insist on a dict with exactly these names.

    Raises:
        ValueError: no dict, missing or additional names.
    """
    if not isinstance(value, dict) or set(value) != set(names):
        got = [*value] if isinstance(value, dict) else value
        raise ValueError(f"{name}: expected {[*names]}, got {got!r:.80}")


def check_whole(name: str, value: int, minimum: int = 1) -> int:
    """Return `value` if it is a whole number of at least `minimum`.

    Raises:
        ValueError: not an integer (2.0 and True are not), or too small.
    """
    if not _is_scalar(value, "iu") or value < minimum:
        raise ValueError(
            f"{name}: expected a whole number of at least {minimum}, "
            f"got {value!r:.80}"
        )
    return int(value)


def check_number(
    name: str, value: float, wanted: str, *, minimum: float, below: float
) -> float:
    """Return `value` if it is a finite number with minimum <= value < below.

    Args:
        name: what the caller's argument is called.
        value: the argument.
        wanted: the range in words, for the message.
        minimum: the smallest value allowed.
        below: the smallest value not allowed any more.

    Raises:
        ValueError: not a number, NaN, infinite, or out of range.
    """
    is_finite = _is_scalar(value, "iuf") and np.isfinite(value)
    if not is_finite or not minimum <= value < below:
        raise ValueError(
            f"{name}: expected a number {wanted}, got {value!r:.80}"
        )
    return float(value)


def check_logits(
    logits: ArrayLike, labels: ArrayLike
) -> tuple[np.ndarray, np.ndarray]:
    """Return logits, (N, C), and labels, (N,), that suit each other.

    Args:
        logits: a score for each of two or more classes.
        labels: the true classes, whole numbers from 0 to C - 1.

    Raises:
        ValueError: other shapes, NaN or infinite values, labels out of range.
    """
    logits = check_array("logits", logits, ("N", "C"))
    if logits.shape[1] < 2:
        raise ValueError(
            f"logits: expected two classes or more, got {logits.shape[1]}"
        )
    return logits, check_labels(labels, logits.shape[0], logits.shape[1])


def check_labels(labels: ArrayLike, count: int, classes: int) -> np.ndarray:
    """Return this many labels, whole numbers from 0 to below `classes`.

    Raises:
        ValueError: another shape, no numbers, a label out of range.
    """
    labels = check_array("labels", labels, (count,))
    if not np.isin(labels, np.arange(classes)).all():
        raise ValueError(
            f"labels: expected whole numbers from 0 to {classes - 1}, got "
            f"{labels.min():g} to {labels.max():g}"
        )
    return labels.astype(int)


def _is_scalar(value: object, kinds: str) -> bool:
    """Tell whether `value` is one number of these kinds of dtype."""
    array = _as_array(value)
    return array is not None and array.ndim == 0 and array.dtype.kind in kinds
