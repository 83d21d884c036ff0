"""The base of every configuration and record: pydantic, with our messages."""

import contextlib
import json
from collections.abc import Iterator
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, ValidationError


class Frozen(BaseModel):
    """Checked fields that do not change afterwards.

    A field of another type or out of its range, an unknown or a missing one is
    a ValueError that names it, says what was expected, and what came.
    """

    model_config = ConfigDict(
        frozen=True, strict=True, extra="forbid", allow_inf_nan=False
    )

    def __init__(self, /, **fields: Any) -> None:
        with expected_and_got(type(self).__name__):
            super().__init__(**fields)

    # Fields that are records themselves are read by pydantic alone.
    __init__.__pydantic_base_init__ = True

    def replace(self, **changes: Any) -> Self:
        """Return the same with some fields changed, and checked."""
        return type(self)(**dict(self) | changes)

    def to_json(self) -> str:
        """Write all fields as one JSON object."""
        return json.dumps(self.model_dump())

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what `to_json` has written; a missing field has its default."""
        with expected_and_got(cls.__name__):
            return cls.model_validate_json(text)


@contextlib.contextmanager
def expected_and_got(name: str) -> Iterator[None]:
    """Say what pydantic finds as it is said everywhere here."""
    try:
        yield
    except ValidationError as error:
        found = error.errors(include_url=False)
        told = (_sentence(name, **each) for each in found[:3])
        raise ValueError("; ".join(told)) from None


def _sentence(
    name: str, *, type: str, loc: tuple, msg: str, input: Any, **_: Any
) -> str:
    """Tell one error: where, what was expected, what came."""
    place = ".".join(map(str, loc)) or name
    if type == "value_error":  # a rule of ours, which tells it all itself
        return msg.removeprefix("Value error, ")
    if type == "missing":
        return f"{place}: expected a value, got none"
    if type == "extra_forbidden":
        return f"{place}: expected no field of this name, got {input!r:.80}"
    wanted = msg.partition(" should be ")[2]
    if type == "json_invalid":
        wanted = "JSON"
    elif wanted.startswith(("greater", "less")):
        wanted = f"a number {wanted}"
    elif type == "string_pattern_mismatch":
        wanted = f"a text of the {msg.partition(' match ')[2]}"
    return f"{place}: expected {wanted or msg:.200}, got {input!r:.80}"
