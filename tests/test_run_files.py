"""The files of a run: whole at any moment, and found by any path."""

import os
import threading
from pathlib import Path

import pytest

from small_runs import numbers, run
from unrolled.train.checkpoint import load_checkpoint
from unrolled_lab import execute, forecasters, load_model, load_record
from unrolled_lab.files import RunFiles

pytestmark = pytest.mark.usefixtures("one_thread")

KEPT = run("RNN", weights=("best", "last"))


@pytest.mark.parametrize("lost", ["weights", "record"])
def test_killed_while_it_is_saved(lost, tmp_path, monkeypatch):
    """Whatever is missing, there is no record, and all epochs are kept."""
    files, replace = RunFiles(KEPT, tmp_path), os.replace

    def die(source, target):
        if Path(target) == getattr(files, lost):
            raise SystemExit
        replace(source, target)

    monkeypatch.setattr(os, "replace", die)
    with pytest.raises(SystemExit):
        execute(KEPT, tmp_path)
    monkeypatch.undo()
    assert not files.is_done
    assert files.weights.is_file() == (lost == "record")
    done = load_checkpoint(files.checkpoint)["history"]
    record = execute(KEPT, tmp_path)
    # The very same epochs: the seconds tell.
    for second in record.history.column("seconds"):
        assert str(second)[:6] in done
    assert numbers(record) == numbers(execute(KEPT))
    load_model(record, "best", tmp_path)
    left = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert {*left} == {files.record, files.weights}


def test_a_record_is_found_by_any_path(tmp_path, monkeypatch):
    record = execute(KEPT, tmp_path)
    path = RunFiles(KEPT, tmp_path).record
    for folder in (tmp_path, path.parent):
        monkeypatch.chdir(folder)
        assert load_record(path.relative_to(folder)) == record
        assert load_record(str(path)) == record


def test_one_process_trains_a_forecaster(tmp_path, monkeypatch):
    begun, go_on, results = threading.Event(), threading.Event(), []

    def train(series, seed, path):
        begun.set()
        assert go_on.wait(20)
        path.touch()

    def save():
        results.append(forecasters.save_forecasters("henon", 0, tmp_path))

    monkeypatch.setattr(forecasters, "_train_and_save", train)
    threads = [threading.Thread(target=save) for _ in range(2)]
    for thread in threads:
        thread.start()
    assert begun.wait(20)
    go_on.set()
    for thread in threads:
        thread.join(20)
    assert sorted(results) == [False, True]
    left = [path.name for path in tmp_path.rglob("*") if path.is_file()]
    assert left == ["henon-seed0.pt"]
