"""Falls and gaps of gradients, found in another way."""

import numpy as np
import pytest

from unrolled import by_hand, data
from unrolled_book.exercises.oracles import (
    fall_ratio,
    gap_without_dh,
    random_lstm,
)


@pytest.mark.parametrize("rate", [0.001, 0.1, 1.0])
def test_the_fall_is_that_of_the_package(rate):
    x, y, weights = data.anchor()
    hs, caches = by_hand.lstm.forward(x, weights)
    _, grads = by_hand.lstm.bptt(2 * (hs - y), caches, weights)
    squares = sum((grad**2).sum() for grad in grads.values())
    moved = {name: weights[name] - rate * grads[name] for name in weights}
    after, _ = by_hand.lstm.forward(x, moved)
    fall = ((hs - y) ** 2).sum() - ((after - y) ** 2).sum()
    right = fall / (rate * squares)
    assert fall_ratio(x, y, weights, rate) == pytest.approx(right)


def test_the_gap_is_that_of_a_pass_without_dh():
    x, params, dhs = random_lstm(4, 10, 3, 5, np.random.default_rng(0))
    _, caches = by_hand.lstm.forward(x, params)
    right = by_hand.lstm.bptt(dhs, caches, params)[1]
    dc, wrong = np.zeros((4, 5)), dict.fromkeys(params, 0.0)
    for t in reversed(range(10)):
        _, _, dc, new = by_hand.lstm.cell_backward(
            dhs[:, t], dc, caches[t], params
        )
        wrong = {name: wrong[name] + new[name] for name in wrong}
    vectors = [
        np.concatenate([grads[name].ravel() for name in sorted(grads)])
        for grads in (right, wrong)
    ]
    gap = np.linalg.norm(vectors[1] - vectors[0]) / np.linalg.norm(vectors[0])
    assert gap_without_dh(x, params, dhs) == pytest.approx(gap)
