r"""A series without noise that is chaotic, and the map that makes it.

Two that begin nearly alike part, at a steady rate. Values come in float64, as
rounding errors grow like all others.
"""

import torch
from torch import Generator, Tensor

from unrolled._checks import check_type, check_whole
from unrolled.tasks.oscillations import check_series

HENON = (1.4, 0.3)
"""The map's two constants, as in Hénon's paper."""

_SETTLING = 100  # steps until nothing is left of the beginning


def henon(count: int, steps: int, generator: Generator) -> Tensor:
    r"""Draw series from Hénon's map, each from a beginning of its own.

    .. math:: x_{t+1} = 1 - 1.4\, x_t^2 + 0.3\, x_{t-1}

    No noise: two values in a row decide all that follow. But they would have to
    be known to the last digit, as an error doubles in less than two steps.

    Args:
        count: N, series.
        steps: T.
        generator: the source of randomness.

    Returns:
        x (N, T, 1), float64, between −1.3 and 1.3.

    Raises:
        ValueError: a number that is not whole or below 1, no generator.

    Example:
        >>> x = henon(3, 50, torch.Generator().manual_seed(0))
        >>> (henon_next(x[:, :-1]) - x[:, 2:]).abs().max().item()
        0.0

    Reference: Hénon (1976). Chapter: 11_free_running.
    """
    N, T = check_whole("count", count), check_whole("steps", steps)
    check_type("generator", generator, Generator)
    start = torch.rand(N, 2, 1, generator=generator, dtype=torch.float64)
    return henon_continue(0.2 * start - 0.1, _SETTLING + T)[:, _SETTLING:]


def henon_next(x: Tensor) -> Tensor:
    """Work out what Hénon's map makes of each two values in a row.

    Args:
        x: values, (N, T, 1), float64, T at least 2; of the map, or of anything.

    Returns:
        The value that would follow each but the first, (N, T − 1, 1).

    Raises:
        ValueError: no finite float64 tensor of this shape.

    Example:
        >>> x = torch.tensor([[[0.5], [1.0], [2.0]]], dtype=torch.float64)
        >>> henon_next(x).ravel().round(decimals=2).tolist()
        [-0.25, -4.3]

    Reference: Hénon (1976). Chapter: 11_free_running.
    """
    _check_pairs(x)
    return _henon(x[:, :-1], x[:, 1:])


def henon_continue(x: Tensor, steps: int) -> Tensor:
    """Let Hénon's map go on from the last two values of each series.

    From a state far from all that the map visits it runs off to infinity.

    Args:
        x: values, (N, T, 1), float64, T at least 2.
        steps: K, how many values to add.

    Returns:
        What follows, (N, K, 1).

    Raises:
        ValueError: no finite float64 tensor of this shape, steps that are not a
            whole number of at least 1.

    Example:
        >>> x = henon(3, 50, torch.Generator().manual_seed(0))
        >>> torch.equal(henon_continue(x[:, :20], 30), x[:, 20:])
        True

    Reference: Hénon (1976). Chapter: 11_free_running.
    """
    _check_pairs(x)
    K = check_whole("steps", steps)
    values = [x[:, -2], x[:, -1]]  # (N, 1) each
    for _ in range(K):
        values.append(_henon(*values[-2:]))
    return torch.stack(values[2:], dim=1)


def _henon(before: Tensor, now: Tensor) -> Tensor:
    """Apply the map once."""
    a, b = HENON
    return 1 - a * now**2 + b * before


def _check_pairs(x: Tensor) -> None:
    """Insist on series of two values or more."""
    check_series("x", x, "T")
    if x.shape[1] < 2:
        raise ValueError(f"x: expected two values or more, got {x.shape[1]}")
