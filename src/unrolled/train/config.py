"""How a network is trained: the choices, in one frozen record."""

from typing import Annotated, Literal

from pydantic import Field, NonNegativeFloat, PositiveFloat, PositiveInt

from unrolled._frozen import Frozen

Keep = Literal["best", "last"]
Loss = Literal["cross_entropy", "squared_error"]


class TrainConfig(Frozen):
    """Everything that `fit` has to know, apart from model and data.

    Example:
        >>> config = TrainConfig(epochs=30, max_norm=1.0, step_size=10)
        >>> config.lr, config.patience
        (0.001, None)
        >>> config.replace(lr=0.0)
        Traceback (most recent call last):
        ValueError: lr: expected a number greater than 0, got 0.0
        >>> TrainConfig.from_json(config.to_json()) == config
        True

    Reference: Kingma & Ba (2015) for Adam; Loshchilov & Hutter (2019),
    algorithm 2, for its weight decay. Chapter: 07_network.
    """

    epochs: PositiveInt
    """How often the whole training set is gone through, at most."""

    batch_size: PositiveInt = 64
    """Examples in a batch; the last batch of an epoch is smaller if this does
    not divide the training set."""

    lr: PositiveFloat = 1e-3
    """Adam's learning rate: about how far an update moves each weight, in the
    weight's own units."""

    weight_decay: NonNegativeFloat = 0.0
    """How much of itself, times `lr`, each weight loses at each update.

    Decoupled, as in AdamW: θ shrinks to (1 − lr · weight_decay) θ beside Adam's
    step. Adam with a squared penalty in its loss would divide that pull, too,
    by the gradient's size, and so decay those weights least that learn most.
    At 0 both are plain Adam.
    """

    step_size: PositiveInt | None = None
    """Epochs after which the learning rate is multiplied by `gamma`, again and
    again; None for a constant one."""

    gamma: PositiveFloat = 0.1
    """Factor for the learning rate; used if there is a `step_size`."""

    max_norm: PositiveFloat | None = None
    """Longest gradient allowed, all parameters taken as one vector, in units of
    the loss by weight. None for no clipping."""

    patience: PositiveInt | None = None
    """Epochs without a lower validation loss after which training stops; None
    to go through all epochs."""

    keep: Keep = "last"
    """Which weights the model holds in the end: those of the epoch with the
    lowest validation loss (``"best"``) or of the last epoch (``"last"``)."""

    loss: Loss = "cross_entropy"
    """``"cross_entropy"``, in nats by counted position, or
    ``"squared_error"``, in squared units of the target by entry."""

    seed: Annotated[int, Field(ge=0, lt=2**64)] = 0
    """Where the random streams begin: the order of the examples, the dropout,
    and whatever else the model draws."""
