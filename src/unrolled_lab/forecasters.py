"""The forecasters of the chapter on free running: trained, kept, read.

Each network is trained on the truth first, and then a little longer in each of
several ways: so what these ways do can be compared network by network. All of
one series and one seed are in one file, ``results/forecasters/NAME.pt``.
"""

from copy import deepcopy
from pathlib import Path
from typing import Literal, get_args

import torch
from torch import Tensor, nn
from torch.utils.data import TensorDataset

from unrolled import tasks
from unrolled._checks import check_choice, check_int
from unrolled.lstm import LSTM
from unrolled.models import Forecaster
from unrolled.train import TrainConfig, fit
from unrolled_lab.files import locked, results_folder
from unrolled_lab.record import circumstances
from unrolled_lab.regimes import OwnForecasts, ScheduledSampling
from unrolled_lab.resume import load_checkpoint, save_checkpoint

Series = Literal["oscillations", "henon"]
Regime = Literal["teacher", "scheduled", "own 6", "own 20"]

HIDDEN = 32
"""H, the units of each network."""

STEPS = 32
"""T, the steps of a training sequence."""

COUNT = 3200
"""N, the training sequences of each stage."""

SEEDS = range(5)

_SAME = {"batch_size": 32, "max_norm": 1.0, "loss": "squared_error"}

FIRST = TrainConfig(epochs=8, lr=1e-2, step_size=2, gamma=0.5, **_SAME)
"""The first stage, the same for all: 800 updates on the truth."""

SECOND = TrainConfig(epochs=3, lr=3e-3, step_size=1, gamma=0.3, **_SAME)
"""The second, in each of the ways: 300 updates."""


def begin_forecaster(
    series: Series, seed: int
) -> tuple[Forecaster, TensorDataset, TensorDataset]:
    """Make what a training starts from.

    Args:
        series: ``"oscillations"`` or ``"henon"``.
        seed: of the first weights and the data, 0 or more.

    Returns:
        A network with its first weights, in float64, and the training data of
        the first and of the second stage: sequences (N, T, 1), and what comes
        after each of their steps.

    Chapter: 11_free_running.
    """
    check_choice("series", series, get_args(Series))
    generator = torch.Generator().manual_seed(check_int("seed", seed, 0))
    network = _new(generator)
    return network, _draw(series, generator), _draw(series, generator)


def train_forecasters(
    series: Series, seed: int
) -> tuple[dict[str, Forecaster], dict[str, list[float]]]:
    """Train one network in all the ways.

    With the teacher it reads the truth. With scheduled sampling it reads more
    and more of its own forecasts, half of all in the end. The other two read
    the truth, and their own forecasts in the last 6 or 20 of the 32 steps.

    Args:
        series: ``"oscillations"`` or ``"henon"``.
        seed: of the first weights, the data and the training, 0 or more.

    Returns:
        By ``"start"``, as it is after the first stage, and by the name of each
        `Regime`: the network, in float64; and the training loss of each epoch.

    Chapter: 11_free_running.
    """
    start, first, second = begin_forecaster(series, seed)
    networks, losses = {"start": start}, {}
    losses["start"] = _train(start, first, FIRST, seed)
    for regime in get_args(Regime):
        network = deepcopy(start)
        around = _around(regime, network)
        losses[regime] = _train(around, second, SECOND, seed)
        networks[regime] = network
    return networks, losses


def save_forecasters(
    series: Series, seed: int, folder: Path | str | None = None
) -> bool:
    """Train one network in all the ways and keep it, unless it is there.

    On one thread, as another number would give other last digits.

    Args:
        series: as for `train_forecasters`.
        seed: likewise.
        folder: where all results are; see `results_folder`.

    Returns:
        Whether it was trained; False if its file was there already.

    Chapter: 11_free_running.
    """
    path = _path(series, seed, folder)
    path.parent.mkdir(exist_ok=True)
    locks = path.parent.parent / ".unfinished" / "forecasters"
    with locked(locks / f"{path.stem}.lock", path):
        if path.exists():
            return False
        _train_and_save(series, seed, path)
    return True


