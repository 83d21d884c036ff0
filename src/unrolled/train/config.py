"""How a network is trained: the choices, in one frozen record."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from functools import partial
from typing import Literal, get_args

from unrolled import _fields
from unrolled._checks import check_whole

Keep = Literal["best", "last"]
Loss = Literal["cross_entropy", "squared_error"]


@dataclass(frozen=True, kw_only=True)
class TrainConfig:
    """Everything that `fit` has to know, apart from model and data.

    Raises:
        ValueError: a field of another type or out of its range.

    Example:
        >>> config = TrainConfig(epochs=30, max_norm=1.0, step_size=10)
        >>> config.lr, config.patience
        (0.001, None)
        >>> TrainConfig.from_json(config.to_json()) == config
        True

    Reference: Kingma & Ba (2015) for Adam; Loshchilov & Hutter (2019),
    algorithm 2, for its weight decay. Chapter: 07_network.
    """

    epochs: int
    """How often the whole training set is gone through, at most; epochs, 1 or
    more."""

    batch_size: int = 64
    """Examples in a batch, 1 or more; the last batch of an epoch is smaller if
    this does not divide the training set."""

    lr: float = 1e-3
    """Adam's learning rate, above 0: about how far an update moves each weight,
    in the weight's own units."""

    weight_decay: float = 0.0
    """How much of itself, times `lr`, each weight loses at each update; per
    update, 0 or more.

    Decoupled, as in AdamW: θ shrinks to (1 − lr · weight_decay) θ beside Adam's
    step. Adam with a squared penalty in its loss would divide that pull, too,
    by the gradient's size, and so decay those weights least that learn most.
    At 0 both are plain Adam.
    """

    step_size: int | None = None
    """Epochs after which the learning rate is multiplied by `gamma`, again and
    again, 1 or more; None for a constant one."""

    gamma: float = 0.1
    """Factor for the learning rate, above 0, without unit; used if there is a
    `step_size`."""

    max_norm: float | None = None
    """Longest gradient allowed, all parameters taken as one vector, above 0; in
    units of the loss by weight. None for no clipping."""

    patience: int | None = None
    """Epochs without a lower validation loss after which training stops, 1 or
    more; None to go through all epochs."""

    keep: Keep = "last"
    """Which weights the model holds in the end: those of the epoch with the
    lowest validation loss (``"best"``) or of the last epoch (``"last"``)."""

    loss: Loss = "cross_entropy"
    """``"cross_entropy"``, in nats by counted position, or
    ``"squared_error"``, in squared units of the target by entry."""

    seed: int = 0
    """Where the random streams begin, 0 or more: the order of the examples, the
    dropout, and whatever else the model draws. Without unit."""

    def __post_init__(self) -> None:
        checks = {
            "epochs": check_whole,
            "batch_size": check_whole,
            "lr": _fields.check_above_zero,
            "weight_decay": _fields.check_not_negative,
            "step_size": _fields.optional(check_whole),
            "gamma": _fields.check_above_zero,
            "max_norm": _fields.optional(_fields.check_above_zero),
            "patience": _fields.optional(check_whole),
            "keep": partial(_fields.check_choice, choices=get_args(Keep)),
            "loss": partial(_fields.check_choice, choices=get_args(Loss)),
            "seed": partial(check_whole, minimum=0),
        }
        _fields.set_checked(self, checks)

    def to_json(self) -> str:
        """Write all fields as one JSON object."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> TrainConfig:
        """Read what `to_json` has written.

        Args:
            text: a JSON object with every field and no other.

        Raises:
            ValueError: no JSON, missing or unknown fields, a field of another
                type or out of its range.
        """
        return _fields.make(cls, _fields.read_object("TrainConfig", text))
