"""What holds for the packages' source as a whole."""

from pathlib import Path

import jaxtyping
import pytest
from importlinter.cli import lint_imports

import unrolled
from unrolled import data

SRC = Path(unrolled.__file__).parent.parent


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


def test_imports_keep_their_rules(monkeypatch):
    """Those of pyproject.toml: which package, and which room, imports which."""
    # It would switch off the loggers that are there, Sphinx's among them.
    monkeypatch.setattr("logging.config.dictConfig", lambda config: None)
    config = SRC.parent / "pyproject.toml"
    assert lint_imports(str(config), no_cache=True, no_logo=True) == 0
