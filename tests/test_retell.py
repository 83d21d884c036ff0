"""That a page is written again when what it points at is no more."""

import subprocess
import sys
from pathlib import Path

import pytest

EXTENSIONS = Path(__file__).resolve().parent.parent / "book" / "_ext"
PAGES = {
    "conf.py": 'extensions = ["retell"]\nnumfig = True\n',
    "index.rst": "First\n=====\n\n.. toctree::\n\n   first\n   second\n",
    "first.rst": "A page\n======\n\n.. _place:\n\nA place\n-------\n",
    "second.rst": "Another\n=======\n\nSee :ref:`place`.\n",
}


@pytest.fixture(name="build")
def make_build(tmp_path):
    """A small book, built once, and a function that builds it again."""
    for name, text in PAGES.items():
        (tmp_path / name).write_text(text)

    def build():
        """The exit code, and what Sphinx says."""
        sphinx = ["-m", "sphinx", "-W", "-n", "--keep-going"]
        run = subprocess.run(
            [sys.executable, *sphinx, tmp_path, tmp_path / "html"],
            env={"PYTHONPATH": str(EXTENSIONS)},
            capture_output=True,
            text=True,
            check=False,
        )
        return run.returncode, run.stdout + run.stderr

    code, said = build()
    assert code == 0, said
    return build


def test_a_link_that_leads_nowhere_any_more_is_noticed(build, tmp_path):
    page = tmp_path / "first.rst"
    page.write_text(page.read_text().replace("_place", "_elsewhere"))
    code, said = build()
    assert code == 1
    assert "undefined label: 'place'" in said


def test_a_heading_s_new_name_arrives_where_it_is_mentioned(build, tmp_path):
    page = tmp_path / "first.rst"
    page.write_text(page.read_text().replace("A place", "A spot!"))
    assert build()[0] == 0
    assert "A spot!" in (tmp_path / "html" / "second.html").read_text()


def test_other_pages_stay_when_only_a_sentence_has_changed(build, tmp_path):
    page = tmp_path / "first.rst"
    page.write_text(page.read_text() + "\nOne more sentence.\n")
    code, said = build()
    assert code == 0
    assert "second" not in said
