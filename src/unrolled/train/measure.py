"""Losses and accuracies of batches, and what they add up to."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, mse_loss
from torch.utils.data import TensorDataset

from unrolled._checks import check_type
from unrolled.modes import mode
from unrolled.tasks import IGNORE
from unrolled.train.history import Score


class Batch(NamedTuple):
    """What one batch gave; tensors without axes, so that no GPU has to wait."""

    loss: Tensor
    """Sum of the losses of the counted positions."""
    count: Tensor
    """Counted positions."""
    right: Tensor | None
    """Counted positions that are right; None for the squared error."""


class Data:
    """A data set's tensors on the model's device, checked once.

    Args:
        name: what the caller's argument is called.
        dataset: the model's positional arguments and, last, the target.
        loss: ``"cross_entropy"`` or ``"squared_error"``.
        device: the model's.

    Raises:
        ValueError: no `TensorDataset`, fewer than two tensors, an empty one,
            NaN or infinite values, targets that do not suit the loss.
    """

    def __init__(
        self, name: str, dataset: TensorDataset, loss: str, device: torch.device
    ) -> None:
        check_type(name, dataset, TensorDataset)
        tensors = [tensor.detach() for tensor in dataset.tensors]
        if len(tensors) < 2:
            raise ValueError(
                f"{name}: expected the model's inputs and a target, got "
                f"{len(tensors)} tensors"
            )
        for tensor in tensors:
            if not tensor.numel():
                raise ValueError(
                    f"{name}: expected tensors with no empty axis, got "
                    f"{tuple(tensor.shape)}"
                )
            if not tensor.isfinite().all():
                bad = tensor[~tensor.isfinite()][0].item()
                raise ValueError(f"{name}: expected finite numbers, got {bad}")
        self.name, self.loss = name, loss
        self.tensors = [tensor.to(device) for tensor in tensors]
        self.classes = 0
        target = self.tensors[-1]
        if loss == "squared_error":
            if not target.is_floating_point():
                raise ValueError(
                    f"{name}: expected floating-point targets, "
                    f"got {target.dtype}"
                )
        else:
            self.classes = self._count_classes(target)

    def _count_classes(self, target: Tensor) -> int:
        """Return how many classes there are, by the highest target."""
        if target.dtype != torch.int64:
            raise ValueError(
                f"{self.name}: expected targets of torch.int64, "
                f"got {target.dtype}"
            )
        counted = target[target != IGNORE]  # (counted positions,)
        if not len(counted):
            raise ValueError(
                f"{self.name}: expected a target that counts, got only {IGNORE}"
            )
        if counted.min() < 0:
            raise ValueError(
                f"{self.name}: expected targets of at least 0, or {IGNORE} "
                f"where none counts, got {counted.min().item()}"
            )
        return int(counted.max()) + 1

    def __len__(self) -> int:
        return len(self.tensors[-1])

    def in_order(self, size: int) -> Iterator[tuple[Tensor, ...]]:
        """Yield all examples in batches: each tensor (size, ...)."""
        yield from zip(*(t.split(size) for t in self.tensors), strict=True)

    def shuffled(self, size: int) -> Iterator[tuple[Tensor, ...]]:
        """Yield all examples in batches, in an order from the CPU's stream."""
        order = torch.randperm(len(self)).to(self.tensors[-1].device)
        for index in order.split(size):
            yield tuple(tensor[index] for tensor in self.tensors)

    def measure(self, model: nn.Module, batch: tuple[Tensor, ...]) -> Batch:
        """Run the model on a batch and compare with the target.

        Raises:
            ValueError: an output that does not suit the target.
        """
        *inputs, target = batch
        output = model(*inputs)
        self._check_output(output, target)
        if self.loss == "squared_error":
            total = mse_loss(output, target, reduction="sum")
            return Batch(total, torch.tensor(target.numel()), None)
        scores = output.flatten(0, -2)  # (positions, classes)
        target = target.flatten()  # (positions,)
        total = cross_entropy(
            scores, target, ignore_index=IGNORE, reduction="sum"
        )
        right = scores.detach().argmax(dim=-1) == target
        return Batch(total, (target != IGNORE).sum(), right.sum())

    def _check_output(self, output: Tensor, target: Tensor) -> None:
        """Insist on an output that can be compared with the target."""
        is_tensor = isinstance(output, Tensor) and output.is_floating_point()
        got = type(output).__name__
        if isinstance(output, Tensor):
            got = f"{tuple(output.shape)} {output.dtype}"
        shape = tuple(target.shape)
        if self.loss == "squared_error":
            wanted = f"{shape} {target.dtype}"
            fits = is_tensor and got == wanted
        else:
            sizes = ", ".join(map(str, [*shape, "classes"]))
            wanted = f"floating-point scores of shape ({sizes})"
            fits = is_tensor and output.shape[:-1] == target.shape
        if not fits:
            raise ValueError(
                f"model: expected an output of {wanted}, as the target of "
                f"{self.name}, got {got}"
            )
        if self.loss == "cross_entropy" and output.shape[-1] < self.classes:
            raise ValueError(
                f"model: expected scores of at least {self.classes} classes, "
                f"as in {self.name}, got {output.shape[-1]}"
            )


class Tally:
    """What the batches of one pass over the data add up to.

    Args:
        where: whose batches they are, for the error: ``"epoch 2, step"``.
    """

    def __init__(self, where: str) -> None:
        self._where = where
        self._batches: list[Batch] = []
        self._norms: list[Tensor] = []

    def add(self, batch: Batch, norm: Tensor | None = None) -> None:
        """Note a batch and, in training, the length of its gradient."""
        self._batches.append(batch._replace(loss=batch.loss.detach()))
        if norm is not None:
            self._norms.append(norm)

    def check(self) -> None:
        """Insist on finite numbers.

        Raises:
            FloatingPointError: a loss or a norm that is not. No ValueError:
                whoever called gave nothing wrong, the arithmetic ran away.
        """
        losses = _numbers([batch.loss for batch in self._batches])
        norms = _numbers(self._norms) or [0.0] * len(losses)
        for step, (loss, norm) in enumerate(zip(losses, norms, strict=False)):
            for name, number in [("loss", loss), ("gradient norm", norm)]:
                if not math.isfinite(number):
                    raise FloatingPointError(
                        f"{self._where} {step + 1}: expected a finite {name}, "
                        f"got {number}"
                    )

    def score(self) -> Score:
        """Return the mean loss and the accuracy over all counted positions."""
        losses, counts, rights = zip(*self._batches, strict=True)
        count = sum(_numbers(counts))
        loss = math.fsum(_numbers(losses)) / count
        if rights[0] is None:
            return Score(loss, None)
        return Score(loss, sum(_numbers(rights)) / count)

    def mean_norm(self) -> float:
        """Return the mean length of the gradients."""
        return math.fsum(_numbers(self._norms)) / len(self._norms)


def measure_all(model: nn.Module, data: Data, size: int, where: str) -> Score:
    """Measure a model on all examples, in evaluation mode, without gradients.

    Args:
        model: left in the mode in which it was.
        data: the examples.
        size: how many go into a batch.
        where: what the batches are called, for the error.

    Raises:
        FloatingPointError: a loss that is not finite.
    """
    tally = Tally(where)
    with mode(model, training=False), torch.no_grad():
        for batch in data.in_order(size):
            tally.add(data.measure(model, batch))
    tally.check()
    return tally.score()


def _numbers(tensors: Sequence[Tensor]) -> list[float]:
    """Fetch many numbers at once: a GPU is waited for once."""
    return torch.stack(tensors).tolist() if tensors else []
