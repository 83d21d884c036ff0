"""Training a PyTorch model: `fit`, which can be killed and resumed, `evaluate`.

The loop is the one that anybody would write: shuffle, forward, loss, backward,
clip, Adam's step, at the end of an epoch the scheduler's. What is added is
care with the random streams, the bookkeeping, and the checkpoints.
"""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import torch
from torch import nn
from torch.utils.data import TensorDataset
from tqdm import tqdm  # plain text: tqdm.auto's widgets die with the kernel

from unrolled import _fields
from unrolled._checks import check_type, check_whole
from unrolled._measure import Data, measure_all, mode
from unrolled._run import Run
from unrolled._streams import lend_streams
from unrolled.checkpoint import check_path, save_checkpoint
from unrolled.history import Epoch, History, Score
from unrolled.tasks import IGNORE
from unrolled.train_config import Loss, TrainConfig

__all__ = [
    "IGNORE",
    "Epoch",
    "History",
    "Score",
    "TrainConfig",
    "evaluate",
    "fit",
]


def evaluate(
    model: nn.Module,
    dataset: TensorDataset,
    loss: Loss = "cross_entropy",
    batch_size: int = 256,
) -> Score:
    r"""Measure a model on a data set, without dropout and without gradients.

    .. math:: L = \frac{1}{|P|} \sum_{p \in P} \ell(\hat y_p, y_p)

    over the counted positions P of *all* batches, so that the batch size does
    not matter, but for rounding. The model is in the same mode afterwards as
    before, training or evaluation, each of its modules.

    Args:
        model: called with all tensors of a batch but the last.
        dataset: the inputs and, as the last tensor, the target: for the
            cross-entropy the classes (N, ...), int64, `IGNORE` where a
            position does not count, to an output (N, ..., classes); for the
            squared error numbers of the output's own shape and dtype.
        loss: ``"cross_entropy"`` or ``"squared_error"``.
        batch_size: examples in a batch, 1 or more.

    Returns:
        The mean loss and, for the cross-entropy, the accuracy.

    Raises:
        ValueError: no module with parameters, a data set or an output that
            does not suit, an unknown loss, a batch size below 1.
        FloatingPointError: a loss that is not finite.

    Example:
        >>> model = nn.Identity()
        >>> model.register_parameter("unused", nn.Parameter(torch.zeros(1)))
        >>> scores = torch.tensor([[0.0, 9.0], [0.0, 9.0], [9.0, 0.0]])
        >>> labels = torch.tensor([1, 0, IGNORE])
        >>> evaluate(model, TensorDataset(scores, labels)).accuracy
        0.5

    Chapter: 07_network.
    """
    device = _check_model(model)
    _fields.check_choice("loss", loss, get_args(Loss))
    size = check_whole("batch_size", batch_size)
    data = Data("dataset", dataset, loss, device)
    return measure_all(model, data, size, "batch")


def fit(
    model: nn.Module,
    train_set: TensorDataset,
    valid_set: TensorDataset | None,
    config: TrainConfig,
    *,
    checkpoint: Path | str | None = None,
    progress: bool = False,
) -> History:
    r"""Train a model, and return what was measured on the way.

    Each step follows the gradient of a batch's mean loss:

    .. math::
        \theta \leftarrow \theta - \eta \cdot \mathrm{Adam}\bigl(
        \mathrm{clip}(\nabla_\theta L)\bigr) - \eta \lambda \theta

    with the learning rate η and the weight decay λ of the configuration.

    The seed decides everything that is drawn, as after
    ``torch.manual_seed(config.seed)``: the same seed, weights and data give the
    same bits, on the same machine with the same number of threads. (On a GPU,
    as far as PyTorch's kernels do.) PyTorch's own random streams are left as
    they were found, and so is the mode of each module.

    Args:
        model: called with all tensors of a batch but the last. All parameters
            on one device; the data are taken there.
        train_set: the inputs and, as the last tensor, the target; see
            `evaluate`.
        valid_set: likewise; measured after each epoch. None for none: then
            nothing can stop early, and only the last weights can be kept.
        config: everything else.
        checkpoint: a file that is written after every epoch. If it is there
            already, the training goes on where it ended, whatever weights the
            model has, and ends with the same bits as one that was never
            stopped; if it had finished, its history is returned at once.
            Another number of `epochs` is welcome, unless the file is past it.
            One process at a time.
        progress: whether to show a bar, on the standard error stream.

    Returns:
        A record of each epoch. The model holds the weights that `config.keep`
        says, and no gradients.

    Raises:
        ValueError: an argument of another kind, data or an output that do not
            suit, no validation set for a `patience` or ``keep="best"``, a file
            that is no checkpoint or one of another training: configuration,
            model, data or device.
        FloatingPointError: a loss or a gradient that is not finite. All steps
            of the epoch are checked together at its end, so that the loop need
            not wait at every step; the model is then useless, the checkpoint
            that of the epoch before.

    Example:
        >>> x = torch.linspace(-1, 1, 64)[:, None]  # (64, 1)
        >>> line = TensorDataset(x, 3 * x + 1)
        >>> model = nn.Linear(1, 1)
        >>> config = TrainConfig(
        ...     epochs=100, batch_size=16, lr=0.05, loss="squared_error"
        ... )
        >>> history = fit(model, line, None, config)
        >>> round(model.weight.item(), 3), round(model.bias.item(), 3)
        (3.0, 1.0)
        >>> history.column("train_loss")[-1] < 1e-6
        True

    Reference: Kingma & Ba (2015), algorithm 1; Pascanu, Mikolov & Bengio
    (2013), algorithm 1. Chapter: 07_network.
    """
    device = _check_model(model)
    check_type("config", config, TrainConfig)
    check_type("progress", progress, bool)
    train = Data("train_set", train_set, config.loss, device)
    valid = None
    if valid_set is not None:
        valid = Data("valid_set", valid_set, config.loss, device)
    elif config.keep == "best" or config.patience is not None:
        raise ValueError(
            "valid_set: expected a data set for keep='best' or a patience, "
            "got None"
        )
    run = Run(model, train, valid, config, device)
    path = None if checkpoint is None else check_path(checkpoint)
    about = {} if path is None else run.about(train_set, valid_set)
    if path is not None and path.exists():
        run.restore(path, about)
    bar = tqdm(
        total=config.epochs * run.steps,
        initial=len(run.epochs) * run.steps,
        unit="step",
        disable=not progress,
    )
    with bar, mode(model, training=True), lend_streams(device, run.random):
        while not run.finished:
            run.epoch(bar)
            if path is not None:
                save_checkpoint(path, run.state(about))
    run.finish()
    return run.history


def _check_model(model: nn.Module) -> torch.device:
    """Return the device of a model that can be trained."""
    check_type("model", model, nn.Module)
    devices = {parameter.device for parameter in model.parameters()}
    if len(devices) != 1:
        raise ValueError(
            "model: expected parameters, all on one device, got them on "
            f"{[str(device) for device in devices]!s:.80}"
        )
    return devices.pop()
