"""Runs: what decides them, what is recorded, what is read again."""

import json
import math
import os
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from pathlib import Path

import pytest
import torch
from torch import nn

import unrolled_lab as lab
from oracles import seeded
from small_models import same, same_weights
from small_runs import numbers, run, seconds_in, train
from unrolled.tasks import first_last
from unrolled.train import evaluate, fit
from unrolled_lab import resume, runs
from unrolled_lab.build import generator_for, redraw
from unrolled_lab.files import RunFiles, make_once
from unrolled_lab.resume import load_checkpoint, save_checkpoint

pytestmark = pytest.mark.usefixtures("one_thread")
CELLS = ("LSTM", "GRU", "RNN", "Transformer")
each_cell = pytest.mark.parametrize("cell", CELLS)
KEPT_SHORT = run("RNN", weights=("initial", "best", "last"), dropout=0.1)
KEPT = KEPT_SHORT.replace(train=train(epochs=25, lr=0.05))


def same_data(one, other):
    return same([d.tensors for d in one], [d.tensors for d in other])


def weights(model):
    return torch.cat([p.detach().flatten() for p in model.parameters()])


# What decides a run


def test_everything_but_the_labels_is_in_the_id():
    gru = {"cell": "GRU", "forget_bias": None}
    changes = [
        gru, gru | {"update_bias": 2.0}, {"bias": False, "forget_bias": 0.0},
        {"train": run(training={"lr": 0.02}).train}, {"steps": 6},
        {"features": 3}, {"train_count": 61}, {"valid_count": 41},
        {"test_count": 51}, {"hidden_size": 5}, {"num_layers": 2},
        {"dropout": 0.1}, {"layers": "all"}, {"two_biases": True},
        {"init": "pytorch"}, {"forget_bias": 2.0}, {"data_seed": 0},
        {"diagnose": True}, {"weights": ("best",)}, {"trace": True},
        {"cell": "RNN", "forget_bias": None, "nonlinearity": "relu"},
        {"question": "last"}, {"label_noise": 0.1}, {"redraw": "all"},
    ]  # fmt: skip
    tried = {name for change in changes for name in change}
    assert tried | {"experiment", "group"} == {*lab.RunConfig.model_fields}
    ids = {run(**change).id for change in changes} | {run().id, run(seed=1).id}
    assert len(ids) == len(changes) + 2
    renamed = run(experiment="other", group="other")
    assert (renamed.id, renamed.name) == (run().id, "other-seed0")
    # Records are found by these: who changes them makes the runs again.
    assert run().id == run(dropout=0, forget_bias=1).id == "8b494961"


def test_the_data_are_the_task_and_no_two_sets_share_a_sequence():
    data = lab.make_data(run(train_count=2000, steps=7))
    for dataset, count in zip(data, (2000, 40, 50), strict=True):
        x, label = dataset.tensors
        assert x.shape == (count, 7, 2)
        assert torch.equal(label, (x[:, 0, 0] + x[:, 6, 0] > 0).long())
    sets = [each for seed in (0, 1) for each in lab.make_data(run(seed=seed))]
    # One number may come twice: there are not so many of 32 bits.
    seen = [{*map(tuple, each.tensors[0].flatten(1).tolist())} for each in sets]
    assert [len(each) for each in seen] == [len(each) for each in sets]
    assert len(set.union(*seen)) == sum(map(len, seen))


def test_other_questions_and_wrong_labels():
    changes = [{}, {"question": "last"}, {"question": "shuffled"}]
    changes += [{"label_noise": 0.25}, {"label_noise": 0.25, "data_seed": 1}]
    for sets in zip(
        *(lab.make_data(run(train_count=2000, **each)) for each in changes),
        strict=True,
    ):
        (x, label), last, shuffled, noisy, other = (s.tensors for s in sets)
        assert torch.equal(x, last[0]) and torch.equal(x, noisy[0])
        assert torch.equal(last[1], (x[:, -1, 0] > 0).long())
        assert torch.equal(shuffled[0][:, 1:], x[:, 1:])
        assert torch.equal(shuffled[0][1:, 0], x[:-1, 0])
        assert torch.equal(shuffled[1], label)
        wrong = noisy[1] != label
        if len(x) == 2000:  # the training data alone, and others each time
            assert abs(wrong.double().mean() - 0.25) < 0.05
            right = other[0][:, 0, 0] + other[0][:, -1, 0] > 0
            assert not torch.equal(wrong, right != other[1])
        else:
            assert not wrong.any()