def _train_and_save(series: Series, seed: int, path: Path) -> None:
    """Train one network in all the ways, on one thread, and keep it."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        networks, losses = train_forecasters(series, seed)
        about = circumstances()
    finally:
        torch.set_num_threads(before)
    weights = {
        name: {k: v.float() for k, v in network.state_dict().items()}
        for name, network in networks.items()
    }
    state = {"weights": weights, "losses": losses, "circumstances": about}
    save_checkpoint(path, state)


def load_forecasters(
    series: Series, folder: Path | str | None = None
) -> dict[str, list[Forecaster]]:
    """Read the networks that were trained on a series.

    Args:
        series: ``"oscillations"`` or ``"henon"``.
        folder: where all results are; see `results_folder`.

    Returns:
        By ``"start"`` and the name of each `Regime`: five networks, one for
        each seed, in float64.

    Example:
        >>> networks = load_forecasters("henon")
        >>> {name: len(five) for name, five in networks.items()}
        {'start': 5, 'teacher': 5, 'scheduled': 5, 'own 6': 5, 'own 20': 5}

    Chapter: 11_free_running.
    """
    found: dict[str, list[Forecaster]] = {}
    for seed in SEEDS:
        weights = _read(series, seed, folder)["weights"]
        for name, state in weights.items():
            network = _new(torch.Generator())
            network.load_state_dict(state)
            found.setdefault(name, []).append(network)
    return found


def load_losses(
    series: Series, folder: Path | str | None = None
) -> dict[str, list[list[float]]]:
    """Read the training losses of the networks.

    Args:
        series: ``"oscillations"`` or ``"henon"``.
        folder: where all results are; see `results_folder`.

    Returns:
        By ``"start"`` and the name of each `Regime`: for each of five seeds the
        mean squared error of each epoch.

    Chapter: 11_free_running.
    """
    states = [_read(series, seed, folder) for seed in SEEDS]
    names = states[0]["losses"]
    return {name: [s["losses"][name] for s in states] for name in names}


def _path(series: Series, seed: int, folder: Path | str | None) -> Path:
    """Return the file of a series and a seed."""
    check_choice("series", series, get_args(Series))
    check_int("seed", seed, 0)
    return results_folder(folder) / "forecasters" / f"{series}-seed{seed}.pt"


def _draw(series: Series, generator: torch.Generator) -> TensorDataset:
    """Draw training sequences, and what comes after each of their steps."""
    x: Tensor = getattr(tasks, series)(COUNT, STEPS + 1, generator)
    return TensorDataset(x[:, :-1], x[:, 1:])


def _new(generator: torch.Generator) -> Forecaster:
    """Make a network with its first weights, in float64."""
    layer = LSTM(1, HIDDEN, generator=generator).double()
    return Forecaster(layer, generator=generator)


def _read(series: Series, seed: int, folder: Path | str | None) -> dict:
    """Read what was kept of a series and a seed."""
    path = _path(series, seed, folder)
    state = load_checkpoint(path)
    names = ["start", *get_args(Regime)]
    for part in ("weights", "losses"):
        got = state.get(part)
        if not isinstance(got, dict) or [*got] != names:
            raise ValueError(
                f"{path.name}: expected the {part} of {names}, got {got!r:.80}"
            )
    return state


def _around(regime: Regime, network: Forecaster) -> nn.Module:
    """Wrap a network in what it is trained with."""
    if regime == "teacher":
        return network
    if regime == "scheduled":
        updates = SECOND.epochs * COUNT // SECOND.batch_size
        return ScheduledSampling(network, updates // 2)
    return OwnForecasts(network, STEPS - int(regime.split()[1]))


def _train(
    module: nn.Module, data: TensorDataset, config: TrainConfig, seed: int
) -> list[float]:
    """Train, and return the loss of each epoch."""
    history = fit(module, data, None, config.replace(seed=seed))
    return history.column("train_loss")
