"""What holds for the packages' source as a whole."""

import ast
from pathlib import Path

import jaxtyping
import pytest
from importlinter.cli import lint_imports

import unrolled
from unrolled import data

SRC = Path(unrolled.__file__).parent.parent
SOURCES = {
    str(path.relative_to(SRC)): ast.parse(path.read_text(encoding="utf-8"))
    for path in sorted(SRC.glob("unrolled*/**/*.py"))
}


def test_the_shapes_in_annotations_are_held(monkeypatch):
    monkeypatch.setattr(data, "PRICES", data.PRICES[:-1])
    with pytest.raises(jaxtyping.TypeCheckError, match="1 9 1"):
        data.anchor()


def test_torch_names_come_when_asked_for():
    for name in unrolled.__all__:
        assert getattr(unrolled, name) is not None
    assert unrolled.LSTM.__module__ == "unrolled.lstm"
    with pytest.raises(AttributeError, match="no attribute 'LTSM'"):
        _ = unrolled.LTSM


def test_imports_keep_their_rules():
    """Those of pyproject.toml: which package, and which room, imports which."""
    config = SRC.parent / "pyproject.toml"
    assert lint_imports(str(config), no_cache=True, no_logo=True) == 0


@pytest.mark.parametrize("name", SOURCES)
def test_nothing_prints_seeds_globally_or_shows_a_figure(name):
    called = {
        ast.unparse(node.func)
        for node in ast.walk(SOURCES[name])
        if isinstance(node, ast.Call)
    }
    printing = {"unrolled_book/claims.py", "unrolled_book/times.py"}
    printing |= {"unrolled_lab/__main__.py"}
    assert ("print" in called) == (name in printing)
    # What NumPy draws globally, Ruff finds: its rule NPY002.
    assert not called & {"torch.manual_seed", "random.seed"}
    assert not [call for call in called if call.endswith(".show")]
