"""A teacher with a course of nbgrader's, for the tests of the exercises."""

import functools
import warnings

import nbformat
from nbgrader.utils import determine_grade

import notebooks

SOLUTIONS = notebooks.find("solutions")


def kind(cell):
    """What a cell is to nbgrader: check, answer, solution, given, or text."""
    settings = cell.metadata.get("nbgrader")
    if settings is None:
        return "text"
    if settings.grade:
        return "answer" if settings.solution else "check"
    return "solution" if settings.solution else "given"


def cells(path, *wanted):
    """The cells of these kinds."""
    return [cell for cell in notebooks.read(path).cells if kind(cell) in wanted]


class Teacher:
    """Makes a course, hands out exercises, and grades what comes in."""

    def __init__(self, folder):
        self.course = notebooks.program("grading/course.py")
        self.course.make(folder)
        self.hand_out = functools.cache(
            functools.partial(self.course.generate, folder)
        )
        self._folder = folder

    def grade(self, name, student, answers):
        """Hand in a notebook with these answers, and return the marks.

        Answers and marks are by the names of their cells. A cell without an
        answer is left as it was handed out. The notebook is run.
        """
        notebook = nbformat.read(self.hand_out(name), as_version=4)
        for cell in notebook.cells:
            own = cell.metadata.get("nbgrader", {}).get("grade_id")
            cell.source = answers.get(own, cell.source)
        path = self._folder / "submitted" / student / name / f"{name}.ipynb"
        path.parent.mkdir(parents=True)
        nbformat.write(notebook, path)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # nbgrader's, of its database
            self.course.autograde(self._folder, name, student)
        graded = self._folder / "autograded" / student / name / path.name
        return {
            cell.metadata.nbgrader.grade_id: determine_grade(cell)[0]
            for cell in cells(graded, "check", "answer")
        }
