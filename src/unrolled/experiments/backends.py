"""Where the runs of a sweep are computed: on this machine, or on a cluster."""

import contextlib
from collections.abc import Iterator
from importlib import import_module
from types import ModuleType
from typing import Literal, get_args

import joblib

from unrolled import _fields
from unrolled._checks import check_type, check_whole

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
