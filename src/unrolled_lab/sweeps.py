"""Many runs, side by side, that can be stopped and gone on with."""

import contextlib
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, Literal, NamedTuple, get_args

import joblib
from tqdm import tqdm

from unrolled._checks import (
    check_choice,
    check_int,
    check_type,
    insist,
    refusal,
)
from unrolled_lab.config import RunConfig
from unrolled_lab.files import Folder, RunFiles, results_folder, use_threads
from unrolled_lab.runs import execute

Backend = Literal["loky", "dask", "ray"]


@contextlib.contextmanager
def connect(
    backend: Backend, jobs: int, scheduler: str | None
) -> Iterator[Any]:
    """Make what carries out calls in parallel, and stop it at the end.

    Each job is a process, as a run lends PyTorch's random streams, of which a
    process has only one set.

    Yields:
        A `joblib.Parallel` whose results come as they are done; with ray, which
        cannot do this, all come at the end.
    """
    check_choice("backend", backend, get_args(Backend))
    check_int("jobs", jobs)
    with contextlib.ExitStack() as stack:
        if backend == "loky":
            wanted = "None for loky (a cluster needs the backend dask or ray)"
            insist("scheduler", scheduler is None, wanted, scheduler)
        else:
            begin = {"dask": _dask, "ray": _ray}[backend]
            try:
                stack.callback(begin(jobs, scheduler))
            except Exception as error:  # whatever it is, there is no cluster
                raise ValueError(
                    f"scheduler: expected a {backend} cluster, "
                    f"got {scheduler!r} ({_tell(error)})"
                ) from error
        stack.enter_context(joblib.parallel_config(backend))
        # One run at a time: joblib would put quick ones together.
        yield joblib.Parallel(
            jobs if backend == "loky" else -1,  # -1: all that there are
            return_as="list" if backend == "ray" else "generator_unordered",
            batch_size=1,  # pyright: ignore[reportArgumentType]  "auto" or int
            pre_dispatch="all",
        )


def _dask(jobs: int, scheduler: str | None) -> Callable[[], object]:
    """Connect to a Dask cluster, or start one; return what ends that."""
    distributed = import_module("distributed")  # need not be installed
    new = {"n_workers": jobs, "threads_per_worker": 1}
    new |= {"dashboard_address": None}
    options = {} if scheduler else new
    client = distributed.Client(scheduler, timeout="10s", **options)
    threads = [*client.nthreads().values()]
    if {*threads} != {1}:
        client.close()
        raise refusal("workers", "one thread each (--nthreads 1)", threads)
    return client.close


def _ray(jobs: int, scheduler: str | None) -> Callable[[], object]:
    """Connect to a Ray cluster, or start one; return what ends that."""
    ray = import_module("ray")  # need not be installed
    backend = import_module("ray.util.joblib")
    ray.init(scheduler, num_cpus=None if scheduler else jobs)
    backend.register_ray()
    return ray.shutdown


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
    folder: Folder = None,
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
        folder: see `results_folder`.
        jobs: processes; 1 for this process alone. A cluster that is already
            there has its own number.
        threads: how many PyTorch uses in each. Another number gives other last
            digits.
        backend: ``"loky"``, processes on this machine; ``"dask"`` or ``"ray"``,
            by joblib's own backends of these names.
        scheduler: the address of a Dask or Ray cluster; None to start one on
            this machine.
        progress: whether to show a bar, on the standard error stream.

    Returns:
        What became of each run, in the order of `configs`.

    Chapter: 08_thirty_steps.
    """
    check_type("configs", configs, list)
    for config in configs:
        check_type("configs", config, RunConfig)
    folder = results_folder(folder).resolve()  # a worker may stand elsewhere
    check_int("threads", threads)
    check_type("progress", progress, bool)
    outcomes: dict[int, Outcome] = {}
    lost = "no worker gave an answer"
    work = joblib.delayed(_work)
    calls = [work(n, each, folder, threads) for n, each in enumerate(configs)]
    bar = {"total": len(configs), "unit": "run", "disable": not progress}
    with connect(backend, jobs, scheduler) as parallel:
        try:
            for number, outcome in tqdm(parallel(calls), **bar):
                outcomes[number] = outcome
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
    status, error = "done", ""
    try:
        if RunFiles(config, folder).record.is_file():
            status = "found"
        with use_threads(threads):
            execute(config, folder)
    except Exception as problem:  # whatever it is, the other runs go on
        status, error = "failed", _tell(problem)
    return number, Outcome(config.experiment, config.name, status, error)


def _tell(error: Exception) -> str:
    """Describe an error in a line."""
    return f"{type(error).__name__}: {' '.join(str(error).split()):.300}"
