"""Mends what Sphinx makes of the pages of the package.

Each chapter that a docstring names is a link, types that are long when they
are written out have their name again, fields are shown without what pydantic
adds to them, and what unfolds the pages beside the text says so.
"""

import re

from numpy.typing import ArrayLike
from sphinx.application import Sphinx
from sphinx.ext import autodoc
from sphinx.util.typing import stringify_annotation

CHAPTER = re.compile(r"\b\d\d_\w+")
NAMED = re.compile(rf"\bChapters?:([\s,]+{CHAPTER.pattern})+")
WRITTEN_OUT = stringify_annotation(ArrayLike, "smart")
# ``Annotated[int, Gt(gt=0)]``: a type with its range.
RANGED = re.compile(r"Annotated\[([^][,]+), (?:[^][]|\[[^][]*\])*\]")


def link_chapters(app, what, name, thing, options, lines: list[str]) -> None:
    """Make a link of each chapter after ``Chapter:`` or ``Chapters:``."""
    text = NAMED.sub(
        lambda named: CHAPTER.sub(r":doc:`/book/\g<0>`", named[0]),
        "\n".join(lines),
    )
    lines[:] = text.split("\n")
    if text.startswith("Alias for field number"):  # all that Python says of it
        lines[:] = [""]
    first, colon, rest = lines[0].partition(": ")
    if what == "attribute" and colon:  # else napoleon takes `first` for a type
        lines[:1] = [f"{first}:", rest]


def name_types(
    app, what, name, thing, options, signature, returns
) -> tuple[str | None, str | None]:
    """Say ArrayLike again, where Python has put all that it may be."""
    return tuple(
        text and RANGED.sub(r"\1", text.replace(WRITTEN_OUT, "ArrayLike"))
        for text in (signature, returns)
    )


def without_ranges(*arguments) -> str:
    """Write a field's type without its range: for autodoc."""
    return RANGED.sub(r"\1", stringify_annotation(*arguments))


def is_pydantics(app, what, name: str, *rest) -> bool | None:
    """Leave out what every record has from pydantic."""
    return True if name == "model_config" else None


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
    # Before napoleon reads it.
    app.connect("autodoc-process-docstring", link_chapters, priority=400)
    app.connect("autodoc-process-signature", name_types)
    app.connect("autodoc-skip-member", is_pydantics)
    autodoc.stringify_annotation = without_ranges
    app.connect("html-page-context", name_toggles, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