def test_what_decides_the_data_and_the_weights():
    base, data = lab.build_model(run()), lab.make_data(run())
    for other in (run("GRU"), run(dropout=0.5), run(training={"lr": 1.0})):
        assert same_data(data, lab.make_data(other))
    assert same_data(data[1:], lab.make_data(run(train_count=70))[1:])
    assert same_weights(base, lab.build_model(run(dropout=0.5, train_count=70)))
    assert not same_weights(base, lab.build_model(run(seed=1)))
    for data_seed in (0, 2):  # 0 is a seed, too
        crossed = run(seed=1, data_seed=data_seed)
        own = lab.make_data(run(seed=data_seed))
        assert same_data(own, lab.make_data(crossed))
        assert same_weights(
            lab.build_model(crossed), lab.build_model(run(seed=1))
        )


@each_cell
def test_the_options_arrive(cell):
    sizes = {"hidden_size": 12, "num_layers": 2, "dropout": 0.25}
    if cell == "Transformer":
        model = lab.build_model(run(cell, **sizes))
        dropped = [model.dropout, *(e.dropout for e in model.encoder.layers)]
        assert [each.p for each in dropped] == [0.25] * 3
        assert model.head.weight.shape == (2, 12)
        return
    start = {
        "LSTM": {"forget_bias": 7.0}, "GRU": {"update_bias": 7.0},
        "RNN": {"nonlinearity": "relu"},
    }[cell]  # fmt: skip
    more = {"two_biases": True, "layers": "all", "init": "pytorch"}
    model = lab.build_model(run(cell, **sizes, **more, **start))
    assert model.dropout.p == model.recurrent.dropout == 0.25
    assert model.head.weight.shape == (2, 24)
    blocks = {"LSTM": 4, "GRU": 3, "RNN": 1}[cell]
    for inner, inputs in zip(model.recurrent.cells, (2, 12), strict=True):
        assert inner.weight_ih.shape == (12 * blocks, inputs)
        assert cell != "RNN" or inner.nonlinearity == "relu"
        assert inner.biases[0].abs().max() > 0
        for number, total in enumerate(sum(inner.biases).split(12)):
            opened = 7 * (cell != "RNN" and number == 1)  # f, or z
            assert (total - opened).abs().max() < 2 / math.sqrt(12)


# Gradients before the training


@pytest.mark.parametrize(
    ("cell", "layers"),
    [*product(CELLS[:3], ["last", "all"]), ("Transformer", "last")],
)
def test_gradient_norms_against_the_whole_jacobian(cell, layers):
    config = run(cell, layers=layers, num_layers=2, dropout=0.5)
    model = lab.build_model(config).double()
    x = lab.make_data(config).test.tensors[0][:3].double()
    head, model.head = model.head, nn.Identity()
    jacobian = torch.autograd.functional.jacobian(model.eval(), x)
    model.head = head
    model.train()
    own = torch.stack([jacobian[n, :, n] for n in range(3)])  # (N, K, T, D)
    v = torch.randn(7, own.shape[1], generator=seeded()).double()
    projected = torch.einsum("pk,nktd->nptd", v, own)  # (N, P, T, D)
    want = projected.square().sum(dim=3).mean(dim=(0, 1)).sqrt()  # (T,)
    assert torch.allclose(lab.gradient_norms(model, x, v), want, rtol=1e-9)
    assert model.training and not model.head._forward_pre_hooks
    assert all(p.grad is None for p in model.parameters())
    with torch.inference_mode():
        assert torch.allclose(lab.gradient_norms(model, x.clone(), v), want)


# Carrying out


def by_hand(config, later=None):
    """A run by `fit` alone: the validation losses, and the models."""
    data, models = lab.make_data(config), {"initial": lab.build_model(config)}

    def anew(run):
        if later:
            pair = later(len(run.history.epochs) + 1, *data.train.tensors)
            for old, new in zip(data.train.tensors, pair, strict=True):
                old.copy_(new)

    for keep in ("best", "last"):
        data, models[keep] = lab.make_data(config), lab.build_model(config)
        settings = config.train.replace(keep=keep)
        sets = models[keep], data.train, data.valid
        history = fit(*sets, settings, on_epoch=anew)
    return history.column("valid_loss"), models


def test_a_run_by_hand(tmp_path):
    # So long that the validation loss rises again: best and last differ.
    record = lab.execute(KEPT, tmp_path)
    losses, models = by_hand(KEPT)
    told = record.history.column("valid_loss")
    assert told == pytest.approx(losses, rel=1e-4)
    assert record.best_epoch == losses.index(min(losses)) + 1 < 25
    assert record.test_best != record.test_last
    assert record.parameters == 4 * (2 + 4 + 1) + 2 * (4 + 1)
    assert record.threads == 1
    for moment, want in models.items():
        model = lab.load_model(record, moment, tmp_path)
        assert not model.training
        pair = weights(model), weights(want)
        torch.testing.assert_close(*pair, rtol=1e-3, atol=1e-4)
        if moment != "initial":
            score = evaluate(want, lab.make_data(KEPT).test)
            told = getattr(record, f"test_{moment}")
            assert told.loss == pytest.approx(score.loss, rel=1e-4)
    files = RunFiles(KEPT, tmp_path)
    left = {path for path in tmp_path.rglob("*") if path.is_file()}
    assert left == {files.record, files.weights}
    # The untrained twin need not be kept.
    other = lab.execute(run(), tmp_path)
    twin = lab.load_model(other, "initial", tmp_path)
    assert same_weights(twin, lab.build_model(run()))


