"""A teacher with a course of nbgrader's, for the tests of the exercises."""

import importlib.util
import warnings

import nbformat
from nbgrader.api import Gradebook

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


def cells(path, wanted):
    """The cells of one kind."""
    return [cell for cell in notebooks.read(path).cells if kind(cell) == wanted]


class Teacher:
    """Makes a course, hands out all exercises, and grades what comes in."""

    def __init__(self, folder):
        path = notebooks.REPO / "grading" / "course.py"
        spec = importlib.util.spec_from_file_location("course", path)
        self._course = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(self._course)
        self._folder = folder
        self._course.make(folder)
        self.released = {
            path.stem: self._course.generate(folder, path.stem)
            for path in SOLUTIONS
        }

    def grade(self, name, student, answers):
        """Hand in a notebook with these answers, and return the marks.

        Answers and marks are by the names of their cells. A cell without an
        answer is left as it was handed out. The notebook is run.
        """
        notebook = nbformat.read(self.released[name], as_version=4)
        for cell in notebook.cells:
            if kind(cell) in ("solution", "answer"):
                old = cell.source
                cell.source = answers.get(cell.metadata.nbgrader.grade_id, old)
        return self._marks(name, student, notebook)

    def grade_as_run(self, name, student, notebook):
        """Hand in a notebook with its outputs, and have these graded.

        No kernel is started, which saves seconds. That the outputs are what
        the cells print, hidden checks and all, nbval proves.
        """
        return self._marks(name, student, notebook, execute=False)

    def _marks(self, name, student, notebook, execute=True):
        """Hand in a notebook, have it graded, and look up the marks."""
        path = self._folder / "submitted" / student / name / f"{name}.ipynb"
        path.parent.mkdir(parents=True)
        nbformat.write(notebook, path)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # nbgrader's, of its database
            self._course.autograde(self._folder, name, student, execute)
            address = f"sqlite:///{self._folder / 'gradebook.db'}"
            with Gradebook(address, "unrolled") as book:
                found = book.find_submission_notebook(name, name, student)
                return {cell.name: cell.auto_score for cell in found.grades}
