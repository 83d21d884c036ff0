"""Runs: what decides them, what is recorded, what is read again."""

import json
import math
import os
import shutil
import threading
import time
from pathlib import Path

import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy

import unrolled_lab as lab
from small_runs import numbers, run, seconds_in, train
from unrolled.tasks import first_last
from unrolled.train import evaluate
from unrolled_lab import resume, runs
from unrolled_lab.build import redraw
from unrolled_lab.files import RunFiles
from unrolled_lab.resume import load_checkpoint, save_checkpoint

pytestmark = pytest.mark.usefixtures("one_thread")
CELLS = ("LSTM", "GRU", "RNN", "Transformer")
each_cell = pytest.mark.parametrize("cell", CELLS)
KEPT_SHORT = run("RNN", weights=("initial", "best", "last"), dropout=0.1)
KEPT = KEPT_SHORT.replace(train=train(epochs=25, lr=0.05))


def same(one, other):
    """Whether two models have the same weights."""
    pairs = zip(one.parameters(), other.parameters(), strict=True)
    return all(a.shape == b.shape and torch.equal(a, b) for a, b in pairs)


def same_data(one, other):
    return all(
        torch.equal(a.tensors[0], b.tensors[0])
        for a, b in zip(one, other, strict=True)
    )


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


def test_a_configuration_in_json():
    config = run(dropout=0.1, num_layers=2, weights=("last", "initial"))
    assert config.weights == ("initial", "last")  # by time
    assert lab.RunConfig.from_json(config.to_json()) == config
    value = json.loads(run(num_layers=2).to_json())
    del value["num_layers"], value["train"]["patience"]  # as of an older one
    assert lab.RunConfig.from_json(json.dumps(value)) == run(num_layers=2)


def test_the_data_are_the_task_and_no_two_sets_share_a_number():
    data = lab.make_data(run(train_count=2000, steps=7))
    for dataset, count in zip(data, (2000, 40, 50), strict=True):
        x, label = dataset.tensors
        assert x.shape == (count, 7, 2)
        assert torch.equal(label, (x[:, 0, 0] + x[:, 6, 0] > 0).long())
    sets = [each for seed in (0, 1) for each in lab.make_data(run(seed=seed))]
    seen = [{*each.tensors[0].flatten().tolist()} for each in sets]
    assert [len(each) for each in seen] == [600, 400, 500] * 2
    assert len(set.union(*seen)) == sum(map(len, seen))


def test_other_questions_and_wrong_labels():
    plain, last, shuffled, noisy = (
        lab.make_data(run(train_count=2000, **changes))
        for changes in (
            {}, {"question": "last"}, {"question": "shuffled"},
            {"label_noise": 0.25},
        )
    )  # fmt: skip
    for number, dataset in enumerate(plain):
        x, label = dataset.tensors
        other, answer = last[number].tensors
        assert torch.equal(other, x)
        assert torch.equal(answer, (x[:, -1, 0] > 0).long())
        other, answer = shuffled[number].tensors
        assert torch.equal(other[:, 1:], x[:, 1:])
        assert torch.equal(other[1:, 0], x[:-1, 0])
        assert torch.equal(answer, label)
        other, answer = noisy[number].tensors
        assert torch.equal(other, x)
        wrong = (answer != label).double().mean()
        # The training data alone; five standard errors of 2,000 draws.
        assert abs(wrong - 0.25 * (number == 0)) <= 0.05 * (number == 0)
    again = lab.make_data(run(train_count=2000, label_noise=0.25, data_seed=1))
    x, label = again.train.tensors
    wrong = (x[:, 0, 0] + x[:, -1, 0] > 0) != label
    before = plain.train.tensors[1] != noisy.train.tensors[1]
    assert not torch.equal(wrong, before)  # others, with other data


