r"""Two series to forecast: one that stays on course, one that drifts apart.

`oscillations` are sums of two waves with noise on top: two series that begin
nearly alike stay nearly alike. Hénon's map, `henon`, has no noise, and yet two
series that begin nearly alike soon have nothing in common.
"""

import math
from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Generator, Tensor

from unrolled._checks import check, check_float, check_int, insist
from unrolled.tasks.sequences import _check_draw

Series = Float[Tensor, "N T 1"]
"""N series of T steps."""

PERIODS = (12.0, 6.0 * (math.sqrt(5) - 1))
"""The two periods of `oscillations`, in steps: 12 and 7.416. Their ratio is the
golden one, so that they never come back to where they started together."""

NOISE = 0.1
"""The standard deviation of the noise in `oscillations`, in the series' unit;
that of the whole series is 1, but for the noise."""


def oscillations(
    count: int, steps: int, generator: Generator, noise: float = NOISE
) -> Series:
    r"""Draw sums of two oscillations, with noise on top.

    .. math::
        x_t = \sum_{j=1}^{2} \left(a_j \cos \frac{2 \pi t}{P_j}
        + b_j \sin \frac{2 \pi t}{P_j}\right) / \sqrt 2 + s\, \epsilon_t

    The periods P are `PERIODS`, s is `noise`. The numbers a, b are drawn for
    each series and ε for each step, all standard normal.

    Example:
        >>> x = oscillations(1000, 50, torch.Generator().manual_seed(0))
        >>> tuple(x.shape), round(x.std().item(), 1)
        ((1000, 50, 1), 1.0)

    Chapter: 11_free_running.
    """
    _check_draw(generator, count=count, steps=steps)
    check_float("noise", noise, "of at least 0", minimum=0)
    t = torch.arange(steps, dtype=torch.float64)
    turns = [2 * math.pi * t / period for period in PERIODS]
    waves = torch.stack([f(x) for x in turns for f in (torch.cos, torch.sin)])
    sizes = torch.randn(count, 4, generator=generator, dtype=torch.float64)
    signal = sizes @ waves / math.sqrt(2)  # (N, T)
    epsilon = torch.randn(signal.shape, generator=generator, dtype=signal.dtype)
    return (signal + noise * epsilon)[..., None]  # (N, T, 1)


def oscillations_best(x: Series, memory: int | None = None) -> Series:
    r"""Make the best forecast of each next value, of the last `memory` or all.

    All values are jointly normal, so that this is the conditional mean, with
    the covariance k of two that lie u steps apart:

    .. math::
        k(u) &= \tfrac12 \sum_j \cos \frac{2 \pi u}{P_j} + s^2 [u = 0] \\
        E[x_{t+1} \mid x_1, \dots, x_t]
        &= k_{t+1}^\top K_t^{-1} (x_1, \dots, x_t)

    Example:
        >>> x = oscillations(2000, 61, torch.Generator().manual_seed(0))
        >>> error = oscillations_best(x[:, :-1])[:, -1] - x[:, -1]
        >>> reached = error.square().mean().sqrt()
        >>> (reached / oscillations_limit(60, [1])).round(decimals=1).item()
        1.0

    Reference: Rasmussen & Williams (2006), equation 2.25.
    Chapter: 11_free_running.
    """
    T = _check_series(x)
    most = T if memory is None else check_int("memory", memory)
    K = _covariance(torch.arange(T)[:, None] - torch.arange(T))
    weights = torch.zeros(T, T, dtype=torch.float64)
    for t in range(1, T + 1):
        used = slice(max(0, t - most), t)
        ahead = _covariance(t - torch.arange(T)[used])
        weights[t - 1, used] = torch.linalg.solve(K[used, used], ahead)
    return (x[..., 0] @ weights.T)[..., None]  # (N, T, 1)


def oscillations_limit(steps: int, horizons: Sequence[int]) -> Tensor:
    """Work out the smallest errors with which `oscillations` can be forecast.

    They are root mean squares, (K,), at K `horizons`, counted from the last of
    T `steps` seen, the noise of the value to come among them.

    Example:
        >>> oscillations_limit(40, [1, 20]).round(decimals=3).tolist()
        [0.105, 0.105]

    Reference: Rasmussen & Williams (2006), equation 2.26.
    Chapter: 11_free_running.
    """
    T = check_int("steps", steps)
    is_right = isinstance(horizons, Sequence) and len(horizons) > 0
    insist("horizons", is_right, "whole numbers", horizons)
    ahead = torch.tensor([check_int("horizons", k) for k in horizons])
    t = torch.arange(T)
    K = _covariance(t[:, None] - t)
    across = _covariance(T - 1 + ahead - t[:, None])  # (T, horizons)
    known = (across * torch.linalg.solve(K, across)).sum(0)
    return (_covariance(torch.zeros(1)) - known).sqrt()


def _covariance(apart: Tensor) -> Tensor:
    """Return the covariance of two values that lie so far apart."""
    turns = (2 * math.pi * apart.double() / period for period in PERIODS)
    signal = sum(torch.cos(turn) for turn in turns) / 2
    return signal + NOISE**2 * (apart == 0).double()


HENON = (1.4, 0.3)
"""The map's two constants, as in Hénon's paper."""

_SETTLING = 100  # steps until nothing is left of the beginning


def henon(count: int, steps: int, generator: Generator) -> Series:
    r"""Draw series from Hénon's map, each from a beginning of its own.

    .. math:: x_{t+1} = 1 - 1.4\, x_t^2 + 0.3\, x_{t-1}

    No noise, but an error doubles in less than two steps.

    Example:
        >>> x = henon(3, 50, torch.Generator().manual_seed(0))
        >>> (henon_next(x[:, :-1]) - x[:, 2:]).abs().max().item()
        0.0

    Reference: Hénon (1976). Chapter: 11_free_running.
    """
    _check_draw(generator, count=count, steps=steps)
    start = torch.rand(count, 2, 1, generator=generator, dtype=torch.float64)
    return henon_continue(0.2 * start - 0.1, _SETTLING + steps)[:, _SETTLING:]


def henon_next(x: Series) -> Float[Tensor, "N T-1 1"]:
    """Work out what Hénon's map makes of each two float64 values in a row.

    Example:
        >>> x = torch.tensor([[[0.5], [1.0], [2.0]]], dtype=torch.float64)
        >>> henon_next(x).ravel().round(decimals=2).tolist()
        [-0.25, -4.3]

    Reference: Hénon (1976). Chapter: 11_free_running.
    """
    _check_series(x, 2)
    return _henon(x[:, :-1], x[:, 1:])


def henon_continue(x: Series, steps: int) -> Float[Tensor, "N K 1"]:
    """Let Hénon's map go on from the last two values of each series.

    Example:
        >>> x = henon(3, 50, torch.Generator().manual_seed(0))
        >>> torch.equal(henon_continue(x[:, :20], 30), x[:, 20:])
        True

    Reference: Hénon (1976). Chapter: 11_free_running.
    """
    _check_series(x, 2)
    values = [x[:, -2], x[:, -1]]  # (N, 1) each
    for _ in range(check_int("steps", steps)):
        values.append(_henon(*values[-2:]))
    return torch.stack(values[2:], dim=1)


def _henon(before: Tensor, now: Tensor) -> Tensor:
    a, b = HENON
    return 1 - a * now**2 + b * before


def _check_series(x: Tensor, fewest: int = 1) -> int:
    check(x=(x, "N T 1"), like=torch.empty(0, dtype=torch.float64))
    T = x.shape[1]
    insist("x", fewest <= T, f"{fewest} values or more", T)
    return T
