"""The series to forecast: their definitions, their limits a second way."""

import math

import numpy as np
import pytest
import torch

from oracles import seeded
from unrolled import tasks


def waves(steps):
    """The four curves that the signal is a mixture of, (T, 4)."""
    t = np.arange(steps)[:, None]
    turns = 2 * np.pi * t / np.array(tasks.PERIODS)
    return np.concatenate([np.cos(turns), np.sin(turns)], axis=1) / math.sqrt(2)


def test_oscillations_are_four_sizes_times_four_curves_and_noise():
    """The sizes are drawn first: the records depend on what a seed means."""
    longer, shorter = tasks.PERIODS
    assert longer / shorter == pytest.approx((longer + shorter) / longer)
    generator = seeded()
    sizes, noise = (
        torch.randn(*shape, generator=generator, dtype=torch.float64).numpy()
        for shape in ((3, 4), (3, 40))
    )
    columns = waves(40)[:, [0, 2, 1, 3]]  # cos and sin of each period
    x = tasks.oscillations(3, 40, seeded(), noise=0.3)
    assert x.dtype == torch.float64
    want = sizes @ columns.T + 0.3 * noise
    assert x[..., 0].numpy() == pytest.approx(want, abs=1e-12)


def least_squares_forecast(x, steps):
    """The same forecast by another road: fit the four sizes, with a prior.

    Standard normal sizes and noise s: the most probable sizes have the least
    |x − waves · sizes|² / s² + |sizes|².
    """
    T = len(x)
    A = np.concatenate([waves(T) / tasks.NOISE, np.eye(4)])
    sizes = np.linalg.lstsq(
        A, np.append(x / tasks.NOISE, np.zeros(4)), rcond=None
    )[0]
    return waves(T + steps)[T:] @ sizes


@pytest.mark.parametrize("memory", [None, 1, 4, 29, 30, 99])
def test_the_best_forecast_fits_the_sizes(memory):
    x = tasks.oscillations(2, 30, seeded())
    best = tasks.oscillations_best(x, memory)[..., 0].tolist()
    for series, said in zip(x[..., 0].numpy(), best, strict=True):
        for t in (1, 3, 5, 30):
            kept = series[max(0, t - (memory or t)) : t]
            [want] = least_squares_forecast(kept, 1)
            assert said[t - 1] == pytest.approx(want, abs=1e-9)


@pytest.mark.parametrize("steps", [1, 3, 25])
def test_the_limit_is_what_the_best_forecast_reaches(steps):
    horizons = [1, 7, 30]
    limit = tasks.oscillations_limit(steps, horizons).tolist()
    x = tasks.oscillations(4000, steps + 30, seeded())[..., 0].numpy()
    said = np.array([least_squares_forecast(row[:steps], 30) for row in x])
    reached = np.sqrt(np.mean((said - x[:, steps:]) ** 2, axis=0))
    assert [reached[k - 1] for k in horizons] == pytest.approx(limit, rel=0.04)
    far = tasks.oscillations_limit(500, range(1, 101))  # never below the noise
    assert tasks.NOISE < far.min() < far.max() < 1.02 * tasks.NOISE


def test_henon_s_values_follow_from_two():
    start = torch.rand(4, 2, 1, generator=seeded(), dtype=torch.float64)
    series = [*(0.2 * start - 0.1).unbind(dim=1)]
    for _ in range(130):  # a hundred steps are left out
        before, now = series[-2:]
        series.append(1 - 1.4 * now**2 + 0.3 * before)
    want = torch.stack(series[102:], dim=1)
    assert torch.equal(tasks.henon(4, 30, seeded()), want)
