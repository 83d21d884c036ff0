"""A training that was killed and resumed, compared to the bit; its file."""

import copy
import io
import multiprocessing
import os
import signal
import time
import zipfile
from contextlib import suppress
from functools import partial

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
    same,
    same_weights,
    sequences,
    without_seconds,
)
from unrolled.train import History, fit
from unrolled_lab.resume import (
    FORMAT,
    check_same,
    fit_resumably,
    load_checkpoint,
    load_state,
    save_checkpoint,
    state_of,
)

pytestmark = pytest.mark.usefixtures("one_thread")

# Dropout, clipping, a scheduler, early stopping and the best weights at once.
EVERYTHING = config(
    epochs=40,
    weight_decay=0.01,
    step_size=3,
    gamma=0.8,
    max_norm=0.2,
    patience=4,
    keep="best",
    lr=0.05,
)
DATA = sequences(), sequences(30, seed=2)


def train(path, settings=EVERYTHING, **options):
    """One run of everything; returns the model and the history."""
    model = made(Tagger)
    return model, fit_resumably(model, *DATA, settings, path, **options)


def content(path):
    """What is in a checkpoint, but for the seconds and the last epoch."""
    state = load_checkpoint(path)
    state["history"] = without_seconds(History.from_json(state["history"]))
    del state["config"]["epochs"]
    return state


@pytest.fixture(name="uninterrupted", scope="module")
def run_uninterrupted(tmp_path_factory, one_thread):
    path, states = tmp_path_factory.mktemp("whole") / "run.pt", []
    train(path)
    model = made(Tagger)
    history = fit(
        model,
        *DATA,
        EVERYTHING,
        on_epoch=lambda run: states.append(copy.deepcopy(state_of(run))),
    )
    return path, model, history, states


def check_equals(uninterrupted, model, history):
    _, whole_model, whole, _ = uninterrupted
    assert same_weights(model, whole_model)
    assert without_seconds(history) == without_seconds(whole)
    assert history.stopped_early == whole.stopped_early


def test_the_uninterrupted_run_does_everything(uninterrupted):
    path, model, history, states = uninterrupted
    assert history.stopped_early
    assert 4 < history.best_epoch < len(history.epochs) < 40
    assert len(set(history.column("lr"))) > 2
    assert max(history.column("grad_norm")) > EVERYTHING.max_norm
    assert not same(states[-1]["best"], states[-1]["model"])
    assert same(states[-1]["best"], dict(model.state_dict()))
    assert same(content(path)["model"], states[-1]["model"])


# Resumed in the same process


@pytest.mark.parametrize("done", [1, 3, -2, -1])
def test_from_any_epoch_on_all_is_as_if_it_had_never_stopped(
    uninterrupted, done
):
    state = uninterrupted[-1][done]
    before = copy.deepcopy(state)
    stream = torch.get_rng_state()
    for _ in range(2):  # the state serves twice: it does not change
        model = made(Tagger)
        with torch.no_grad():  # whatever weights the model has
            model.out.weight.zero_()
        history = fit(
            model, *DATA, EVERYTHING, on_start=partial(load_state, state=state)
        )
        check_equals(uninterrupted, model, history)
        assert same(state, before)
    assert torch.equal(torch.get_rng_state(), stream)


@pytest.mark.parametrize("done", [1, 5])
def test_more_epochs_go_on_where_fewer_ended(uninterrupted, tmp_path, done):
    path = tmp_path / "run.pt"
    train(path, EVERYTHING.replace(epochs=done))
    check_equals(uninterrupted, *train(str(path)))
    assert same(content(path), content(uninterrupted[0]))


@pytest.mark.parametrize("keep", ["best", "last"])
def test_a_finished_run_is_returned_at_once(tmp_path, keep, monkeypatch):
    path, settings = tmp_path / "run.pt", EVERYTHING.replace(keep=keep)
    trained, history = train(path, settings)
    written = path.read_bytes()
    monkeypatch.setattr(Tagger, "forward", None)  # nothing may be computed
    for epochs in (40, 100):  # one that has stopped stays so
        model, again = train(path, settings.replace(epochs=epochs))
        assert again == history
        assert same_weights(model, trained)
        assert path.read_bytes() == written


