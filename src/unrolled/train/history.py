"""What a training tells of itself: plain records, epoch by epoch."""

from typing import Annotated, Self

from pydantic import Field, NonNegativeFloat, model_validator

from unrolled._checks import check_choice
from unrolled._frozen import Frozen

Fraction = Annotated[float, Field(ge=0, le=1)]


class Score(Frozen):
    """How well a model does on a data set."""

    loss: NonNegativeFloat
    """Mean over all counted positions: nats for the cross-entropy, squared
    units of the target for the squared error."""

    accuracy: Fraction | None
    """Fraction of the counted positions that are right; None for the squared
    error."""


class Epoch(Frozen):
    """What one epoch of training measured."""

    train_loss: NonNegativeFloat
    """Training loss in the units of `Score.loss`, measured *during* the epoch:
    with dropout, and with the weights as they were at each step."""

    train_accuracy: Fraction | None
    """Training accuracy, measured likewise; None for the squared error."""

    valid_loss: NonNegativeFloat | None
    """Validation loss after the epoch, without dropout, in the units of
    `Score.loss`; None without a validation set."""

    valid_accuracy: Fraction | None
    """Validation accuracy after the epoch; None for the squared error and
    without a validation set."""

    lr: NonNegativeFloat
    """The learning rate of this epoch."""

    grad_norm: NonNegativeFloat
    """Length of the gradient before clipping, all parameters taken as one
    vector: the mean over the epoch's steps; in units of the loss by weight."""

    seconds: NonNegativeFloat
    """How long training and validation took, in seconds of wall time."""


class History(Frozen):
    """What a whole training measured.

    Example:
        >>> numbers = {"lr": 0.001, "grad_norm": 0.5, "seconds": 1.0}
        >>> numbers |= {"train_accuracy": None, "valid_accuracy": None}
        >>> history = History(
        ...     epochs=tuple(
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

    @model_validator(mode="after")
    def _validated_or_not(self) -> Self:
        validated = sum(x is not None for x in self.column("valid_loss"))
        if validated not in (0, len(self.epochs)):
            raise ValueError(
                "epochs: expected a validation loss in each or in none, got "
                f"{validated} in {len(self.epochs)}"
            )
        return self

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
        """
        check_choice("name", name, tuple(Epoch.model_fields))
        return [getattr(epoch, name) for epoch in self.epochs]
