"""The table of notation: its names exist, its chapters are the first."""

import ast
import functools
import re

import pytest

import notebooks

PAGE = notebooks.REPO / "book" / "notation.md"
CHAPTERS = notebooks.find("book")
MATH = re.compile(r"\$\$(.+?)\$\$|\$([^$\n]+)\$", re.DOTALL)


# First met in another sense, as the table of letters that serve twice says.
MET_BEFORE = {"i": "01_vanishing", r"\sigma": "01_vanishing"}


def rows():
    """The rows of the tables with five columns, cell by cell."""
    for line in PAGE.read_text("utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| $") and len(cells) == 5:
            yield cells


ROWS = list(rows())
SYMBOLS = [
    (symbol, re.search(r"<(.+)>", cells[4])[1])
    for cells in ROWS
    for symbol in re.findall(r"\$([^$]+)\$", cells[0])
]
NAMES = sorted({n for cells in ROWS for n in re.findall(r"`(.+?)`", cells[3])})


@functools.cache
def names_of_the_package():
    """Every name in the package's code, and every key that is one."""
    found = set()
    for path in (notebooks.REPO / "src").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            match node:
                case ast.Name(id=name) | ast.arg(arg=name):
                    found.add(name)
                case ast.Attribute(attr=name) | ast.FunctionDef(name=name):
                    found.add(name)
                case ast.Constant(value=str(text)) if text.isidentifier():
                    found.add(text)
    return found


@functools.cache
def mathematics(path):
    """All formulas in a chapter's words, with single blanks."""
    prose = "\n".join(
        cell.source
        for cell in notebooks.read(path).cells
        if cell.cell_type == "markdown"
    )
    prose = re.sub(r"```.*?```", "", prose, flags=re.DOTALL)
    formulas = (a or b for a, b in MATH.findall(prose))
    return " ; ".join(" ".join(formula.split()) for formula in formulas)


def first_chapter(symbol):
    """The first chapter with a formula that has the symbol in it."""
    whole = re.escape(symbol)
    if symbol[0].isalpha():
        whole = r"(?<![A-Za-z\\])" + whole
    if symbol[-1].isalpha():
        whole += "(?![A-Za-z])"
    for path in CHAPTERS:
        if re.search(whole, mathematics(path)):
            return path.stem
    return None


def test_the_tables_are_read():
    assert len(ROWS) > 30
    assert {"weight_ih", "dh", "lr"} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_each_name_is_in_the_package(name):
    assert name in names_of_the_package()


def test_a_name_that_nobody_uses_is_not_in_the_package():
    assert "weight_of_nothing" not in names_of_the_package()


@pytest.mark.parametrize(("symbol", "chapter"), SYMBOLS)
def test_each_symbol_first_stands_in_its_chapter(symbol, chapter):
    assert first_chapter(symbol) == MET_BEFORE.get(symbol, chapter)
