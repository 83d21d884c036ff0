"""The quizzes: what their files say, and that the numbers are right."""

import html.parser
import math
import re

import pytest

import notebooks
import prose
from unrolled_book import quiz
from unrolled_book.quiz.keys import KEYS
from unrolled_book.quiz.reading import QUESTIONS

NAMES = sorted(path.stem for path in QUESTIONS.glob("*.json"))
each_quiz = pytest.mark.parametrize("name", NAMES)
TAGS = {"a", "b", "code", "em", "i", "sub"}
CALL = re.compile(r'quiz\.show\("(\w+)"\)')

# The key or the slip of each numeric question, by another route than the
# package's: as one would with a pocket calculator.
NUMBERS = {
    "01_vanishing": {
        "two_steps": 0.64 * 0.8 * 0.75 * 0.8,
        "slopes_forgotten": 0.64,
        "weights_forgotten": 0.64 * 0.75,
        "one_step": 0.64 * 0.8,
        "ratio_at_20": 0.1215766546 / 0.0007979227,
        "ratio_at_5": 0.59049 / 0.16807,
        "four_times_ratio_at_5": 4 * 0.59049 / 0.16807,
    },
    "02_forward": {
        "answer": 0.5 * math.tanh(0.34),
        "no_tanh": 0.17,
        "gates_swapped": 0.5 * math.tanh(-0.06),
        "old_notebook": 0.5 * math.tanh(0.6),
    },
    "03_one_weight": {
        "at_z_f": 0.0144,
        "at_f": 0.09,
        "gate_for_slope": 0.072,
        "no_tanh_slope": 0.0192,
    },
    "04_bptt": {
        "to_c_prev": 0.36,
        "arrival_dropped": 0.09,
        "own_way_dropped": 0.27,
        "gate_forgotten": 0.4,
    },
    "05_training": {
        "floor": 1.25 / 3,
        "floor_of_sum": 1.25,
        "floor_not_squared": 0.5,
        "always_zero": 6.5 / 3,
    },
    "06_truncated": {
        "bytes": 3088,
        "bytes_without_input": 3072,
        "bytes_of_gates": 2064,
        "bytes_with_copies": 4112,
    },
    "07_network": {
        "at_two": math.e / (math.e + 1),
        "at_one": math.e**2 / (math.e**2 + 1),
        "at_a_half": math.e**4 / (math.e**4 + 1),
        "bound": 100 * 5.5 / 9,
        "last_mark_forgotten": 56.25,
        "letters_only": 50,
    },
    "11_free_running": {
        "at_60": 0.2,
        "without_ceiling": 0.4,
        "of_the_truth": 0.8,
    },
    "08_thirty_steps": {
        "one_of_three": 100 * math.acos(-math.sqrt(1 / 3)) / math.pi,
        "one_of_two": 75,
        "two_of_three": 100 * math.acos(-math.sqrt(2 / 3)) / math.pi,
        "coin": 50,
        "after_29": 100 * math.exp(29 * math.log(7 / 8)),
        "after_30": 100 * math.exp(30 * math.log(7 / 8)),
    },
    "09_gates": {
        "left": math.exp(29 * math.log(0.97)),
        "losses_added": 0.13,
        "at_the_start": (1 + math.exp(-2)) ** -29,
        "one_step": 0.97,
        "kept": 0.75,
        "gate_forgotten": 5 / 6,
        "gate_alone": 0.9,
        "written": 0.25,
    },
    "10_overfitting": {
        "at_minus_three": math.log(1 + math.e**3),
        "at_three": math.log(1 + math.e**3) - 3,
        "error": 8,
        "signed": 4,
        "unweighted": 7.5,
    },
    "12_beyond": {
        "coupled": 3 * 16 * 25,
        "lstm": 4 * 16 * 25,
        "bias_forgotten": 3 * 16 * 24,
        "cache": 1536,
        "keys_only": 768,
        "one_layer": 512,
    },
}


class Markup(html.parser.HTMLParser):
    """What a text has of HTML, and whether each tag is closed in its turn."""

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.links = [], set(), []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        """Remember a tag, and where a link leads."""
        self.open.append(tag)
        self.tags.add(tag)
        self.links += [value for name, value in attrs if name == "href"]

    def handle_endtag(self, tag):
        """Take a tag back, the last one first."""
        assert self.open.pop() == tag


def texts(question):
    """Everything in a question that a reader can come to read."""
    yield question["question"]
    yield from filter(None, [question.get("otherwise")])
    for answer in question["answers"]:
        yield from filter(None, [answer.get("answer"), answer["feedback"]])


def chapter(name):
    return notebooks.read(notebooks.REPO / "book" / f"{name}.ipynb")


def shown(notebook):
    """The quizzes that a notebook shows, each with its cell."""
    for _, cell in notebooks.code_cells(notebook):
        if match := CALL.fullmatch(cell.source):
            yield match[1], cell


