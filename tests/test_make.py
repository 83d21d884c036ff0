"""That make does what is asked, and leaves alone what it did not make.

Each test has a small project of its own with this project's Makefile, where
environments are real, but what would be installed or run in them is a stand-in
that only notes that it was called. So nothing is downloaded.
"""

import os
import shutil
import subprocess
import sys

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from notebooks import REPO

NOTE = """\
import os, sys
with open(os.environ["LOG"], "a") as log:
    log.write({name!r} + " " + " ".join(sys.argv[1:]) + "\\n")
if os.path.exists("fail-" + {name!r}):
    sys.exit(3)
"""
BUILD = """
os.makedirs("_build/html", exist_ok=True)
def main():
    pass
"""
# A notebook of this project is a list of the files that it reads.
PYTEST = """\
import os, sys
def main(arguments, plugins=()):
    with open(os.environ["LOG"], "a") as log:
        log.write(" ".join(["pytest", *arguments]) + "\\n")
    if arguments[0] == "--nbval":
        for name in open(arguments[-1]).read().split():
            os.listdir(name) if os.path.isdir(name) else open(name)
    print("passed")
    return 3 * os.path.exists("fail-pytest")
if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
"""
PYTHON = """\
#!/bin/sh
if test "$2" = venv; then shift 2; set -- -m venv --without-pip "$@"; fi
exec {executable} "$@"
"""
EMPTY = """\
requirements.txt requirements-test.txt constraints.txt pyproject.toml
_config.yml _toc.yml README.md book/index.md src/unrolled/__init__.py
src/unrolled/read.py src/unrolled/unread.py src/unrolled_book/style.py
src/unrolled_lab/__init__.py stand_ins/jupyter_book/__init__.py
stand_ins/jupyter_book/cli/__init__.py stand_ins/torch.py stand_ins/pandas.py
stand_ins/nbval/plugin.py stand_ins/ipykernel/kernelapp.py
stand_ins/matplotlib/pyplot.py
stand_ins/jupyter_client/provisioning/local_provisioner.py"""
FILES = dict.fromkeys(EMPTY.split(), "") | {
    "book/01_one.ipynb": "src/unrolled/read.py results/runs",
    "book/02_two.ipynb": "",
    "results/runs/first.json": "{}",
    "stand_ins/pip.py": NOTE.format(name="pip"),
    "stand_ins/ruff.py": NOTE.format(name="ruff"),
    "stand_ins/pytest.py": PYTEST,
    "stand_ins/jupyter_book/cli/main.py": NOTE.format(name="book") + BUILD,
    "tools/install.py": NOTE.format(name="install"),
    "tools/python": PYTHON.format(executable=sys.executable),
}


class Project:
    """A small project, and what was called in it."""

    def __init__(self, folder):
        for name, text in FILES.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text)
        (folder / "tools" / "python").chmod(0o755)
        shutil.copy(REPO / "Makefile", folder)
        for name in ("summary.py", "notebooks.py"):
            shutil.copy(REPO / "tools" / name, folder / "tools")
        shutil.copytree(REPO / "tools" / "depends", folder / "tools/depends")
        self.folder = folder

    def __truediv__(self, name):
        return self.folder / name

    def make(self, *arguments, code=0):
        """What make prints, and the calls of the stand-ins."""
        log = self / "calls"
        log.write_text("")
        mine = {"LOG": str(log), "PYTHONPATH": str(self / "stand_ins")}
        kept = {k: os.environ[k] for k in ["PATH", "HOME"] if k in os.environ}
        run = subprocess.run(
            ["make", "PYTHON=tools/python", *arguments],
            cwd=self.folder,
            env=kept | mine,
            capture_output=True,
            text=True,
            check=False,
        )
        said = run.stdout + run.stderr
        assert run.returncode == code, said
        return said, log.read_text().splitlines()

    def change(self, name):
        """Make a file newer than all others, also for a make of seconds."""
        for path in self.folder.rglob("*"):
            if not path.is_symlink():
                times = path.stat()
                os.utime(path, (times.st_atime - 10, times.st_mtime - 10))
        (self / name).touch()


