"""The runs behind the chapters: configurations, data, records, catalogue."""

import dataclasses
import json
import math
import platform
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy

from small_runs import numbers, run
from unrolled.experiments import (
    CATALOGUE,
    Record,
    RunConfig,
    build_model,
    by_group,
    count_parameters,
    estimate,
    execute,
    generator_for,
    gradient_norms,
    load_model,
    load_records,
    make_data,
    record,
    replay,
    results_folder,
    runs,
    runs_of,
)
from unrolled.experiments._config_checks import CHECKS
from unrolled.experiments.config import CellName
from unrolled.train import evaluate

pytestmark = pytest.mark.usefixtures("one_thread")

CELLS = CellName.__args__
each_cell = pytest.mark.parametrize("cell", CELLS)
ALL = [config for name in CATALOGUE for config in runs_of(name)]


def same(one, other):
    """Whether two models have the same weights."""
    pairs = zip(one.parameters(), other.parameters(), strict=True)
    return all(a.shape == b.shape and torch.equal(a, b) for a, b in pairs)


# Configurations

CHANGES = {
    "cell": "GRU",
    "train": run(training={"lr": 0.02}).train,
    "steps": 6,
    "features": 3,
    "train_count": 61,
    "valid_count": 41,
    "test_count": 51,
    "hidden_size": 5,
    "num_layers": 2,
    "dropout": 0.1,
    "layers": "all",
    "bias": False,
    "two_biases": True,
    "init": "pytorch",
    "forget_bias": 2.0,
    "update_bias": 2.0,
    "data_seed": 0,
    "diagnose": True,
    "weights": ("best",),
}
ALSO = {
    "cell": {"forget_bias": None},
    "bias": {"forget_bias": 0.0},
    "update_bias": {"cell": "GRU", "forget_bias": None},
}


def test_json_round_trip():
    config = run(dropout=0.1, num_layers=2, weights=("last", "initial"))
    assert config.weights == ("initial", "last")  # by time
    assert RunConfig.from_json(config.to_json()) == config
    for config in ALL:
        assert RunConfig.from_json(config.to_json()) == config


def test_everything_but_the_labels_is_in_the_id():
    fields = {field.name for field in dataclasses.fields(RunConfig)}
    assert fields == {*CHANGES, "experiment", "group"} == {*CHECKS}
    ids = {run().id}
    for name, value in CHANGES.items():
        ids.add(run(**{name: value}, **ALSO.get(name, {})).id)
    assert len(ids) == 1 + len(CHANGES)
    assert run(seed=1).id != run().id
    renamed = run(experiment="other", group="other")
    assert renamed.id == run().id
    assert renamed.name == "other-seed0"


def test_an_id_stays():
    # Records are found by these: who changes them makes the runs again.
    assert run().id == "8b494961"
    assert run(dropout=0, forget_bias=1).id == "8b494961"
    assert runs_of("published")[0].id == "75d4b6d3"


def test_a_field_that_is_missing_has_its_default():
    value = json.loads(run(num_layers=2).to_json())
    del value["num_layers"], value["train"]["patience"]
    config = RunConfig.from_json(json.dumps(value))
    assert config == run(num_layers=2)


# Data and networks


def test_no_two_sets_share_a_number():
    seen = [
        set(
            getattr(make_data(run(seed=seed)), name)
            .tensors[0]
            .flatten()
            .tolist()
        )
        for seed in (0, 1)
        for name in ("train", "valid", "test")
    ]
    assert [len(each) for each in seen] == [600, 400, 500] * 2
    assert len(set.union(*seen)) == sum(map(len, seen))


def test_the_data_are_the_task():
    data = make_data(run(train_count=2000, steps=7))
    for dataset, count in zip(data, (2000, 40, 50), strict=True):
        x, label = dataset.tensors
        assert x.shape == (count, 7, 2)
        assert torch.equal(label, (x[:, 0, 0] + x[:, 6, 0] > 0).long())
    x = data.train.tensors[0]
    assert x.mean(dim=0).abs().max() < 4 / math.sqrt(2000)
    assert (x.std(dim=0) - 1).abs().max() < 4 / math.sqrt(4000)


