"""Hand-outs for a class, read back as the programs that take them would."""

import subprocess
import sys
import zipfile
from xml.etree import ElementTree as ET

import pytest

import notebooks
from unrolled_book import quiz


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("handouts")
    program = [sys.executable, "tools/handouts.py", folder]
    subprocess.run(program, check=True, cwd=notebooks.REPO)
    return folder


def test_moodle_gives_full_marks_for_what_is_right(folder):
    found = ET.parse(folder / "quizzes.xml").findall("question")
    asked = {node.findtext("name/text"): node for node in found}
    for path in notebooks.chapters():
        for question in quiz.load(path.stem):
            answers = asked[f"{path.stem} {question.id}"].findall("answer")
            shares = [float(node.get("fraction")) for node in answers]
            right = [a.correct for a in question.answers]
            assert [share > 0 for share in shares[: len(right)]] == right
            assert sum(s for s in shares if s > 0) == pytest.approx(100)
            if question.type == "numeric":
                (key,) = (a for a in question.answers if a.correct)
                node = answers[right.index(True)]
                assert float(node.findtext("text")) == key.value
                assert float(node.findtext("tolerance")) == key.within
                assert answers[-1].findtext("text") == "*"
            if question.type == "many_choice":
                assert sum(shares) == pytest.approx(0, abs=1e-3)
    assert len(asked) == 1 + sum(  # None: the categories
        len(quiz.load(path.stem)) for path in notebooks.chapters()
    )


def test_cards_have_three_columns_and_no_markup_of_ours(folder):
    lines = (folder / "cards.txt").read_text("utf-8").splitlines()
    assert lines[0] == "#separator:tab"
    cards = [line.split("\t") for line in lines if not line.startswith("#")]
    assert len(cards) > 100
    assert all(len(card) == 3 and all(card) for card in cards)
    assert not [card for card in cards if "}`" in "".join(card)]


def test_figures_and_what_to_keep(folder):
    with zipfile.ZipFile(folder / "figures.zip") as bundle:
        pictures = [bundle.read(name) for name in bundle.namelist()]
    assert len(pictures) > 30
    assert all(picture.startswith(b"\x89PNG") for picture in pictures)
    assert (folder / "keep.md").read_text("utf-8").count("\n## ") == 12
