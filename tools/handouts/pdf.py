"""`make pdf`: the core chapters in one file, with contents and page numbers.

Chromium prints each built page; pypdf puts them behind one another, with the
contents before them, a number on every page, and a bookmark for each chapter.
"""

import argparse
import io
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from pathlib import Path

from playwright.sync_api import Page, sync_playwright
from pypdf import PdfReader, PdfWriter

BUILD = Path(__file__).resolve().parents[2] / "_build"
BROWSERS = ("chromium", "google-chrome")
EDGE = "20mm"
PAPER = {
    "format": "A4",
    "print_background": True,
    "margin": dict.fromkeys(("top", "right", "bottom", "left"), EDGE),
}
CONTENTS = """<style>
body {{ font: 12pt/2 sans-serif; }}
h1 {{ font-weight: 400; }}
p {{ display: flex; justify-content: space-between; margin: 0; }}
</style><h1>{title}</h1>{lines}"""
NUMBERS = """<style>
@page {{ margin: 0; }}
body {{ margin: 0; }}
div {{ break-after: page; height: 296mm; position: relative; }}
p {{ bottom: 8mm; font: 9pt sans-serif; position: absolute; right: 20mm; }}
</style>{pages}"""


@contextmanager
def new_page() -> Iterator[Page]:
    """A page in the browser that is installed."""
    names = [os.environ.get("CHROMIUM"), *map(shutil.which, BROWSERS)]
    found = next((name for name in names if name), None)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=found, args=["--no-sandbox"]
        )
        yield browser.new_page()
        browser.close()


def printed(page: Page, path: Path) -> tuple[str, PdfReader]:
    """Return the title of a page, and what Chromium prints of it."""
    page.goto(path.resolve().as_uri())
    if page.locator("script[src*=mathjax]").count():
        page.wait_for_function("window.MathJax?.startup?.promise")
        page.evaluate("MathJax.startup.promise")
    title = page.title().removesuffix(" — Unrolled")
    return title, PdfReader(io.BytesIO(page.pdf(**PAPER)))


def drawn(page: Page, text: str, **paper) -> PdfReader:
    """Return what Chromium prints of a text in HTML."""
    page.set_content(text)
    return PdfReader(io.BytesIO(page.pdf(**PAPER | paper)))


def bind(pages: list[Path], to: Path) -> None:
    """Print these pages into one file."""
    writer, at, starts = PdfWriter(), 2, []  # page 1 has the contents
    with new_page() as page:
        parts = [printed(page, path) for path in pages]
        for title, reader in parts:
            starts.append((title, at))
            at += len(reader.pages)
        lines = "".join(
            f"<p><span>{escape(title)}</span><span>{start}</span></p>"
            for title, start in starts
        )
        title = "Unrolled: how LSTMs learn, number by number"
        contents = drawn(page, CONTENTS.format(title=title, lines=lines))
        numbers = "".join(f"<div><p>{n}</p></div>" for n in range(1, at))
        stamps = drawn(page, NUMBERS.format(pages=numbers), margin={})
    for reader in (contents, *(reader for _, reader in parts)):
        writer.append(reader, import_outline=False)
    for sheet, stamp in zip(writer.pages, stamps.pages, strict=False):
        sheet.merge_page(stamp)
    for title, start in starts:
        writer.add_outline_item(title=title, page_number=start - 1)
    writer.compress_identical_objects()  # the fonts come with each chapter
    to.parent.mkdir(parents=True, exist_ok=True)
    beside = to.with_suffix(".part")
    writer.write(beside)
    beside.replace(to)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--to", type=Path, default=BUILD / "unrolled.pdf")
    parser.add_argument("--only", type=Path, nargs="+", help="built pages")
    told = parser.parse_args()
    core = sorted((BUILD / "html" / "book").glob("[0-9][0-9]_*.html"))
    bind(told.only or core, told.to)
    print(told.to)