@pytest.fixture(name="project")
def make_project(tmp_path):
    return Project(tmp_path)


def is_called(name, calls):
    return any(call.startswith(name) for call in calls)


# ---- Whose environment it is ----


def test_a_foreign_environment_is_left_alone(project):
    (project / ".venv").mkdir()
    mine = project / ".venv" / "MINE"
    mine.touch()
    project.make("help")
    project.make("-n", "book")
    said, calls = project.make("book", code=2)
    assert "left as it is" in said
    assert "make book VENV=.venv-unrolled" in said
    project.make("clean")
    assert mine.exists()
    assert not calls
    project.make("book", "VENV=.venv-unrolled")
    assert mine.exists()
    assert (project / ".venv-unrolled" / "bin" / "python").exists()
    said, _ = project.make("book", "VENV=my env", code=2)
    assert "a name without spaces" in said


def test_any_name_of_the_folder_will_do(tmp_path):
    folder = tmp_path / "O'Brien and Zoë Ж, a#b a$b"
    folder.mkdir()
    project = Project(folder)
    said, calls = project.make("book", "test")
    assert f"{folder}/_build/html/index.html" in said
    assert is_called("install requirements.txt", calls)
    said, calls = project.make("book", "test")
    assert not calls
    assert "ran: nothing" in said


def lose_python(project):
    (project / ".venv/bin/python").unlink()
    (project / ".venv/bin/python").symlink_to("/nowhere/python")


def change_version(project):
    made = project / ".venv/done/made"
    made.write_text(made.read_text().replace("(3, ", "(2, "))


def break_off(project):
    shutil.rmtree(project / ".venv/done")
    (project / ".venv/bin/python").unlink()


def move(project):
    project.folder = project.folder.rename(f"{project.folder} moved")


@pytest.mark.parametrize(
    "damage", [lose_python, change_version, break_off, move]
)
def test_a_dead_environment_is_made_anew_but_not_by_looking(damage, project):
    project.make("book")
    damage(project)
    (project / ".venv/own").touch()
    project.make("help")
    project.make("-n", "book")
    assert (project / ".venv/own").exists()
    said, calls = project.make("book")
    assert not (project / ".venv/own").exists()
    assert damage is break_off or "folder or its Python has changed" in said
    assert is_called("install", calls)
    assert not project.make("book")[1]


def test_what_is_broken_off_costs_nothing(project):
    (project / "fail-install").touch()
    _, calls = project.make("book", code=2)
    assert not is_called("book", calls)
    (project / "fail-install").unlink()
    _, calls = project.make("book")
    assert is_called("install", calls)
    assert is_called("book", calls)
    (project / ".venv" / "done" / "made").write_text("dead")
    project.make("book", "PYTHON=tools/nothing", code=2)
    assert (project / ".venv" / "bin" / "python").exists()


def test_clean_removes_what_make_made(project):
    project.make("book")
    (project / "_build" / "mutants").mkdir()
    (project / "mutants").mkdir()
    kept = project / "_build" / "kept"
    kept.touch()
    assert "_build holds something else" in project.make("clean")[0]
    left = {path.name for path in project.folder.glob("_build/*")}
    assert left == {"kept"}
    assert (project / "mutants").exists()
    assert not (project / ".venv").exists()
    kept.unlink()
    project.make("clean")
    assert not (project / "_build").exists()


# ---- What is done again ----


