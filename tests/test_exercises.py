"""The exercises as files: made from the solutions, and complete."""

import ast
import json
import re

import nbformat
import pytest
from myst_parser.mdit_to_docutils.base import default_slugify

import notebooks
from teacher import SOLUTIONS, cells, kind

MARKS = "BEGIN SOLUTION", "END SOLUTION", "HIDDEN TESTS"
each_solution = pytest.mark.parametrize(
    "path", SOLUTIONS, ids=lambda path: path.stem
)


def exercise(path):
    """The exercises of these solutions."""
    return notebooks.REPO / "exercises" / path.name


def headings(path):
    """The cells that open an exercise, or its solution."""
    texts = [cell.source for cell in notebooks.read(path).cells]
    return [text for text in texts if text.startswith("## ")]


def without_outputs(notebook):
    """The notebook as if it had never been run."""
    notebook = nbformat.from_dict(json.loads(json.dumps(notebook)))
    for _, cell in notebooks.code_cells(notebook):
        cell.outputs, cell.execution_count = [], None
    return notebook


def test_every_solution_has_its_exercises():
    names = [[path.name for path in notebooks.find(folder)]
             for folder in ("solutions", "exercises")]  # fmt: skip
    assert names[0] == names[1]
    chapters = [path.name for path in notebooks.find("book")]
    assert set(names[0]) <= set(chapters)


@each_solution
def test_made_anew_the_exercises_are_the_same(path, teacher):
    """To the byte, but for what running them adds, which nbval compares."""
    committed = exercise(path).read_text(encoding="utf-8")
    notebook = nbformat.reads(committed, as_version=4)
    assert committed == nbformat.writes(notebook) + "\n"
    made = teacher.released[path.stem].read_text(encoding="utf-8")
    assert made == nbformat.writes(without_outputs(notebook)) + "\n"


@each_solution
def test_no_solution_is_left_in_the_exercises(path):
    text = exercise(path).read_text(encoding="utf-8")
    assert not [mark for mark in MARKS if mark in text]
    assert "worked" not in {
        tag
        for cell in notebooks.read(exercise(path)).cells
        for tag in cell.metadata.get("tags", [])
    }


@each_solution
def test_untouched_every_check_fails_and_nothing_else(path):
    for cell in cells(exercise(path), "check"):
        (output,) = cell.outputs
        assert output.ename == "CheckFailed"
        lines = "\n".join(output.traceback)
        assert lines.startswith("Nothing here yet: ")
        assert re.search(r"expected:.*\n(.*\n)*  came:     None", lines)
        assert "hint:" not in lines
        assert cell.metadata.tags == ["raises-exception", "hide-output"]
    for cell in cells(exercise(path), "solution"):
        assert "pass  # your code here" in cell.source
        assert "tags" not in cell.metadata


@each_solution
def test_solutions_are_folded(path):
    for cell in cells(path, "solution"):
        assert cell.metadata.tags == ["hide-cell"]
        assert cell.metadata.mystnb.code_prompt_show == "Show a solution"
    for cell in cells(path, "check"):
        assert cell.metadata.tags == ["hide-input"]
    for cell in notebooks.read(path).cells:
        if "worked" in cell.metadata.get("tags", []) or kind(cell) == "answer":
            start, folded, *_, end = cell.source.splitlines()
            assert start.startswith(":::{admonition} ")
            assert folded == ":class: dropdown"
            assert end == ":::"


@each_solution
def test_every_check_has_a_hidden_part_or_an_experiment(path):
    checks = cells(path, "check")
    hidden = [c for c in checks if "### BEGIN HIDDEN TESTS" in c.source]
    assert len(checks) - len(hidden) <= 1  # the experiment
    for cell in checks:
        assert cell.source.splitlines()[-1].startswith("print(")


@each_solution
def test_each_exercise_says_what_it_asks(path):
    """Its kind, level, minutes and points; the table says the same."""
    found = [
        re.match(
            r"## (\d)\. (.+)\n\n"
            r"\*(?:By hand|A function|An experiment) · (easy|medium|hard) · "
            r"(\d+) minutes · (\d)(?: points?)?(?:, and (\d) for the .*)?"
            r"(?: points?)?\*\n",
            text,
        )
        for text in headings(path)
    ]
    assert 3 <= len(found) <= 5
    assert None not in found
    rows = re.findall(
        r"^\| (\d) (.+) \| .+ \| (\w+) \| (\d+) min \| (\d)(?: \+ (\d))? \|$",
        notebooks.read(path).cells[0].source,
        re.MULTILINE,
    )
    said = [tuple(part or "" for part in h.groups()) for h in found]
    assert rows == said
    points = [cell.metadata.nbgrader.points for cell in cells(path, "check")]
    assert points == [int(row[4]) for row in rows]
    written = [cell.metadata.nbgrader.points for cell in cells(path, "answer")]
    assert written == [int(row[5]) for row in rows if row[5]]


def own_names(path):
    """What each exercise gives or asks for: name, exercise, statement."""
    for cell in cells(path, "given") + cells(path, "solution"):
        _, _, number = cell.metadata.nbgrader.grade_id.partition("-")
        for statement in notebooks.parse(cell).body:
            for name in assigned(statement):
                yield name, number, ast.unparse(statement)


def assigned(statement):
    """The names that a statement at the top of a cell gives a value."""
    if isinstance(statement, ast.FunctionDef):
        return {statement.name}
    return {
        node.id
        for node in ast.walk(statement)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    } - {"_"}


@each_solution
def test_going_back_breaks_nothing(path):
    """No other exercise overwrites what an exercise gives or asks for."""
    own = list(own_names(exercise(path)))
    for cell in cells(exercise(path), "check"):
        number = cell.metadata.nbgrader.grade_id.removeprefix("check-")
        for statement in notebooks.parse(cell).body:
            own += [(n, number, None) for n in assigned(statement)]
    overwritten = {
        name
        for name, number, said in own
        if said
        for other, place, says in own
        if (name, True) == (other, number != place) and said != says
    }
    assert not overwritten


@each_solution
def test_names_of_cells_are_unique(path):
    names = [
        cell.metadata.nbgrader.grade_id
        for cell in notebooks.read(path).cells
        if "nbgrader" in cell.metadata
    ]
    assert len(names) == len(set(names))


@each_solution
def test_chapter_exercises_and_solutions_are_linked(path):
    chapter = notebooks.read(notebooks.REPO / "book" / path.name)
    (lead,) = [
        cell.source
        for cell in chapter.cells
        if cell.source.startswith("## Exercises")
    ]
    assert f"](../exercises/{path.name})" in lead
    minutes = re.findall(r" · (\d+) minutes · ", "".join(headings(path)))
    assert f"about {sum(map(int, minutes))} minutes of work" in lead
    for folder, other in (
        ("exercises", "solutions"),
        ("solutions", "exercises"),
    ):
        first = notebooks.read(notebooks.REPO / folder / path.name).cells[0]
        assert f"](../book/{path.name})" in first.source
        assert f"](../{other}/{path.name})" in first.source


@each_solution
def test_each_exercise_leads_to_its_own_solution(path):
    """To its heading, as the pages name it."""
    links = [
        re.search(r"\n\*.+\* · \[Solution\]\((.+)\)\n", text)[1]
        for text in headings(exercise(path))
    ]
    assert links == [
        f"../solutions/{path.name}#{default_slugify(text.splitlines()[0][3:])}"
        for text in headings(path)
    ]
    assert "[Solution]" not in "".join(headings(path))
