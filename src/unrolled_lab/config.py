"""One training run as data: the task, the network, the training."""

from __future__ import annotations

import hashlib
import json
import math
import re
from dataclasses import MISSING, asdict, dataclass, fields
from functools import partial
from typing import Any, Literal, get_args

from unrolled import _fields
from unrolled._checks import check_number, check_type, check_whole
from unrolled.cell import Init
from unrolled.train import TrainConfig

CellName = Literal["LSTM", "GRU", "RNN", "Transformer"]
LayersRead = Literal["last", "all"]
Moment = Literal["initial", "best", "last"]


def check_together(config: RunConfig) -> None:
    """Insist on fields that suit each other."""
    wanted: dict[str, Any] = {}
    if config.cell == "Transformer":
        wanted |= {"layers": "last", "bias": True, "init": "xavier"}
    if not config.bias or config.cell == "Transformer":
        wanted |= {"two_biases": False}
    if config.cell != "GRU" or not config.bias:
        wanted |= {"update_bias": 0.0}
    if config.cell != "LSTM":
        wanted |= {"forget_bias": None}
    elif not config.bias:
        wanted |= {"forget_bias": 0.0}
    elif config.forget_bias is None:
        raise ValueError("forget_bias: expected a number for an LSTM, got None")
    for name, value in wanted.items():
        if getattr(config, name) != value:
            raise ValueError(
                f"{name}: expected {value!r} for a {config.cell} with "
                f"bias={config.bias}, got {getattr(config, name)!r}"
            )


def _check_label(name: str, value: str) -> str:
    """Insist on a text that can be part of a file's name anywhere."""
    check_type(name, value, str)
    if not re.fullmatch(r"[a-z0-9][a-z0-9._-]{0,39}", value):
        raise ValueError(
            f"{name}: expected 1 to 40 small letters, digits, dots, hyphens "
            f"and underscores, got {value!r:.80}"
        )
    return value


def _check_train(name: str, value: TrainConfig) -> TrainConfig:
    """Insist on a training that `execute` can do."""
    check_type(name, value, TrainConfig)
    for field, wanted in (("keep", "best"), ("loss", "cross_entropy")):
        if getattr(value, field) != wanted:
            raise ValueError(
                f"{name}.{field}: expected {wanted!r}, "
                f"got {getattr(value, field)!r}"
            )
    return value


def _check_flag(name: str, value: bool) -> bool:
    """Insist on True or False."""
    check_type(name, value, bool)
    return value


def _check_moments(name: str, value: tuple[Moment, ...]) -> tuple[Moment, ...]:
    """Insist on different moments of a training, and sort them by time."""
    check_type(name, value, tuple)
    for moment in value:
        _fields.check_choice(name, moment, get_args(Moment))
    if len(set(value)) < len(value):
        raise ValueError(f"{name}: expected each at most once, got {value!r}")
    return tuple(each for each in get_args(Moment) if each in value)


_check_share = partial(
    check_number, wanted="from 0 to below 1", minimum=0, below=1
)
_check_finite = partial(
    check_number, wanted="that is finite", minimum=-math.inf, below=math.inf
)

CHECKS: dict[str, _fields.Check] = {
    "experiment": _check_label,
    "group": _check_label,
    "cell": partial(_fields.check_choice, choices=get_args(CellName)),
    "train": _check_train,
    "steps": partial(check_whole, minimum=2),
    "features": check_whole,
    "train_count": check_whole,
    "valid_count": check_whole,
    "test_count": check_whole,
    "hidden_size": check_whole,
    "num_layers": check_whole,
    "dropout": _check_share,
    "layers": partial(_fields.check_choice, choices=get_args(LayersRead)),
    "bias": _check_flag,
    "two_biases": _check_flag,
    "init": partial(_fields.check_choice, choices=get_args(Init)),
    "forget_bias": _fields.optional(_check_finite),
    "update_bias": _check_finite,
    "data_seed": _fields.optional(partial(check_whole, minimum=0)),
    "diagnose": _check_flag,
    "weights": _check_moments,
}
"""Each field by its name."""


