"""What the experiments must give, found in another way."""

import numpy as np
import pytest
import torch

from unrolled import data, numpy_lstm
from unrolled.exercise_oracles import random_lstm
from unrolled.exercise_references import (
    RANGES,
    arrivals,
    fall_ratio,
    gap_without_dh,
    kept_pairs,
    steps_until,
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


@pytest.mark.parametrize("rate", [0.001, 0.1, 1.0])
def test_the_fall_is_that_of_the_package(rate):
    x, y, weights = data.anchor()
    hs, caches = numpy_lstm.forward(x, weights)
    _, grads = numpy_lstm.bptt(2 * (hs - y), caches, weights)
    squares = sum((grad**2).sum() for grad in grads.values())
    moved = {name: weights[name] - rate * grads[name] for name in weights}
    after, _ = numpy_lstm.forward(x, moved)
    fall = ((hs - y) ** 2).sum() - ((after - y) ** 2).sum()
    right = fall / (rate * squares)
    assert fall_ratio(x, y, weights, rate) == pytest.approx(right)


def test_the_gap_is_that_of_a_pass_without_dh():
    x, params, dhs = random_lstm(4, 10, 3, 5, np.random.default_rng(0))
    _, caches = numpy_lstm.forward(x, params)
    right = numpy_lstm.bptt(dhs, caches, params)[1]
    dc, wrong = np.zeros((4, 5)), dict.fromkeys(params, 0.0)
    for t in reversed(range(10)):
        _, _, dc, new = numpy_lstm.cell_backward(
            dhs[:, t], dc, caches[t], params
        )
        wrong = {name: wrong[name] + new[name] for name in wrong}
    vectors = [
        np.concatenate([grads[name].ravel() for name in sorted(grads)])
        for grads in (right, wrong)
    ]
    gap = np.linalg.norm(vectors[1] - vectors[0]) / np.linalg.norm(vectors[0])
    assert gap_without_dh(x, params, dhs) == pytest.approx(gap)


@pytest.mark.parametrize("kind", ["RNN", "GRU", "LSTM"])
def test_what_arrives_is_what_autograd_says(kind):
    generator = torch.Generator().manual_seed(0)
    layer = getattr(torch.nn, kind)(2, 3, num_layers=2, batch_first=True)
    for tensor in layer.parameters():
        torch.nn.init.uniform_(tensor, -1, 1, generator=generator)
    x = torch.randn(4, 5, 2, generator=generator)
    tables = torch.autograd.functional.jacobian(
        lambda x: layer.double()(x)[0][:, -1], x.double()
    )  # (4, 3, 4, 5, 2)
    own = torch.stack([tables[n, :, n] for n in range(4)])  # (4, 3, 5, 2)
    lengths = own.square().sum(dim=(1, 3)).mean(dim=0).sqrt()  # (5,)
    right = lengths / lengths[-1]
    assert arrivals(layer, x) == pytest.approx(right.numpy(), rel=1e-6)


def test_what_arrives_leaves_the_layer_alone():
    layer, x = torch.nn.GRU(1, 2, batch_first=True), torch.ones(2, 3, 1)
    before = [tensor.clone() for tensor in layer.parameters()]
    arrivals(layer, x)
    after = list(layer.parameters())
    assert all(map(torch.equal, before, after))
    assert after[0].dtype == x.dtype == torch.float32
