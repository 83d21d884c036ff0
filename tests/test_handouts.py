"""Hand-outs for a class, read back as the programs that take them would."""

import re
import runpy
import sqlite3
import tomllib
import zipfile
from xml.etree import ElementTree as ET

import numpy as np
import pytest

import notebooks
from unrolled_book import quiz, times

QTI = "{http://www.imsglobal.org/xsd/imsqti_v2p1}"
BOOK = notebooks.REPO / "book"
TEACHERS = (BOOK / "teachers.md").read_text("utf-8")
OUTCOMES = tomllib.loads((BOOK / "outcomes.toml").read_text("utf-8"))
QUESTIONS = {
    (path.stem, question.id): question
    for path in notebooks.chapters()
    for question in quiz.load(path.stem)
}
# The shares of a mark that Moodle's importer knows, in percent.
SHARES = [0, *(100 / n for n in (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 20)), 80, 75]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """What the program writes; here, where nbformat and torch are loaded."""
    folder = tmp_path_factory.mktemp("handouts")
    program = str(notebooks.REPO / "tools" / "handouts")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.argv", [program, str(folder)])
        runpy.run_path(program, run_name="__main__")
    return folder


def test_moodle_gives_full_marks_for_what_is_right(folder):
    found = ET.parse(folder / "quizzes.xml").findall("question")
    asked = {node.findtext("name/text"): node for node in found}
    assert len(asked) == 1 + len(QUESTIONS)  # None: the categories
    for name, question in QUESTIONS.items():
        answers = asked[" ".join(name)].findall("answer")
        shares = np.array([float(node.get("fraction")) for node in answers])
        assert np.isclose(abs(shares)[:, None], SHARES).any(axis=1).all()
        right = [a.correct for a in question.answers]
        assert [*(shares > 0)[: len(right)]] == right
        assert shares[shares > 0].sum() == pytest.approx(100)
        if question.type == "numeric":
            (key,) = (a for a in question.answers if a.correct)
            node = answers[right.index(True)]
            assert float(node.findtext("text")) == key.value
            assert float(node.findtext("tolerance")) == key.within
            assert answers[-1].findtext("text") == "*"
        if question.type == "many_choice":
            assert shares.sum() == pytest.approx(0, abs=1e-3)


def test_qti_gives_full_marks_for_what_is_right(folder):
    """In the structure of its schemas, against which it was held by hand."""

    def told(tag, attribute):
        return [node.get(attribute) for node in item.iter(f"{QTI}{tag}")]

    with zipfile.ZipFile(folder / "quizzes_qti.zip") as package:
        parts = {n: ET.fromstring(package.read(n)) for n in package.namelist()}
    listed = [each.get("href") for each in parts.pop("imsmanifest.xml").iter()]
    assert set(listed) - {None} == set(parts)
    names = [item.get("identifier") for item in parts.values()]
    assert len(set(names)) == len(names) == len(QUESTIONS)
    assert all(re.fullmatch(r"[a-z][\w.-]*", name) for name in names)
    for name, question in QUESTIONS.items():
        item = parts["/".join(name) + ".xml"]
        values = [v.text for v in item.iter(f"{QTI}value")][:-1]  # not SCORE's
        answers = {f"A{n}": a for n, a in enumerate(question.answers)}
        feedback = [*answers]
        if question.type == "numeric":
            right = [a.value for a in answers.values() if a.correct]
            assert [float(value) for value in values] == right
            tolerances = [f"{a.within} {a.within}" for a in question.answers]
            assert told("equal", "tolerance") == tolerances
            feedback.append("OTHER")
        else:
            assert values == [key for key, a in answers.items() if a.correct]
            shares = map(float, told("mapEntry", "mappedValue"))
            assert sum(s for s in shares if s > 0) == pytest.approx(1, abs=1e-4)
            assert told("simpleChoice", "identifier") == [*answers]
        assert told("modalFeedback", "identifier") == feedback