def all_anew(epoch, x, label, seed=0):
    purpose = f"training data, epoch {epoch}"
    return first_last(*x.shape, generator_for(purpose, seed))


def noise_anew(epoch, x, label):
    new, _ = all_anew(epoch, x, label)
    new[:, 0, 0], new[:, -1, 0] = x[:, 0, 0], x[:, -1, 0]
    return new, label


ANEW = {"all": all_anew, "noise": noise_anew}


@pytest.mark.parametrize("what", ANEW)
def test_a_run_on_new_data_in_each_epoch(what):
    config = run(redraw=what, training={"epochs": 4})
    losses, _ = by_hand(config, ANEW[what])
    for history in (lab.execute(config).history, lab.replay(config, 4)):
        assert history.column("valid_loss") == pytest.approx(losses, rel=1e-4)
    plain, _ = by_hand(config)
    assert abs(plain[-1] / losses[-1] - 1) > 1e-3
    noisy = config.replace(label_noise=0.9)
    data = lab.make_data(noisy).train
    redraw(noisy, data, 3)
    x, label = data.tensors
    wrong = ((x[:, 0, 0] + x[:, -1, 0] > 0).long() != label).double().mean()
    assert wrong > 0.7


def test_the_ratio_after_each_epoch():
    config = run("RNN", trace=True, training={"epochs": 3}, valid_count=70)
    v = torch.randn(32, 4, generator=generator_for("projections", 0))[:8]
    x = lab.make_data(config).valid.tensors[0][:64]
    _, norms = lab.follow(
        config, 3, lambda model: lab.gradient_norms(model, x, v)
    )
    record = lab.execute(config)
    assert record.gradient_ratios == pytest.approx(
        [float(norm[0] / norm[-1]) for norm in norms[1:]], rel=1e-4
    )
    assert lab.execute(run("RNN")).gradient_ratios is None


@pytest.mark.parametrize("what", ANEW)
def test_such_runs_go_on_where_they_were_stopped(what, tmp_path, monkeypatch):
    config = run(
        redraw=what, trace=True, label_noise=0.2, training={"epochs": 4}
    )
    saved = []

    def save(path, state):
        save_checkpoint(path, state)
        saved.append(path)
        if len(saved) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(resume, "save_checkpoint", save)
    with pytest.raises(KeyboardInterrupt):
        lab.execute(config, tmp_path)
    record = lab.execute(config, tmp_path)
    assert len(saved) == 4
    assert numbers(record) == numbers(lab.execute(config))


def test_a_record_says_how_it_was_made(monkeypatch):
    def slow(*args):
        return time.sleep(0.1) or evaluate(*args)

    monkeypatch.setattr(runs, "evaluate", slow)  # twice, after the training
    config = run(seed=3, diagnose=True, trace=True, training={"epochs": 5})
    record = lab.execute(config)
    told = json.loads(record.to_json())
    only = "python -m unrolled_lab run test --only lstm-seed3"
    assert told["command"] == only
    assert told["versions"]["torch"] == torch.__version__
    assert told["seconds"] - sum(told["history"]["seconds"]) > 0.19
    assert lab.Record.from_json(record.to_json()) == record
    for line in record.to_json().splitlines()[1:-1]:
        json.loads("{" + line.rstrip(",") + "}")  # one field on each line
    decimals = [*told["history"]["grad_norm"], *told["gradient_norms"]]
    decimals += [told["seconds"], told["test_best"]["loss"]]
    assert all(number == float(f"{number:.6g}") for number in decimals)


def test_the_beginning_again():
    training = {"epochs": 6, "step_size": 2, "lr": 0.5}
    config = run(num_layers=2, dropout=0.5, training=training)
    history, found = lab.follow(config, 3, weights)
    whole = lab.execute(config).history
    for name in ("train_loss", "valid_loss", "valid_accuracy", "grad_norm"):
        told = whole.column(name)[:3]
        assert history.column(name) == pytest.approx(told, rel=1e-5)
    assert torch.equal(found[0], weights(lab.build_model(config)))
    # What is measured is the network after each epoch, not the best.
    assert torch.equal(found[2], lab.follow(config, 2, weights)[1][-1])
    assert len({tuple(each.tolist()) for each in found}) == 4


# Files