def test_what_decides_the_data_and_the_weights():
    base, data = build_model(run()), make_data(run())
    for same_data in [run("GRU"), run(dropout=0.5), run(training={"lr": 1.0})]:
        for one, other in zip(data, make_data(same_data), strict=True):
            assert torch.equal(one.tensors[0], other.tensors[0])
    longer = make_data(run(train_count=70))
    assert torch.equal(data.valid.tensors[0], longer.valid.tensors[0])
    assert torch.equal(data.test.tensors[0], longer.test.tensors[0])
    assert same(base, build_model(run()))
    assert same(base, build_model(run(dropout=0.5, train_count=70)))
    assert not same(base, build_model(run(seed=1)))
    assert not torch.equal(
        data.train.tensors[0], make_data(run(seed=1)).train.tensors[0]
    )


@pytest.mark.parametrize("data_seed", [0, 2])
def test_data_can_have_a_seed_of_their_own(data_seed):
    crossed = run(seed=1, data_seed=data_seed)
    for dataset, other in zip(
        make_data(crossed), make_data(run(seed=data_seed)), strict=True
    ):
        assert torch.equal(dataset.tensors[0], other.tensors[0])
    assert same(build_model(crossed), build_model(run(seed=1)))
    own = execute(run(seed=1, data_seed=1))
    assert numbers(own)["history"] == numbers(execute(run(seed=1)))["history"]


def test_purposes_and_seeds_have_generators_of_their_own():
    purposes = ("weights", "training data", "test data")
    first = [
        torch.rand(3, generator=generator_for(purpose, seed)).tolist()
        for purpose in purposes
        for seed in range(5)
    ]
    assert len({number for row in first for number in row}) == 45


def test_drawing_leaves_the_global_stream_alone():
    before = torch.get_rng_state()
    for cell in CELLS:
        execute(run(cell, diagnose=True, dropout=0.2))
    assert torch.equal(torch.get_rng_state(), before)


@each_cell
def test_the_options_arrive(cell):
    recurrent = cell != "Transformer"
    config = run(
        cell,
        hidden_size=12,
        num_layers=2,
        dropout=0.25,
        two_biases=recurrent,
        layers="all" if recurrent else "last",
        init="pytorch" if recurrent else "xavier",
        forget_bias=7.0 if cell == "LSTM" else None,
        update_bias=7.0 if cell == "GRU" else 0.0,
    )
    model = build_model(config)
    assert model.dropout.p == 0.25
    assert model.head.out_features == 2
    assert model.head.in_features == (24 if recurrent else 12)
    if not recurrent:
        assert len(model.encoder.layers) == 2
        assert model.encoder.layers[0].dropout.p == 0.25
        return
    layer = model.recurrent
    assert layer.dropout == 0.25
    blocks = {"LSTM": 4, "GRU": 3, "RNN": 1}[cell]
    for inner, inputs in zip(layer.cells, (2, 12), strict=True):
        assert inner.weight_ih.shape == (12 * blocks, inputs)
        assert len(inner.biases) == 2
        assert inner.biases[0].abs().max() > 0
        for number, total in enumerate(sum(inner.biases).split(12)):
            opened = 7 * (cell != "RNN" and number == 1)  # f, or z
            assert (total - opened).abs().max() < 2 / math.sqrt(12)


# Gradients before the training


def final_states(model, x):
    """What the head reads: its output, were it to change nothing."""
    size = model.head.in_features
    head, model.head = model.head, nn.Linear(size, size).to(x)
    with torch.no_grad():
        model.head.weight.copy_(torch.eye(size))
        model.head.bias.zero_()
    try:
        return model(x)
    finally:
        model.head = head


