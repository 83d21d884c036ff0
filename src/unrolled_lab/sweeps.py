"""Many runs, side by side, that can be stopped and gone on with."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Literal, NamedTuple, get_args

import joblib
import torch
from tqdm import tqdm

from unrolled import _fields
from unrolled._checks import check_type, check_whole
from unrolled_lab.config import RunConfig
from unrolled_lab.files import RunFiles, results_folder
from unrolled_lab.runs import execute

Backend = Literal["loky", "dask", "ray"]

_PACKAGES = {"dask": "distributed", "ray": "ray"}
"""What a backend needs to be installed, beside what this package needs."""


@contextlib.contextmanager
def connect(
    backend: Backend, jobs: int, scheduler: str | None
) -> Iterator[joblib.Parallel]:
    """Make what carries out calls in parallel, and stop it at the end.

    Each job is a process, as a run lends PyTorch's random streams, of which a
    process has only one set.

    Args:
        backend: ``"loky"``, processes on this machine; ``"dask"`` or ``"ray"``,
            which are imported only now.
        jobs: how many processes. A cluster that is already there has its own
            number.
        scheduler: the address of a cluster that is already there; None to
            start one on this machine. None for loky.

    Yields:
        A `joblib.Parallel` whose results come as they are done, if the backend
        can do this; with ray all come at the end.

    Raises:
        ValueError: an unknown backend, one that is not installed, no cluster at
            the address, one whose workers have several threads, jobs below 1.
    """
    _fields.check_choice("backend", backend, get_args(Backend))
    jobs = check_whole("jobs", jobs)
    if scheduler is not None:
        check_type("scheduler", scheduler, str)
    start = {"loky": _loky, "dask": _dask, "ray": _ray}[backend]
    return_as = "list" if backend == "ray" else "generator_unordered"
    with start(jobs, scheduler) as jobs, joblib.parallel_config(backend):
        # One run at a time: joblib would put quick ones together.
        yield joblib.Parallel(
            jobs, return_as=return_as, batch_size=1, pre_dispatch="all"
        )


@contextlib.contextmanager
def _loky(jobs: int, scheduler: str | None) -> Iterator[int]:
    """Start nothing: joblib does; with one job, not even a process."""
    if scheduler is not None:
        raise ValueError(
            "scheduler: expected None for loky, which stays on this machine "
            f"(a cluster needs the backend dask or ray), got {scheduler!r:.80}"
        )
    yield jobs


@contextlib.contextmanager
def _dask(jobs: int, scheduler: str | None) -> Iterator[int]:
    """Connect to a Dask cluster, or start one."""
    distributed = _import_for("dask")
    with contextlib.ExitStack() as stack:
        if scheduler is None:
            address = stack.enter_context(
                distributed.LocalCluster(
                    n_workers=jobs,
                    threads_per_worker=1,
                    dashboard_address=None,
                )
            )
        else:
            address = scheduler
        try:
            client = distributed.Client(address, timeout="10s")
        except (OSError, ValueError, TypeError) as error:
            raise ValueError(
                "scheduler: expected the address of a Dask scheduler, got "
                f"{scheduler!r:.80} ({error!s:.150})"
            ) from error
        stack.enter_context(client)
        threads = client.nthreads()
        if not threads or max(threads.values()) > 1:
            raise ValueError(
                "scheduler: expected a cluster of workers with one thread each "
                f"(--nthreads 1), got {[*threads.values()]!s:.80}"
            )
        yield -1  # as many as there are


@contextlib.contextmanager
def _ray(jobs: int, scheduler: str | None) -> Iterator[int]:
    """Connect to a Ray cluster, or start one."""
    ray = _import_for("ray")
    try:
        ray.init(scheduler, num_cpus=None if scheduler else jobs)
    except (OSError, RuntimeError, ValueError) as error:
        raise ValueError(
            "scheduler: expected the address of a Ray cluster, got "
            f"{scheduler!r:.80} ({error!s:.150})"
        ) from error
    try:
        import_module("ray.util.joblib").register_ray()
        yield -1
    finally:
        ray.shutdown()


def _import_for(backend: str) -> ModuleType:
    """Import what a backend needs."""
    package = _PACKAGES[backend]
    try:
        return import_module(package)
    except ImportError as error:
        raise ValueError(
            f"backend: expected one that is installed, got {backend!r} without "
            f"{package} (pip install {package}; {error!s:.80})"
        ) from error


class Outcome(NamedTuple):
    """What became of one run in a sweep."""

    experiment: str
    """The experiment that it belongs to."""
    name: str
    """The run's name."""
    status: Literal["done", "found", "failed"]
    """Whether it was carried out, was there already, or failed."""
    error: str
    """Why it failed; empty if it did not."""


