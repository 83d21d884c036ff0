"""Many runs: in order, side by side, on a cluster, after a kill."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time

import joblib
import pytest
import torch

from small_runs import numbers, run
from unrolled.train.checkpoint import load_checkpoint
from unrolled_lab import (
    CATALOGUE,
    Outcome,
    execute,
    load_record,
    load_records,
    runs_of,
    sweep,
    sweeps,
)
from unrolled_lab.__main__ import main
from unrolled_lab.files import RunFiles

pytestmark = pytest.mark.usefixtures("one_thread")

PAIR = [run("LSTM", dropout=0.2), run("GRU", seed=1, diagnose=True)]
TOO_FAST = run("RNN", training={"lr": 1e37})


def check_pair(folder):
    """Insist on the records that the runs have one by one."""
    found = load_records("test", folder)
    want = sorted((execute(c) for c in PAIR), key=lambda r: r.config.group)
    assert [numbers(r) for r in found] == [numbers(r) for r in want]


def outcomes(*statuses):
    return [
        Outcome("test", config.name, status, "")
        for config, status in zip(PAIR, statuses, strict=True)
    ]


def test_in_order(tmp_path):
    assert sweep(PAIR, tmp_path, jobs=1) == outcomes("done", "done")
    check_pair(tmp_path)
    before = {p: p.stat().st_mtime_ns for p in tmp_path.rglob("*.json")}
    assert sweep(PAIR, tmp_path, jobs=1) == outcomes("found", "found")
    assert {p: p.stat().st_mtime_ns for p in before} == before


def test_one_failure_does_not_lose_the_others(tmp_path):
    configs = [PAIR[0], TOO_FAST, PAIR[1]]
    first, failed, last = sweep(configs, tmp_path, jobs=1)
    assert [first, last] == outcomes("done", "done")
    assert failed[:3] == ("test", "rnn-seed0", "failed")
    assert failed.error.startswith("FloatingPointError: epoch 1, ")
    check_pair(tmp_path)
    again = sweep(configs, tmp_path, jobs=1)
    assert [each.status for each in again] == ["found", "failed", "found"]


def test_side_by_side(tmp_path):
    """Two processes; the failing one among them is reported, too."""
    statuses = [o.status for o in sweep([*PAIR, TOO_FAST], tmp_path, jobs=2)]
    assert statuses == ["done", "done", "failed"]
    check_pair(tmp_path)


def test_a_worker_that_dies_loses_only_what_it_had(tmp_path, monkeypatch):
    @contextlib.contextmanager
    def connect(backend, jobs, scheduler):
        def parallel(calls):
            function, arguments, _ = next(iter(calls))
            yield function(*arguments)
            raise RuntimeError("a worker\nwas killed")

        yield parallel

    monkeypatch.setattr(sweeps, "connect", connect)
    first, second = sweep(PAIR, tmp_path)
    assert first == outcomes("done", "done")[0]
    assert second == Outcome(
        "test", "gru-seed1", "failed", "RuntimeError: a worker was killed"
    )


def test_workers_are_told_where_the_folder_is(tmp_path, monkeypatch):
    """In full, as a worker on a cluster has a working directory of its own."""
    told = []

    @contextlib.contextmanager
    def connect(backend, jobs, scheduler):
        yield lambda calls: told.extend(call[1][2] for call in calls) or []

    monkeypatch.setattr(sweeps, "connect", connect)
    monkeypatch.chdir(tmp_path)
    sweep(PAIR, ".")
    assert told == [tmp_path.resolve()] * 2


def test_the_threads_are_set_and_put_back(tmp_path):
    sweep(PAIR[:1], tmp_path, jobs=1, threads=2)
    assert torch.get_num_threads() == 1
    assert load_records("test", tmp_path)[0].threads == 2


@pytest.mark.filterwarnings("ignore")  # of the cluster's own
def test_on_a_dask_cluster_of_two_workers(tmp_path):
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=None
    ) as cluster:
        address = cluster.scheduler_address
        done = sweep(PAIR, tmp_path, backend="dask", scheduler=address)
        with distributed.Client(address) as client:
            modules = client.run(lambda: {*sys.modules})
    assert len(modules) == 2
    # It was they who did it.
    assert any("unrolled_lab.runs" in m for m in modules.values())
    assert done == outcomes("done", "done")
    check_pair(tmp_path)


@pytest.mark.filterwarnings("ignore")
def test_a_dask_cluster_of_its_own():
    distributed = pytest.importorskip("distributed")
    with sweeps.connect("dask", 2, None) as parallel:
        threads = distributed.default_client().nthreads()
        assert [*threads.values()] == [1, 1]
        done = parallel(joblib.delayed(os.getpid)() for _ in range(2))
        assert os.getpid() not in {*done}


@pytest.mark.filterwarnings("ignore")
def test_dask_workers_of_several_threads_are_refused(tmp_path):
    distributed = pytest.importorskip("distributed")
    with (
        distributed.LocalCluster(
            n_workers=1,
            threads_per_worker=2,
            processes=False,
            dashboard_address=None,
        ) as cluster,
        pytest.raises(ValueError, match=r"one thread each .*got \[2\]"),
    ):
        address = cluster.scheduler_address
        sweep(PAIR, tmp_path, backend="dask", scheduler=address)


# Stopped and gone on with


def wait_for(condition, process):
    """Wait until something is there, while a process runs."""
    for _ in range(6000):
        if condition():
            return
        assert process.poll() is None, "it ended before it could be killed"
        time.sleep(0.01)
    pytest.fail("nothing happened within a minute")


def test_killed_and_gone_on_with(tmp_path):
    command = [sys.executable, "-m", "unrolled_lab", "run", "trial"]
    tmp_path = tmp_path / "made"
    command += ["--results", str(tmp_path), "--jobs", "1", "--no-progress"]
    first, second = runs_of("trial")
    tmp_path.mkdir()
    files, unfinished = RunFiles(first, tmp_path), RunFiles(second, tmp_path)
    tmp_path.rmdir()
    with subprocess.Popen(command) as process:
        wait_for(unfinished.checkpoint.is_file, process)
        os.kill(process.pid, signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    # One run was done, the other in the middle.
    before = files.record.read_bytes()
    assert not unfinished.record.exists()
    history = json.loads(load_checkpoint(unfinished.checkpoint)["history"])
    done = history["epochs"]
    assert 1 <= len(done) < second.train.epochs

    result = subprocess.run(command, capture_output=True, text=True)
    assert result.returncode == 0
    assert result.stdout == "2 runs: 1 done, 1 already there, 0 failed\n"
    assert files.record.read_bytes() == before
    record = load_record(unfinished.record)
    seconds = record.history.column("seconds")
    # The epochs of before the kill are the very same ones.
    assert seconds[: len(done)] == [
        float(f"{epoch['seconds']:.6g}") for epoch in done
    ]
    for config in (first, second):
        found = load_record(RunFiles(config, tmp_path).record)
        assert numbers(found) == numbers(execute(config))
    left = [p for p in (tmp_path / ".unfinished").rglob("*") if p.is_file()]
    assert left == []


def test_who_comes_second_waits_and_finds_the_record(tmp_path):
    config = PAIR[0]
    files, results = RunFiles(config, tmp_path), []
    record = execute(config)
    late = threading.Thread(
        target=lambda: results.append(execute(config, tmp_path))
    )
    with files.lock():
        late.start()
        late.join(timeout=0.5)
        assert late.is_alive()
        assert not results
        files.save(record, {})
    late.join(timeout=20)
    assert results == [record]  # to the second of its making


# The command line


def test_list(tmp_path, capsys):
    config = runs_of("trial")[0]
    files = RunFiles(config, tmp_path)
    files.record.parent.mkdir()
    files.record.touch()
    assert main(["list", "--results", str(tmp_path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[1:-1]] == [*CATALOGUE]
    assert "0 of  5" in lines[1]
    assert "1 of  2" in lines[-2]
    assert " hours with --jobs 2" in lines[-1]


def test_run_says_what_became_of_it(tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(CATALOGUE, "trial", lambda: [*PAIR, TOO_FAST])
    command = ["run", "trial", "--results", str(tmp_path), "--jobs", "1"]
    assert main([*command, "--only", "lstm", "--no-progress"]) == 0
    told = capsys.readouterr()
    assert told == ("1 runs: 1 done, 0 already there, 0 failed\n", "")
    assert main(command) == 1
    told = capsys.readouterr()
    assert told.out == "3 runs: 1 done, 1 already there, 1 failed\n"
    assert "failed: test/rnn-seed0: FloatingPointError: epoch 1" in told.err
    assert "3/3" in told.err  # the bar
    check_pair(tmp_path)


def test_all_is_each_run_once(tmp_path, capsys, monkeypatch):
    asked = []

    def note(configs, folder, **options):
        asked.append((configs, options))
        return []

    monkeypatch.setattr("unrolled_lab.__main__.sweep", note)
    results = ["--results", str(tmp_path)]
    names = ["all", "published", "trial", "all"]
    main(["run", *names, *results, "--threads", "3", "--jobs", "4"])
    assert len(asked[0][0]) == len(runs_of("all")) + len(runs_of("trial"))
    assert asked[0][1] == {
        "jobs": 4,
        "threads": 3,
        "backend": "loky",
        "scheduler": None,
        "progress": True,
    }
    main(["run", "dropout", "dropout", "--only", "seed3", *results])
    assert [c.name for c in asked[1][0]] == [
        f"dropout-{share}-seed3" for share in ("0.30", "0.00", "0.60")
    ]


def test_ctrl_c(tmp_path, capsys, monkeypatch):
    def stop(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr("unrolled_lab.__main__.sweep", stop)
    assert main(["run", "trial", "--results", str(tmp_path)]) == 130
    assert "goes on" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["--only", "nothing"],
            "--only: expected a part .* as lstm-seed0, got 'nothing'",
        ),
        (["--jobs", "0"], "jobs: expected a whole number of at least 1"),
        (["--threads", "0"], "threads: expected a whole number of at least 1"),
        (["--scheduler", "tcp://x:1"], "scheduler: expected None for loky"),
        (["--results", "no_such/folder"], "folder: expected a folder that ex"),
    ],
)
def test_a_command_that_cannot_be(arguments, message, tmp_path, capsys):
    command = ["run", "trial", "--results", str(tmp_path), "--no-progress"]
    assert main([*command, *arguments]) == 2
    assert re.match(f"error: {message}", capsys.readouterr().err)


def test_no_jobs_for_the_forecasters(tmp_path, capsys):
    command = ["forecasters", "--results", str(tmp_path), "--jobs", "0"]
    assert main(command) == 2
    told = capsys.readouterr().err
    assert told == (
        "error: jobs: expected a whole number of at least 1, got 0\n"
    )


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["run"],
        ["run", "nothing"],
        ["run", "trial", "--jobs", "x"],
        ["run", "trial", "--backend", "slurm"],
    ],
)
def test_a_command_that_is_none(arguments, capsys):
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
