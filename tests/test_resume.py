"""A training that was killed and resumed, compared to the bit."""

import io
import itertools
import multiprocessing
import os
import random
import signal
import time

import pytest
import torch
from unrolled.train.checkpoint import load_checkpoint

from small_models import (
    Tagger,
    config,
    made,
    mlp,
    points,
    same,
    same_weights,
    sequences,
    without_seconds,
)
from unrolled.train import History, TrainConfig, fit

pytestmark = pytest.mark.usefixtures("one_thread")

# Dropout, clipping, a scheduler, early stopping and the best weights at once.
EVERYTHING = {
    "lr": 0.01,
    "weight_decay": 0.01,
    "step_size": 3,
    "gamma": 0.8,
    "max_norm": 0.2,
    "patience": 4,
    "keep": "best",
}


def train(path, epochs=40, **changes):
    """One run of everything; returns the model and the history."""
    model = made(Tagger)
    settings = config(**EVERYTHING, epochs=epochs, **changes)
    history = fit(
        model, sequences(), sequences(30, seed=2), settings, checkpoint=path
    )
    return model, history


def same_checkpoints(one, other):
    """Whether two checkpoints are the same, but for the seconds."""
    states = []
    for path in (one, other):
        state = load_checkpoint(path)
        history = History.from_json(state.pop("history"))
        del state["config"]  # the number of epochs may differ
        states.append(state | {"epochs": without_seconds(history)})
    return same(*states)


# Killed, and resumed

needs_sigkill = pytest.mark.skipif(
    "forkserver" not in multiprocessing.get_all_start_methods(),
    reason="needs a system that forks",
)


def start(target, *args):
    """Start a function in a process of its own, and wait until it trains."""
    context = multiprocessing.get_context("forkserver")
    # Imported once; PyTorch's optimisers want the last one at their first step.
    context.set_forkserver_preload(["torch", "unrolled.train", "torch._dynamo"])
    ready = context.Event()
    process = context.Process(target=target, args=(ready, *args), daemon=True)
    process.start()
    assert ready.wait(60)
    return process


def train_at_once(ready, path):
    torch.set_num_threads(1)
    ready.set()
    train(path)


def kill(process):
    """Send SIGKILL, and tell whether it came before the end."""
    process.kill()
    process.join(60)
    assert process.exitcode in (0, -signal.SIGKILL)
    return process.exitcode != 0


@pytest.fixture(name="uninterrupted", scope="module")
def run_uninterrupted(tmp_path_factory, one_thread):
    path = tmp_path_factory.mktemp("uninterrupted") / "run.pt"
    return path, *train(path)


def check_equals(uninterrupted, path):
    """Hold a finished run against the uninterrupted one."""
    reference, model, history = uninterrupted
    assert same_checkpoints(path, reference)
    again, resumed = train(path)
    assert same_weights(again, model)
    assert without_seconds(resumed) == without_seconds(history)
    assert resumed.stopped_early == history.stopped_early
    assert resumed.best_epoch == history.best_epoch


def test_the_uninterrupted_run_does_everything(uninterrupted):
    path, model, history = uninterrupted
    assert history.stopped_early
    assert 1 < history.best_epoch < len(history.epochs) < 40
    assert len(set(history.column("lr"))) > 2
    assert max(history.column("grad_norm")) > EVERYTHING["max_norm"]
    state = load_checkpoint(path)
    assert not same(state["best"], state["model"])
    assert same(state["best"], dict(model.state_dict()))
    plain, plain_history = train(None)
    assert same_weights(plain, model)
    assert without_seconds(plain_history) == without_seconds(history)


def epochs_in(path):
    if not path.exists():
        return 0
    history = History.from_json(load_checkpoint(path)["history"])
    return len(history.epochs)


@needs_sigkill
def test_killed_at_random_and_resumed(uninterrupted, tmp_path):
    path, rng = tmp_path / "run.pt", random.Random(0)
    patience = sum(uninterrupted[2].column("seconds")) / 6
    found = set()  # epochs in the checkpoints that the kills left
    for _ in range(40):
        process = start(train_at_once, path)
        time.sleep(rng.uniform(0, patience))
        killed, done = kill(process), epochs_in(path)
        if not killed:  # the machine is faster than it was
            patience /= 2
            found.clear()
            path.unlink()
        elif done == 0 or done in found:  # it is slower
            patience *= 1.5
        else:
            found.add(done)
        if len(found) == 4:
            break
    assert len(found) == 4
    train(path)
    check_equals(uninterrupted, path)


