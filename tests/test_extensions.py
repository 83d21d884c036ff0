"""What makes pages: tables, lighter figures, pages written again in time."""

import base64
import re
from io import BytesIO
from types import SimpleNamespace

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from docutils import nodes
from nbformat.v4 import new_code_cell, new_notebook, new_output
from PIL import Image
from sphinx.cmd import build as sphinx

import notebooks
from unrolled_book.table import Table

FRAME = pd.DataFrame(
    {"loss < 1": [0.84512, 12345.6], "how": ["a & b", "0.5"]},
    index=pd.Index(["before", "<after>"], name="when"),
)


def test_a_table_says_the_same_in_text_and_in_html():
    """There, each number has its column's title."""
    table = Table(FRAME, ",.2f")
    assert repr(table).split() == [
        *("loss", "<", "1", "how"), "when",
        *("before", "0.85", "a", "&", "b"), *("<after>", "12,345.60", "0.5"),
    ]  # fmt: skip
    page = table._repr_html_()
    cells = re.findall(r'<td data-title="(.*?)">(.*?)</td>', page)
    assert cells == [
        ("loss &lt; 1", "0.85"), ("how", "a&nbsp;&amp;&nbsp;b"),
        ("loss &lt; 1", "12,345.60"), ("how", "0.5"),
    ]  # fmt: skip
    heads = re.findall(r"<th>(.*?)</th>", page)
    assert heads == ["when", "loss &lt; 1", "how", "before", "&lt;after&gt;"]
    long = "words, and so many that they break"
    assert long in Table(pd.DataFrame({"of": [long]}))._repr_html_()


@pytest.mark.parametrize("columns, stacks", [(1, False), (7, False), (8, True)])
def test_a_table_stacks_if_it_is_wider_than_a_phone(columns, stacks):
    """Numbers of 5, a short name, which stays whole, and a space after each.

    But a single column never does.
    """
    cells = ["0.845"] * columns if columns > 1 else ["x" * 60]
    row = pd.DataFrame([cells], index=["t = 1"])
    page = Table(row)._repr_html_()
    assert ("stacked" in page) == stacks


def pixels(png):
    return np.asarray(Image.open(BytesIO(png)).convert("RGB"), dtype=float)


def test_figures_of_a_notebook_get_lighter_and_look_the_same():
    module = notebooks.program("book/_ext/small_figures.py")
    file, fig = BytesIO(), plt.figure()
    fig.add_subplot().plot(np.random.default_rng(0).random((30, 8)))
    fig.savefig(file, format="png", dpi=100)
    plt.close(fig)
    png = base64.b64encode(file.getvalue()).decode()
    outputs = [
        new_output("stream", text="1.0\n"),
        new_output("display_data", {"image/png": png, "text/plain": "figure"}),
    ]
    notebook = new_notebook(cells=[new_code_cell("x", outputs=outputs)])
    step = module.SmallFigures(enabled=True)
    stream, picture = step.preprocess(notebook, {})[0].cells[0].outputs
    assert stream == outputs[0]
    assert picture.data["text/plain"] == "figure"
    small = base64.b64decode(picture.data["image/png"])
    assert len(small) < 0.6 * len(file.getvalue())
    assert pixels(small).shape == pixels(file.getvalue()).shape
    difference = np.abs(pixels(small) - pixels(file.getvalue()))
    assert difference.mean() < 2  # of 255
    assert np.quantile(difference, 0.99) < 24


@pytest.fixture(name="build")
def make_build(tmp_path, monkeypatch, capfd):
    """A function that builds pages: the exit code, and what Sphinx says."""
    monkeypatch.syspath_prepend(notebooks.REPO / "book" / "_ext")

    def build(files):
        for name, text in files.items():
            (tmp_path / name).write_text(text)
        folders = [str(tmp_path), str(tmp_path / "html")]
        code = sphinx.main(["-W", "-n", "--keep-going", *folders])
        return code, "".join(capfd.readouterr())

    return build


PAGES = {
    "conf.py": 'extensions = ["retell"]\nnumfig = True\n',
    "index.rst": "First\n=====\n\n.. toctree::\n\n   first\n   second\n",
    "first.rst": "A page\n======\n\n.. _place:\n\nA place\n-------\n",
    "second.rst": "Another\n=======\n\nSee :ref:`place`.\n",
}


