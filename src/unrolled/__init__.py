"""Unrolled: how LSTMs learn, number by number.

The small package behind the book. Each module holds one idea. In NumPy, with
every number in sight:

- `data`: the series and weights that the chapters compute with;
- `numpy_lstm`: the LSTM in NumPy, forward and backward;
- `numpy_jacobian`: a gradient taken apart, by step and by path;
- `numpy_rnn`: the plain recurrent network, which forgets;
- `numpy_readout`: predictions from hidden states, forward and backward;
- `numpy_train`: losses and optimisers in NumPy;
- `margins`, `calibration`: how right answers are, and how sure.

In PyTorch, for networks that are trained:

- `cell`: the readable cells, each forward pass its equations;
- `recurrent`: any cell, stacked in layers and looped in time;
- `lstm`, `lstm_scan`: the same for the LSTM, fast; its loop, by hand;
- `trace`, `gates`: what an LSTM's gates did; what they did it for;
- `models`: networks for sequences, on any of these layers;
- `tasks`: small tasks that such networks can learn;
- `variants`: kinds of cells, trained side by side on two of them;
- `rivals`, `costs`: an LSTM and a Transformer, and what they cost;
- `train`: training; its `train_config`, `history` and `checkpoint`;
- `experiments`: the long runs behind the chapters, as data.

And for the book:

- `claims`: the ledger of what the source texts claim, and its check;
- `claims_page`: the same as text, for the book's page of claims;
- `exercise_checks`, `exercise_oracles`, `exercise_gradients`,
  `exercise_references`: what the exercises' checks share;
- `plots`: every figure (imported on its own, as it needs matplotlib);
- `quiz`: the questions at a chapter's end (likewise, as it needs IPython).
"""

from importlib import import_module
from typing import Any

from unrolled import (
    calibration,
    claims,
    data,
    margins,
    numpy_jacobian,
    numpy_lstm,
    numpy_readout,
    numpy_rnn,
    numpy_train,
)

_TORCH_MODULES = (
    "cell",
    "experiments",
    "gates",
    "lstm",
    "models",
    "recurrent",
    "tasks",
    "trace",
    "train",
)
_NEED_TORCH = {
    "LSTM": "lstm",
    "Recurrent": "recurrent",
    "TrainConfig": "train",
    "evaluate": "train",
    "fit": "train",
}
"""Modules, and names by module: imported when first used, as PyTorch takes a
second."""

__all__ = [
    "LSTM",
    "Recurrent",
    "TrainConfig",
    "calibration",
    "cell",
    "claims",
    "data",
    "evaluate",
    "experiments",
    "fit",
    "gates",
    "lstm",
    "margins",
    "models",
    "numpy_jacobian",
    "numpy_lstm",
    "numpy_readout",
    "numpy_rnn",
    "numpy_train",
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
