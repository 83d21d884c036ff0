"""All figures as files, each by the name that the book gives it."""

import base64
import zipfile
from collections.abc import Iterator
from pathlib import Path

import course

# Written into the drawing: what the page's style sheet makes of it.
FREEZE = """svg => {
  const names = ["fill", "fill-opacity", "stroke", "stroke-width", "opacity",
    "stroke-dasharray", "font-size", "font-weight", "font-family",
    "text-anchor", "display"];
  for (const part of svg.querySelectorAll("*"))
    for (const name of names)
      part.setAttribute(name, getComputedStyle(part).getPropertyValue(name));
  svg.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  return new XMLSerializer().serializeToString(svg);
}"""


def figures(notebook: Path, page=None) -> Iterator[tuple[str, bytes]]:
    """File and picture of each figure: all forms that its outputs have.

    A figure to touch is drawn as it is at the start, if there is a browser's
    page to do that.
    """
    for cell in course.cells(notebook):
        name = cell.metadata.get("mystnb", {}).get("figure", {}).get("name")
        for output in cell.get("outputs", ()) if name else ():
            data = output.get("data", {})
            if png := data.get("image/png"):
                yield f"{name}.png", base64.b64decode(png)
            if svg := data.get("image/svg+xml"):
                yield f"{name}.svg", svg.encode()
            if page and "unrolled-figure" in data.get("text/html", ""):
                page.set_content(data["text/html"])
                svg = page.locator("unrolled-figure svg").first
                yield f"{name}.png", svg.screenshot()
                yield f"{name}.svg", svg.evaluate(FREEZE).encode()


def write(notebooks: list[Path], to: Path, page=None) -> None:
    """Pack the figures of these notebooks, in a folder for each."""
    with zipfile.ZipFile(to, "w", zipfile.ZIP_DEFLATED) as bundle:
        for notebook in notebooks:
            for name, picture in figures(notebook, page):
                bundle.writestr(f"{notebook.stem}/{name}", picture)
