"""The quizzes: what their files say, and that the numbers are right."""

import functools
import json
import math
import re
from xml.etree import ElementTree

import pytest

import notebooks
import prose
from unrolled_book import quiz
from unrolled_book.quiz.keys import KEYS
from unrolled_book.quiz.reading import QUESTIONS

NAMES = sorted(path.stem for path in QUESTIONS.glob("*.json"))
each_quiz = pytest.mark.parametrize("name", NAMES)
load = functools.cache(quiz.load)
TAGS = {"a", "b", "code", "em", "i", "sub"}

# The key or the slip of each numeric question, by another route than the
# package's: as one would with a pocket calculator.
NUMBERS = {
    "01_vanishing": {
        "two_steps": 0.64 * 0.8 * 0.75 * 0.8, "slopes_forgotten": 0.64,
        "weights_forgotten": 0.64 * 0.75, "one_step": 0.64 * 0.8,
        "ratio_at_20": 0.1215766546 / 0.0007979227,
        "ratio_at_5": 0.59049 / 0.16807,
        "four_times_ratio_at_5": 4 * 0.59049 / 0.16807,
    },
    "02_forward": {
        "answer": 0.5 * math.tanh(0.34), "no_tanh": 0.17,
        "gates_swapped": 0.5 * math.tanh(-0.06),
        "old_notebook": 0.5 * math.tanh(0.6),
    },
    "03_one_weight": {
        "at_z_f": 0.0144, "at_f": 0.09, "gate_for_slope": 0.072,
        "no_tanh_slope": 0.0192,
    },
    "04_bptt": {
        "to_c_prev": 0.36, "arrival_dropped": 0.09, "own_way_dropped": 0.27,
        "gate_forgotten": 0.4,
    },
    "05_training": {
        "floor": 1.25 / 3, "floor_of_sum": 1.25, "floor_not_squared": 0.5,
        "always_zero": 6.5 / 3,
    },
    "06_truncated": {
        "bytes": 3088, "bytes_without_input": 3072, "bytes_of_gates": 2064,
        "bytes_with_copies": 4112,
    },
    "07_network": {
        "at_two": math.e / (math.e + 1), "at_one": math.e**2 / (math.e**2 + 1),
        "at_a_half": math.e**4 / (math.e**4 + 1), "bound": 100 * 5.5 / 9,
        "last_mark_forgotten": 56.25, "letters_only": 50,
    },
    "08_thirty_steps": {
        "one_of_three": 100 * math.acos(-math.sqrt(1 / 3)) / math.pi,
        "one_of_two": 75, "coin": 50,
        "two_of_three": 100 * math.acos(-math.sqrt(2 / 3)) / math.pi,
        "after_29": 100 * math.exp(29 * math.log(7 / 8)),
        "after_30": 100 * math.exp(30 * math.log(7 / 8)),
    },
    "09_gates": {
        "left": math.exp(29 * math.log(0.97)), "losses_added": 0.13,
        "at_the_start": (1 + math.exp(-2)) ** -29, "one_step": 0.97,
        "kept": 0.75, "gate_forgotten": 5 / 6, "gate_alone": 0.9,
        "written": 0.25,
    },
    "10_overfitting": {
        "at_minus_three": math.log(1 + math.e**3),
        "at_three": math.log(1 + math.e**3) - 3,
        "error": 8, "signed": 4, "unweighted": 7.5,
    },
    "11_free_running": {
        "at_60": 0.2, "without_ceiling": 0.4, "of_the_truth": 0.8,
    },
    "12_beyond": {
        "coupled": 3 * 16 * 25, "lstm": 4 * 16 * 25,
        "bias_forgotten": 3 * 16 * 24, "cache": 1920, "keys_only": 960,
        "one_layer": 640,
    },
    "13_real_series": {
        "skill": 0.36, "ratio": 0.64, "of_roots": 0.2, "upside_down": 0.5625,
    },
}  # fmt: skip


def markup(text):
    """The tags and links of a text. It fails unless each tag is closed."""
    parts = [*ElementTree.fromstring(f"<p>{text}</p>").iter()][1:]
    links = [part.get("href") for part in parts if part.tag == "a"]
    return {part.tag for part in parts}, links


def asked(question):
    """What a reader reads before answering."""
    yield question.question
    yield from (a.answer for a in question.answers if hasattr(a, "answer"))


def said(question, right=True):
    """The feedback, to wrong answers alone unless told."""
    yield from (a.feedback for a in question.answers if right or not a.correct)
    yield from filter(None, [getattr(question, "otherwise", None)])


def chapter(name):
    return notebooks.read(notebooks.REPO / "book" / f"{name}.ipynb")


def test_each_quiz_is_shown_in_its_chapter_and_nowhere_else():
    found = [
        (path.stem, name)
        for path in notebooks.find("book")
        for _, cell in notebooks.code_cells(notebooks.read(path))
        for name in re.findall(r'quiz\.show\("(\w+)"\)', cell.source)
    ]
    assert found == [(name, name) for name in NAMES]
    assert set(KEYS) <= set(NAMES)


@each_quiz
def test_texts_are_html_and_wrong_answers_say_where_to_look(name):
    for question in load(name):
        for text in (*asked(question), *said(question)):
            tags, links = markup(text)
            assert tags <= TAGS, text
            assert all(link[0] == "#" for link in links), text
        for text in said(question, right=False):
            assert markup(question.question + text)[1], text
        if question.asks == "figure":
            _, links = markup(question.question)
            assert any(link.startswith("#fig-") for link in links)


