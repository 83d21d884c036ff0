"""What a training tells of itself: plain records, epoch by epoch."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, fields
from functools import partial

from unrolled import _fields
from unrolled._checks import check_number, check_type

_check_fraction = _fields.optional(
    partial(
        check_number,
        wanted="from 0 to 1",
        minimum=0,
        below=math.nextafter(1, 2),
    )
)


@dataclass(frozen=True)
class Score:
    """How well a model does on a data set.

    Raises:
        ValueError: a loss that is negative or not finite, an accuracy that is
            no fraction.
    """

    loss: float
    """Mean over all counted positions: nats for the cross-entropy, squared
    units of the target for the squared error."""

    accuracy: float | None
    """Fraction of the counted positions that are right, 0 to 1; None for the
    squared error."""

    def __post_init__(self) -> None:
        _fields.set_checked(
            self,
            {"loss": _fields.check_not_negative, "accuracy": _check_fraction},
        )


@dataclass(frozen=True, kw_only=True)
class Epoch:
    """What one epoch of training measured.

    Raises:
        ValueError: a number that is negative or not finite, an accuracy that
            is no fraction.
    """

    train_loss: float
    """Training loss in the units of `Score.loss`, measured *during* the epoch:
    with dropout, and with the weights as they were at each step."""

    train_accuracy: float | None
    """Training accuracy, 0 to 1, measured likewise; None for the squared
    error."""

    valid_loss: float | None
    """Validation loss after the epoch, without dropout, in the units of
    `Score.loss`; None without a validation set."""

    valid_accuracy: float | None
    """Validation accuracy after the epoch, 0 to 1; None for the squared error
    and without a validation set."""

    lr: float
    """The learning rate of this epoch."""

    grad_norm: float
    """Length of the gradient before clipping, all parameters taken as one
    vector: the mean over the epoch's steps; in units of the loss by weight."""

    seconds: float
    """How long training and validation took, in seconds of wall time."""

    def __post_init__(self) -> None:
        checks = {
            "train_loss": _fields.check_not_negative,
            "train_accuracy": _check_fraction,
            "valid_loss": _fields.optional(_fields.check_not_negative),
            "valid_accuracy": _check_fraction,
            "lr": _fields.check_not_negative,
            "grad_norm": _fields.check_not_negative,
            "seconds": _fields.check_not_negative,
        }
        _fields.set_checked(self, checks)


@dataclass(frozen=True)
class History:
    """What a whole training measured.

    Raises:
        ValueError: epochs that are no `Epoch` records, or only some of them
            with a validation loss; a `stopped_early` that is no bool.

    Example:
        >>> numbers = {"lr": 0.001, "grad_norm": 0.5, "seconds": 1.0}
        >>> numbers |= {"train_accuracy": None, "valid_accuracy": None}
        >>> history = History(
        ...     tuple(
        ...         Epoch(train_loss=train, valid_loss=valid, **numbers)
        ...         for train, valid in [(0.9, 0.8), (0.5, 0.6), (0.3, 0.7)]
        ...     ),
        ...     stopped_early=False,
        ... )
        >>> history.column("train_loss"), history.best_epoch
        ([0.9, 0.5, 0.3], 2)

    Chapter: 07_network.
    """

    epochs: tuple[Epoch, ...]
    """One record for each epoch, in their order."""

    stopped_early: bool
    """Whether the patience ran out before the last epoch."""

    def __post_init__(self) -> None:
        check_type("epochs", self.epochs, tuple)
        for epoch in self.epochs:
            check_type("epochs", epoch, Epoch)
        check_type("stopped_early", self.stopped_early, bool)
        validated = [epoch.valid_loss is not None for epoch in self.epochs]
        if any(validated) and not all(validated):
            raise ValueError(
                "epochs: expected a validation loss in each or in none, got "
                f"{sum(validated)} in {len(validated)}"
            )

    @property
    def best_epoch(self) -> int | None:
        """The first epoch with the lowest validation loss, counted from 1.

        None without a validation set.
        """
        losses = self.column("valid_loss")
        if not losses or losses[0] is None:
            return None
        return losses.index(min(losses)) + 1

    def column(self, name: str) -> list[float] | list[None]:
        """Return one field of every epoch, as for a plot.

        Args:
            name: a field of `Epoch`, such as ``"train_loss"``.

        Raises:
            ValueError: no such field.
        """
        names = tuple(field.name for field in fields(Epoch))
        _fields.check_choice("name", name, names)
        return [getattr(epoch, name) for epoch in self.epochs]

    def to_json(self) -> str:
        """Write all records as one JSON object."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> History:
        """Read what `to_json` has written.

        Args:
            text: a JSON object with every field and no other.

        Raises:
            ValueError: no JSON, missing or unknown fields, a field of another
                type or out of its range.
        """
        value = _fields.read_object("History", text)
        if isinstance(value, dict) and isinstance(value.get("epochs"), list):
            epochs = (_fields.make(Epoch, each) for each in value["epochs"])
            value["epochs"] = tuple(epochs)
        return _fields.make(cls, value)
