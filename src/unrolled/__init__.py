"""Unrolled: how LSTMs learn, number by number.

The small package behind the book. Each module holds one idea:

- `data`: the series and weights that the chapters compute with;
- `numpy_lstm`: the LSTM in NumPy, forward and backward;
- `numpy_jacobian`: a gradient taken apart, by step and by path;
- `numpy_rnn`: the plain recurrent network, which forgets;
- `numpy_readout`: predictions from hidden states, forward and backward;
- `numpy_train`: losses and optimisers in NumPy;
- `claims`: the ledger of what the source texts claim, and its check;
- `plots`: every figure (imported on its own, as it needs matplotlib).
"""

from unrolled import (
    claims,
    data,
    numpy_jacobian,
    numpy_lstm,
    numpy_readout,
    numpy_rnn,
    numpy_train,
)

__all__ = [
    "claims",
    "data",
    "numpy_jacobian",
    "numpy_lstm",
    "numpy_readout",
    "numpy_rnn",
    "numpy_train",
]
