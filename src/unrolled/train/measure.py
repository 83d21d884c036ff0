"""Losses and accuracies of batches, and what they add up to."""

import math
from collections.abc import Iterator, Sequence
from typing import get_args

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, mse_loss
from torch.utils.data import TensorDataset

from unrolled._checks import check, check_choice, check_int, check_type, insist
from unrolled.cell import mode
from unrolled.tasks import IGNORE
from unrolled.train.config import Loss
from unrolled.train.history import Score


def evaluate(
    model: nn.Module,
    dataset: TensorDataset,
    loss: Loss = "cross_entropy",
    batch_size: int = 256,
) -> Score:
    r"""Measure a model on a data set, without dropout and without gradients.

    .. math:: L = \frac{1}{|P|} \sum_{p \in P} \ell(\hat y_p, y_p)

    over the counted positions P of *all* batches. Modes are left as they were.
    A loss that is not finite is a FloatingPointError.

    Args:
        model: called with all tensors of a batch but the last.
        dataset: the inputs and, last, the target: classes (N, ...), int64,
            `IGNORE` where nothing counts, to an output (N, ..., classes);
            for the squared error of the output's shape and dtype.

    Example:
        >>> model = nn.Identity()
        >>> model.register_parameter("unused", nn.Parameter(torch.zeros(1)))
        >>> scores = torch.tensor([[0.0, 9.0], [0.0, 9.0], [9.0, 0.0]])
        >>> labels = torch.tensor([1, 0, IGNORE])
        >>> evaluate(model, TensorDataset(scores, labels)).accuracy
        0.5

    Chapter: 07_network.
    """
    check_choice("loss", loss, get_args(Loss))
    check_int("batch_size", batch_size)
    data = Data("dataset", dataset, loss, device_of(model))
    return measure_all(model, data, batch_size, "batch")


def device_of(model: nn.Module) -> torch.device:
    """Return the one device on which all parameters of a model are."""
    check_type("model", model, nn.Module)
    devices = {parameter.device for parameter in model.parameters()}
    insist("model", len(devices) == 1, "parameters, all on one device", devices)
    return devices.pop()


Measured = tuple[Tensor, Tensor, Tensor | None]
"""Of a batch the sum of the losses, the number of positions that count and of
those right (or None): tensors without axes, so that no GPU has to wait."""


class Data:
    """A data set's tensors on the model's device, checked once, by its name."""

    def __init__(
        self, name: str, data: TensorDataset, loss: Loss, device: torch.device
    ) -> None:
        check_type(name, data, TensorDataset)
        insist(name, len(data.tensors) > 1, "inputs and a target", data.tensors)
        for tensor in data.tensors:
            check(like=tensor, **{name: (tensor, "...")})
        self.name, self.loss = name, loss
        self.tensors = [t.detach().to(device) for t in data.tensors]
        target = self.tensors[-1]
        if loss == "squared_error":
            check(like=Tensor, **{f"{name}, target": (target, "...")})
            return
        counted = target[target != IGNORE]  # (counted positions,)
        wanted = (counted, "positions", range(2**31))
        check(like=counted, **{f"{name}, target but {IGNORE}": wanted})
        self.classes = int(counted.max()) + 1

    def in_order(self, size: int) -> Iterator[tuple[Tensor, ...]]:
        """Yield all examples in batches: each tensor (size, ...)."""
        yield from zip(*(t.split(size) for t in self.tensors), strict=True)

    def shuffled(self, size: int) -> Iterator[tuple[Tensor, ...]]:
        """Yield all examples in batches, in an order from the CPU's stream."""
        target = self.tensors[-1]
        order = torch.randperm(len(target)).to(target.device)
        for index in order.split(size):
            yield tuple(tensor[index] for tensor in self.tensors)

    def measure(self, model: nn.Module, batch: tuple[Tensor, ...]) -> Measured:
        """Run the model on a batch and compare with the target."""
        *inputs, target = batch
        output = model(*inputs)
        is_tensor = isinstance(output, Tensor)
        got = f"{tuple(output.shape)} {output.dtype}" if is_tensor else output
        wanted = f"{tuple(target.shape)} {target.dtype}"
        fits = got == wanted
        if self.loss == "cross_entropy":
            wanted = f"{(*target.shape, self.classes)} or more classes, floats"
            is_float = is_tensor and output.is_floating_point()
            fits = is_float and output.shape[:-1] == target.shape
            fits = fits and output.shape[-1] >= self.classes
        wanted = f"an output of {wanted}, as the target of {self.name}"
        insist("model", fits, wanted, got)
        if self.loss == "squared_error":
            total = mse_loss(output, target, reduction="sum")
            return total, torch.tensor(target.numel()), None
        scores = output.flatten(0, -2)  # (positions, classes)
        target = target.flatten()  # (positions,)
        how = {"ignore_index": IGNORE, "reduction": "sum"}
        total = cross_entropy(scores, target, **how)
        right = scores.detach().argmax(dim=-1) == target  # (positions,)
        return total, (target != IGNORE).sum(), right.sum()


def add_up(rows: Sequence[tuple], where: str) -> tuple[Score, float]:
    """Return the score of all batches, and the mean length of the gradients.

    A row is what was `Measured` of a batch, and the length of its gradient or
    None. A number that is not finite is a FloatingPointError that says `where`.
    """
    losses, counts, rights, norms = (
        # All at once: a GPU is waited for once.
        [] if column[0] is None else torch.stack(column).tolist()
        for column in zip(*rows, strict=True)
    )
    pairs = zip(losses, norms or losses, strict=True)
    for step, (loss, norm) in enumerate(pairs, 1):
        for name, number in (("loss", loss), ("gradient norm", norm)):
            if not math.isfinite(number):
                raise FloatingPointError(
                    f"{where} {step}: expected a finite {name}, got {number}"
                )
    count = sum(counts)
    accuracy = sum(rights) / count if rights else None
    score = Score(loss=math.fsum(losses) / count, accuracy=accuracy)
    return score, math.fsum(norms) / len(rows)


def measure_all(model: nn.Module, data: Data, size: int, where: str) -> Score:
    """Measure a model on all examples in evaluation mode, without gradients."""
    with mode(model, training=False), torch.no_grad():
        batches = data.in_order(size)
        rows = [(*data.measure(model, batch), None) for batch in batches]
    return add_up(rows, where)[0]