def test_only_a_changed_page_is_read_again(project):
    assert "--all" in project.make("book")[1][-1]
    for changed, is_all in {
        "book/01_one.ipynb": False,
        "src/unrolled/read.py": False,
        "src/unrolled_lab/__init__.py": False,
        "src/unrolled_book/style.py": True,
        "_toc.yml": True,
    }.items():
        project.change(changed)
        _, [call] = project.make("book")
        assert ("--all" in call) == is_all, changed
    # After a warning, all are read.
    project.change("book/01_one.ipynb")
    (project / "fail-book").touch()
    project.make("book", code=2)
    (project / "fail-book").unlink()
    _, [call] = project.make("book")
    assert "--all" in call


def test_a_notebook_runs_again_when_what_it_reads_has_changed(project):
    project.make("test")
    first = ["pytest --nbval --quiet book/01_one.ipynb"]

    def notebooks(changed):
        project.change(changed)
        calls = project.make("test")[1]
        return [call for call in calls if "--nbval" in call]

    assert notebooks("src/unrolled/read.py") == first
    assert notebooks("src/unrolled/unread.py") == []
    assert notebooks("book/01_one.ipynb") == first
    assert notebooks("results/runs/second.json") == first
    assert len(notebooks("requirements.txt")) == 2
    # A file that is gone is noticed.
    (project / "src" / "unrolled" / "read.py").rename(project / "gone")
    assert first[0] in project.make("test", code=2)[1]
    (project / "book" / "01_one.ipynb").write_text("results/runs")
    assert first[0] in project.make("test")[1]
    assert not project.make("test")[1]
    # Those that fail run again.
    project.change("requirements.txt")
    (project / "fail-pytest").touch()
    project.make("test", code=2)
    (project / "fail-pytest").unlink()
    said, calls = project.make("test")
    assert len([call for call in calls if "--nbval" in call]) == 2
    assert "ran: pytest, book/01_one.ipynb, book/02_two.ipynb\n" in said


def test_chapter_runs_its_notebooks_or_asks_which_one(project):
    (project / "tests").mkdir()
    (project / "tests" / "test_prose.py").write_text("import notebooks\n")
    (project / "book" / "deeper").mkdir()
    for name in ("01_other", "02_more"):
        (project / "book" / "deeper" / f"{name}.ipynb").touch()
    said, calls = project.make("chapter", "N=02")
    assert f"{project.folder}/_build/html/book/02_two.html" in said
    assert "pytest --nbval --quiet book/02_two.ipynb" in calls
    assert "pytest --nbval --quiet book/deeper/02_more.ipynb" in calls
    assert "pytest --quiet -k 02_ tests/test_prose.py" in calls
    assert is_called("book", calls)
    assert len(calls) == 6 + 1

    for number in ([], ["N="], ["N=99"]):
        said, calls = project.make("chapter", *number, code=2)
        assert "make chapter N=04" in said
        assert not calls


def test_a_notebook_that_prints_something_else_fails(tmp_path):
    """With nbval and kernels as they are."""
    for name, printed in {"right": "3\n", "wrong": "4\n"}.items():
        outputs = [new_output("stream", text=printed)]
        told = {"execution_count": 1, "outputs": outputs}
        cell = new_code_cell("print(1 + 2)", **told)
        kernel = {"kernelspec": {"name": "python3", "display_name": ""}}
        notebook = new_notebook(cells=[cell], metadata=kernel)
        nbformat.write(notebook, tmp_path / f"{name}.ipynb")
    # What the tool loads ahead, but this notebook does not need.
    for name in ("install", "torch.py", "pandas.py"):
        (tmp_path / name).touch()
    tool = [sys.executable, str(REPO / "tools" / "notebooks.py"), "1-1"]
    run = subprocess.run(
        [*tool, str(tmp_path), "right.ipynb", "wrong.ipynb"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 1, run.stderr
    assert "right.ipynb: 1 passed" in run.stdout
    assert "wrong.ipynb FAILED" in run.stdout
    assert "'4" in run.stdout and "'3" in run.stdout
    assert [mark.name for mark in tmp_path.glob("*.nbval")] == ["right.nbval"]
