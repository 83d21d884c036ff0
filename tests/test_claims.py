"""The ledger: its rows, its checks, the cells that call them, its page."""

import ast
import json
import re
from typing import get_args

import numpy as np
import pytest

import notebooks
from unrolled_book import claims, claims_page

LEDGER = claims.load()
BOOK = notebooks.REPO / "book"
PAGE = (BOOK / "claims.md").read_text("utf-8")
each_claim = pytest.mark.parametrize("claim", LEDGER.values(), ids=[*LEDGER])
ROW = {
    "id": "A91",
    "source": "A",
    "says": "Two numbers are 0.50 and −2.00.",
    "expected": [0.5, -2.0],
    "tolerance": 0.005,
    "verdict": "confirmed",
    "measured": [[0.499, 0.501], [-2.001, -1.999]],
    "finding": "They are.",
    "chapter": "02_forward",
}


# Loading


@pytest.fixture(name="load")
def make_load(tmp_path):
    """A function that writes rows into a ledger and loads it."""

    def load(*rows):
        # What JSON writes for texts and numbers is TOML too.
        text = "".join(
            "[[claim]]\n"
            + "".join(f"{k} = {json.dumps(row[k])}\n" for k in row)
            for row in rows
        )
        path = tmp_path / "ledger.toml"
        path.write_text(text.replace("NaN", "nan"), encoding="utf-8")
        return claims.load(path)

    return load


AS_CLAIMED = "measured: expected ranges that make .* "
# What is wrong, and the fields that make it so; None: it is left out.
INVALID = {
    "finding: expected a value, got none": {"finding": None},
    "extra: expected no field of .*, got 1": {"extra": 1},
    "says: expected .*string, got 1": {"says": 1},
    "expected.1: .*finite number, got nan": {"expected": [0.5, np.nan]},
    "source: expected A, .*got B": {"source": "B"},
    "tolerance: expected 1 or 2 numbers, got": {"tolerance": [0.1] * 3},
    "measured: expected 2 ranges": {"measured": [[0.499, 0.501]]},
    "measured: .*2 ranges .low": {"measured": [[0.501, 0.499], [-2.0, -2.0]]},
    AS_CLAIMED + "confirmed, got .*0.4,":
        {"measured": [[0.4, 0.501], [-2.001, -1.999]]},
    AS_CLAIMED + "confirmed, got .*-1.9]":
        {"measured": [[0.499, 0.501], [-2.001, -1.9]]},
    AS_CLAIMED + "corrected, got .*0.499": {"verdict": "corrected"},
    AS_CLAIMED + "corrected, got .*0.4, 0.6":
        {"verdict": "corrected", "measured": [[0.4, 0.6], [-2.0, -2.0]]},
    AS_CLAIMED + "refuted, got .*0.1, 0.5":
        {"verdict": "refuted", "measured": [[0.1, 0.5], [-2.0, -2.0]]},
}  # fmt: skip


@pytest.mark.parametrize("message", INVALID)
def test_invalid_rows(message, load):
    row = ROW | INVALID[message]
    row = {name: value for name, value in row.items() if value is not None}
    with pytest.raises(ValueError, match=rf"toml, claim 2: {message}"):
        load(ROW | {"id": "A90"}, row)


def test_rows_keep_their_order_and_an_id_comes_once(load):
    loaded = load(*(ROW | {"id": name} for name in ("A93", "A91", "A92")))
    assert list(loaded) == ["A93", "A91", "A92"]
    assert loaded["A91"] == claims.Claim(**ROW)
    with pytest.raises(ValueError, match="id: expected each once, got 'A91'"):
        load(ROW, ROW)


@pytest.mark.parametrize("content", [b"[[claim]", b"\xff\xfe", b"claim = []"])
def test_no_ledger_at_all(content, tmp_path):
    path = tmp_path / "ledger.toml"
    path.write_bytes(content)
    message = r"ledger\.toml: expected TOML with \[\[claim\]\] tables, got "
    with pytest.raises(ValueError, match=message):
        claims.load(path)


# Checking


@each_claim
def test_only_a_value_within_its_range_passes(claim, capsys, monkeypatch):
    monkeypatch.setattr(claims, "load", lambda: LEDGER)  # read once
    low, high = np.transpose(claim.measured)
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


