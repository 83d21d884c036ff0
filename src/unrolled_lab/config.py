"""One training run as data: the task, the network, the training."""

import hashlib
import json
from typing import Annotated, Literal, Self

from pydantic import Field, NonNegativeInt, PositiveInt, model_validator

from unrolled._checks import insist
from unrolled._frozen import Frozen
from unrolled.cell import Init
from unrolled.cells import Nonlinearity
from unrolled.train import TrainConfig

Moment = Literal["initial", "best", "last"]


Label = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,39}$")]
"""1 to 40 letters that can be part of a file's name anywhere."""


class RunConfig(Frozen):
    """Everything that decides one run, and what is recorded of it.

    The one seed is ``train.seed``, unless the data have their own: see
    `unrolled_lab.build` for what is drawn from it. The defaults are source B's
    sizes.

    Example:
        >>> config = RunConfig(
        ...     experiment="trial",
        ...     group="rnn",
        ...     cell="RNN",
        ...     train=TrainConfig(epochs=2, keep="best", seed=3),
        ... )
        >>> config.name, config.id
        ('rnn-seed3', '29f468ae')
        >>> RunConfig.from_json(config.to_json()) == config
        True

    Chapter: 08_thirty_steps.
    """

    experiment: Label
    """The folder of the run's record; not part of its `id`."""

    group: Label
    """What all its seeds have in common, such as ``"lstm-fb1"``; not part of
    its `id`."""

    cell: Literal["LSTM", "GRU", "RNN", "Transformer"]
    """The kind of network; a Transformer has no cell."""

    train: TrainConfig
    """The training; it keeps the best weights, as the record has both the best
    and the last."""

    steps: Annotated[int, Field(ge=2)] = 30
    """T, steps of each sequence."""

    features: PositiveInt = 10
    """D, inputs per step, of which only the first tells anything."""

    train_count: PositiveInt = 5000
    """Sequences to learn from."""

    valid_count: PositiveInt = 1000
    """Sequences that are measured after every epoch, and choose the best
    weights."""

    test_count: PositiveInt = 10_000
    """Sequences that are measured once, at the end."""

    hidden_size: PositiveInt = 128
    """H, hidden units in each layer."""

    num_layers: PositiveInt = 2
    """L, the layers."""

    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """Probability that a number is dropped, in training, between the layers and
    before the head (for the Transformer: inside the layers)."""

    layers: Literal["last", "all"] = "last"
    """Whose final hidden states the head reads."""

    bias: bool = True
    """Whether the cells have biases; the head always has."""

    two_biases: bool = False
    """Whether the cells have two biases each, as PyTorch's layers have."""

    init: Init = "uniform"
    """How the weights are drawn, as for `unrolled.cell.Cell`; the Transformer's
    are ``"xavier"``."""

    forget_bias: float | None = None
    """What an LSTM's forget gates see in total as their bias at the start, 0
    without biases; None for the networks that have no such gate."""

    update_bias: float = 0.0
    """What a GRU's update gates, z, see in total as their bias at the start; 0
    for the other networks."""

    nonlinearity: Nonlinearity = "tanh"
    """Of a plain RNN; ``"tanh"`` for the other networks."""

    data_seed: NonNegativeInt | None = None
    """What the data are drawn from; None for the training's seed."""

    question: Literal["sum", "last", "shuffled"] = "sum"
    """What the label tells: whether the sum of both ends is above 0, or the
    last end alone; or it is the sum's, and each sequence has got another one's
    first step, so that what it hangs on is not to be seen."""

    label_noise: Annotated[float, Field(ge=0, le=1)] = 0.0
    """The share of the training labels that are drawn to be turned round."""

    redraw: Literal["nothing", "noise", "all"] = "nothing"
    """What of the training data is drawn anew for each epoch: all, or all but
    the two ends and the label."""

    diagnose: bool = False
    """Whether the gradients that reach each input step are measured before the
    training."""

    trace: bool = False
    """Whether the ratio of the first one to the last is measured after each
    epoch, too."""

    weights: tuple[Moment, ...] = ()
    """Which weights are kept beside the record, in the order of time."""

    @model_validator(mode="after")
    def _suits(self) -> Self:
        """Insist on fields that suit each other."""
        told = dict(self) | {f"train.{k}": v for k, v in self.train}
        wanted = {"train.keep": "best", "train.loss": "cross_entropy"}
        if self.cell == "Transformer":
            wanted |= {"layers": "last", "bias": True, "init": "xavier"}
        if not self.bias or self.cell == "Transformer":
            wanted |= {"two_biases": False}
        if self.cell != "GRU" or not self.bias:
            wanted |= {"update_bias": 0.0}
        if self.cell != "RNN":
            wanted |= {"nonlinearity": "tanh"}
        if self.cell != "LSTM":
            wanted |= {"forget_bias": None}
        elif not self.bias:
            wanted |= {"forget_bias": 0.0}
        else:
            is_number = self.forget_bias is not None
            insist("forget_bias", is_number, "a number", None)
        for name, value in wanted.items():
            where = f"{value!r} for a {self.cell} with bias={self.bias}"
            insist(name, told[name] == value, where, told[name])
        return self

    @property
    def seed(self) -> int:
        """The seed of all but, maybe, the data."""
        return self.train.seed

    @property
    def name(self) -> str:
        """A name to read: the group and the seed."""
        return f"{self.group}-seed{self.seed}"

    @property
    def id(self) -> str:
        """Eight hexadecimal digits, from all that decides the run's numbers.

        Fields that have their default are left out. So a field that a later
        version adds, with a default that means what was done before, leaves
        the ids of old records as they are.
        """
        labels = {"experiment", "group"}
        told = self.model_dump(exclude=labels, exclude_defaults=True)
        text = json.dumps(told, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:8]

    @property
    def command(self) -> str:
        """What to type to make the run's record."""
        return (
            f"python -m unrolled_lab run {self.experiment} --only {self.name}"
        )
