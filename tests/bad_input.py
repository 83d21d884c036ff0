"""What a public call has to refuse, worked out from one good call of it.

The rows of a room stand in a file of its own, `rows_<room>.py`:

    EXCEPT = {"unrolled_lab.build": "redraw"}  # who needs no row
    ROWS = [
        good(windows, bad("steps: .*at most 2.*got 3", steps=3),
             series=np.ones(3), steps=1),
        good(sigmoid, fine("z: an axis more", "z: a number"), z=np.ones(3)),
        good(LSTM(3, 5).forward, x=torch.ones(2, 4, 3)),
    ]

Bad values follow from the *kind* of each good value. So give each argument
one, where `good` finds none by itself; each size another number (N = 2, T = 4,
D = 3, H = 5); and the smallest whole number that is allowed. An axis has to
fit if its size comes a second time, in the arguments or in the object whose
method it is. `bad` adds a rule about values; `fine` names what others refuse
and this call accepts.
"""

import inspect
import re
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from oracles import seeded


class Row(NamedTuple):
    """A public callable, the arguments of a good call, and its own rules."""

    call: Callable
    arguments: dict[str, Any]
    rules: list[tuple[str, dict[str, Any]]]
    fine: set[str]

    @property
    def name(self) -> str:
        """Where the callable comes from."""
        return f"{self.call.__module__}.{self.call.__qualname__}"

    def failures(self) -> Iterator[str]:
        """Say which bad input is accepted, or not refused by its name."""
        untried = set(self.fine)
        for name, value in self.arguments.items():
            for what, worse in self._spoiled(name, value):
                label = f"{name}: {what}"
                got = self._answer({name: worse})
                fine = {x for x in self.fine if re.fullmatch(x, label)}
                untried -= fine
                # Of two that do not fit, either may be named; of a state, h.
                pair = r"^state|axis \d|\(\d\)|: no |another name|meta"
                free = re.search(pair, label)
                path = "|".join(map(re.escape, label.split(": ")[:-1]))
                blame = "" if free else rf"\b({path})\b.*"
                # Who says another word is told those that are known.
                is_word = label == f"{name}: another word"
                told = value if is_word and "expected '" in got else ""
                words = f"(?s){blame}expected .*{re.escape(told)}.*got "
                named = re.search(words, got)
                if got if fine else not named:
                    yield f"{label}: {got or 'accepted'}"
        for message, changes in self.rules:
            got = self._answer(changes)
            words = rf"(?s)(?=.*expected .*got ).*{message}"
            if not re.match(words, got):
                yield f"{message}: {got or 'accepted'}"
        yield from (f"fine({label!r}): never tried" for label in untried)

    def _answer(self, changes: dict[str, Any]) -> str:
        """Return the message of a ValueError, nothing if there is none."""
        try:
            self.call(**self.arguments | changes)
        except ValueError as error:
            return str(error) if len(str(error)) < 400 else "a long message"
        except Exception as error:
            return f"{type(error).__name__}, no ValueError"
        return ""

    def _spoiled(self, name: str, value: object) -> Iterator[tuple[str, Any]]:
        own = getattr(self.call, "__self__", None)
        if hasattr(own, "__dict__") and not isinstance(own, nn.Module | type):
            own = vars(own)
        asked = inspect.signature(self.call).parameters.get(name)
        known = Counter(facts((own, *self.arguments.values())))
        for what, worse in spoil(value, known):
            if worse is not None or getattr(asked, "default", 0) is not None:
                yield what, worse


SOURCES = {"rng": np.random.default_rng, "generator": seeded}


def good(call: Callable, /, *rules: Any, **arguments: Any) -> Row:
    """Give a good call, with its arguments by name.

    Sources of randomness may be left out, and what is by default a number, a
    word, True or False.
    """
    for name, asked in inspect.signature(call).parameters.items():
        if name in SOURCES:
            arguments.setdefault(name, SOURCES[name](0))
        elif isinstance(asked.default, bool | int | float | str):
            arguments.setdefault(name, asked.default)
    labels = {each for rule in rules if isinstance(rule, set) for each in rule}
    rules = [rule for rule in rules if isinstance(rule, tuple)]
    return Row(call, arguments, rules, labels)


def bad(message: str, /, **changes: Any) -> tuple[str, dict[str, Any]]:
    """Give arguments that are refused, and what the message says."""
    return message, changes


def fine(*labels: str) -> set[str]:
    """Name what is accepted, as failures name it; regular expressions."""
    return {*labels}


