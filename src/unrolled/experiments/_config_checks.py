"""What each field of a `RunConfig` may be, and what they may be together."""

from __future__ import annotations

import math
import re
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, get_args

from unrolled import _fields
from unrolled._checks import check_number, check_type, check_whole
from unrolled.cell_base import Init
from unrolled.train import TrainConfig

if TYPE_CHECKING:
    from unrolled.experiments.config import RunConfig

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
