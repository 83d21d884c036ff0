"""Writes the networks that a figure to touch loads when it is touched.

They would make its page three times as large. They are a script, as a page that
was opened as a file may read nothing else.
"""

from pathlib import Path

from sources import are_newer
from sphinx.application import Sphinx


def write(app: Sphinx, error: Exception | None) -> None:
    """Write the script again if what it is made from has changed."""
    if error or app.builder.format != "html":
        return
    path = Path(app.outdir, "_static", "bench.js")
    code = Path(app.srcdir, "src").rglob("*.py")
    records = Path(app.srcdir, "results", "published").glob("*.pt")
    if are_newer([*code, *records], path):
        from unrolled_book.explore import bench  # and PyTorch: two seconds

        path.write_text(bench.script(), "utf-8")


def setup(app: Sphinx) -> dict[str, bool]:
    """Join Sphinx, when the pages are written."""
    app.connect("build-finished", write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
