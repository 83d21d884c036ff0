"""Unrolled: how LSTMs learn, number by number.

The small package behind the book: what a reader meets. In NumPy, with every
number in sight:

- `data`: the series and weights that the chapters compute with;
- `by_hand`: networks, gradients and training in NumPy alone;
- `confidence`: how right answers are, and how sure.

In PyTorch, for networks that are trained:

- `lstm`: the LSTM: its equations, its backward pass, and the fast layer;
- `cells`: its relatives, each forward pass its equations;
- `recurrent`: any cell, stacked in layers and looped in time;
- `trace`, `gates`: what an LSTM's gates did; what they did it for;
- `models`: networks for sequences, on any of these layers;
- `tasks`: small tasks that such networks can learn;
- `train`: training, its configuration and its history.

`unrolled_book` makes the pages, `unrolled_lab` made the records of the long
runs. They import this package; it imports neither.
"""

from importlib import import_module
from typing import Any

from unrolled import by_hand, confidence, data

_NEED_TORCH = {
    "LSTM": "lstm",
    "Recurrent": "recurrent",
    "TrainConfig": "train",
    "evaluate": "train",
    "fit": "train",
}
_TORCH_MODULES = (
    "cell",
    "cells",
    "gates",
    "lstm",
    "models",
    "recurrent",
    "tasks",
    "trace",
    "train",
)
"""Names by module, and modules: imported when first used, as PyTorch takes a
second."""

__all__ = [
    "LSTM",
    "Recurrent",
    "TrainConfig",
    "by_hand",
    "cell",
    "cells",
    "confidence",
    "data",
    "evaluate",
    "fit",
    "gates",
    "lstm",
    "models",
    "recurrent",
    "tasks",
    "trace",
    "train",
]


def __getattr__(name: str) -> Any:
    """Import what needs PyTorch when it is asked for."""
    if name in _TORCH_MODULES:
        return import_module(f"unrolled.{name}")
    if name not in _NEED_TORCH:
        raise AttributeError(f"module 'unrolled' has no attribute {name!r}")
    return getattr(import_module(f"unrolled.{_NEED_TORCH[name]}"), name)