def test_the_bar_goes_on_where_it_ended(tmp_path, capfd):
    path = tmp_path / "run.pt"
    train(path, EVERYTHING.replace(epochs=2))
    train(path, EVERYTHING.replace(epochs=4), progress=True)
    shown = capfd.readouterr().err
    assert "2/4" in shown
    assert "4/4" in shown
    assert "1/4" not in shown


def spoil(part, place, value):
    """Put another value at a place of a state; None takes it away."""
    *above, last = place
    for key in above:
        part = part[key]
    part.pop(last, None)
    if value is not None:
        part[last] = value


AVERAGES = "optimizer", "state"
GROUP = "optimizer", "param_groups", 0


@pytest.mark.parametrize("keep", ["best", "last"])
@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("model", "out.bias"), None),
        (("best",), {"out.bias": torch.zeros(4)}),
        (AVERAGES, {}),
        ((*AVERAGES, 0, "exp_avg"), torch.zeros(3)),
        ((*AVERAGES, 0, "exp_avg_sq"), None),
        ((*AVERAGES, 99), {}),
        ((*GROUP, "lr"), 7.0),
        ((*GROUP, "betas"), (0.5, 0.5)),
        (("scheduler", "gamma"), 0.5),
        (("scheduler", "last_epoch"), 7),
        (("random", "cpu"), torch.zeros(3)),
    ],
)
def test_a_refused_state_changes_nothing(place, value, keep):
    settings, states = EVERYTHING.replace(epochs=2, keep=keep), []
    fit(
        made(Tagger),
        *DATA,
        settings,
        on_epoch=lambda run: states.append(copy.deepcopy(state_of(run))),
    )
    spoil(states[-1], place, value)
    model = made(Tagger)
    with torch.no_grad():
        model.out.weight.zero_()
    before = copy.deepcopy(model.state_dict())
    with pytest.raises(ValueError, match=r"state: expected one of .* suit"):
        fit(
            model,
            *DATA,
            settings.replace(epochs=3),
            on_start=partial(load_state, state=states[-1]),
        )
    assert same(before, model.state_dict())


# Killed, and resumed


