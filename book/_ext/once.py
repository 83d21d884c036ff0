"""Keeps one of each script and style sheet that a page would carry twice.

Every figure to touch brings its style and its scripts along, as in a notebook
any cell may run first. On a page of the book the first of them is enough.
"""

import re

from docutils import nodes
from sphinx.application import Sphinx

SHARED = re.compile(r"<(style|script)>.*?</\1>\n?", re.DOTALL)


def keep_one(app: Sphinx, page: nodes.document, name: str) -> None:
    """Leave out what stands further up on this page."""
    seen = set()

    def first(match: re.Match) -> str:
        is_first = match[0].strip() not in seen
        seen.add(match[0].strip())
        return match[0] if is_first else ""

    for output in page.findall(nodes.raw):
        if output.get("format") == "html":
            output.children[:] = [
                nodes.Text(SHARED.sub(first, output.astext()))
            ]


def setup(app: Sphinx) -> dict[str, bool]:
    """Join Sphinx, when the pages are about to be written."""
    app.connect("doctree-resolved", keep_one)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
