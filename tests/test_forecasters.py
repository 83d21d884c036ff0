"""The recorded forecasters: made as they say, and what the chapter says."""

from itertools import product

import numpy as np
import pytest
import torch

import unrolled_lab as lab
from unrolled.data import sea_temperature
from unrolled.tasks import henon_next
from unrolled.train import fit
from unrolled_lab import __main__ as command
from unrolled_lab import forecasters, rolling
from unrolled_lab.forecasters import save_forecasters
from unrolled_lab.resume import load_checkpoint

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(name="tiny")
def make_tiny(monkeypatch):
    """Trainings of no time: two updates in each stage."""
    monkeypatch.setattr(forecasters, "COUNT", 64)
    monkeypatch.setattr(forecasters, "SEEDS", range(2))
    for stage in ("FIRST", "SECOND", "WHOLE"):
        short = getattr(forecasters, stage).replace(epochs=1)
        monkeypatch.setattr(forecasters, stage, short)


def same(one, other):
    a, b = one.state_dict(), other.state_dict()
    return all(torch.allclose(a[k], b[k], atol=1e-6) for k in a)


def test_what_is_saved_is_what_was_trained(tiny, tmp_path):
    torch.set_num_threads(2)
    before = torch.get_rng_state()
    for seed in (0, 1):
        assert save_forecasters("henon", seed, tmp_path)
        assert not save_forecasters("henon", seed, tmp_path)
    assert torch.get_num_threads() == 2
    torch.set_num_threads(1)  # on a busy machine, two wait for each other
    networks = lab.load_forecasters("henon", tmp_path)
    losses = lab.load_losses("henon", tmp_path)
    assert torch.equal(torch.get_rng_state(), before)
    path = tmp_path / "forecasters" / "henon-seed0.pt"
    assert load_checkpoint(path)["circumstances"]["threads"] == 1
    again, loss = forecasters.train_forecasters("henon", 1)
    assert [*networks] == [*again] == [*losses]
    for name, (_, second) in networks.items():
        assert same(second, again[name])
        assert losses[name][1] == pytest.approx(loss[name], rel=1e-6)
    assert save_forecasters("henon", 1, tmp_path, "from_start")
    assert lab.load_losses("henon", tmp_path)["own 6"] == losses["own 6"]


def test_each_way_is_trained_as_it_is_called(tiny, monkeypatch):
    """What is trained, on which data, with which seed and configuration."""
    asked = []

    def note(*args):
        asked.append(args)
        return fit(*args)

    monkeypatch.setattr(forecasters, "fit", note)
    networks, _ = forecasters.train_forecasters("henon", 3)
    (start, first, _, config), *ways = asked
    assert start is networks["start"]
    assert config == forecasters.FIRST.replace(seed=3)
    for _, second, _, config in ways:
        assert not torch.equal(second.tensors[0], first.tensors[0])
        assert config == forecasters.SECOND.replace(seed=3)
    teacher, scheduled, own_6, own_20 = (way[0] for way in ways)
    assert teacher is networks["teacher"]
    assert isinstance(scheduled, lab.ScheduledSampling)
    assert (scheduled.updates, scheduled.most) == (1, 0.5)  # half of 2
    assert [own_6.warm_up, own_20.warm_up] == [26, 12]
    for way, name in ((scheduled, "scheduled"), (own_6, "own 6")):
        assert way.model is networks[name]
    assert len({id(network) for network in networks.values()}) == 5
    del asked[:]
    networks, losses = forecasters.train_forecasters("henon", 3, "from_start")
    untrained, one, two = lab.begin_forecaster("henon", 3)
    assert same(networks["start"], untrained)
    assert losses["start"] == []
    both = torch.cat([one.tensors[0], two.tensors[0]])
    for _, data, _, config in asked:
        assert torch.equal(data.tensors[0], both)
        assert config == forecasters.WHOLE.replace(seed=3)
    assert (asked[1][0].updates, asked[1][0].most) == (4, 1.0)  # all of 4
    assert [asked[n][0].warm_up for n in (2, 3)] == [26, 12]


SYNTHETIC = ["oscillations", "henon"], range(5), ["forecasters", "from_start"]
CALLS = {
    "forecasters": [*product(*SYNTHETIC), *product(rolling.CASES, range(5))],
    "probes": [*product(range(5))],
}


