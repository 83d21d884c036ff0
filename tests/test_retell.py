"""That a page is written again when what it points at is no more."""

import subprocess
import sys

import notebooks

PAGES = {
    "conf.py": 'extensions = ["retell"]\nnumfig = True\n',
    "index.rst": "First\n=====\n\n.. toctree::\n\n   first\n   second\n",
    "first.rst": "A page\n======\n\n.. _place:\n\nA place\n-------\n",
    "second.rst": "Another\n=======\n\nSee :ref:`place`.\n",
}
SPHINX = [sys.executable, "-m", "sphinx", "-W", "-n", "--keep-going"]


def test_other_pages_are_written_again_when_they_must(tmp_path):
    for name, text in PAGES.items():
        (tmp_path / name).write_text(text)

    def build(*change):
        """Change the first page; return the exit code and what Sphinx says."""
        page = tmp_path / "first.rst"
        page.write_text(page.read_text().replace(*change))
        run = subprocess.run(
            [*SPHINX, tmp_path, tmp_path / "html"],
            env={"PYTHONPATH": str(notebooks.REPO / "book" / "_ext")},
            capture_output=True,
            text=True,
            check=False,
        )
        return run.returncode, run.stdout + run.stderr

    assert build("A place", "A place")[0] == 0
    # Another sentence: the other page stays.
    code, said = build("-------\n", "-------\n\nA sentence.\n")
    assert code == 0
    assert "second" not in said
    # Another heading: it arrives where it is mentioned.
    assert build("A place", "A spot!")[0] == 0
    assert "A spot!" in (tmp_path / "html" / "second.html").read_text()
    # Another name of the place: the link that leads nowhere is noticed.
    code, said = build("_place", "_elsewhere")
    assert code == 1
    assert "undefined label: 'place'" in said
