"""The notebooks as files: what a reader opens must be clean and complete."""

import ast
import json
import re

import nbformat

import notebooks
from notebooks import code_cells, each, figure, has_image

ALL = ("book", "exercises", "solutions")
LINES = 20  # of a code cell, so that it fits a screen; Ruff counts columns

ABSOLUTE_PATH = re.compile(
    r"""(?<![\w:/.)\]}$>*~])/[A-Za-z_][\w.-]*/[\w.-]|\b[A-Z]:\\|\bfile://"""
)
MEMORY_ADDRESS = re.compile(r"\b0x[0-9a-fA-F]+")


@each(*ALL)
def test_a_valid_notebook_that_ran_without_a_complaint(path):
    """That no cell fails, but those that are meant to, nbval holds."""
    nbformat.validate(json.loads(path.read_text(encoding="utf-8")))
    notebook = notebooks.read(path)
    assert notebook.metadata.kernelspec.name == "python3"  # everyone's
    assert all(cell.source.strip() for cell in notebook.cells)
    for number, cell in code_cells(notebook):
        assert "stderr" not in {o.get("name") for o in cell.outputs}, number


@each("book", "solutions")
def test_run_once_from_top_to_bottom(path):
    counts = [c.execution_count for _, c in code_cells(notebooks.read(path))]
    assert counts == list(range(1, len(counts) + 1))


@each(*ALL)
def test_imports_stand_in_the_first_code_cell(path):
    numbers = [number for number, _ in code_cells(notebooks.read(path))]
    imports = [
        number
        for number, cell in code_cells(notebooks.read(path))
        for node in ast.walk(notebooks.parse(cell))
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    assert {*imports} == {numbers[0]}


@each(*ALL)
def test_code_cells_fit_a_screen(path):
    for number, cell in code_cells(notebooks.read(path)):
        named = cell.metadata.get("nbgrader", {}).get("grade_id", "")
        seeds = 2 * named.startswith("check-")  # two lines set them
        assert len(cell.source.splitlines()) <= LINES + seeds, number


@each(*ALL)
def test_figures_are_described(path):
    """And referred to. That each name is only one's, Sphinx sees (`-W`)."""
    notebook = notebooks.read(path)
    prose = "\n".join(c.source for c in notebook.cells if c.cell_type != "code")
    for number, cell in code_cells(notebook):
        if has_image(cell):
            name, caption, alt = figure(cell)
            assert re.fullmatch(r"fig-[a-z0-9-]+", name), number
            assert re.search(rf"\{{numref\}}`([^`]*<)?{name}>?`", prose), number
            assert caption, number
            assert len(alt) >= 40, number
            assert alt != caption, number


@each(*ALL)
def test_no_trace_of_the_machine(path):
    for number, cell in enumerate(notebooks.read(path).cells):
        text = "\n".join(
            [cell.source, notebooks.output_text(cell), *figure(cell)]
        )
        assert not ABSOLUTE_PATH.search(text), number
        assert not MEMORY_ADDRESS.search(text), number
        assert "execution" not in cell.metadata, number
