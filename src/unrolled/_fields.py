"""The fields of a dataclass: checked when made, and read back from JSON."""

import json
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from unrolled._checks import check_choice, check_number, check_type

__all__ = ["check_choice"]  # was here; others still ask for it here

Check = Callable[[str, Any], Any]
"""Takes a field's name and value; returns the value or raises ValueError."""


def set_checked(instance: object, checks: dict[str, Check]) -> None:
    """Replace each field of a frozen dataclass by what its check returns.

    The checks return Python's own numbers, whatever NumPy gave, so that the
    fields can go into JSON.
    """
    for name, check in checks.items():
        object.__setattr__(instance, name, check(name, getattr(instance, name)))


def check_above_zero(name: str, value: float) -> float:
    """Return `value` if it is a finite number above 0."""
    tiny = np.finfo(float).tiny
    return check_number(name, value, "above 0", minimum=tiny, below=math.inf)


def check_not_negative(name: str, value: float) -> float:
    """Return `value` if it is a finite number of at least 0."""
    return check_number(name, value, "of at least 0", minimum=0, below=math.inf)


def optional(check: Check) -> Check:
    """Make a check that lets None pass."""
    return lambda name, value: None if value is None else check(name, value)


def read_object(name: str, text: str) -> object:
    """Read JSON.

    Raises:
        ValueError: no text, no JSON.
    """
    check_type(name, text, str)
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(
            f"{name}: expected JSON, got {text!r:.80} ({error!s:.80})"
        ) from None


def make(cls: type, value: object) -> Any:
    """Make a dataclass of a dict that has exactly its fields.

    Raises:
        ValueError: no dict, missing or unknown fields, a field that the class
            does not take.
    """
    names = [*cls.__dataclass_fields__]
    check_type(cls.__name__, value, dict)
    missing = [name for name in names if name not in value]
    unknown = [name for name in value if name not in names]
    if missing or unknown:
        raise ValueError(
            f"{cls.__name__}: expected the fields {', '.join(names)}; "
            f"got missing {missing!s:.80}, unknown {unknown!s:.80}"
        )
    return cls(**value)
