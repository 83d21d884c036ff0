"""The long experiments behind the chapters: runs as data, and their records.

A run is a `RunConfig`; `execute` turns it into a `Record`. The `CATALOGUE`
names the experiments, lists of runs; `sweep` carries out many, side by side,
and goes on where it was stopped::

    python -m unrolled_lab list
    python -m unrolled_lab run published --jobs 2
    python -m unrolled_lab forecasters --jobs 2

Notebooks read what is in ``results/`` with `load_records` and `load_model`, put
it into tables with `unrolled_lab.tables`, and repeat the beginning of a run
with `replay`, to show that its record is honest.

Nothing here chooses anything by the test data: weights and epochs are chosen by
the validation data, a fresh draw of the same task.
"""

from unrolled_lab.build import build_model, count_parameters, make_data
from unrolled_lab.catalogue import CATALOGUE, estimate, runs_of
from unrolled_lab.config import RunConfig
from unrolled_lab.diagnosis import gradient_norms
from unrolled_lab.files import (
    load_measurement,
    load_model,
    load_record,
    load_records,
    results_folder,
)
from unrolled_lab.forecasters import (
    begin_forecaster,
    load_forecasters,
    load_losses,
)
from unrolled_lab.record import Record
from unrolled_lab.regimes import OwnForecasts, ScheduledSampling
from unrolled_lab.rolling import CASES, load_rolling, rolling_series
from unrolled_lab.runs import execute, follow, replay
from unrolled_lab.sweeps import sweep