def train_and_hang(hanging, path, moment):
    """Train, and stop for good in the fourth epoch, or in its write."""
    torch.set_num_threads(1)
    forward, torch_save, os_replace = Tagger.forward, torch.save, os.replace
    calls = {"forward": 0, "write": 0, "rename": 0}

    def now(call, count, at):
        calls[call] += 1
        return calls[call] == count and moment == at

    def hang():
        hanging.set()
        time.sleep(60)

    def call(self, x):
        if now("forward", 3 * 7 + 2, "in an epoch"):  # 7 batches in each
            hang()
        return forward(self, x)

    def save(state, file):
        whole = io.BytesIO()
        torch_save(state, whole)
        if now("write", 4, "half written"):
            file.write(whole.getvalue()[: len(whole.getvalue()) // 2])
            file.flush()
            hang()
        file.write(whole.getvalue())

    def replace(source, target):
        if now("rename", 4, "before the rename"):
            hang()
        os_replace(source, target)
        calls["rename"] -= 1
        if now("rename", 4, "after the rename"):
            hang()

    Tagger.forward, torch.save, os.replace = call, save, replace
    train(path)


@pytest.mark.skipif(
    "forkserver" not in multiprocessing.get_all_start_methods(),
    reason="needs a system that forks",
)
@pytest.mark.parametrize(
    ("moment", "left", "done"),
    [
        ("in an epoch", {"run.pt"}, 3),
        ("half written", {"run.pt", "run.pt.tmp"}, 3),
        ("before the rename", {"run.pt", "run.pt.tmp"}, 3),
        ("after the rename", {"run.pt"}, 4),
    ],
)
def test_killed_and_resumed(uninterrupted, tmp_path, moment, left, done):
    path = tmp_path / "run.pt"
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["torch", "unrolled_lab", "torch._dynamo"])
    hanging = context.Event()
    process = context.Process(
        target=train_and_hang, args=(hanging, path, moment), daemon=True
    )
    process.start()
    assert hanging.wait(120)
    process.kill()
    process.join(60)
    assert process.exitcode == -signal.SIGKILL
    assert {file.name for file in tmp_path.iterdir()} == left
    assert len(content(path)["history"]) == done
    check_equals(uninterrupted, *train(path))
    assert same(content(path), content(uninterrupted[0]))
    assert [file.name for file in tmp_path.iterdir()] == ["run.pt"]


# The file


def test_a_failing_write_leaves_the_old_checkpoint(tmp_path, monkeypatch):
    path, calls, fsync = tmp_path / "run.pt", [], os.fsync
    os_replace = os.replace
    monkeypatch.setattr(os, "fsync", lambda f: calls.append("s") or fsync(f))
    monkeypatch.setattr(
        os, "replace", lambda *names: calls.append("r") or os_replace(*names)
    )
    save_checkpoint(path, {"epoch": 1})
    assert calls == ["s", "r"]  # on the disk before it has its name

    def full(file):
        raise OSError("no space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="no space left"):
        save_checkpoint(path, {"epoch": 2})
    assert load_checkpoint(path) == {"epoch": 1}
    assert [file.name for file in tmp_path.iterdir()] == ["run.pt"]


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


class Plain(nn.Module):
    """A model whose text does not show its size."""

    def __init__(self, size=4, name="weight", dtype=torch.float32):
        super().__init__()
        tensor = torch.ones(size, 3, dtype=dtype)
        self.register_parameter(name, nn.Parameter(tensor))
        self.register_parameter("other", nn.Parameter(torch.zeros(())))

    def forward(self, x):
        """Return scores of four classes or more, (N, size)."""
        weight, other = self.parameters()
        return (x.to(weight.dtype) @ weight.T).float() + other  # (N, size)


def frozen():
    model = Plain()
    model.other.requires_grad_(False)
    return model


def changed(dataset, index):
    """The same data but for one entry of one tensor."""
    tensors = [tensor.clone() for tensor in dataset.tensors]
    tensors[index].view(-1)[-1] += 1
    return TensorDataset(*tensors)


def short(path, model=None, data=None, valid=None, **changes):
    settings = config(**{"epochs": 2, "keep": "best"} | changes)
    sets = data or points(), valid or points(9, seed=2)
    return fit_resumably(model or Plain(), *sets, settings, path)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"lr": 0.02}, r"another lr; lr is 0.01 \(here 0.02\)"),
        ({"lr": 0.02, "seed": 3}, "another lr, seed; lr is 0.01"),
        ({"batch_size": 4}, r"batch_size is 8 \(here 4\)"),
        ({"weight_decay": 1e-9}, "another weight_decay"),
        ({"step_size": 2}, "another step_size"),
        ({"gamma": 0.5}, "another gamma"),
        ({"max_norm": 1.0}, "another max_norm"),
        ({"patience": 9}, "another patience"),
        ({"keep": "last"}, "keep is 'best' .here 'last'."),
        (
            {"epochs": 1},
            "run.pt: .*epochs: expected at most 1, as in config, got 2",
        ),
        ({"data": points(23)}, r"another train_set; .*\(22, 3\)"),
        ({"data": changed(points(), 0)}, "another train_set"),
        ({"data": changed(points(), 1)}, "another train_set"),
        ({"valid": changed(points(9, seed=2), 0)}, "another valid_set"),
        ({"model": Plain(size=5)}, r"weight is '\(4, 3\).*here '\(5, 3\)"),
        ({"model": Plain(name="w")}, "another w, weight; w is missing"),
        ({"model": Plain(dtype=torch.float64)}, "float32.*here.*float64"),
        ({"model": frozen()}, "another other; other is .*trained"),
    ],
)
def test_another_training_is_refused(tmp_path, changes, message):
    path = tmp_path / "run.pt"
    short(path)
    check_refused(path, message, **changes)


def check_refused(path, message, model=None, **changes):
    """Hold that a file is refused, and neither it nor the model changes."""
    model = model or Plain()
    before, written = copy.deepcopy(model.state_dict()), path.read_bytes()
    with pytest.raises(ValueError, match=message) as caught:
        short(path, model, **changes)
    assert "expected" in str(caught.value)
    assert "got" in str(caught.value)
    assert len(str(caught.value)) < 400
    assert same(before, model.state_dict())
    assert path.read_bytes() == written


def test_a_model_with_another_text_is_refused(tmp_path):
    # A module's text shows what its weights do not.
    path = tmp_path / "run.pt"
    short(path, made(mlp, 0.3))
    check_refused(path, r"line 4.*p=0.3.*p=0.2", made(mlp, 0.2))


