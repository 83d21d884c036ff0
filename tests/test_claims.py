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
each_claim = pytest.mark.parametrize("claim_id", LEDGER)
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
ELSEWHERE = [[0.6, 0.7], [-2.001, -1.999]]  # the first number is another


def changed(**fields):
    return ROW | fields


def without(field):
    return {key: value for key, value in ROW.items() if key != field}


# Loading


@pytest.fixture(name="load")
def make_load(tmp_path):
    """A function that writes rows into a ledger and loads it."""

    def load(*rows):
        # What JSON writes for texts and numbers is TOML too.
        lines = [
            line
            for row in rows
            for line in (
                "[[claim]]",
                *(f"{k} = {json.dumps(row[k])}" for k in row),
            )
        ]
        path = tmp_path / "ledger.toml"
        text = "\n".join(lines).replace("NaN", "nan").replace("Infinity", "inf")
        path.write_text(text, encoding="utf-8")
        return claims.load(path)

    return load


def test_a_ledger_keeps_its_rows_in_order(load):
    loaded = load(*(changed(id=name) for name in ("A93", "A91", "A92")))
    assert list(loaded) == ["A93", "A91", "A92"]
    assert loaded["A91"] == claims.Claim(**ROW)


@pytest.mark.parametrize(
    "fields",
    [
        {"verdict": "confirmed"},
        {"verdict": "corrected", "measured": ELSEWHERE},
        {"verdict": "refuted", "measured": ELSEWHERE},
        {"verdict": "depends"},
        {"verdict": "depends", "measured": [[-9, 9], [-9, 9]]},
        {"tolerance": [0.005, 0.1]},
        {"measured": [[0.5, 0.5], [-2, -2]]},
    ],
)
def test_valid_rows(fields, load):
    assert load(changed(**fields))["A91"].finding == ROW["finding"]


AS_CLAIMED = "measured: expected ranges that make .* "
INVALID = {
    "finding: expected a value, got none": without("finding"),
    "id: expected a value, got none": without("id"),
    "extra: expected no field of .*, got 1": changed(extra=1),
    "verdict: expected 'confirmed', .*got 'true'": changed(verdict="true"),
    "source: expected 'A' or 'B', got 'C'": changed(source="C"),
    "source: expected A, .*got B": changed(source="B"),
    "id: expected a valid string, got 1": changed(id=1),
    "id: expected .*pattern.*got 'X1'": changed(id="X1"),
    "says: expected .*at least 1 character, got ''": changed(says=""),
    "expected: expected .*at least 1 item.*got": changed(expected=[]),
    "expected.0: expected a valid number, got 'a'": changed(expected=["a", 1]),
    "expected.1: .*finite number, got nan": changed(expected=[0.5, np.nan]),
    "tolerance.0: .*finite number, got inf": changed(tolerance=np.inf),
    "tolerance.0: .*valid number, got 'small'": changed(tolerance="small"),
    "tolerance.1: .*equal to 0, got -0.005": changed(tolerance=[0.005, -0.005]),
    "tolerance: expected 1 or 2 numbers, got": changed(tolerance=[0.1] * 3),
    "measured.0.1: .*finite.*inf": changed(measured=[[0, np.inf], [0, 1]]),
    "measured.0: expected a valid list": changed(measured=[0.5, -2.0]),
    "measured.0: .*at least 2 items.*got": changed(measured=[[0.5], [-2]]),
    "measured: expected 2 ranges": changed(measured=[[0.499, 0.501]]),
    "measured: .*2 ranges .low": changed(measured=[[0.501, 0.499], [-2, -2]]),
    AS_CLAIMED + "confirmed, got .*0.4,":
        changed(measured=[[0.4, 0.501], [-2.001, -1.999]]),
    AS_CLAIMED + "confirmed, got .*-1.9]":
        changed(measured=[[0.499, 0.501], [-2.001, -1.9]]),
    AS_CLAIMED + "corrected, got .*0.499": changed(verdict="corrected"),
    AS_CLAIMED + "refuted, got .*0.499": changed(verdict="refuted"),
    AS_CLAIMED + "refuted, got .*0.1, 0.5":
        changed(verdict="refuted", measured=[[0.1, 0.5], [-2, -2]]),
    AS_CLAIMED + "corrected, got .*0.4, 0.6":
        changed(verdict="corrected", measured=[[0.4, 0.6], [-2, -2]]),
}  # fmt: skip


