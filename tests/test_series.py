"""The series to forecast: their definitions, their limits a second way."""

import math

import numpy as np
import pytest
import torch

from oracles import seeded
from unrolled.tasks import (
    NOISE,
    PERIODS,
    henon,
    henon_continue,
    henon_next,
    oscillations,
    oscillations_best,
    oscillations_limit,
)

# Oscillations


def waves(steps):
    """The four curves that the signal is a mixture of, (T, 4)."""
    t = np.arange(steps)[:, None]
    turns = 2 * np.pi * t / np.array(PERIODS)
    return np.concatenate([np.cos(turns), np.sin(turns)], axis=1) / math.sqrt(2)


def test_the_periods_have_the_golden_ratio():
    longer, shorter = PERIODS
    assert longer / shorter == pytest.approx((longer + shorter) / longer)


def test_without_noise_a_series_is_a_mixture_of_four_curves():
    x = oscillations(5, 40, seeded(), noise=0.0)[..., 0].numpy()
    _, left, rank, _ = np.linalg.lstsq(waves(40), x.T, rcond=None)
    assert rank == 4
    assert left == pytest.approx(0, abs=1e-20)


def test_sizes_and_noise_are_as_said():
    clean = oscillations(5000, 20, seeded(), noise=0.0)
    noisy = oscillations(5000, 20, seeded(), noise=0.3)
    assert clean.std(dim=0).numpy() == pytest.approx(1, abs=0.05)
    assert (noisy - clean).std().item() == pytest.approx(0.3, abs=0.005)
    assert clean.dtype == torch.float64


def test_sizes_are_drawn_before_the_noise():
    """So that a seed stays what it is: the records depend on it."""
    draws = [
        torch.randn(*shape, generator=generator, dtype=torch.float64).numpy()
        for generator in [seeded()]
        for shape in ((3, 4), (3, 40))
    ]
    columns = waves(40)[:, [0, 2, 1, 3]]  # cos and sin of each period
    want = draws[0] @ columns.T + 0.3 * draws[1]
    x = oscillations(3, 40, seeded(), noise=0.3)[..., 0].numpy()
    assert x == pytest.approx(want, abs=1e-12)


def least_squares_forecast(x, steps):
    """The same forecast by another road: fit the four sizes, with a prior.

    Standard normal sizes and noise s: the most probable sizes have the least
    |x − waves · sizes|² / s² + |sizes|².
    """
    T = len(x)
    A = np.concatenate([waves(T) / NOISE, np.eye(4)])
    sizes = np.linalg.lstsq(A, np.append(x / NOISE, np.zeros(4)), rcond=None)[0]
    return waves(T + steps)[T:] @ sizes


def test_the_best_forecast_fits_the_sizes():
    x = oscillations(3, 30, seeded())
    best = oscillations_best(x)
    for series, said in zip(x[..., 0].numpy(), best[..., 0], strict=True):
        for t in (1, 2, 5, 30):
            [want] = least_squares_forecast(series[:t], 1)
            assert said[t - 1].item() == pytest.approx(want, abs=1e-9)


@pytest.mark.parametrize("memory", [1, 4, 29, 30, 99])
def test_a_short_memory_is_a_short_series(memory):
    x = oscillations(1, 30, seeded())
    [best] = oscillations_best(x, memory)[..., 0].tolist()
    [series] = x[..., 0].numpy()
    for t in (1, 3, 5, 30):
        kept = series[max(0, t - memory) : t]
        [want] = least_squares_forecast(kept, 1)
        assert best[t - 1] == pytest.approx(want, abs=1e-9)


def test_run_free_the_best_forecast_is_the_best_far_ahead():
    """To read one's own best forecasts is to learn nothing, and no harm."""
    x = oscillations(2, 12, seeded())
    longer = x
    for _ in range(20):
        said = oscillations_best(longer)[:, -1:]
        longer = torch.cat([longer, said], dim=1)
    for series, alone in zip(x[..., 0], longer[:, 12:, 0], strict=True):
        want = least_squares_forecast(series.numpy(), 20)
        assert alone.numpy() == pytest.approx(want, abs=1e-8)


@pytest.mark.parametrize("steps", [1, 3, 25])
def test_the_limit_is_what_the_best_forecast_reaches(steps):
    horizons = [1, 7, 30]
    limit = oscillations_limit(steps, horizons).tolist()
    x = oscillations(4000, steps + 30, seeded())[..., 0].numpy()
    said = np.array([least_squares_forecast(row[:steps], 30) for row in x])
    reached = np.sqrt(np.mean((said - x[:, steps:]) ** 2, axis=0))
    assert [reached[k - 1] for k in horizons] == pytest.approx(limit, rel=0.04)


def test_no_forecast_is_below_the_noise():
    limit = oscillations_limit(500, range(1, 101))
    assert (limit > NOISE).all()
    assert (limit < 1.02 * NOISE).all()


# Hénon's map


def test_each_value_follows_from_two():
    x = henon(4, 30, seeded())[..., 0].tolist()
    for row in x:
        for before, now, after in zip(row, row[1:], row[2:], strict=False):
            assert after == 1 - 1.4 * now**2 + 0.3 * before


def test_the_next_value_of_anything():
    pairs = torch.randn(6, 4, 1, generator=seeded(), dtype=torch.float64)
    want = 1 - 1.4 * pairs[:, 1:] ** 2 + 0.3 * pairs[:, :-1]
    assert torch.equal(henon_next(pairs), want)


def test_going_on_is_the_same_series():
    x = henon(4, 40, seeded())
    assert torch.equal(henon_continue(x[:, :7], 33), x[:, 7:])


def test_series_begin_in_different_places():
    x = henon(500, 1, seeded())
    assert x.std() > 0.6
    assert x.abs().max() < 1.3


def test_a_hundred_steps_are_left_out():
    start = torch.rand(3, 2, 1, generator=seeded(), dtype=torch.float64)
    going = henon_continue(0.2 * start - 0.1, 105)
    assert torch.equal(henon(3, 5, seeded()), going[:, 100:])


def test_errors_grow_at_the_known_rate():
    """0.419 per step, the exponent that the literature gives."""
    x = henon(400, 2, seeded())
    nudged = x.clone()
    nudged[:, -1] += 1e-11
    apart = (henon_continue(nudged, 40) - henon_continue(x, 40)).abs()
    logs = apart[..., 0].clamp(min=1e-300).log().mean(0)  # (40,)
    slope = (logs[35] - logs[5]).item() / 30
    assert slope == pytest.approx(0.419, abs=0.015)


@pytest.mark.parametrize("draw", [oscillations, henon])
def test_a_seed_decides_everything(draw):
    before, generator = torch.get_rng_state(), seeded()
    first, second = draw(3, 9, generator), draw(3, 9, generator)
    assert torch.equal(first, draw(3, 9, seeded()))
    assert not torch.equal(first, second)
    assert first.shape == (3, 9, 1)
    assert torch.equal(torch.get_rng_state(), before)