def test_what_decides_the_data_and_the_weights():
    base, data = lab.build_model(run()), lab.make_data(run())
    for other in (run("GRU"), run(dropout=0.5), run(training={"lr": 1.0})):
        assert same_data(data, lab.make_data(other))
    assert same_data(data[1:], lab.make_data(run(train_count=70))[1:])
    assert same(base, lab.build_model(run(dropout=0.5, train_count=70)))
    assert not same(base, lab.build_model(run(seed=1)))
    for data_seed in (0, 2):  # 0 is a seed, too
        crossed = run(seed=1, data_seed=data_seed)
        own = lab.make_data(run(seed=data_seed))
        assert same_data(own, lab.make_data(crossed))
        assert same(lab.build_model(crossed), lab.build_model(run(seed=1)))


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
        nonlinearity="relu" if cell == "RNN" else "tanh",
    )
    model = lab.build_model(config)
    assert model.dropout.p == 0.25
    assert model.head.out_features == 2
    assert model.head.in_features == (24 if recurrent else 12)
    if not recurrent:
        assert len(model.encoder.layers) == 2
        assert model.encoder.layers[0].dropout.p == 0.25
        return
    assert model.recurrent.dropout == 0.25
    blocks = {"LSTM": 4, "GRU": 3, "RNN": 1}[cell]
    for inner, inputs in zip(model.recurrent.cells, (2, 12), strict=True):
        assert inner.weight_ih.shape == (12 * blocks, inputs)
        assert cell != "RNN" or inner.nonlinearity == "relu"
        assert len(inner.biases) == 2
        assert inner.biases[0].abs().max() > 0
        for number, total in enumerate(sum(inner.biases).split(12)):
            opened = 7 * (cell != "RNN" and number == 1)  # f, or z
            assert (total - opened).abs().max() < 2 / math.sqrt(12)


# Gradients before the training


@each_cell
@pytest.mark.parametrize("layers", ["last", "all"])
def test_gradient_norms_against_the_whole_jacobian(cell, layers):
    if cell == "Transformer" and layers == "all":
        pytest.skip("it reads the last layer only")
    config = run(cell, layers=layers, num_layers=2, dropout=0.5)
    model = lab.build_model(config).double()
    x = lab.make_data(config).test.tensors[0][:3].double()
    head, model.head = model.head, nn.Identity()
    jacobian = torch.autograd.functional.jacobian(model.eval(), x)
    model.head = head
    model.train()
    own = torch.stack([jacobian[n, :, n] for n in range(3)])  # (N, K, T, D)
    K = own.shape[1]
    v = torch.randn(7, K, generator=lab.generator_for("test", 0)).double()
    projected = torch.einsum("pk,nktd->nptd", v, own)  # (N, P, T, D)
    want = projected.square().sum(dim=3).mean(dim=(0, 1)).sqrt()  # (T,)
    assert torch.allclose(lab.gradient_norms(model, x, v), want, rtol=1e-9)
    # All directions at once give the Frobenius norm exactly.
    frobenius = own.square().sum(dim=(1, 3)).mean(dim=0).sqrt()  # (T,)
    axes = math.sqrt(K) * torch.eye(K).double()
    assert torch.allclose(lab.gradient_norms(model, x, axes), frobenius)
    assert model.training
    assert all(p.grad is None for p in model.parameters())
    with torch.inference_mode():
        assert torch.allclose(lab.gradient_norms(model, x.clone(), v), want)


def test_gradients_of_a_model_made_in_inference_mode_are_refused():
    with torch.inference_mode():
        model = lab.build_model(run())
    with pytest.raises(ValueError, match=r"model: expected .*inference"):
        lab.gradient_norms(model, torch.zeros(1, 5, 2), torch.eye(4))


def test_a_record_has_the_gradients_of_the_first_weights():
    config = run("GRU", diagnose=True, valid_count=70)
    v = torch.randn(32, 4, generator=lab.generator_for("projections", 0))
    x = lab.make_data(config).valid.tensors[0][:64]
    want = lab.gradient_norms(lab.build_model(config), x, v).tolist()
    assert lab.execute(config).gradient_norms == pytest.approx(want, rel=1e-5)


# Carrying out


def by_hand(config, later=lambda epoch, *data: data):
    """A run as anybody would write it: the validation losses, both models."""
    model, data = lab.build_model(config), lab.make_data(config)
    adam = torch.optim.Adam(model.parameters(), lr=config.train.lr)
    x, label = data.train.tensors
    losses, best = [], None
    with torch.random.fork_rng():
        torch.manual_seed(config.seed)
        for epoch in range(1, config.train.epochs + 1):
            if epoch > 1:
                x, label = later(epoch, x, label)
            model.train()
            for index in torch.randperm(len(x)).split(config.train.batch_size):
                adam.zero_grad()
                cross_entropy(model(x[index]), label[index]).backward()
                adam.step()
            losses.append(evaluate(model.eval(), data.valid).loss)
            if losses[-1] == min(losses):
                best = {k: v.clone() for k, v in model.state_dict().items()}
    kept = lab.build_model(config)
    kept.load_state_dict(best)
    return losses, {
        "initial": lab.build_model(config),
        "best": kept,
        "last": model,
    }


