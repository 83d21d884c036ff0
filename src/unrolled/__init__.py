"""Unrolled: how LSTMs learn, number by number.

In NumPy, with every number in sight:

- `data`: the series and weights that the chapters compute with;
- `by_hand`: networks, gradients and training in NumPy alone;
- `confidence`: how right answers are, and how sure.

In PyTorch, for networks that are trained:

- `lstm`: the LSTM: its equations, its backward pass, and the fast layer;
- `cells`: its relatives, each forward pass its equations;
- `recurrent`: any cell, stacked in layers and looped in time;
- `convert`: weights from and to PyTorch and Keras;
- `gates`: what an LSTM's gates did, and what they did it for;
- `models`: networks for sequences, on any of these layers;
- `tasks`: small tasks that such networks can learn;
- `train`: training, its configuration and its history.

**Bad input** is a `ValueError` that says what was expected and what came: a
wrong shape, dtype or device, an empty axis, NaN or infinity, a size that is no
whole number, a word that is not on the list. No description repeats it.
"""

from importlib import import_module
from typing import Any

_HOMES = {
    "LSTM": "lstm",
    "Recurrent": "recurrent",
    "TrainConfig": "train",
    "evaluate": "train",
    "fit": "train",
}
__all__ = [*_HOMES]


def __getattr__(name: str) -> Any:
    """Import a name when it is asked for: torch takes a second."""
    if name not in _HOMES:
        raise AttributeError(f"module 'unrolled' has no attribute {name!r}")
    return getattr(import_module(f"unrolled.{_HOMES[name]}"), name)
