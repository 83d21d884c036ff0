"""What a student's code returned: compared, and described in words."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from unrolled._checks import check_array

_SHOWN = 6  # values of a list
_OPERATIONS = 1000  # more than lead to any number of an exercise


def differences(
    came: Any, right: Any, place: str, tolerance: float
) -> Iterator[tuple[str, str]]:
    """Say what was expected and what came, for each part that differs."""
    if isinstance(right, dict):
        if not isinstance(came, dict) or set(came) != set(right):
            yield describe(right, "a number") + place, describe(came) + place
            return
        parts = [(came[key], right[key], f"[{key!r}]") for key in right]
    elif isinstance(right, tuple | list):
        is_row = isinstance(came, tuple | list) or np.ndim(as_array(came)) > 0
        if not is_row or len(came) != len(right):
            yield describe(right, "a number") + place, describe(came) + place
            return
        pairs = zip(came, right, strict=True)
        parts = [(*pair, f"[{k}]") for k, pair in enumerate(pairs)]
    else:
        yield from _different_numbers(came, right, place, tolerance)
        return
    for part, right_part, key in parts:
        at = f"{place or ' at '}{key}"
        yield from differences(part, right_part, at, tolerance)


def _different_numbers(
    came: Any, right: Any, place: str, tolerance: float
) -> Iterator[tuple[str, str]]:
    """Say where two arrays differ most, if they do."""
    if hasattr(right, "detach"):
        right = right.detach()
    right, array = check_array("right", right, None), as_array(came)
    if array is not None and right.ndim == 0 and array.size == 1:
        array = array.reshape(())
    if array is None or array.shape != right.shape:
        yield describe(right, "a number") + place, describe(came) + place
        return
    tolerance = max(tolerance, _rounding(came))
    gaps = np.where(np.isfinite(array), np.abs(array - right), np.inf)
    worst = np.unravel_index(gaps.argmax(), gaps.shape)
    if gaps[worst] > tolerance * max(1.0, np.abs(right).max()):
        if worst:
            place = f"{place or ' at '}[{', '.join(map(str, worst))}]"
        yield f"{right[worst]:.8g}{place}", f"{array[worst]:.8g}{place}"


def _rounding(value: Any) -> float:
    """Say how far float32 may lead off; other dtypes are not waited for."""
    is_single = str(getattr(value, "dtype", "")).endswith("float32")
    return _OPERATIONS * float(np.finfo(np.float32).eps) if is_single else 0.0


def as_array(value: Any) -> np.ndarray | None:
    """Return numbers as an array, a tensor's too; None if it has none."""
    if hasattr(value, "detach"):
        value = value.detach()
    try:
        array = np.asarray(value)
    except (TypeError, ValueError, RuntimeError):
        return None
    is_number = array.dtype.kind in "biuf" and array.size
    return array.astype(float) if is_number else None


def as_number(value: Any) -> float | None:
    """Return one number, however it is wrapped; None if it is none."""
    array = as_array(value)
    return None if array is None or array.size != 1 else array.item()


def describe(value: Any, number: str = "") -> str:
    """Say what kind of thing a value is: its names, its shape, its number.

    With `number`, that stands for each number.
    """
    if isinstance(value, dict):
        parts = [f"{k}: {describe(part, number)}" for k, part in value.items()]
        return f"a dict with {', '.join(parts)}" if parts else "an empty dict"
    if isinstance(value, tuple | list):
        parts = [describe(part, number) for part in value[:_SHOWN]]
        more = ", ..." * (len(value) > _SHOWN)
        return f"{len(value)} values: {', '.join(parts)}{more}"
    if hasattr(value, "shape") and np.shape(value):
        is_object = isinstance(value, np.ndarray) and value.dtype.kind == "O"
        what = " of objects, not of numbers" * is_object
        return f"an array of shape {tuple(value.shape)}{what}"
    array = as_array(value)
    if array is not None and array.ndim == 0:
        return number or f"{array:.8g}"
    return f"{value!r:.80}"