def facts(value: object) -> Iterator[object]:
    """Yield the sizes and dtypes of all arrays in here, and lists' lengths."""
    for part in parts(value):
        yield from [*part.shape, part.dtype] if hasattr(part, "shape") else part


def parts(value: object) -> Iterator[Any]:
    """Yield all arrays in here, and for each list (its length,)."""
    if isinstance(value, np.ndarray | Tensor):
        yield value
    elif isinstance(value, list | tuple | dict | nn.Module):
        if isinstance(value, list):
            yield (len(value),)
        if isinstance(value, nn.Module):
            value = [*value.parameters()]
        for each in value.values() if isinstance(value, dict) else value:
            yield from parts(each)


OTHERS = {
    bool: [0, 1, "yes", np.True_],
    int: [2.5, 2.0, True, "3", np.nan, [3]],
    float: [-0.1, np.nan, np.inf, -np.inf, "0.1", True, [0.1], 1j],
    str: [3, b"text", ["text"]],
    torch.Generator: [0, "seed", torch.Generator, np.random.default_rng(0)],
    np.random.Generator: [0, "seed", np.random, np.random.RandomState(0)],
    dict: [3, "text", [1.0]],
    list: [3, []],
    tuple: [3, "text", ()],
    type: [3, "text", int],
    Path: [3, b"text"],
    object: [3, "text", str],
}


def spoil(value: Any, known: Counter) -> Iterator[tuple[str, Any]]:
    """Yield what may come in place of a good value: what it is, and itself."""
    if value is None:
        return
    yield "None", None
    if isinstance(value, np.ndarray | Tensor):
        yield from spoil_array(value, known)
        return
    kind = next(kind for kind in OTHERS if isinstance(value, kind))
    yield from ((repr(other), other) for other in OTHERS[kind])
    if kind is str:
        yield "another word", "another"
    elif isinstance(value, nn.Module):
        yield "another module", nn.Identity()
    elif kind is int:
        yield from ((str(low), low) for low in {value - 1, 0, -1} - {value})
    elif hasattr(value, "_fields"):
        yield "tuple", tuple(value)
        for name in value._fields:
            for what, worse in spoil(getattr(value, name), known):
                yield f"{name}: {what}", value._replace(**{name: worse})
    elif kind is dict:
        for name, each in value.items():
            yield f"no {name}", {k: value[k] for k in value if k != name}
            yield "another name", {**value, "another": each}
            for what, worse in spoil(each, known):
                yield f"{name}: {what}", {**value, name: worse}
    elif kind is list:
        yield "iterator", iter(value)
        *before, last = value
        for what, worse in spoil(last, known):
            yield f"[-1]: {what}", [*before, worse]
    elif kind is tuple:
        yield from [("fewer", value[:-1]), ("more", value + value[-1:])]
        for k, each in enumerate(value):
            for what, worse in spoil(each, known):
                yield f"({k}): {what}", (*value[:k], worse, *value[k + 1 :])


def spoil_array(a: Any, known: Counter) -> Iterator[tuple[str, Any]]:
    """Yield what may come in place of an array or a tensor."""
    for axis, size in enumerate(a.shape):
        before = (slice(None),) * axis
        yield f"axis {axis} empty", a[(*before, slice(0))]
        if known[size] > 1:
            yield f"axis {axis} longer", a[(*before, [*range(size), 0])]
            if size > 1:
                yield f"axis {axis} of 1", a[(*before, slice(1))]
    yield from [("a number", 0.5), ("text", "abc"), ("complex", a + 1j)]
    yield "an axis more", a[None]
    if a.ndim:
        yield "an axis fewer", a[0]
    if (a + 0.5).dtype == a.dtype:  # floating-point numbers
        for value in (np.nan, np.inf, -np.inf):
            copy = a + 0
            copy[tuple(size // 2 for size in a.shape)] = value
            yield str(value), copy
    elif isinstance(a, np.ndarray):
        yield "fractions", a + 0.5
    if isinstance(a, np.ndarray):
        yield "masked", np.ma.masked_array(a, mask=a == a.flat[0])
        yield "texts", a.astype(str)
        yield "nested", [[0.5], [0.5, 0.5]]
        return
    yield from [("array", a.detach().numpy()), ("list", a.tolist())]
    yield from [("sparse", a.to_sparse()), ("int32", a.int())]
    if known[a.dtype] > 1 or not a.is_floating_point():
        other = torch.float32 if a.dtype == torch.float64 else torch.float64
        yield from [(str(other), a.to(other)), ("meta", a.to("meta"))]
