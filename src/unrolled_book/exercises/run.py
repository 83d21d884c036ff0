"""Run an answer so that nothing of it reaches the check but its result."""

import contextlib
import dis
import inspect
import random
import signal
import threading
from collections.abc import Callable, Collection, Iterator
from types import CodeType
from typing import Any
from unittest.mock import patch

import numpy as np

from unrolled_book.exercises.expect import CheckFailed

_SECONDS = 30  # no answer takes a second
_STUB = {"RESUME", "NOP", "LOAD_CONST", "RETURN_VALUE", "RETURN_CONST"}
_GLOBAL = {"LOAD_GLOBAL", "LOAD_NAME"}
_PART = {"LOAD_ATTR", "LOAD_METHOD", "IMPORT_FROM", "IMPORT_NAME", "LOAD_CONST"}


def call(
    function: Callable, *arguments: Any, without: Collection[str] = ()
) -> Any:
    """Call a student's function with copies, and see that they stay the same.

    Arrays and what holds them are copied; tensors that want a gradient,
    modules and functions are handed over themselves, and so is what
    `functools.partial` has bound: arguments that may be written into.

    Args:
        function: the answer.
        arguments: what it is called with.
        without: names that the task forbids, such as ``"bptt"``; the checks'
            own helpers are always forbidden. Another name for one is found,
            and one in a function of the student's; who sets out to hide it
            can.

    Returns:
        What it returns.

    Raises:
        CheckFailed: it writes into an argument, returns nothing, uses a
            forbidden name, asks for input, or does not end.

    Example:
        >>> call(lambda a: a + 1, np.zeros(2)).tolist()
        [1.0, 1.0]
        >>> call(lambda a: a.sort(), np.array([2, 1]))
        Traceback (most recent call last):
        unrolled_book.exercises.expect.CheckFailed: Not yet: ...
    """
    answer = getattr(function, "func", function)  # of a partial
    name = getattr(answer, "__name__", "the function")
    used = sorted(_forbidden(answer, {*without}))
    if used:
        raise CheckFailed(
            name,
            f"your own, without {' and '.join(used)}",
            f"a use of {used[0]}",
            "The task is to write what that does.",
        )
    copies = [_copy(argument) for argument in arguments]
    before = [_state(argument) for argument in arguments]
    code = getattr(answer, "__code__", None)

    def refuse(*_: Any) -> None:
        raise CheckFailed(
            name,
            "a function of its arguments",
            "a call of input()",
            "What it needs is in its arguments; nobody is there to type.",
        )

    with patch("builtins.input", refuse), _time_limit(name, code):
        came = function(*copies)
    for place, (now, then) in enumerate(zip(copies, before, strict=True)):
        if _state(now) != then:
            raise CheckFailed(
                f"the arguments of {name} after the call",
                "all as they were",
                f"another {_argument(function, place)}",
                "It was written into. Make a new array: a = a + b in place "
                "of a += b, and a copy before you set or sort.",
            )
    if came is None and not _is_stub(code):
        raise CheckFailed(
            name,
            "a result",
            "None, as no result is returned",
            "Is a `return` missing at the end?",
        )
    return came


def _is_stub(code: CodeType | None) -> bool:
    """Tell whether a function is as it was handed out: it does nothing."""
    return (
        code is not None
        and {step.opname for step in dis.get_instructions(code)} <= _STUB
    )


def _forbidden(answer: Callable, without: set[str]) -> set[str]:
    """Name what is forbidden and used by an answer, or by a function of its.

    A text that is such a name counts as well: it may be for `getattr`.
    """
    found, waiting, seen = set(), [answer], {id(answer)}
    while waiting:
        function = waiting.pop()
        known = getattr(function, "__globals__", {})
        for step in _steps(getattr(function, "__code__", None)):
            word = step.argval
            if step.opname in _PART and isinstance(word, str):
                found |= {word} & without
            value = known.get(word) if step.opname in _GLOBAL else None
            if value is None or id(value) in seen:
                continue
            seen.add(id(value))
            origin = {word, *_origin(value)}
            found |= origin & without
            if "exercises" in origin:
                found.add("the checks' helpers")
            if getattr(value, "__globals__", None) is known:
                waiting.append(value)
    return found


def _steps(code: CodeType | None) -> Iterator[dis.Instruction]:
    """Yield what code does, and code in it."""
    if code:
        yield from dis.get_instructions(code)
        for inner in code.co_consts:
            if isinstance(inner, CodeType):
                yield from _steps(inner)


def _origin(value: Any) -> list[str]:
    """Say how a function or module was called where it was made."""
    name = getattr(value, "__name__", "")
    return f"{getattr(value, '__module__', '')}.{name}".split(".")


def _argument(function: Callable, place: int) -> str:
    """Name an argument by its place."""
    with contextlib.suppress(TypeError, ValueError, IndexError):
        return [*inspect.signature(function).parameters][place]
    return f"argument {place + 1}"


def _copy(value: Any) -> Any:
    """Copy arrays and what holds them, but no tensor that wants a gradient."""
    if isinstance(value, np.ndarray):
        return value.copy()
    if hasattr(value, "detach"):
        return value if value.requires_grad else value.clone()
    if isinstance(value, dict):
        return {name: _copy(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        parts = [_copy(part) for part in value]
        is_named = hasattr(value, "_fields")
        return type(value)(*parts) if is_named else type(value)(parts)
    return value


def _state(value: Any) -> Any:
    """Say all that can be changed in a value, to the bit: NaN equals NaN."""
    kind = type(value)
    if isinstance(value, dict):
        value = [*value.items()]
    if isinstance(value, list | tuple):
        return kind, [_state(part) for part in value]
    if hasattr(value, "detach"):
        value = value.detach().numpy()
    if isinstance(value, np.ndarray):
        return kind, value.shape, value.tobytes()
    return (kind, repr(value)) if isinstance(value, int | float | str) else None


class _TimeIsUp(BaseException):
    """No `except Exception` of an answer's catches it."""


@contextlib.contextmanager
def _time_limit(name: str, code: CodeType | None) -> Iterator[None]:
    """Stop what does not end, where the system can.

    An answer may catch all that is raised (`except:`). So the alarm goes off
    again, after moments of random length, until one is outside of each `try`.
    """
    is_main = threading.current_thread() is threading.main_thread()
    if not is_main or not hasattr(signal, "setitimer"):
        yield
        return

    moment = random.Random(0)

    def stop(_: int, frame: Any) -> None:
        while frame and frame.f_code is not code:
            frame = frame.f_back
        if frame:  # inside the answer, and not on the way out
            signal.setitimer(signal.ITIMER_REAL, moment.uniform(1e-6, 5e-5))
            raise _TimeIsUp

    kept = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, _SECONDS)
    try:
        yield
    except _TimeIsUp:
        raise CheckFailed(
            name,
            "a result within a second or so",
            f"none in {_SECONDS} seconds",
            "Does a loop never end? Look at what should stop it.",
        ) from None
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, kept)
