"""The whole way of an assignment through nbgrader, as a teacher goes it.

The assignments are generated, handed in and autograded. Worked solutions get
full marks, untouched exercises none: as nbval runs them, and one chapter run
anew. Each typical mistake fails its own check and no other.
"""

import subprocess
import sys

import pytest
from nbformat import NotebookNode

import notebooks
from teacher import SOLUTIONS, cells
from unrolled_book.exercises.expect import CheckFailed

NAMES = [path.stem for path in SOLUTIONS]

# What a student got wrong: chapter, exercise, what it should say, what it says.
WRONG = {
    "each tensor clipped by itself": (
        "01_vanishing", "4",
        "return {name: factor * grad for name, grad in grads.items()}",
        "return {name: grad * min(1, max_norm / np.linalg.norm(grad))"
        " for name, grad in grads.items()}",
    ),
    "right for one unit only": (
        "02_forward", "4", "ours[name] = np.concatenate([i, f, g, o])",
        "ours[name] = value[[1, 0, 2, 3]]",
    ),
    "a sign error in one gate": (
        "03_one_weight", "2", "dc * i * (1 - g**2)", "-dc * i * (1 - g**2)",
    ),
    "steps not added up": (
        "04_bptt", "3",
        "grads = {name: grads[name] + new[name] for name in grads}",
        "grads = new",
    ),
    "no gradient of the cell from later": (
        "04_bptt", "3", "cell_backward(dh, dc, ", "cell_backward(dh, 0 * dc, ",
    ),
    "averages corrected twice": (
        "05_training", "2", "(np.sqrt(q_hat) + eps), m, q",
        "(np.sqrt(q_hat) + eps), m_hat, q_hat",
    ),
    "k1 and k2 swapped": (
        "06_truncated", "3", "params, k1, k2):", "params, k2, k1):",
    ),
    "padding averaged in": (
        "07_network", "3", "-right.mean()", "-right.sum() / real.numel()",
    ),
    "units summed before the derivative": (
        "08_thirty_steps", "3", "for unit in range(h.shape[1]):\n"
        "        s = h[:, unit].sum()",
        "for s in [h.sum()]:",
    ),
    "a probe scored where it was fitted": (
        "09_gates", "3", "slice(half), slice(half, None)",
        "slice(half), slice(half)",
    ),
    "the best weights kept without a copy": (
        "10_overfitting", "4",
        "{name: array.copy() for name, array in weights.items()}", "weights",
    ),
    "the best forecast told the truth": (
        "11_free_running", "3", "[past, said], axis=1", "[past, truth], axis=1",
    ),
    "an output gate that sees the old cell state": (
        "12_beyond", "2",
        "c = f * c + i * z_g.tanh()\n    o = (z_o + p_o * c).sigmoid()",
        "o = (z_o + p_o * c).sigmoid()\n    c = f * c + i * z_g.tanh()",
    ),
}  # fmt: skip


def path_of(name, folder="solutions"):
    return notebooks.REPO / folder / f"{name}.ipynb"


def points(name, wanted="check"):
    """The points of the cells of one kind."""
    return {
        cell.metadata.nbgrader.grade_id: cell.metadata.nbgrader.points
        for cell in cells(path_of(name), wanted)
    }


def full_marks(name):
    """All that a program can give; a person reads the conclusions."""
    return points(name) | dict.fromkeys(points(name, "answer"))


def no_marks(name):
    """Nothing for the checks, nor for a conclusion that is not there."""
    return dict.fromkeys(points(name) | points(name, "answer"), 0)


@pytest.mark.parametrize("arguments", [[], ["."]])
def test_a_course_wants_a_new_folder(arguments):
    program = notebooks.REPO / "grading" / "course.py"
    told = subprocess.run(
        [sys.executable, program, *arguments],
        cwd=notebooks.REPO,
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode > 0
    assert "expected a" in told.stderr


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("folder", "marks"), [("solutions", full_marks), ("exercises", no_marks)]
)
def test_worked_solutions_and_untouched_exercises(teacher, name, folder, marks):
    notebook = notebooks.read(path_of(name, folder))
    assert teacher.grade_as_run(name, folder, notebook) == marks(name)


def test_the_whole_way(teacher):
    """What was handed out, filled in or left as it was, and run anew."""
    name = NAMES[1]
    worked = {
        cell.metadata.nbgrader.grade_id: cell.source
        for wanted in ("solution", "answer")
        for cell in cells(path_of(name), wanted)
    }
    assert teacher.grade(name, "worked", worked) == full_marks(name)
    assert teacher.grade(name, "untouched", {}) == no_marks(name)


def failed_checks(name, answers):
    """Run a worked notebook with these answers; name the checks that fail.

    All its cells, with the hidden tests, one after the other as in a kernel,
    but here: what a check says does not depend on who starts it, and the start
    of a kernel takes seconds. That nbgrader takes a failed check's points, and
    no others, the whole way above shows.
    """
    space, failed = {"__name__": "__main__"}, set()
    for _, cell in notebooks.code_cells(notebooks.read(path_of(name))):
        grade_id = cell.metadata.get("nbgrader", {}).get("grade_id", "")
        cell = NotebookNode(cell, source=answers.get(grade_id, cell.source))
        try:
            exec(compile(notebooks.parse(cell), grade_id, "exec"), space)
        except CheckFailed:
            failed.add(grade_id)
    return failed


def test_each_chapter_has_a_mistake():
    assert {name for name, *_ in WRONG.values()} == set(NAMES)


@pytest.mark.usefixtures("only_draws", "one_thread")
@pytest.mark.parametrize("mistake", WRONG)
def test_a_mistake_loses_its_own_marks(mistake, capsys):
    name, exercise, right, wrong = WRONG[mistake]
    [answer] = [
        cell.source
        for cell in cells(path_of(name), "solution")
        if cell.metadata.nbgrader.grade_id == f"solution-{exercise}"
    ]
    assert answer.count(right) == 1
    answers = {f"solution-{exercise}": answer.replace(right, wrong)}
    assert failed_checks(name, answers) == {f"check-{exercise}"}
