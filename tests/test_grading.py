"""What nbgrader makes of the exercises: full marks, none, and for a mistake.

One chapter goes the whole way of an assignment, as a teacher goes it.
"""

import re
import sys

import numpy as np
import pytest
import torch
from nbgrader.utils import determine_grade

import notebooks
from answers import RIGHT, WRONG
from teacher import SOLUTIONS, cells
from unrolled_book.exercises.expect import CheckFailed

NAMES = [path.stem for path in SOLUTIONS]


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


SILENCE = """
import unrolled_book.exercises.expect as checks
import unrolled_book.exercises.run as runs

expect = checks.expect = lambda *_, **__: None
call = runs.call = lambda *_, **__: None
expect_digits = expect_number = random_lstm = np = lstm_states = None


def forward_step(x_t, h, c, params):
    return input("h? "), c
"""


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
    spoilt = worked | {"solution-2": SILENCE}  # costs its own marks alone
    marks = points | by_hand | {"check-2": 0}
    assert teacher.grade(name, "spoilt", spoilt) == marks


def passes(name, exercise, answer, graded=True, seed=0):
    """Run an exercise alone with this answer: does its check pass?

    Here and not in a kernel, whose start takes seconds.
    """
    torch.manual_seed(seed)
    space = {"__name__": "__main__"}
    for _, cell in notebooks.code_cells(notebooks.read(path_of(name))):
        grade_id = cell.metadata.nbgrader.grade_id
        if grade_id == f"solution-{exercise}":
            exec(answer, space)
        elif grade_id == f"check-{exercise}":
            space["rng"] = np.random.default_rng(seed)
            try:
                exec(cell.source if graded else seen(cell), space)
            except CheckFailed:
                return False
            return True
        elif grade_id.partition("-")[2] in ("", "0", exercise):
            exec(cell.source, space)
    raise AssertionError("there is no check")


def seen(cell):
    """The part of a check that students see."""
    hidden = r"(?s)### BEGIN HIDDEN TESTS.*### END HIDDEN TESTS"
    return re.sub(hidden, "", cell.source)


def answer_to(name, exercise, words):
    """The worked solution with words exchanged; or the answer itself."""
    if isinstance(words, str):
        return words
    [answer] = [
        cell.source
        for cell in cells(path_of(name), "solution")
        if cell.metadata.nbgrader.grade_id == f"solution-{exercise}"
    ]
    for old, new in words:
        assert answer.count(old) == 1, old
        answer = answer.replace(old, new)
    return answer


def bank(answers):
    """Each answer with its chapter and exercise."""
    return [
        pytest.param(*place, words, id=f"{' '.join(place)}: {what}")
        for place, said in answers.items()
        for what, words in said.items()
    ]


FUNCTIONS = [
    (name, exercise)
    for name in NAMES
    for exercise in "1234"
    if any(
        cell.metadata.nbgrader.grade_id == f"solution-{exercise}"
        and cell.source.startswith("def ")
        for cell in cells(path_of(name), "solution")
    )
]


def test_the_bank_has_a_mistake_for_each_chapter_and_sixty_in_all():
    assert {name for name, _ in WRONG} == set(NAMES)
    assert len(bank(RIGHT)) + len(bank(WRONG)) >= 60


@pytest.mark.usefixtures("only_draws", "one_thread")
@pytest.mark.parametrize(("name", "exercise"), FUNCTIONS)
def test_a_worked_solution_passes_whatever_was_drawn_before(name, exercise):
    answer = answer_to(name, exercise, [])
    assert all(passes(name, exercise, answer, seed=k) for k in range(3))


@pytest.mark.usefixtures("only_draws", "one_thread")
@pytest.mark.parametrize(("name", "exercise", "words"), bank(RIGHT))
def test_right_in_another_way_passes(name, exercise, words):
    answer = answer_to(name, exercise, words)
    assert all(passes(name, exercise, answer, seed=k) for k in range(3))


@pytest.mark.usefixtures("only_draws", "one_thread")
@pytest.mark.parametrize(("name", "exercise", "words"), bank(WRONG))
def test_wrong_fails_before_it_is_graded_and_then(name, exercise, words):
    """It costs no other marks: each stands alone, says `test_exercises`."""
    answer = answer_to(name, exercise, words)
    assert not passes(name, exercise, answer, graded=False)
    assert not any(passes(name, exercise, answer, seed=k) for k in range(3))
