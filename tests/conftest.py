"""Settings and fixtures that several test files share."""

import sys
from typing import Any, get_args

import jaxtyping
import matplotlib as mpl
import pytest
from beartype import beartype
from hypothesis import settings
from matplotlib import pyplot as plt

settings.register_profile(
    "book", deadline=None, derandomize=True, database=None, max_examples=10
)
settings.load_profile("book")
sys.modules["rfc3987_syntax"] = None  # grammars that take two seconds to make
mpl.use("Agg")  # draws into memory: the tests need no screen


def after_the_call(function):
    """Hold the shapes in the annotations of calls that went well.

    jaxtyping asks twice: before a call, with Any for what is returned, and
    after it. Before, the function's own checks come first: bad input has to
    be refused by them, in their words.
    """
    hints = function.__annotations__
    if hints.get("return") is Any:
        return function
    function.__annotations__ = {n: h for n, h in hints.items() if has_shape(h)}
    return beartype(function)


def has_shape(hint):
    """Tell whether there is a shape in an annotation."""
    if isinstance(hint, type) and issubclass(hint, jaxtyping.AbstractArray):
        return True
    return any(has_shape(part) for part in get_args(hint))


jaxtyping.install_import_hook("unrolled", "conftest.after_the_call")


@pytest.fixture(name="only_draws")
def check_only_draws(monkeypatch):
    """Hold around each figure: nothing is shown, no setting changes."""

    def show(*args, **kwargs):
        pytest.fail("a figure was shown")

    monkeypatch.setattr(plt, "show", show)
    before = dict(mpl.rcParams)
    yield
    plt.close("all")
    assert dict(mpl.rcParams) == before


@pytest.fixture(name="draw")
def make_draw(only_draws):
    """A function that calls a plot, and checks the Axes it returns.

    It is given Axes to draw into; without them it is called in the notebooks.
    """

    def draw(plot, *args):
        _, (left, right) = plt.subplots(ncols=2)
        assert plot(*args, ax=right) is right
        assert not left.has_data()
        assert plt.get_fignums() == [1]
        return right

    return draw


@pytest.fixture(name="one_thread", scope="module")
def use_one_thread():
    """Let PyTorch use one thread: on a busy machine, two small ones wait."""
    import torch  # not above: most tests do without

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(name="teacher", scope="session")
def employ_teacher(tmp_path_factory):
    """A teacher who has handed out the exercises of all chapters."""
    from teacher import Teacher  # not above: most tests do without nbgrader

    return Teacher(tmp_path_factory.mktemp("teacher") / "course")
