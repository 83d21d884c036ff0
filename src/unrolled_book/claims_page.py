r"""The ledger as text, for the page of claims: a count, a table, the errata.

Everything is written in MyST Markdown, the language of the book's pages. The
extension ``book/_ext/ledger.py`` puts it into the page when the book is built,
so that a row stands there as soon as it is in the ledger.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import count

from unrolled_book.claims import Claim

VERDICTS = {
    "confirmed": ("✓", "What we measured is what the source says."),
    "corrected": (
        "✎",
        "Part of it holds, or it holds with another number; the rest we mend.",
    ),
    "depends": (
        "◐",
        "True, or possible, under conditions that the source does not name.",
    ),
    "refuted": ("✗", "What we measured is not what the source says."),
}
"""Each verdict's sign and meaning, in the order of the count."""


def summary(ledger: Mapping[str, Claim]) -> str:
    r"""Count the claims of each source by verdict.

    Args:
        ledger: claims by id, as `unrolled_book.claims.load` gives them.

    Returns:
        A MyST table with one row for each verdict and one for their sum.

    Example:
        >>> from unrolled_book import claims
        >>> "| all | " in summary(claims.load())
        True
    """
    lines = ["| Verdict | What it means | A | B |", "|---|---|---:|---:|"]
    for verdict, (_, meaning) in VERDICTS.items():
        numbers = _counts(ledger, verdict)
        lines.append(f"| {_badge(verdict)} | {meaning} | {numbers} |")
    return "\n".join([*lines, f"| all | | {_counts(ledger)} |"])


def table(ledger: Mapping[str, Claim], source: str) -> str:
    r"""Set out the claims of one source, by number.

    Each id is a link to the cell that checks the claim.

    Args:
        ledger: claims by id.
        source: ``"A"`` or ``"B"``.

    Returns:
        A MyST list-table: claim and verdict, what the source says, what was
        found with each number given and the range measured.

    Example:
        >>> from unrolled_book import claims
        >>> "{ref}`A05 <claim-a05>`" in table(claims.load(), "A")
        True
    """
    rows = _of_source(ledger, source)
    lines = [
        ":::{list-table}",
        ":header-rows: 1",
        ":class: stacked claims",
        ":widths: 18 34 48",
        "* - Claim",
        f"  - Source {source} says",
        "  - We found",
    ]
    for claim in rows:
        lines += [
            f"* - **{_link(claim)}**\n\n    {_badge(claim.verdict)}",
            f"  - {_plain(claim.says)}",
            f"  - {_plain(claim.finding)}\n",
            *(f"    - {line}" for line in _numbers(claim)),
        ]
    return "\n".join([*lines, ":::"])


def errata(ledger: Mapping[str, Claim], source: str) -> str:
    r"""List what the source would want to mend: corrected and refuted claims.

    Args:
        ledger: claims by id.
        source: ``"A"`` or ``"B"``.

    Returns:
        A MyST list, one entry a claim; one sentence if there is none.

    Example:
        >>> from unrolled_book import claims
        >>> "The factor is 0.4902" in errata(claims.load(), "A")
        True
    """
    wrong = [
        f"- {_link(claim)}. The text says: {_plain(claim.says)} "
        f"*We find:* {_plain(claim.finding)}"
        for claim in _of_source(ledger, source)
        if claim.verdict in ("corrected", "refuted")
    ]
    return "\n".join(wrong or ["So far, none of its claims needs mending."])


def anchor(claim_id: str) -> str:
    r"""Name the place in the book that checks a claim: the end of its address.

    Example:
        >>> anchor("A05")
        'claim-a05'
    """
    return f"claim-{claim_id.lower()}"


def _of_source(ledger: Mapping[str, Claim], source: str) -> list[Claim]:
    """The claims of one source, by number."""
    rows = [claim for claim in ledger.values() if claim.source == source]
    return sorted(rows, key=lambda claim: claim.id)


def _counts(ledger: Mapping[str, Claim], verdict: str | None = None) -> str:
    """How many claims of A and of B have this verdict, or any."""
    return " | ".join(
        str(sum(c.verdict == (verdict or c.verdict) for c in rows))
        for rows in (_of_source(ledger, "A"), _of_source(ledger, "B"))
    )


def _link(claim: Claim) -> str:
    """The claim's id, as a link to its cell."""
    return f"{{ref}}`{claim.id} <{anchor(claim.id)}>`"


def _badge(verdict: str) -> str:
    """The verdict as a word with a sign, so that no colour is needed."""
    return f"[{VERDICTS[verdict][0]} {verdict}]{{.verdict .{verdict}}}"


def _plain(text: str) -> str:
    """The text with nothing in it that Markdown would take for a sign."""
    return re.sub(r"([\\`*_{}\[\]<>#|$~])", r"\\\1", text)


def _numbers(claim: Claim) -> list[str]:
    """For each number of a claim: as it was given, and the range measured."""
    times = len(claim.expected) // len(claim.tolerance)
    given = map(_given, claim.expected, claim.tolerance * times)
    pairs = zip(given, map(_range, claim.measured), strict=True)
    return [f"given {number}, measured {found}" for number, found in pairs]


def _given(number: float, tolerance: float) -> str:
    """A number with the digits that the source gives, as far as we know."""
    decimals = (
        places
        for places in count()
        if float(f"{number:.{places}f}") == number
        and (tolerance == 0 or 10.0**-places <= 2.01 * tolerance)
    )
    return f"{number:,.{next(decimals)}f}".replace("-", "−")


def _range(measured: list[float]) -> str:
    """A range with as many digits at both ends; one number if it is one."""
    texts = [f"{number:,.10g}" for number in dict.fromkeys(measured)]
    if not any("e" in text for text in texts):
        places = max(len(text.partition(".")[2]) for text in texts)
        texts = [f"{float(number):,.{places}f}" for number in measured]
    return " to ".join(dict.fromkeys(texts)).replace("-", "−")
