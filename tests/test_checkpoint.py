"""Checkpoints: killed and resumed, compared to the bit; and refused."""

import io
import itertools
import multiprocessing
import os
import pickle
import random
import signal
import tarfile
import time
import zipfile
from contextlib import suppress

import pytest
import torch
from torch import nn
from torch.utils.data import TensorDataset

from small_models import (
    Tagger,
    config,
    made,
    mlp,
    points,
    same_weights,
    sequences,
    without_seconds,
)
from unrolled import checkpoint
from unrolled.checkpoint import load_checkpoint, save_checkpoint
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


def same(one, other):
    """Whether two states are the same, to the bit."""
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(
            same(one[key], other[key]) for key in one
        )
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, torch.Tensor):
        return one.dtype == other.dtype and torch.equal(one, other)
    return one == other


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


def test_a_failing_write_leaves_the_old_checkpoint(tmp_path, monkeypatch):
    path = tmp_path / "run.pt"
    save_checkpoint(path, {"epoch": 1})

    def full(file):
        raise OSError("no space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="no space left"):
        save_checkpoint(path, {"epoch": 2})
    assert load_checkpoint(path) == {"epoch": 1}
    assert [file.name for file in tmp_path.iterdir()] == ["run.pt"]


def test_the_file_is_on_the_disk_before_it_has_its_name(tmp_path, monkeypatch):
    calls = []
    fsync, replace = os.fsync, os.replace
    monkeypatch.setattr(os, "fsync", lambda f: calls.append("s") or fsync(f))
    monkeypatch.setattr(
        os, "replace", lambda *names: calls.append("r") or replace(*names)
    )
    save_checkpoint(tmp_path / "run.pt", {})
    assert calls == ["s", "r"]


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


# Another training


def one_epoch(path, model=None, data=None, valid=None, **changes):
    """A short run, with a model that has dropout and a buffer."""
    model = model or made(mlp)
    settings = config(**{"epochs": 2, "keep": "best"} | changes)
    data, valid = data or points(), valid or points(9, seed=2)
    return fit(model, data, valid, settings, checkpoint=path)


def wider():
    return nn.Sequential(nn.Linear(3, 9), *mlp()[1:3], nn.Linear(9, 4))


class Plain(nn.Module):
    """A model whose text does not show its size."""

    def __init__(self, size=4, name="weight", dtype=torch.float32):
        super().__init__()
        tensor = torch.ones(size, 3, dtype=dtype)
        self.register_parameter(name, nn.Parameter(tensor))

    def forward(self, x):
        """Return scores of four classes or more, (N, size)."""
        (weight,) = self.parameters()
        return (x.to(weight.dtype) @ weight.T).float()  # (N, size)


def changed(dataset, index):
    """The same data but for one entry of one tensor."""
    tensors = [tensor.clone() for tensor in dataset.tensors]
    tensors[index].view(-1)[-1] += 1
    return TensorDataset(*tensors)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"lr": 0.02}, r"another lr; lr is 0.01 \(here 0.02\)"),
        ({"lr": 0.02, "seed": 3}, r"another lr, seed; lr is 0.01"),
        ({"batch_size": 4}, r"batch_size is 8 \(here 4\)"),
        ({"weight_decay": 1e-9}, "another weight_decay"),
        ({"step_size": 2}, "another step_size"),
        ({"gamma": 0.5}, "another gamma"),
        ({"max_norm": 1.0}, "another max_norm"),
        ({"patience": 9}, "another patience"),
        ({"keep": "last"}, "keep is 'best' .here 'last'."),
        ({"seed": 1}, "another seed"),
        ({"epochs": 1}, "at most 1 epochs, as in config, got one of 2"),
        ({"data": points(23)}, r"another train_set; .*\(22, 3\)"),
        ({"data": changed(points(), 0)}, "another train_set"),
        ({"data": changed(points(), 1)}, "another train_set"),
        ({"valid": changed(points(9, seed=2), 0)}, "another valid_set"),
        ({"model": made(wider)}, r"another model.*out_features=8"),
        (
            {"model": nn.Sequential(*mlp()[:2], nn.Dropout(0.2), mlp()[3])},
            r"model \(line 4\) is .*p=0.3.*p=0.2",
        ),
    ],
)
def test_another_training_is_refused(tmp_path, changes, message):
    path = tmp_path / "run.pt"
    one_epoch(path)
    check_refused(path, message, **changes)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"size": 5}, r"model.weight is .*\(4, 3\).*here.*\(5, 3\)"),
        ({"name": "other"}, r"another model.other.*is missing"),
        ({"dtype": torch.float64}, r"model.weight is .*float32.*float64"),
    ],
)
def test_another_model_is_refused(tmp_path, options, message):
    path = tmp_path / "run.pt"
    one_epoch(path, model=Plain())
    check_refused(path, message, model=Plain(**options))


