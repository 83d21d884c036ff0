"""What nbgrader makes of the exercises: full marks, none, and for a mistake.

One chapter goes the whole way of an assignment, as a teacher goes it.
"""

import functools
import os
import re
import sys

import numpy as np
import pytest
import torch
from nbgrader.utils import determine_grade

import notebooks
from answers import MESSAGES, NUMBERS, RIGHT, WRONG
from teacher import SOLUTIONS, cells, kind
from unrolled_book.exercises.expect import CheckFailed

pytestmark = pytest.mark.usefixtures("only_draws", "one_thread")
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
    for cell in cells(path_of(name, folder), "check", "answer"):
        points = cell.metadata.nbgrader.points
        by_hand = share and kind(cell) == "answer"  # by who reads it
        mark = None if by_hand else share * points
        assert determine_grade(cell) == (mark, points)


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
    """What was handed out, worked, spoilt or left as it was, and run anew."""
    name = NAMES[1]
    answers = {
        cell.metadata.nbgrader.grade_id: cell.source
        for cell in cells(path_of(name), "solution", "answer")
    }
    answers["solution-2"] = SILENCE  # costs its own marks alone
    answers["solution-3"] += "\n\nstep = None"  # what is given
    del answers["solution-4"]
    marks = {
        cell.metadata.nbgrader.grade_id: cell.metadata.nbgrader.points
        for cell in cells(path_of(name), "check")
    }
    marks |= {"check-2": 0, "check-4": 0, "answer-5": None}
    assert teacher.grade(name, "one", answers) == marks


RUNS = int(os.environ.get("RUNS", "1"))  # at night: 200
SEED = re.compile(r"(default_rng|manual_seed)\((\d+)")
HIDDEN = re.compile(r"(?s)### BEGIN HIDDEN TESTS.*### END HIDDEN TESTS")


@functools.cache
def parts(name, exercise):
    """The code that an exercise needs, with the kind of its cell."""
    return [
        (kind(cell), cell.source)
        for _, cell in notebooks.code_cells(notebooks.read(path_of(name)))
        if cell.metadata.nbgrader.grade_id.partition("-")[2]
        in ("", "0", exercise)
    ]


def worked(name, exercise):
    """The worked solution."""
    return dict(parts(name, exercise))["solution"]


def is_function(name, exercise):
    """Tell a function from numbers, made by hand or by an experiment."""
    return worked(name, exercise).startswith("def ")


def until_check(name, exercise, answer, run=0):
    """Run an exercise alone with this answer, but for its check.

    Here and not in a kernel, whose start takes seconds. In all runs but the
    first a function meets other inputs: each seed in the cells is another.
    """
    torch.manual_seed(run)
    texts = [
        answer if what == "solution" else source
        for what, source in parts(name, exercise)
    ]
    if run and is_function(name, exercise):
        texts = [SEED.sub(rf"\1({run}0\2", text) for text in texts]
    space = {"__name__": "__main__"}
    for text in texts[:-1]:
        exec(text, space)
    return space, texts[-1]


def failure(space, check):
    """What a check says if it fails, in one line."""
    try:
        exec(check, space)
    except CheckFailed as failed:
        return " ".join(str(failed).split())
    return ""


def answer_to(name, exercise, words):
    """The worked solution with words exchanged; or the answer itself."""
    if isinstance(words, str):
        return words
    answer = worked(name, exercise)
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


PLACES = [
    (path.stem, cell.metadata.nbgrader.grade_id[-1])
    for path in SOLUTIONS
    for cell in cells(path, "check")
]
FUNCTIONS = {place: {"worked": []} for place in PLACES if is_function(*place)}


def test_every_check_has_a_right_and_a_wrong_answer():
    assert {*RIGHT} == {*WRONG} == {*FUNCTIONS}
    assert {*NUMBERS} == {*PLACES} - {*FUNCTIONS}


@pytest.mark.parametrize(
    ("name", "exercise", "words"), [*bank(FUNCTIONS), *bank(RIGHT)]
)
def test_right_passes_in_each_run(name, exercise, words):
    answer = answer_to(name, exercise, words)
    for run in range(RUNS):
        assert not failure(*until_check(name, exercise, answer, run))


@pytest.mark.parametrize(("name", "exercise", "words"), bank(WRONG))
def test_wrong_fails_in_each_run(name, exercise, words, monkeypatch, request):
    """Before it is graded: so it does then, in the same lines.

    It costs no other marks: the others pass without it, as they run alone.
    """
    monkeypatch.setattr("unrolled_book.exercises.run._SECONDS", 0.5)
    answer = answer_to(name, exercise, words)
    what = request.node.callspec.id.partition(": ")[2]
    for run in range(RUNS):
        space, check = until_check(name, exercise, answer, run)
        said = failure(space, HIDDEN.sub("", check))
        assert said
        assert MESSAGES.get((name, exercise, what), "") in said
        assert not said.startswith("Nothing here yet")


def numbers(holder, names):
    """Where numbers are, in lists and dicts too: pairs of holder and name."""
    for name in names:
        value = holder[name]
        if isinstance(value, list | dict):
            inner = value if isinstance(value, dict) else range(len(value))
            yield from numbers(value, [*inner])
        elif isinstance(value, int | float | np.number):
            yield holder, name


@pytest.mark.parametrize(("name", "exercise"), NUMBERS)
def test_each_number_counts(name, exercise):
    """Nothing is drawn here: one run is as good as hundreds."""
    right, _, slip = NUMBERS[name, exercise]
    answer = answer_to(name, exercise, right)
    space, check = until_check(name, exercise, answer)
    assert failure(space, check) == ""
    stub = worked(name, exercise).partition("### BEGIN")[0]
    asked = re.findall(r"(\w+)(?=.* = )", re.sub(r"[(\[{#].*", "", stub))
    found = [*numbers(space, {*asked} & {*space})]
    assert len(found) > 1
    for holder, key in found:
        kept, holder[key] = holder[key], 2 * holder[key] + 1
        assert failure(space, check), key
        holder[key] = kept
    exec(slip, space)
    assert failure(space, check)
