"""Training a PyTorch model, on one page: `fit`.

The loop is the one that anybody would write. What is added is care with the
random streams, and the bookkeeping, of which a training can be resumed.
"""

import contextlib
import copy
import math
import time
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils import clip_grad_norm_
from torch.optim import AdamW
from torch.optim.lr_scheduler import StepLR
from torch.utils.data import TensorDataset
from tqdm import tqdm

from unrolled._checks import check_names, check_type, insist, refusal
from unrolled.modes import mode
from unrolled.train.config import TrainConfig
from unrolled.train.history import Epoch, History, Score
from unrolled.train.measure import Data, Tally, device_of, measure_all


def fit(
    model: nn.Module,
    train_set: TensorDataset,
    valid_set: TensorDataset | None,
    config: TrainConfig,
    *,
    state: dict[str, Any] | None = None,
    on_epoch: Callable[["Training"], object] | None = None,
    progress: bool = False,
) -> History:
    r"""Train a model, and tell what was measured on the way.

    Each step follows the gradient of a batch's mean loss:

    .. math::
        \theta \leftarrow \theta - \eta \cdot \mathrm{Adam}\bigl(
        \mathrm{clip}(\nabla_\theta L)\bigr) - \eta \lambda \theta

    with the learning rate η and the weight decay λ of the configuration. The
    seed decides all that is drawn, as after ``torch.manual_seed``; PyTorch's
    own random streams and each module's mode are left as they were found.

    Args:
        model: called with all tensors of a batch but the last.
        train_set: the inputs and, last, the target; see `evaluate`.
        valid_set: likewise, measured after each epoch; None for none.
        state: `Training.state_dict` of an earlier training, to go on from to
            the bit. More `epochs` are welcome.
        on_epoch: called after each epoch with the `Training`.

    Returns:
        A record of each epoch. The model holds the weights of `config.keep`.

    Raises:
        FloatingPointError: a loss or a gradient that is not finite, at the
            epoch's end.

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
    run = Training(model, config)
    train = Data("train_set", train_set, config.loss, run.device)
    valid = score = None
    if valid_set is not None:
        valid = Data("valid_set", valid_set, config.loss, run.device)
    elif config.keep == "best" or config.patience is not None:
        wanted = "a data set for keep='best' or a patience"
        raise refusal("valid_set", wanted, None)
    is_right = on_epoch is None or callable(on_epoch)
    insist("on_epoch", is_right, "a function of a Training", on_epoch)
    check_type("progress", progress, bool)
    if state is not None:
        run.load_state_dict(state)
    optimizer, max_norm = run.optimizer, config.max_norm or math.inf
    done = len(run.history.epochs)
    epochs = range(done + 1, config.epochs + 1)
    show = {"total": config.epochs, "initial": done, "disable": not progress}
    bar = tqdm(epochs, "epochs", **show)
    for epoch in bar:
        if run.history.stopped_early:
            break
        start = time.perf_counter()
        with mode(model, training=True), run.streams.lent():
            with Tally(f"epoch {epoch}, step") as tally:
                for batch in train.shuffled(config.batch_size):
                    result = train.measure(model, batch)
                    optimizer.zero_grad()
                    result.backward()
                    norm = clip_grad_norm_(run.parameters, max_norm)
                    optimizer.step()
                    tally.add(result, norm)
            if valid is not None:
                where = f"epoch {epoch}, validation batch"
                score = measure_all(model, valid, config.batch_size, where)
        optimizer.zero_grad()
        run.note(tally, score, time.perf_counter() - start)
        run.scheduler.step()
        bar.set_postfix(train=tally.score().loss, valid=score and score.loss)
        if on_epoch is not None:
            on_epoch(run)
    if run.best is not None:
        model.load_state_dict(run.best)
    return run.history


class Training:
    """A model in training: all that `fit` changes from epoch to epoch.

    `best` holds the weights of the best epoch, if they are to be kept.
    Chapter: 07_network.
    """

    def __init__(self, model: nn.Module, config: TrainConfig) -> None:
        self.device = device_of(model)
        check_type("config", config, TrainConfig)
        self.model, self.config = model, config
        self.parameters = [p for p in model.parameters() if p.requires_grad]
        if not self.parameters:
            wanted = "a parameter that requires a gradient"
            raise refusal("model", wanted, "none")
        self.optimizer = AdamW(
            self.parameters, lr=config.lr, weight_decay=config.weight_decay
        )
        # No step size: a factor of 1 at every epoch, which changes no bit.
        gamma = config.gamma if config.step_size else 1.0
        self.scheduler = StepLR(self.optimizer, config.step_size or 1, gamma)
        self.streams = Streams(self.device, config.seed)
        self.best = _copy(model) if config.keep == "best" else None
        self.history = self._history_of()

    def _history_of(self, *epochs: Epoch) -> History:
        """Judge from the epochs done whether the patience has run out."""
        history = History(epochs=epochs, stopped_early=False)
        stale = len(epochs) - (history.best_epoch or len(epochs))
        is_early = len(epochs) < self.config.epochs
        is_over = stale >= (self.config.patience or math.inf)
        return history.replace(stopped_early=is_early and is_over)

    def note(self, tally: Tally, valid: Score | None, seconds: float) -> None:
        """Write down what an epoch has measured, and keep the best weights."""
        train = tally.score()
        epoch = Epoch(
            train_loss=train.loss,
            train_accuracy=train.accuracy,
            valid_loss=valid and valid.loss,
            valid_accuracy=valid and valid.accuracy,
            lr=self.optimizer.param_groups[0]["lr"],
            grad_norm=tally.mean_norm(),
            seconds=seconds,
        )
        self.history = self._history_of(*self.history.epochs, epoch)
        is_best = self.history.best_epoch == len(self.history.epochs)
        if self.best is not None and is_best:
            self.best = _copy(self.model)

    def state_dict(self) -> dict[str, Any]:
        """Return all that is needed to go on, of plain types.

        It shares the training's tensors: write it to a file, or `copy.deepcopy`
        it.
        """
        return {
            "config": self.config.model_dump(),
            "history": self.history.to_json(),
            "model": dict(self.model.state_dict()),
            "best": self.best,
            "optimizer": self.optimizer.state_dict(),
            "scheduler": self.scheduler.state_dict(),
            "random": self.streams.states,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a state of this configuration; its `epochs` may differ."""
        check_names("state", state, self.state_dict())
        state = copy.deepcopy(state)  # or the caller's would change
        try:
            epochs = History.from_json(state["history"]).epochs
        except ValueError as error:
            raise _unsuited(error) from error
        most, got = self.config.epochs, len(epochs)
        wanted = f"one of at most {most} epochs, as in config"
        insist("state", got <= most, wanted, f"one of {got}")
        before = copy.deepcopy(self.model.state_dict())
        try:
            self._check_state(state, len(epochs))
            self.optimizer.load_state_dict(state["optimizer"])
            self.scheduler.load_state_dict(state["scheduler"])
            if self.best is not None:
                self.model.load_state_dict(state["best"])
            self.model.load_state_dict(state["model"])
        except Exception as error:  # what does not suit can fail in any way
            self.model.load_state_dict(before)
            raise _unsuited(error) from error
        self.history = self._history_of(*epochs)
        self.best, self.streams.states = state["best"], state["random"]

    def _check_state(self, state: dict[str, Any], done: int) -> None:
        """Insist on what is loaded unseen, or would change what is done."""
        for name, value in self.config.model_dump(exclude={"epochs"}).items():
            _check_equal(name, state["config"][name], value)
        for kind in self.streams.states:
            torch.Generator(kind).set_state(state["random"][kind])
        _check_equal("best", [*(state["best"] or [])], [*(self.best or [])])
        scheduler, optimizer = state["scheduler"], state["optimizer"]
        now = {"last_epoch": done, "_step_count": done + 1}
        now["_last_lr"] = [lr] = scheduler["_last_lr"]
        wanted = self.scheduler.state_dict() | now
        _check_equal("scheduler", scheduler, wanted)
        [group] = self.optimizer.state_dict()["param_groups"]
        wanted = [group | {"lr": lr}]
        _check_equal("param_groups", optimizer["param_groups"], wanted)
        name = "whether the optimizer has averages"
        _check_equal(name, optimizer["state"] != {}, done > 0)
        for number, averages in optimizer["state"].items():
            parameter = self.parameters[number]
            shapes = dict.fromkeys(["exp_avg", "exp_avg_sq"], parameter.shape)
            shapes["step"] = ()
            found = {name: value.shape for name, value in averages.items()}
            _check_equal(f"shapes of average {number}", found, shapes)


