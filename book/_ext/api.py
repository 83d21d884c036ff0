"""Mends what Sphinx makes of the pages of the package.

Each chapter that a docstring names is a link, types that are long when they
are written out have their name again, and what unfolds the pages beside the
text says so.
"""

import re

from numpy.typing import ArrayLike
from sphinx.application import Sphinx
from sphinx.util.typing import stringify_annotation

CHAPTER = re.compile(r"\b\d\d_\w+")
NAMED = re.compile(rf"\bChapters?:([\s,]+{CHAPTER.pattern})+")
WRITTEN_OUT = stringify_annotation(ArrayLike, "smart")


def link_chapters(app, what, name, thing, options, lines: list[str]) -> None:
    """Make a link of each chapter after ``Chapter:`` or ``Chapters:``."""
    text = NAMED.sub(
        lambda named: CHAPTER.sub(r":doc:`/book/\g<0>`", named[0]),
        "\n".join(lines),
    )
    lines[:] = text.split("\n")


def name_types(
    app, what, name, thing, options, signature, returns
) -> tuple[str | None, str | None]:
    """Say ArrayLike again, where Python has put all that it may be."""
    texts = (text and text.replace(WRITTEN_OUT, "ArrayLike")
             for text in (signature, returns))  # fmt: skip
    return tuple(texts)


def name_toggles(app, page, template, context: dict, doctree) -> None:
    """Say what unfolds the pages below a page; the theme shows an arrow."""
    make = context["generate_toctree_html"]
    named = '<summary aria-label="Pages below this one">'
    context["generate_toctree_html"] = lambda *arguments, **options: str(
        make(*arguments, **options)
    ).replace("<summary>", named)


def setup(app: Sphinx) -> dict[str, bool]:
    """Tell Sphinx what is here."""
    app.setup_extension("sphinx.ext.autodoc")
    app.connect("autodoc-process-docstring", link_chapters)
    app.connect("autodoc-process-signature", name_types)
    app.connect("html-page-context", name_toggles, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