def test_a_state_that_does_not_suit_is_refused_in_the_file_s_name(tmp_path):
    path = tmp_path / "run.pt"
    short(path)
    save_checkpoint(path, load_checkpoint(path) | {"random": {}})
    check_refused(path, "^run.pt: expected one of this training, got one that")


class Hostile:
    """A pickle that makes a folder when it is read."""

    def __init__(self, folder):
        self.folder = folder

    def __reduce__(self):
        return os.mkdir, (str(self.folder),)


def test_a_hostile_file_is_refused_and_does_not_run(tmp_path):
    path, folder = tmp_path / "run.pt", tmp_path / "hostile code ran"
    torch.save({"format": FORMAT, "about": Hostile(folder)}, path)
    check_refused(path, "expected a checkpoint, got a file that cannot be read")
    assert not folder.exists()
    with suppress(Exception):  # or this would hold for any way of reading
        torch.load(path, weights_only=False)
    assert folder.exists()


def a_zip(path):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme", "no checkpoint")


def a_packed_checkpoint(path):
    save_checkpoint(path, {"weight": torch.zeros(1000)})
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in parts.items():
            archive.writestr(name, part)


def what_holds_itself(path):
    endless = []
    endless.append(endless)
    save_checkpoint(path, {"weights": endless})


@pytest.mark.parametrize(
    ("write", "message"),
    [
        (lambda path: path.write_bytes(b""), "cannot be read"),
        (lambda path: path.write_text("weights = 3\n"), "cannot be read"),
        (a_zip, "cannot be read"),
        (a_packed_checkpoint, "cannot be read .*is compressed"),
        (what_holds_itself, "cannot be read .*RecursionError"),
        (lambda path: torch.save(mlp(), path), "cannot be read"),
        (lambda path: torch.save(mlp().state_dict(), path), "format .*None"),
        (lambda path: torch.save(torch.ones(3), path), "format .*tensor"),
        (lambda path: torch.save({"format": "2"}, path), "format .*'2'"),
    ],
)
def test_a_foreign_file_is_refused(tmp_path, write, message):
    path = tmp_path / "run.pt"
    write(path)
    check_refused(path, f"run.pt: expected a checkpoint.*{message}")


def test_a_cut_file_is_refused(tmp_path):
    path = tmp_path / "run.pt"
    short(path)
    whole = path.read_bytes()
    for count in {0, 1, 30, *range(5, len(whole), 997), len(whole) - 1}:
        path.write_bytes(whole[:count])
        with pytest.raises(ValueError, match="expected a checkpoint, got"):
            load_checkpoint(path)


def test_every_damaged_weight_is_noticed(tmp_path):
    # PyTorch would read it: this is what the checksums are for.
    path = tmp_path / "run.pt"
    save_checkpoint(path, {"weight": torch.full((64,), 1.5)})
    damaged = bytearray(path.read_bytes())
    damaged[damaged.index(torch.full((64,), 1.5).numpy().tobytes()) + 100] ^= 1
    path.write_bytes(damaged)
    assert (torch.load(path)["weight"] != 1.5).sum() == 1
    with pytest.raises(ValueError, match="another checksum"):
        load_checkpoint(path)


@pytest.mark.parametrize(
    ("got", "message"),
    [
        (None, "run.pt: expected a dict, got None"),
        ({}, r"run.pt: expected .*another a; a is missing \(here 1\)"),
        ({"a": 1, "b": 2}, r"another b; b is 2 \(here missing\)"),
        ({"a": True}, r"another a; a is True \(here 1\)"),
        ({"a": torch.ones(3)}, r"another a; a is tensor.* \(here 1\)"),
    ],
)
def test_what_differs_is_named(got, message):
    check_same("run.pt", {"a": 1}, {"a": 1})
    with pytest.raises(ValueError, match=message):
        check_same("run.pt", got, {"a": 1})


def test_data_of_any_layout_can_be_kept(tmp_path):
    x, labels = points(20).tensors
    for target in (labels.repeat(2)[::2], torch.tensor(1).expand(20)):
        path = tmp_path / f"{target.stride()}.pt"
        short(path, Plain(), TensorDataset(x, target))
        load_checkpoint(path)
