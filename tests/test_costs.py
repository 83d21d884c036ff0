"""What is counted of a network's cost, against sums done by hand."""

import time

import numpy as np
import pytest
import torch
from torch import nn

from unrolled import costs, rivals
from unrolled.cell import RNNCell
from unrolled.recurrent import Recurrent

pytestmark = pytest.mark.usefixtures("one_thread")

H, LAYERS, V = 96, 2, len(rivals.CHARACTERS)


def test_the_longest_chain_of_a_short_one():
    a, b = (torch.ones(2, requires_grad=True) for _ in range(2))
    assert costs.longest_chain(a + b) == 2
    assert costs.longest_chain((a + b).exp().exp() * b) == 5
    many = a
    for _ in range(5000):  # deeper than Python's recursion
        many = many + b
    assert costs.longest_chain(many) == 5001


@pytest.mark.parametrize("steps", [3, 10])
def test_a_plain_rnn_waits_four_operations_at_each_step(steps):
    layer = Recurrent(RNNCell, 2, 3)
    out, _ = layer(torch.ones(1, steps, 2))
    one_more, _ = layer(torch.ones(1, steps + 1, 2))
    # The product with h, two sums, the tanh.
    more = costs.longest_chain(one_more) - costs.longest_chain(out)
    assert more == 4


def test_only_the_transformer_s_chain_is_of_one_length():
    tokens = torch.zeros(1, 30, dtype=torch.int64)
    model = rivals.make_rival("Transformer")
    chains = {costs.longest_chain(model(tokens[:, :T])) for T in (2, 9, 30)}
    assert len(chains) == 1


def by_hand(way, n):
    """Multiplications in the matrix products of one generated token."""
    if way == "LSTM":
        units = 132
        first, second = 4 * units * (V + units), 4 * units * 2 * units
        return first + second + units * V
    alone = 12 * H * H  # query, key, value: 3; out: 1; inner, outer: 4 each
    back = 2 * n * H  # scores, and the mean of the values
    one = LAYERS * (alone + back) + 2 * V * H  # inlet and head
    return one if way == "Transformer, cache" else n * one


@pytest.mark.parametrize("way", rivals.WAYS)
@pytest.mark.parametrize("n", [1, 2, 7, 40])
def test_multiplications(way, n):
    step = rivals.generating_step(way, n)
    assert costs.multiplications(step) == by_hand(way, n)


@pytest.mark.parametrize("n", [1, 5, 64])
def test_bytes_kept_for_the_next_token(n):
    kept = {
        way: costs.held_bytes(rivals.generating_step(way, n)()[1])
        for way in rivals.WAYS
    }
    assert kept == {
        "LSTM": 4 * 2 * LAYERS * 132,
        "Transformer, cache": 4 * 2 * LAYERS * H * n,
        "Transformer, no cache": 8 * n,
    }


def test_all_ways_foretell_the_same():
    model = rivals.make_rival("Transformer")
    scores = [
        rivals.generating_step(way, 9, model)()[0] for way in rivals.WAYS[1:]
    ]
    assert torch.allclose(*scores, atol=1e-5)
    lstm = rivals.make_rival("LSTM")
    tokens = torch.randint(
        V, (1, 9), generator=torch.Generator().manual_seed(0)
    )
    stepped = rivals.generating_step("LSTM", 9, lstm)()[0]
    assert torch.allclose(stepped, lstm(tokens)[:, -1:], atol=1e-5)


def test_rivals_are_of_one_size():
    sizes = [
        sum(p.numel() for p in rivals.make_rival(name).parameters())
        for name in rivals.TRAINED
    ]
    assert max(sizes) / min(sizes) < 1.01


def test_pytorch_s_lstm_gives_the_same_scores_and_gradients():
    ours, theirs = (
        rivals.make_rival(name, torch.Generator().manual_seed(0)).double()
        for name in ("LSTM", "LSTM by PyTorch")
    )
    tokens = torch.randint(
        V, (3, 9), generator=torch.Generator().manual_seed(1)
    )
    scores = ours(tokens), theirs(tokens)
    torch.testing.assert_close(*scores)
    for out in scores:
        out.square().sum().backward()
    torch.testing.assert_close(
        ours.recurrent.cells[1].weight_hh.grad,
        theirs.recurrent.weight_hh_l1.grad,
    )


@pytest.mark.parametrize("name", rivals.TRAINED)
def test_a_training_step_trains(name):
    model = rivals.make_rival(name, torch.Generator().manual_seed(0))
    before = [p.detach().clone() for p in model.parameters()]
    step = rivals.training_step(model, 2, 5)
    step()
    pairs = zip(model.parameters(), before, strict=True)
    assert not any(torch.equal(now, then) for now, then in pairs)


@pytest.mark.parametrize("name", rivals.RIVALS)
def test_training_steps_are_those_of_anybody(name):
    """Against a loop of one's own: what is foretold, clipped and zeroed."""
    # In float64: Adam divides each gradient by its size and 1e-8, which makes
    # whole steps of float32's rounding, 1e-7 where the exact gradient is 0, as
    # it is for a Transformer's key biases, which softmax drops.
    model, twin = (
        rivals.make_rival(name, torch.Generator().manual_seed(0)).double()
        for _ in "ab"
    )
    with torch.no_grad():  # so large a head that the gradient is clipped
        for each in (model, twin):
            each.head.weight *= 50
    step = rivals.training_step(model, 3, 5)
    tokens = rivals._tokens(3, 5)
    assert tokens.shape == (3, 6)
    adam, norms = torch.optim.Adam(twin.parameters()), []
    for _ in range(3):
        step()
        logits = twin(tokens[:, :5])
        right = logits.log_softmax(dim=2).gather(2, tokens[:, 1:, None])
        adam.zero_grad()
        (-right.mean()).backward()
        norm = nn.utils.clip_grad_norm_(twin.parameters(), 1.0)
        norms.append(norm.item())
        adam.step()
    assert min(norms) > 1
    pairs = zip(model.parameters(), twin.parameters(), strict=True)
    # Three steps of 0.001 times what is left of rounding: 1e-16 by 1e-8.
    assert all(torch.allclose(a, b, rtol=0, atol=1e-10) for a, b in pairs)


def test_growth_of_powers():
    x = np.array([1.0, 3.0, 10.0])
    for power in (0, 0.5, 2):
        np.testing.assert_allclose(costs.growth(x, 7 * x**power), power)


def test_crossing():
    x = np.array([1.0, 10.0, 100.0, 1000.0])
    assert costs.crossing(x, x, 0 * x + 31.6227766) == pytest.approx(31.6227766)
    assert costs.crossing(x, x, x + 1) is None
    assert costs.crossing(x, x + 1, x) == pytest.approx(1)
    assert costs.crossing(x, [1, 2, 2, 1], [1, 1, 1, 1]) is None  # equal last
    falls_back = [0.5, 2, 0.5, 2]  # above twice, and only then for good
    assert 100 < costs.crossing(x, falls_back, [1, 1, 1, 1]) < 1000
    above_first = [2, 0.5, 2, 2]
    assert 10 < costs.crossing(x, above_first, [1, 1, 1, 1]) < 100


def test_the_least_time_of_several_by_turns(monkeypatch):
    calls, clock = [], iter([0, 5, 10, 12, 20, 23, 30, 39])
    monkeypatch.setattr(time, "perf_counter", lambda: next(clock))
    timed = {name: lambda n=name: calls.append(n) for name in "ab"}
    assert costs.least_seconds(timed, 2) == {"a": 3, "b": 2}
    assert calls == list("aabbaabb")
