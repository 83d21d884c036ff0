"""The ledger of what the two source texts claim, and its check.

Each row of ``claims.toml`` holds one claim in our words, the numbers it gives,
the verdict of our experiment and the range that the measurement must fall into
today. Exactly one notebook cell per row calls `check`.
"""

import textwrap
import tomllib
from pathlib import Path
from typing import Annotated, Literal, Self

import numpy as np
from pydantic import BeforeValidator, Field, model_validator

from unrolled import _checks
from unrolled.data import ArrayLike
from unrolled_book.rows import Row, check_once, parse

LEDGER = Path(__file__).with_name("claims.toml")

Verdict = Literal["confirmed", "corrected", "depends", "refuted"]
Text = Annotated[str, Field(min_length=1)]
Range = Annotated[list[float], Field(min_length=2, max_length=2)]


def _listed(value: object) -> object:
    """A single number as a list of it."""
    return value if isinstance(value, list) else [value]


class Claim(Row):
    """One row of the ledger."""

    id: Annotated[str, Field(pattern=r"^[AB]\d+$")]
    """The source's letter and a number, such as ``"A05"``."""

    source: Literal["A", "B"]
    """The first letter of the id."""

    says: Text
    """The claim, in our words."""

    expected: Annotated[list[float], Field(min_length=1)]
    """The numbers that the claim gives."""

    tolerance: Annotated[
        list[Annotated[float, Field(ge=0)]], BeforeValidator(_listed)
    ]
    """How far a measurement may lie from `expected` and still confirm it."""

    verdict: Verdict
    """What the experiment says of the claim."""

    measured: list[Range]
    """[low, high] for each number: the range that must hold today."""

    finding: Text
    """What was found, in one sentence."""

    chapter: Text
    """The notebook whose cell checks the claim."""

    @model_validator(mode="after")
    def _check_together(self) -> Self:
        """Insist on fields that suit each other."""
        count = len(self.expected)
        if self.source != self.id[0]:
            raise ValueError(
                f"source: expected {self.id[0]}, as the id has it, "
                f"got {self.source}"
            )
        if len(self.measured) != count or any(a > b for a, b in self.measured):
            raise ValueError(
                f"measured: expected {count} ranges [low, high], "
                f"got {self.measured}"
            )
        if len(self.tolerance) not in (1, count):
            raise ValueError(
                f"tolerance: expected 1 or {count} numbers, "
                f"got {self.tolerance}"
            )
        expected, tolerance = np.array(self.expected), np.array(self.tolerance)
        low, high = np.transpose(self.measured)
        inside = (low >= expected - tolerance) & (high <= expected + tolerance)
        outside = (low > expected + tolerance) | (high < expected - tolerance)
        fits = {
            "confirmed": inside.all(),
            "corrected": outside.any(),
            "refuted": outside.any(),
            "depends": True,
        }
        if not fits[self.verdict]:
            raise ValueError(
                f"measured: expected ranges that make {self.expected} "
                f"{self.verdict}, got {self.measured}"
            )
        return self


def load(path: Path | str = LEDGER) -> dict[str, Claim]:
    """Read a ledger.

    Args:
        path: a TOML file of ``[[claim]]`` tables; default: the book's.

    Returns:
        The claims by id, in the file's order.

    Example:
        >>> load()["A05"].expected
        [1.9068]
    """
    wanted = "TOML with [[claim]] tables"
    rows = parse(path, tomllib.loads, wanted).get("claim")
    if not isinstance(rows, list) or not rows:
        raise ValueError(f"{path}: expected {wanted}, got claim = {rows!r:.80}")
    claims = [
        Claim.read(f"{path}, claim {count}", row)
        for count, row in enumerate(rows, start=1)
    ]
    check_once(f"{path}: id", (claim.id for claim in claims))
    return {claim.id: claim for claim in claims}


def check(claim_id: str, value: ArrayLike) -> None:
    """Hold a measurement against the ledger, and print the verdict.

    Prints the verdict: the same text for as long as it holds, whatever the
    digits beyond the range.

    Args:
        claim_id: a row of the ledger, such as ``"A05"``.
        value: what was measured: one number for each that the claim gives.

    Raises:
        AssertionError: the measurement is not in the ledger's range, so that
            the verdict no longer holds.

    Example:
        >>> check("A05", 1.906819)
        A05 confirmed: The output error is ∂L/∂h = 2(h − y) = 1.9068.
    """
    ledger = load()
    if not isinstance(claim_id, str) or claim_id not in ledger:
        raise ValueError(
            f"claim_id: expected one of {', '.join(ledger)}, "
            f"got {claim_id!r:.80}"
        )
    claim = ledger[claim_id]
    found = _checks.check(value=(value, "...")).ravel()
    _checks.check(value=(found, (len(claim.expected),)))
    low, high = np.transpose(claim.measured)
    if not ((low <= found) & (found <= high)).all():
        raise AssertionError(
            f"{claim_id} is no longer {claim.verdict}: "
            f"expected values within {claim.measured}, got {found.tolist()}"
        )
    line = f"{claim_id} {claim.verdict}: {claim.says}"
    if claim.verdict != "confirmed":
        line += f" Found: {claim.finding}"
    print(textwrap.fill(line, 64, subsequent_indent="    "))