@pytest.mark.parametrize("lost", ["weights", "record"])
def test_killed_while_it_is_saved(lost, tmp_path, monkeypatch):
    """Whatever is missing, there is no record, and all epochs are kept."""
    files, replace = RunFiles(KEPT_SHORT, tmp_path), os.replace

    def die(source, target):
        if Path(target) == getattr(files, lost):
            raise SystemExit
        replace(source, target)

    with monkeypatch.context() as patch, pytest.raises(SystemExit):
        patch.setattr(os, "replace", die)
        lab.execute(KEPT_SHORT, tmp_path)
    assert not files.record.is_file()
    assert files.weights.is_file() == (lost == "record")
    done = seconds_in(files.checkpoint)
    record = lab.execute(KEPT_SHORT, tmp_path)
    assert record.history.column("seconds") == done  # the very same epochs
    assert numbers(record) == numbers(lab.execute(KEPT_SHORT))


def test_who_comes_second_waits_and_finds_the_record(tmp_path):
    files, record = RunFiles(run(), tmp_path), lab.execute(run())
    with ThreadPoolExecutor(1) as pool:
        with files.lock():
            late = pool.submit(lab.execute, run(), tmp_path)
            with pytest.raises(TimeoutError):
                late.result(timeout=0.3)
            files.save(record, {})
        assert late.result(timeout=20) == record  # to the second of its making
    left = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert left == [files.record]


def test_what_is_made_once_is_made_by_one(tmp_path):
    path = tmp_path / "made" / "file"

    def make(path):
        time.sleep(0.2)
        path.touch()

    with ThreadPoolExecutor(2) as pool:
        made = pool.map(lambda _: make_once(path, make), range(2))
    assert sorted(made) == [False, True]
    left = [path.name for path in tmp_path.rglob("*") if path.is_file()]
    assert left == ["file"]


def test_records_are_found_again_if_they_are_whole(tmp_path, monkeypatch):
    configs = [run("RNN", seed) for seed in (1, 0)] + [run("GRU")]
    records = {c.name: lab.execute(c, tmp_path) for c in configs}
    found = lab.load_records("test", tmp_path)
    assert [r.name for r in found] == ["gru-seed0", "rnn-seed0", "rnn-seed1"]
    assert found == [records[r.name] for r in found]
    path = RunFiles(configs[0], tmp_path).record
    monkeypatch.chdir(path.parent)
    assert lab.load_record(path.name) == records["rnn-seed1"]
    whole, copy = path.read_bytes(), path.with_name("rnn-seed1-00000000.json")
    for file, text, message in [
        (copy, whole, "expected the record of this name .*got "),
        (path, b"", "expected a record, got a file"),
        (path, whole[:-3], "expected a record, got a file"),
        (path, whole.replace(b'"lr": 0.01', b'"lr": 0.02', 1),
         "id: expected '.*', as of this configuration, got "),
        (path, whole.replace(b'"threads"', b'"thread"'),
         "threads: expected a value, got none"),
        (path, whole.replace(b"record 1", b"record 9"), "format: expected"),
    ]:  # fmt: skip
        path.write_bytes(whole)
        file.write_bytes(text)
        with pytest.raises(ValueError, match=f"rnn-seed1.*{message}") as caught:
            lab.load_records("test", tmp_path)
        assert len(str(caught.value)) < 500
        copy.unlink(missing_ok=True)
    # A damaged one is not made anew.
    (outcome,) = lab.sweep(configs[:1], tmp_path, jobs=1)
    assert outcome.status == "failed"
    assert "expected a record" in outcome.error


def test_weights_that_do_not_belong_are_refused(tmp_path):
    config = run("RNN", weights=("best", "last"))
    record = lab.execute(config, tmp_path)
    path = RunFiles(config, tmp_path).weights
    state = load_checkpoint(path)
    rounded = {k: v.float() for k, v in state["best"].items()}
    for worse in (
        {"id": "00000000"}, {"best": {}}, {"best": rounded}, {"more": 1}, None
    ):  # fmt: skip
        path.unlink()
        if worse is not None:
            save_checkpoint(path, state | worse)
        with pytest.raises(ValueError, match=r"rnn-seed0-.*pt: expected .*got"):
            lab.load_model(record, "best", tmp_path)


def test_a_package_without_its_repository(monkeypatch, tmp_path):
    """Its records are those beside it, as in the wheel."""
    home = tmp_path / "lib" / "site-packages" / "unrolled_lab"
    monkeypatch.setattr("unrolled_lab.files.__file__", str(home / "files.py"))
    with pytest.raises(ValueError, match=r"folder that exists, got .*results"):
        lab.load_records("published")
    (home / "results").mkdir(parents=True)
    assert lab.results_folder() == home / "results"
    assert lab.results_folder(tmp_path / "made", create=True).is_dir()
    (home / "results").rmdir()
    with pytest.raises(ValueError, match="folder that exists"):
        lab.results_folder(create=True)
