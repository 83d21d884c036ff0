"""What holds for the package's source as a whole."""

import ast
import subprocess
import sys
from pathlib import Path

import jaxtyping
import pytest
from importlinter.cli import lint_imports

import unrolled
from unrolled import data

SRC = Path(unrolled.__file__).parent.parent
SOURCES = sorted(SRC.glob("unrolled*/**/*.py"))
each_source = pytest.mark.parametrize(
    "path", SOURCES, ids=lambda path: str(path.relative_to(SRC))
)


def nodes(path):
    return ast.walk(ast.parse(path.read_text(encoding="utf-8")))


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


def test_the_shapes_in_annotations_are_held(monkeypatch):
    monkeypatch.setattr(data, "PRICES", data.PRICES[:-1])
    with pytest.raises(jaxtyping.TypeCheckError, match="1 9 1"):
        data.anchor()


def test_torch_names_come_when_asked_for():
    for name in (*unrolled.__all__, "models", "by_hand"):
        assert getattr(unrolled, name) is not None
    assert unrolled.LSTM.__module__ == "unrolled.lstm"
    with pytest.raises(AttributeError, match="no attribute 'LTSM'"):
        _ = unrolled.LTSM


def test_imports_keep_their_rules():
    """Those of pyproject.toml: which package, and which room, imports which."""
    config = SRC.parent / "pyproject.toml"
    assert lint_imports(str(config), no_cache=True, no_logo=True) == 0


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


@each_source
def test_nothing_seeds_global_randomness_or_shows_a_figure(path):
    called = {
        ast.unparse(node.func)
        for node in nodes(path)
        if isinstance(node, ast.Call)
    }
    assert not called & {"np.random.seed", "torch.manual_seed", "random.seed"}
    assert not [name for name in called if name.endswith(".show")]
    # np.random.rand and the like draw from the global generator.
    drawing = {name for name in called if name.startswith("np.random.")}
    assert drawing <= {
        "np.random.RandomState",
        "np.random.RandomState(42).randn",
    }
