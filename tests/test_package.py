"""What holds for the package's source as a whole."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import unrolled

SRC = Path(unrolled.__file__).parent.parent
SOURCES = sorted(SRC.glob("unrolled*/**/*.py"))
each_source = pytest.mark.parametrize(
    "path", SOURCES, ids=lambda path: str(path.relative_to(SRC))
)


def nodes(path):
    return ast.walk(ast.parse(path.read_text(encoding="utf-8")))


def imported(path):
    """The top-level names of everything that a file imports."""
    for node in nodes(path):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield (node.module or "").split(".")[0]


@pytest.mark.parametrize("module", ["unrolled", "unrolled.by_hand.lstm"])
def test_the_numpy_lstm_needs_neither_torch_nor_matplotlib(module):
    program = f"import sys, {module}; print(*sys.modules)"
    found = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert module in found
    assert not {"torch", "matplotlib"} & set(found)


def test_torch_names_come_when_asked_for():
    for name in unrolled.__all__:
        assert getattr(unrolled, name) is not None
    assert unrolled.LSTM.__module__ == "unrolled.lstm"
    with pytest.raises(AttributeError, match="no attribute 'LTSM'"):
        _ = unrolled.LTSM


def test_only_figures_import_matplotlib():
    importing = {path for path in SOURCES if "matplotlib" in imported(path)}
    assert importing
    assert {path.parent for path in importing} == {
        SRC / "unrolled_book" / "figures"
    }


def test_only_check_and_the_command_line_print():
    quiet = [path for path in SOURCES if path.name != "__main__.py"]
    assert len(SOURCES) - len(quiet) == 1
    printing = {
        (path.stem, function.name)
        for path in quiet
        for function in nodes(path)
        if isinstance(function, ast.FunctionDef)
        and any(
            isinstance(node, ast.Name) and node.id == "print"
            for node in ast.walk(function)
        )
    }
    assert printing == {("claims", "check")}
    calls = [
        node
        for path in quiet
        for node in nodes(path)
        if isinstance(node, ast.Name) and node.id == "print"
    ]
    assert len(calls) == 1


@each_source
def test_nothing_seeds_global_randomness(path):
    called = {
        ast.unparse(node.func)
        for node in nodes(path)
        if isinstance(node, ast.Call)
    }
    seeding = {"np.random.seed", "torch.manual_seed", "random.seed"}
    assert not called & seeding
    # np.random.rand and the like draw from the global generator.
    drawing = {name for name in called if name.startswith("np.random.")}
    assert drawing <= {
        "np.random.RandomState",
        "np.random.RandomState(42).randn",
    }


@each_source
def test_no_figure_is_shown(path):
    called = {
        ast.unparse(node.func)
        for node in nodes(path)
        if isinstance(node, ast.Call)
    }
    assert not [name for name in called if name.endswith(".show")]
