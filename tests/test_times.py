"""The time that each page says it takes, and the budgets."""

import json

import pytest

from unrolled_book import times

PAGES = times.pages()


def test_every_time_that_is_stated_is_the_computed_one():
    """In the boxes, on the first page and on the page for teachers."""
    stale = [
        path.name
        for path, text in times.state().items()
        if text != path.read_text("utf-8")
    ]
    assert not stale, "run: make times"


@pytest.mark.parametrize("name", PAGES)
def test_budgets_are_kept(name):
    assert not PAGES[name].too_much


@pytest.mark.parametrize("name", PAGES)
def test_each_page_states_its_time_once(name):
    text = (times.BOOK / f"{name}.ipynb").read_text("utf-8")
    assert len(times.MINUTES.findall(text)) == 1
    number = name.partition("_")[0].lstrip("0")
    for page in ("index.md", "teachers.md"):
        rows = (times.BOOK / page).read_text("utf-8")
        count = rows.count(f"\n| {number}. {{doc}}`{name}` |")
        assert count == PAGES[name].is_chapter


def code(source, *tags, outputs=(), **mystnb):
    return {
        "cell_type": "code", "source": source, "outputs": list(outputs),
        "metadata": {"tags": list(tags), "mystnb": mystnb},
    }  # fmt: skip


SAID = {"output_type": "stream", "text": ["one\n", "\n", "two\n"]}
TABLE = {"data": {"text/html": "<table>", "text/plain": "   a\n0  1"}}
FIGURE = {"data": {"image/png": "", "text/plain": "<Figure>"}}
CELLS = [
    ({"cell_type": "markdown", "source": ["# A title\n", "\n", "of *four*"]},
     (5, 0, 0)),
    (code(["a = 1\n", "\n", "b = 2"]), (0, 2, 0)),
    (code("a = 1", outputs=[SAID, TABLE]), (0, 5, 0)),
    (code("a = 1", "hide-input", outputs=[SAID]), (0, 2, 0)),
    (code("a = 1", "remove-output", outputs=[SAID]), (0, 1, 0)),
    (code("a = 1", "hide-cell", outputs=[SAID]), (0, 0, 0)),
    (code("a = 1", "hide-input", outputs=[FIGURE], figure={"name": "fig-a"}),
     (0, 0, 1)),
    (code("a", outputs=[{"output_type": "error", "evalue": "no"}]), (0, 2, 0)),
]  # fmt: skip


@pytest.mark.parametrize(("cell", "counted"), CELLS)
def test_what_is_counted(cell, counted, tmp_path):
    path = tmp_path / "01_one.ipynb"
    path.write_text(json.dumps({"cells": [cell]}), encoding="utf-8")
    assert times.measure(path) == times.Page(*counted, is_chapter=True)


@pytest.mark.parametrize(
    ("counted", "minutes", "with_pencil"),
    [
        ((0, 0, 0, True), 10, 15),
        ((1600, 96, 5, True), 45, 70),
        ((1600, 97, 5, True), 50, 75),
        ((1500, 40, 0, False), 25, 40),
    ],
)
def test_minutes_are_rounded_up(counted, minutes, with_pencil):
    """And half as many again for what is worked out."""
    page = times.Page(*counted)
    assert (page.minutes, page.with_pencil) == (minutes, with_pencil)


def test_budgets_are_not_the_same_for_deeper_pages():
    page = {"words": 1501, "lines": 101, "figures": 6}
    assert times.Page(**page, is_chapter=False).too_much == ["words"]
    found = times.Page(**page | {"words": 2001}, is_chapter=True).too_much
    assert found == ["words", "lines", "figures", "minutes"]
