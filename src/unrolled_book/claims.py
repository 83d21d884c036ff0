"""The ledger of what the two source texts claim, and its check.

Each row of ``claims.toml`` holds one claim in our words, the numbers it gives,
the verdict of our experiment and the range that the measurement must fall into
today. Exactly one notebook cell per row calls `check`.
"""

from __future__ import annotations

import textwrap
import tomllib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike

from unrolled._checks import check_array

LEDGER = Path(__file__).with_name("claims.toml")

Verdict = Literal["confirmed", "corrected", "depends", "refuted"]


@dataclass(frozen=True)
class Claim:
    """One row of the ledger.

    Raises:
        ValueError: an unknown verdict, an empty text, numbers that do not fit
            together, or a verdict that the row's own numbers contradict.
    """

    id: str
    """The source's letter and a number, such as ``"A05"``."""

    source: str
    """``"A"`` or ``"B"``."""

    says: str
    """The claim, in our words."""

    expected: list[float]
    """The numbers that the claim gives."""

    tolerance: float | list[float]
    """How far a measurement may lie from `expected` and still confirm it."""

    verdict: Verdict
    """What the experiment says of the claim."""

    measured: list[list[float]]
    """[low, high] for each number: the range that must hold today."""

    finding: str
    """What was found, in one sentence."""

    chapter: str
    """The notebook whose cell checks the claim."""

    def __post_init__(self) -> None:
        for field in ("id", "source", "says", "finding", "chapter"):
            text = getattr(self, field)
            if not isinstance(text, str) or not text:
                raise ValueError(
                    f"claim {self.id!r}: expected a text for {field}, "
                    f"got {text!r}"
                )
        if self.verdict not in get_args(Verdict):
            raise ValueError(
                f"claim {self.id}: expected a verdict of "
                f"{', '.join(get_args(Verdict))}, got {self.verdict!r}"
            )
        name = f"claim {self.id}"
        if self.source not in ("A", "B") or self.id[0] != self.source:
            raise ValueError(
                f"{name}: source: expected A or B, the first letter of the "
                f"id, got {self.source!r}"
            )
        expected = check_array(f"{name}: expected", self.expected, ("n",))
        tolerance = check_array(f"{name}: tolerance", self.tolerance, None)
        if tolerance.shape not in ((), expected.shape) or (tolerance < 0).any():
            raise ValueError(
                f"{name}: tolerance: expected one number, or one for each "
                f"of {len(expected)}, of at least 0, got {self.tolerance}"
            )
        ranges = check_array(
            f"{name}: measured", self.measured, (len(expected), 2)
        )
        if (ranges[:, 0] > ranges[:, 1]).any():
            raise ValueError(
                f"{name}: expected ranges [low, high], got {self.measured}"
            )
        low, high = ranges.T
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
                f"{name}: expected measured ranges that make {expected} "
                f"{self.verdict}, got {self.measured}"
            )


def load(path: Path | str = LEDGER) -> dict[str, Claim]:
    """Read a ledger.

    Args:
        path: a TOML file of ``[[claim]]`` tables; the book's unless told.

    Returns:
        The claims by id, in the file's order.

    Raises:
        ValueError: no such file, not TOML, a row with a missing or unknown
            field, an id that comes twice, a row that is no valid `Claim`.

    Example:
        >>> load()["A05"].expected
        [1.9068]
    """
    if not isinstance(path, Path | str):
        raise ValueError(f"path: expected a path, got {path!r:.80}")
    try:
        rows = tomllib.loads(Path(path).read_text(encoding="utf-8"))["claim"]
    except (OSError, ValueError, KeyError) as error:
        raise ValueError(
            f"{path}: expected TOML with [[claim]] tables, got {error!r}"
        ) from None
    if not isinstance(rows, list) or not rows:
        raise ValueError(
            f"{path}: expected [[claim]] tables, got claim = {rows!r:.80}"
        )
    names = {field.name for field in fields(Claim)}
    claims: dict[str, Claim] = {}
    for row in rows:
        if not isinstance(row, dict):
            raise ValueError(f"{path}: expected a table, got {row!r:.80}")
        if set(row) != names:
            raise ValueError(
                f"claim {row.get('id', '?')}: expected the fields "
                f"{sorted(names)}; missing {sorted(names - set(row))}, "
                f"unknown {sorted(set(row) - names)}"
            )
        claim = Claim(**row)
        if claim.id in claims:
            raise ValueError(f"claim {claim.id}: expected one row, got two")
        claims[claim.id] = claim
    return claims


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
        ValueError: an unknown id, or another count of numbers.

    Example:
        >>> check("A05", 1.906819)
        A05 confirmed: The output error is ∂L/∂h = 2(h − y) = 1.9068.
    """
    ledger = load()
    if not isinstance(claim_id, str) or claim_id not in ledger:
        raise ValueError(
            f"claim_id: expected one of {', '.join(ledger)}, got {claim_id!r}"
        )
    claim = ledger[claim_id]
    name = f"claim {claim_id}: value"
    value = check_array(name, value, None).ravel()
    check_array(name, value, (len(claim.expected),))
    low, high = np.transpose(claim.measured)
    in_range = ((low <= value) & (value <= high)).all()
    if not in_range:
        raise AssertionError(
            f"{claim_id} is no longer {claim.verdict}: "
            f"expected values within {claim.measured}, got {value.tolist()}"
        )
    line = f"{claim_id} {claim.verdict}: {claim.says}"
    if claim.verdict != "confirmed":
        line += f" Found: {claim.finding}"
    print(textwrap.fill(line, 64, subsequent_indent="    "))
