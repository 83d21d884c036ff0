r"""No number in the prose that nothing backs.

Each number in a notebook's words must stand in that notebook's outputs, or
in the ledger, with the same sign and the same digits.
"""

import pytest
from nbformat.v4 import (
    new_code_cell,
    new_markdown_cell,
    new_notebook,
    new_output,
)

import notebooks
import prose

PAGES = sorted((notebooks.REPO / "book").rglob("*.md"))


def words(notebook):
    """Each text that a reader reads, with the number of its cell."""
    for number, cell in enumerate(notebook.cells):
        if cell.cell_type == "markdown":
            yield number, cell.source
        else:
            _, caption, alt = notebooks.figure(cell)
            yield number, caption
            yield number, alt


def printed(notebook):
    """Every number in a notebook's outputs."""
    cells = [cell for _, cell in notebooks.code_cells(notebook)]
    return set().union(
        *(prose.printed(notebooks.output_text(c)) for c in cells)
    )


def unbacked(texts, backed):
    """One line for each number in the texts that nothing backs."""
    return [
        f"cell {cell}: {number.value} in “{number.place}”"
        for cell, text in texts
        for number in prose.numbers(text)
        if number.value not in backed
    ]


@notebooks.each("book", "solutions")
def test_every_number_in_a_notebook_is_backed(path):
    notebook = notebooks.read(path)
    assert not unbacked(words(notebook), printed(notebook) | prose.ledger())


@pytest.fixture(name="anywhere", scope="module")
def gather():
    """What the ledger or any chapter backs."""
    chapters = map(notebooks.read, notebooks.find("book"))
    return prose.ledger().union(*map(printed, chapters))


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_every_number_on_a_page_is_backed(path, anywhere):
    assert not unbacked([(0, path.read_text(encoding="utf-8"))], anywhere)


# How numbers are read