@pytest.mark.parametrize(
    ("claim_id", "value", "message"),
    [
        ("A99", 1.0, "claim_id: expected one of A04, .*, got 'A99'"),
        (None, 1.0, "claim_id: expected one of A04, .*, got None"),
        ("A05", [1.9068, 1.9068], r"value: .*shape \(1,\).*got \(2,\)"),
        ("A06", [0.4902, np.nan], "value: expected finite .*got nan"),
    ],
)
def test_check_refuses_what_it_cannot_compare(claim_id, value, message):
    with pytest.raises(ValueError, match=message):
        claims.check(claim_id, value)


# The cells that check


def calls(notebook):
    """Each ``claims.check`` in a notebook: its id, and what was printed."""
    for _, cell in notebooks.code_cells(notebook):
        for node in ast.walk(notebooks.parse(cell)):
            if isinstance(node, ast.Call) and re.fullmatch(
                r"(.*\bclaims\.)?check", ast.unparse(node.func)
            ):
                # An id that is not written out belongs to no row.
                yield getattr(node.args[0], "value", None), cell


CALLS = [
    (name, path.relative_to(BOOK).with_suffix("").as_posix(), cell)
    for path in notebooks.find("book")
    for name, cell in calls(notebooks.read(path))
]


def test_the_ledger_and_the_calls_are_the_same_set():
    assert {name for name, *_ in CALLS} == set(LEDGER)


@each_claim
def test_each_claim_is_checked_once_in_its_chapter(claim):
    [(chapter, cell)] = [rest for name, *rest in CALLS if name == claim.id]
    assert chapter == claim.chapter
    verdict = f"{claim.id} {claim.verdict}: {claim.says}"
    # Without the blanks, as the line is wrapped when it is printed.
    printed = notebooks.output_text(cell)
    assert "".join(verdict.split()) in "".join(printed.split())


# The page


def with_claim(**fields):
    """The ledger with A05 changed."""
    return LEDGER | {"A05": LEDGER["A05"].model_copy(update=fields)}


def count(ledger):
    """The numbers of the page's count, row by row; the last is their sum."""
    lines = claims_page.summary(ledger).splitlines()[2:]
    found = [re.findall(r"\| +(\d+) +(?=\|)", line) for line in lines]
    return np.array(found, dtype=int)


def test_the_count_is_complete_and_follows_the_ledger():
    before, after = count(LEDGER), count(with_claim(verdict="refuted"))
    assert (before[:-1].sum(axis=0) == before[-1]).all()
    assert before[-1].sum() == len(LEDGER)
    verdicts = list(claims_page.VERDICTS)
    assert set(verdicts) == set(get_args(claims.Verdict))
    place = [verdicts.index(name) for name in ("confirmed", "refuted")]
    assert (after - before)[place, 0].tolist() == [-1, 1]
    assert np.abs(after - before).sum() == 2


@pytest.mark.parametrize("source", ["A", "B"])
def test_each_claim_has_its_row_and_the_wrong_ones_are_errata(source):
    text = claims_page.table(LEDGER, source)
    errata = claims_page.errata(LEDGER, source).splitlines()
    own = sorted(c.id for c in LEDGER.values() if c.source == source)
    assert re.findall(r"`([AB]\d+) <", text) == own
    for claim in (LEDGER[name] for name in own):
        link = f"{{ref}}`{claim.id} <claim-{claim.id.lower()}>`"
        row = text.split(link)[1].partition("\n* - ")[0]
        assert f" {claim.verdict}]" in row
        assert row.count("- given ") == len(claim.expected)
        wrong = [line for line in errata if link in line]
        assert len(wrong) == (claim.verdict in ("corrected", "refuted"))
        for line in (row, *wrong):
            plain = re.sub(r"\\(.)", r"\1", line)  # no signs of Markdown
            assert claim.says in plain
            assert claim.finding in plain


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
    (0.0, 5e-5, [0.0, 1e-15], "0.0000, measured 0 to 1e−15"),
]


@pytest.mark.parametrize(("expected", "tolerance", "measured", "line"), WRITTEN)
def test_numbers_are_written_as_the_source_has_them(
    expected, tolerance, measured, line
):
    fields = {"expected": [expected], "tolerance": [tolerance]}
    ledger = with_claim(measured=[measured], **fields)
    assert f"- given {line}\n" in claims_page.table(ledger, "A")


def test_the_page_shows_all_parts():
    parts = re.findall(r"```\{ledger\} (.+)", PAGE)
    assert parts == ["summary", "table A", "table B", "errata A", "errata B"]
