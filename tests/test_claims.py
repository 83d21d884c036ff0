"""The ledger: its rows, its checks, the cells that call them, its page."""

import ast
import re
from collections import Counter
from typing import get_args

import numpy as np
import pytest

import notebooks
from unrolled_book import claims, claims_page

LEDGER = claims.load()
BOOK = notebooks.REPO / "book"
PAGE = "".join(
    (BOOK / name).read_text("utf-8") for name in ("claims.md", "errata.md")
)
each_claim = pytest.mark.parametrize("claim", LEDGER.values(), ids=[*LEDGER])
ROW = """
[[claim]]
id = "A91"
where = "Code"
says = "A number is 0.50, and something is always so."
finding = "It is."
page = "02_forward"
measured = [
    { given = 0.5, tolerance = 0.005, measured = [0.499, 0.501] },
    { holds = 5, cases = 5 },
]
"""


# Loading


@pytest.fixture(name="load")
def make_load(tmp_path):
    """A function that writes a ledger and loads it."""

    def load(text):
        path = tmp_path / "ledger.toml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return claims.load(path)

    return load


def other(old, new):
    """The row, and one that is changed in one place."""
    assert old in ROW
    return ROW.replace("A91", "A90") + ROW.replace(old, new)


def test_a_ledger_keeps_its_rows_in_order(load):
    names = ["A93", "A91", "A92"]
    loaded = load("".join(ROW.replace("A91", name) for name in names))
    assert list(loaded) == names
    assert loaded["A91"].verdict == "confirmed"


NO_LEDGER = r"expected TOML with \[\[claim\]\] tables, got "
BAD_LEDGERS = [
    ("finding: expected a value, got none", other('finding = "It is."', "")),
    ("verdict: expected no field of th", other('"Code"', '"A"\nverdict = "b"')),
    ("id: expected a text of the pattern", other("A91", "C1")),
    ("expected .low, high., got", other("[0.499, 0.501]", "[0.5, 0.499]")),
    ("measured.0.* expected", other("[0.499, 0.501]", "[1, 2, 3]")),
    ("measured.0.* expected a number greater", other("0.005", "-1")),
    ("part_of: expected a claim .* got 'A92'",
     other('"Code"', '"Code"\npart_of = "A92"')),
    ("part_of: expected a claim that is no part",
     other('"Code"', '"Code"\npart_of = "A91"')),
    ("id: expected each once, got 'A91'", ROW + ROW),
    *[(NO_LEDGER, text) for text in (b"[[claim]", b"\xff\xfe", b"claim = []")],
]  # fmt: skip


@pytest.mark.parametrize(("message", "text"), BAD_LEDGERS)
def test_bad_ledgers_are_refused(message, text, load):
    with pytest.raises(ValueError, match=rf"ledger\.toml.*{message}"):
        load(text)


# Judging


def number(measured, when=""):
    """A measurement of what a source gives as 0.50."""
    return claims.Number(
        given=0.5, tolerance=0.005, measured=measured, when=when
    )


def count(holds, cases, when=""):
    """A statement that holds in so many cases."""
    return claims.Count(holds=holds, cases=cases, when=when)


@pytest.mark.parametrize(
    ("verdict", "measured"),
    [
        # Numbers: at the tolerance's edge, across it, beyond it.
        ("confirmed", [number([0.495, 0.505])]),
        ("depends", [number([0.495, 0.506])]),
        ("depends", [number([0.494, 0.505])]),
        ("corrected", [number([0.5051, 0.51])]),
        ("corrected", [number([0.49, 0.4949])]),
        ("corrected", [number(0.5), number(0.6)]),
        # Statements: nine of ten, one of ten, and enough cases.
        ("confirmed", [count(9, 10)]),
        ("depends", [count(17, 19)]),
        ("depends", [count(2, 19)]),
        ("refuted", [count(1, 10)]),
        ("confirmed", [count(4, 4)]),
        ("untested", [count(3, 3)]),
        ("untested", [count(0, 3)]),
        ("refuted", [count(0, 4)]),
        ("confirmed", [count([9, 10], 10)]),
        ("depends", [count([8, 10], 10)]),
        ("refuted", [count([0, 1], 10)]),
        # Conditions: both with their outcome.
        ("confirmed", [count(5, 5, "short"), count(5, 5, "long")]),
        ("depends", [count(5, 5, "short"), count(0, 5, "long")]),
        ("depends", [number(0.5, "short"), number(0.6, "long")]),
        ("corrected", [number(0.4, "short"), number(0.6, "long")]),
        ("refuted", [count(0, 5, "short"), count(0, 5, "long")]),
        # Both kinds: a number is what can be corrected.
        ("corrected", [number(0.6), count(0, 5)]),
        ("refuted", [number(0.5), count(0, 5)]),
        ("untested", [number(0.5), count(3, 3)]),
        ("untested", []),
    ],
)
def test_the_rule(verdict, measured):
    assert claims.verdict(measured) == verdict


# Checking


@each_claim
def test_the_ends_of_each_range_pass_and_beyond_them_fail(
    claim, capsys, monkeypatch
):
    monkeypatch.setattr(claims, "load", lambda: LEDGER)  # read once
    if not claim.measured:
        claims.check(claim.id)
        assert f"{claim.id} untested: " in capsys.readouterr().out
        return
    low, high = np.transpose([each.measured for each in claim.measured])
    middle = (low + high) / 2
    for value in (low, high, middle[None]):
        claims.check(claim.id, value)
    printed = f"{claim.id} {claim.verdict}: {claim.says}"
    if claim.verdict != "confirmed":
        printed += f" Found: {claim.finding}"
    lines = capsys.readouterr().out
    assert lines.split() == printed.split() * 3  # the same, whatever the digits
    assert max(map(len, lines.splitlines())) < 80
    beyond = np.diag(np.maximum(high - low, 1e-9))
    message = f"{claim.id} is no longer {claim.verdict}: expected.* got"
    for value in (*(low - beyond), *(high + beyond)):
        with pytest.raises(AssertionError, match=message):
            claims.check(claim.id, value)


