"""What the exercises' checks share: failures that help.

A check compares what a student's code computes with what must come, on fixed
random inputs. If they differ, `CheckFailed` says in three lines what was
expected, what came and where to look, without a traceback.
"""

import textwrap
from collections.abc import Iterator
from typing import Any

import numpy as np

from unrolled._checks import check, check_float, check_int

_SHOWN = 6  # values of a list
_WIDTH = 76  # characters in a line
_INSTEAD = ("The shape", "float32")  # causes that say it all
_OPERATIONS = 1000  # more than lead to any number of an exercise


class CheckFailed(AssertionError):  # noqa: N818, it reads as a sentence
    """A check has failed: what was expected, what came, and a hint.

    A notebook shows these words alone, without a traceback.

    Args:
        what: what was checked.
        expected: what should have come.
        came: what came.
        hint: where to look. Without one the work has not begun, and the
            first line says so.

    Example:
        >>> print(CheckFailed("x", "a number", "None", "See the chapter."))
        Not yet: x
          expected: a number
          came:     None
          hint:     See the chapter.
    """

    def __init__(
        self, what: str, expected: str, came: str, hint: str = ""
    ) -> None:
        lines = [f"{'Not' if hint else 'Nothing here'} yet: {what}"]
        said = {"expected": expected, "came": came}
        if hint:
            said["hint"] = hint
        for name, text in said.items():
            start = f"  {name + ':':10}"
            lines += textwrap.wrap(
                text, _WIDTH, initial_indent=start, subsequent_indent=" " * 12
            ) or [start]
        super().__init__("\n".join(lines))

    def _render_traceback_(self) -> list[str]:
        """Return what IPython shows in place of a traceback."""
        return str(self).splitlines()


def expect(
    what: str, came: Any, right: Any, hint: str, tolerance: float = 1e-9
) -> None:
    """Hold what a student's code returns against what must come.

    Args:
        what: what is checked, as the student knows it.
        came: what the student's code returned.
        right: what it must equal: a number, an array, or a tuple or dict of
            such. Sizes, names and shapes must be the same; one number may
            come as an array with one entry.
        hint: where to look if it differs. It is not shown while `came` is
            None, as that gives nothing to look at.
        tolerance: how far a number may be off, relative to the largest of its
            array or to 1, whichever is larger. The default lets all float64
            pass, and nothing that was in float32 on its way; what *comes* in
            float32 may be off by 1e-4, which a thousand roundings lead to.

    Raises:
        CheckFailed: they differ.

    Example:
        >>> expect("two numbers", (1.0, [2.0]), (1.0, 2.0), hint="none")
        >>> expect("a sum", [3.0, 5.0], np.array([3.0, 4.0]), hint="Add.")
        Traceback (most recent call last):
        unrolled_book.exercises.expect.CheckFailed: Not yet: a sum
          expected: 4 at [1]
          came:     5 at [1]
          hint:     Add.
    """
    tolerance = check_float(
        "tolerance", tolerance, "of at least 0", minimum=0, below=np.inf
    )
    for expected, found, cause in _differences(came, right, "", tolerance):
        others = _other_parts(came, right, tolerance)
        if not cause.startswith(_INSTEAD):
            cause = f"{cause} {hint}".strip()
        hint = cause + others
        raise _failure(what, expected, found, came, hint)


def expect_digits(
    what: str, came: Any, right: float, decimals: int, hint: str
) -> None:
    """Hold a number that was worked out by hand against the right one.

    The message does not give the right number away.

    Args:
        what: what is checked, as the student knows it.
        came: the student's number.
        right: the right number.
        decimals: the decimals that must be right; `came` may have more.
        hint: where to look if it differs. A number that is close is told so,
            and None gets no hint.

    Raises:
        CheckFailed: it is no number, or not right to the last decimal.

    Example:
        >>> expect_digits("one third", 0.33, 1 / 3, decimals=2, hint="Divide.")
        >>> expect_digits("one third", 0.34, 1 / 3, decimals=2, hint="Divide.")
        Traceback (most recent call last):
        unrolled_book.exercises.expect.CheckFailed: Not yet: one third
          expected: a number, right to 2 decimals
          came:     0.34
          hint:     Divide.
    """
    right = check(right=(right, "")).item()
    decimals = check_int("decimals", decimals, minimum=0)
    number = _as_number(came)
    limit = 0.501 * 10.0**-decimals
    if number is None or not abs(number - right) <= limit:
        expected = "the right whole number"
        if decimals:
            plural = "s" * (decimals > 1)
            expected = f"a number, right to {decimals} decimal{plural}"
        hint = _if_close(number, right, decimals) + hint
        raise _failure(what, expected, _describe(came), came, hint)