@each_cell
@pytest.mark.parametrize("layers", ["last", "all"])
def test_gradient_norms_against_the_whole_jacobian(cell, layers):
    if cell == "Transformer" and layers == "all":
        pytest.skip("it reads the last layer only")
    config = run(cell, layers=layers, num_layers=2, dropout=0.5)
    model = build_model(config).double()
    x = make_data(config).test.tensors[0][:3].double()
    jacobian = torch.autograd.functional.jacobian(
        lambda x: final_states(model.eval(), x), x
    )  # (N, K, N, T, D)
    model.train()
    own = torch.stack([jacobian[n, :, n] for n in range(3)])  # (N, K, T, D)
    K = own.shape[1]
    v = torch.randn(7, K, generator=generator_for("test", 0)).double()
    projected = torch.einsum("pk,nktd->nptd", v, own)  # (N, P, T, D)
    want = projected.square().sum(dim=3).mean(dim=(0, 1)).sqrt()  # (T,)
    got = gradient_norms(model, x, v)
    assert torch.allclose(got, want, rtol=1e-9)
    # All directions at once give the Frobenius norm exactly.
    frobenius = own.square().sum(dim=(1, 3)).mean(dim=0).sqrt()  # (T,)
    axes = math.sqrt(K) * torch.eye(K).double()
    assert torch.allclose(gradient_norms(model, x, axes), frobenius)
    assert model.training
    assert all(p.grad is None for p in model.parameters())


def test_random_directions_give_the_frobenius_norm_on_average():
    config = run("RNN")
    model, x = build_model(config), make_data(config).test.tensors[0][:3]
    exact = gradient_norms(model, x, 2 * torch.eye(4))  # 2: the root of 4
    v = torch.randn(1000, 4, generator=generator_for("test", 1))
    assert torch.allclose(gradient_norms(model, x, v), exact, rtol=0.1)


@pytest.mark.parametrize("off", [torch.no_grad, torch.inference_mode])
@each_cell
def test_gradient_norms_where_gradients_are_off(cell, off):
    config = run(cell)
    model, x = build_model(config), make_data(config).test.tensors[0][:3]
    want = gradient_norms(model, x, torch.eye(4))
    with off():
        got = gradient_norms(model, x.clone(), torch.eye(4))
    assert torch.equal(got, want)


def test_a_record_has_the_gradients_of_the_first_weights():
    config = run("GRU", diagnose=True, valid_count=70)
    v = torch.randn(32, 4, generator=generator_for("projections", 0))
    x = make_data(config).valid.tensors[0][:64]
    want = gradient_norms(build_model(config), x, v)
    assert execute(config).gradient_norms == pytest.approx(
        want.tolist(), rel=1e-5
    )


@pytest.mark.parametrize(
    ("about", "name"),
    [
        (
            "processor\t: 0\nmodel name\t: Some CPU @ 2 GHz\n",
            "Some CPU @ 2 GHz",
        ),
        ("CPU part\t: 0xd0c\n", platform.processor()),
    ],
)
def test_the_processor_of_a_linux(monkeypatch, about, name):
    monkeypatch.setattr(platform, "system", lambda: "Linux")
    monkeypatch.setattr(Path, "is_file", lambda path: True)
    monkeypatch.setattr(Path, "read_text", lambda path: about)
    assert record._processor() == name


def test_a_record_names_the_processor_of_a_mac(monkeypatch):
    told = subprocess.CompletedProcess([], 0, stdout="Apple M9\n")
    monkeypatch.setattr(platform, "system", lambda: "Darwin")
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: told)
    instructions = torch.backends.cpu.get_cpu_capability()
    want = f"Darwin {platform.machine()} {instructions}, Apple M9"
    assert record.circumstances()["machine"] == want


# Carrying out


@each_cell
def test_a_run_twice_and_with_another_seed(cell):
    config = run(cell, dropout=0.2, diagnose=True)
    once, twice = execute(config), execute(config)
    assert numbers(once) == numbers(twice)
    other = execute(run(cell, seed=1, dropout=0.2, diagnose=True))
    assert other.history.column("train_loss") != once.history.column(
        "train_loss"
    )
    assert other.test_last != once.test_last
    assert other.gradient_norms != once.gradient_norms


