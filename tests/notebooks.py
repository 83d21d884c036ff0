"""Finding and reading the book's notebooks, for the tests."""

import ast
import functools
import importlib.util
from pathlib import Path

import nbformat
import pytest

REPO = Path(__file__).resolve().parent.parent


def find(*folders):
    """The notebooks of these folders, in order."""
    paths = (
        path for name in folders for path in (REPO / name).rglob("*.ipynb")
    )
    return sorted(p for p in paths if ".ipynb_checkpoints" not in p.parts)


def program(name):
    """A program of the repository, as a module of its own."""
    path = REPO / name
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def chapters():
    """The core chapters, in order, without deeper pages and symptoms."""
    return sorted((REPO / "book").glob("[0-9]*.ipynb"))


@functools.cache
def read(path):
    """A notebook as nbformat reads it."""
    return nbformat.read(path, as_version=4)


def each(*folders):
    """Parametrise a test by the notebooks of these folders."""
    return pytest.mark.parametrize(
        "path", find(*folders), ids=lambda path: path.stem
    )


def code_cells(notebook):
    """The code cells with their numbers, counted from 0 as in the file."""
    for number, cell in enumerate(notebook.cells):
        if cell.cell_type == "code":
            yield number, cell


def parse(cell):
    """The syntax tree of a code cell, without notebook commands."""
    lines = cell.source.splitlines()
    python = ["" if line[:1] in "%!" else line for line in lines]
    return ast.parse("\n".join(python))


def images(data):
    """The kinds of picture among an output's forms."""
    return [kind for kind in data if kind.startswith("image/")]


def output_text(cell):
    """What a code cell printed or showed as text, not as a picture."""
    texts = []
    for output in cell.get("outputs", []):
        data = output.get("data", {})
        if output.output_type == "stream":
            texts.append(output.text)
        elif not images(data):
            texts.append(data.get("text/plain", ""))
    return "\n".join(texts)


def has_image(cell):
    """Tell whether a code cell shows a picture."""
    return any(images(output.get("data", {})) for output in cell.outputs)


def figure(cell):
    """A figure cell's name, caption and alternative text, "" if missing."""
    mystnb = cell.metadata.get("mystnb", {})
    described = mystnb.get("figure", {})
    return (
        described.get("name", ""),
        described.get("caption", ""),
        mystnb.get("image", {}).get("alt", ""),
    )