def expect_number(
    what: str,
    came: Any,
    low: float | None = None,
    high: float | None = None,
    hint: str = "One number belongs here.",
) -> None:
    """Hold a number against a range that the message does not give away.

    Args:
        what: what is checked, as the student knows it.
        came: the student's number.
        low: the smallest that passes; default: any.
        high: the largest that passes; default: any.
        hint: where to look if it does not pass. None gets none.

    Raises:
        CheckFailed: it is no number, or out of range.

    Example:
        >>> expect_number("a share", 0.5, 0.0, 1.0)
        >>> expect_number("a share", 50, 0.0, 1.0, hint="Not in percent.")
        Traceback (most recent call last):
        unrolled_book.exercises.expect.CheckFailed: Not yet: a share
          expected: a number in the right range
          came:     50
          hint:     Not in percent.
    """
    least, most = -np.inf, np.inf
    if low is not None:
        least = check(low=(low, "")).item()
    if high is not None:
        wanted = f"of at least low = {low}"
        most = check_float("high", high, wanted, minimum=least, below=np.inf)
    number = _as_number(came)
    if number is None or not least <= number <= most:
        is_any = low is None and high is None
        expected = "a number" if is_any else "a number in the right range"
        raise _failure(what, expected, _describe(came), came, hint)


def _failure(
    what: str, expected: str, found: str, came: Any, hint: str
) -> CheckFailed:
    """Return the failure, without the hint if nothing came."""
    return CheckFailed(what, expected, found, "" if came is None else hint)


def _if_close(number: float | None, right: float, decimals: int) -> str:
    """Say how a number is close to the right one, if it is."""
    if number is None or not np.isfinite(number):
        return ""
    if decimals:
        is_close = abs(number - right) <= 0.01 * abs(right)
        return "Close: carry more digits on the way. " if is_close else ""
    if number % 1:
        return "Round up. " if np.ceil(number) == right else ""
    return "Off by one: count again. " if abs(number - right) == 1 else ""


def _differences(
    came: Any, right: Any, place: str, tolerance: float
) -> Iterator[tuple[str, str, str]]:
    """Say for each part that differs what was expected, what came, and why."""
    if isinstance(right, dict):
        fits = isinstance(came, dict) and set(came) == set(right)
        keys = list(right)
    elif isinstance(right, tuple | list):
        array = _as_array(came)
        is_array = array is not None and array.ndim > 0
        is_row = isinstance(came, tuple | list) or is_array
        fits = is_row and len(came) == len(right)
        came, keys = list(came) if fits else came, list(range(len(right)))
    else:
        yield from _different_numbers(came, right, place, tolerance)
        return
    if not fits:
        found = _describe(came) + place
        yield _describe(right, "a number") + place, found, ""
        return
    for key in keys:
        at = f"{place or ' at '}[{key!r}]"
        yield from _differences(came[key], right[key], at, tolerance)


def _other_parts(came: Any, right: Any, tolerance: float) -> str:
    """Say which parts are wrong and which are right, if some are."""
    keys: Any = ()
    if isinstance(right, dict):
        keys = [*right]
    elif isinstance(right, tuple | list):
        keys = range(len(right))
    try:
        wrong = {
            key: bool([*_differences(came[key], right[key], "", tolerance)])
            for key in keys
        }
    except (KeyError, IndexError, TypeError):
        return ""
    if len({*wrong.values()}) < 2:
        return ""
    said = [
        ", ".join(f"[{key!r}]" for key in wrong if wrong[key] == is_wrong)
        for is_wrong in (True, False)
    ]
    return " Wrong: {}. Right: {}.".format(*said)