@pytest.mark.parametrize("message", INVALID)
def test_invalid_rows(message, load):
    with pytest.raises(ValueError, match=rf"toml, claim 2: {message}"):
        load(changed(id="A90"), INVALID[message])


def test_an_id_comes_once(load):
    with pytest.raises(ValueError, match="id: expected each once, got 'A91'"):
        load(ROW, ROW)


@pytest.mark.parametrize(
    "content", [b"id: A91", b"[[claim]", b"\xff\xfe", b"", b"claim = 3"]
)
def test_no_ledger_at_all(content, tmp_path):
    path = tmp_path / "ledger.toml"
    path.write_bytes(content)
    message = r"ledger\.toml: expected TOML with \[\[claim\]\] tables, got "
    with pytest.raises(ValueError, match=message):
        claims.load(path)


# Checking


@each_claim
def test_the_ends_of_each_range_pass_and_beyond_them_fail(claim_id, capsys):
    claim = LEDGER[claim_id]
    measured = np.array(claim.measured)
    low, high = measured.T
    middle = measured.mean(axis=1)
    for value in (low, high, middle[None]):
        claims.check(claim_id, value)
    printed = f"{claim_id} {claim.verdict}: {claim.says}"
    if claim.verdict != "confirmed":
        printed += f" Found: {claim.finding}"
    lines = capsys.readouterr().out
    assert lines.split() == printed.split() * 3  # the same, whatever the digits
    assert max(map(len, lines.splitlines())) < 80
    for number, width in enumerate(np.maximum(high - low, 1e-9)):
        for outside in (low[number] - width, high[number] + width):
            value = middle.copy()
            value[number] = outside
            message = f"{claim_id} is no longer {claim.verdict}: expected.* got"
            with pytest.raises(AssertionError, match=message):
                claims.check(claim_id, value)


@pytest.mark.parametrize(
    ("claim_id", "value", "message"),
    [
        ("A99", 1.0, "claim_id: expected one of A04, .*, got 'A99'"),
        ("a05", 1.9068, "claim_id: expected one of A04, .*, got 'a05'"),
        ("A05", [1.9068, 1.9068], r"value: .*shape \(1,\).*got \(2,\)"),
        ("A06", 0.4902, r"value: expected shape \(2,\).*got \(1,\)"),
        ("A05", [], r"value: expected .*no empty axis, got \(0,\)"),
        ("A05", np.inf, "value: expected finite numbers, got inf"),
        ("A06", [0.4902, np.nan], "value: expected finite .*got nan"),
        ("A05", "high", "value: expected numbers .*got 'high'"),
        (None, 1.0, "claim_id: expected one of A04, .*, got None"),
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
            if isinstance(node, ast.Call) and is_check(node.func):
                yield claim_id_of(node), notebooks.output_text(cell)


def is_check(function):
    """Tell `claims.check`, or `check` alone, by what it is called."""
    *_, module, name = ["claims", *ast.unparse(function).split(".")]
    return (module, name) == ("claims", "check")


def claim_id_of(call):
    """The id that is written out in a call, if one is."""
    match call.args:
        case [ast.Constant(value=str(text)), _]:
            return text
    return None


CALLS = [
    (name, path.relative_to(BOOK).with_suffix("").as_posix(), printed)
    for path in notebooks.find("book")
    for name, printed in calls(notebooks.read(path))
]


def test_the_ledger_and_the_calls_are_the_same_set():
    assert {name for name, *_ in CALLS} == set(LEDGER)


@each_claim
def test_each_claim_is_checked_once_in_its_chapter(claim_id):
    [(chapter, printed)] = [rest for name, *rest in CALLS if name == claim_id]
    claim = LEDGER[claim_id]
    assert chapter == claim.chapter
    verdict = f"{claim_id} {claim.verdict}: {claim.says}"
    # Without the blanks, as the line is wrapped when it is printed.
    assert "".join(verdict.split()) in "".join(printed.split())


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("claims.check('A01', x)", "A01"),
        ("unrolled_book.claims.check('A01', [x, y])", "A01"),
        ("check('A01', x)", "A01"),
        ("claims.check(name, x)", None),
        ("claims.check(f'A{n}', x)", None),
        ("claims.check(claim_id='A01', value=x)", None),
    ],
)
def test_calls_are_recognised(source, found):
    call = ast.parse(source).body[0].value
    assert is_check(call.func)
    assert claim_id_of(call) == found
    for other in ("claims.load('A01')", "other.check('A', 1)"):
        assert not is_check(ast.parse(other).body[0].value.func)


