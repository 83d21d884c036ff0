"""Source A's series and weights, as source A documents them; and windows."""

import statistics

import numpy as np
import pytest

from unrolled import data
from unrolled.data import PRICES, Normalization


def random_series(length):
    return np.random.default_rng(length).normal(50, 9, length)


@pytest.mark.parametrize("series", [PRICES, random_series(2), [3, -1, 4.5]])
def test_normalization_measures_mean_and_population_std(series):
    values = [float(value) for value in series]
    measured = Normalization.of(series)
    assert measured.mean == pytest.approx(statistics.fmean(values), abs=1e-12)
    assert measured.std == pytest.approx(statistics.pstdev(values), abs=1e-12)
    other = random_series(7)  # another series than the one measured
    there = measured.apply(other)
    want = (other - measured.mean) / measured.std
    np.testing.assert_allclose(there, want, rtol=1e-12)
    np.testing.assert_allclose(measured.undo(there), other, atol=1e-12)


@pytest.mark.parametrize(("length", "steps"), [(10, 4), (10, 9), (2, 1)])
def test_windows_are_all_the_pieces_in_order(length, steps):
    series = random_series(length)
    given = series.copy()
    x, y = data.windows(series, steps)
    pieces = np.lib.stride_tricks.sliding_window_view(series, steps)[..., None]
    np.testing.assert_array_equal(x, pieces[:-1])
    np.testing.assert_array_equal(y, pieces[1:])
    longest = data.windows(series, length - 1)
    for ours, want in zip(data.windows(series), longest, strict=True):
        np.testing.assert_array_equal(ours, want)
    x[0] = y[0] = -1  # they share no memory
    assert series.tolist() == given.tolist()
    assert (x[1:] != -1).all()


@pytest.mark.parametrize(
    ("count", "size", "lengths"),
    [(6, 2, [2, 2, 2]), (6, 4, [4, 2]), (3, 5, [3]), (1, 1, [1])],
)
def test_minibatches_deal_each_number_once(count, size, lengths):
    batches = [*data.minibatches(count, size, np.random.default_rng(0))]
    assert [len(batch) for batch in batches] == lengths
    assert sorted(np.concatenate(batches).tolist()) == [*range(count)]


def test_weights_are_each_call_s_own():
    """That they are the documented draw, doctests and the chapters show."""
    data.source_a_weights()["weight_ih"][:] = 0
    assert data.source_a_weights()["weight_ih"].all()
