"""Checkpoints: written whole or not at all, and read with care."""

import io
import os
import pickle
import random
import tarfile
import zipfile
from contextlib import suppress

import pytest
import torch
from torch import nn
from torch.utils.data import TensorDataset
from unrolled.train.checkpoint import load_checkpoint, save_checkpoint

from oracles import seeded
from small_models import (
    config,
    made,
    mlp,
    points,
    same,
)
from unrolled.train import TrainConfig, checkpoint, fit

pytestmark = pytest.mark.usefixtures("one_thread")

# Writing


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
        (
            {"name": "other"},
            r"another trained; trained is 'weight' \(here 'other'\)",
        ),
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


def test_a_state_that_holds_itself_is_refused(tmp_path):
    path, endless = tmp_path / "run.pt", {}
    endless["again"] = endless
    torch.save({"format": checkpoint.FORMAT, "about": endless}, path)
    check_refused(path, "expected a checkpoint, got .*RecursionError")


def test_data_of_any_layout_can_be_kept(tmp_path):
    x, labels = torch.randn(20, 3, generator=seeded(0)), torch.arange(40) % 2
    for target in (labels[::2], torch.tensor(1).expand(20)):
        path = tmp_path / f"{target.stride()}.pt"
        data = TensorDataset(x, target)
        fit(nn.Linear(3, 2), data, None, TrainConfig(epochs=1), checkpoint=path)
        load_checkpoint(path)


def test_other_trained_parameters_are_refused(tmp_path):
    def two(frozen):
        model = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3))
        model[frozen].requires_grad_(False)
        return model

    path = tmp_path / "run.pt"
    x = torch.randn(8, 3, generator=seeded(0))
    data = TensorDataset(x, torch.arange(8) % 3)
    config = TrainConfig(epochs=1)
    fit(two(frozen=0), data, None, config, checkpoint=path)
    with pytest.raises(ValueError, match="another trained"):
        fit(two(frozen=1), data, None, config, checkpoint=path)


def test_a_compressed_file_is_refused(tmp_path):
    path = tmp_path / "run.pt"
    save_checkpoint(path, {"zeros": torch.zeros(1000)})
    packed = tmp_path / "packed.pt"
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(packed, "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name), zipfile.ZIP_DEFLATED)
    with pytest.raises(ValueError, match="is compressed"):
        load_checkpoint(packed)


def test_unusable_random_streams_are_refused(tmp_path):
    path = tmp_path / "run.pt"
    one_epoch(path)
    state = load_checkpoint(path)
    state["random"]["cpu"] = torch.zeros_like(state["random"]["cpu"])
    save_checkpoint(path, state)
    with pytest.raises(ValueError, match="cannot be used"):
        one_epoch(path, epochs=2)
