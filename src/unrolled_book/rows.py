"""What the book's files are read into, and what is said of a bad one."""

from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Self

from unrolled._checks import refusal
from unrolled._frozen import Frozen, expected_and_got


class Row(Frozen):
    """A row of a file: just these fields, of just these types."""

    @classmethod
    def read(cls, name: str, row: object, **context: object) -> Self:
        """Make a row of what a file has, or say what is wrong and where.

        Args:
            name: what is read, for the message: a file, a question.
            row: what the file has.
            context: what the fields' validators need.
        """
        try:
            with expected_and_got(cls.__name__):
                return cls.model_validate(row, context=context)
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from None


def parse(path: Path | str, loads: Callable[[str], Any], wanted: str) -> Any:
    """Read a file, or say what was wanted."""
    try:
        return loads(Path(path).read_text(encoding="utf-8"))
    except (TypeError, OSError, ValueError) as error:
        told = f"{path!s:.200}: expected {wanted}, got {error!r:.200}"
        raise ValueError(told) from None


def check_once(name: str, values: Iterable[str]) -> None:
    """Insist that nothing comes twice."""
    for value, count in Counter(values).items():
        if count > 1:
            raise refusal(name, "each once", f"{value!r} twice")
