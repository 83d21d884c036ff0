"""That the notebooks bite: break a package, and one of them must notice.

Each mutation is made in a copy of the packages; the notebook beside it, run by
nbval on that copy, must fail. (What the unit tests must notice, `make mutants`
breaks by the thousand.)
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

import unrolled

REPO = Path(__file__).resolve().parent.parent
SOURCES = Path(unrolled.__file__).parent.parent

FORWARD = "book/02_forward.ipynb"
ONE_WEIGHT = "book/03_one_weight.ipynb"
BPTT = "book/04_bptt.ipynb"


class Mutation(NamedTuple):
    """One way to break a package, and which notebook must notice."""

    old: str
    new: str
    check: str


MUTATIONS = {
    "tanh for the output gate": Mutation(
        "np.tanh(z_g), _sigmoid(z_o)",
        "np.tanh(z_g), np.tanh(z_o)",
        FORWARD,
    ),
    "forget gate's slope lost": Mutation(
        "dz_f = dc * c_prev * f * (1 - f)",
        "dz_f = dc * c_prev",
        ONE_WEIGHT,
    ),
    "cell gradient not forgotten": Mutation(
        "return dx, dh_prev, dc * f, grads",
        "return dx, dh_prev, dc, grads",
        ONE_WEIGHT,
    ),
    "later errors not carried back": Mutation(
        "dh = dhs[:, t] + dh",
        "dh = dhs[:, t]",
        ONE_WEIGHT,
    ),
    "window one too long": Mutation(
        "max(0, t + 1 - window)",
        "max(0, t - window)",
        ONE_WEIGHT,
    ),
    "parts of i and f swapped": Mutation(
        'zip("ifgo", np.split(',
        'zip("figo", np.split(',
        BPTT,
    ),
    "another seed": Mutation(
        "RandomState(42).randn",
        "RandomState(43).randn",
        FORWARD,
    ),
    "gates packed f, i": Mutation(
        "np.stack([i, f, g, o])",
        "np.stack([f, i, g, o])",
        FORWARD,
    ),
    "factor 2 lost": Mutation(
        "2 * weight * error",
        "weight * error",
        ONE_WEIGHT,
    ),
    "range moved by two millionths": Mutation(
        "[[1.906818, 1.906820]]",
        "[[1.906820, 1.906822]]",
        ONE_WEIGHT,
    ),
    "tolerance that hides a slip": Mutation(
        "expected = [0.4900, 0.9347]\ntolerance = 5e-5",
        "expected = [0.4900, 0.9347]\ntolerance = 5e-3",
        ONE_WEIGHT,
    ),
    "a digit of the claim": Mutation(
        "∂L/∂f = 0.0191.",
        "∂L/∂f = 0.0192.",
        ONE_WEIGHT,
    ),
}


def holders(text, sources=SOURCES):
    """The files of the packages that hold a text, once for each time."""
    for path in sorted(sources.rglob("*")):
        if path.suffix in {".py", ".toml"}:
            yield from [path] * path.read_text(encoding="utf-8").count(text)


def copy_packages(folder, mutation=None):
    """Copy the packages into a folder, broken if so told."""
    unwanted = shutil.ignore_patterns("__pycache__", "*.egg-info")
    shutil.copytree(SOURCES, folder, ignore=unwanted, dirs_exist_ok=True)
    if mutation:
        [path] = holders(mutation.old, folder)
        text = path.read_text(encoding="utf-8")
        text = text.replace(mutation.old, mutation.new)
        path.write_text(text, encoding="utf-8")


def run_notebook(folder, notebook):
    """Run a notebook by nbval, with the packages of this folder."""
    nbval = ["-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "--nbval"]
    mine = {
        "PYTHONPATH": str(folder),
        "PYTHONDONTWRITEBYTECODE": "1",
        "OMP_NUM_THREADS": "1",
        "JUPYTER_PREFER_ENV_PATH": "1",
    }
    return subprocess.run(
        [sys.executable, *nbval, str(notebook)],
        cwd=REPO,
        env=os.environ | mine,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


@pytest.mark.parametrize("name", MUTATIONS)
def test_mutation_changes_one_place(name):
    mutation = MUTATIONS[name]
    assert len(list(holders(mutation.old))) == 1
    assert mutation.old != mutation.new


@pytest.mark.parametrize("name", MUTATIONS)
def test_mutation_is_noticed(name, tmp_path):
    mutation = MUTATIONS[name]
    copy_packages(tmp_path, mutation)
    run = run_notebook(tmp_path, mutation.check)
    # 1: tests failed. Anything above would mean that they did not run.
    assert run.returncode == 1, run.stdout + run.stderr
    assert " failed" in run.stdout


def test_notebook_passes_on_an_unbroken_copy(tmp_path):
    copy_packages(tmp_path)
    run = run_notebook(tmp_path, FORWARD)
    assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.parametrize("imported", ["copy", "original"])
def test_notebooks_import_the_copy(imported, tmp_path):
    copy_packages(tmp_path)
    homes = {"copy": tmp_path, "original": SOURCES}
    printed = f"{homes[imported] / 'unrolled' / '__init__.py'}\n"
    cell = new_code_cell(
        "import unrolled\n\nprint(unrolled.__file__)",
        outputs=[new_output("stream", name="stdout", text=printed)],
        execution_count=1,
    )
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    path = tmp_path / "where.ipynb"
    nbformat.write(new_notebook(cells=[cell], metadata=kernel), path)
    run = run_notebook(tmp_path, path)
    assert run.returncode == (0 if imported == "copy" else 1), run.stdout