@dataclass(frozen=True, kw_only=True)
class RunConfig:
    """Everything that decides one run, and what is recorded of it.

    The one seed is ``train.seed``, unless the data have their own: see
    `unrolled_lab.build` for what is drawn from it. The defaults are
    source B's sizes.

    Raises:
        ValueError: a field of another type or out of its range, or one that
            does not suit another.

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

    experiment: str
    """The experiment that the run belongs to: a folder's name, not part of the
    run's `id`."""

    group: str
    """What all its seeds have in common, such as ``"lstm-fb1"``: in small
    letters, not part of the run's `id`."""

    cell: CellName
    """``"LSTM"``, ``"GRU"``, ``"RNN"``, or ``"Transformer"``, which has no
    cell."""

    train: TrainConfig
    """The training; it must keep the best weights, as the record has both the
    best and the last."""

    steps: int = 30
    """T, steps of each sequence, 2 or more."""

    features: int = 10
    """D, inputs per step, of which only the first tells anything; 1 or more."""

    train_count: int = 5000
    """Sequences to learn from, 1 or more."""

    valid_count: int = 1000
    """Sequences that are measured after every epoch, and choose the best
    weights, 1 or more."""

    test_count: int = 10_000
    """Sequences that are measured once, at the end, 1 or more."""

    hidden_size: int = 128
    """H, hidden units in each layer, 1 or more."""

    num_layers: int = 2
    """L, the layers, 1 or more."""

    dropout: float = 0.0
    """Probability that a number is dropped, in training, between the layers and
    before the head (for the Transformer: inside the layers), 0 to below 1."""

    layers: LayersRead = "last"
    """Whose final hidden states the head reads: ``"last"`` or ``"all"``."""

    bias: bool = True
    """Whether the cells have biases; the head always has."""

    two_biases: bool = False
    """Whether the cells have two biases each, as PyTorch's layers have."""

    init: Init = "uniform"
    """How the weights are drawn: ``"uniform"``, ``"xavier"`` or ``"pytorch"``,
    as for ``unrolled.cell.Cell``; the Transformer's are ``"xavier"``."""

    forget_bias: float | None = None
    """What an LSTM's forget gates see in total as their bias at the start, 0
    without biases; None for the networks that have no such gate."""

    update_bias: float = 0.0
    """What a GRU's update gates, z, see in total as their bias at the start; 0
    for the other networks."""

    data_seed: int | None = None
    """What the data are drawn from, 0 or more; None for the training's seed."""

    diagnose: bool = False
    """Whether the gradients that reach each input step are measured before the
    training."""

    weights: tuple[Moment, ...] = ()
    """Which weights are kept beside the record: ``"initial"``, ``"best"``,
    ``"last"``."""

    def __post_init__(self) -> None:
        _fields.set_checked(self, CHECKS)
        check_together(self)

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
        told = _without_defaults(self)
        del told["experiment"], told["group"]
        text = json.dumps(told, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:8]

    @property
    def command(self) -> str:
        """What to type to make the run's record."""
        return (
            f"python -m unrolled_lab run {self.experiment} --only {self.name}"
        )

    def to_json(self) -> str:
        """Write all fields as one JSON object."""
        return json.dumps(asdict(self), default=dict)

    @classmethod
    def from_json(cls, text: str) -> RunConfig:
        """Read what `to_json` has written.

        Args:
            text: a JSON object. A field that is missing has its default, if it
                has one, so that older records can be read.

        Raises:
            ValueError: no JSON, missing or unknown fields, a field of another
                type or out of its range.
        """
        return cls.from_dict(_fields.read_object("RunConfig", text))

    @classmethod
    def from_dict(cls, value: object) -> RunConfig:
        """Make a configuration of what JSON gives: as `from_json`.

        Args:
            value: a dict of numbers, texts, lists and dicts.

        Raises:
            ValueError: as `from_json`.
        """
        if isinstance(value, dict):
            value = _defaults(cls) | value
            train = value.get("train")
            if isinstance(train, dict):
                value["train"] = TrainConfig.from_json(json.dumps(train))
            if isinstance(value["weights"], list):
                value["weights"] = tuple(value["weights"])
        return _fields.make(cls, value)


def _defaults(cls: type) -> dict[str, Any]:
    """Return the fields of a dataclass that have a default."""
    return {
        field.name: field.default
        for field in fields(cls)
        if field.default is not MISSING
    }


def _without_defaults(config: RunConfig) -> dict[str, Any]:
    """Return the fields that do not have their default, to any depth."""
    defaults, told = _defaults(type(config)), {}
    for field in fields(config):
        value = getattr(config, field.name)
        if field.name in defaults and defaults[field.name] == value:
            continue
        if isinstance(value, TrainConfig):
            value = value.model_dump(exclude_defaults=True)
        told[field.name] = value
    return told
