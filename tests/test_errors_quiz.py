"""Bad questions: a ValueError, with expected and got."""

import copy
import json

import pytest

from bad_input import assert_refused, each_call, public_calls
from unrolled_book import quiz
from unrolled_book.quiz import load, show

GOOD = json.loads((quiz.reading.QUESTIONS / "02_forward.json").read_text())
NUMERIC, CHOICE, MANY = 0, 1, 5  # of these questions


def changed(*path, to):
    """The good questions with one place of them changed."""
    questions = copy.deepcopy(GOOD)
    *way, last = path
    place = questions
    for step in way:
        place = place[step]
    place[last] = to
    return questions


def without(*path):
    """The good questions with one place of them left out."""
    questions = copy.deepcopy(GOOD)
    *way, last = path
    place = questions
    for step in way:
        place = place[step]
    del place[last]
    return questions


def answers(question, **fields):
    """The answers of a question, all with these fields."""
    return [answer | fields for answer in GOOD[question]["answers"]]


BAD = {
    "no list": ({"id": "a"}, "02_forward: expected a list, got {'id': 'a'}"),
    "too few": (GOOD[:4], "expected 5 to 8 questions, got 4"),
    "too many": (GOOD + GOOD, "expected 5 to 8 questions, got 12"),
    "no question": (changed(2, to=1), "question 3: expected a dict, got 1"),
    "a field missing": (
        without(CHOICE, "asks"),
        r"question 2: expected .*'asks'.*got \['id', 'type', ",
    ),
    "an unknown field": (
        changed(CHOICE, "hint", to="Think."),
        "question 2: expected .*got .*hint",
    ),
    "an otherwise to a choice": (
        changed(CHOICE, "otherwise", to="x" * 40),
        "question 2: expected .*got .*otherwise",
    ),
    "asks for something else": (
        changed(CHOICE, "asks", to="recall"),
        "asks: expected one of idea, .*prediction, got 'recall'",
    ),
    "unknown type": (
        changed(CHOICE, "type", to="string"),
        "type: expected one of multiple_choice, .*, got 'string'",
    ),
    "no id": (changed(0, "id", to=""), "id: expected 1 char.*got ''"),
    "no answers": (
        changed(CHOICE, "answers", to=[]),
        "expected one right .*got 0 right and 0 wrong",
    ),
    "answers not a list": (
        changed(CHOICE, "answers", to="yes"),
        "answers: expected a list, got 'yes'",
    ),
    "an answer not a dict": (
        changed(CHOICE, "answers", 0, to="yes"),
        "answers: expected a dict, got 'yes'",
    ),
    "an answer without feedback": (
        without(CHOICE, "answers", 0, "feedback"),
        r"answers: expected .*'feedback'.*got \['answer', 'correct'\]",
    ),
    "short feedback": (
        changed(CHOICE, "answers", 1, "feedback", to="No."),
        "feedback: expected 40 characters or more, got 'No.'",
    ),
    "blank feedback": (
        changed(CHOICE, "answers", 1, "feedback", to=" " * 50),
        "feedback: expected 40 characters or more, got ' ",
    ),
    "short otherwise": (
        changed(NUMERIC, "otherwise", to="No."),
        "otherwise: expected 40 characters or more, got 'No.'",
    ),
    "correct not a bool": (
        changed(CHOICE, "answers", 0, "correct", to=1),
        "correct: expected a bool, got 1",
    ),
    "two right of one": (
        changed(CHOICE, "answers", to=answers(CHOICE, correct=True)),
        "expected one right .*got 4 right and 0 wrong",
    ),
    "two right and two wrong": (
        changed(
            CHOICE,
            "answers",
            to=[
                answer | {"correct": place < 2}
                for place, answer in enumerate(GOOD[CHOICE]["answers"])
            ],
        ),
        "expected one right .*got 2 right and 2 wrong",
    ),
    "all right of many": (
        changed(MANY, "answers", to=answers(MANY, correct=True)),
        "expected two or more right and some wrong.*got 4 right and 0 wrong",
    ),
    "one right of many": (
        changed(CHOICE, "type", to="many_choice"),
        "expected two or more right .*got 1 right and 3 wrong",
    ),
    "no right number": (
        changed(NUMERIC, "answers", to=answers(NUMERIC, correct=False)),
        "expected one right .*got 0 right and 4 wrong",
    ),
    "an answer twice": (
        changed(CHOICE, "answers", 1, "answer", to="The output gate"),
        "answers: expected each once, got 'The output gate' twice",
    ),
    "an empty answer": (
        changed(CHOICE, "answers", 1, "answer", to=""),
        "answer: expected 1 characters or more, got ''",
    ),
    "an id twice": (
        changed(CHOICE, "id", to=GOOD[0]["id"]),
        "id: expected each once, got 'one-step' twice",
    ),
    "an unknown key": (
        changed(NUMERIC, "answers", 0, "key", to="anwser"),
        "key: expected one of answer, no_tanh, .*got 'anwser'",
    ),
    "a typed number": (
        changed(NUMERIC, "answers", 0, "key", to=0.1637),
        "key: expected one of answer, .*got 0.1637",
    ),
    "nothing is near enough": (
        changed(NUMERIC, "answers", 0, "within", to=0),
        "within: expected a number above 0, got 0",
    ),
    "right and wrong at once": (
        changed(NUMERIC, "answers", 0, "within", to=0.01),
        "expected answers that lie apart, got 0.1637.* and 0.17",
    ),
    "ranges that overlap": (
        changed(NUMERIC, "answers", to=answers(NUMERIC, within=0.004)),
        "expected answers that lie apart, got 0.1637.* and 0.17",
    ),
    "TeX": (
        changed(CHOICE, "question", to="What is $h$, the hidden state? " * 2),
        r"question: expected words and HTML without \$.*got 'What is",
    ),
    "a Markdown link": (
        changed(CHOICE, "question", to="See [here](there). " * 3),
        r"question: expected words and HTML without.*got 'See \[here",
    ),
    "nothing to look at": (
        [question | {"asks": "idea"} for question in GOOD],
        "expected a third .*figure or a prediction, got 0 of 6",
    ),
    "too little to look at": (
        [question | {"asks": "idea"} for question in GOOD[:-1]]
        + [GOOD[-1] | {"asks": "figure"}],
        "expected a third .*figure or a prediction, got 1 of 6",
    ),
    "two numbers in a row": (
        [GOOD[0], GOOD[0] | {"id": "again"}, *GOOD[1:]],
        "another question between two numeric ones, got 1 and 2",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_questions_are_named(name, tmp_path):
    questions, message = BAD[name]
    text = json.dumps(questions)
    (tmp_path / "02_forward.json").write_text(text, encoding="utf-8")
    assert_refused(lambda: load("02_forward", tmp_path), message)


def test_the_good_questions_are_good(tmp_path):
    text = json.dumps(GOOD)
    (tmp_path / "02_forward.json").write_text(text, encoding="utf-8")
    assert load("02_forward", str(tmp_path)) == load("02_forward")


def test_a_chapter_without_numbers_needs_no_keys(tmp_path):
    (tmp_path / "99_new.json").write_text(json.dumps(GOOD[1:]))
    assert len(load("99_new", tmp_path)) == len(GOOD) - 1
    (tmp_path / "99_new.json").write_text(json.dumps(GOOD))
    assert_refused(lambda: load("99_new", tmp_path), "key: expected one of")


@pytest.mark.parametrize("content", [b"", b"[", b"\xff\xfe", b"id: 1"])
def test_no_json(content, tmp_path):
    (tmp_path / "02_forward.json").write_bytes(content)
    message = r"02_forward\.json: expected questions in JSON, got "
    assert_refused(lambda: load("02_forward", tmp_path), message)


CALLS = [
    ("quiz.load", lambda: load(2), "name: expected a str, got 2"),
    ("quiz.load", lambda: load("2"), r"2\.json: expected .*got FileNotFound"),
    ("quiz.load", lambda: load("a", 1), "folder: expected a path, got 1"),
    ("quiz.show", lambda: show(None), "name: expected a str, got None"),
    ("quiz.show", lambda: show("2"), r"2\.json: expected .*got FileNotFound"),
]


@each_call(CALLS)
def test_bad_input_is_named(call, message):
    assert_refused(call, message)


def test_every_public_call_is_in_the_tables():
    assert {name for name, *_ in CALLS} == public_calls([quiz])