def train_and_hang(hanging, path, moment, count):
    """Train, and stop for good in the middle of the `count`-th write."""
    torch.set_num_threads(1)
    writes = itertools.count(1)

    def hang():
        hanging.set()
        time.sleep(60)

    def save(state, file):
        whole = io.BytesIO()
        torch_save(state, whole)
        if next(writes) == count and moment == "half written":
            file.write(whole.getvalue()[: len(whole.getvalue()) // 2])
            file.flush()
            hang()
        file.write(whole.getvalue())

    def replace(source, target):
        is_moment = next(writes) == count
        if is_moment and moment == "before the rename":
            hang()
        os_replace(source, target)
        if is_moment:
            hang()

    torch_save, os_replace = torch.save, os.replace
    if moment == "half written":
        torch.save = save
    else:
        os.replace = replace
    train(path)


@needs_sigkill
@pytest.mark.parametrize("count", [1, 4])
@pytest.mark.parametrize(
    "moment", ["half written", "before the rename", "after the rename"]
)
def test_killed_in_a_write_and_resumed(uninterrupted, tmp_path, moment, count):
    path = tmp_path / "run.pt"
    assert kill(start(train_and_hang, path, moment, count))
    left = {file.name for file in tmp_path.iterdir()}
    if moment == "after the rename":
        assert left == {"run.pt"}
    else:
        assert "run.pt.tmp" in left
    done = count if moment == "after the rename" else count - 1
    assert epochs_in(path) == done
    train(path)
    assert [file.name for file in tmp_path.iterdir()] == ["run.pt"]
    check_equals(uninterrupted, path)


# Resumed in the same process


@pytest.mark.parametrize("done", [1, 3, 24, 40])
def test_more_epochs_go_on_where_fewer_ended(uninterrupted, tmp_path, done):
    path = tmp_path / "run.pt"
    _, history = train(path, epochs=done)
    assert len(history.epochs) <= done
    train(path)
    check_equals(uninterrupted, path)


@pytest.mark.parametrize("keep", ["best", "last"])
def test_a_finished_run_is_returned_at_once(tmp_path, keep, monkeypatch):
    path = tmp_path / "run.pt"
    settings = config(epochs=12, lr=0.05, keep=keep)
    trained, model = made(Tagger), made(Tagger)
    data = sequences(), sequences(30, seed=2)
    history = fit(trained, *data, settings, checkpoint=path)
    assert history.best_epoch < 12
    written = path.read_bytes()
    monkeypatch.setattr(Tagger, "forward", None)  # nothing may be computed
    assert fit(model, *data, settings, checkpoint=path) == history
    assert same_weights(model, trained)
    assert path.read_bytes() == written


def test_a_stopped_run_stays_stopped(uninterrupted, tmp_path):
    path = tmp_path / "run.pt"
    path.write_bytes(uninterrupted[0].read_bytes())
    _, history = train(path, epochs=100)
    assert history == uninterrupted[2]


def test_the_bar_goes_on_where_it_ended(tmp_path, capfd):
    path, model = tmp_path / "run.pt", made(mlp)
    fit(model, points(), None, config(epochs=2), checkpoint=path)
    settings = config(epochs=4)
    fit(model, points(), None, settings, checkpoint=path, progress=True)
    shown = capfd.readouterr().err
    assert "epoch 3/4" in shown
    assert "12/12" in shown  # 3 steps in an epoch


def test_resuming_leaves_the_global_stream_alone(tmp_path):
    path = tmp_path / "run.pt"
    for epochs in (2, 4, 4):
        before = torch.get_rng_state()
        train(path, epochs=epochs)
        assert torch.equal(torch.get_rng_state(), before)


def test_a_stale_temporary_file_does_no_harm(uninterrupted, tmp_path):
    path = tmp_path / "run.pt"
    (tmp_path / "run.pt.tmp").write_bytes(b"x" * 100_000)
    train(path)
    assert [file.name for file in tmp_path.iterdir()] == ["run.pt"]
    check_equals(uninterrupted, path)


def test_the_path_may_be_text(tmp_path):
    path = str(tmp_path / "run.pt")
    train(path, epochs=2)
    assert "model" in load_checkpoint(path)


def test_a_checkpoint_is_of_plain_types(uninterrupted):
    def types(value):
        if isinstance(value, dict):
            value = [*value.keys(), *value.values()]
        if isinstance(value, list | tuple):
            return {type(value)}.union(*map(types, value))
        return {type(value)}

    plain = {dict, list, tuple, str, int, float, bool, type(None)}
    found = types(torch.load(uninterrupted[0], weights_only=True))
    assert found <= plain | {torch.Tensor}
    settings = TrainConfig.from_json(
        load_checkpoint(uninterrupted[0])["config"]
    )
    assert settings == config(**EVERYTHING, epochs=40)