READ = {
    "no number here": [], "10 prices, 9 steps, 197,378 weights": [],
    "the loss is 0.8451": ["0.8451"], "the loss is 0.8451.": ["0.8451"],
    "0.8451, 0.8450; 0.8449": ["0.8451", "0.8450", "0.8449"],
    "(0.5, 0.25)": ["0.5", "0.25"], "[0.5,0.25]": ["0.5", "0.25"],
    "it ends with 5.": [], "two... 3... 4": [], "00.50": ["0.50"],
    ".5 of it": ["0.5"],
    # Signs
    "y = −0.9455": ["-0.9455"], "y = -0.9455": ["-0.9455"],
    "$-0.9455$": ["-0.9455"], "(−0.9455)": ["-0.9455"],
    "[-0.1,-0.2]": ["-0.1", "-0.2"], "**−0.5**": ["-0.5"], "2·−0.5": ["-0.5"],
    "&minus;0.5": ["-0.5"], "1.5−0.5": ["1.5", "0.5"],
    "1.5 − 0.5": ["1.5", "0.5"], "1−0.5": ["0.5"], "x−0.5": ["0.5"],
    "x²-0.5": ["0.5"], "f(x)-0.5": ["0.5"], "h_{t-1}-0.5": ["0.5"],
    "w[0]-0.5": ["0.5"], "from 0.1–0.5": ["0.1", "0.5"], "a dash--0.5": ["0.5"],
    "+0.5 and ±1.5": ["0.5", "1.5"],
    # Powers of ten
    "4.67e-05": ["4.67e-5"], "4.67E-5": ["4.67e-5"], "4.67e+05": ["4.67e5"],
    "4.67×10⁻⁵": ["4.67e-5"], "4.67 × 10⁻⁵": ["4.67e-5"],
    "4.67 ×\n10⁻⁵": ["4.67e-5"], "4.67 · 10⁵": ["4.67e5"],
    r"$4.67\times10^{-5}$": ["4.67e-5"], r"$4.67 \times 10^{-5}$": ["4.67e-5"],
    r"$4.67\,\cdot\,10^{-5}$": ["4.67e-5"], r"$4.67\times10^5$": ["4.67e5"],
    r"$-2.510\times10^{−3}$": ["-2.510e-3"], r"$2\times10^{-5}$": ["2e-5"],
    "1e-3": ["1e-3"], r"$10^{-5}$": [], r"$1.5 \times 0.5$": ["1.5", "0.5"],
    "0.9⁵ = 0.5905": ["0.9", "0.5905"], "1.5e": ["1.5"],
    # Percent
    "59 %": ["59%"], "59%": ["59%"], "59\u00a0%": ["59%"], "59&nbsp;%": ["59%"],
    "59.05 %": ["59.05%"], r"$59\,\%$": ["59%"], r"$59\%$": ["59%"],
    "−5 %": ["-5%"], "76% and 54%": ["76%", "54%"],
    "95 % ± 1.5": ["95%", "1.5"],
    # Thousands
    "1,234.5": ["1234.5"], r"$1{,}234.5$": ["1234.5"],
    r"$1\,234.5$": ["1234.5"], "12\u202f345.5": ["12345.5"],
    "1,234 %": ["1234%"], "1,23.5": ["23.5"],
    # LaTeX
    r"\frac{0.5}{0.25}": ["0.5", "0.25"], r"\approx0.49": ["0.49"],
    r"e^{-0.5}": ["-0.5"], r"0.4903\cdot(1-0.0161^2)": ["0.4903", "0.0161"],
    # Code spans are prose, format codes are not numbers
    "`lr=0.01`": ["0.01"], "`x[0]*-0.5`": ["-0.5"],
    "`{loss:.4f}` or `%.2e` or `:.1%`": [],
    # What no one reads as a number
    "[text 0.5](https://example.org/0.25)": ["0.5"],
    "[text](page-0.25.html)": [], "[text]: files/0.25": [],
    "see https://example.org/v0.25/a": [], "{cite}`smith0.25`": [],
    "{cite:p}`smith0.25` says 0.5": ["0.5"], "{numref}`fig-0.25`": [],
    "{doc}`0.5 is text <page>`": [], "{ref}`a <x0.25>` {eq}`eq-0.25`": [],
    "<!-- 0.25\n0.25 --> 0.5": ["0.5"], "(place-0.25)=": [],
    '<span data-x="0.25">0.5</span>': ["0.5"],
    "$0.1<x$ and $y>0.2$": ["0.1", "0.2"], ":width: 80%": [],
    "NumPy 2.4.6 and 1.2.3.4": [], "Python 3.11, CC BY-SA 4.0": [],
    "in 3.11 of them": ["3.11"],
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


# That the check bites


def made_up(markdown, data, caption="", alt=""):
    """What is missing in a notebook of one text and one code cell."""
    figure = {"name": "fig-a", "caption": caption}
    code = new_code_cell(
        "print('0.777777'[:0])",  # numbers in code back nothing
        outputs=[new_output("display_data", data)],
        metadata={"mystnb": {"figure": figure, "image": {"alt": alt}}},
    )
    notebook = new_notebook(cells=[new_markdown_cell(markdown), code])
    return unbacked(words(notebook), printed(notebook) | prose.ledger())


PRINT = {"text/plain": "loss 0.123456 [ 0.25 -0.75]"}
INVENTED = {
    "invented: 0.777777 stands here": "0.777777",
    "the last digit of 0.123457 is wrong": "0.123457",
    "the sign of −0.123456 is wrong": "-0.123456",
    "the sign of 0.75 is missing": "0.75",
    "rounded to 0.12346": "0.12346",
    "a digit more, 0.250": "0.250",
    "not a share, 0.25 %": "0.25%",
    "a wrong power, $0.25\\times10^{-3}$": "0.25e-3",
}


@pytest.mark.parametrize("text", INVENTED)
def test_an_unbacked_number_is_named(text):
    assert made_up(text, PRINT) == [f"cell 0: {INVENTED[text]} in “{text}”"]


def test_what_is_read_and_what_backs():
    text = "The loss is $0.123456$, the weights 0.25 and −0.75; A05 has 1.9068."
    assert not made_up(text, PRINT, caption="0.25", alt="-0.75")
    assert made_up("", PRINT, caption="at 0.7771", alt="at 0.7772") == [
        "cell 1: 0.7771 in “at 0.7771”",
        "cell 1: 0.7772 in “at 0.7772”",
    ]
    figure = {"image/png": "", "text/plain": "<Figure size 960x1075.2>"}
    assert made_up("it is 1075.2", figure)  # a figure's size backs nothing
