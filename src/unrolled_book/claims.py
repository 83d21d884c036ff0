"""The ledger of what the two source texts claim, and its check.

Each row of ``claims.toml`` holds one claim in our words and what was measured
for it. The verdict is not written anywhere: `verdict` computes it, by the rule
that the page of claims prints. Exactly one notebook cell per row calls `check`.
"""

import textwrap
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal, Self, TypeVar

import numpy as np
from pydantic import BeforeValidator, Field, model_validator

from unrolled._checks import check as check_array
from unrolled._checks import insist
from unrolled.confidence import wilson
from unrolled.data import ArrayLike
from unrolled_book.rows import Row, check_once, parse

LEDGER = Path(__file__).with_name("claims.toml")

MOST, FEW, HALF = 0.9, 0.1, 0.5
"""A statement holds in `MOST` cases or fails in all but `FEW`; and the 95%
interval lies beyond `HALF`."""

Verdict = Literal["confirmed", "corrected", "depends", "refuted", "untested"]
Text = Annotated[str, Field(min_length=1)]


def _twice(value: object) -> object:
    """A single number as a range of it."""
    return value if isinstance(value, list) else [value, value]


_T = TypeVar("_T")
Range = Annotated[
    list[_T], BeforeValidator(_twice), Field(min_length=2, max_length=2)
]
"""[low, high]."""


class Number(Row):
    """A number that the source gives, and the range that we measure."""

    given: float
    tolerance: Annotated[float, Field(ge=0)]
    """How far from `given` a measurement may lie; half a unit of the last
    digit that the source gives, where it does not say "about"."""

    measured: Range[float]
    """Where the measurement must lie today."""

    when: str = ""
    """The condition under which it was measured, if there are several."""

    @property
    def outcome(self) -> Literal["holds", "fails", "between"]:
        """Whether the whole range is within the tolerance, or outside it."""
        low, high = self.measured
        least, most = self.given - self.tolerance, self.given + self.tolerance
        if least <= low and high <= most:
            return "holds"
        if low > most or high < least:
            return "fails"
        return "between"


class Count(Row):
    """In how many of the cases measured a statement holds."""

    holds: Range[Annotated[int, Field(ge=0)]]
    """How many it must be today; mostly one number."""

    cases: Annotated[int, Field(ge=1)]
    when: str = ""

    @property
    def measured(self) -> list[int]:
        """The range, as a number has it."""
        return self.holds

    @property
    def outcome(self) -> Literal["holds", "fails", "between", "too few"]:
        """What the cases say of the statement."""
        low, high = (count / self.cases for count in self.holds)
        if low >= MOST:
            sure = wilson(self.holds[0], self.cases)[0] > HALF
            return "holds" if sure else "too few"
        if high <= FEW:
            sure = wilson(self.holds[1], self.cases)[1] < HALF
            return "fails" if sure else "too few"
        return "between"


def verdict(measured: Sequence[Number | Count]) -> Verdict:
    """Judge a claim by what was measured for it.

    - confirmed: every number is within its tolerance, and every statement holds
      in at least nine of ten cases, with the lower 95 % bound above one half.
    - depends: so it is under one named condition, and not under another; or a
      statement holds in some cases and not in others.
    - corrected: a number is outside its tolerance.
    - refuted: a statement holds in at most one of ten cases, with the upper
      95 % bound below one half.
    - untested: nothing was measured under the claim's own conditions, or in too
      few cases to tell.

    Example:
        >>> verdict([Count(holds=5, cases=5)])
        'confirmed'
        >>> verdict([Count(holds=3, cases=3)])
        'untested'
    """
    conditions: dict[str, list[str]] = {}
    for each in measured:
        conditions.setdefault(each.when, []).append(each.outcome)
    met = [set(outcomes) == {"holds"} for outcomes in conditions.values()]
    if met and all(met):
        return "confirmed"
    if any(met) or any(each.outcome == "between" for each in measured):
        return "depends"
    failed = [each for each in measured if each.outcome == "fails"]
    if any(isinstance(each, Number) for each in failed):
        return "corrected"
    return "refuted" if failed else "untested"


