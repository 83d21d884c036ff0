"""What the experiments must give, found in another way."""

import statistics

import numpy as np
import pytest

from unrolled.exercise_references import (
    RANGES,
    cost_of_patience,
    interval_of_five,
    kept_pairs,
    steps_until,
    stopped,
)


def test_ranges_are_ranges():
    assert all(low < high for low, high in RANGES.values())


@pytest.mark.parametrize(("k1", "k2"), [(3, 6), (6, 3), (1, 4), (12, 12)])
def test_pairs_are_those_of_the_formula(k1, k2):
    """Error s belongs to the pass that begins after its group of k₁."""
    ends = [(s // k1 + 1) * k1 for s in range(12)]
    reach = [s - max(0, end - k2) + 1 for s, end in enumerate(ends)]
    assert kept_pairs(12, k1, k2) == sum(max(0, steps) for steps in reach)


@pytest.mark.parametrize("factor", [0.5, 0.9, 0.982])
@pytest.mark.parametrize("left", [0.01, 0.1])
def test_steps_are_those_of_the_logarithm(factor, left):
    right = np.ceil(np.log(left) / np.log(factor))
    assert steps_until(factor, left) == right


def waited(losses, patience):
    """Early stopping as the chapter does it, epoch by epoch."""
    best = 0
    for epoch, value in enumerate(losses):
        if value < losses[best]:
            best = epoch
        if epoch - best >= patience:
            break
    return best + 1, epoch + 1


@pytest.mark.parametrize("patience", [1, 2, 3, 9, 50])
def test_stopping_is_the_chapter_s(patience):
    """Whole numbers, so that many losses are equal."""
    rows = np.random.default_rng(0).integers(0, 8, (200, 12))
    assert [stopped(row, patience) for row in rows] == [
        waited(row, patience) for row in rows
    ]


def test_the_cost_is_that_of_the_epoch_kept():
    rows = np.random.default_rng(0).uniform(size=(50, 12))
    kept = [waited(row, 2)[0] for row in rows]
    pairs = zip(rows, kept, strict=True)
    right = [row[epoch - 1] - min(row) for row, epoch in pairs]
    assert cost_of_patience(rows, 2).tolist() == right
    assert cost_of_patience(rows, 12).tolist() == [0.0] * 50


def test_the_interval_is_that_of_the_standard_deviation():
    five = np.random.default_rng(0).normal(3, 2, 5)
    mean, half = interval_of_five(five)
    assert mean == pytest.approx(statistics.fmean(five))
    right = 2.776 * statistics.stdev(five) / np.sqrt(5)
    assert half == pytest.approx(right)
