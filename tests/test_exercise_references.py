"""What the experiments must give, found in another way."""

import statistics

import numpy as np
import pytest
import torch

from unrolled.models.transformer import CausalTransformer
from unrolled_book.exercises.references import (
    RANGES,
    cost_of_patience,
    interval_of_five,
    kept_pairs,
    steps_until,
    stopped,
)
from unrolled_lab import load_model, load_records, make_data


def test_ranges_are_ranges():
    assert all(low < high for low, high in RANGES.values())


def is_in_range(came, chapter, what):
    low, high = RANGES[chapter, what]
    return low < came < high


def test_the_moves_are_those_of_the_whole_way():
    """Each write, times the forget gates after it."""
    came = 0.4 * 0.9 * 0.8 + 0.5 * 0.2 * 0.8 + 0.25 * 0.4
    assert is_in_range(came, "09_gates", "the move of c₃")


def answers(net, traces, step, c):
    """Go on from after a step, with this c in layer 2, by PyTorch's cell."""
    below, above = traces
    cell = net.recurrent.cells[1]
    h = above.o[:, step - 1] * c.tanh()
    for h_1 in below.h[:, step:].unbind(1):
        h, c = torch.lstm_cell(h_1, (h, c), *cell.parameters())
    h = torch.cat([below.h[:, -1], h], dim=1)  # of both layers, (N, 2H)
    return net.head(h).argmax(dim=1) == 1


@torch.no_grad()
def test_erased_and_replaced_are_those_of_runs_that_go_on():
    shares = []
    for record in load_records("published"):
        net = load_model(record, "best")
        x = make_data(record.config).test.tensors[0][:300]
        traces = net.recurrent.trace(x)
        own = x[:, 0, 0] + x[:, -1, 0] > 0
        donor = x[:, 0, 0].roll(1) + x[:, -1, 0] > 0
        for step in (1, 5, 15):
            c = traces[1].c[:, step - 1]
            erased = answers(net, traces, step, 0 * c) == own
            replaced = answers(net, traces, step, c.roll(1, 0)) == donor
            shares += [erased.double().mean(), replaced.double().mean()]
    means = torch.stack(shares).view(5, 3, 2).mean(dim=0)
    for step, pair in zip((1, 5, 15), means.tolist(), strict=True):
        for what, share in zip(("erased", "replaced"), pair, strict=True):
            assert is_in_range(share, "09_gates", f"{what} after step {step}")


@pytest.mark.parametrize("width", [48, 96, 192, 384])
def test_looking_back_is_half_of_the_work_of_all_matrices(width):
    """Each number of the matrices, and of the cache, is multiplied once."""
    parts = list(CausalTransformer(32, width, 2).parameters())
    matrices = sum(part.numel() for part in parts if part.dim() > 1)
    length = matrices / (4 * width)  # a key and a value in two layers
    share = matrices / sum(part.numel() for part in parts)
    for what, came in (("length", length), ("share", share)):
        assert is_in_range(came, "12_beyond", f"the {what} for width {width}")


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
