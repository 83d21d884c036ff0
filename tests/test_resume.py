"""A training that was killed and resumed, compared to the bit; its file."""

import copy
import itertools
import os
from contextlib import suppress
from functools import partial
from io import BytesIO
from pathlib import Path

import pytest
import torch
from torch import nn
from torch.utils.data import TensorDataset

import small_models as small
from small_models import Tagger, made, points, same
from unrolled.train import History, fit
from unrolled_lab import resume

pytestmark = pytest.mark.usefixtures("one_thread")

# Dropout, clipping, a scheduler, early stopping and the best weights at once.
EVERYTHING = small.config(
    epochs=40, weight_decay=0.01, step_size=3, gamma=0.8, max_norm=0.2,
    patience=4, keep="best", lr=0.05,
)  # fmt: skip
DATA = small.sequences(), small.sequences(30, seed=2)


def train(path, settings=EVERYTHING):
    """One run of everything; returns the model and the history."""
    model = made(Tagger)
    return model, resume.fit_resumably(model, *DATA, settings, path)


def content(path):
    """What is in a checkpoint, but for the seconds and the last epoch."""
    state = resume.load_checkpoint(path)
    epochs = History.from_json(state["history"])
    state["history"] = small.without_seconds(epochs)
    del state["config"]["epochs"]
    return state


def states_of(settings):
    """Train without a file; also return the state after each epoch."""
    model, states = made(Tagger), []

    def look(run):
        states.append(copy.deepcopy(resume.state_of(run)))

    return model, fit(model, *DATA, settings, on_epoch=look), states


@pytest.fixture(name="whole", scope="module")
def run_uninterrupted(tmp_path_factory, one_thread):
    path = tmp_path_factory.mktemp("whole") / "run.pt"
    train(path)
    return path, *states_of(EVERYTHING)


def check_equals(whole, model, history):
    _, whole_model, whole_history, _ = whole
    assert small.same_weights(model, whole_model)
    told, wanted = map(small.without_seconds, (history, whole_history))
    assert told == wanted
    assert history.stopped_early == whole_history.stopped_early


def test_the_uninterrupted_run_does_everything(whole):
    path, model, history, states = whole
    assert history.stopped_early
    assert 4 < history.best_epoch < len(history.epochs) < 40
    assert len(set(history.column("lr"))) > 2
    assert max(history.column("grad_norm")) > EVERYTHING.max_norm
    assert not same(states[-1]["best"], states[-1]["model"])
    assert same(states[-1]["best"], dict(model.state_dict()))
    assert same(content(path)["model"], states[-1]["model"])


@pytest.mark.parametrize("done", [1, -1])
def test_from_any_epoch_on_all_is_as_if_it_had_never_stopped(
    whole, done, capfd
):
    state, model = copy.deepcopy(whole[-1][done]), emptied()
    start = partial(resume.load_state, state=state)
    history = fit(model, *DATA, EVERYTHING, on_start=start, progress=True)
    check_equals(whole, model, history)
    ended = [*range(1, 1 + len(history.epochs))][done]
    shown = capfd.readouterr().err  # the bar goes on where it ended
    assert f"| {ended}/40" in shown
    assert "| 0/40" not in shown


def emptied():
    """A model of the same kind, with other weights."""
    model = made(Tagger)
    nn.init.zeros_(model.out.weight)
    return model


@pytest.mark.parametrize("keep", ["best", "last"])
def test_more_epochs_go_on_and_a_finished_run_is_returned(
    whole, tmp_path, keep, monkeypatch
):
    path, settings = tmp_path / "run.pt", EVERYTHING.replace(keep=keep)
    train(path, settings.replace(epochs=5))
    trained, history = train(path, settings)
    if keep == "best":
        check_equals(whole, trained, history)
        assert same(content(path), content(whole[0]))
    written = path.read_bytes()
    monkeypatch.setattr(Tagger, "forward", None)  # nothing may be computed
    for epochs in (40, 100):  # one that has stopped stays so
        model, again = train(path, settings.replace(epochs=epochs))
        assert again == history
        assert small.same_weights(model, trained)
        assert path.read_bytes() == written


class Killed(BaseException):
    """Nothing holds it up."""


def killed(call, count, instead):
    """A call that does something else at last, and never comes back."""
    numbers = itertools.count(1)

    def counted(*args):
        if next(numbers) < count:
            return call(*args)
        instead(*args)
        raise Killed

    return counted


