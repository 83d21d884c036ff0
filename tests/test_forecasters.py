"""The recorded forecasters: made as they say, and what the chapter says."""

from dataclasses import replace

import pytest
import torch

from unrolled.models import ScheduledSampling
from unrolled.tasks import henon, henon_next, oscillations
from unrolled.train import fit
from unrolled.train.checkpoint import load_checkpoint, save_checkpoint
from unrolled_lab import __main__ as command
from unrolled_lab import (
    begin_forecaster,
    forecasters,
    load_forecasters,
    load_losses,
    results_folder,
    save_forecasters,
)

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(name="small")
def make_small(monkeypatch):
    """Trainings of a second in place of the long ones."""
    monkeypatch.setattr(forecasters, "COUNT", 64)
    monkeypatch.setattr(forecasters, "SEEDS", range(2))


@pytest.fixture(name="tiny")
def make_tiny(small, monkeypatch):
    """Trainings of no time: two updates in each stage."""
    for stage in ("FIRST", "SECOND"):
        short = replace(getattr(forecasters, stage), epochs=1)
        monkeypatch.setattr(forecasters, stage, short)


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


def test_trainings_are_on_one_thread_and_draw_nothing_else(tiny, tmp_path):
    torch.set_num_threads(2)  # the fixture of this file puts it back
    before = torch.get_rng_state()
    save_forecasters("henon", 0, tmp_path)
    save_forecasters("henon", 1, tmp_path)
    assert torch.get_num_threads() == 2
    load_forecasters("henon", tmp_path)
    assert torch.equal(torch.get_rng_state(), before)
    state = load_checkpoint(tmp_path / "forecasters" / "henon-seed0.pt")
    assert state["circumstances"]["threads"] == 1


def test_a_checkpoint_of_something_else_is_refused(tiny, tmp_path):
    (tmp_path / "forecasters").mkdir()
    path = tmp_path / "forecasters" / "henon-seed0.pt"
    for state in ({}, {"weights": {"start": {}}, "losses": {}}):
        save_checkpoint(path, state)
        for load in (load_forecasters, load_losses):
            with pytest.raises(ValueError, match=r"henon-seed0.pt: expected"):
                load("henon", tmp_path)


def test_each_way_is_trained_as_it_is_called(monkeypatch):
    """What is trained, on which data, with which seed and configuration."""
    monkeypatch.setattr(forecasters, "COUNT", 64)
    asked = []
    monkeypatch.setattr(forecasters, "_train", lambda *args: asked.append(args))
    networks, _ = forecasters.train_forecasters("henon", 3)
    (start, first, *options), *ways = asked
    assert start is networks["start"]
    assert options == [forecasters.FIRST, 3]
    teacher, scheduled, own_6, own_20 = (way[0] for way in ways)
    for (_, second, *options), name in zip(ways, [*networks][1:], strict=True):
        assert not torch.equal(second.tensors[0], first.tensors[0]), name
        assert options == [forecasters.SECOND, 3]
    assert teacher is networks["teacher"]
    assert isinstance(scheduled, ScheduledSampling)
    assert (scheduled.updates, scheduled.most) == (3, 0.5)  # half of 6
    assert [own_6.warm_up, own_20.warm_up] == [26, 12]
    for way, name in ((scheduled, "scheduled"), (own_6, "own 6")):
        assert way.model is networks[name]
    assert len({id(network) for network in networks.values()}) == 5


def test_the_seed_is_that_of_the_training_too(tiny, monkeypatch):
    seen = []

    def look(*args):
        seen.append(args[3].seed)
        return fit(*args)

    monkeypatch.setattr(forecasters, "fit", look)
    forecasters.train_forecasters("henon", 7)
    assert seen == [7] * 5


def test_the_command_trains_all(monkeypatch, tmp_path, capsys):
    trained = []

    def save(series, seed, folder):
        trained.append((series, seed, folder))
        return seed == 2

    monkeypatch.setattr(command, "save_forecasters", save)
    line = ["forecasters", "--jobs", "1", "--results", str(tmp_path)]
    assert command.main(line) == 0
    assert trained == [
        (series, seed, tmp_path)
        for series in ("oscillations", "henon")
        for seed in range(5)
    ]
    assert capsys.readouterr().out == "forecasters: 2 of 10 trained now\n"


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
