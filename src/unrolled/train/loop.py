"""Training a PyTorch model, on one page: `fit`.

The loop is the one that anybody would write. What is added is care with the
random streams, and the bookkeeping, from which a training can be resumed.
"""

import contextlib
import math
import time
from collections.abc import Callable, Iterator

import torch
from torch import Tensor, nn
from torch.nn.utils import clip_grad_norm_
from torch.optim import AdamW
from torch.optim.lr_scheduler import StepLR
from torch.utils.data import TensorDataset
from tqdm import tqdm

from unrolled._checks import check_type, insist
from unrolled.cell import mode
from unrolled.train.config import TrainConfig
from unrolled.train.history import Epoch, History, Score
from unrolled.train.measure import Data, add_up, device_of, measure_all


def fit(
    model: nn.Module,
    train_set: TensorDataset,
    valid_set: TensorDataset | None,
    config: TrainConfig,
    *,
    on_start: Callable[["Training"], object] = lambda run: None,
    on_epoch: Callable[["Training"], object] = lambda run: None,
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
        on_start: called before the first epoch with the `Training`, which it
            may set to where an earlier one ended, to go on from to the bit.
        on_epoch: called after each epoch with the `Training`.

    Returns:
        A record of each epoch. The model holds the weights of `config.keep`. A
        loss or gradient that is not finite is a FloatingPointError.

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

    Reference: Kingma & Ba (2015), algorithm 1; Pascanu, Mikolov & Bengio
    (2013), algorithm 1. Chapter: 07_network.
    """
    run = Training(model, config)
    train = Data("train_set", train_set, config.loss, run.device)
    valid = score = None
    if valid_set is not None:
        valid = Data("valid_set", valid_set, config.loss, run.device)
    else:
        is_idle = config.keep == "last" and config.patience is None
        wanted = "a data set for keep='best' or a patience"
        insist("valid_set", is_idle, wanted, None)
    check_type("progress", progress, bool)
    on_start(run)
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
            rows = []
            for batch in train.shuffled(config.batch_size):
                loss, count, right = train.measure(model, batch)
                optimizer.zero_grad()
                (loss / count.clamp(min=1)).backward()  # 0 if nothing counts
                norm = clip_grad_norm_(run.parameters, max_norm)
                optimizer.step()
                rows.append((loss.detach(), count, right, norm))
            trained, mean_norm = add_up(rows, f"epoch {epoch}, step")
            if valid is not None:
                where = f"epoch {epoch}, validation batch"
                score = measure_all(model, valid, config.batch_size, where)
        optimizer.zero_grad()
        seconds = time.perf_counter() - start
        run.note(trained, score, mean_norm, seconds)
        run.scheduler.step()
        bar.set_postfix(train=trained.loss, valid=score and score.loss)
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
        wanted = "a parameter that requires a gradient"
        insist("model", bool(self.parameters), wanted, self.parameters)
        lr, decay = config.lr, config.weight_decay
        self.optimizer = AdamW(self.parameters, lr, weight_decay=decay)
        # No step size: a factor of 1 at every epoch, which changes no bit.
        gamma = config.gamma if config.step_size else 1.0
        self.scheduler = StepLR(self.optimizer, config.step_size or 1, gamma)
        self.streams = Streams(self.device, config.seed)
        self.best = _copy(model) if config.keep == "best" else None
        self.tell()

    def tell(self, *epochs: Epoch) -> None:
        """Take these epochs as done, and judge if the patience has run out."""
        history = History(epochs=epochs, stopped_early=False)
        stale = len(epochs) - (history.best_epoch or len(epochs))
        is_early = len(epochs) < self.config.epochs
        is_over = stale >= (self.config.patience or math.inf)
        self.history = history.replace(stopped_early=is_early and is_over)

    def note(
        self, train: Score, valid: Score | None, norm: float, seconds: float
    ) -> None:
        """Write down what an epoch has measured, and keep the best weights."""
        epoch = Epoch(
            train_loss=train.loss,
            train_accuracy=train.accuracy,
            valid_loss=valid and valid.loss,
            valid_accuracy=valid and valid.accuracy,
            lr=self.optimizer.param_groups[0]["lr"],
            grad_norm=norm,
            seconds=seconds,
        )
        self.tell(*self.history.epochs, epoch)
        is_best = self.history.best_epoch == len(self.history.epochs)
        if self.best is not None and is_best:
            self.best = _copy(self.model)


class Streams:
    """PyTorch's global random streams, as a training finds and leaves them.

    Dropout draws from its device's stream alone: put your randomness there.
    `states` has one for each type of device.
    """

    def __init__(self, device: torch.device, seed: int) -> None:
        self.device = device
        kinds = dict.fromkeys(["cpu", device.type])
        new = [torch.Generator(kind).manual_seed(seed) for kind in kinds]
        self.states = {each.device.type: each.get_state() for each in new}

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
