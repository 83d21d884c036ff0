"""One training as it goes: what changes from epoch to epoch."""

from __future__ import annotations

import math
import time
from dataclasses import asdict
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.utils import clip_grad_norm_
from torch.optim import AdamW
from torch.optim.lr_scheduler import StepLR
from torch.utils.data import TensorDataset
from tqdm import tqdm

from unrolled._checks import check_type
from unrolled._measure import Batch, Data, Tally, measure_all
from unrolled._streams import current_streams, seeded_streams
from unrolled.checkpoint import (
    State,
    check_same,
    fingerprint,
    form,
    load_checkpoint,
)
from unrolled.history import Epoch, History
from unrolled.train_config import TrainConfig


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