def check_refused(path, message, model=None, **changes):
    """Hold that a file is refused, and neither it nor the model changes."""
    model = model or made(mlp)
    before = {key: value.clone() for key, value in model.state_dict().items()}
    written, stream = path.read_bytes(), torch.get_rng_state()
    with pytest.raises(ValueError, match=message) as caught:
        one_epoch(path, model=model, **changes)
    for word in ("expected", "got", path.name):
        assert word in str(caught.value)
    assert len(str(caught.value)) < 400
    assert same(before, dict(model.state_dict()))
    assert path.read_bytes() == written
    assert torch.equal(torch.get_rng_state(), stream)


# Files that are no checkpoints


class Hostile:
    """A pickle that makes a folder when it is read."""

    def __init__(self, folder):
        self.folder = folder

    def __reduce__(self):
        return os.mkdir, (str(self.folder),)


def pickled(path, hostile):
    path.write_bytes(pickle.dumps(hostile))


def pickled_as_format(path, hostile):
    path.write_bytes(pickle.dumps({"format": checkpoint.FORMAT, "a": hostile}))


def saved(path, hostile):
    torch.save({"format": checkpoint.FORMAT, "about": hostile}, path)


def saved_the_old_way(path, hostile):
    torch.save(hostile, path, _use_new_zipfile_serialization=False)


def inserted(path, hostile):
    """A real checkpoint whose pickle is replaced."""
    good = path.with_name("good.pt")
    one_epoch(good)
    with zipfile.ZipFile(good) as old, zipfile.ZipFile(path, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name.endswith("data.pkl"):
                content = pickle.dumps(hostile, protocol=2)
            new.writestr(name, content)


def in_a_tar(path, hostile):
    with tarfile.open(path, "w") as tar:
        for name in ("storages", "tensors", "pickle"):
            content = pickle.dumps(hostile)
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))


@pytest.mark.parametrize(
    "write",
    [pickled, pickled_as_format, saved, saved_the_old_way, inserted, in_a_tar],
)
def test_a_hostile_file_is_refused_and_does_not_run(tmp_path, write):
    path, folder = tmp_path / "run.pt", tmp_path / "hostile code ran"
    write(path, Hostile(folder))
    check_refused(path, "expected a checkpoint, got a file that cannot be read")
    assert not folder.exists()


@pytest.mark.parametrize("write", [saved, saved_the_old_way, inserted])
def test_the_hostile_file_would_run(tmp_path, write):
    # Otherwise the test above would hold for any way of reading.
    path, folder = tmp_path / "run.pt", tmp_path / "hostile code ran"
    write(path, Hostile(folder))
    with suppress(Exception):
        torch.load(path, weights_only=False)
    assert folder.exists()


def a_module(path):
    torch.save(mlp(), path)


def a_script(path):
    torch.jit.script(mlp()).save(path)


def a_zip(path):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme", "no checkpoint")


FOREIGN = {
    "empty": lambda path: path.write_bytes(b""),
    "text": lambda path: path.write_text("weights = 3\n"),
    "zeros": lambda path: path.write_bytes(bytes(5000)),
    "zip": a_zip,
    "module": a_module,
    "end of a zip": lambda path: path.write_bytes(b"PK\5\6" + bytes(18)),
}
NO_FORMAT = {
    "weights": lambda path: torch.save(mlp().state_dict(), path),
    "tensor": lambda path: torch.save(torch.ones(3), path),
    "list": lambda path: torch.save([1, 2], path),
    "other format": lambda path: torch.save({"format": "another 1"}, path),
    "tensor for format": lambda path: torch.save(
        {"format": torch.ones(2)}, path
    ),
}