def test_no_one_can_win_by_the_longest_answer():
    longest = [
        max(question.answers, key=lambda a: len(a.answer)).correct
        for name in NAMES
        for question in load(name)
        if question.type == "multiple_choice"
    ]
    assert sum(longest) < 0.4 * len(longest)


@each_quiz
def test_numbers_are_right_and_asked_for(name):
    assert KEYS[name]() == pytest.approx(NUMBERS[name], rel=1e-6)
    file = (QUESTIONS / f"{name}.json").read_text(encoding="utf-8")
    assert sorted(KEYS[name]()) == sorted(re.findall(r'"key": "(.*)"', file))


@each_quiz
def test_numbers_in_feedback_are_backed(name):
    """By an output of the chapter, the ledger, or what is asked."""
    backed = prose.ledger() | prose.outputs(chapter(name))
    for question in load(name):
        given = prose.numbers("\n".join(asked(question)))
        values = backed | {number.value for number in given}
        assert not prose.unbacked(said(question), values)


def test_source_a_s_five_questions():
    """Each is asked, and a folded model answer below says which it was."""
    words = ["first", "second", "third", "fourth", "fifth"]
    for place, word in enumerate(words, start=1):
        [(name, count)] = [
            (name, count)
            for name in NAMES
            for count, question in enumerate(load(name), start=1)
            if question.id.startswith(f"source-a-{place}-")
        ]
        title = f"Question {count} was source A's {word}. A model answer"
        cells = [cell.source for cell in chapter(name).cells]
        assert sum(source.count(title) for source in cells) == 1


def test_what_the_page_says():
    """That an answer is told right or not, test_pages.py proves."""
    page = quiz.show("04_bptt").data
    # A script that could see MathJax might load another, from another host.
    script = page.partition("<script>\n")[2].rpartition("\n</script>")[0]
    assert script.startswith("(function (MathJax) {")
    assert script.endswith("})();")
    # A number is right within its range.
    assert '"range": [3087.5, 3088.5]' in quiz.show("06_truncated").data


# What is refused

GOOD = json.loads((QUESTIONS / "02_forward.json").read_text("utf-8"))
NUMERIC, CHOICE, MANY = 0, 1, 5  # of these questions


def changed(count, **fields):
    """The good questions with fields of one of them changed."""
    return [q | fields if q is GOOD[count] else q for q in GOOD]


def answered(count, *which, **fields):
    """The good questions with fields of some answers to one changed."""
    answers = enumerate(GOOD[count]["answers"])
    to = [a | fields if number in which else a for number, a in answers]
    return changed(count, answers=to)


BAD = {
    "02_forward: expected a list of 5 to 8 questions, got {'id'": {"id": "a"},
    "expected a list of 5 to 8 questions, got 4": GOOD[:4],
    "expected a list of 5 to 8 questions, got 12": GOOD + GOOD,
    "question 3: .*expected .*dictionary.*got 1": [*GOOD[:2], 1, *GOOD[3:]],
    "feedback: expected .*40 characters, got ' ":
        answered(CHOICE, 1, feedback=" " * 50),
    "expected one right .*got 2 right and 2 wrong":
        answered(CHOICE, 1, correct=True),
    "expected two or more .*got 4 right and 0 wrong":
        answered(MANY, 2, 3, correct=True),
    "expected two or more .*got 1 right and 3 wrong":
        answered(MANY, 1, correct=False),
    "expected one right .*got 0 right and 4 wrong":
        answered(NUMERIC, 0, correct=False),
    "answers: expected each once, got 'The output gate' twice":
        answered(CHOICE, 1, answer="The output gate"),
    "02_forward: id: expected each once, got 'one-step' twice":
        changed(CHOICE, id="one-step"),
    "key: expected 'answer' or 'no_tanh' .*got 'anwser'":
        answered(NUMERIC, 0, key="anwser"),
    "question 1: key: expected .*got 0.1637": answered(NUMERIC, 0, key=0.1637),
    "answers: expected numbers that lie apart, got 0.1637.* and 0.17":
        answered(NUMERIC, 0, 1, within=0.004),
    r"question: expected words and HTML without \$.*got 'What is":
        changed(CHOICE, question="What is $h$, the hidden state? " * 2),
    r"question: expected words and HTML without.*got 'See \[here":
        changed(CHOICE, question="See [here](there). " * 3),
    "asks: expected a figure or .*in a third.*got 1 of 6":
        [q | {"asks": "figure" if q is GOOD[1] else "idea"} for q in GOOD],
    "another question between two numeric ones, got 1 and 2":
        [GOOD[0], GOOD[0] | {"id": "again"}, *GOOD[1:]],
}  # fmt: skip


@pytest.mark.parametrize("message", BAD)
def test_bad_questions_are_named(message, tmp_path):
    text = json.dumps(BAD[message])
    (tmp_path / "02_forward.json").write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=message):
        quiz.load("02_forward", tmp_path)


def test_a_chapter_without_numbers_needs_no_keys(tmp_path):
    text = json.dumps(GOOD[1:])
    (tmp_path / "99_new.json").write_text(text, encoding="utf-8")
    assert quiz.load("99_new", tmp_path) == quiz.load("02_forward")[1:]
    (tmp_path / "02_forward.json").write_text("[", encoding="utf-8")
    message = r"02_forward\.json: expected questions in JSON, got "
    with pytest.raises(ValueError, match=message):
        quiz.load("02_forward", tmp_path)
