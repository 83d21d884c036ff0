"""The exercises as files: made from the solutions, and complete."""

import ast
import re
import symtable

import nbformat
from myst_parser.mdit_to_docutils.base import default_slugify

import notebooks
from teacher import SOLUTIONS, cells, kind

MARKS = "BEGIN SOLUTION", "END SOLUTION", "HIDDEN TESTS"
each_solution = notebooks.each("solutions")


def exercise(path, folder="exercises"):
    """The notebook of this chapter in another folder."""
    return notebooks.REPO / folder / path.name


def headings(path):
    """The cells that open an exercise, or its solution."""
    texts = [cell.source for cell in notebooks.read(path).cells]
    return [text for text in texts if text.startswith("## ")]


def test_every_solution_has_its_exercises():
    names = [path.name for path in SOLUTIONS]
    assert names == [path.name for path in notebooks.find("exercises")]
    assert set(names) <= {path.name for path in notebooks.find("book")}


@each_solution
def test_made_anew_the_exercises_are_the_same(path, teacher):
    """To the byte, but for what running them adds, which nbval compares."""
    committed = exercise(path).read_text(encoding="utf-8")
    notebook = nbformat.reads(committed, as_version=4)
    assert committed == nbformat.writes(notebook) + "\n"
    for _, cell in notebooks.code_cells(notebook):
        cell.outputs, cell.execution_count = [], None
    made = teacher.hand_out(path.stem).read_text(encoding="utf-8")
    assert made == nbformat.writes(notebook) + "\n"


@each_solution
def test_untouched_every_check_fails_and_no_solution_is_left(path):
    text = exercise(path).read_text(encoding="utf-8")
    assert not [mark for mark in (*MARKS, '"worked"') if mark in text]
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
def test_solutions_are_folded_and_checks_have_a_hidden_part(path):
    for cell in cells(path, "solution"):
        assert cell.metadata.tags == ["hide-cell"]
        assert cell.metadata.mystnb.code_prompt_show == "Show a solution"
    for cell in cells(path, "check"):
        assert cell.metadata.tags == ["hide-input"]
    for cell in notebooks.read(path).cells:
        if "worked" in cell.metadata.get("tags", []) or kind(cell) == "answer":
            assert re.fullmatch(
                r"(?s):::\{admonition\} [^\n]+\n:class: dropdown\n.+\n:::",
                cell.source,
            )

    checks = cells(path, "check")
    hidden = [c for c in checks if "### BEGIN HIDDEN TESTS" in c.source]
    assert len(checks) - len(hidden) <= 1  # the experiment
    for cell in checks:
        assert cell.source.splitlines()[-1].startswith("print(")


FORBIDS = r"(?i)(?:do not use|but not) ((?:`[^`]+`|[^`.;:])+)|(`\S+`) is not\)"


@each_solution
def test_what_a_task_forbids_is_checked(path):
    """What the checks' helpers are is forbidden always."""
    for text, check in zip(headings(path), cells(path, "check"), strict=True):
        said = "".join(map("".join, re.findall(FORBIDS, text)))
        for name in re.findall(r"`(?:\w+\.)*(\w+)`", said):
            assert "without=" in check.source, name
            assert f'"{name}"' in check.source


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
        r"^\| (\d) (.+) \| .+ \| (\w+) \| (\d+)&nbsp;min"
        r" \| (\d)(?: \+ (\d))? \|$",
        notebooks.read(path).cells[0].source,
        re.MULTILINE,
    )
    assert rows == [match.groups(default="") for match in found]
    for wanted, column in (("check", 4), ("answer", 5)):
        points = [c.metadata.nbgrader.points for c in cells(path, wanted)]
        assert points == [int(row[column]) for row in rows if row[column]]


def parts(path):
    """Each statement, with its exercise's number and the kind of its cell.

    What stands before the first exercise has no number, or 0.
    """
    for _, cell in notebooks.code_cells(notebooks.read(path)):
        number = cell.metadata.nbgrader.grade_id.partition("-")[2]
        for statement in notebooks.parse(cell).body:
            yield number, kind(cell), statement


def names(statement):
    """The names that a statement gives a value; not those inside functions."""
    table = symtable.symtable(ast.unparse(statement), "cell", "exec")
    symbols = table.get_symbols()
    return {s.get_name() for s in symbols if s.is_assigned() or s.is_imported()}


@each_solution
def test_going_back_breaks_nothing(path):
    """No other exercise overwrites what an exercise gives or asks for.

    But for `rng`, which each check that draws begins with, from its own seed.
    """
    made = [
        (name, number, "" if where == "check" else ast.unparse(statement))
        for number, where, statement in parts(exercise(path))
        for name in names(statement) - {"_", "rng"}
    ]
    assert not [
        name
        for name, number, said in made
        for other, place, says in made
        if said and name == other and number != place and said != says
    ]


@each_solution
def test_chapter_exercises_and_solutions_are_linked(path):
    titles = headings(exercise(path, "book"))
    (lead,) = [text for text in titles if text.startswith("## Exercises")]
    assert f"](../exercises/{path.name})" in lead
    minutes = re.findall(r" · (\d+) minutes · ", "".join(headings(path)))
    assert f"about {sum(map(int, minutes))} minutes of work" in lead
    for folder, other in ("exercises", "solutions"), ("solutions", "exercises"):
        first = notebooks.read(exercise(path, folder)).cells[0].source
        assert f"](../book/{path.name})" in first
        assert f"](../{other}/{path.name})" in first
    # Each exercise leads to the heading of its own solution.
    links = re.findall(
        r"\n\*.+\* · \[Solution\]\((.+)\)\n", "".join(headings(exercise(path)))
    )
    assert links == [
        f"../solutions/{path.name}#{default_slugify(text.splitlines()[0][3:])}"
        for text in headings(path)
    ]
