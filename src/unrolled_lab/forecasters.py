"""The forecasters of the chapter on free running: trained, kept, read.

In ``results/forecasters`` each network is trained on the truth first, and then
a little longer in each of several ways: so what these ways do can be compared
network by network. In ``results/from_start`` it is trained in each of these
ways from its first weights on. All of one series and one seed are in one file.

Fixed before, for the latter: exposure bias costs if, on a series, "scheduled"
or "own 20" has in all five seeds an error 41 to 60 steps ahead that is smaller
than the teacher's by a tenth or more; no cost is found if neither has in any
seed; in between it depends. The error one step ahead is told beside it.
"""

from copy import deepcopy
from pathlib import Path
from typing import Any, Literal, get_args

import torch
from torch import Tensor, nn
from torch.utils.data import TensorDataset

from unrolled import tasks
from unrolled._checks import check_choice, check_int
from unrolled.lstm import LSTM
from unrolled.models import Forecaster
from unrolled.train import TrainConfig, fit
from unrolled_lab.files import Folder, make_once, results_folder, weights_of
from unrolled_lab.record import circumstances
from unrolled_lab.regimes import OwnForecasts, ScheduledSampling
from unrolled_lab.resume import load_checkpoint, save_checkpoint

Series = Literal["oscillations", "henon"]
Regime = Literal["teacher", "scheduled", "own 6", "own 20"]
Plan = Literal["forecasters", "from_start"]

HIDDEN = 32
"""H, the units of each network."""

STEPS = 32
"""T, the steps of a training sequence."""

COUNT = 3200
"""N, the training sequences of each stage."""

SEEDS = range(5)

SAME = {"batch_size": 32, "max_norm": 1.0, "loss": "squared_error"}
"""What all trainings of forecasters have in common."""

FIRST = TrainConfig(epochs=8, lr=1e-2, step_size=2, gamma=0.5, **SAME)
"""The first stage, the same for all: 800 updates on the truth."""

SECOND = TrainConfig(epochs=3, lr=3e-3, step_size=1, gamma=0.3, **SAME)
"""The second, in each of the ways: 300 updates."""

WHOLE = TrainConfig(epochs=6, lr=1e-2, step_size=1, gamma=0.5, **SAME)
"""From the start, in each of the ways, on the data of both: 1,200 updates."""


def begin_forecaster(
    series: Series, seed: int
) -> tuple[Forecaster, TensorDataset, TensorDataset]:
    """Make what a training starts from, which follows from the seed.

    Returns:
        A network with its first weights, in float64, and the training data of
        the first and of the second stage: sequences (N, T, 1), and what comes
        after each of their steps.

    Chapter: 11_free_running.
    """
    check_choice("series", series, get_args(Series))
    generator = torch.Generator().manual_seed(check_int("seed", seed, 0))
    network = new_network(HIDDEN, generator)
    return network, _draw(series, generator), _draw(series, generator)


def train_forecasters(
    series: Series, seed: int, plan: Plan = "forecasters"
) -> tuple[dict[str, Forecaster], dict[str, list[float]]]:
    """Train one network in all the ways.

    With the teacher it reads the truth. With scheduled sampling it reads more
    and more of its own forecasts: half of all after half of the second stage,
    or from the start all in the end. The other two read the truth, and their
    own forecasts in the last 6 or 20 of the 32 steps.

    Args:
        series: a task.
        seed: of the first weights, the data and the training.
        plan: ``"forecasters"``, in two stages, or ``"from_start"``.

    Returns:
        By ``"start"``, as it is after the first stage, if there is one, and by
        the name of each `Regime`: the network, in float64; and the training
        loss of each epoch.

    Reference: Bengio et al. (2015), section 2.4, linear decay. Chapter:
    11_free_running.
    """
    start, first, second = begin_forecaster(series, seed)
    networks, losses = {"start": start}, {"start": []}
    if plan == "forecasters":
        losses["start"] = _train(start, first, FIRST, seed)
        data, stage, most = second, SECOND, 0.5
    else:
        pairs = zip(first.tensors, second.tensors, strict=True)
        data = TensorDataset(*map(torch.cat, pairs))
        stage, most = WHOLE, 1.0
    updates = stage.epochs * len(data) // stage.batch_size
    for regime in get_args(Regime):
        network = deepcopy(start)
        around: nn.Module = network
        if regime == "scheduled":
            around = ScheduledSampling(network, int(updates * most), most)
        elif regime != "teacher":
            around = OwnForecasts(network, STEPS - int(regime.split()[1]))
        losses[regime] = _train(around, data, stage, seed)
        networks[regime] = network
    return networks, losses


