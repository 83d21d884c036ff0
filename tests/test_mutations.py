"""That the notebooks bite: break a package, and one of them must notice.

Each mutation is made in a copy of the packages; the notebook beside it, run on
that copy, must fail, or print something else than is stored in it. (What the
unit tests must notice, `make mutants` breaks by the thousand.)
"""

import ast
import contextlib
import io
import json
import os
import shutil
import subprocess
import sys
from importlib import import_module

import pytest
from matplotlib import pyplot as plt

import notebooks

SOURCES = notebooks.REPO / "src"
FORWARD, ONE_WEIGHT, BPTT = "02_forward", "03_one_weight", "04_bptt"
SOURCE = "deeper/03_source"

# What stands in one place of the packages, what shall stand there, and which
# chapter must notice.
MUTATIONS = {
    "tanh for the output gate": (
        "np.tanh(z_g), _sigmoid(z_o)", "np.tanh(z_g), np.tanh(z_o)", FORWARD,
    ),
    "forget gate's slope lost": (
        "dz_f = dc * c_prev * f * (1 - f)", "dz_f = dc * c_prev", ONE_WEIGHT,
    ),
    "cell gradient not forgotten": (
        "return dx, dh_prev, dc * f, grads", "return dx, dh_prev, dc, grads",
        ONE_WEIGHT,
    ),
    "later errors not carried back": (
        "dh = dhs[:, t] + dh", "dh = dhs[:, t]", ONE_WEIGHT,
    ),
    "window one too long": (
        "max(0, t + 1 - window)", "max(0, t - window)", ONE_WEIGHT,
    ),
    "parts of i and f swapped": (
        'zip("ifgo", np.split(', 'zip("figo", np.split(', BPTT,
    ),
    "another seed": (
        "RandomState(42).randn", "RandomState(43).randn", FORWARD,
    ),
    "gates packed f, i": (
        "np.stack([i, f, g, o])", "np.stack([f, i, g, o])", FORWARD,
    ),
    "factor 2 lost": ("2 * weight * error", "weight * error", ONE_WEIGHT),
    "range moved by two millionths": (
        "[1.906818, 1.90682]", "[1.90682, 1.906822]", SOURCE,
    ),
    "tolerance that hides a slip": (
        "given = 0.4900, tolerance = 5e-05",
        "given = 0.4900, tolerance = 5e-03", ONE_WEIGHT,
    ),
    "a digit of the claim": ("∂L/∂f = 0.0191.", "∂L/∂f = 0.0192.", SOURCE),
}  # fmt: skip


def copy_packages(folder, old="", new=""):
    """Copy the packages into a folder, and break the one place that is told."""
    unwanted = shutil.ignore_patterns("__pycache__", "*.egg-info")
    shutil.copytree(SOURCES, folder, ignore=unwanted)
    if old:
        files = [path for path in folder.rglob("*") if path.is_file()]
        texts = {path: path.read_text(encoding="utf-8") for path in files}
        [path] = [p for p in files for _ in range(texts[p].count(old))]
        path.write_text(texts[path].replace(old, new), encoding="utf-8")
    return str(folder)


def run(cell, space):
    """What a cell prints, and its last expression's value, word by word."""
    body = ast.parse(cell.source).body
    last = [body.pop()] if isinstance(body[-1], ast.Expr) else []
    with contextlib.redirect_stdout(io.StringIO()) as told:
        exec(compile(ast.Module(body, []), "cell", "exec"), space)
        exec(compile(ast.Interactive(last), "cell", "single"), space)
    return told.getvalue().split()


def first_to_notice(folder, chapter, last=sys.maxsize):
    """Run a chapter on the packages of a folder, up to its cell `last`.

    Return the number of the first cell that fails, or prints something else
    than nbval lets pass; None if there is none.
    """
    for name in [name for name in sys.modules if name.startswith("unrolled")]:
        del sys.modules[name]
    sys.path[0] = folder
    assert import_module("unrolled").__file__.startswith(folder)
    plt.close("all")
    space = {}
    notebook = notebooks.read(notebooks.REPO / "book" / f"{chapter}.ipynb")
    for number, cell in notebooks.code_cells(notebook):
        if number > last:
            break
        try:
            told = run(cell, space)
        except Exception:
            return number
        tags = cell.metadata.get("tags", [])
        stored = notebooks.output_text(cell).split()
        if told != stored and "nbval-ignore-output" not in tags:
            return number
    return None


def tell(folder):
    """Print which cell notices each mutation, and what notices nothing."""
    found, last = {}, {}
    for number, (name, row) in enumerate(MUTATIONS.items()):
        *words, chapter = row
        copy = copy_packages(folder / str(number), *words)
        found[name] = first_to_notice(copy, chapter)
        last[chapter] = max(found[name] or 0, last.get(chapter, 0))
    unbroken = copy_packages(folder / "unbroken")
    found[""] = [first_to_notice(unbroken, *each) for each in last.items()]
    print(json.dumps(found))


# Without the grammars that jsonschema makes at each start, for two seconds.
PROCESS = """
import pathlib, sys
sys.modules["rfc3987_syntax"] = None
import test_mutations
test_mutations.tell(pathlib.Path(sys.argv[1]))
"""


@pytest.fixture(name="noticed", scope="module")
def break_in_each_place(tmp_path_factory):
    """Which cell has noticed each mutation, and which ones nothing at all."""
    settings = {"PYTHONPATH": os.pathsep.join(sys.path), "MPLBACKEND": "Agg"}
    done = subprocess.run(
        [sys.executable, "-c", PROCESS, tmp_path_factory.mktemp("copies")],
        env=os.environ | settings,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


@pytest.mark.parametrize("name", MUTATIONS)
def test_mutation_is_noticed(name, noticed):
    assert noticed[name] is not None


def test_unbroken_no_chapter_notices_anything(noticed):
    """Up to the last cell that has noticed something."""
    chapters = {chapter for *_, chapter in MUTATIONS.values()}
    assert noticed[""] == [None] * len(chapters)
