"""What every task asks before it draws."""

from torch import Generator

from unrolled._checks import check_type, check_whole


def check_draw(generator: Generator, **numbers: int) -> None:
    """Insist on a generator, and on whole numbers of at least 1."""
    for name, number in numbers.items():
        check_whole(name, number)
    check_type("generator", generator, Generator)
