"""The ledger: what makes a row invalid, and when a check fails."""

import json
import re

import numpy as np
import pytest

from unrolled_book import claims

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


@pytest.fixture(name="ledger")
def make_ledger(tmp_path):
    """A function that writes rows into a ledger and returns its path."""

    def write(*rows):
        path = tmp_path / "ledger.toml"
        lines = []
        for row in rows:
            lines.append("[[claim]]")
            # What JSON writes for texts and numbers is TOML too.
            lines += [f"{key} = {json.dumps(row[key])}" for key in row]
        path.write_text("\n".join(lines), encoding="utf-8")
        return path

    return write


def changed(**fields):
    return ROW | fields


def without(field):
    return {key: value for key, value in ROW.items() if key != field}


# Loading


def test_the_book_s_ledger_loads():
    ledger = claims.load()
    assert ledger
    for claim_id, claim in ledger.items():
        assert claim.id == claim_id
        assert re.fullmatch(r"[AB]\d\d", claim_id)
        assert claim_id[0] == claim.source


def test_a_ledger_keeps_its_rows_in_order(ledger):
    rows = [changed(id=name) for name in ("A93", "A91", "A92")]
    loaded = claims.load(ledger(*rows))
    assert list(loaded) == ["A93", "A91", "A92"]
    assert loaded["A91"] == claims.Claim(**ROW)


def test_loading_a_path_given_as_text(ledger):
    assert list(claims.load(str(ledger(ROW)))) == ["A91"]


@pytest.mark.parametrize(
    "row",
    [
        changed(verdict="confirmed"),
        changed(verdict="corrected", measured=ELSEWHERE),
        changed(verdict="refuted", measured=ELSEWHERE),
        changed(verdict="depends"),
        changed(verdict="depends", measured=[[-9, 9], [-9, 9]]),
        changed(tolerance=[0.005, 0.1]),
        changed(measured=[[0.5, 0.5], [-2, -2]]),
    ],
)
def test_valid_rows(row, ledger):
    assert claims.load(ledger(row))["A91"].verdict == row["verdict"]


INVALID_ROWS = {
    "missing field": (
        [without("finding")],
        r"A91: expected the fields .*missing \['finding'\], unknown \[\]",
    ),
    "missing id": ([without("id")], r"claim \?: .*missing \['id'\]"),
    "unknown field": (
        [changed(extra=1)],
        r"A91: expected the fields .*missing \[\], unknown \['extra'\]",
    ),
    "unknown verdict": (
        [changed(verdict="true")],
        r"A91: expected a verdict of confirmed, corrected.*, got 'true'",
    ),
    "duplicated id": ([ROW, ROW], "A91: expected one row, got two"),
    "range reversed": (
        [changed(measured=[[0.501, 0.499], [-2.001, -1.999]])],
        r"A91: expected ranges \[low, high\], got \[\[0.501, 0.499\]",
    ),
    "confirmed, but below": (
        [changed(measured=[[0.4, 0.501], [-2.001, -1.999]])],
        r"A91: expected .*confirmed, got \[\[0.4, ",
    ),
    "confirmed, but above": (
        [changed(measured=[[0.499, 0.501], [-2.001, -1.9]])],
        r"A91: expected .*confirmed, got .*-1.9\]",
    ),
    "corrected, but as claimed": (
        [changed(verdict="corrected")],
        r"A91: expected .*corrected, got \[\[0.499, ",
    ),
    "refuted, but as claimed": (
        [changed(verdict="refuted")],
        r"A91: expected .*refuted, got \[\[0.499, ",
    ),
    "refuted, but as claimed at one end": (
        [changed(verdict="refuted", measured=[[0.1, 0.5], [-2, -2]])],
        r"A91: expected .*refuted, got \[\[0.1, 0.5\]",
    ),
    "corrected, but as claimed between the ends": (
        [changed(verdict="corrected", measured=[[0.4, 0.6], [-2, -2]])],
        r"A91: expected .*corrected, got \[\[0.4, 0.6\]",
    ),
    "too few ranges": (
        [changed(measured=[[0.499, 0.501]])],
        r"A91: measured: expected shape \(2, 2\).*got \(1, 2\)",
    ),
    "ranges without an end": (
        [changed(measured=[0.5, -2.0])],
        r"A91: measured: expected shape \(2, 2\).*got \(2,\)",
    ),
    "too many tolerances": (
        [changed(tolerance=[0.1, 0.1, 0.1])],
        r"A91: tolerance: expected one number, or .* 2.*got \[0.1, 0.1, 0.1\]",
    ),
    "tolerance below 0": (
        [changed(tolerance=[0.005, -0.005])],
        r"A91: tolerance: expected .* at least 0, got \[0.005, -0.005\]",
    ),
    "another source": (
        [changed(source="C")],
        "A91: source: expected A or B.*, got 'C'",
    ),
    "the source of another id": (
        [changed(source="B")],
        "A91: source: expected .*first letter of the id, got 'B'",
    ),
    "tolerance not a number": (
        [changed(tolerance="small")],
        "A91: tolerance: expected numbers.*got .*small",
    ),
    "no numbers expected": (
        [changed(expected=[])],
        r"A91: expected: expected shape \(n,\).*got \(0,\)",
    ),
    "expected not numbers": (
        [changed(expected=["a", "b"])],
        r"A91: expected: expected numbers.*got \['a', 'b'\]",
    ),
    "id not a text": ([changed(id=1)], "1: expected a text for id, got 1"),
    "says nothing": (
        [changed(says="")],
        "A91.?: expected a text for says, got ''",
    ),
}


