"""What nbgrader makes of the exercises: full marks, none, and for a mistake.

One chapter goes the whole way of an assignment, as a teacher goes it.
"""

import sys

import pytest
from nbgrader.utils import determine_grade

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


@pytest.mark.parametrize("arguments", [[], ["."]])
def test_a_course_wants_a_new_folder(arguments, teacher, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["course.py", *arguments])
    with pytest.raises(SystemExit) as end:
        teacher.course.main()
    assert "expected a" in f"{end.value.code} {capsys.readouterr().err}"


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("folder", "share"), [("solutions", 1), ("exercises", 0)]
)
def test_worked_solutions_and_untouched_exercises(name, folder, share):
    """As they were run: that they print the same today, nbval proves."""
    for cell in cells(path_of(name, folder), "check"):
        points = cell.metadata.nbgrader.points
        assert determine_grade(cell) == (share * points, points)


def test_the_whole_way(teacher):
    """What was handed out, filled in or left as it was, and run anew."""
    name = NAMES[1]
    worked, points, written = {}, {}, {}
    for cell in notebooks.read(path_of(name)).cells:
        if settings := cell.metadata.get("nbgrader"):
            if settings.solution:
                worked[settings.grade_id] = cell.source
            if settings.grade:
                marks = written if settings.solution else points
                marks[settings.grade_id] = settings.points
    by_hand = dict.fromkeys(written)  # a person reads what is written
    assert teacher.grade(name, "worked", worked) == points | by_hand
    none = dict.fromkeys(points | written, 0)
    assert teacher.grade(name, "untouched", {}) == none


def passes(name, exercise, answer):
    """Run an exercise alone with this answer: does its check pass?

    Here and not in a kernel, whose start takes seconds.
    """
    space = {"__name__": "__main__"}
    for _, cell in notebooks.code_cells(notebooks.read(path_of(name))):
        grade_id = cell.metadata.nbgrader.grade_id
        if grade_id == f"solution-{exercise}":
            exec(answer, space)
        elif grade_id == f"check-{exercise}":
            try:
                exec(cell.source, space)
            except CheckFailed:
                return False
            return True
        elif grade_id.partition("-")[2] in ("", "0", exercise):
            exec(cell.source, space)
    raise AssertionError("there is no check")


def test_each_chapter_has_a_mistake():
    assert {name for name, *_ in WRONG.values()} == set(NAMES)


@pytest.mark.usefixtures("only_draws", "one_thread")
@pytest.mark.parametrize("mistake", WRONG)
def test_a_mistake_loses_its_own_marks(mistake):
    """And no others: each exercise stands alone, says `test_exercises`."""
    name, exercise, right, wrong = WRONG[mistake]
    [answer] = [
        cell.source
        for cell in cells(path_of(name), "solution")
        if cell.metadata.nbgrader.grade_id == f"solution-{exercise}"
    ]
    assert answer.count(right) == 1
    assert passes(name, exercise, answer)
    assert not passes(name, exercise, answer.replace(right, wrong))
