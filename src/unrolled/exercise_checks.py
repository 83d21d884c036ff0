"""What the exercises' checks share: failures that help.

A check compares what a student's code computes with what must come, on fresh
random inputs. If they differ, `CheckFailed` says in three lines what was
expected, what came and where to look, without a traceback.
"""

import textwrap
from typing import Any

import numpy as np

from unrolled._checks import check_array, check_number, check_type, check_whole
from unrolled._exercise_values import as_number, describe, differences

_WIDTH = 76  # characters in a line


class CheckFailed(AssertionError):  # noqa: N818, it reads as a sentence
    """A check has failed: what was expected, what came, and a hint.

    A notebook shows these words alone, without a traceback.

    Args:
        what: what was checked.
        expected: what should have come.
        came: what came.
        hint: where to look. Without one the work has not begun, and the
            first line says so.

    Raises:
        ValueError: something else than texts.

    Example:
        >>> print(CheckFailed("x", "a number", "None", "See the chapter."))
        Not yet: x
          expected: a number
          came:     None
          hint:     See the chapter.

    Chapter: the exercises.
    """

    def __init__(
        self, what: str, expected: str, came: str, hint: str = ""
    ) -> None:
        said = {"expected": expected, "came": came, "hint": hint}
        for name, text in ({"what": what} | said).items():
            check_type(name, text, str)
        lines = [f"{'Not' if hint else 'Nothing here'} yet: {what}"]
        if not hint:
            del said["hint"]
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
    what: str, came: Any, right: Any, hint: str, tolerance: float = 1e-7
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
            array or to 1, whichever is larger. In float32 at least 1e-4, which
            a thousand roundings lead to.

    Raises:
        CheckFailed: they differ.
        ValueError: a text or a tolerance that is none, a `right` that is not
            made of finite numbers.

    Example:
        >>> expect("two numbers", (1.0, [2.0]), (1.0, 2.0), hint="none")
        >>> expect("a sum", [3.0, 5.0], np.array([3.0, 4.0]), hint="Add.")
        Traceback (most recent call last):
        unrolled.exercise_checks.CheckFailed: Not yet: a sum
          expected: 4 at [1]
          came:     5 at [1]
          hint:     Add.

    Chapter: the exercises.
    """
    check_type("what", what, str)
    check_type("hint", hint, str)
    tolerance = check_number(
        "tolerance", tolerance, "of at least 0", minimum=0, below=np.inf
    )
    for expected, found in differences(came, right, "", tolerance):
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
        ValueError: a text, a number or a count of decimals that is none.

    Example:
        >>> expect_digits("one third", 0.33, 1 / 3, decimals=2, hint="Divide.")
        >>> expect_digits("one third", 0.34, 1 / 3, decimals=2, hint="Divide.")
        Traceback (most recent call last):
        unrolled.exercise_checks.CheckFailed: Not yet: one third
          expected: a number, right to 2 decimals
          came:     0.34
          hint:     Divide.

    Chapter: the exercises.
    """
    check_type("what", what, str)
    check_type("hint", hint, str)
    right = float(check_array("right", right, ()))
    decimals = check_whole("decimals", decimals, minimum=0)
    number = as_number(came)
    limit = 0.501 * 10.0**-decimals
    if number is None or not abs(number - right) <= limit:
        expected = "the right whole number"
        if decimals:
            plural = "s" * (decimals > 1)
            expected = f"a number, right to {decimals} decimal{plural}"
        hint = _if_close(number, right, decimals) + hint
        raise _failure(what, expected, describe(came), came, hint)


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
        low: the smallest that passes; any number, unless told.
        high: the largest that passes; any number, unless told.
        hint: where to look if it does not pass. None gets none.

    Raises:
        CheckFailed: it is no number, or out of range.
        ValueError: a text or a bound that is none.

    Example:
        >>> expect_number("a share", 0.5, 0.0, 1.0)
        >>> expect_number("a share", 50, 0.0, 1.0, hint="Not in percent.")
        Traceback (most recent call last):
        unrolled.exercise_checks.CheckFailed: Not yet: a share
          expected: a number in the right range
          came:     50
          hint:     Not in percent.

    Chapter: the exercises.
    """
    check_type("what", what, str)
    check_type("hint", hint, str)
    least, most = -np.inf, np.inf
    if low is not None:
        least = check_number(
            "low", low, "that is finite", minimum=least, below=most
        )
    if high is not None:
        most = check_number(
            "high", high, f"of at least low = {low}", minimum=least, below=most
        )
    number = as_number(came)
    if number is None or not least <= number <= most:
        is_any = low is None and high is None
        expected = "a number" if is_any else "a number in the right range"
        raise _failure(what, expected, describe(came), came, hint)


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