# The cells that check


def checks(notebook):
    """The id in each ``claims.check`` of a notebook."""
    for _, cell in notebooks.code_cells(notebook):
        for node in ast.walk(notebooks.parse(cell)):
            if isinstance(node, ast.Call) and re.fullmatch(
                r"(.*\bclaims\.)?check", ast.unparse(node.func)
            ):
                # An id that is not written out belongs to no row.
                yield getattr(node.args[0], "value", None)


def test_each_claim_is_checked_once_in_its_chapter():
    """What the check prints there, nbval compares."""
    found = Counter(
        (name, path.relative_to(BOOK).with_suffix("").as_posix())
        for path in notebooks.find("book")
        for name in checks(notebooks.read(path))
    )
    assert found == Counter((c.id, c.page) for c in LEDGER.values())


# The page


def with_claim(**fields):
    """The ledger with A05 changed."""
    return LEDGER | {"A05": LEDGER["A05"].model_copy(update=fields)}


REFUTED = [count(0, 9, "in June")]


def numbers(ledger):
    """The numbers of the page's count, row by row."""
    lines = claims_page.summary(ledger).splitlines()[2:]
    found = [re.findall(r"\| +(\d+) +(?=\|)", line) for line in lines]
    return np.array(found, dtype=int)


def test_the_count_is_complete():
    *found, sums = numbers(LEDGER)
    assert (np.sum(found, axis=0) == sums).all()
    whole = [claim for claim in LEDGER.values() if claim.part_of is None]
    assert sums.sum() == len(whole) < len(LEDGER)
    verdicts = claims_page.VERDICTS
    assert set(verdicts) == set(get_args(claims.Verdict))
    signs = {sign for sign, _ in verdicts.values()}
    assert len(signs) == len(verdicts)


def test_a_claim_is_counted_with_its_parts():
    confirmed = LEDGER["A05"].measured
    for measured, name in ((confirmed, "confirmed"), (REFUTED, "depends")):
        ledger = with_claim(part_of="A04", measured=measured)
        found = numbers({key: ledger[key] for key in ("A04", "A05")})
        row = list(claims_page.VERDICTS).index(name)
        assert found[row].tolist() == [1, 0]


@each_claim
def test_each_claim_has_its_row_and_the_wrong_ones_are_errata(claim):
    text = claims_page.table(LEDGER, claim.source)
    link = f"{{ref}}`{claim.id} <{claims_page.anchor(claim.id)}>`"
    _, row = text.split(link)
    row = row.partition("\n* - ")[0]
    assert f" {claim.verdict}]" in row
    assert len(re.findall("    - (given|holds) ", row)) == len(claim.measured)
    errata = claims_page.errata(LEDGER, claim.source).splitlines()
    own = [line for line in errata if link in line]
    assert len(own) == (claim.verdict in ("corrected", "refuted"))
    plain = re.sub(r"\\(.)", r"\1", row)  # no signs of Markdown
    assert claim.where in plain
    for line in (plain, *(re.sub(r"\\(.)", r"\1", line) for line in own)):
        assert claim.says in line
        assert claim.finding in line


@pytest.mark.parametrize("source", ["A", "B"])
def test_the_rows_are_in_order(source):
    ids = re.findall(r"`([AB]\d+) <", claims_page.table(LEDGER, source))
    assert ids == sorted(c.id for c in LEDGER.values() if c.source == source)


def test_each_sign_of_markdown_is_only_text():
    signs = "\\`*_{}[]<>#|$~"
    text = claims_page.table(with_claim(says=signs), "A")
    assert "".join(f"\\{sign}" for sign in signs) in text


WRITTEN = [
    (1.9, 0.05, [1.906, 1.91], "1.9, measured 1.906 to 1.910"),
    (0.49, 5e-5, [0.49, 0.49], "0.4900, measured 0.49"),
    (-0.00251, 5e-7, [-0.00251, -0.00251], "−0.002510, measured −0.00251"),
    (4.67e-5, 5e-8, [4.67e-5, 4.67e-5], "0.0000467, measured 4.67e−05"),
    (197378, 0.5, [197378, 197378], "197,378, measured 197,378"),
    (9, 0, [9, 9], "9, measured 9"),
    (0.0, 5e-5, [0.0, 1e-15], "0.0000, measured 0 to 1e−15"),
    (0.0, 1e-12, [0.0, 1e-15], "0, measured 0 to 1e−15"),
]


def test_numbers_are_written_as_the_source_has_them():
    """And counts with their interval."""
    lines, measured = ["holds in 0 of 9 (0 to 30%), in June"], [*REFUTED]
    for given, tolerance, found, line in WRITTEN:
        sizes = {"given": given, "tolerance": tolerance, "measured": found}
        measured.append(claims.Number(**sizes))
        lines.append(f"given {line}")
    table = claims_page.table(with_claim(measured=measured), "A")
    for line in lines:
        assert f"- {line}\n" in table


def test_the_pages_show_all_parts_and_repeats_nothing_of_the_ledger():
    parts = re.findall(r"```\{ledger\} (.+)", PAGE)
    assert parts == ["summary", "table A", "table B", "errata A", "errata B"]
    for claim in LEDGER.values():
        for text in (claim.id, claim.says, claim.finding):
            assert text not in PAGE
