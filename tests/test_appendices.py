"""What the pages without code say of the chapters: their times and numbers."""

import re

import pytest

import notebooks

BOOK = notebooks.REPO / "book"
CHAPTERS = notebooks.find("book")
ROW = re.compile(r"^\| \{doc\}`(\w+)` \|.*?\b(\d+)(?:&nbsp;| )min \|", re.M)


def stated(page):
    """Minutes by chapter, as a table of a page has them."""
    found = ROW.findall((BOOK / page).read_text("utf-8"))
    return {chapter: int(minutes) for chapter, minutes in found}


def own(path):
    """Minutes, as the chapter's first box has them."""
    text = "\n".join(cell.source for cell in notebooks.read(path).cells[:2])
    match = re.search(r"\*About (?:(an hour)|(\d+) minutes)", text)
    return 60 if match[1] else int(match[2])


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
@pytest.mark.parametrize("page", ["index.md", "teachers.md"])
def test_each_chapter_s_time_is_its_own(page, path):
    assert stated(page).get(path.stem) == own(path)


def test_teachers_learn_how_long_the_exercises_take():
    page = (BOOK / "teachers.md").read_text("utf-8")
    row = r"^\| \{doc\}`(\w+)` \| \d+ min \| (\d+) min \|"
    found = {
        name: int(minutes) for name, minutes in re.findall(row, page, re.M)
    }
    assert found == {
        path.stem: sum(
            int(minutes)
            for cell in notebooks.read(path).cells
            for minutes in re.findall(r" · (\d+) minutes · ", cell.source)
        )
        for path in notebooks.find("solutions")
    }


def test_chapter_numbers_are_those_of_the_files():
    for page in BOOK.glob("*.md"):
        links = re.findall(r"`chapter (\d+) <(\d+)_", page.read_text("utf-8"))
        assert [link for link in links if int(link[0]) != int(link[1])] == []


def test_the_tests_that_are_named_exist():
    page = (BOOK / "checks.md").read_text("utf-8")
    named = set(re.findall(r"\btest_\w+", page))
    tests = "".join(
        path.read_text("utf-8")
        for path in (notebooks.REPO / "tests").glob("test_*.py")
    )
    assert len(named) > 5
    assert [name for name in named if f"def {name}(" not in tests] == []
