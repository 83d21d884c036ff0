"""Puts the picture of the first page among the static files."""

from pathlib import Path

from sources import are_newer
from sphinx.application import Sphinx


def draw(app: Sphinx) -> None:
    """Draw it again if the code has changed: matplotlib takes a second."""
    if app.builder.format != "html":
        return
    path = Path(app.outdir, "_static", "cover.svg")
    path.parent.mkdir(parents=True, exist_ok=True)
    here = Path(__file__).parent
    code = [*here.glob("cover*.py"), *Path(app.srcdir, "src").rglob("*.py")]
    if are_newer(code, path):
        from cover_picture import write

        write(path)


def setup(app: Sphinx) -> dict[str, bool]:
    """Join Sphinx, before the pages are written."""
    app.connect("builder-inited", draw)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
