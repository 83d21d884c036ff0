"""``{outcomes}``: what each chapter promises, and what serves it.

The promises are those of the chapters' boxes; what serves them is in
``book/outcomes.toml``. A chapter that is not there yet has dashes.
"""

import json
import re
import tomllib
from pathlib import Path

from docutils import nodes
from myst_parser.mdit_to_docutils.base import default_slugify
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

HEAD = "| Outcome | Sections | Questions | Exercises |\n|---|---|---|---|"


def promises(chapter: Path) -> list[str]:
    """Return the points of a chapter's box."""
    cells = json.loads(chapter.read_text(encoding="utf-8"))["cells"]
    first = "".join(cells[0]["source"])
    return re.findall(r"^- (.+?)[;.]?$", first, flags=re.MULTILINE)


def rows(chapter: Path, served: list[dict]) -> list[str]:
    """Return the chapter's rows: one for each point of its box."""
    points = promises(chapter)
    served = served or [{}] * len(points)
    lines = []
    for point, by in zip(points, served, strict=True):
        sections = "; ".join(
            f"[{name}]({chapter.name}#{default_slugify(name)})"
            for name in by.get("sections", ())
        )
        numbers = [
            ", ".join(map(str, by.get(kind, ())))
            for kind in ("questions", "exercises")
        ]
        cells = [part or "–" for part in (sections, *numbers)]
        lines.append(f"| {' | '.join([point, *cells])} |")
    return lines


class OutcomesDirective(SphinxDirective):
    """``{outcomes}``: a table for each chapter."""

    def run(self) -> list[nodes.Node]:
        """Write the tables from what the files say now."""
        book = Path(self.env.srcdir, "book")
        chart = book / "outcomes.toml"
        self.env.note_dependency(str(chart))
        served = tomllib.loads(chart.read_text(encoding="utf-8"))
        parts = []
        for chapter in sorted(book.glob("[0-9][0-9]_*.ipynb")):
            self.env.note_dependency(str(chapter))
            table = [HEAD, *rows(chapter, served.get(chapter.stem, []))]
            body = "\n".join(table)
            parts.append(
                f"**Chapter {int(chapter.stem[:2])}.** {{doc}}`{chapter.stem}`"
                f"\n\n:::{{table}}\n:class: stacked\n\n{body}\n:::"
            )
        return self.parse_text_to_nodes("\n\n".join(parts))


def setup(app: Sphinx) -> dict[str, bool]:
    """Tell Sphinx what is here."""
    app.add_directive("outcomes", OutcomesDirective)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
