"""How nbgrader makes the exercises from the solutions, and grades them."""

import ast
import re

from nbgrader.converters import Autograde, GenerateAssignment
from nbgrader.preprocessors import (
    Execute,
    InstantiateTests,
    NbGraderPreprocessor,
)

CHECK_TAGS = ["raises-exception", "hide-output"]
TITLE = "# Solutions:", "# Exercises:"
LINK = (
    "The exercises alone: [without solutions](../exercises/",
    "If you are stuck: [worked solutions](../solutions/",
)
# An exercise's title, and the line that says its kind, minutes and points.
EXERCISE = re.compile(r"## (\d\. .+)\n\n(\*.+\*)")
BEFORE = {
    "code_prompt_show": "Show what the check says before you begin",
    "code_prompt_hide": "Hide it",
}


class ForStudents(NbGraderPreprocessor):
    """Leave out what only the solutions say, and announce failing checks."""

    def preprocess(self, nb, resources):
        """Return the notebook without the cells tagged ``worked``."""
        nb.cells = [
            cell
            for cell in nb.cells
            if "worked" not in cell.metadata.get("tags", [])
        ]
        for theirs, ours in (TITLE, LINK):
            nb.cells[0].source = nb.cells[0].source.replace(theirs, ours)
        for cell in nb.cells:
            self._tag(cell)
            self._link(cell, resources["unique_key"])
        return nb, resources

    def _tag(self, cell):
        """Unfold what the solutions' pages fold, and fold failed checks."""
        kind = cell.metadata.get("nbgrader", {})
        if cell.cell_type == "code" and (kind["grade"] or kind["solution"]):
            del cell.metadata["tags"], cell.metadata["mystnb"]
        if cell.cell_type == "code" and kind["grade"]:
            cell.metadata["tags"] = CHECK_TAGS
            cell.metadata["mystnb"] = BEFORE

    def _link(self, cell, name):
        """Lead from an exercise to its own solution, folded on its page."""
        if found := EXERCISE.match(cell.source):
            title, facts = found.groups()
            # The place has the heading's words, as on the pages of the book.
            place = re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-")
            link = f"[Solution](../solutions/{name}.ipynb#{place})"
            cell.source = cell.source.replace(facts, f"{facts} · {link}", 1)


FRESH = """import sys

for name in [n for n in sys.modules if n.startswith("unrolled_book.exercises")]:
    del sys.modules[name]
"""


class OwnNames(NbGraderPreprocessor):
    """Let each check begin with its own names, whatever answers made of them.

    It imports anew, the checks' own modules from their files, and repeats the
    functions that are given with its exercise.
    """

    def preprocess(self, nb, resources):
        """Return the notebook with a beginning in front of each check."""
        settings = [cell.metadata.get("nbgrader", {}) for cell in nb.cells]
        given = {
            s.grade_id: cell.source
            for s, cell in zip(settings, nb.cells, strict=True)
            if s and not s.grade and not s.solution
        }
        for s, cell in zip(settings, nb.cells, strict=True):
            if s and s.grade and not s.solution:
                own = "-" + s.grade_id.partition("-")[2]
                parts = [
                    source
                    for name, source in given.items()
                    if name == "imports"
                    or (name.endswith((own, "-0")) and self._defines(source))
                ]
                cell.source = "\n".join([FRESH, *parts, cell.source])
        return nb, resources

    def _defines(self, source):
        """Tell whether a cell has functions and nothing else."""
        kinds = {type(statement) for statement in ast.parse(source).body}
        return kinds == {ast.FunctionDef}


c = get_config()  # noqa: F821, nbgrader defines it

c.CourseDirectory.course_id = "unrolled"
c.ClearSolutions.code_stub = {"python": "pass  # your code here"}
c.ClearSolutions.text_stub = "*I predicted: …*\n\n*Your conclusion here.*"
c.ClearHiddenTests.enforce_metadata = True
# First of all, so that the gradebook too knows the exercises only.
c.GenerateAssignment.preprocessors = [
    ForStudents,
    *(
        p
        for p in GenerateAssignment.preprocessors.default()
        if p != InstantiateTests
    ),
]
steps = Autograde.autograde_preprocessors.default()
place = steps.index(Execute)
c.Autograde.autograde_preprocessors = [*steps[:place], OwnNames, *steps[place:]]
c.ExecutePreprocessor.timeout = 120  # seconds for a cell
