"""Source A's series and weights, as source A documents them."""

import statistics

import numpy as np
import pytest

from unrolled import by_hand, data
from unrolled.data import PRICES, Normalization, next_step_pairs


def random_series(length):
    return np.random.default_rng(length).normal(50, 9, length)


def test_prices_are_those_of_source_a():
    assert PRICES == (100, 102, 105, 103, 108, 110, 107, 112, 115, 113)


@pytest.mark.parametrize("series", [PRICES, random_series(2), [3, -1, 4.5]])
def test_normalization_measures_mean_and_population_std(series):
    values = [float(value) for value in series]
    measured = Normalization.of(series)
    assert measured.mean == pytest.approx(statistics.fmean(values), abs=1e-12)
    assert measured.std == pytest.approx(statistics.pstdev(values), abs=1e-12)


@pytest.mark.parametrize("length", [2, 3, 50])
def test_normalised_series_has_mean_0_and_std_1(length):
    series = random_series(length)
    normalised = Normalization.of(series).apply(series)
    assert normalised.shape == (length,)
    assert normalised.mean() == pytest.approx(0, abs=1e-12)
    assert (normalised**2).mean() == pytest.approx(1, abs=1e-12)


def test_undo_undoes_apply():
    normalization = Normalization.of(PRICES)
    series = random_series(7)  # another series than the one measured
    there = normalization.apply(series)
    assert (np.abs(there - series) > 1).all()
    np.testing.assert_allclose(normalization.undo(there), series, atol=1e-12)
    back = normalization.apply(normalization.undo(series))
    np.testing.assert_allclose(back, series, atol=1e-12)


def test_pairs_are_one_step_apart():
    series = random_series(6)
    x, y = next_step_pairs(series)
    assert x.shape == y.shape == (1, 5, 1)
    assert x[0, :, 0].tolist() == series[:5].tolist()
    assert y[0, :, 0].tolist() == series[1:].tolist()


def test_weights_are_the_documented_draw():
    draw = np.random.RandomState(42).randn(4, 2) * 0.1  # rows f, i, g, o
    weights = data.source_a_weights()
    assert set(weights) == {"weight_ih", "weight_hh", "bias"}
    assert weights["weight_hh"].shape == weights["weight_ih"].shape == (4, 1)
    for row, gate in enumerate("ifgo"):
        by_h, by_x = draw["figo".index(gate)]
        assert weights["weight_hh"][row].tolist() == [by_h]
        assert weights["weight_ih"][row].tolist() == [by_x]
    assert weights["bias"].tolist() == [0.0] * 4


def test_weights_begin_as_source_a_prints_them():
    weights = data.source_a_weights()
    wf = weights["weight_hh"][1, 0], weights["weight_ih"][1, 0]
    assert [round(float(weight), 6) for weight in wf] == [0.049671, -0.013826]


def test_each_call_gives_its_own_weights():
    data.source_a_weights()["weight_ih"][:] = 0
    assert data.source_a_weights()["weight_ih"].all()


def test_anchor_is_the_series_and_the_weights():
    x, y, weights = data.anchor()
    series = Normalization.of(PRICES).apply(PRICES)
    assert x.shape == y.shape == (1, 9, 1)
    assert x.ravel().tolist() == series[:-1].tolist()
    assert y.ravel().tolist() == series[1:].tolist()
    for name, value in data.source_a_weights().items():
        np.testing.assert_array_equal(weights.pop(name), value)
    assert not weights


def test_mse_over_nine_steps():
    x, y, weights = data.anchor()
    hs, caches = by_hand.lstm.forward(x, weights)
    loss, _ = by_hand.training.squared_error(hs, y)
    assert len(caches) == 9
    assert round(loss, 4) == 0.8451
