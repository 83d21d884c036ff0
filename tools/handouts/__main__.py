"""`make handouts`: what a teacher takes to class.

- ``quizzes.xml``, ``quizzes_qti.zip``: all questions as Moodle XML and as QTI
  2.1, with feedback; computed keys.
- ``cards.apkg``: the glossary and the questions that need no figure, for Anki.
- ``slides/``: a deck for each meeting, and for each other chapter.
- ``plates.zip``: each figure by its name, as PNG and SVG.
- ``cheatsheet.pdf``, ``checklist.pdf``: a sheet of paper each.
- ``keep.md``: what to keep of each chapter.
- ``unrolled.zip``: notebooks, exercises and what they need, for a class
  without a network.
"""

import argparse
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from pypdf import PdfWriter

import cards
import course
import moodle
import pdf
import plates
import qti
import slides

KEEP = re.compile(r"^## What to keep\n+(.+?)\n+## ", re.MULTILINE | re.DOTALL)


def keep() -> Iterator[str]:
    """What to keep of each chapter, below its title."""
    for name, path in course.CHAPTERS.items():
        text = "\n\n".join(
            cell.source
            for cell in course.cells(path)
            if cell.cell_type == "markdown"
        )
        (lines,) = KEEP.findall(text)
        head = f"## {int(name[:2])}. {course.title(name)}\n\n"
        yield head + course.ROLE.sub(r"\1", lines) + "\n"


def make(to: Path) -> None:
    """Write into a folder what needs neither browser nor pages."""
    (to / "slides").mkdir(parents=True, exist_ok=True)
    moodle.quizzes().write(to / "quizzes.xml", "utf-8", xml_declaration=True)
    qti.write(to / "quizzes_qti.zip")
    cards.write(to / "cards.apkg")
    slides.write(to / "slides")
    text = "# Unrolled: what to keep\n\n" + "\n".join(keep())
    (to / "keep.md").write_text(text, encoding="utf-8")


def draw(to: Path, notebooks: list[Path], pages: Path) -> None:
    """Write figures, and what is made of the built pages."""
    with pdf.new_page() as page:
        page.set_viewport_size({"width": 800, "height": 900})
        plates.write(notebooks, to / "plates.zip", page)
        for name in ("cheatsheet", "checklist"):
            _, sheet = pdf.printed(page, pages / "book" / f"{name}.html")
            PdfWriter(sheet).write(to / f"{name}.pdf")
    bundle = pages / "_static" / "take_away" / "unrolled.zip"
    shutil.copy(bundle, to)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("to", type=Path)
    parser.add_argument("--pages", type=Path, help="built, to print")
    parser.add_argument("--figures", type=Path, nargs="*", default=())
    told = parser.parse_args()
    make(told.to)
    if told.pages:
        draw(told.to, told.figures, told.pages)
