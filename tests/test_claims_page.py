"""The page of claims: all that is in the ledger, and nothing typed by hand."""

import dataclasses
import re
from typing import get_args

import pytest

import notebooks
from unrolled_book import claims, claims_page

LEDGER = claims.load()
PAGE = notebooks.REPO / "book" / "claims.md"


def changed(claim_id, **fields):
    """The ledger with one row changed."""
    return LEDGER | {claim_id: dataclasses.replace(LEDGER[claim_id], **fields)}


def numbers_of(line):
    return [int(cell) for cell in re.findall(r"\| +(\d+) +(?=\|)", line)]


def plain(text):
    """Without the backslashes that keep Markdown from reading signs."""
    return re.sub(r"\\(.)", r"\1", text)


# The count


def test_the_count_is_complete():
    *rows, total = claims_page.summary(LEDGER).splitlines()[2:]
    assert len(rows) == len(claims_page.VERDICTS)
    sums = [sum(column) for column in zip(*map(numbers_of, rows), strict=True)]
    assert sums == numbers_of(total)
    assert sum(sums) == len(LEDGER)


def test_the_count_follows_the_ledger():
    refuted = changed("A05", verdict="refuted", measured=[[1.0, 1.1]])
    before, after = (
        [numbers_of(line) for line in claims_page.summary(ledger).splitlines()]
        for ledger in (LEDGER, refuted)
    )
    # Confirmed is the first of the verdicts, refuted the last before the sum.
    assert after[2][0] == before[2][0] - 1
    assert after[-2][0] == before[-2][0] + 1
    assert after[-1] == before[-1]


def test_each_verdict_has_a_word_and_a_sign_of_its_own():
    assert set(claims_page.VERDICTS) == set(get_args(claims.Verdict))
    signs = [sign for sign, _ in claims_page.VERDICTS.values()]
    assert len(set(signs)) == len(signs)
    for verdict in claims_page.VERDICTS:
        assert f" {verdict}]" in claims_page.summary(LEDGER)


# The table


@pytest.mark.parametrize("claim_id", LEDGER)
def test_each_claim_has_its_row(claim_id):
    claim = LEDGER[claim_id]
    text = claims_page.table(LEDGER, claim.source)
    link = f"{{ref}}`{claim_id} <claim-{claim_id.lower()}>`"
    assert text.count(link) == 1
    row = text.partition(link)[2].partition("\n* - ")[0]
    assert f" {claim.verdict}]" in row
    assert claim.says in plain(row)
    assert claim.finding in plain(row)
    assert row.count("- given ") == len(claim.expected)


@pytest.mark.parametrize("source", ["A", "B"])
def test_the_rows_are_in_order(source):
    text = claims_page.table(LEDGER, source)
    ids = re.findall(r"`([AB]\d+) <", text)
    assert ids == sorted(c.id for c in LEDGER.values() if c.source == source)


def test_signs_of_markdown_are_only_text():
    says = "z_f * 2 | <b>, $x$ and `y` [z] are 1.9068"
    text = claims_page.table(changed("A05", says=says), "A")
    assert says not in text
    assert says in plain(text)


@pytest.mark.parametrize("sign", "\\`*_{}[]<>#|$~")
def test_each_sign_of_markdown_has_its_backslash(sign):
    text = claims_page.table(changed("A05", says=f"a{sign}b"), "A")
    assert f"a\\{sign}b" in text


@pytest.mark.parametrize(
    ("expected", "tolerance", "measured", "line"),
    [
        (1.9, 0.05, [1.906, 1.91], "1.9, measured 1.906 to 1.910"),
        (0.49, 5e-5, [0.49, 0.49], "0.4900, measured 0.49"),
        (-0.00251, 5e-7, [-0.00251, -0.00251], "−0.002510, measured −0.00251"),
        (4.67e-5, 5e-8, [4.67e-5, 4.67e-5], "0.0000467, measured 4.67e−05"),
        (197378, 0.5, [197378, 197378], "197,378, measured 197,378"),
        (0.95, 0.05, [0.9, 0.96], "0.95, measured 0.90 to 0.96"),
        (9, 0, [9, 9], "9, measured 9"),
        (0.0, 5e-5, [0.0, 1e-15], "0.0000, measured 0 to 1e−15"),
    ],
)  # fmt: skip
def test_numbers_are_written_as_the_source_has_them(
    expected, tolerance, measured, line
):
    claim = dataclasses.replace(
        LEDGER["A05"],
        expected=[expected],
        tolerance=tolerance,
        measured=[measured],
        verdict="depends",
    )
    text = claims_page.table({"A05": claim}, "A")
    assert f"- given {line}\n" in text


# The errata


@pytest.mark.parametrize("claim_id", LEDGER)
def test_errata_are_the_corrected_and_the_refuted(claim_id):
    claim = LEDGER[claim_id]
    lines = claims_page.errata(LEDGER, claim.source).splitlines()
    own = [line for line in lines if f"`{claim_id} <" in line]
    assert bool(own) == (claim.verdict in ("corrected", "refuted"))
    for line in own:
        assert claim.says in plain(line)
        assert claim.finding in plain(line)


@pytest.mark.parametrize("verdict", ["corrected", "refuted"])
def test_errata_take_both_kinds_of_wrong(verdict):
    ledger = changed("A05", verdict=verdict, measured=[[1.0, 1.1]])
    assert "`A05 <" in claims_page.errata(ledger, "A")


def test_no_errata_is_said_in_words():
    assert claims_page.errata({"A05": LEDGER["A05"]}, "B").endswith("mending.")


# The page


def test_the_page_shows_all_parts():
    parts = re.findall(r"```\{ledger\} (.+)", PAGE.read_text("utf-8"))
    assert parts == [
        "summary",
        "table A",
        "table B",
        "errata A",
        "errata B",
    ]


def test_the_page_repeats_nothing_of_the_ledger():
    text = PAGE.read_text("utf-8")
    for claim in LEDGER.values():
        assert claim.id not in text
        assert claim.says not in text
        assert claim.finding not in text
