"""Run an answer so that nothing of it reaches the check but its result."""

import builtins
import contextlib
import dis
import inspect
import signal
import threading
from collections.abc import Callable, Collection, Iterator
from types import CodeType
from typing import Any

import numpy as np

from unrolled_book.exercises.expect import CheckFailed

_SECONDS = 30  # no answer takes a second
_STUB = {"RESUME", "NOP", "LOAD_CONST", "RETURN_VALUE", "RETURN_CONST"}


def call(
    function: Callable, *arguments: Any, without: Collection[str] = ()
) -> Any:
    """Call a student's function with copies, and see that they stay the same.

    Arrays and what holds them are copied; tensors that want a gradient,
    modules and functions are handed over themselves.

    Args:
        function: the answer.
        arguments: what it is called with.
        without: names that the task forbids, such as ``"bptt"``.

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
    name = getattr(function, "__name__", "the function")
    code = getattr(function, "__code__", None)
    used = sorted(set(without) & set(_names(code)))
    if used:
        raise CheckFailed(
            name,
            f"your own, without {' and '.join(used)}",
            f"a call of {used[0]}",
            "The task is to write what that function does.",
        )
    copies = [_copy(argument) for argument in arguments]
    before = [_copy(argument, whole=True) for argument in arguments]
    with _no_input(name), _time_limit(name):
        came = function(*copies)
    for place, (now, then) in enumerate(zip(copies, before, strict=True)):
        if not _same(now, then):
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
    steps = dis.get_instructions(code) if code else ()
    return {step.opname for step in steps} <= _STUB


def _names(code: CodeType | None) -> Iterator[str]:
    """Name what code, and code in it, looks up."""
    if code:
        yield from code.co_names
        for inner in code.co_consts:
            if isinstance(inner, CodeType):
                yield from _names(inner)


def _argument(function: Callable, place: int) -> str:
    """Name an argument by its place."""
    with contextlib.suppress(TypeError, ValueError, IndexError):
        return [*inspect.signature(function).parameters][place]
    return f"argument {place + 1}"


def _copy(value: Any, whole: bool = False) -> Any:
    """Copy arrays and what holds them; `whole`: tensors with a gradient, too.

    Of what is neither, nothing is compared, and it is not copied.
    """
    if isinstance(value, np.ndarray):
        return value.copy()
    if hasattr(value, "detach"):
        is_free = whole or not value.requires_grad
        return value.detach().clone() if is_free else value
    if isinstance(value, dict):
        return {name: _copy(part, whole) for name, part in value.items()}
    if isinstance(value, list | tuple):
        parts = [_copy(part, whole) for part in value]
        is_named = hasattr(value, "_fields")
        return type(value)(*parts) if is_named else type(value)(parts)
    return value


def _same(now: Any, then: Any) -> bool:
    """Tell whether two copies are the same, to the bit; NaN equals NaN."""
    if isinstance(then, dict):
        is_dict = isinstance(now, dict) and [*now] == [*then]
        return is_dict and all(_same(now[name], then[name]) for name in then)
    if isinstance(then, list | tuple):
        if type(now) is not type(then) or len(now) != len(then):
            return False
        return all(map(_same, now, then))
    if hasattr(then, "detach"):
        if not hasattr(now, "detach"):
            return False
        now, then = now.detach().numpy(), then.numpy()
    if isinstance(then, np.ndarray):
        is_array = isinstance(now, np.ndarray) and now.shape == then.shape
        return is_array and now.tobytes() == then.tobytes()
    if isinstance(then, int | float | str):
        return type(now) is type(then) and (now is then or now == then)
    return True


@contextlib.contextmanager
def _no_input(name: str) -> Iterator[None]:
    """Refuse to wait for a person."""

    def refuse(*_: Any) -> None:
        raise CheckFailed(
            name,
            "a function of its arguments",
            "a call of input()",
            "What it needs is in its arguments; nobody is there to type.",
        )

    kept, builtins.input = builtins.input, refuse
    try:
        yield
    finally:
        builtins.input = kept


@contextlib.contextmanager
def _time_limit(name: str) -> Iterator[None]:
    """Stop what does not end, where the system can."""
    is_main = threading.current_thread() is threading.main_thread()
    if not is_main or not hasattr(signal, "setitimer"):
        yield
        return

    def stop(*_: Any) -> None:
        raise CheckFailed(
            name,
            "a result within a second or so",
            f"none in {_SECONDS} seconds",
            "Does a loop never end? Look at what should stop it.",
        )

    kept = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, _SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, kept)