@pytest.mark.parametrize("kind", FOREIGN)
def test_a_foreign_file_is_refused(tmp_path, kind):
    path = tmp_path / "run.pt"
    FOREIGN[kind](path)
    check_refused(path, "expected a checkpoint, got a file that cannot be read")


@pytest.mark.parametrize("kind", NO_FORMAT)
def test_another_format_is_refused(tmp_path, kind):
    path = tmp_path / "run.pt"
    NO_FORMAT[kind](path)
    check_refused(path, "with the format 'unrolled checkpoint 1', got ")


def test_a_cut_file_is_refused(tmp_path):
    path = tmp_path / "run.pt"
    one_epoch(path)
    whole = path.read_bytes()
    counts = {0, 1, 2, 3, 4, 30, *range(5, len(whole), 997)}
    counts |= {len(whole) - k for k in range(1, 25)}
    for count in sorted(counts):
        path.write_bytes(whole[:count])
        with pytest.raises(ValueError, match="expected a checkpoint, got"):
            load_checkpoint(path)
    check_refused(path, "expected a checkpoint, got")


def test_a_damaged_file_is_refused_or_whole(tmp_path):
    path, rng = tmp_path / "run.pt", random.Random(0)
    one_epoch(path)
    whole, refused = path.read_bytes(), 0
    state = load_checkpoint(path)
    for _ in range(150):
        damaged = bytearray(whole)
        damaged[rng.randrange(len(whole))] ^= 1 << rng.randrange(8)
        path.write_bytes(damaged)
        try:
            # Not every byte of a zip means something.
            assert same(load_checkpoint(path), state)
        except ValueError:
            refused += 1
    assert refused > 75


def test_every_damaged_weight_is_noticed(tmp_path):
    # PyTorch would read it: this is what the checksums are for.
    path = tmp_path / "run.pt"
    save_checkpoint(path, {"weight": torch.full((64,), 1.5)})
    whole = path.read_bytes()
    place = whole.index(torch.full((64,), 1.5).numpy().tobytes())
    damaged = bytearray(whole)
    damaged[place + 100] ^= 1
    path.write_bytes(damaged)
    read = torch.load(path, weights_only=True)["weight"]
    assert (read != 1.5).sum() == 1
    with pytest.raises(ValueError, match="another checksum"):
        load_checkpoint(path)


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("about", None),
        ("about", {}),
        ("about", {"lr": torch.ones(3)}),
        ("model", None),
        ("model", {}),
        ("best", None),
        ("optimizer", None),
        ("optimizer", {}),
        ("optimizer", {"state": 3, "param_groups": 3}),
        ("scheduler", {"step": 3}),
        ("random", {}),
        ("random", {"cpu": torch.zeros(3)}),
        ("history", None),
        ("history", "[]"),
        ("history", '{"epochs": [], "stopped_early": false, "more": 1}'),
        ("history", '{"epochs": [], "stopped_early": 3}'),
        ("history", '{"epochs": [{}], "stopped_early": false}'),
        ("unknown", 1),
    ],
)
def test_a_spoilt_part_is_refused(tmp_path, part, value):
    path = tmp_path / "run.pt"
    one_epoch(path)
    save_checkpoint(path, load_checkpoint(path) | {part: value})
    check_refused(path, "run.pt: .*expected", epochs=3)


def test_a_spoilt_average_is_refused(tmp_path):
    path = tmp_path / "run.pt"
    one_epoch(path)
    state = load_checkpoint(path)
    state["optimizer"]["state"][0]["exp_avg"] = torch.ones(1)
    save_checkpoint(path, state)
    check_refused(path, r"optimizer.state.0.exp_avg is .\(1,\)", epochs=3)