@pytest.mark.parametrize("name", INVALID_ROWS)
def test_invalid_rows(name, ledger):
    rows, message = INVALID_ROWS[name]
    with pytest.raises(ValueError, match=message):
        claims.load(ledger(*rows))


@pytest.mark.parametrize("number", ["nan", "inf"])
@pytest.mark.parametrize("field", ["expected", "tolerance", "measured"])
def test_invalid_numbers(number, field, ledger):
    path = ledger(ROW)
    text = path.read_text(encoding="utf-8")
    text = re.sub(rf"(?m)(^{field} = \[*)[-\d.]+", rf"\g<1>{number}", text)
    path.write_text(text, encoding="utf-8")
    message = f"A91: {field}: expected finite numbers, got {number}"
    with pytest.raises(ValueError, match=message):
        claims.load(path)


@pytest.mark.parametrize(
    "content", [b"id: A91", b"[[claim]", b"\xff\xfe", b"", b"[[row]]\nid = 1"]
)
def test_no_ledger_at_all(content, tmp_path):
    path = tmp_path / "ledger.toml"
    path.write_bytes(content)
    message = r"ledger\.toml: expected TOML with \[\[claim\]\] tables, got "
    with pytest.raises(ValueError, match=message):
        claims.load(path)


# Checking


def test_check_prints_the_claim(capsys):
    claims.check("A05", 1.906819)
    printed = capsys.readouterr().out
    says = claims.load()["A05"].says
    assert printed.split() == f"A05 confirmed: {says}".split()
    assert "1.9068" in printed


def test_check_prints_what_was_found_instead(capsys):
    claims.check("A06", [0.490182, 0.934689])
    printed = capsys.readouterr().out
    claim = claims.load()["A06"]
    expected = f"A06 corrected: {claim.says} Found: {claim.finding}"
    assert printed.split() == expected.split()
    assert max(map(len, printed.splitlines())) < 80


def test_check_prints_the_same_anywhere_in_the_range(capsys):
    low, high = claims.load()["A07"].measured[0]
    claims.check("A07", low)
    first = capsys.readouterr().out
    claims.check("A07", np.array([[high]]))
    assert low < high
    assert first == capsys.readouterr().out


@pytest.mark.parametrize("claim_id", claims.load())
def test_the_ends_of_each_range_pass_and_beyond_them_fail(claim_id):
    measured = np.array(claims.load()[claim_id].measured)
    width = measured[:, 1] - measured[:, 0]
    claims.check(claim_id, measured[:, 0])
    claims.check(claim_id, measured[:, 1])
    claims.check(claim_id, measured.mean(axis=1))
    for number in range(len(measured)):
        for end, side in ((0, -1), (1, 1)):
            value = measured.mean(axis=1)
            outside = measured[number, end] + side * max(width[number], 1e-9)
            value[number] = outside
            with pytest.raises(AssertionError, match="no longer"):
                claims.check(claim_id, value)


def test_failure_says_what_was_expected_and_what_came(capsys):
    message = (
        r"A05 is no longer confirmed: expected values within "
        r"\[\[1.906818, 1.90682\]\], got \[1.9\]"
    )
    with pytest.raises(AssertionError, match=message):
        claims.check("A05", 1.9)
    assert not capsys.readouterr().out


@pytest.mark.parametrize(
    ("claim_id", "value", "message"),
    [
        ("A99", 1.0, "claim_id: expected one of A04, .*, got 'A99'"),
        ("a05", 1.9068, "claim_id: expected one of A04, .*, got 'a05'"),
        ("A05", [1.9068, 1.9068], r"A05: .*shape \(1,\).*got \(2,\)"),
        ("A06", 0.4902, r"A06: value: expected shape \(2,\).*got \(1,\)"),
        ("A05", [], r"A05: value: expected shape \(1,\).*got \(0,\)"),
        ("A05", np.nan, "A05: value: expected finite numbers, got nan"),
        ("A05", np.inf, "A05: value: expected finite numbers, got inf"),
        ("A06", [0.4902, np.nan], "A06: value: expected finite .*got nan"),
        ("A05", "high", "A05: value: expected .*got 'high'"),
    ],
)
def test_check_refuses_what_it_cannot_compare(claim_id, value, message):
    with pytest.raises(ValueError, match=message):
        claims.check(claim_id, value)
