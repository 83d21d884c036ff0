"""What a training tells of itself: plain records, epoch by epoch."""

from typing import Annotated, Any

from pydantic import Field, NonNegativeFloat

from unrolled._checks import check_choice
from unrolled._frozen import Frozen

Fraction = Annotated[float, Field(ge=0, le=1)]


class Score(Frozen):
    """How well a model does on a data set, over all counted positions.

    Chapter: 07_network.
    """

    loss: NonNegativeFloat
    """Mean, in nats or, of the squared error, squared units of the target."""
    accuracy: Fraction | None
    """Fraction that is right; None for the squared error."""


class Epoch(Frozen):
    """What one epoch of training measured; losses and accuracies as `Score`.

    Those of training are measured *during* the epoch: with dropout, and with
    the weights as they were at each step. Those of validation come after it;
    they are None without a validation set. Chapter: 07_network.
    """

    train_loss: NonNegativeFloat
    train_accuracy: Fraction | None
    valid_loss: NonNegativeFloat | None
    valid_accuracy: Fraction | None
    lr: NonNegativeFloat
    """The learning rate of this epoch."""
    grad_norm: NonNegativeFloat
    """Mean length of the gradient before clipping, over the epoch's steps."""
    seconds: NonNegativeFloat
    """How long training and validation took, in wall time."""


class History(Frozen):
    """What a whole training measured.

    Example:
        >>> history = History(epochs=(), stopped_early=False)
        >>> history.column("train_loss"), history.best_epoch
        ([], None)

    Chapter: 07_network.
    """

    epochs: tuple[Epoch, ...]
    """In their order."""
    stopped_early: bool
    """Whether the patience ran out before the last epoch."""

    @property
    def best_epoch(self) -> int | None:
        """The epoch of the lowest validation loss, from 1; None without."""
        losses = [x for x in self.column("valid_loss") if x is not None]
        return losses.index(min(losses)) + 1 if losses else None

    def column(self, name: str) -> list[Any]:
        """Return one field of every epoch, as for a plot."""
        check_choice("name", name, tuple(Epoch.model_fields))
        return [getattr(epoch, name) for epoch in self.epochs]
