"""Every public callable refuses bad input: a ValueError, expected and got.

The rows stand in `rows_<room>.py`, what is tried follows in `bad_input.py`.
"""

import inspect
import pkgutil
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
import torch

from bad_input import SOURCES, parts

ROOMS = [
    import_module(path.stem)
    for path in sorted(Path(__file__).parent.glob("rows_*.py"))
]
ROWS = [row for room in ROOMS for row in room.ROWS]
# What only our own notebooks and make call has tests of its own.
OURS = r"unrolled_book\.(explore|figures|table|times)|.*\._"
MODULES = [
    module.name
    for package in ("unrolled", "unrolled_book", "unrolled_lab")
    for module in pkgutil.walk_packages(
        import_module(package).__path__, f"{package}."
    )
    if not re.match(OURS, module.name)
]
each_row = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)


@each_row
def test_good_call_leaves_its_arguments_as_they_are(row):
    def numbers() -> list:
        given = parts((*row.arguments.values(),))
        return [part.tolist() for part in given if hasattr(part, "tolist")]

    before = numbers()
    row.call(**row.arguments)
    assert numbers() == before


@each_row
def test_bad_input_is_refused(row):
    failures = "\n".join(row.failures())
    assert not failures, failures


@pytest.mark.parametrize(
    "row",
    [row for row in ROWS if row.arguments.keys() & SOURCES],
    ids=lambda row: row.name,
)
def test_a_seed_decides_what_is_drawn(row):
    """Nothing global does, or PyTorch's generator where none is given."""
    (name,) = row.arguments.keys() & SOURCES
    sources = [SOURCES[name]]
    asked = inspect.signature(row.call).parameters.get(name)
    if getattr(asked, "default", None) is None:
        sources.append(lambda seed: None)

    def draw(seed, source):
        torch.manual_seed(seed)
        before = states()
        made = row.call(**row.arguments | {name: source(seed)})
        made = [*made] if isinstance(made, Iterator) else made
        assert (states() == before) == (source is sources[0])
        arrays = [part for part in parts(made) if hasattr(part, "tolist")]
        return [array.tolist() for array in arrays] or made

    with torch.random.fork_rng():
        for source in sources:
            first, again, *others = (draw(n, source) for n in (0, *range(9)))
            assert first == again
            assert any(first != other for other in others)


def test_every_public_callable_has_a_row():
    """Or stands in a room's `EXCEPT`; what takes nothing needs neither."""
    public = {
        f"{module}.{name}" for module in MODULES for name in callables(module)
    }
    without = {
        f"{module}.{name}"
        for room in ROOMS
        for module, names in getattr(room, "EXCEPT", {}).items()
        for name in names.split()
    }
    assert public - {row.name for row in ROWS} == without


def states() -> list:
    """The states of the global generators, NumPy's and PyTorch's."""
    numpy_s = np.random.get_state()[1]  # noqa: NPY002
    return [state.tolist() for state in (numpy_s, torch.get_rng_state())]


def callables(module: str) -> Iterator[str]:
    """Name a module's public functions and classes, and their methods."""
    for name, value in vars(import_module(module)).items():
        if name.startswith("_") or getattr(value, "__module__", "") != module:
            continue
        if takes(value):
            yield name
        if inspect.isclass(value):
            for method, found in vars(value).items():
                found = getattr(found, "__func__", found)
                if not method.startswith("_") and takes(found):
                    yield f"{name}.{method}"


def takes(value: object) -> bool:
    """Tell whether it takes arguments, which may be bad, and checks them."""
    if not callable(value) or hasattr(value, "_fields"):
        return False  # what only holds values is made by functions
    if "without checks" in (value.__doc__ or ""):
        return False
    return bool(inspect.signature(value).parameters.keys() - {"self"})
