"""Many runs, side by side, that can be stopped and gone on with."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, NamedTuple

import joblib
import torch
from tqdm import tqdm

from unrolled._checks import check_type, check_whole
from unrolled.experiments.backends import Backend, connect
from unrolled.experiments.config import RunConfig
from unrolled.experiments.files import RunFiles, results_folder
from unrolled.experiments.runs import execute


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