class Streams:
    """PyTorch's global random streams, as a training finds and leaves them.

    Dropout draws from its device's stream alone: put your randomness there.
    `states` has one for each type of device.
    """

    def __init__(self, device: torch.device, seed: int) -> None:
        self.device = device
        self.states = {
            kind: torch.Generator(kind).manual_seed(seed).get_state()
            for kind in dict.fromkeys(["cpu", device.type])
        }

    @contextlib.contextmanager
    def lent(self) -> Iterator[None]:
        """Set the streams, and at the end put those back that were there."""
        kind, elsewhere = self.device.type, self.device.type != "cpu"
        module = torch.get_device_module(self.device)
        devices = [self.device] if elsewhere else []
        with torch.random.fork_rng(devices, device_type=kind):
            torch.set_rng_state(self.states["cpu"])
            if elsewhere:
                module.set_rng_state(self.states[kind], self.device)
            yield
            self.states = {"cpu": torch.get_rng_state()}
            if elsewhere:
                self.states[kind] = module.get_rng_state(self.device)


def _copy(model: nn.Module) -> dict[str, Tensor]:
    return {name: value.clone() for name, value in model.state_dict().items()}


def _unsuited(error: Exception) -> ValueError:
    return ValueError(
        "state: expected one of this training, got one that does not suit "
        f"({error!s:.200})"
    )


def _check_equal(name: str, there: object, here: object) -> None:
    """Insist on the same value in a state as in this training."""
    if there != here:
        raise ValueError(f"{name} is {there}, not {here}")
