"""Mends what autodoc makes of the docstrings, for the page of the package.

Each chapter that a docstring names is a link, and types that are long when
they are written out have their name again.
"""

import re

from numpy.typing import ArrayLike
from sphinx.application import Sphinx
from sphinx.util.typing import stringify_annotation

NAMED = re.compile(r"Chapters?: ")
CHAPTER = re.compile(r"\b(\d\d_\w+)")
WRITTEN_OUT = stringify_annotation(ArrayLike, "smart")


def link_chapters(app, what, name, thing, options, lines: list[str]) -> None:
    """Make a link of each chapter after ``Chapter:`` or ``Chapters:``."""
    for place, line in enumerate(lines):
        if found := NAMED.search(line):
            links = CHAPTER.sub(r":doc:`\1`", line[found.end() :])
            lines[place] = line[: found.end()] + links


def name_types(
    app, what, name, thing, options, signature, returns
) -> tuple[str | None, str | None]:
    """Say ArrayLike again, where Python has put all that it may be."""
    texts = (text and text.replace(WRITTEN_OUT, "ArrayLike")
             for text in (signature, returns))  # fmt: skip
    return tuple(texts)


def setup(app: Sphinx) -> dict[str, bool]:
    """Tell Sphinx what is here."""
    app.setup_extension("sphinx.ext.autodoc")
    app.connect("autodoc-process-docstring", link_chapters)
    app.connect("autodoc-process-signature", name_types)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