# The page


def with_claim(**fields):
    """The ledger with A05 changed."""
    return LEDGER | {"A05": LEDGER["A05"].model_copy(update=fields)}


def count(ledger):
    """The numbers of the page's count, row by row."""
    lines = claims_page.summary(ledger).splitlines()[2:]
    found = [re.findall(r"\| +(\d+) +(?=\|)", line) for line in lines]
    return np.array(found, dtype=int)


def plain(text):
    """Without the backslashes that keep Markdown from reading signs."""
    return re.sub(r"\\(.)", r"\1", text)


def test_the_count_is_complete_and_follows_the_ledger():
    before, after = count(LEDGER), count(with_claim(verdict="refuted"))
    assert (before[:-1].sum(axis=0) == before[-1]).all()
    assert before[-1].sum() == len(LEDGER)
    verdicts = list(claims_page.VERDICTS)
    assert set(verdicts) == set(get_args(claims.Verdict))
    place = [verdicts.index(name) for name in ("confirmed", "refuted")]
    assert (after - before)[place, 0].tolist() == [-1, 1]
    assert np.abs(after - before).sum() == 2
    signs = {sign for sign, _ in claims_page.VERDICTS.values()}
    assert len(signs) == len(verdicts)


@each_claim
def test_each_claim_has_its_row_and_the_wrong_ones_are_errata(claim_id):
    claim = LEDGER[claim_id]
    text = claims_page.table(LEDGER, claim.source)
    link = f"{{ref}}`{claim_id} <claim-{claim_id.lower()}>`"
    _, row = text.split(link)
    row = row.partition("\n* - ")[0]
    assert f" {claim.verdict}]" in row
    assert row.count("- given ") == len(claim.expected)
    errata = claims_page.errata(LEDGER, claim.source).splitlines()
    own = [line for line in errata if link in line]
    assert len(own) == (claim.verdict in ("corrected", "refuted"))
    for line in (row, *own):
        assert claim.says in plain(line)
        assert claim.finding in plain(line)


@pytest.mark.parametrize("source", ["A", "B"])
def test_the_rows_are_in_order(source):
    ids = re.findall(r"`([AB]\d+) <", claims_page.table(LEDGER, source))
    assert ids == sorted(c.id for c in LEDGER.values() if c.source == source)


def test_errata_take_both_kinds_of_wrong():
    for verdict in ("corrected", "refuted"):
        text = claims_page.errata(with_claim(verdict=verdict), "A")
        assert "`A05 <" in text
    none = claims_page.errata({"A05": LEDGER["A05"]}, "B")
    assert none.endswith("mending.")


@pytest.mark.parametrize("sign", "\\`*_{}[]<>#|$~")
def test_each_sign_of_markdown_is_only_text(sign):
    text = claims_page.table(with_claim(says=f"a{sign}b"), "A")
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
    fields = {"expected": [expected], "tolerance": [tolerance]}
    ledger = with_claim(measured=[measured], **fields)
    assert f"- given {line}\n" in claims_page.table(ledger, "A")


def test_the_page_shows_all_parts_and_repeats_nothing_of_the_ledger():
    parts = re.findall(r"```\{ledger\} (.+)", PAGE)
    assert parts == ["summary", "table A", "table B", "errata A", "errata B"]
    for claim in LEDGER.values():
        for text in (claim.id, claim.says, claim.finding):
            assert text not in PAGE