def test_a_run_by_hand(tmp_path):
    # So long that the validation loss rises again: best and last differ.
    before = torch.get_rng_state()
    record = lab.execute(KEPT, tmp_path)
    assert torch.equal(torch.get_rng_state(), before)
    losses, models = by_hand(KEPT)
    assert record.history.column("valid_loss") == pytest.approx(
        losses, rel=1e-4
    )
    assert record.best_epoch == losses.index(min(losses)) + 1 < 25
    assert record.test_best != record.test_last
    assert record.parameters == 4 * (2 + 4 + 1) + 2 * (4 + 1)
    assert record.threads == 1
    for moment, want in models.items():
        model = lab.load_model(record, moment, tmp_path)
        assert not model.training
        torch.testing.assert_close(
            weights(model), weights(want), rtol=1e-3, atol=1e-4
        )
        if moment != "initial":
            score = evaluate(want, lab.make_data(KEPT).test)
            told = getattr(record, f"test_{moment}")
            assert told.loss == pytest.approx(score.loss, rel=1e-4)
    files = RunFiles(KEPT, tmp_path)
    left = {path for path in tmp_path.rglob("*") if path.is_file()}
    assert left == {files.record, files.weights}
    # The untrained twin need not be kept.
    other = lab.execute(run(), tmp_path)
    assert same(
        lab.load_model(other, "initial", tmp_path), lab.build_model(run())
    )


def all_anew(epoch, x, label, seed=0):
    purpose = f"training data, epoch {epoch}"
    return first_last(*x.shape, lab.generator_for(purpose, seed))


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
    v = torch.randn(32, 4, generator=lab.generator_for("projections", 0))[:8]
    x = lab.make_data(config).valid.tensors[0][:64]
    _, norms = lab.follow(
        config, 3, lambda model: lab.gradient_norms(model, x, v)
    )
    record = lab.execute(config)
    assert record.gradient_ratios == pytest.approx(
        [float(norm[0] / norm[-1]) for norm in norms[1:]], rel=1e-4
    )
    again = lab.Record.from_json(record.to_json())
    assert again.gradient_ratios == record.gradient_ratios
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


@pytest.mark.parametrize("cell", ["GRU", "Transformer"])
def test_a_run_twice_and_with_another_seed(cell):
    once, twice, other = (
        lab.execute(run(cell, seed=seed, dropout=0.2, diagnose=True))
        for seed in (0, 0, 1)
    )
    assert numbers(once) == numbers(twice)
    losses = [each.history.column("train_loss")[0] for each in (once, other)]
    assert losses[0] != losses[1]
    assert other.gradient_norms != once.gradient_norms


def slow(call):
    return lambda *args: time.sleep(0.1) or call(*args)


def test_a_record_says_how_it_was_made(monkeypatch):
    for name in ("build_model", "evaluate"):  # once before, twice after
        monkeypatch.setattr(runs, name, slow(getattr(runs, name)))
    record = lab.execute(run(seed=3, diagnose=True, training={"epochs": 5}))
    told = json.loads(record.to_json())
    assert told["command"] == (
        "python -m unrolled_lab run test --only lstm-seed3"
    )
    assert told["versions"]["torch"] == torch.__version__
    assert told["seconds"] - sum(told["history"]["seconds"]) > 0.29
    assert lab.Record.from_json(record.to_json()) == record
    for line in record.to_json().splitlines()[1:-1]:
        json.loads("{" + line.rstrip(",") + "}")  # one field on each line
    decimals = [
        *told["history"]["grad_norm"],
        *told["gradient_norms"],
        told["seconds"],
        told["test_best"]["loss"],
    ]
    assert all(number == float(f"{number:.6g}") for number in decimals)


def test_the_beginning_again():
    training = {"epochs": 6, "step_size": 2, "lr": 0.5}
    config = run(num_layers=2, dropout=0.5, training=training)
    again = lab.replay(config, 3)
    history, found = lab.follow(config, 3, weights)
    whole = lab.execute(config).history
    for name in ("train_loss", "valid_loss", "valid_accuracy", "grad_norm"):
        assert history.column(name) == again.column(name)
        assert again.column(name) == pytest.approx(
            whole.column(name)[:3], rel=1e-5
        )
    assert len(found) == 4
    assert torch.equal(found[0], weights(lab.build_model(config)))
    # What is measured is the network after each epoch, not the best.
    assert torch.equal(found[2], lab.follow(config, 2, weights)[1][-1])
    assert len({tuple(each.tolist()) for each in found}) == 4
    # On other data.
    _, own = lab.follow(run(), 1, weights)
    history, changed = lab.follow(run(), 1, weights, lab.make_data(run(seed=1)))
    assert torch.equal(own[0], changed[0])
    assert not torch.equal(own[1], changed[1])
    want = lab.replay(run(data_seed=1), 1).column("train_loss")
    assert history.column("train_loss") == want


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
    assert not files.is_done
    assert files.weights.is_file() == (lost == "record")
    done = seconds_in(files.checkpoint)
    record = lab.execute(KEPT_SHORT, tmp_path)
    assert record.history.column("seconds") == done  # the very same epochs
    assert numbers(record) == numbers(lab.execute(KEPT_SHORT))


