"""The catalogue: what is compared with what, and for how long.

That each record is of a run of the catalogue, and each run but the trial's has
a record, stands in test_results.py: with it no field can change unnoticed.
"""

import unrolled_lab as lab
from small_runs import run

RUNS = {name: lab.runs_of(name) for name in lab.CATALOGUE}
ALL = [config for runs in RUNS.values() for config in runs]


def test_every_run_has_a_name_an_id_and_a_command_of_its_own():
    assert len({config.id for config in ALL}) == len(ALL)
    assert len({(c.experiment, c.name) for c in ALL}) == len(ALL)
    for name, runs in RUNS.items():
        assert {config.experiment for config in runs} == {name}
    for config in ALL:
        *_, experiment, _, only = config.command.split()
        meant = [c for c in RUNS[experiment] if only in c.name]
        assert meant == [config]


def test_the_transformer_is_as_large_as_source_b_s_network():
    (config, *_) = [c for c in lab.runs_of("cells") if c.cell == "Transformer"]
    assert 0.95 < lab.count_parameters(lab.build_model(config)) / 204_290 < 1.05


def test_the_estimates():
    assert sum(map(lab.estimate, lab.runs_of("all"))) / 3600 / 2 < 9
    assert {c.experiment for c in lab.runs_of("all")} == {*lab.CATALOGUE} - {
        "trial"
    }
    for changes in (
        {"steps": 10}, {"train_count": 120}, {"hidden_size": 8},
        {"num_layers": 2}, {"valid_count": 80}, {"test_count": 100},
        {"training": {"epochs": 4}},
    ):  # fmt: skip
        assert lab.estimate(run(**changes)) > lab.estimate(run())