class Claim(Row):
    """One row of the ledger."""

    id: Annotated[str, Field(pattern=r"^[AB]\d\d$")]
    """The source's letter and a number, such as ``"A05"``."""

    where: Text
    """The heading in the source under which it stands."""

    says: Text
    """The claim, in our words."""

    measured: list[Number | Count] = Field(default_factory=list)
    """What was measured; nothing: the claim is untested."""

    finding: Text
    """What was found, in one sentence."""

    page: Text
    """The notebook whose cell checks the claim."""

    part_of: str | None = None
    """The claim of which this one is a step, or which it says again."""

    @model_validator(mode="after")
    def _check_ranges(self) -> Self:
        """Insist on ranges that begin at their lower end."""
        for low, high in (each.measured for each in self.measured):
            insist("measured", low <= high, "[low, high]", [low, high])
        return self

    @property
    def source(self) -> str:
        """The source's letter."""
        return self.id[0]

    @property
    def verdict(self) -> Verdict:
        """What the measurements say of the claim."""
        return verdict(self.measured)


def load(path: Path | str = LEDGER) -> dict[str, Claim]:
    """Read a ledger.

    Args:
        path: a TOML file of ``[[claim]]`` tables; default: the book's.

    Returns:
        The claims by id, in the file's order.

    Example:
        >>> load()["A05"].measured[0].given
        1.9068
    """
    wanted = "TOML with [[claim]] tables"
    rows = parse(path, tomllib.loads, wanted).get("claim")
    is_list = isinstance(rows, list) and rows != []
    insist(f"{path}: claim", is_list, wanted, rows)
    claims = [
        Claim.read(f"{path}, claim {count}", row)
        for count, row in enumerate(rows, start=1)
    ]
    check_once(f"{path}: id", (claim.id for claim in claims))
    whole = {claim.id: claim for claim in claims if claim.part_of is None}
    wanted = "a claim that is no part itself"
    for claim in claims:
        place, of = f"{path}, {claim.id}: part_of", claim.part_of
        insist(place, of in (None, *whole), wanted, of)
    return {claim.id: claim for claim in claims}


def check(claim_id: str, value: ArrayLike | None = None) -> None:
    """Hold a measurement against the ledger, and print the verdict.

    Prints the verdict: the same text for as long as it holds, whatever the
    digits beyond the range.

    Args:
        claim_id: a row of the ledger, such as ``"A05"``.
        value: what was measured: one number for each that the row has, of cases
            how many; default: nothing, for a claim that is untested.

    Raises:
        AssertionError: the measurement is not in the ledger's range, so that
            the verdict no longer holds.

    Example:
        >>> check("A05", 1.906819)
        A05 confirmed: The output error is ∂L/∂h = 2(h − y) = 1.9068.
    """
    ledger = load()
    is_one = isinstance(claim_id, str) and claim_id in ledger
    insist("claim_id", is_one, f"one of {', '.join(ledger)}", claim_id)
    claim = ledger[claim_id]
    ranges = [each.measured for each in claim.measured]
    found = np.empty(0)
    if value is not None:
        found = check_array(value=(value, "...")).ravel()
    wanted = f"{len(ranges) or 'no'} numbers"
    insist("value", len(found) == len(ranges), wanted, value)
    if not all(
        low <= number <= high
        for number, (low, high) in zip(found, ranges, strict=True)
    ):
        raise AssertionError(
            f"{claim_id} is no longer {claim.verdict}: "
            f"expected values within {ranges}, got {found.tolist()}"
        )
    line = f"{claim_id} {claim.verdict}: {claim.says}"
    if claim.verdict != "confirmed":
        line += f" Found: {claim.finding}"
    print(textwrap.fill(line, 64, subsequent_indent="    "))
