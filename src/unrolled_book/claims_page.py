r"""The ledger as text, for the page of claims: a count, a table, the errata.

Everything is written in MyST Markdown, the language of the book's pages. The
extension ``book/_ext/ledger.py`` puts it into the page when the book is built,
so that a row stands there as soon as it is in the ledger.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import count

from unrolled.confidence import wilson
from unrolled_book.claims import FEW, MOST, Claim, Count, Number, verdict

VERDICTS = {
    "confirmed": (
        "✓",
        "Every number lies within its tolerance, and every statement holds in "
        f"at least {MOST:.0%} of the cases measured, with the lower bound of "
        "the 95% interval above one half.",
    ),
    "corrected": (
        "✎",
        "A number lies outside its tolerance; the right one is given.",
    ),
    "depends": (
        "◐",
        "It holds under one named condition and not under another, or in some "
        "of the cases and not in others.",
    ),
    "refuted": (
        "✗",
        f"A statement holds in at most {FEW:.0%} of the cases measured, with "
        "the upper bound of the 95% interval below one half.",
    ),
    "untested": (
        "○",
        "Nothing was measured here under the claim's own conditions, or in too "
        "few cases to tell: three of three are too few.",
    ),
}
"""Each verdict's sign and rule, in the order of the count."""


def summary(ledger: Mapping[str, Claim]) -> str:
    r"""Count the claims of each source by verdict.

    A claim and its parts count as one, judged by all that was measured for it.

    Args:
        ledger: claims by id, as `unrolled_book.claims.load` gives them.

    Returns:
        A MyST table with one row for each verdict and one for their sum.

    Example:
        >>> from unrolled_book import claims
        >>> "| all | " in summary(claims.load())
        True
    """
    rows = {name: [] for name in ledger if ledger[name].part_of is None}
    for claim in ledger.values():
        rows[claim.part_of or claim.id] += claim.measured
    found = [(name[0], verdict(measured)) for name, measured in rows.items()]
    lines = ["| Verdict | When | A | B |", "|---|---|---:|---:|"]
    for name, (_, rule) in VERDICTS.items():
        numbers = " | ".join(str(found.count((s, name))) for s in "AB")
        lines.append(f"| {_badge(name)} | {rule} | {numbers} |")
    sums = " | ".join(str(sum(s == each for each, _ in found)) for s in "AB")
    return "\n".join([*lines, f"| all | | {sums} |"])


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
            f"* - ({row(claim.id)})=\n",
            f"    **{_link(claim)}**\n\n    {_badge(claim.verdict)}",
            f"  - {_plain(claim.says)} *({_plain(claim.where)})*",
            f"  - {_plain(claim.finding)}\n",
            *(f"    - {_measured(each)}" for each in claim.measured),
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


def row(claim_id: str) -> str:
    r"""Name the claim's row in the table.

    Example:
        >>> row("A05")
        'row-a05'
    """
    return f"row-{claim_id.lower()}"


def _of_source(ledger: Mapping[str, Claim], source: str) -> list[Claim]:
    """The claims of one source, by number."""
    rows = [claim for claim in ledger.values() if claim.source == source]
    return sorted(rows, key=lambda claim: claim.id)


def _link(claim: Claim) -> str:
    """The claim's id, as a link to its cell."""
    return f"{{ref}}`{claim.id} <{anchor(claim.id)}>`"


def _badge(name: str) -> str:
    """The verdict as a word with a sign, so that no colour is needed."""
    return f"[{VERDICTS[name][0]} {name}]{{.verdict .{name}}}"


def _plain(text: str) -> str:
    """The text with nothing in it that Markdown would take for a sign."""
    return re.sub(r"([\\`*_{}\[\]<>#|$~])", r"\\\1", text)


def _measured(each: Number | Count) -> str:
    """One measurement: as the source has it, and what we found."""
    found = _range(each.measured)
    if isinstance(each, Number):
        line = f"given {_given(each.given, each.tolerance)}, measured {found}"
    else:
        low, high = each.holds
        bounds = wilson(low, each.cases)[0], wilson(high, each.cases)[1]
        share = " to ".join(f"{100 * bound:.0f}" for bound in bounds)
        line = f"holds in {found} of {each.cases} ({share}%)"
    return line + f", {_plain(each.when)}" * bool(each.when)


def _given(number: float, tolerance: float) -> str:
    """A number with the digits that the source gives, as far as we know."""
    decimals = (
        places
        for places in count()
        if float(f"{number:.{places}f}") == number
        # So small a tolerance is for rounding, and says nothing of digits.
        and (tolerance < 1e-9 or 10.0**-places <= 2.01 * tolerance)
    )
    return f"{number:,.{next(decimals)}f}".replace("-", "−")


def _range(measured: Sequence[float]) -> str:
    """A range with as many digits at both ends; one number if it is one."""
    texts = [f"{number:,.10g}" for number in dict.fromkeys(measured)]
    if not any("e" in text for text in texts):
        places = max(len(text.partition(".")[2]) for text in texts)
        texts = [f"{float(number):,.{places}f}" for number in measured]
    return " to ".join(dict.fromkeys(texts)).replace("-", "−")
