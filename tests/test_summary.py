"""Sums over records, and runs that are followed, against plain loops."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from small_runs import run
from unrolled.train import fit
from unrolled_lab import (
    build_model,
    curves,
    execute,
    first_above,
    follow,
    gradient_ratio,
    make_data,
    replay,
)

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(name="records", scope="module")
def make_records():
    return [execute(run(seed=seed, diagnose=True)) for seed in range(3)]


def test_curves_are_the_columns_of_the_records(records):
    table = curves(records, "valid_loss")
    assert table.shape == (3, 2)
    for row, record in zip(table, records, strict=True):
        assert row.tolist() == record.history.column("valid_loss")
    np.testing.assert_array_equal(
        curves(records, "valid_loss", 1), table[:, :1]
    )


def test_curves_of_longer_and_shorter_runs(records):
    longer = execute(run(training={"epochs": 3}))
    assert curves([longer, *records], "train_loss", 2).shape == (4, 2)
    with pytest.raises(ValueError, match=r"as many epochs each, got \[2, 3\]"):
        curves([longer, *records], "train_loss")


@pytest.mark.parametrize(
    ("values", "level", "epoch"),
    [
        ([0.5, 0.9], 0.4, 1),
        ([0.5, 0.9, 0.3, 0.95], 0.6, 2),
        ([0.5, 0.9], 0.9, None),  # not above
        ([0.5, 0.9], 0.95, None),
    ],
)
def test_first_above(values, level, epoch):
    assert first_above(values, level) == epoch


def test_gradient_ratio(records):
    ratios = gradient_ratio(records)
    assert ratios.shape == (3,)
    for ratio, record in zip(ratios, records, strict=True):
        first, *_, last = record.gradient_norms
        assert ratio == first / last
    assert len(set(ratios)) == 3


# A run that is followed


def weights(model):
    return torch.cat([p.detach().flatten() for p in model.parameters()])


@pytest.mark.parametrize("dropout", [0.0, 0.5])
def test_to_follow_a_run_is_to_replay_it(dropout):
    config = run(num_layers=2, dropout=dropout, training={"epochs": 4})
    history, found = follow(config, 3, weights)
    again = replay(config, 3)
    for name in ("train_loss", "valid_loss", "grad_norm", "lr"):
        assert history.column(name) == again.column(name)
    assert len(found) == 4
    assert torch.equal(found[0], weights(build_model(config)))


def test_what_is_measured_is_the_network_after_each_epoch():
    config = run(training={"epochs": 3, "lr": 0.5})
    history, found = follow(config, 3, weights)
    assert history.best_epoch < 3  # so that the best weights are others
    data = make_data(config)
    for epochs, after in enumerate(found[1:], start=1):
        model = build_model(config)
        train = replace(config.train, epochs=epochs, keep="last")
        fit(model, data.train, data.valid, train)
        assert torch.equal(after, weights(model))


def test_a_run_can_be_followed_on_other_data():
    config = run()
    other = make_data(run(seed=1))
    _, own = follow(config, 1, weights)
    history, changed = follow(config, 1, weights, other)
    assert torch.equal(own[0], changed[0])
    assert not torch.equal(own[1], changed[1])
    model = build_model(config)
    train = replace(config.train, epochs=1, keep="last")
    assert fit(model, other.train, other.valid, train).column(
        "train_loss"
    ) == history.column("train_loss")