def test_the_deck_has_a_note_for_each_term_and_question(folder, tmp_path):
    with zipfile.ZipFile(folder / "cards.apkg") as package:
        package.extract("collection.anki2", tmp_path)
    deck = sqlite3.connect(tmp_path / "collection.anki2")
    notes = deck.execute("select guid, flds, tags from notes").fetchall()
    deck.close()
    asked = [q for q in QUESTIONS.values() if q.asks != "figure"]
    assert sum("glossary" not in tags for *_, tags in notes) == len(asked)
    assert len({guid for guid, *_ in notes}) == len(notes) > 150
    for _, sides, _ in notes:
        front, back = sides.split("\x1f")
        assert front and back
        assert not re.search(r"\}`|<a ", sides)


def test_slides_load_only_what_lies_beside_them(folder):
    decks = {path.stem: path for path in folder.glob("slides/*.html")}
    plan = TEACHERS.partition("## In two weeks")[2].partition("\n## ")[0]
    left = [p.stem for p in notebooks.chapters() if f"<{p.stem}>" not in plan]
    assert {*decks} == {f"meeting_{n}" for n in range(1, 9)} | {*left}
    loads = re.compile(r"""<(?:script|link|img)[^>]*?(?:src|href)="([^"]+)""")
    for path in decks.values():
        text = path.read_text("utf-8")
        assert text.count("<section") > 10
        assert "{doc}" not in text and ":::" not in text
        loaded = [f for f in loads.findall(text) if not f.startswith("data:")]
        assert len(loaded) == 5
        assert all((path.parent / name).is_file() for name in loaded)
    first, rest = (decks[f"meeting_{n}"].read_text("utf-8") for n in (3, 4))
    assert "Three steps by hand" in first and "exploding" not in first
    assert "Three steps by hand</h2>" not in rest and "exploding" in rest


def test_plates_and_what_to_keep(folder, monkeypatch, tmp_path):
    monkeypatch.syspath_prepend(str(notebooks.REPO / "tools" / "handouts"))
    import plates

    plates.write(notebooks.chapters(), tmp_path / "plates.zip")
    with zipfile.ZipFile(tmp_path / "plates.zip") as bundle:
        pictures = [bundle.read(name) for name in bundle.namelist()]
    assert len(pictures) > 30
    assert all(picture.startswith(b"\x89PNG") for picture in pictures)
    kept = (folder / "keep.md").read_text("utf-8").count("\n## ")
    assert kept == len(notebooks.chapters())


@pytest.mark.parametrize("name", OUTCOMES)
def test_each_outcome_is_served_and_nothing_is_left_out(name):
    cells = notebooks.read(BOOK / f"{name}.ipynb").cells
    work = notebooks.read(notebooks.REPO / f"solutions/{name}.ipynb").cells
    rows, box = OUTCOMES[name], cells[0].source
    assert len(rows) == len(re.findall("^- ", box, re.MULTILINE))
    titles = re.findall("^## (.+)$", "\n".join(c.source for c in cells), re.M)
    assert all(row["sections"] for row in rows)
    assert {title for row in rows for title in row["sections"]} <= {*titles}
    text = "\n".join(cell.source for cell in work)
    exercises = map(int, re.findall(r"^## (\d)\. ", text, re.MULTILINE))
    for kind, numbers in (
        ("questions", range(1, len(quiz.load(name)) + 1)),
        ("exercises", exercises),
    ):
        assert {n for row in rows for n in row[kind]} == {*numbers}


@pytest.mark.parametrize("plan", ["two", "six"])
def test_the_hours_of_the_plans_add_up(plan):
    """Those of each row, by the computed times, and their sums."""
    text = TEACHERS.partition(f"## In {plan} weeks")[2].partition("\n## ")[0]
    table = [line for line in text.splitlines() if re.match(r"\| \d", line)]
    rows = [map(int, re.findall(r"\b(\d+) min \|", row)) for row in table]
    read = re.findall(r"<(\w+)>`", "".join(table))
    computed = sum(times.pages()[name].minutes for name in {*read})
    sums = [sum(column) for column in zip(*rows, strict=True)]
    assert sums[0] == computed + 30  # the claims
    sums.insert(1, 90 * len(table))
    told = re.findall(r"\b(\d+) h\b(?: (\d+) min)?", text.partition("|")[0])
    assert [60 * int(h) + int(m or 0) for h, m in told] == [*sums, sum(sums)]
