"""The long experiments behind the chapters: runs as data, and their records.

A run is a `RunConfig`; `execute` turns it into a `Record`. The `CATALOGUE`
names the experiments, lists of runs; `sweep` carries out many, side by side,
and goes on where it was stopped::

    python -m unrolled.experiments list
    python -m unrolled.experiments run published --jobs 2
    python -m unrolled.experiments forecasters --jobs 2

Notebooks read what is in ``results/`` with `load_records` and `load_model`, and
repeat the beginning of a run with `replay`, to show that its record is honest.

Nothing here chooses anything by the test data: weights and epochs are chosen by
the validation data, a fresh draw of the same task.
"""

from unrolled.experiments.build import (
    Datasets,
    build_model,
    count_parameters,
    generator_for,
    make_data,
)
from unrolled.experiments.catalogue import CATALOGUE, runs_of
from unrolled.experiments.config import RunConfig
from unrolled.experiments.diagnosis import gradient_norms
from unrolled.experiments.files import (
    by_group,
    load_model,
    load_record,
    load_records,
    results_folder,
)
from unrolled.experiments.forecasters import (
    begin_forecaster,
    load_forecasters,
    load_losses,
    save_forecasters,
    train_forecasters,
)
from unrolled.experiments.record import Record
from unrolled.experiments.remedies import best_and_last, remedy_groups
from unrolled.experiments.runs import execute, follow, replay
from unrolled.experiments.summary import curves, first_above, gradient_ratio
from unrolled.experiments.sweeps import Outcome, sweep
from unrolled.experiments.timing import estimate

__all__ = [
    "CATALOGUE",
    "Datasets",
    "Outcome",
    "Record",
    "RunConfig",
    "begin_forecaster",
    "best_and_last",
    "build_model",
    "by_group",
    "count_parameters",
    "curves",
    "estimate",
    "execute",
    "first_above",
    "follow",
    "generator_for",
    "gradient_norms",
    "gradient_ratio",
    "load_forecasters",
    "load_losses",
    "load_model",
    "load_record",
    "load_records",
    "make_data",
    "remedy_groups",
    "replay",
    "results_folder",
    "runs_of",
    "save_forecasters",
    "sweep",
    "train_forecasters",
]
