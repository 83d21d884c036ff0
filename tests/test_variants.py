"""Networks that are trained side by side are trained as if alone."""

import json
from pathlib import Path

import pytest
import torch
from torch.nn.functional import cross_entropy

from unrolled import variants
from unrolled.experiments import generator_for
from unrolled.models import Tagger
from unrolled.recurrent import Recurrent
from unrolled.tasks import LEAD, exact_match, first_last, intervals

pytestmark = pytest.mark.usefixtures("one_thread")

RECORD = Path(__file__).parent.parent / "results" / "variants.json"
each_variant = pytest.mark.parametrize("name", variants.VARIANTS)


def stream(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.fixture(name="float64")
def calculate_in_float64(monkeypatch):
    """Behind Adam, float32's rounding can grow to whole steps."""

    def doubled(draw):
        def drawn(*args):
            x, target = draw(*args)
            return x.double(), target

        return drawn

    tasks = variants.TASKS.items()
    doubles = {name: type(two)(*map(doubled, two)) for name, two in tasks}
    monkeypatch.setattr(variants, "TASKS", doubles)
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def test_intervals_beat_once_more():
    tokens, tags = intervals(500, 6, stream())
    assert tokens.shape == tags.shape == (500, LEAD + 12)
    seen = set()
    for row, tag in zip(tokens, tags, strict=True):
        first, second = row.nonzero().flatten().tolist()
        assert tag.nonzero().flatten().tolist() == [2 * second - first]
        assert row.max() == 1
        seen.add((first, second - first))
    assert seen == {(a, n) for a in range(LEAD) for n in range(1, 7)}


def test_intervals_of_some_lengths():
    tokens, _ = intervals(200, 9, stream(), min_interval=7)
    marks = tokens.nonzero()[:, 1].unflatten(0, (-1, 2))
    assert set((marks[:, 1] - marks[:, 0]).tolist()) == {7, 8, 9}


@each_variant
def test_variants_have_as_many_parameters(name):
    network = variants.make_network(name, 0)
    assert 1250 <= sum(p.numel() for p in network.parameters()) <= 1300


@each_variant
def test_a_network_is_a_tagger_without_checks(name, float64):
    network = variants.make_network(name, 3)
    H = variants.VARIANTS[name].hidden_size
    tagger = Tagger(Recurrent(type(network.cell), variants.INPUTS, H), 2)
    tagger.recurrent.cells[0] = network.cell
    tagger.head = network.head
    x = torch.randn(4, 6, variants.INPUTS, generator=stream())
    assert torch.allclose(network(x), tagger(x), atol=1e-12)


def test_an_open_update_gate_is_all_that_differs():
    usual, opened = (
        variants.make_network(name, 0).state_dict()
        for name in ("GRU", "GRU, z open")
    )
    moved = opened.pop("cell.bias") - usual.pop("cell.bias")
    assert moved.view(3, -1).mean(dim=1).tolist() == [0, 1, 0]  # r, z, n
    assert all(torch.equal(usual[name], opened[name]) for name in usual)


def alone(name, task, seed, updates):
    """One network, trained as anybody would: its loss at each update."""
    network = variants.make_network(name, seed)
    adam = torch.optim.Adam(network.parameters(), lr=0.01)
    source, losses = generator_for("training data", seed), []
    for _ in range(updates):
        x, target = variants.TASKS[task].usual(64, source)
        logits = network(x)
        if task == "first-last":
            loss = cross_entropy(logits[:, -1], target)
        else:
            loss = cross_entropy(logits.flatten(0, 1), target.flatten())
        adam.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        adam.step()
        losses.append(loss.item())
    return losses, network


@pytest.mark.parametrize("task", variants.TASKS)
@pytest.mark.parametrize("name", ["peephole", "GRU"])
def test_side_by_side_is_as_alone(name, task, float64):
    seeds = [2, 5]
    curves = variants.train_variant(name, task, seeds, 4, every=1)
    for row, seed in enumerate(seeds):
        losses, network = alone(name, task, seed, 4)
        # Adam makes at most 1e-16 / 1e-8 of its rate of a rounding.
        assert curves["loss"][row] == pytest.approx(losses, rel=1e-9)
        source = generator_for("test data", seed)
        for key, kind in (("right", 0), ("longer", 1)):
            x, target = variants.TASKS[task][kind](500, source)
            found = network(x).argmax(dim=2)
            if task == "first-last":
                found, target = found[:, -1:], target[:, None]
            share = exact_match(found, target)
            got = curves[key][row]
            got = got[-1] if key == "right" else got
            assert got == pytest.approx(share)


def test_gradients_are_clipped_one_by_one():
    weights = [torch.zeros(2, 3), torch.zeros(2, 1)]
    weights[0].grad = torch.tensor([[3.0, 0, 0], [0.3, 0, 0]])
    weights[1].grad = torch.tensor([[4.0], [0.4]])
    variants._clip(weights, 1.0)
    want = torch.tensor([[0.6, 0, 0], [0.3, 0, 0]])
    assert torch.allclose(weights[0].grad, want, atol=1e-6)
    assert torch.allclose(
        weights[1].grad, torch.tensor([[0.8], [0.4]]), atol=1e-6
    )


@pytest.mark.parametrize("task", variants.TASKS)
def test_the_norm_that_gradients_are_clipped_at(monkeypatch, task):
    norms = []
    monkeypatch.setattr(variants, "_clip", lambda _, norm: norms.append(norm))
    variants.train_variant("GRU", task, [0], 2, every=1)
    assert norms == [1.0, 1.0]


def test_the_tasks_are_those_of_the_chapter():
    for kind, steps in zip(variants.TASKS["first-last"], (10, 20), strict=True):
        assert kind(2, stream())[0].shape == (2, steps, 2)
    for kind, wanted in zip(
        variants.TASKS["intervals"], ({*range(1, 7)}, {7, 8, 9}), strict=True
    ):
        x, _ = kind(300, stream())
        marks = x[..., 1].nonzero()[:, 1].unflatten(0, (-1, 2))
        assert {*(marks[:, 1] - marks[:, 0]).tolist()} == wanted


def test_the_longer_tasks_are_longer():
    for task, (usual, longer) in variants.TASKS.items():
        short, long = usual(2, stream())[0], longer(2, stream())[0]
        assert short.shape[1] < long.shape[1], task
    x, label = variants.TASKS["first-last"].usual(3, stream())
    again = first_last(3, 10, 2, stream())
    assert torch.equal(x, again[0])
    assert torch.equal(label, again[1])


def test_the_record_is_whole():
    record = json.loads(RECORD.read_text())
    assert record["parameters"] == {
        name: sum(
            p.numel() for p in variants.make_network(name, 0).parameters()
        )
        for name in variants.VARIANTS
    }
    assert set(record["tasks"]) == set(variants.TASKS)
    for task, groups in record["tasks"].items():
        assert list(groups) == list(variants.VARIANTS)
        tests = record["updates"][task] // record["every"]
        for curves in groups.values():
            assert len(curves["right"]) == len(record["seeds"]) >= 5
            assert {len(row) for row in curves["right"]} == {tests}
            assert len(curves["longer"]) == len(record["seeds"])


def test_the_record_s_beginning_comes_again():
    record = json.loads(RECORD.read_text())
    again = variants.train_variant("LSTM", "first-last", [1], 20, every=20)
    want = record["tasks"]["first-last"]["LSTM"]
    at = record["seeds"].index(1)
    for key, within in (("loss", 0.01), ("right", 0.03)):
        got, wanted = again[key][0][0], want[key][at][0]
        assert got == pytest.approx(wanted, abs=within)
