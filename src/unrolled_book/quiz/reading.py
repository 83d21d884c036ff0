"""Reading the questions of a chapter, and all that can be wrong with them."""

import json
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    Field,
    StringConstraints,
    ValidationInfo,
    model_validator,
)
from pydantic import BeforeValidator as Before

from unrolled._checks import check_choice, insist, refusal
from unrolled_book.quiz.keys import KEYS
from unrolled_book.rows import Row, check_once, parse

QUESTIONS = Path(__file__).with_name("questions")

FEWEST, MOST = 5, 8  # questions in a quiz


def _without_tex(text: str, info: ValidationInfo) -> str:
    """Insist on words that the page can show as they are."""
    is_plain = "$" not in text and "](" not in text  # jupyterquiz rewrites them
    wanted = "words and HTML without $ and ]("
    insist(str(info.field_name), is_plain, wanted, text)
    return text


def _computed(key: str, info: ValidationInfo) -> float:
    """The number that a key names."""
    numbers = (info.context or {})["numbers"]
    return numbers[check_choice("key", key, numbers)]


Text = Annotated[str, Field(min_length=1), AfterValidator(_without_tex)]
Sentence = Annotated[
    str,
    StringConstraints(min_length=40, strip_whitespace=True),
    AfterValidator(_without_tex),
]


class Answer(Row):
    """What every answer has."""

    correct: bool
    feedback: Sentence


class Choice(Answer):
    """An answer in words."""

    answer: Text


class Number(Answer):
    """An answer that is a number: in the file, the name of its key."""

    value: Annotated[float, Before(_computed), Field(alias="key")]
    within: Annotated[float, Field(gt=0)]
    """How far a reader may be off."""


class Question(Row):
    """What every question has."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
    """Words joined by hyphens, once in the quiz."""

    asks: Literal["idea", "computation", "figure", "prediction"]
    """For an idea, a computation, something to see in one of the chapter's
    figures, or the outcome of an experiment not yet seen."""

    type: Literal["multiple_choice", "many_choice", "numeric"]
    """One answer is right, two or more are, or it is a number."""

    question: Sentence
    """Words and a little HTML, no TeX."""

    answers: list[Choice] | list[Number]

    @model_validator(mode="after")
    def _check_count(self) -> Self:
        """Insist on as many right and wrong answers as this type needs."""
        correct = [answer.correct for answer in self.answers]
        right, wrong = sum(correct), correct.count(False)
        is_many = self.type == "many_choice"
        enough = right >= 2 if is_many else right == 1
        if not enough or wrong < (self.type != "numeric"):
            wanted = f"{'two or more' if is_many else 'one'} right and some "
            wanted += f"wrong to a {self.type} question"
            raise refusal("answers", wanted, f"{right} right and {wrong} wrong")
        return self


class InWords(Question):
    """A question whose answers are in words."""

    answers: list[Choice]

    @model_validator(mode="after")
    def _check_once(self) -> Self:
        """Insist that no answer comes twice."""
        check_once("answers", (answer.answer for answer in self.answers))
        return self


class Numeric(Question):
    """A question whose answer is a number."""

    answers: list[Number]

    otherwise: Sentence
    """The feedback to any other number."""

    @model_validator(mode="after")
    def _check_apart(self) -> Self:
        """Insist that no number falls to two answers."""
        by_size = sorted(self.answers, key=lambda answer: answer.value)
        for below, above in pairwise(by_size):
            if above.value - below.value < below.within + above.within:
                got = f"{below.value:.6g} and {above.value:.6g}"
                raise refusal("answers", "numbers that lie apart", got)
        return self


def load(name: str, folder: Path | str = QUESTIONS) -> list[Question]:
    r"""Read a chapter's questions and put numbers in place of their keys.

    The file is a JSON list of 5 to 8 questions: `InWords` or `Numeric`. A third
    of them or more ask for a figure or a prediction; two numeric ones do not
    follow each other, as the page would leap to the second before the feedback
    to the first is read.

    Args:
        name: the chapter's notebook, without its ending.
        folder: where the questions are; default: the book's.

    Returns:
        The questions, with ``value``, the number, where the file has a ``key``.

    Example:
        >>> [question.type for question in load("02_forward")][:2]
        ['numeric', 'multiple_choice']
    """
    rows = parse(f"{folder}/{name}.json", json.loads, "questions in JSON")
    got = len(rows) if isinstance(rows, list) else rows
    is_right = got in range(FEWEST, MOST + 1)
    insist(name, is_right, f"a list of {FEWEST} to {MOST} questions", got)
    numbers = KEYS[name]() if name in KEYS else {}
    questions: list[Question] = []
    for count, row in enumerate(rows, start=1):
        is_numeric = isinstance(row, dict) and row.get("type") == "numeric"
        kind = Numeric if is_numeric else InWords
        place = f"{name}, question {count}"
        questions.append(kind.read(place, row, numbers=numbers))
    _check_together(name, questions)
    return questions


def _check_together(name: str, questions: list[Question]) -> None:
    """Check what the questions of a quiz have to be together."""
    check_once(f"{name}: id", (question.id for question in questions))
    looks = sum(q.asks in ("figure", "prediction") for q in questions)
    if 3 * looks < len(questions):
        wanted = "a figure or a prediction in a third of the questions"
        raise refusal(f"{name}: asks", wanted, f"{looks} of {len(questions)}")
    wanted = "another question between two numeric ones"
    for count, pair in enumerate(pairwise(questions), start=1):
        if all(question.type == "numeric" for question in pair):
            raise refusal(name, wanted, f"{count} and {count + 1}")
