"""Many runs: in order, side by side, on a cluster, after a kill."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from types import SimpleNamespace

import joblib
import pytest
import torch

import unrolled_lab as lab
from small_runs import numbers, run, seconds_in
from unrolled_lab import sweeps
from unrolled_lab.__main__ import main
from unrolled_lab.files import RunFiles
from unrolled_lab.sweeps import Outcome

pytestmark = pytest.mark.usefixtures("one_thread")
PAIR = [run("LSTM", dropout=0.2), run("GRU", seed=1, diagnose=True)]
BOTH_DONE = [Outcome("test", config.name, "done", "") for config in PAIR]
TOO_FAST = run("RNN", training={"lr": 1e37})


def check_pair(folder):
    """Insist on the records that the runs have one by one."""
    found = lab.load_records("test", folder)
    want = sorted((lab.execute(c) for c in PAIR), key=lambda r: r.config.group)
    assert [numbers(r) for r in found] == [numbers(r) for r in want]


def test_what_workers_are_told_and_one_that_dies(tmp_path, monkeypatch):
    told = []

    @contextlib.contextmanager
    def connect(backend, jobs, scheduler):
        def parallel(calls):
            for function, arguments, _ in calls:
                told.append(arguments[2])
                if len(told) > 1:
                    raise RuntimeError("a worker\nwas killed")
                yield function(*arguments)

        yield parallel

    monkeypatch.setattr(sweeps, "connect", connect)
    monkeypatch.chdir(tmp_path)
    first, second = lab.sweep(PAIR, ".", threads=2)
    # In full: a worker on a cluster has a working directory of its own.
    assert told == [tmp_path.resolve()] * 2
    assert first == BOTH_DONE[0]
    assert second == Outcome(
        "test", "gru-seed1", "failed", "RuntimeError: a worker was killed"
    )
    assert torch.get_num_threads() == 1
    assert lab.load_records("test", tmp_path)[0].threads == 2


# Processes and clusters


@pytest.mark.parametrize("jobs", [1, 2])
def test_two_jobs_are_other_processes(jobs):
    with sweeps.connect("loky", jobs, None) as parallel:
        done = {*parallel(joblib.delayed(os.getpid)() for _ in range(2))}
    assert (os.getpid() in done) == (jobs == 1)


@pytest.mark.filterwarnings("ignore")  # of the cluster's own
def test_on_a_dask_cluster_of_two_workers(tmp_path):
    distributed = pytest.importorskip("distributed")
    with sweeps.connect("dask", 2, None):  # one of its own
        client = distributed.default_client()
        assert [*client.nthreads().values()] == [1, 1]
        # For the sweep, it is one that is there already.
        address = client.cluster.scheduler_address
        done = lab.sweep(PAIR, tmp_path, backend="dask", scheduler=address)
        modules = client.run(lambda: {*sys.modules})
    assert len(modules) == 2
    # It was they who did it.
    assert any("unrolled_lab.runs" in m for m in modules.values())
    assert done == BOTH_DONE
    check_pair(tmp_path)
    options = {"n_workers": 1, "threads_per_worker": 2, "processes": False}
    with distributed.LocalCluster(dashboard_address=None, **options) as cluster:
        message = r"one thread each .*got \[2\]"
        check_not_connected(message, "dask", 1, cluster.scheduler_address)
    message = r"scheduler: .*dask .*'nonsense'"
    check_not_connected(message, "dask", 1, "nonsense")


def check_not_connected(message, *arguments):
    with pytest.raises(ValueError, match=message), sweeps.connect(*arguments):
        pytest.fail("connected")


@pytest.mark.parametrize("scheduler", [None, "ray://x:1"])
def test_a_ray_cluster_is_asked_by_joblib_s_name(scheduler, monkeypatch):
    """Ray itself is large, and not there: what is asked of it is noted."""
    asked = []
    backends = joblib.parallel.BACKENDS
    ray = SimpleNamespace(
        init=lambda address, num_cpus: asked.append((address, num_cpus)),
        shutdown=lambda: asked.append("shutdown"),
        register_ray=lambda: monkeypatch.setitem(
            backends, "ray", backends["sequential"]
        ),
    )
    for name in ("ray", "ray.util", "ray.util.joblib"):
        monkeypatch.setitem(sys.modules, name, ray)
    with sweeps.connect("ray", 3, scheduler) as parallel:
        done = parallel(joblib.delayed(abs)(-number) for number in range(3))
    assert done == [0, 1, 2]
    assert asked == [(scheduler, None if scheduler else 3), "shutdown"]

    def init(*_, **__):
        raise RuntimeError("no such address")

    ray.init = init
    message = r"scheduler: .*ray .*'nonsense' .*no such address"
    check_not_connected(message, "ray", 3, "nonsense")


@pytest.mark.parametrize(
    ("backend", "package"),
    [("dask", "distributed"), ("ray", "ray"), ("ray", "ray.util.joblib")],
)
def test_a_backend_that_is_not_installed(backend, package, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", SimpleNamespace())
    monkeypatch.setitem(sys.modules, package, None)
    message = f"scheduler: expected a {backend} .*Error: .*{package}"
    check_not_connected(message, backend, 1, None)


# Stopped and gone on with


def wait_for(condition, process):
    """Wait until something is there, while a process runs."""
    for _ in range(6000):
        if condition():
            return
        assert process.poll() is None, "it ended before it could be killed"
        time.sleep(0.01)
    pytest.fail("nothing happened within a minute")


def test_killed_and_gone_on_with(tmp_path, capsys):
    folder = tmp_path / "made"
    command = ["run", "trial", "--results", str(folder), "--no-progress"]
    folder.mkdir()
    first, second = lab.runs_of("trial")
    files, unfinished = RunFiles(first, folder), RunFiles(second, folder)
    folder.rmdir()
    module = [sys.executable, "-m", "unrolled_lab"]
    with subprocess.Popen([*module, *command, "--jobs", "1"]) as process:
        wait_for(unfinished.checkpoint.is_file, process)
        os.kill(process.pid, signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    # One run was done, the other in the middle.
    before = files.record.read_bytes()
    assert not unfinished.record.exists()
    done = seconds_in(unfinished.checkpoint)
    assert 1 <= len(done) < second.train.epochs

    assert main([*command, "--jobs", "1"]) == 0
    told = "2 runs: 1 done, 1 already there, 0 failed\n"
    assert capsys.readouterr().out == told
    assert files.record.read_bytes() == before
    seconds = lab.load_record(unfinished.record).history.column("seconds")
    # The epochs of before the kill are the very same ones.
    assert seconds[: len(done)] == done
    assert numbers(lab.load_record(unfinished.record)) == numbers(
        lab.execute(second)
    )
    left = [p for p in (folder / ".unfinished").rglob("*") if p.is_file()]
    assert left == []


# The command line


def test_list(tmp_path, capsys):
    files = RunFiles(lab.runs_of("trial")[0], tmp_path)
    files.record.parent.mkdir()
    files.record.touch()
    assert main(["list", "--results", str(tmp_path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[1:-1]] == [*lab.CATALOGUE]
    assert "0 of  5" in lines[1]
    assert "1 of  2" in lines[-2]
    assert " hours with --jobs 2" in lines[-1]


def test_one_failure_does_not_lose_the_others(tmp_path, capsys, monkeypatch):
    configs = [PAIR[0], TOO_FAST, PAIR[1]]
    monkeypatch.setitem(lab.CATALOGUE, "trial", lambda: configs)
    command = ["run", "trial", "--results", str(tmp_path), "--jobs", "1"]
    assert main([*command, "--only", "lstm", "--no-progress"]) == 0
    told = capsys.readouterr()
    assert told == ("1 runs: 1 done, 0 already there, 0 failed\n", "")
    before = RunFiles(PAIR[0], tmp_path).record.stat().st_mtime_ns
    assert main(command) == 1
    check_pair(tmp_path)
    assert RunFiles(PAIR[0], tmp_path).record.stat().st_mtime_ns == before
    told = capsys.readouterr()
    assert told.out == "3 runs: 1 done, 1 already there, 1 failed\n"
    assert "failed: test/rnn-seed0: FloatingPointError: epoch 1" in told.err
    assert "3/3" in told.err  # the bar


def test_all_is_each_run_once(tmp_path, capsys, monkeypatch):
    asked = []

    def note(configs, folder, **options):
        if len(asked) == 2:
            raise KeyboardInterrupt
        asked.append((configs, options))
        return []

    monkeypatch.setattr("unrolled_lab.__main__.sweep", note)
    results = ["--results", str(tmp_path)]
    names = ["all", "published", "trial", "all"]
    main(["run", *names, *results, "--threads", "3", "--jobs", "4"])
    (configs, options), *_ = asked
    assert len(configs) == len(lab.runs_of("all")) + len(lab.runs_of("trial"))
    usual = {"backend": "loky", "scheduler": None, "progress": True}
    assert options == {"jobs": 4, "threads": 3} | usual
    main(["run", "dropout", "dropout", "--only", "seed3", *results])
    assert [c.name for c in asked[1][0]] == [
        f"dropout-{share}-seed3" for share in ("0.30", "0.00", "0.60")
    ]
    assert main(["run", "trial", *results]) == 130  # Ctrl+C
    assert "goes on" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("run trial --only x", "--only: expected a part .* lstm-seed0, got 'x"),
        ("run trial --jobs 0", "jobs: expected a whole number of at least 1"),
        ("run trial --scheduler tcp://x:1", "scheduler: expected None for lok"),
        ("run trial --results no/folder", "folder: expected a folder that ex"),
        ("forecasters --jobs 0", "jobs: expected a whole number of at least 1"),
    ],
)
def test_a_command_that_cannot_be(arguments, message, tmp_path, capsys):
    command, *rest = arguments.split()
    assert main([command, "--results", str(tmp_path), *rest]) == 2
    assert re.match(f"error: {message}", capsys.readouterr().err)
