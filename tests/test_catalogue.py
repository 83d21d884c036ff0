"""The catalogue: what is compared with what, and for how long.

That each record is of a run of the catalogue, and each run but the trial's has
a record, stands in test_results.py: with it no field can change unnoticed.
"""

import math
from collections import Counter

import pytest
import torch

from small_runs import run
from unrolled_lab import (
    CATALOGUE,
    build_model,
    count_parameters,
    estimate,
    runs_of,
)

ALL = [config for name in CATALOGUE for config in runs_of(name)]


def groups(experiment):
    return Counter(config.group for config in runs_of(experiment))


def test_every_run_has_a_name_an_id_and_a_command_of_its_own():
    assert len({config.id for config in ALL}) == len(ALL)
    assert len({(c.experiment, c.name) for c in ALL}) == len(ALL)
    for name in CATALOGUE:
        assert {config.experiment for config in runs_of(name)} == {name}
    for config in ALL:
        *_, experiment, _, only = config.command.split()
        meant = [c for c in runs_of(experiment) if only in c.name]
        assert meant == [config]


def test_source_b_s_run():
    config = runs_of("published")[0]
    assert config.id == "75d4b6d3"
    for cell in build_model(config).recurrent.cells:
        for bias in cell.biases:
            want = torch.zeros(4, 128)
            want[1] = 1
            assert torch.equal(bias.view(4, 128), want)
    for experiment, count in (("published", 204_290), ("one_feature", 197_378)):
        for config in runs_of(experiment):
            assert count_parameters(build_model(config)) == count
    (config, *_) = [c for c in runs_of("cells") if c.cell == "Transformer"]
    assert 0.95 < count_parameters(build_model(config)) / 204_290 < 1.05


def test_a_group_differs_from_its_twin_by_what_its_name_says():
    cells, lengths = runs_of("cells"), runs_of("lengths")
    home = {"experiment": "cells", "diagnose": True}
    for config in runs_of("controls"):
        train = config.train.replace(epochs=40, step_size=20)
        twin = {"group": "rnn-uniform", "train_count": 5000, "train": train}
        assert config.replace(**home | twin) in cells
    for config in runs_of("crossed"):
        assert config.group == f"data-{config.data_seed}"
        twin = {"group": "lstm-uniform-fb0", "data_seed": None}
        assert config.replace(**home | twin) in cells
    starts = {"GRU": {"update_bias": 0.0}, "LSTM": {"forget_bias": 1.0}}
    for config in runs_of("open_lengths"):
        group = f"{config.cell.lower()}-t{config.steps:03}"
        twin = {"experiment": "lengths", "group": group} | starts[config.cell]
        once = config.seed > 0 and config.steps > 50
        assert once or config.replace(**twin) in lengths


def test_the_lengths_at_the_published_size():
    cells, published = runs_of("cells"), runs_of("published")
    plain = {"rnn-orthogonal", "rnn-identity", "relu-identity", "rnn-xavier"}
    starts = {50: plain | {"lstm-fb2", "gru-ub2"}}
    starts[30], starts[100] = plain - {"rnn-xavier"}, starts[50]
    starts[200] = {"rnn-identity", "relu-identity", "lstm-fb4", "gru-ub4"}
    assert groups("published_lengths") == {
        f"{start}-t{T:03}": 5 if T < 100 else 3
        for T, names in starts.items()
        for start in names
    }
    for config in runs_of("published_lengths"):
        start, T = config.group.split("-t")
        assert config.steps == int(T)
        cell, init = start.split("-")
        twin = {"experiment": "cells", "steps": 30, "nonlinearity": "tanh"}
        if cell in ("rnn", "relu"):
            assert (config.init, config.cell) == (init, "RNN")
            assert config.nonlinearity == ("relu" if cell == "relu" else "tanh")
            twin |= {"group": "rnn-xavier", "init": "xavier"}
        elif cell == "gru":
            assert config.update_bias == int(init[-1])
            twin |= {"group": "gru-uniform-ub2", "update_bias": 2.0}
        else:
            assert config.forget_bias == int(init[-1])
            twin = {"experiment": "published", "group": "lstm", "steps": 30}
            twin |= {"train": published[config.seed].train, "forget_bias": 2.0}
            twin |= {"weights": ("best", "last")}
        assert config.replace(**twin) in cells + published