def by_hand(config):
    """A run as anybody would write it: the validation losses, both tests."""
    model, data = build_model(config), make_data(config)
    adam = torch.optim.Adam(model.parameters(), lr=config.train.lr)
    x, label = data.train.tensors
    losses, best = [], None
    with torch.random.fork_rng():
        torch.manual_seed(config.seed)
        for _ in range(config.train.epochs):
            model.train()
            for index in torch.randperm(len(x)).split(config.train.batch_size):
                adam.zero_grad()
                cross_entropy(model(x[index]), label[index]).backward()
                adam.step()
            model.eval()
            with torch.no_grad():
                x_valid, y_valid = data.valid.tensors
                losses.append(cross_entropy(model(x_valid), y_valid).item())
            if losses[-1] == min(losses):
                best = {k: v.clone() for k, v in model.state_dict().items()}
    last = evaluate(model, data.test)
    model.load_state_dict(best)
    return losses, evaluate(model, data.test), last, model


def test_a_run_by_hand():
    # So long that the validation loss rises again: best and last differ.
    config = run("RNN", training={"epochs": 25, "lr": 0.05}, dropout=0.1)
    losses, best, last, _ = by_hand(config)
    record = execute(config)
    assert record.history.column("valid_loss") == pytest.approx(
        losses, rel=1e-4
    )
    assert record.best_epoch == int(np.argmin(losses)) + 1 < 25
    assert record.test_best.loss == pytest.approx(best.loss, rel=1e-5)
    assert record.test_last.loss == pytest.approx(last.loss, rel=1e-5)
    assert record.test_best != record.test_last
    assert record.parameters == 4 * (2 + 4 + 1) + 2 * (4 + 1)
    assert record.threads == 1
    assert record.gradient_norms is None


def test_the_weights_that_are_kept(tmp_path):
    config = run(
        "RNN",
        training={"epochs": 25, "lr": 0.05},
        dropout=0.1,
        weights=("initial", "best", "last"),
    )
    record = execute(config, tmp_path)
    *_, best = by_hand(config)
    test = make_data(config).test
    for moment, want in [
        ("initial", build_model(config)),
        ("best", best),
    ]:
        model = load_model(record, moment, tmp_path)
        assert not model.training
        for ours, theirs in zip(
            model.parameters(), want.parameters(), strict=True
        ):
            assert torch.allclose(ours, theirs, rtol=1e-3, atol=1e-4)
    for moment in ("best", "last"):
        score = evaluate(load_model(record, moment, tmp_path), test)
        want = getattr(record, f"test_{moment}")
        assert score.loss == pytest.approx(want.loss, rel=1e-2)
    names = {path.name for path in (tmp_path / "test").iterdir()}
    stem = f"rnn-seed0-{config.id}"
    assert names == {f"{stem}.json", f"{stem}.pt"}


def test_the_untrained_twin_need_not_be_kept(tmp_path):
    record = execute(run(), tmp_path)
    assert same(load_model(record, "initial", tmp_path), build_model(run()))


def test_a_replay_is_the_beginning():
    config = run(training={"epochs": 6, "step_size": 2})
    whole, beginning = execute(config).history, replay(config, 3)
    for name in ("train_loss", "valid_loss", "valid_accuracy", "grad_norm"):
        assert beginning.column(name) == pytest.approx(
            whole.column(name)[:3], rel=1e-5
        )


# Records


def test_records_are_found_again(tmp_path):
    configs = [run("RNN", seed) for seed in (1, 0)] + [run("GRU")]
    records = {c.name: execute(c, tmp_path) for c in configs}
    found = load_records("test", tmp_path)
    assert [r.name for r in found] == ["gru-seed0", "rnn-seed0", "rnn-seed1"]
    assert found == [records[r.name] for r in found]
    groups = by_group(found)
    assert {k: len(v) for k, v in groups.items()} == {"gru": 1, "rnn": 2}
    # Nothing is left of the unfinished, and no file half written.
    files = [p for p in tmp_path.rglob("*") if p.is_file()]
    assert sorted(p.suffix for p in files) == [".json"] * 3


