"""The recorded forecasters: made as they say, and what the chapter says."""

from dataclasses import replace

import pytest
import torch

from unrolled.experiments import (
    begin_forecaster,
    forecasters,
    load_forecasters,
    load_losses,
    results_folder,
    save_forecasters,
)
from unrolled.tasks import henon, henon_next, oscillations
from unrolled.train import fit

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(name="small")
def make_small(monkeypatch):
    """Trainings of a second in place of the long ones."""
    monkeypatch.setattr(forecasters, "COUNT", 64)
    monkeypatch.setattr(forecasters, "SEEDS", range(2))


def same(one, other):
    a, b = one.state_dict(), other.state_dict()
    return all(torch.allclose(a[k], b[k], atol=1e-6) for k in a)


def test_what_is_saved_is_what_was_trained(small, tmp_path):
    for seed in (0, 1):
        assert save_forecasters("henon", seed, tmp_path)
        assert not save_forecasters("henon", seed, tmp_path)
    networks, losses = (
        load_forecasters("henon", tmp_path),
        load_losses("henon", tmp_path),
    )
    again, loss = forecasters.train_forecasters("henon", 1)
    assert [*networks] == [*again] == [*losses]
    for name, (_, second) in networks.items():
        assert same(second, again[name])
        assert losses[name][1] == pytest.approx(loss[name], rel=1e-6)
    start = networks.pop("start")[1]
    kept = [five[1] for five in networks.values()]
    assert not any(same(start, other) for other in kept)
    assert not any(
        same(a, b) for n, a in enumerate(kept) for b in kept[n + 1 :]
    )


@pytest.mark.parametrize("series", ["oscillations", "henon"])
def test_a_training_starts_from_its_seed(small, series):
    one, *data = begin_forecaster(series, 3)
    two, *again = begin_forecaster(series, 3)
    other, *_ = begin_forecaster(series, 4)
    assert same(one, two)
    assert not same(one, other)
    for first, second in zip(data, again, strict=True):
        x, y = first.tensors
        assert torch.equal(x, second.tensors[0])
        assert torch.equal(x[:, 1:], y[:, :-1])
        assert x.shape == (64, 32, 1)
    assert not torch.equal(data[0].tensors[0], data[1].tensors[0])


def test_the_series_are_those_of_their_names():
    _, first, _ = begin_forecaster("henon", 0)
    x, y = first.tensors
    assert torch.equal(henon_next(x), y[:, 1:])
    _, first, _ = begin_forecaster("oscillations", 0)
    assert first.tensors[0].abs().max() > 2  # the map never gets there


def recorded(series):
    if not (results_folder() / "forecasters").is_dir():
        pytest.skip("no records yet: make reproduce")
    return load_forecasters(series)


@pytest.mark.parametrize("series", ["oscillations", "henon"])
def test_the_first_epoch_of_a_record_comes_again(series):
    recorded(series)
    network, first, _ = begin_forecaster(series, 0)
    config = replace(forecasters.FIRST, epochs=1)
    history = fit(network, first, None, config)
    want = load_losses(series)["start"][0][:1]
    assert history.column("train_loss") == pytest.approx(want, rel=0.01)


@pytest.mark.parametrize(
    ("draw", "most"), [(oscillations, 0.13), (henon, 0.01)]
)
def test_the_recorded_networks_forecast_the_next_step(draw, most):
    x = draw(300, 40, torch.Generator().manual_seed(1))
    networks = recorded(draw.__name__)
    assert {len(five) for five in networks.values()} == {5}
    for network in networks["teacher"]:
        with torch.no_grad():
            error = network(x[:, :-1])[:, -1] - x[:, -1]
        assert error.square().mean().sqrt() < most
