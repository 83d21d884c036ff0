"""What the files of the book are read into, and what is said of a bad one."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, ValidationError


class Row(BaseModel):
    """A row of a file: just these fields, of just these types."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, allow_inf_nan=False
    )

    @classmethod
    def read(cls, name: str, row: object) -> Self:
        """Make a row of what a file has, or say what was expected and came."""
        try:
            return cls.model_validate(row)
        except ValidationError as error:
            raise ValueError(f"{name}: {_said(error)}") from None


def _said(error: ValidationError) -> str:
    """The first error in the words of the packages."""
    first: Mapping[str, Any] = error.errors(include_url=False)[0]
    place = "".join(f"{part}: " for part in first["loc"])
    if first["type"] == "value_error":
        return place + str(first["ctx"]["error"])
    if first["type"] == "extra_forbidden":
        return f"{place}expected no such field, got {first['input']!r:.80}"
    if first["type"] == "missing":
        return f"{place}expected this field, got {[*first['input']]}"
    said = re.sub(r"^(Input should be|\w+ should have) ", "", first["msg"])
    said = said.removesuffix(f", not {first.get('ctx', {}).get('actual_length')}")
    return f"{place}expected {said}, got {first['input']!r:.80}"


def read_text(path: Path | str, wanted: str) -> str:
    """Read a text file, or say what was expected."""
    try:
        return Path(path).read_text(encoding="utf-8")
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