def test_a_record_says_how_it_was_made():
    record = execute(run(seed=3, diagnose=True, training={"epochs": 50}))
    told = json.loads(record.to_json())
    assert told["command"] == (
        "python -m unrolled.experiments run test --only lstm-seed3"
    )
    assert told["seed"] == 3
    assert told["versions"]["torch"] == torch.__version__
    assert told["seconds"] > sum(told["history"]["seconds"]) > 0
    assert Record.from_json(record.to_json()) == record
    for line in record.to_json().splitlines()[1:-1]:
        json.loads("{" + line.rstrip(",") + "}")  # one field on each line
    decimals = [
        *told["history"]["grad_norm"],
        *told["gradient_norms"],
        told["seconds"],
        told["test_best"]["loss"],
    ]
    assert all(number == float(f"{number:.6g}") for number in decimals)


def test_the_seconds_are_those_of_everything(monkeypatch):
    def slow(call):
        def wait(*args):
            time.sleep(0.1)
            return call(*args)

        return wait

    config = run()
    for name in ("build_model", "evaluate"):  # once before, twice after
        monkeypatch.setattr(runs, name, slow(getattr(runs, name)))
    record = execute(config)
    rest = record.seconds - sum(record.history.column("seconds"))
    assert rest > 0.29


def test_where_the_results_are(tmp_path):
    assert results_folder(tmp_path) == tmp_path
    assert results_folder(str(tmp_path)) == tmp_path


# The catalogue


def test_every_run_has_a_name_and_an_id_of_its_own():
    assert len({config.id for config in ALL}) == len(ALL)
    assert len({(c.experiment, c.name) for c in ALL}) == len(ALL)
    for name in CATALOGUE:
        assert {config.experiment for config in runs_of(name)} == {name}


def test_each_command_means_its_run():
    for config in ALL:
        *_, experiment, _, only = config.command.split()
        meant = [c for c in runs_of(experiment) if only in c.name]
        assert meant == [config]


def test_source_b_s_run():
    for config in runs_of("published"):
        got = dataclasses.asdict(config)
        assert got["train"] == {
            "epochs": 100,
            "batch_size": 64,
            "lr": 1e-3,
            "weight_decay": 0.0,
            "step_size": 20,
            "gamma": 0.5,
            "max_norm": 1.0,
            "patience": None,
            "keep": "best",
            "loss": "cross_entropy",
            "seed": config.seed,
        }
        assert (config.steps, config.features) == (30, 10)
        assert (config.train_count, config.valid_count) == (5000, 1000)
        assert (config.hidden_size, config.num_layers) == (128, 2)
        assert (config.dropout, config.layers) == (0.3, "all")
        assert (config.two_biases, config.init) == (True, "xavier")
        assert config.weights == ("best", "last")
        model = build_model(config)
        for cell in model.recurrent.cells:
            for bias in cell.biases:
                want = torch.zeros(4, 128)
                want[1] = 1
                assert torch.equal(bias.view(4, 128), want)


@pytest.mark.parametrize(
    ("experiment", "count"), [("published", 204_290), ("one_feature", 197_378)]
)
def test_the_sources_parameter_counts(experiment, count):
    assert len(runs_of(experiment)) == 5
    for config in runs_of(experiment):
        assert count_parameters(build_model(config)) == count


def test_the_transformer_is_as_large_as_the_lstm():
    (config, *_) = [c for c in runs_of("cells") if c.cell == "Transformer"]
    assert 0.95 < count_parameters(build_model(config)) / 204_290 < 1.05