def half(save):
    """Write the first half of what would be written."""

    def write(state, file):
        whole = BytesIO()
        save(state, whole)
        file.write(whole.getvalue()[: len(whole.getvalue()) // 2])

    return write


MOMENTS = {  # in the fourth epoch, which has 7 batches; in its write
    "in an epoch": (Tagger, "forward", 3 * 7 + 2, print, False, 3),
    "half written": (torch, "save", 4, half(torch.save), True, 3),
    "before the rename": (os, "replace", 4, lambda *_: None, True, 3),
    "after the rename": (os, "replace", 4, os.replace, False, 4),
}


@pytest.mark.parametrize("moment", MOMENTS)
def test_killed_and_resumed(whole, tmp_path, moment, monkeypatch):
    """In test_sweeps.py a process is killed: it cleans up as little."""
    owner, name, count, instead, is_second_left, done = MOMENTS[moment]
    path, left = tmp_path / "run.pt", {"run.pt"}
    call = killed(getattr(owner, name), count, instead)
    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(owner, name, call)
        patch.setattr(Path, "unlink", lambda *_, **__: None)
        train(path)
    left |= {"run.pt.tmp"} if is_second_left else set()
    assert {file.name for file in tmp_path.iterdir()} == left
    assert len(content(path)["history"]) == done
    check_equals(whole, *train(path))
    assert same(content(path), content(whole[0]))
    assert [file.name for file in tmp_path.iterdir()] == ["run.pt"]


# The file


def test_a_failing_write_leaves_the_old_checkpoint(tmp_path, monkeypatch):
    path, calls, fsync = tmp_path / "run.pt", [], os.fsync
    replace = os.replace
    monkeypatch.setattr(os, "fsync", lambda f: calls.append("s") or fsync(f))
    rename = lambda *names: calls.append("r") or replace(*names)  # noqa: E731
    monkeypatch.setattr(os, "replace", rename)
    resume.save_checkpoint(path, {"epoch": 1})
    assert calls == ["s", "r"]  # on the disk before it has its name

    def full(file):
        raise OSError("no space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="no space left"):
        resume.save_checkpoint(path, {"epoch": 2})
    assert resume.load_checkpoint(path) == {"epoch": 1}
    assert [file.name for file in tmp_path.iterdir()] == ["run.pt"]


class Plain(nn.Module):
    """A model whose text does not show its size."""

    def __init__(self, size=4, frozen=False):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(size, 3).double())
        self.other = nn.Parameter(torch.zeros(()), requires_grad=not frozen)

    def forward(self, x):
        """Return scores of four classes or more, (N, size)."""
        return x @ self.weight.T + self.other  # (N, size)


def changed(dataset, index):
    """The same data but for one entry of one tensor."""
    tensors = [tensor.clone() for tensor in dataset.tensors]
    tensors[index].view(-1)[-1] += 1
    return TensorDataset(*tensors)


VALID = points(9, seed=2)


def short(path, model=None, data=None, valid=VALID, **changes):
    settings = small.config(**{"epochs": 2, "keep": "best"} | changes)
    return resume.fit_resumably(
        model or Plain(), data or points(), valid, settings, path
    )


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


OTHERS = {
    r"another lr, seed; lr is 0.01 \(here 0.02\)": {"lr": 0.02, "seed": 3},
    "epochs: expected at most 1, .*got 2": {"epochs": 1},
    r"another train_set; .*\(22, 3\)": {"data": changed(points(), 0)},
    "other train_set": {"data": changed(points(), 1)},
    "another valid_set": {"valid": changed(VALID, 0)},
    r"weight is '\(4, 3\).*here '\(5, 3\)": {"model": Plain(size=5)},
    "another other; other is .*trained": {"model": Plain(frozen=True)},
}


@pytest.mark.parametrize("message", OTHERS)
def test_another_training_is_refused(tmp_path, message):
    path = tmp_path / "run.pt"
    short(path)
    check_refused(path, message, **OTHERS[message])


def test_what_else_does_not_suit_is_refused(tmp_path):
    path = tmp_path / "run.pt"
    short(path)
    state = resume.load_checkpoint(path) | {"about": None}
    resume.save_checkpoint(path, state)
    check_refused(path, "^run.pt: expected a dict, got None")
    # A module's text shows what its weights do not.
    path.unlink()
    short(path, made(small.mlp, 0.3))
    check_refused(path, r"line 4.*p=0.3.*p=0.2", made(small.mlp, 0.2))


class Hostile:
    """A pickle that makes a folder when it is read."""

    def __init__(self, folder):
        self.folder = folder

    def __reduce__(self):
        return os.mkdir, (str(self.folder),)


def test_a_hostile_file_is_refused_and_does_not_run(tmp_path):
    path, folder = tmp_path / "run.pt", tmp_path / "hostile code ran"
    torch.save({"format": resume.FORMAT, "about": Hostile(folder)}, path)
    check_refused(path, "expected a checkpoint, got a file that cannot be read")
    assert not folder.exists()
    with suppress(Exception):  # or this would hold for any way of reading
        torch.load(path, weights_only=False)
    assert folder.exists()


@pytest.mark.parametrize(
    ("write", "message"),
    [
        (lambda path: torch.save(torch.ones(3), path), "format .*tensor"),
        (lambda path: torch.save({"format": "2"}, path), "format .*'2'"),
    ],
)
def test_a_foreign_file_is_refused(tmp_path, write, message):
    path = tmp_path / "run.pt"
    write(path)
    check_refused(path, f"run.pt: expected a checkpoint.*{message}")


def test_a_cut_or_damaged_file_is_refused(tmp_path):
    path = tmp_path / "run.pt"
    short(path)
    whole = path.read_bytes()
    for count in {0, 1, 30, *range(5, len(whole), 997), len(whole) - 1}:
        path.write_bytes(whole[:count])
        with pytest.raises(ValueError, match="expected a checkpoint, got"):
            resume.load_checkpoint(path)
    # PyTorch would read this one: it is what the checksums are for.
    resume.save_checkpoint(path, {"weight": torch.full((64,), 1.5)})
    damaged = bytearray(path.read_bytes())
    damaged[damaged.index(torch.full((64,), 1.5).numpy().tobytes()) + 100] ^= 1
    path.write_bytes(damaged)
    assert (torch.load(path)["weight"] != 1.5).sum() == 1
    with pytest.raises(ValueError, match="another checksum"):
        resume.load_checkpoint(path)
