"""Make a course for nbgrader from the solutions, and the exercises from it.

``python grading/course.py FOLDER`` makes a course in a new folder: the
settings, and each worked notebook as an assignment. ``--exercises`` makes one
in passing and keeps what a student would get, in ``exercises/``.
"""

import argparse
import os
import shutil
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from nbgrader.converters import Autograde, GenerateAssignment
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config, PyFileConfigLoader

REPO = Path(__file__).resolve().parent.parent
SETTINGS = REPO / "grading" / "nbgrader_config.py"
SOLUTIONS = sorted((REPO / "solutions").glob("*.ipynb"))


def make(folder: Path, solutions: Iterable[Path] = SOLUTIONS) -> None:
    """Make a course: settings and ``source/NAME/NAME.ipynb`` for each."""
    folder.mkdir(parents=True)
    shutil.copy(SETTINGS, folder)
    for path in solutions:
        source = folder / "source" / path.stem
        source.mkdir(parents=True)
        shutil.copy(path, source)


def generate(folder: Path, name: str) -> Path:
    """Make the assignment for students, as ``nbgrader generate_assignment``."""
    _run(GenerateAssignment, folder, name, settings(folder))
    return folder / "release" / name / f"{name}.ipynb"


def autograde(folder: Path, name: str, student: str) -> None:
    """Grade one submission, as ``nbgrader autograde``."""
    _run(Autograde, folder, name, settings(folder), student_id=student)


def settings(folder: Path) -> Config:
    """Read the course's settings, and say where it is."""
    config = PyFileConfigLoader("nbgrader_config.py", str(folder)).load_config()
    config.CourseDirectory.root = str(folder)
    return config


def _run(
    kind: type, folder: Path, name: str, config: Config, **whose: str
) -> None:
    """Let one of nbgrader's converters work on an assignment."""
    # nbgrader calls `alembic` by its name: find the one beside this Python.
    here = str(Path(sys.executable).parent)
    if here not in os.environ["PATH"].split(os.pathsep):
        os.environ["PATH"] = here + os.pathsep + os.environ["PATH"]
    course = CourseDirectory(config=config, assignment_id=name, **whose)
    converter = kind(coursedir=course, config=config)
    converter.force = True
    converter.start()


def main() -> None:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, help="a new folder")
    parser.add_argument("--exercises", action="store_true")
    said = parser.parse_args()
    if not said.folder and not said.exercises:
        parser.error("expected a FOLDER or --exercises, got neither")
    if said.folder:
        if said.folder.exists():
            sys.exit(f"{said.folder}: expected a new folder, it exists")
        make(said.folder)
    if said.exercises:
        with tempfile.TemporaryDirectory() as empty:
            course = Path(empty) / "course"
            make(course)
            (REPO / "exercises").mkdir(exist_ok=True)
            for path in SOLUTIONS:
                shutil.copy(generate(course, path.stem), REPO / "exercises")


if __name__ == "__main__":
    main()