def save_forecasters(
    series: Series,
    seed: int,
    folder: Folder = None,
    plan: Plan = "forecasters",
) -> bool:
    """Do what `train_forecasters` does and keep it, unless it is there.

    Returns whether it was trained. Chapter: 11_free_running.
    """

    def make(path: Path) -> None:
        networks, losses = train_forecasters(series, seed, plan)
        weights = {k: weights_of(v, torch.float32) for k, v in networks.items()}
        save_network(path, weights, losses=losses)

    return make_once(_path(series, seed, folder, plan), make)


def load_forecasters(
    series: Series,
    folder: Folder = None,
    plan: Plan = "forecasters",
) -> dict[str, list[Forecaster]]:
    """Read the networks that were trained on a series.

    Returns:
        By ``"start"`` and the name of each `Regime`: five networks, one for
        each seed, in float64.

    Example:
        >>> networks = load_forecasters("henon")
        >>> {name: len(five) for name, five in networks.items()}
        {'start': 5, 'teacher': 5, 'scheduled': 5, 'own 6': 5, 'own 20': 5}

    Chapter: 11_free_running.
    """
    return {
        name: [load_network(HIDDEN, weights) for weights in five]
        for name, five in _read("weights", series, folder, plan).items()
    }


def load_losses(
    series: Series,
    folder: Folder = None,
    plan: Plan = "forecasters",
) -> dict[str, list[list[float]]]:
    """Read the training losses of the networks.

    Returns:
        By ``"start"`` and the name of each `Regime`: for each of five seeds the
        mean squared error of each epoch.

    Chapter: 11_free_running.
    """
    return _read("losses", series, folder, plan)


def _path(series: Series, seed: int, folder: Folder, plan: Plan) -> Path:
    """Return the file of a series and a seed."""
    check_choice("series", series, get_args(Series))
    check_int("seed", seed, 0)
    check_choice("plan", plan, get_args(Plan))
    return results_folder(folder) / plan / f"{series}-seed{seed}.pt"


def _draw(series: Series, generator: torch.Generator) -> TensorDataset:
    """Draw training sequences, and what comes after each of their steps."""
    x: Tensor = getattr(tasks, series)(COUNT, STEPS + 1, generator)
    return TensorDataset(x[:, :-1], x[:, 1:])


def _read(
    what: str, series: Series, folder: Folder, plan: Plan
) -> dict[str, list]:
    """Read what was kept of a series: by regime, from the file of each seed."""
    paths = [_path(series, seed, folder, plan) for seed in SEEDS]
    five = [load_checkpoint(path)[what] for path in paths]
    return {name: [each[name] for each in five] for name in five[0]}


def _train(
    module: nn.Module, data: TensorDataset, config: TrainConfig, seed: int
) -> list[float]:
    """Train, and return the loss of each epoch."""
    history = fit(module, data, None, config.replace(seed=seed))
    return history.column("train_loss")


# How the networks of a real series are made, written and read, too.


def new_network(hidden_size: int, generator: torch.Generator) -> Forecaster:
    """Make a network of one series with its first weights, in float64."""
    layer = LSTM(1, hidden_size, generator=generator).double()
    return Forecaster(layer, generator=generator)


def save_network(path: Path, weights: dict, **told: Any) -> None:
    """Write weights, what is told of their training, and where that was."""
    state = {"weights": weights, **told, "circumstances": circumstances()}
    save_checkpoint(path, state)


def load_network(hidden_size: int, weights: dict[str, Tensor]) -> Forecaster:
    """Make a network, with weights that were kept."""
    network = new_network(hidden_size, torch.Generator())
    network.load_state_dict(weights)
    return network
