"""What hand-outs are made of: chapters, their questions, their words."""

import re
from collections.abc import Iterator
from pathlib import Path

import nbformat

from unrolled_book import quiz

REPO = Path(__file__).resolve().parents[2]
BOOK = REPO / "book"
CHAPTERS = {p.stem: p for p in sorted(BOOK.glob("[0-9][0-9]_*.ipynb"))}
Question = quiz.reading.Question
ROLE = re.compile(r"\{[\w:]+\}`([^`<]*?)(?: *<[^>`]*>)?`")
LINK = re.compile(r"<a href=(['\"])[^'\"]*\1>(.*?)</a>", re.DOTALL)


def cells(path: Path) -> list[nbformat.NotebookNode]:
    """All cells of a notebook."""
    return nbformat.read(path, nbformat.NO_CONVERT).cells


def title(name: str) -> str:
    """A chapter's title, as its first cell has it."""
    first = cells(CHAPTERS[name])[0].source
    return first.partition("\n")[0].removeprefix("# ")


def unlinked(text: str) -> str:
    """HTML without links to places on a page."""
    return LINK.sub(r"<em>\2</em>", text)


def questions() -> Iterator[tuple[str, Question]]:
    """All questions, each with its chapter."""
    for name in CHAPTERS:
        for question in quiz.load(name):
            yield name, question