@pytest.mark.filterwarnings("ignore")  # of Sphinx's own
def test_other_pages_are_written_again_when_they_must(build, tmp_path):
    assert build(PAGES)[0] == 0
    first = PAGES["first.rst"]
    # Another sentence: the other page stays.
    code, said = build({"first.rst": f"{first}\nA sentence.\n"})
    assert code == 0
    assert "second" not in said
    # Another heading: it arrives where it is mentioned.
    first = first.replace("A place", "A spot!")
    assert build({"first.rst": first})[0] == 0
    assert "A spot!" in (tmp_path / "html" / "second.html").read_text()
    # Another name of the place: the link that leads nowhere is noticed.
    code, said = build({"first.rst": first.replace("_place", "_elsewhere")})
    assert "undefined label: 'place'" in said
    assert code == 1


SIGNS = """
A page
======

That is :math:`x_t`. A long one: :math:`%s`. And :math:`y`'s, too; ``a``,
:math:`z`, ``b``. See `chapter 1 <other>`_.

.. table::
   :class: stacked

   ======  =======  ====
   Week    "Shape"  Time
   ======  =======  ====
   1       (N,)
   all     ()       9
   ======  =======  ====
"""


@pytest.mark.filterwarnings("ignore")  # of Sphinx's own
def test_signs_stay_beside_formulas_and_cells_say_their_column(build, tmp_path):
    conf = 'extensions = ["unbroken", "stacked", "sphinx.ext.mathjax"]\n'
    text = SIGNS % ("x + " * 20 + "x")
    assert build({"conf.py": conf, "index.rst": text})[0] == 0
    page = (tmp_path / "html" / "index.html").read_text()
    joined = re.findall(r'"unbroken">.*?</span>(.*?)</span>', page)
    assert joined == [".", "’s,", ","]
    assert "chapter\u00a01" in page
    cells = re.findall(
        r'<td(?: data-title="(.*?)")?>(.*?)</td>', page, flags=re.DOTALL
    )
    assert [(title, re.sub("<.*?>", "", cell)) for title, cell in cells] == [
        ("Week ", "1"), ("“Shape”: ", "(N,)"), ("", ""),
        ("", "all"), ("“Shape”: ", "()"), ("Time: ", "9"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text, kind, wraps",
    [
        ("4: the copies add up to the gradient.\n", "stream", True),
        ("ValueError: expected a shape,\ngot another\n", "stream", True),
        ("expected: 0.5\n  came: 0.4\n", "traceback", True),
        ("step 1: 0.5 0.4\nstep 2: 0.3 0.2\n", "stream", False),
        ("first a line\nValueError: then\n", "stream", False),
    ],
)
def test_what_has_columns_does_not_wrap(text, kind, wraps):
    module = notebooks.program("book/_ext/wrapped.py")
    block = nodes.literal_block(text, text, classes=["output", kind])
    assert module.is_message(block) == wraps


def test_buttons_lead_to_the_repository_that_is_known():
    published = notebooks.program("book/_ext/published.py")
    take_away = notebooks.program("book/_ext/take_away.py")
    config = SimpleNamespace(
        repository="someone/book", html_title="Unrolled", html_theme_options={}
    )
    published.begin(None, config)
    assert config.html_baseurl == "https://someone.github.io/book/"
    options = config.html_theme_options
    assert options["repository_url"] == "https://github.com/someone/book"
    assert options["use_edit_page_button"] and options["launch_buttons"]
    colab = "https://colab/github/someone/book/blob/main/book/x.ipynb"
    urls = colab, "../_sources/book/x.ipynb", "../_sources/other.ipynb"
    buttons = [{"url": url} for url in urls]
    context = {"header_buttons": [{"buttons": buttons}, {"type": "link"}]}
    context["pathto"] = lambda path, _: f"../{path}"
    take_away.link(None, "book/x", "", context, None)
    assert [button["url"] for button in buttons] == [
        colab.replace("main", "unrolled-take-away"),
        "../_static/take_away/book/x.ipynb",
        urls[2],
    ]
