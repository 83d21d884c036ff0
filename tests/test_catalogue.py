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
    middle = runs_of("dropout")[0]
    for config in runs_of("dropout") + runs_of("decay"):
        twin = {"group": "dropout-0.30", "experiment": "dropout"}
        twin |= {"dropout": 0.3}
        twin["train"] = config.train.replace(weight_decay=0.0, seed=0)
        assert config.replace(**twin) == middle
    for config in runs_of("data"):
        steps = math.ceil(config.train_count / 64)
        assert steps * config.train.epochs == pytest.approx(3160, rel=0.015)
        assert config.train.epochs == 2 * config.train.step_size
    sizes = Counter(config.group for config in runs_of("cells"))
    assert set(sizes.values()) == {5}


def test_the_estimates():
    assert sum(map(estimate, runs_of("all"))) / 3600 / 2 < 6
    assert {c.experiment for c in runs_of("all")} == {*CATALOGUE} - {"trial"}
    assert 300 < estimate(runs_of("published")[0]) < 450
    for changes in (
        {"steps": 10}, {"train_count": 120}, {"hidden_size": 8},
        {"num_layers": 2}, {"valid_count": 80}, {"test_count": 100},
        {"training": {"epochs": 4}},
    ):  # fmt: skip
        assert estimate(run(**changes)) > estimate(run())