def test_who_comes_second_waits_and_finds_the_record(tmp_path):
    files, results, record = RunFiles(run(), tmp_path), [], lab.execute(run())
    late = threading.Thread(
        target=lambda: results.append(lab.execute(run(), tmp_path))
    )
    with files.lock():
        late.start()
        late.join(timeout=0.5)
        assert late.is_alive()
        assert not results
        files.save(record, {})
    late.join(timeout=20)
    assert results == [record]  # to the second of its making
    left = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert left == [files.record]


def test_records_are_found_again(tmp_path, monkeypatch):
    configs = [run("RNN", seed) for seed in (1, 0)] + [run("GRU")]
    records = {c.name: lab.execute(c, tmp_path) for c in configs}
    found = lab.load_records("test", tmp_path)
    assert [r.name for r in found] == ["gru-seed0", "rnn-seed0", "rnn-seed1"]
    assert found == [records[r.name] for r in found]
    path = RunFiles(configs[0], tmp_path).record
    for folder in (tmp_path, path.parent):
        monkeypatch.chdir(folder)
        assert lab.load_record(path.relative_to(folder)) == records["rnn-seed1"]
        assert lab.load_record(str(path)) == records["rnn-seed1"]
    # Never one of another place, a cut or a changed one.
    copy = path.with_name("rnn-seed1-00000000.json")
    shutil.copy(path, copy)
    refused(tmp_path, "rnn-seed1-0.*: expected the record of this name .*got ")
    copy.unlink()
    whole = path.read_bytes()
    for text in (b"", whole[:1], whole[:-3], b"\xff" + whole[1:], b"[1]"):
        path.write_bytes(text)
        refused(tmp_path, r"rnn-seed1-.*json: expected a record, got a file")
    path.write_bytes(whole.replace(b'"lr": 0.01', b'"lr": 0.02', 1))
    refused(tmp_path, "id: expected '.*', as of this configuration, got ")
    path.write_bytes(whole.replace(b'"threads"', b'"thread"'))
    refused(tmp_path, "threads: expected a value, got none")
    path.write_bytes(whole.replace(b"record 1", b"record 9"))
    refused(tmp_path, "format: expected")
    # A damaged one is not made anew.
    (outcome,) = lab.sweep(configs[:1], tmp_path, jobs=1)
    assert outcome.status == "failed"
    assert "expected a record" in outcome.error


def refused(folder, message):
    with pytest.raises(ValueError, match=message) as caught:
        lab.load_records("test", folder)
    assert len(str(caught.value)) < 500


def test_weights_that_do_not_belong_are_refused(tmp_path):
    config = run("RNN", weights=("best", "last"))
    record, path = (
        lab.execute(config, tmp_path),
        RunFiles(config, tmp_path).weights,
    )
    lab.load_model(record, "best", tmp_path)  # these do
    state, whole = load_checkpoint(path), path.read_bytes()
    place = whole.index(state["best"]["head.weight"].numpy().tobytes())
    damaged = whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :]
    for worse in [
        {"id": "00000000"},
        {"best": {}},
        {"best": {k: v.float() for k, v in state["best"].items()}},
        {"more": 1},
        damaged,
        None,
    ]:
        if isinstance(worse, dict):
            save_checkpoint(path, state | worse)
        elif worse:
            path.write_bytes(worse)
        else:
            path.unlink()
        with pytest.raises(ValueError, match=r"rnn-seed0-.*pt: expected .*got"):
            lab.load_model(record, "best", tmp_path)


def test_a_package_without_its_repository(monkeypatch, tmp_path):
    copy = tmp_path / "lib" / "site-packages" / "unrolled_lab" / "files.py"
    monkeypatch.setattr("unrolled_lab.files.__file__", str(copy))
    with pytest.raises(
        ValueError, match=r"folder: expected .*repository.*None"
    ):
        lab.load_records("published")
    assert lab.results_folder(str(tmp_path)) == tmp_path
    made = lab.results_folder(tmp_path / "made", create=True)
    assert made.is_dir()
