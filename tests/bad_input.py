"""What every table of bad input is held to."""

import inspect
from collections.abc import Callable, Iterable, Iterator
from types import ModuleType

import pytest


def assert_refused(call: Callable[[], object], message: str) -> None:
    """Hold a call to a ValueError that says what was expected and what came."""
    with pytest.raises(ValueError, match=message) as caught:
        call()
    assert "expected" in str(caught.value)
    assert "got" in str(caught.value)
    assert len(str(caught.value)) < 400


def each_call(
    table: Iterable[tuple[str, Callable[[], object], str]],
) -> pytest.MarkDecorator:
    """Hand a test the call and the message of each row: name, call, message."""
    return pytest.mark.parametrize(
        ("call", "message"),
        [pytest.param(call, message, id=name) for name, call, message in table],
    )


def public_calls(modules: Iterable[ModuleType]) -> set[str]:
    """Name the public functions and classes, and the methods of the classes."""
    return {name for module in modules for name in _calls(module)}


def _calls(module: ModuleType) -> Iterator[str]:
    home = module.__name__.removeprefix("unrolled.").split(".")[-1]
    for name, value in vars(module).items():
        if hasattr(module, "__path__"):  # a package: what it lists
            is_own = name in module.__all__
        else:
            is_own = getattr(value, "__module__", None) == module.__name__
        if not is_own or name.startswith("_") or not callable(value):
            continue
        yield f"{home}.{name}"
        if inspect.isclass(value):
            for method in vars(value):
                is_public = not method.startswith("_")
                if is_public and inspect.isroutine(getattr(value, method)):
                    yield f"{home}.{name}.{method}"
