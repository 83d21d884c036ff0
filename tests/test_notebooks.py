"""The notebooks as files: what a reader opens must be clean and complete."""

import ast
import json
import re
import subprocess
import sys
from collections import Counter

import nbformat
import pytest

import notebooks
from notebooks import code_cells, each, figure, has_image

ALL = ("book", "exercises", "solutions")
LINES, COLUMNS = 20, 80  # of a code cell, so that it fits a screen

ABSOLUTE_PATH = re.compile(
    r"""(?<![\w:/.)\]}$>*~])/[A-Za-z_][\w.-]*/[\w.-]|\b[A-Z]:\\|\bfile://"""
)
MEMORY_ADDRESS = re.compile(r"\b0x[0-9a-fA-F]+")


def importing(cell):
    """Tell whether a code cell imports anything."""
    return any(
        isinstance(node, ast.Import | ast.ImportFrom)
        for node in ast.walk(notebooks.parse(cell))
    )


def texts(cell):
    """Everything in a cell that a person could read."""
    return "\n".join([cell.source, notebooks.output_text(cell), *figure(cell)])


@each(*ALL)
def test_a_valid_notebook_that_ran_without_a_complaint(path):
    nbformat.validate(json.loads(path.read_text(encoding="utf-8")))
    notebook = notebooks.read(path)
    assert notebook.metadata.kernelspec.name == "python3"  # everyone's
    assert all(cell.source.strip() for cell in notebook.cells)
    for number, cell in code_cells(notebook):
        kinds = {output.output_type for output in cell.outputs}
        if "raises-exception" not in cell.metadata.get("tags", []):
            assert "error" not in kinds, number
        assert "stderr" not in {o.get("name") for o in cell.outputs}, number


@each("book", "solutions")
def test_run_once_from_top_to_bottom(path):
    counts = [c.execution_count for _, c in code_cells(notebooks.read(path))]
    assert counts == list(range(1, len(counts) + 1))


@each(*ALL)
def test_imports_stand_in_the_first_code_cell(path):
    imports = [n for n, c in code_cells(notebooks.read(path)) if importing(c)]
    first, _ = next(code_cells(notebooks.read(path)))
    assert imports == [first]


@each(*ALL)
def test_code_cells_fit_a_screen(path):
    too_large = [
        number
        for number, cell in code_cells(notebooks.read(path))
        if len(cell.source.splitlines()) > LINES
        or max(map(len, cell.source.splitlines()), default=0) > COLUMNS
    ]
    assert not too_large


@each(*ALL)
def test_figures_are_described(path):
    for number, cell in code_cells(notebooks.read(path)):
        if has_image(cell):
            name, caption, alt = figure(cell)
            assert re.fullmatch(r"fig-[a-z0-9-]+", name), number
            assert caption, number
            assert len(alt) >= 40, number
            assert alt != caption, number


@each(*ALL)
def test_figures_are_referred_to(path):
    notebook = notebooks.read(path)
    prose = "\n".join(c.source for c in notebook.cells if c.cell_type != "code")
    roles = re.findall(r"\{numref\}`([^`]*)`", prose)
    referred = {re.sub(r".*<(.*)>", r"\1", role) for role in roles}
    drawn = {figure(c)[0] for _, c in code_cells(notebook) if has_image(c)}
    assert drawn <= referred


def test_figure_names_are_unique():
    names = Counter(
        figure(cell)[0]
        for path in notebooks.find("book", "solutions")
        for _, cell in code_cells(notebooks.read(path))
        if has_image(cell)
    )
    assert not [name for name, count in names.items() if count > 1]


@each(*ALL)
def test_no_trace_of_the_machine(path):
    for number, cell in enumerate(notebooks.read(path).cells):
        for pattern in (ABSOLUTE_PATH, MEMORY_ADDRESS):
            assert not pattern.findall(texts(cell)), number
        assert "execution" not in cell.metadata, number


def test_absolute_paths_are_told_from_other_slashes():
    paths = "/ab/cd.py", 'File "/ab/cd"', "C:\\ab", "file://ab", "(/a/b)"
    others = "https://a.org/ab/cd", "a/b/c", "1/(1 + e)", "../ab/cd", "h / c"
    assert all(map(ABSOLUTE_PATH.search, paths))
    assert not any(map(ABSOLUTE_PATH.search, others))


@pytest.mark.parametrize("folder", ALL)
def test_ruff_finds_nothing(folder):
    assert notebooks.find(folder)
    ruff = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--no-cache", folder],
        cwd=notebooks.REPO,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ruff.returncode == 0, ruff.stdout + ruff.stderr
