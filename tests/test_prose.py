r"""No number in the prose that nothing backs.

Each number in a notebook's words must stand in that notebook's outputs, or
in the ledger, with the same sign and the same digits.
"""

import pytest

import notebooks
import prose

PAGES = sorted((notebooks.REPO / "book").rglob("*.md"))


def words(notebook):
    """Each text that a reader reads."""
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            yield cell.source
        else:
            yield from notebooks.figure(cell)[1:]


@notebooks.each("book", "solutions")
def test_every_number_in_a_notebook_is_backed(path):
    notebook = notebooks.read(path)
    backed = prose.outputs(notebook) | prose.ledger()
    assert not prose.unbacked(words(notebook), backed)


@pytest.fixture(name="anywhere", scope="module")
def gather():
    """What the ledger or any chapter backs."""
    chapters = map(notebooks.read, notebooks.find("book"))
    return prose.ledger().union(*map(prose.outputs, chapters))


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_every_number_on_a_page_is_backed(path, anywhere):
    assert not prose.unbacked([path.read_text(encoding="utf-8")], anywhere)


# How numbers are read

READ = {
    "10 prices, 9 steps, 197,378 weights": [], "it ends with 5.": [],
    "0.8451, 0.8450; 0.8449.": ["0.8451", "0.8450", "0.8449"],
    "[0.5,0.25]": ["0.5", "0.25"], "00.50 and .5": ["0.50", "0.5"],
    # Signs
    "y = −0.9455 or -0.9455": ["-0.9455", "-0.9455"], "$-0.5$": ["-0.5"],
    "[-0.1,-0.2]": ["-0.1", "-0.2"], "**−0.5**": ["-0.5"], "2·−0.5": ["-0.5"],
    "&minus;0.5": ["-0.5"], "1.5−0.5": ["1.5", "0.5"], "x²-0.5": ["0.5"],
    "f(x)-0.5": ["0.5"], "h_{t-1}-0.5": ["0.5"], "w[0]-0.5": ["0.5"],
    "from 0.1–0.5": ["0.1", "0.5"], "+0.5 and ±1.5": ["0.5", "1.5"],
    # Powers of ten, percent, thousands
    "4.67e-05": ["4.67e-5"], "4.67E+05": ["4.67e5"],
    "4.67 ×\n10⁻⁵": ["4.67e-5"], "4.67 · 10⁵": ["4.67e5"],
    r"$4.67\,\cdot\,10^{-5}$": ["4.67e-5"], r"$4.67\times10^5$": ["4.67e5"],
    r"$-2.510\times10^{−3}$": ["-2.510e-3"], "1e-3": ["1e-3"],
    r"$1.5 \times 0.5$": ["1.5", "0.5"], "0.9⁵ = 0.5": ["0.9", "0.5"],
    "59 % or 59&nbsp;%": ["59%", "59%"], r"$59\,\%$": ["59%"],
    "1,234.5": ["1234.5"], r"$1{,}234.5$": ["1234.5"], "1,234 %": ["1234%"],
    # LaTeX and code; format codes are not numbers
    r"\frac{0.5}{0.25}": ["0.5", "0.25"], r"e^{-0.5}": ["-0.5"],
    "`x[0]*-0.5`": ["-0.5"], "`{loss:.4f}` or `%.2e` or `:.1%`": [],
    # What no one reads as a number
    "[text 0.5](https://example.org/0.25)": ["0.5"], "(place-0.25)=": [],
    "{cite:p}`smith0.25` says 0.5": ["0.5"], "{ref}`a <x0.25>`": [],
    "<!-- 0.25\n0.25 --> 0.5": ["0.5"], "$0.1<x$": ["0.1"],
    '<span data-x="0.25">0.5</span>': ["0.5"], ":width: 80%": [],
    "NumPy 2.4.6": [], "Python 3.11, CC BY-SA 4.0": [],
}  # fmt: skip


@pytest.mark.parametrize("text", READ)
def test_reading_numbers(text):
    assert [number.value for number in prose.numbers(text)] == READ[text]


PRINTED = {
    "[ 0.0497 -0.0138]": {"0.0497", "-0.0138"},
    "[0. 1. -2.]": {"0.0", "1.0", "-2.0"},
    "[[0.5 0.], [1., 3]]": {"0.5", "0.0", "1.0"},
    "array([ 4.67e-05, -2.51e-03])": {"4.67e-5", "-2.51e-3"},
    "loss: 0.8451.": {"0.8451"},
    "5 steps of 9 or 10%": {"10%"},
    "2  0.5019  0.4802\n3 -0.0264  0.53": {
        "0.5019", "0.4802", "-0.0264", "0.53",
    },
}  # fmt: skip


@pytest.mark.parametrize("text", PRINTED)
def test_reading_outputs(text):
    assert prose.printed(text) == PRINTED[text]


def test_the_ledger_backs_its_numbers_as_they_are_written():
    backed = prose.ledger()
    # In the numbers expected, in the words, in the finding.
    assert {"0.4900", "-2.510e-3", "0.01", "0.4902"} <= backed
    assert "0.49" not in backed


def test_what_is_invented_is_named():
    backed = prose.printed("loss 0.123456 [ 0.25 -0.75]")
    for told in ("0.777777", "0.123457", "−0.123456", "0.75", "0.25 %"):
        [number] = prose.unbacked([f"it is {told} here"], backed)
        assert number.place == f"it is {told} here"
    assert not prose.unbacked(["0.123456, 0.25 and −0.75"], backed)
