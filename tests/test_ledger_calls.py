"""Each claim of the ledger is checked in one cell of its chapter."""

import ast
from typing import NamedTuple

import pytest

import notebooks
from unrolled_book import claims

LEDGER = claims.load()


class Call(NamedTuple):
    """One ``claims.check(...)`` in a notebook."""

    claim_id: str | None
    """The id, or None where it is not written out."""
    chapter: str
    cell: int
    printed: str


def find_calls():
    """All calls of ``claims.check`` in the book's notebooks."""
    for path in notebooks.find("book"):
        for number, cell in notebooks.code_cells(notebooks.read(path)):
            printed = notebooks.output_text(cell)
            for node in ast.walk(notebooks.parse(cell)):
                if isinstance(node, ast.Call) and is_check(node.func):
                    yield Call(claim_id(node), path.stem, number, printed)


def is_check(function):
    """Tell `claims.check`, or `check` alone, by what it is called."""
    return ast.unparse(function).split(".")[-2:] in (
        ["claims", "check"],
        ["check"],
    )


def claim_id(call):
    """The id that is written out in a call, if one is."""
    match call.args:
        case [ast.Constant(value=str(text)), _]:
            return text
    return None


CALLS = list(find_calls())


def test_every_call_writes_its_id_out():
    assert not [call for call in CALLS if call.claim_id is None]


def test_the_ledger_and_the_calls_are_the_same_set():
    assert {call.claim_id for call in CALLS} == set(LEDGER)


@pytest.mark.parametrize("name", LEDGER)
def test_each_claim_is_checked_once_in_its_chapter(name):
    chapters = [call.chapter for call in CALLS if call.claim_id == name]
    assert chapters == [LEDGER[name].chapter]


@pytest.mark.parametrize("name", LEDGER)
def test_each_check_has_printed_its_verdict(name):
    claim = LEDGER[name]
    verdict = f"{name} {claim.verdict}: {claim.says}".split()
    printed = [c.printed for c in CALLS if c.claim_id == name]
    assert printed
    for text in printed:
        # Without the blanks, as the line is wrapped when it is printed.
        assert "".join(verdict) in "".join(text.split())


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
    assert claim_id(call) == found


@pytest.mark.parametrize(
    "source", ["claims.load('A01')", "other.check('A', 1)"]
)
def test_other_calls_are_not(source):
    assert not is_check(ast.parse(source).body[0].value.func)
