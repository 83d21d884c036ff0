"""Reading the questions of a chapter, and all that can be wrong with them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from typing import Any

from unrolled._checks import check_names, check_number, check_type
from unrolled_book.quiz.keys import KEYS

QUESTIONS = Path(__file__).with_name("questions")

FEWEST, MOST = 5, 8  # questions in a quiz
FEEDBACK = 40  # characters at least
TYPES = ("multiple_choice", "many_choice", "numeric")
ASKS = ("idea", "computation", "figure", "prediction")
_LOOKS = ("figure", "prediction")  # at least a third of the questions


def load(name: str, folder: Path | str = QUESTIONS) -> list[dict[str, Any]]:
    r"""Read a chapter's questions and put numbers in place of their keys.

    The file is a JSON list of 5 to 8 questions. Each has

    - ``id``: words joined by hyphens, once in the quiz;
    - ``asks``: ``"idea"``, ``"computation"``, ``"figure"`` (read one of the
      chapter's) or ``"prediction"`` (of an experiment not yet seen); the last
      two make up a third of the quiz at least;
    - ``type``: ``"multiple_choice"`` (one answer is right),
      ``"many_choice"`` (two or more are) or ``"numeric"``;
    - ``question``: words and a little HTML, no TeX;
    - ``answers``, each with its ``feedback``, of 40 characters at least, and
      ``correct``. A choice has its words in ``answer``; a number has the name
      of its ``key`` and how far a reader may be off, ``within``;
    - ``otherwise``, for numbers only: the feedback to any other number.

    Args:
        name: the chapter's notebook, without its ending.
        folder: where the questions are; the book's unless told.

    Returns:
        The questions as in the file, but with ``value``, the number, in place
        of ``key``.

    Raises:
        ValueError: no such file, not JSON, a question that is not as above, an
            unknown key, a wrong number that is also taken for a right one, or
            two numeric questions in a row (the page would leap to the second
            before the feedback to the first is read).

    Example:
        >>> [question["type"] for question in load("02_forward")][:2]
        ['numeric', 'multiple_choice']
    """
    check_type("name", name, str)
    if not isinstance(folder, Path | str):
        raise ValueError(f"folder: expected a path, got {folder!r:.80}")
    path = Path(folder) / f"{name}.json"
    try:
        questions = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ValueError(
            f"{path.name}: expected questions in JSON, got {error!r:.200}"
        ) from None
    check_type(name, questions, list)
    if not FEWEST <= len(questions) <= MOST:
        raise ValueError(
            f"{name}: expected {FEWEST} to {MOST} questions, "
            f"got {len(questions)}"
        )
    numbers = KEYS[name]() if name in KEYS else {}
    loaded = [
        _question(f"{name}, question {count}", question, numbers)
        for count, question in enumerate(questions, start=1)
    ]
    _check_together(name, loaded)
    return loaded


def _question(
    name: str, question: object, numbers: dict[str, float]
) -> dict[str, Any]:
    """Check one question; return it with its numbers."""
    check_type(name, question, dict)
    is_numeric = question.get("type") == "numeric"
    fields = ["id", "asks", "type", "question", "answers"]
    check_names(name, question, fields + ["otherwise"] * is_numeric)
    for field, allowed in (("asks", ASKS), ("type", TYPES)):
        if question[field] not in allowed:
            raise ValueError(
                f"{name}: {field}: expected one of {', '.join(allowed)}, "
                f"got {question[field]!r:.80}"
            )
    _check_text(f"{name}: id", question["id"], 1)
    _check_text(f"{name}: question", question["question"], FEEDBACK)
    answers = question["answers"]
    check_type(f"{name}: answers", answers, list)
    for answer in answers:
        check_type(f"{name}: answers", answer, dict)
        own = ["key", "within"] if is_numeric else ["answer"]
        check_names(f"{name}: answers", answer, [*own, "correct", "feedback"])
        check_type(f"{name}: correct", answer["correct"], bool)
        _check_text(f"{name}: feedback", answer["feedback"], FEEDBACK)
    _check_count(name, question["type"], [a["correct"] for a in answers])
    if is_numeric:
        _check_text(f"{name}: otherwise", question["otherwise"], FEEDBACK)
        answers = [_number(name, answer, numbers) for answer in answers]
        _check_apart(name, answers)
    else:
        for answer in answers:
            _check_text(f"{name}: answer", answer["answer"], 1)
        _check_once(f"{name}: answers", (a["answer"] for a in answers))
    return question | {"answers": answers}


def _check_text(name: str, text: object, shortest: int) -> None:
    """Insist on words that the page can show as they are."""
    check_type(name, text, str)
    if len(text.strip()) < shortest:
        raise ValueError(
            f"{name}: expected {shortest} characters or more, got {text!r}"
        )
    if "$" in text or "](" in text:  # jupyterquiz would rewrite them
        raise ValueError(
            f"{name}: expected words and HTML without $ and ](, "
            f"got {text!r:.80}"
        )


def _check_count(name: str, kind: str, correct: list[bool]) -> None:
    """Insist on as many right and wrong answers as this type needs."""
    right, wrong = sum(correct), correct.count(False)
    enough = right >= 2 if kind == "many_choice" else right == 1
    if not enough or wrong < (0 if kind == "numeric" else 1):
        wanted = "two or more" if kind == "many_choice" else "one"
        raise ValueError(
            f"{name}: expected {wanted} right and some wrong answers to a "
            f"{kind} question, got {right} right and {wrong} wrong"
        )


def _number(
    name: str, answer: dict[str, Any], numbers: dict[str, float]
) -> dict[str, Any]:
    """Put the number in place of the key."""
    if answer["key"] not in numbers:
        raise ValueError(
            f"{name}: key: expected one of {', '.join(numbers)}, "
            f"got {answer['key']!r:.80}"
        )
    check_number(
        f"{name}: within", answer["within"], "above 0", minimum=1e-12, below=1e6
    )
    value = {"value": numbers[answer["key"]]}
    return value | {k: v for k, v in answer.items() if k != "key"}


def _check_apart(name: str, answers: list[dict[str, Any]]) -> None:
    """Insist that no number falls to two answers."""
    by_size = sorted(answers, key=lambda answer: answer["value"])
    for below, above in pairwise(by_size):
        gap = above["value"] - below["value"]
        if gap < below["within"] + above["within"]:
            raise ValueError(
                f"{name}: expected answers that lie apart, got "
                f"{below['value']:.6g} and {above['value']:.6g}"
            )


def _check_once(name: str, texts: Iterable[str]) -> None:
    """Insist that nothing comes twice."""
    seen: set[str] = set()
    for text in texts:
        if text in seen:
            raise ValueError(f"{name}: expected each once, got {text!r} twice")
        seen.add(text)


def _check_together(name: str, questions: list[dict[str, Any]]) -> None:
    """Check what the questions of a quiz have to be together."""
    _check_once(f"{name}: id", (question["id"] for question in questions))
    looks = sum(question["asks"] in _LOOKS for question in questions)
    if 3 * looks < len(questions):
        raise ValueError(
            f"{name}: expected a third of the questions or more to ask for a "
            f"{' or a '.join(_LOOKS)}, got {looks} of {len(questions)}"
        )
    is_numeric = [question["type"] == "numeric" for question in questions]
    for count, pair in enumerate(pairwise(is_numeric), start=1):
        if all(pair):
            raise ValueError(
                f"{name}: expected another question between two numeric ones, "
                f"got {count} and {count + 1}"
            )