def _different_numbers(
    came: Any, right: Any, place: str, tolerance: float
) -> Iterator[tuple[str, str, str]]:
    """Say where two arrays differ most, if they do."""
    if hasattr(right, "detach"):
        right = right.detach()
    right, array = check(right=(right, "...")), _as_array(came)
    if array is not None and right.ndim == 0 and array.size == 1:
        array = array.reshape(())
    if array is None or array.shape != right.shape:
        found, cause = _describe(came) + place, ""
        if array is not None and right.ndim and array.ndim:
            is_turned = array.T.shape == right.shape
            turned = ": the axes are exchanged" * is_turned
            cause = f"The shape is another one{turned}."
        yield _describe(right, "a number") + place, found, cause
        return
    tolerance = max(tolerance, _rounding(came))
    gaps = np.where(np.isfinite(array), np.abs(array - right), np.inf)
    worst = np.unravel_index(gaps.argmax(), gaps.shape)
    size = max(1.0, np.abs(right).max())
    if gaps[worst] > tolerance * size:
        cause = _cause(array, right, gaps[worst] / size, tolerance)
        if _rounding(came) and gaps[worst] < 0.05 * size:
            cause = "float32 came, float64 is needed."
        if worst:
            place = f"{place or ' at '}[{', '.join(map(str, worst))}]"
        digits = 8 if gaps[worst] > 1e-6 * size else 15
        said = f"{right[worst]:.{digits}g}{place}"
        yield said, f"{array[worst]:.{digits}g}{place}", cause


def _cause(
    array: np.ndarray, right: np.ndarray, gap: float, tolerance: float
) -> str:
    """Name what made all numbers wrong, if one thing did."""

    def fits(values: np.ndarray) -> bool:
        size = max(1.0, np.abs(right).max())
        return bool(np.abs(values - right).max() <= tolerance * size)

    if not np.isfinite(array).all():
        return ""
    if gap < 1e-5 and tolerance < 1e-6:
        return "Nearly. Was it float32 on the way? float64 is needed."
    if fits(-array):
        return "All numbers have the other sign."
    is_square = array.ndim == 2 and array.shape[0] == array.shape[1]
    if is_square and fits(array.T):
        return "Rows and columns are exchanged."
    factor = (array * right).sum() / max((right**2).sum(), 1e-300)
    if array.size > 2 and factor and fits(array / factor):
        return f"All numbers are {factor:.4g} times what they should be."
    return ""


def _rounding(value: Any) -> float:
    """Say how far float32 may lead off; other dtypes are not waited for."""
    is_single = str(getattr(value, "dtype", "")).endswith("float32")
    return _OPERATIONS * float(np.finfo(np.float32).eps) if is_single else 0.0


def _as_array(value: Any) -> np.ndarray | None:
    """Return numbers as an array, a tensor's too; None if it has none."""
    if hasattr(value, "detach"):
        value = value.detach()
    try:
        array = np.asarray(value)
    except (TypeError, ValueError, RuntimeError):
        return None
    is_number = array.dtype.kind in "biuf" and array.size
    return array.astype(float) if is_number else None


def _as_number(value: Any) -> float | None:
    """Return one number, however it is wrapped; None if it is none."""
    array = _as_array(value)
    return None if array is None or array.size != 1 else array.item()


def _kind(value: Any) -> str:
    """Say why an array is none of numbers: its dtype, or its layout."""
    dtype = str(getattr(value, "dtype", "")).removeprefix("torch.")
    if dtype == "object":
        return " of objects, not of numbers"
    layout = str(getattr(value, "layout", "torch.strided"))
    if layout != "torch.strided":
        return f" that is sparse ({layout}); a dense one is needed"
    return f" of {dtype}; float64 is needed"


def _describe(value: Any, number: str = "") -> str:
    """Say what kind of thing a value is: its names, its shape, its number.

    With `number`, that stands for each number.
    """
    if isinstance(value, dict):
        parts = [f"{k}: {_describe(part, number)}" for k, part in value.items()]
        return f"a dict with {', '.join(parts)}" if parts else "an empty dict"
    if isinstance(value, tuple | list):
        parts = [_describe(part, number) for part in value[:_SHOWN]]
        more = ", ..." * (len(value) > _SHOWN)
        return f"{len(value)} values: {', '.join(parts)}{more}"
    if hasattr(value, "shape") and np.shape(value):
        what = "" if _as_array(value) is not None else _kind(value)
        return f"an array of shape {tuple(value.shape)}{what}"
    array = _as_array(value)
    if array is not None and array.ndim == 0:
        return number or f"{array:.8g}"
    return f"{value!r:.80}"