def sweep(
    configs: list[RunConfig],
    folder: Path | str | None = None,
    *,
    jobs: int = 2,
    threads: int = 1,
    backend: Backend = "loky",
    scheduler: str | None = None,
    progress: bool = False,
) -> list[Outcome]:
    """Carry out many runs, each in one of several processes.

    Each run writes its own record when it is done, and a checkpoint after
    every epoch. So whenever a sweep is stopped, by whatever means, the same
    call goes on: records that are there are kept, a run that had begun goes on
    from its last epoch. A run that fails does not stop the others.

    On a cluster every worker must see the folder under the same path, and have
    this package installed in the same version.

    Args:
        configs: the runs.
        folder: where all results are; see `results_folder`.
        jobs: processes; 1 for this process alone. A cluster that is already
            there has its own number.
        threads: how many PyTorch uses in each. Another number gives other last
            digits.
        backend: ``"loky"``, ``"dask"`` or ``"ray"``.
        scheduler: the address of a Dask or Ray cluster; None to start one on
            this machine.
        progress: whether to show a bar, on the standard error stream.

    Returns:
        What became of each run, in the order of `configs`.

    Raises:
        ValueError: no list of `RunConfig`, two runs of one name, no such
            folder, numbers below 1, a backend that is not there.

    Chapter: 08_thirty_steps.
    """
    check_type("configs", configs, list)
    for config in configs:
        check_type("configs", config, RunConfig)
    folder = results_folder(folder).resolve()
    records = [RunFiles(config, folder).record for config in configs]
    if len(set(records)) < len(records):
        twice = next(path.stem for path in records if records.count(path) > 1)
        raise ValueError(f"configs: expected each run once, got {twice} again")
    threads = check_whole("threads", threads)
    check_type("progress", progress, bool)
    outcomes: dict[int, Outcome] = {}
    with (
        connect(backend, jobs, scheduler) as parallel,
        tqdm(total=len(configs), unit="run", disable=not progress) as bar,
    ):
        calls = (
            joblib.delayed(_work)(number, config, folder, threads)
            for number, config in enumerate(configs)
        )
        lost = "no worker gave an answer"
        try:
            for number, outcome in parallel(calls):
                outcomes[number] = outcome
                bar.update()
        except Exception as error:  # a worker was killed, say
            lost = _tell(error)
    return [
        outcomes.get(number)
        or Outcome(config.experiment, config.name, "failed", lost)
        for number, config in enumerate(configs)
    ]


def _work(
    number: int, config: RunConfig, folder: Path, threads: int
) -> tuple[int, Outcome]:
    """Carry out one run, in whatever process; also return its number."""
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    status, error = "done", ""
    try:
        if RunFiles(config, folder).is_done:
            status = "found"
        execute(config, folder)
    except Exception as problem:  # whatever it is, the other runs go on
        status, error = "failed", _tell(problem)
    finally:
        torch.set_num_threads(before)
    return number, Outcome(config.experiment, config.name, status, error)


def _tell(error: Exception) -> str:
    """Describe an error in a line."""
    return f"{type(error).__name__}: {' '.join(str(error).split()):.300}"
