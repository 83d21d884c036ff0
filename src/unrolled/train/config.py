"""How a network is trained: the choices, in one frozen record."""

from typing import Annotated, Literal

from pydantic import Field, NonNegativeFloat, PositiveFloat, PositiveInt

from unrolled._frozen import Frozen

Loss = Literal["cross_entropy", "squared_error"]


class TrainConfig(Frozen):
    """Everything that `fit` has to know, apart from model and data.

    Example:
        >>> config = TrainConfig(epochs=30, max_norm=1.0, step_size=10)
        >>> config.lr, config.patience
        (0.001, None)
        >>> TrainConfig.from_json(config.to_json()) == config
        True

    Reference: Kingma & Ba (2015) for Adam; Loshchilov & Hutter (2019),
    algorithm 2, for its weight decay. Chapter: 07_network.
    """

    epochs: PositiveInt
    """How often the whole training set is gone through, at most."""
    batch_size: PositiveInt = 64
    """Examples in a batch; in the last one of an epoch perhaps fewer."""
    lr: PositiveFloat = 1e-3
    """Adam's learning rate: about how far an update moves each weight."""
    weight_decay: NonNegativeFloat = 0.0
    """How much of itself, times `lr`, each weight loses at each update: beside
    Adam's step, as in AdamW. At 0 this is plain Adam."""
    step_size: PositiveInt | None = None
    """Epochs after which `lr` is multiplied by `gamma`, again and again."""
    gamma: PositiveFloat = 0.1
    """Factor for the learning rate; used if there is a `step_size`."""
    max_norm: PositiveFloat | None = None
    """Longest gradient allowed, all parameters taken as one vector."""
    patience: PositiveInt | None = None
    """Epochs without a lower validation loss after which training stops."""
    keep: Literal["best", "last"] = "last"
    """Which epoch's weights the model holds in the end: those of the last, or
    those with the lowest validation loss (``"best"``)."""
    loss: Loss = "cross_entropy"
    """In nats by counted position; ``"squared_error"``: by entry."""
    seed: Annotated[int, Field(ge=0, lt=2**64)] = 0
    """Where the random streams begin: the examples' order and the dropout."""
