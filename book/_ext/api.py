"""Leads from each docstring to the chapters that it names, on the API page."""

import re

from sphinx.application import Sphinx

NAMED = re.compile(r"Chapters?: ")
CHAPTER = re.compile(r"\b(\d\d_\w+)")


def link_chapters(
    app: Sphinx, what: str, name: str, thing: object, options: object,
    lines: list[str],
) -> None:  # fmt: skip
    """Make a link of each chapter after ``Chapter:`` or ``Chapters:``."""
    for place, line in enumerate(lines):
        if found := NAMED.search(line):
            links = CHAPTER.sub(r":doc:`\1`", line[found.end() :])
            lines[place] = line[: found.end()] + links


def setup(app: Sphinx) -> dict[str, bool]:
    """Tell Sphinx what is here."""
    app.setup_extension("sphinx.ext.autodoc")
    app.connect("autodoc-process-docstring", link_chapters)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
