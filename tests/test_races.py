"""What chapter 12 compares: trained as if alone, counted by hand, timed."""

import time

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy

from oracles import seeded
from small_models import update
from unrolled.cells import RNNCell
from unrolled.recurrent import Recurrent
from unrolled.tasks import exact_match, first_last, intervals
from unrolled_lab import (
    cell_race,
    costs,
    count_parameters,
    load_measurement,
    transformer_race,
)
from unrolled_lab.build import generator_for
from unrolled_lab.transformer_race import generating_step, make_rival

pytestmark = pytest.mark.usefixtures("one_thread")
H, LAYERS, V = 96, 2, len(transformer_race.CHARACTERS)


# Kinds of cells


def test_the_tasks_are_those_of_the_chapter():
    usual, longer = cell_race.TASKS["first-last"]
    drawn = usual(3, seeded()), first_last(3, 10, 2, seeded())
    assert all(map(torch.equal, *drawn))
    assert longer(2, seeded())[0].shape == (2, 20, 2)
    gaps_of = range(1, 7), range(7, 10)
    for draw, gaps in zip(cell_race.TASKS["intervals"], gaps_of, strict=True):
        x, tags = draw(500, seeded())
        assert torch.equal(x.sum(dim=2), torch.ones_like(x[..., 0]))
        tokens, want = intervals(500, gaps[-1], seeded(), min_interval=gaps[0])
        assert torch.equal(x[..., 1], tokens.float())
        assert torch.equal(tags, want)


@pytest.mark.parametrize("name", cell_race.VARIANTS)
def test_the_networks_have_the_cells_of_their_names(name):
    network = cell_race.make_network(name, 3)
    (cell,) = network.recurrent.cells
    assert type(cell) is cell_race.VARIANTS[name].args[0]
    assert network.head.out_features == 2
    opened = network.recurrent.cells[0].bias.view(cell.blocks, -1)[1].mean()
    assert name != "GRU, z open" or opened == 1  # r, z, n


def alone(name, task, seed, updates):
    """One network, trained as anybody would: its loss at each update."""
    network = cell_race.make_network(name, seed)
    adam = torch.optim.Adam(network.parameters(), lr=0.01)
    source, losses = generator_for("training data", seed), []
    for _ in range(updates):
        x, target = cell_race.TASKS[task].usual(64, source)
        logits = network(x)
        if task == "first-last":
            logits, target = logits[:, -1:], target[:, None]
        loss = cross_entropy(logits.flatten(0, 1), target.flatten())
        update(network, loss, adam, 1.0)
        losses.append(loss.item())
    return losses, network


@pytest.mark.parametrize("task", cell_race.TASKS)
@pytest.mark.parametrize("name", ["peephole", "GRU"])
def test_side_by_side_is_as_alone(name, task):
    seeds = [2, 5]
    curves = cell_race.train_variant(name, task, seeds, 4, every=1)
    means = cell_race.train_variant(name, task, seeds, 4, every=2)["loss"]
    for row, seed in enumerate(seeds):
        losses, network = alone(name, task, seed, 4)
        assert curves["loss"][row] == pytest.approx(losses, rel=1e-4)
        pairs = np.reshape(losses, (2, 2)).mean(axis=1)
        assert means[row] == pytest.approx(pairs, rel=1e-4)
        source = generator_for("test data", seed)
        for key, draw in zip(
            ("right", "longer"), cell_race.TASKS[task], strict=True
        ):
            x, target = draw(500, source)
            found = network(x).argmax(dim=2)
            if task == "first-last":
                found, target = found[:, -1:], target[:, None]
            got = np.ravel(curves[key][row])[-1]
            assert got == pytest.approx(exact_match(found, target), abs=0.005)


def test_gradients_are_clipped_one_by_one_at_a_norm_of_1(monkeypatch):
    weights = [torch.zeros(2, 3), torch.zeros(2, 1)]
    weights[0].grad = torch.tensor([[3.0, 0, 0], [0.3, 0, 0]])
    weights[1].grad = torch.tensor([[4.0], [0.4]])
    cell_race._clip(weights, 1.0)
    clipped = torch.cat([weight.grad for weight in weights], dim=1)
    want = torch.tensor([[0.6, 0, 0, 0.8], [0.3, 0, 0, 0.4]])
    assert torch.allclose(clipped, want, atol=1e-6)
    norms = []
    monkeypatch.setattr(cell_race, "_clip", lambda _, norm: norms.append(norm))
    cell_race.train_variant("GRU", "first-last", [0], 2, every=1)
    assert norms == [1.0, 1.0]


def test_the_record_of_the_cells():
    """Chapter 12 trains some of them again."""
    record = load_measurement("variants")
    sizes = {
        name: count_parameters(cell_race.make_network(name, 0))
        for name in cell_race.VARIANTS
    }
    assert record["parameters"] == sizes
    assert {*record["tasks"]} == {*cell_race.TASKS}
    for groups in record["tasks"].values():
        assert [*groups] == [*cell_race.VARIANTS]


# The LSTM and the Transformer