def test_each_quiz_is_shown_in_its_chapter_and_nowhere_else():
    found = [
        (path.stem, name)
        for path in notebooks.find("book")
        for name, _ in shown(notebooks.read(path))
    ]
    assert found == [(name, name) for name in NAMES]
    assert set(KEYS) <= set(NAMES)


@each_quiz
def test_the_notebook_shows_the_questions_as_they_are(name):
    [(_, cell)] = shown(chapter(name))
    assert cell.outputs[0].data["text/html"] == quiz.show(name).data


@each_quiz
def test_ids_and_html(name):
    for question in quiz.load(name):
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", question["id"])
        for text in texts(question):
            markup = Markup(text)
            assert not markup.open, text
            assert markup.tags <= TAGS, text
            assert all(link[0] == "#" for link in markup.links), text


@each_quiz
def test_questions_about_a_figure_lead_to_it(name):
    figures = {
        f"#{notebooks.figure(cell)[0]}"
        for _, cell in notebooks.code_cells(chapter(name))
        if notebooks.has_image(cell)
    }
    for question in quiz.load(name):
        if question["asks"] == "figure":
            assert figures & set(Markup(question["question"]).links)


@each_quiz
def test_wrong_answers_say_where_to_look(name):
    for question in quiz.load(name):
        wrong = [a["feedback"] for a in question["answers"] if not a["correct"]]
        if question["type"] == "numeric":
            wrong.append(question["otherwise"])
        for text in wrong:
            assert Markup(question["question"] + text).links, text


def test_no_one_can_win_by_the_longest_answer():
    longest = [
        max(question["answers"], key=lambda a: len(a["answer"]))["correct"]
        for name in NAMES
        for question in quiz.load(name)
        if question["type"] == "multiple_choice"
    ]
    assert sum(longest) < 0.4 * len(longest)


@each_quiz
def test_numbers_are_right(name):
    assert KEYS[name]() == pytest.approx(NUMBERS[name], rel=1e-6)


@each_quiz
def test_each_number_is_asked_for(name):
    file = (QUESTIONS / f"{name}.json").read_text(encoding="utf-8")
    assert sorted(KEYS[name]()) == sorted(re.findall(r'"key": "(.*)"', file))


@each_quiz
def test_numbers_in_feedback_are_backed(name):
    """By an output of the chapter, the ledger, or what is asked."""
    backed = prose.ledger()
    for _, cell in notebooks.code_cells(chapter(name)):
        backed |= prose.printed(notebooks.output_text(cell))
    for question in quiz.load(name):
        answers = question["answers"]
        asked = [question["question"], *(a.get("answer", "") for a in answers)]
        given = {n.value for text in asked for n in prose.numbers(text)}
        said = [a["feedback"] for a in answers]
        said.append(question.get("otherwise", ""))
        for number in (n for text in said for n in prose.numbers(text)):
            assert number.value in backed | given, number.place


def test_source_a_s_five_questions():
    """Each is asked, and a folded model answer below says which it was."""
    words = ["first", "second", "third", "fourth", "fifth"]
    for place, word in enumerate(words, start=1):
        [(name, count)] = [
            (name, count)
            for name in NAMES
            for count, question in enumerate(quiz.load(name), start=1)
            if question["id"].startswith(f"source-a-{place}-")
        ]
        title = f"Question {count} was source A's {word}. A model answer"
        cells = [cell.source for cell in chapter(name).cells]
        assert sum(source.count(title) for source in cells) == 1


# The page


@each_quiz
def test_the_page_is_the_same_each_time_and_whole(name):
    page = quiz.show(name).data
    assert page == quiz.show(name).data
    assert page.count("<div") == page.count("</div>")
    assert page.count("</script>") == 1
    assert len(page) < 100_000  # bytes, nearly


def test_the_script_cannot_see_mathjax():
    """If it did, it might load another one, from another host."""
    page = quiz.show(NAMES[0]).data
    script = page.partition("<script>\n")[2].rpartition("\n</script>")[0]
    assert script.startswith("(function (MathJax) {")
    assert script.endswith("})();")


def test_right_and_wrong_are_said_in_words():
    page = quiz.show("04_bptt").data
    for question in quiz.load("04_bptt"):
        for answer in question["answers"]:
            words = "Right." if answer["correct"] else "Not quite."
            start = answer["feedback"][:9].encode("unicode_escape").decode()
            assert f"<b>{words}<\\/b> {start}" in page


def test_a_number_is_right_within_its_range():
    [question] = [
        q for q in quiz.load("06_truncated") if q["type"] == "numeric"
    ]
    [right] = [a for a in question["answers"] if a["correct"]]
    assert right["value"] == 3088
    assert '"range": [3087.5, 3088.5]' in quiz.show("06_truncated").data
