"""What the book's files are read into, and what is said of a bad one."""

import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, ValidationError


class Row(BaseModel):
    """A row of a file: just these fields, of just these types."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, allow_inf_nan=False
    )

    @classmethod
    def read(cls, name: str, row: object, **context: object) -> Self:
        """Make a row of what a file has, or say what is wrong and where.

        Args:
            name: what is read, for the message: a file, a question.
            row: what the file has.
            context: what the fields' validators need.
        """
        try:
            return cls.model_validate(row, context=context)
        except ValidationError as error:
            raise ValueError(f"{name}: {_said(error)}") from None


def _said(error: ValidationError) -> str:
    """The first thing wrong, in the words of the packages."""
    first: Any = error.errors(include_url=False)[0]
    places = (p + 1 if isinstance(p, int) else p for p in first["loc"])
    where = "".join(f"{place}: " for place in places)
    match first["type"]:
        case "value_error":
            return f"{where}{first['ctx']['error']}"
        case "missing":
            return f"{where}expected this field, got {[*first['input']]}"
        case "extra_forbidden":
            return f"{where}expected no such field, got {first['input']!r:.80}"
    expected = re.sub(r"^Input should be |^\w+ should ", "", first["msg"])
    expected = re.sub(r" after validation, not \d+$", "", expected)
    return f"{where}expected {expected}, got {first['input']!r:.80}"


def parse(path: Path | str, loads: Callable[[str], Any], wanted: str) -> Any:
    """Read a file, or say what was wanted."""
    try:
        return loads(Path(path).read_text(encoding="utf-8"))
    except (TypeError, OSError, ValueError) as error:
        raise ValueError(
            f"{path!s:.200}: expected {wanted}, got {error!r:.200}"
        ) from None


def check_once(name: str, values: Iterable[str]) -> None:
    """Insist that nothing comes twice."""
    seen: set[str] = set()
    for value in values:
        if value in seen:
            raise ValueError(f"{name}: expected each once, got {value!r} twice")
        seen.add(value)
