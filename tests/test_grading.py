"""The whole way of an assignment through nbgrader, as a teacher goes it.

The assignments are generated, handed in and autograded. Worked solutions get
full marks, untouched exercises none, and each typical mistake loses the marks
of its own check and no other.
"""

import pytest

import notebooks
from teacher import SOLUTIONS, cells

NAMES = [path.stem for path in SOLUTIONS]

# What a student got wrong: chapter, exercise, what it should say, what it says.
WRONG = {
    "f and i not told apart": (
        "02_forward", "2", "z_i, z_f, z_g, z_o = np.split",
        "z_f, z_i, z_g, z_o = np.split",
    ),
    "c not handed over": (
        "02_forward", "3", "c = zeros if c is None else c", "c = zeros",
    ),
    "right for one unit only": (
        "02_forward", "4", "ours[name] = np.concatenate([i, f, g, o])",
        "ours[name] = value[[1, 0, 2, 3]]",
    ),
    "a sign error in one gate": (
        "03_one_weight", "2", "dc * i * (1 - g**2)", "-dc * i * (1 - g**2)",
    ),
}  # fmt: skip


def points(name, wanted="check"):
    """The points of the cells of one kind."""
    path = notebooks.REPO / "solutions" / f"{name}.ipynb"
    return {
        cell.metadata.nbgrader.grade_id: cell.metadata.nbgrader.points
        for cell in cells(path, wanted)
    }


def worked(name):
    """What the solutions say, by cell, as a student would hand it in."""
    path = notebooks.REPO / "solutions" / f"{name}.ipynb"
    return {
        cell.metadata.nbgrader.grade_id: cell.source
        for wanted in ("solution", "answer")
        for cell in cells(path, wanted)
    }


@pytest.mark.parametrize("name", NAMES)
def test_worked_solutions_get_full_marks(teacher, name):
    """All that a program can give; a person reads the conclusions."""
    written = dict.fromkeys(points(name, "answer"))
    assert teacher.grade(name, "worked", worked(name)) == points(name) | written


@pytest.mark.parametrize("name", NAMES)
def test_untouched_exercises_get_none(teacher, name):
    both = points(name) | points(name, "answer")
    assert teacher.grade(name, "untouched", {}) == dict.fromkeys(both, 0)


@pytest.mark.parametrize("mistake", WRONG)
def test_a_mistake_loses_its_own_marks(teacher, mistake):
    name, exercise, right, wrong = WRONG[mistake]
    answers = worked(name)
    assert answers[f"solution-{exercise}"].count(right) == 1
    answers[f"solution-{exercise}"] = answers[f"solution-{exercise}"].replace(
        right, wrong
    )
    written = dict.fromkeys(points(name, "answer"))
    left = points(name) | {f"check-{exercise}": 0}
    assert (
        teacher.grade(name, mistake.replace(" ", "-"), answers)
        == left | written
    )
