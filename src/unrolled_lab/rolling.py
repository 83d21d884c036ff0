"""The forecasters of the chapter on a real series: trained, kept, read.

``results/rolling/CASE-seedN.pt`` holds one network, trained by teacher forcing
on what lies before the test: the temperature of the sea before a year, or the
beginning of a random walk of as many values. The last five years (60 values) of
that choose the epoch; mean and standard deviation are those of the rest.

Fixed before: the network's form and training are those with the smallest
validation loss before 1980 of six that were tried, two seeds each; a linear
forecast's order is chosen likewise from 3, 12, 24 and 36 values. Each forecasts
every month of the test from each of the 12 months before. A forecast is better
or worse than another at a horizon if the ratio of their mean squared errors
lies below or above 1 with its whole 95 % interval, over 2,000 samples of
circular blocks of 24 months of the test; the network's error is the mean of
five seeds. It is only yesterday's value if it is not better than that, and
agrees best with it.

When these were measured, a forecast not thought of before was better than both
at 1 and 3 months: the month's mean, and as far from it as this month is. So the
networks were told the month's means as well ("anomaly": less the mean of each
month before the last five years); fixed before: judged as above, against that.
"""

from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from numpy.random import default_rng
from torch.utils.data import TensorDataset

from unrolled import data
from unrolled._checks import check_choice, check_int
from unrolled.models import Forecaster
from unrolled.train import TrainConfig, fit
from unrolled_lab.files import Folder, make_once, results_folder, weights_of
from unrolled_lab.forecasters import (
    SAME,
    SEEDS,
    load_network,
    new_network,
    save_network,
)
from unrolled_lab.resume import load_checkpoint

CASES = {"walk": 600} | {
    f"{what}-{year}": 12 * (year - 1950)
    for what in ("sea", "anomaly")
    for year in (1980, 1990, 2000)
}
"""How many of the 732 values lie before the test."""

VALID, STEPS, HIDDEN = 60, 36, 16
"""Values that choose the epoch; T, the steps of a sequence; H, the units."""

CONFIG = TrainConfig(epochs=60, lr=1e-2, keep="best", **SAME)


def rolling_series(case: str, seed: int) -> Float[np.ndarray, " 732"]:
    """Return the series of a case: a walk for each seed, or the sea's.

    Of the latter the temperature, or how far it is from the month's mean.

    Example:
        >>> rolling_series("walk", 0)[:2].round(2).tolist()
        [0.13, -0.01]

    Chapter: 13_real_series.
    """
    check_choice("case", case, CASES)
    check_int("seed", seed, 0)
    if case == "walk":
        return default_rng(seed).normal(size=732).cumsum()
    sea, train = data.sea_temperature(), slice(CASES[case] - VALID)
    if case.startswith("sea"):
        return sea
    usual = sea[train].reshape(-1, 12).mean(axis=0)  # of each month
    return sea - np.tile(usual, len(sea) // 12)


def save_rolling(case: str, seed: int, folder: Folder = None) -> bool:
    """Train one network and keep it, unless it is there; tell which.

    The seed is that of the first weights and the training.
    Chapter: 13_real_series.
    """
    path = _path(case, seed, folder)
    return make_once(path, lambda path: _save(case, seed, path))


def load_rolling(case: str, folder: Folder = None) -> list[Forecaster]:
    """Read the five networks of a case, one for each seed, in float64.

    Example:
        >>> len(load_rolling("sea-1980"))
        5

    Chapter: 13_real_series.
    """
    kept = [load_checkpoint(_path(case, seed, folder)) for seed in SEEDS]
    return [load_network(HIDDEN, each["weights"]) for each in kept]


def _path(case: str, seed: int, folder: Folder) -> Path:
    """Return the file of a case and a seed."""
    check_choice("case", case, CASES)
    check_int("seed", seed, 0)
    return results_folder(folder) / "rolling" / f"{case}-seed{seed}.pt"


def _save(case: str, seed: int, path: Path) -> None:
    """Train one network and keep it."""
    series, end = rolling_series(case, seed), CASES[case]
    network = new_network(HIDDEN, torch.Generator().manual_seed(seed))
    parts = series[: end - VALID], series[end - VALID : end]
    scale = data.Normalization.of(parts[0])
    train, valid = (
        TensorDataset(*map(torch.tensor, data.windows(part, STEPS)))
        for part in map(scale.apply, parts)
    )
    history = fit(network, train, valid, CONFIG.replace(seed=seed))
    losses = {k: history.column(k) for k in ("train_loss", "valid_loss")}
    save_network(path, weights_of(network, torch.float32), **losses)
