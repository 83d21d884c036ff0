"""Training a PyTorch model: `fit`, which can be killed and resumed, `evaluate`.

The loop is the one that anybody would write: shuffle, forward, loss, backward,
clip, Adam's step, at the end of an epoch the scheduler's. What is added is
care with the random streams, the bookkeeping, and the checkpoints.
"""

from __future__ import annotations

import math
import time
from dataclasses import asdict
from pathlib import Path
from typing import get_args

import torch
from torch import Tensor, nn
from torch.nn.utils import clip_grad_norm_
from torch.optim import AdamW
from torch.optim.lr_scheduler import StepLR
from torch.utils.data import TensorDataset
from tqdm import tqdm

from unrolled import _fields
from unrolled._checks import check_type, check_whole
from unrolled.modes import mode
from unrolled.train.checkpoint import (
    State,
    check_path,
    check_same,
    fingerprint,
    form,
    load_checkpoint,
    save_checkpoint,
)
from unrolled.train.config import Loss, TrainConfig
from unrolled.train.history import Epoch, History, Score
from unrolled.train.measure import Batch, Data, Tally, measure_all
from unrolled.train.streams import current_streams, lend_streams, seeded_streams


class Run:
    """A model in training, and everything that a checkpoint holds.

    Args:
        model: what is trained.
        train: the data it learns from.
        valid: the data it is measured on; None for none.
        config: everything else.
        device: where the model is.
    """

    def __init__(
        self,
        model: nn.Module,
        train: Data,
        valid: Data | None,
        config: TrainConfig,
        device: torch.device,
    ) -> None:
        self.model, self.train, self.valid = model, train, valid
        self.config, self.device = config, device
        named = [(n, p) for n, p in model.named_parameters() if p.requires_grad]
        self._trained = ", ".join(name for name, _ in named)
        self.parameters = [parameter for _, parameter in named]
        if not self.parameters:
            raise ValueError(
                "model: expected a parameter that requires a gradient, got none"
            )
        self.optimizer = AdamW(
            self.parameters, lr=config.lr, weight_decay=config.weight_decay
        )
        # No step size: a factor of 1 at every epoch, which changes no bit.
        self.scheduler = StepLR(
            self.optimizer,
            config.step_size or 1,
            config.gamma if config.step_size else 1.0,
        )
        self.steps = math.ceil(len(train) / config.batch_size)
        self.random = seeded_streams(device, config.seed)
        self.epochs: list[Epoch] = []
        self.best = weights_of(model) if config.keep == "best" else None

    @property
    def history(self) -> History:
        """What was measured so far."""
        stopped_early = self._out_of_patience and (
            len(self.epochs) < self.config.epochs
        )
        return History(tuple(self.epochs), stopped_early)

    @property
    def finished(self) -> bool:
        """Whether no epoch is left to do."""
        return self._out_of_patience or (len(self.epochs) >= self.config.epochs)

    @property
    def _out_of_patience(self) -> bool:
        best = History(tuple(self.epochs), False).best_epoch
        if self.config.patience is None or best is None:
            return False
        return len(self.epochs) - best >= self.config.patience

    def epoch(self, bar: tqdm) -> None:
        """Go through the training set once, and measure."""
        start = time.perf_counter()
        number = len(self.epochs) + 1
        bar.set_description(f"epoch {number}/{self.config.epochs}")
        lr = self.optimizer.param_groups[0]["lr"]
        tally = Tally(f"epoch {number}, step")
        try:
            for batch in self.train.shuffled(self.config.batch_size):
                tally.add(*self._step(batch))
                bar.update()
        finally:  # also if the model objects to what an earlier step made of it
            tally.check()
        self.scheduler.step()
        train, valid = tally.score(), None
        if self.valid is not None:
            where = f"epoch {number}, validation batch"
            size = self.config.batch_size
            valid = measure_all(self.model, self.valid, size, where)
        self.epochs.append(
            Epoch(
                train_loss=train.loss,
                train_accuracy=train.accuracy,
                valid_loss=valid.loss if valid else None,
                valid_accuracy=valid.accuracy if valid else None,
                lr=lr,
                grad_norm=tally.mean_norm(),
                seconds=time.perf_counter() - start,
            )
        )
        if self.best is not None and self.history.best_epoch == number:
            self.best = weights_of(self.model)
        self.random = current_streams(self.device)
        shown = {"train": train.loss}
        if valid:
            shown["valid"] = valid.loss
        bar.set_postfix(shown)

    def _step(self, batch: tuple[Tensor, ...]) -> tuple[Batch, Tensor]:
        """Learn from one batch; also return its gradient's length."""
        result = self.train.measure(self.model, batch)
        if not result.loss.requires_grad:
            raise ValueError(
                "model: expected an output that depends on parameters that "
                "require a gradient, got one that does not"
            )
        self.optimizer.zero_grad()
        # A batch in which nothing counts has a loss of 0, not of 0 / 0.
        (result.loss / result.count.clamp(min=1)).backward()
        max_norm = self.config.max_norm or math.inf  # inf: only measured
        norm = clip_grad_norm_(self.parameters, max_norm)
        self.optimizer.step()
        return result, norm

    def finish(self) -> None:
        """Leave the weights to keep in the model, and no gradients."""
        self.optimizer.zero_grad()
        if self.best is not None:
            self.model.load_state_dict(self.best)

    def about(
        self, train_set: TensorDataset, valid_set: TensorDataset | None
    ) -> dict[str, object]:
        """Describe what must be the same when a training is resumed.

        Not the number of epochs: nothing before the last one depends on it.
        """
        for name, value in self.model.state_dict().items():
            check_type(f"model.{name}", value, Tensor)
        about = asdict(self.config) | {
            "device": self.device.type,
            "trained": self._trained,
            "train_set": fingerprint(train_set),
            "valid_set": fingerprint(valid_set),
        }
        del about["epochs"]
        # A module's text shows what its weights do not, such as the dropout.
        for line, text in enumerate(str(self.model).splitlines(), 1):
            about[f"model (line {line})"] = text.strip()
        return about

    def state(self, about: dict[str, object]) -> State:
        """Return all that a checkpoint holds, of plain types."""
        return {
            "config": self.config.to_json(),
            "about": about,
            "history": self.history.to_json(),
            "model": dict(self.model.state_dict()),
            "best": self.best,
            "optimizer": self.optimizer.state_dict(),
            "scheduler": self.scheduler.state_dict(),
            "random": self.random,
        }

    def restore(self, path: Path, about: dict[str, object]) -> None:
        """Go on from a checkpoint; the model stays as it is if it is refused.

        Raises:
            ValueError: no checkpoint, or one of another training.
        """
        state = load_checkpoint(path)
        check_same(path.name, state.get("about"), about)
        check_same(path.name, form(state), form(self._template(state)))
        try:
            history = History.from_json(state["history"])
        except ValueError as error:
            raise ValueError(f"{path.name:.80}: {error!s:.300}") from None
        if len(history.epochs) > self.config.epochs:
            raise ValueError(
                f"{path.name:.80}: expected a checkpoint of at most "
                f"{self.config.epochs} epochs, as in config, got one of "
                f"{len(history.epochs)}"
            )
        before = weights_of(self.model)
        try:
            for kind, stream in state["random"].items():
                torch.Generator(kind).set_state(stream)
            self.optimizer.load_state_dict(state["optimizer"])
            self.scheduler.load_state_dict(state["scheduler"])
            self.model.load_state_dict(state["model"])
        except Exception as error:  # the right form, but not the right content
            self.model.load_state_dict(before)
            raise ValueError(
                f"{path.name:.80}: expected the state of this training, got "
                f"one that cannot be used ({error!s:.200})"
            ) from error
        self.epochs = [*history.epochs]
        self.best, self.random = state["best"], state["random"]

    def _template(self, state: State) -> State:
        """Return a state of the form that a checkpoint of this run has."""
        template = self.state(state["about"])
        # Adam makes its averages at a parameter's first gradient.
        optimizer = state.get("optimizer")
        if isinstance(optimizer, dict):
            filled = optimizer.get("state")
            template["optimizer"]["state"] = {
                key: {
                    "step": torch.tensor(0.0),
                    "exp_avg": parameter.detach(),
                    "exp_avg_sq": parameter.detach(),
                }
                for key, parameter in enumerate(self.parameters)
                if isinstance(filled, dict) and key in filled
            }
        return template


def weights_of(model: nn.Module) -> dict[str, Tensor]:
    """Copy a model's parameters and buffers."""
    return {name: value.clone() for name, value in model.state_dict().items()}


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
