"""Margins, reliability and temperature, against other ways to compute them."""

import numpy as np
import pytest
import torch
from torch.nn import functional

from unrolled.confidence import (
    Reliability,
    fit_temperature,
    losses,
    margins,
    reliability,
    wilson,
)

N = 200


@pytest.fixture(name="scored", params=[2, 5])
def draw_scored(request):
    """Logits of two or five classes, and labels that they tell much of."""
    rng = np.random.default_rng(request.param)
    labels = rng.integers(request.param, size=N)
    logits = rng.normal(size=(N, request.param))
    logits[np.arange(N), labels] += 1.5
    return logits, labels


def test_wilsons_bounds_are_where_the_score_is_two_standard_errors():
    assert wilson(0, 5)[0] == 0
    assert wilson(40, 40)[1] == 1  # not 1 and a rounding
    for k, n in ((5, 5), (0, 4), (3, 10), (23, 33)):
        for p in wilson(k, n):
            distance = abs(k / n - p)
            want = 1.959964 * (p * (1 - p) / n) ** 0.5
            assert distance == pytest.approx(want, abs=1e-6)


# Margins and losses


def test_margins_and_losses(scored):
    logits, labels = scored
    for margin, row, label in zip(
        margins(logits, labels), logits, labels, strict=True
    ):
        others = [z for k, z in enumerate(row) if k != label]
        assert margin == row[label] - max(others)
    want = functional.cross_entropy(
        torch.tensor(logits), torch.tensor(labels), reduction="none"
    )
    np.testing.assert_allclose(losses(logits, labels), want, rtol=1e-12)
    large = [[1000.0, 0.0], [1000.0, 0.0], [-1000.0, -1040.0]]
    assert losses(large, [0, 1, 1]).tolist() == [0.0, 1000.0, 40.0]


# Reliability


@pytest.mark.parametrize("options", [{"bins": 1}, {"bins": 3}, {}])
def test_reliability_by_hand(scored, options):
    logits, labels = scored
    C, bins = logits.shape[1], options.get("bins", 10)
    p = torch.tensor(logits).softmax(dim=1).numpy()
    table = {}
    for row, label in zip(p, labels, strict=True):
        edges = np.linspace(1 / C, 1, bins + 1)
        b = max(k for k in range(bins) if row.max() >= edges[k])
        table.setdefault(b, []).append((row.max(), row[label] == row.max()))
    got = reliability(logits, labels, **options)
    assert got.count.tolist() == [len(table[b]) for b in sorted(table)]
    for k, b in enumerate(sorted(table)):
        confidence, right = np.mean(table[b], axis=0)
        assert got.confidence[k] == pytest.approx(confidence, rel=1e-12)
        assert got.accuracy[k] == pytest.approx(right, rel=1e-12)


def test_the_ends_of_the_bins_are_in_them():
    logits = [[0.0, 0.0], [0.0, 800.0], [3.0, 0.0]]  # sure by 1/2, 1, 0.95
    got = reliability(logits, [0, 1, 0], bins=4)
    assert got.confidence[0] == 0.5
    assert got.count.tolist() == [1, 2]
    for C in range(2, 30, 3):  # wherever rounding puts 1/C
        got = reliability([[0.0] * C, [1e-3] + [0.0] * (C - 1)], [0, 0], bins=5)
        assert got.confidence == pytest.approx(1 / C, rel=1e-3)
        assert got.count.tolist() == [2]
    bins = np.array([0.6, 0.9]), np.array([0.5, 0.7]), np.array([30, 10])
    assert Reliability(*bins).error == pytest.approx(0.75 * 0.1 + 0.25 * 0.2)


# Temperature


def test_at_the_temperature_the_loss_is_flat_and_it_scales(scored):
    logits, labels = scored
    T = fit_temperature(logits, labels)
    beta = torch.tensor(1 / T, requires_grad=True, dtype=torch.float64)
    z = beta * torch.tensor(logits)
    functional.cross_entropy(z, torch.tensor(labels)).backward()
    assert abs(beta.grad.item()) < 1e-9  # and the loss is convex in 1 / T
    shifts = 1e6 * np.arange(N)[:, None]
    shifted = fit_temperature(logits + shifts, labels)
    assert shifted == pytest.approx(T, rel=1e-6)
    for factor in (1e-12, 7.0, 1e12):
        scaled = fit_temperature(factor * logits, labels)
        assert scaled == pytest.approx(factor * T, rel=1e-9)


def test_a_temperature_far_from_some_margins():
    # exp(1 / T) would overflow. At T, the many lose as much as the one wins.
    logits = [[0.001, 0.0]] * 9999 + [[0.0, 1.0]]
    want = 0.001 / np.log(9.999 - 1)
    assert fit_temperature(logits, [0] * 10_000) == pytest.approx(want)
