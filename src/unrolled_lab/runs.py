"""A run, carried out: from its configuration to its record."""

import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

import torch
from torch import nn

from unrolled._checks import check_int, insist
from unrolled.train import History, Training, evaluate, fit
from unrolled_lab.build import (
    Datasets,
    build_model,
    count_parameters,
    generator_for,
    make_data,
    redraw,
)
from unrolled_lab.config import RunConfig
from unrolled_lab.diagnosis import gradient_norms
from unrolled_lab.files import Folder, RunFiles, load_record, weights_of
from unrolled_lab.record import Record, columns
from unrolled_lab.resume import State, fit_resumably, load_checkpoint

Found = TypeVar("Found")

DIAGNOSED = 64
"""Sequences of the validation data on which `gradient_norms` is measured."""
PROJECTIONS = 32
"""Random directions of the final state for `gradient_norms`."""
TRACED = 8
"""How many of them are looked at again after each epoch, if that is asked."""


def execute(config: RunConfig, folder: Folder = None) -> Record:
    """Carry out a run.

    The network is trained, and measured on the validation data after every
    epoch. The test data are not looked at before the end, when they are
    measured with the last weights and with those of the epoch with the lowest
    validation loss. If the configuration asks for it, the gradients that reach
    each step are measured before the training; see `gradient_norms`.

    The same configuration gives the same numbers, on the same kind of machine
    with the same number of threads.

    Args:
        config: the run.
        folder: where the record and the weights are written, and after each
            epoch a checkpoint, from which a run that was stopped goes on. If
            the record is there already, it is read. None to write nothing.

    Raises:
        FloatingPointError: a loss or a gradient that is not finite.

    Example:
        >>> from unrolled_lab import runs_of
        >>> record = execute(runs_of("trial")[0])
        >>> len(record.history.epochs), record.parameters
        (20, 122)

    Chapter: 08_thirty_steps.
    """
    if folder is None:
        with TemporaryDirectory() as scratch:
            return execute(config, scratch)
    files = RunFiles(config, folder)
    with files.lock():
        if files.record.is_file():
            return load_record(files.record)
        record, weights = _carry_out(config, files.checkpoint)
        files.save(record, weights)
    return record


def replay(config: RunConfig, epochs: int) -> History:
    """Do the first epochs of a run again, to compare with its record.

    Args:
        config: the run, as in ``record.config``.
        epochs: how many, at most those of the run.

    Returns:
        A record of each epoch: on the same kind of machine, with the same
        number of threads, those of the run but for the seconds; elsewhere
        nearly so, less and less with each epoch.

    Chapter: 08_thirty_steps.
    """
    return follow(config, epochs, lambda _: None)[0]


def follow(
    config: RunConfig, epochs: int, measure: Callable[[nn.Module], Found]
) -> tuple[History, list[Found]]:
    """Do the first epochs of a run again, and look at its network on the way.

    Args:
        config: the run, as in ``record.config``.
        epochs: how many, at most those of the run.
        measure: called with the network before the training and after each
            epoch; it must not change it.

    Returns:
        A record of each epoch, as of `replay`; and what `measure` gave, E + 1
        times for E epochs.

    Example:
        >>> from unrolled_lab import runs_of
        >>> config = runs_of("trial")[0]
        >>> history, sizes = follow(config, 2, lambda m: m.head.weight.norm())
        >>> len(history.epochs), len(sizes)
        (2, 3)

    Chapter: 08_thirty_steps.
    """
    insist("measure", callable(measure), "a function of a model", measure)
    data, model = make_data(config), build_model(config)
    most = config.train.epochs
    is_right = check_int("epochs", epochs) <= most
    insist("epochs", is_right, f"at most {most}, those of the run", epochs)
    found = [measure(model)]

    def look(_: Training) -> None:
        found.append(measure(model))
        if len(found) <= epochs:
            redraw(config, data.train, len(found))

    shorter = config.train.replace(epochs=epochs)
    return fit(model, data.train, data.valid, shorter, on_epoch=look), found


def _carry_out(config: RunConfig, checkpoint: Path) -> tuple[Record, State]:
    """Train and measure; also return the weights to keep."""
    start = time.perf_counter()
    data, model = make_data(config), build_model(config)
    moments = {"initial": weights_of(model)}
    norms = _diagnose(model, data, config.seed) if config.diagnose else None
    before = time.perf_counter() - start

    def ratio() -> float | None:
        if not config.trace:
            return None
        first, *_, last = _diagnose(model, data, config.seed, TRACED)
        return first / last if last else 0.0  # all is dead

    history = fit_resumably(
        model,
        data.train,
        data.valid,
        config.train,
        checkpoint,
        before=lambda epoch: redraw(config, data.train, epoch),
        after=ratio,
    )
    start = time.perf_counter()
    moments["best"] = weights_of(model)
    test_best = evaluate(model, data.test)
    # The model holds the best weights; the checkpoint has the last ones, too.
    kept = load_checkpoint(checkpoint)
    model.load_state_dict(kept["model"])
    moments["last"] = weights_of(model)
    test_last = evaluate(model, data.test)
    after = time.perf_counter() - start
    record = Record.of(
        config,
        history=columns(history),
        best_epoch=history.best_epoch,
        test_best=dict(test_best),
        test_last=dict(test_last),
        parameters=count_parameters(model),
        gradient_norms=norms,
        gradient_ratios=tuple(kept["notes"]) if config.trace else None,
        seconds=before + sum(history.column("seconds")) + after,
    )
    return record, {moment: moments[moment] for moment in config.weights}


def _diagnose(
    model: Any, data: Datasets, seed: int, directions: int = PROJECTIONS
) -> tuple[float, ...]:
    """Measure the gradients that reach each step, in random directions."""
    shape = PROJECTIONS, model.head.in_features
    v = torch.randn(shape, generator=generator_for("projections", seed))
    x = data.valid.tensors[0][:DIAGNOSED]
    return tuple(gradient_norms(model, x, v[:directions]).tolist())