def by_hand(way, n):
    """Multiplications in the matrix products of one generated token."""
    if way == "LSTM":
        units = 132
        first, second = 4 * units * (V + units), 4 * units * 2 * units
        return first + second + units * V
    projected = 12 * H * H  # query, key, value: 3; out: 1; inner, outer: 4 each
    back = 2 * n * H  # scores, and the mean of the values
    one = LAYERS * (projected + back) + 2 * V * H  # inlet and head
    return one if way == "Transformer, cache" else n * one


@pytest.mark.parametrize("way", transformer_race.WAYS)
@pytest.mark.parametrize("n", [1, 2, 40])
def test_what_a_token_costs_and_foretells(way, n):
    reader = make_rival(way.partition(",")[0], seeded())
    step = generating_step(way, n, reader)
    assert costs.multiplications(step) == by_hand(way, n)
    scores, state = step()
    held = {
        "LSTM": 4 * 2 * LAYERS * 132,
        "Transformer, cache": 4 * 2 * LAYERS * H * n,
        "Transformer, no cache": 8 * n,
    }
    assert costs.held_bytes(state) == held[way]
    tokens = torch.randint(V, (1, n), generator=seeded())
    assert torch.allclose(scores, reader(tokens)[:, -1:], atol=1e-5)


def test_two_rivals_are_one():
    ours, theirs = (
        make_rival(name, seeded()) for name in transformer_race.TRAINED[:2]
    )
    tokens = torch.randint(V, (3, 9), generator=seeded(1))
    scores = ours(tokens), theirs(tokens)
    torch.testing.assert_close(*scores)
    for out in scores:
        out.square().sum().backward()
    torch.testing.assert_close(
        ours.recurrent.cells[1].weight_hh.grad,
        theirs.recurrent.weight_hh_l1.grad,
    )


@pytest.mark.parametrize("name", transformer_race.TRAINED)
def test_training_steps_are_those_of_anybody(name):
    """Against a loop of one's own: what is foretold, clipped and zeroed."""
    # In float64: Adam divides each gradient by its size and 1e-8, which makes
    # whole steps of float32's rounding, 1e-7 where the exact gradient is 0, as
    # it is for a Transformer's key biases, which softmax drops.
    model, twin = (make_rival(name, seeded()).double() for _ in "ab")
    with torch.no_grad():  # so large a head that the gradient is clipped
        for each in (model, twin):
            each.head.weight *= 50
    step = transformer_race.training_step(model, 3, 5)
    tokens = transformer_race._tokens(3, 5)
    assert tokens.shape == (3, 6)
    adam, norms = torch.optim.Adam(twin.parameters()), []
    for _ in range(3):
        step()
        logits = twin(tokens[:, :5])
        right = logits.log_softmax(dim=2).gather(2, tokens[:, 1:, None])
        norms.append(update(twin, -right.mean(), adam, 1.0))
    assert min(norms) > 1
    pairs = zip(model.parameters(), twin.parameters(), strict=True)
    # Three steps of 0.001 times what is left of rounding: 1e-16 by 1e-8.
    assert all(torch.allclose(a, b, rtol=0, atol=1e-10) for a, b in pairs)


# Counting and timing


def test_the_longest_chain():
    a, b = (torch.ones(2, requires_grad=True) for _ in range(2))
    assert costs.longest_chain((a + b).exp().exp() * b) == 5
    many = a
    for _ in range(5000):  # deeper than Python's recursion
        many = many + b
    assert costs.longest_chain(many) == 5001
    layer = Recurrent(RNNCell, 2, 3)
    chains = [costs.longest_chain(layer(torch.ones(1, T, 2))[0])
              for T in (3, 4, 10, 11)]  # fmt: skip
    # The product with h, two sums, the tanh.
    assert np.diff(chains)[::2].tolist() == [4, 4]
    tokens, model = torch.zeros(1, 30).long(), make_rival("Transformer")
    short, long = (costs.longest_chain(model(tokens[:, :T])) for T in (2, 30))
    assert short == long


def test_where_one_curve_stays_above_another():
    x, one = np.array([1.0, 10.0, 100.0, 1000.0]), np.ones(4)
    assert costs.crossing(x, x, x + 1) is None
    assert costs.crossing(x, x + 1, x) == pytest.approx(1)
    assert costs.crossing(x, [1, 2, 2, 1], one) is None  # equal last
    # Above twice, and only then for good.
    assert 100 < costs.crossing(x, [0.5, 2, 0.5, 2], one) < 1000
    assert 10 < costs.crossing(x, [2, 0.5, 2, 2], one) < 100


def test_the_least_time_of_several_by_turns(monkeypatch):
    calls, clock = [], iter([0, 5, 10, 12, 20, 23, 30, 39])
    monkeypatch.setattr(time, "perf_counter", lambda: next(clock))
    timed = {name: lambda n=name: calls.append(n) for name in "ab"}
    assert costs.least_seconds(timed, 2) == {"a": 3, "b": 2}
    assert calls == list("aabbaabb")


@pytest.mark.parametrize("bad", [None, "a", torch.ones(2)])
def test_what_cannot_be_counted(bad):
    with pytest.raises(ValueError, match=r"result: expected a tensor .*got"):
        costs.longest_chain(bad)
    with pytest.raises(ValueError, match=r"state: expected tensors in .*got"):
        costs.held_bytes([torch.ones(2), {"h": bad}])
