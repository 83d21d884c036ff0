"""How long the book's pages take, and how long they may be.

Minutes are words / 80, visible lines / 8 and figures, and for a chapter 8 more
for its quiz and what is worked out by hand, rounded up to 5. A visible line is
one of code that is not folded, or one that was printed; a table's row is one.
Thirty readings by newcomers took 48 to 71 minutes a chapter: so who works all
out needs about half as much again, and a chapter's box says that, too.

``python -m unrolled_book.times`` says what each page costs, and writes its
minutes into its box, the first page and the page for teachers.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import Any

BOOK = Path(__file__).resolve().parents[2] / "book"
MINUTES = re.compile(r"(?<=\*About )\d+(?: to \d+)? minutes")
"""A page's minutes, as its first cell has them."""

EVENING = ("02_forward", "03_one_weight")
"""What can be read in an evening, as the first page says."""

_NO_INPUT = {"hide-input", "remove-input", "hide-cell", "remove-cell"}
_NO_OUTPUT = {"hide-output", "remove-output", "hide-cell", "remove-cell"}


@dataclass(frozen=True)
class Page:
    """What a reader finds on a page: a core chapter, or a deeper one."""

    words: int
    lines: int
    figures: int
    is_chapter: bool

    @property
    def minutes(self) -> int:
        """The time that it takes."""
        quiz = 8 if self.is_chapter else 0
        exact = self.words / 80 + self.lines / 8 + self.figures + quiz
        return 5 * ceil(exact / 5)

    @property
    def with_pencil(self) -> int:
        """The time for all that can be worked out on the way, too."""
        return 5 * ceil(self.minutes * 3 / 2 / 5)

    @property
    def too_much(self) -> list[str]:
        """What goes beyond its budget, by name."""
        limits = {"words": 1500}
        if self.is_chapter:
            limits = {"words": 2000, "lines": 100, "figures": 5, "minutes": 45}
        return [name for name in limits if getattr(self, name) > limits[name]]


def pages(book: Path = BOOK) -> dict[str, Page]:
    """Measure each chapter and each deeper page, by its name in the book.

    Example:
        >>> pages()["07_network"].is_chapter
        True
    """
    deeper = sorted(book.glob("deeper/*.ipynb"))
    return {
        path.relative_to(book).with_suffix("").as_posix(): measure(path)
        for path in [*sorted(book.glob("[0-9]*.ipynb")), *deeper]
    }


def measure(path: Path) -> Page:
    """Count what a notebook shows."""
    words = lines = figures = 0
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            words += len(source.split())
            continue
        tags = set(cell["metadata"].get("tags", []))
        is_figure = "figure" in cell["metadata"].get("mystnb", {})
        # The one to touch has a place of its own in the budget.
        figures += is_figure and not source.startswith("explore.")
        shown = [] if tags & _NO_INPUT else [source]
        if not (is_figure or tags & _NO_OUTPUT):
            shown += _printed(cell["outputs"])
        lines += len(re.findall(r"^.*\S", "\n".join(shown), flags=re.M))
    return Page(words, lines, figures, path.parent.name != "deeper")


def state(book: Path = BOOK) -> dict[Path, str]:
    """Write each page's minutes where they belong: the texts of the files."""
    found, texts = pages(book), {}
    for name, page in found.items():
        path = book / f"{name}.ipynb"
        minutes = f"{page.minutes} minutes"
        if page.is_chapter:
            minutes = f"{page.minutes} to {page.with_pencil} minutes"
        texts[path] = MINUTES.sub(minutes, path.read_text("utf-8"), count=1)
    for path in (book / "index.md", book / "teachers.md"):
        texts[path] = path.read_text("utf-8")
        for name, page in found.items():
            row = rf"(^\| \d+\. \{{doc\}}`{name}` \|.*?)\d+((?:&nbsp;| )min \|)"
            texts[path] = re.sub(
                row, rf"\g<1>{page.minutes}\2", texts[path], flags=re.M
            )
    index = book / "index.md"
    evening = sum(found[name].minutes for name in EVENING)
    for words, time in (
        (r"(?<=Chapters 2 and 3, )\d+ minutes", f"{evening} minutes"),
        (r"(?<= chapters, )\d+ hours", f"{core_hours(found)} hours"),
    ):
        texts[index] = re.sub(words, time, texts[index])
    return texts


def core_hours(found: dict[str, Page]) -> str:
    """How long the chapters take together, in whole hours."""
    core = sum(page.minutes for page in found.values() if page.is_chapter)
    return f"{core / 60:.0f}"


def _printed(outputs: list[dict[str, Any]]) -> Iterator[str]:
    """What a cell printed or showed as text."""
    for output in outputs:
        text = output.get("data", {}).get("text/plain", "")
        yield "".join(output.get("text") or output.get("evalue") or text)


def main() -> None:
    """Print a row for each page, and write what has changed."""
    found = pages()
    print(f"{'':28}words lines figures minutes")
    for name, page in found.items():
        counts = f"{page.words:5} {page.lines:5} {page.figures:7}"
        print(f"{name:28}{counts} {page.minutes:7}  {', '.join(page.too_much)}")
    print(f"The core takes {core_hours(found)} hours.")
    for path, text in state().items():
        if text != path.read_text("utf-8"):
            new = path.with_suffix(".new")
            new.write_text(text, encoding="utf-8")
            new.replace(path)


if __name__ == "__main__":
    main()