def test_what_is_compared():
    def groups(experiment):
        runs = runs_of(experiment)
        counts = {c.group: 0 for c in runs}
        for config in runs:
            counts[config.group] += 1
        return counts

    cells = groups("cells")
    assert set(cells.values()) == {5}
    assert set(cells) == {
        *(f"{cell}-{init}" for cell in ("rnn", "gru")
          for init in ("uniform", "xavier", "pytorch")),
        *(f"lstm-uniform-fb{bias}" for bias in (0, 1, 2)),
        *(f"lstm-xavier-fb{bias}" for bias in (0, 1)),
        "lstm-pytorch-fb0", "gru-uniform-ub2", "transformer",
    }  # fmt: skip
    for config in runs_of("cells"):
        whole = runs_of("published")[config.seed].train
        assert config.train == dataclasses.replace(whole, epochs=40)
        if config.cell == "LSTM":
            assert config.group.endswith(f"fb{config.forget_bias:.0f}")
        if config.update_bias:
            assert config.group == "gru-uniform-ub2"
            twin = dataclasses.replace(
                config, group="gru-uniform", update_bias=0
            )
            assert twin in runs_of("cells")
    for config in runs_of("controls"):
        twin = dataclasses.replace(
            config, experiment="cells", group="rnn-uniform",
            diagnose=True, train_count=5000,
            train=dataclasses.replace(
                config.train, epochs=40, step_size=20
            ),
        )  # fmt: skip
        assert twin in runs_of("cells")
    lengths = groups("lengths")
    for group, count in lengths.items():
        assert count == (3 if int(group[-3:]) <= 50 else 1)
    assert {c.steps for c in runs_of("lengths")} == {10, 20, 30, 50, 100, 200}
    assert len(lengths) == 18
    steps = {"gru-ub2": (20, 30, 50, 100), "lstm-fb2": (30, 50, 100, 200)}
    assert groups("open_lengths") == {
        f"{start}-t{T:03}": 3 for start, Ts in steps.items() for T in Ts
    }
    for config in runs_of("open_lengths"):
        start = {"GRU": {"update_bias": 0}, "LSTM": {"forget_bias": 1}}
        twin = dataclasses.replace(
            config,
            experiment="lengths",
            group=f"{config.cell.lower()}-t{config.steps:03}",
            **start[config.cell],
        )
        once = config.seed > 0 and config.steps > 50
        assert once or twin in runs_of("lengths")
    assert groups("data") == {"data-01000": 2, "data-50000": 5}
    shares = {c.dropout for c in runs_of("dropout")}
    assert shares == {0.0, 0.3, 0.6}
    assert {c.train.weight_decay for c in runs_of("decay")} == {1.0}
    for config in runs_of("dropout") + runs_of("decay"):
        assert config.train.epochs == 40
    first = runs_of("dropout")[0]
    assert (
        dataclasses.replace(
            first,
            experiment="published",
            group="lstm",
            train=runs_of("published")[0].train,
            diagnose=True,
            weights=("best", "last"),
        )
        == runs_of("published")[0]
    )


def test_data_and_all_else_are_crossed():
    pairs = [(config.data_seed, config.seed) for config in runs_of("crossed")]
    others = (0, 1, 2, 4)
    assert sorted(pairs) == sorted(
        [(3, seed) for seed in others] + [(seed, 3) for seed in others]
    )
    for config in runs_of("crossed"):
        assert config.group == f"data-{config.data_seed}"
        twin = dataclasses.replace(
            config,
            experiment="cells",
            group="lstm-uniform-fb0",
            data_seed=None,
            diagnose=True,
        )
        assert twin in runs_of("cells")


def test_more_data_for_as_many_updates():
    counts = set()
    for config in runs_of("data"):
        steps = math.ceil(config.train_count / 64)
        assert steps * config.train.epochs == pytest.approx(3160, rel=0.015)
        assert config.train.epochs == 2 * config.train.step_size
        counts.add(config.train_count)
    assert counts == {1000, 50_000}


def test_everything_can_be_built():
    # One of each group: the seeds differ in nothing else.
    for config in {(c.experiment, c.group): c for c in ALL}.values():
        build_model(config)


def test_all_runs_take_six_hours_on_two_cores():
    assert sum(map(estimate, runs_of("all"))) / 3600 / 2 < 6
    assert {c.experiment for c in runs_of("all")} == {*CATALOGUE} - {"trial"}
    assert 300 < estimate(runs_of("published")[0]) < 450


def test_the_estimate_grows_with_the_work():
    less, more = run(), run
    for changes in [
        {"steps": 10},
        {"train_count": 120},
        {"hidden_size": 8},
        {"num_layers": 2},
        {"valid_count": 80},
        {"test_count": 100},
        {"training": {"epochs": 4}},
    ]:
        assert estimate(more(**changes)) > estimate(less)