def test_what_is_changed_in_the_second_round():
    cells, published = runs_of("cells"), runs_of("published")
    assert len(groups("rates")) == 15 and {*groups("rates").values()} == {3}
    for config in runs_of("rates"):
        group, _, lr = config.group.rpartition("-lr")
        assert config.train.lr == float(lr) != 1e-3
        train = config.train.replace(lr=1e-3)
        changes = {"experiment": "cells", "group": group, "diagnose": True}
        assert config.replace(**changes, train=train) in cells
    assert groups("nested") == {f"data-{data}": 3 for data in range(10, 15)}
    for config in runs_of("nested"):
        assert config.trace and config.group == f"data-{config.data_seed}"
        changes = {"experiment": "cells", "group": "lstm-uniform-fb0"}
        changes |= {"data_seed": None, "trace": False, "diagnose": True}
        assert config.replace(**changes) in cells
    kinds = {
        "sum": ("sum", 0, "nothing"), "shuffled": ("shuffled", 0, "nothing"),
        "last": ("last", 0, "nothing"), "fresh": ("sum", 0, "all"),
        "last-noise": ("last", 0.25, "nothing"),
    }  # fmt: skip
    assert groups("leftovers") == dict.fromkeys(kinds, 5)
    for config in runs_of("leftovers"):
        told = (config.question, config.label_noise, config.redraw)
        assert config.trace and told == kinds[config.group]
        changes = {"experiment": "cells", "group": "rnn-uniform"}
        changes |= {"question": "sum", "label_noise": 0.0, "redraw": "nothing"}
        train = config.train.replace(epochs=40)
        assert config.replace(**changes, train=train, trace=False) in cells
    assert groups("heads") == {"head-last": 5, "bias-1": 5}
    for config in runs_of("heads"):
        changes = {"experiment": "published", "group": "lstm"}
        if config.group == "bias-1":
            assert config.forget_bias == 1
            changes |= {"forget_bias": 2.0}
        else:
            assert config.layers == "last"
            changes |= {"layers": "all"}
        train = published[config.seed].train
        assert config.train == train.replace(epochs=40)
        assert config.replace(**changes, train=train) in published


def test_fresh_data_for_every_cell():
    names = {"rnn-uniform", "gru-uniform", "gru-uniform-ub2", "transformer"}
    names |= {f"lstm-uniform-fb{bias}" for bias in (0, 1, 2)}
    longer = ("rnn-uniform", "lstm-uniform-fb0", "gru-uniform")
    wanted = dict.fromkeys(names, 2) | {f"{name}-long": 1 for name in longer}
    assert groups("fresh") == wanted
    for config in runs_of("fresh"):
        assert config.redraw == "all"
        group = config.group.removesuffix("-long")
        epochs = 40 if group == config.group else 400
        assert config.train.epochs == epochs == 2 * config.train.step_size
        train = config.train.replace(epochs=40, step_size=20)
        changes = {"experiment": "cells", "group": group, "diagnose": True}
        changes |= {"redraw": "nothing", "train": train}
        assert config.replace(**changes) in runs_of("cells")


def test_the_remedies():
    middle = runs_of("dropout")[0]
    for config in runs_of("dropout") + runs_of("decay"):
        twin = {"group": "dropout-0.30", "experiment": "dropout"}
        twin |= {"dropout": 0.3}
        twin["train"] = config.train.replace(weight_decay=0.0, seed=0)
        assert config.replace(**twin) == middle
    for config in runs_of("doses") + runs_of("pairs"):
        twin = {"experiment": "dropout", "group": "dropout-0.30"}
        twin |= {"dropout": 0.3, "redraw": "nothing"}
        assert config.replace(**twin) in runs_of("dropout")
    shares = Counter(config.dropout for config in runs_of("doses"))
    assert shares == {0.15: 3, 0.45: 3, 0.75: 3}
    assert groups("pairs") == {"noise-anew": 5, "all-anew": 5}
    for config in runs_of("pairs"):
        assert config.group == f"{config.redraw}-anew"
    for config in runs_of("data"):
        steps = math.ceil(config.train_count / 64)
        assert steps * config.train.epochs == pytest.approx(3160, rel=0.015)
        assert config.train.epochs == 2 * config.train.step_size
    sizes = Counter(config.group for config in runs_of("cells"))
    assert set(sizes.values()) == {5}


def test_the_estimates():
    assert sum(map(estimate, runs_of("all"))) / 3600 / 2 < 9
    assert {c.experiment for c in runs_of("all")} == {*CATALOGUE} - {"trial"}
    assert 300 < estimate(runs_of("published")[0]) < 450
    for changes in (
        {"steps": 10}, {"train_count": 120}, {"hidden_size": 8},
        {"num_layers": 2}, {"valid_count": 80}, {"test_count": 100},
        {"training": {"epochs": 4}},
    ):  # fmt: skip
        assert estimate(run(**changes)) > estimate(run())