@pytest.mark.parametrize("name", CALLS)
def test_the_command_makes_all(name, monkeypatch, tmp_path, capsys):
    made = []

    def save(*args):
        made.append(args)
        return 2 in args

    monkeypatch.setattr(command, f"save_{name}", save)
    monkeypatch.setattr(command, "save_rolling", save)
    line = [name, "--results", str(tmp_path)]
    line += ["--jobs", "1"] * (name == "forecasters")
    assert command.main(line) == 0
    without = [tuple(a for a in args if a != tmp_path) for args in made]
    assert sorted(without) == sorted(CALLS[name])
    assert all(tmp_path in args for args in made)
    said = "11 of 55 trained" if len(made) == 55 else "1 of 5 seeds measured"
    assert capsys.readouterr().out == f"{name}: {said} now\n"


@pytest.mark.parametrize("series", ["oscillations", "henon"])
def test_a_training_starts_from_its_seed(tiny, series):
    one, *data = lab.begin_forecaster(series, 3)
    two, *again = lab.begin_forecaster(series, 3)
    assert same(one, two)
    assert not same(one, lab.begin_forecaster(series, 4)[0])
    for first, second in zip(data, again, strict=True):
        x, y = first.tensors
        assert torch.equal(x, second.tensors[0])
        assert torch.equal(x[:, 1:], y[:, :-1])
        assert x.shape == (64, 32, 1)
    assert not torch.equal(x, data[0].tensors[0])  # each stage has its own
    # The map never gets beyond 2.
    is_henon = torch.equal(henon_next(x), y[:, 1:])
    assert is_henon == (series == "henon") == (x.abs().max() < 2).item()


# A real series


def trained(monkeypatch, folder, case="sea-1980", after=None):
    """Train a network for two epochs, all values from `after` on changed."""
    series = lab.rolling_series(case, 1).copy()
    if after is not None:
        series[after:] = -series[after:]
    config = rolling.CONFIG.replace(epochs=2)
    monkeypatch.setattr(rolling, "CONFIG", config)
    monkeypatch.setattr(rolling, "rolling_series", lambda *_: series)
    folder.mkdir()
    assert rolling.save_rolling(case, 1, folder)
    assert not rolling.save_rolling(case, 1, folder)
    return load_checkpoint(folder / "rolling" / f"{case}-seed1.pt")


def test_a_network_learns_nothing_of_what_comes_later(monkeypatch, tmp_path):
    """What chooses the epoch changes that loss, the test not even this."""
    end = rolling.CASES["sea-1980"]
    whole, no_test, no_choice = (
        trained(monkeypatch, tmp_path / f"{after}", after=after)
        for after in (None, end, end - rolling.VALID)
    )
    losses = "train_loss", "valid_loss"
    assert [whole[name] for name in losses] == [no_test[n] for n in losses]
    assert no_choice["train_loss"] == whole["train_loss"]
    assert no_choice["valid_loss"] != whole["valid_loss"]
    kept = load_checkpoint(
        rolling.results_folder() / "rolling" / "sea-1980-seed1.pt"
    )
    assert len(kept["train_loss"]) == 60
    assert kept["train_loss"][:2] == pytest.approx(
        whole["train_loss"], rel=0.01
    )


def test_the_cases_are_walks_the_sea_and_its_anomalies():
    walks = [lab.rolling_series("walk", seed) for seed in range(2)]
    for walk in walks:
        assert walk.shape == (732,)
        assert np.diff(walk).std() == pytest.approx(1, abs=0.1)
    assert not np.allclose(*walks)
    sea = sea_temperature()
    for year in (1980, 1990, 2000):
        assert rolling.CASES[f"sea-{year}"] == 12 * (year - 1950)
        assert np.array_equal(lab.rolling_series(f"sea-{year}", 0), sea)
        anomaly = lab.rolling_series(f"anomaly-{year}", 0)
        usual = (sea - anomaly).reshape(61, 12)
        assert np.allclose(usual, usual[0])
        before = anomaly.reshape(61, 12)[: year - 1955]
        assert np.allclose(before.mean(axis=0), 0)


def test_the_five_networks_are_five():
    for case in rolling.CASES:
        five = lab.load_rolling(case)
        assert len(five) == 5
        assert not any(same(five[0], other) for other in five[1:])
