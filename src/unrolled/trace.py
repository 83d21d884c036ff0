"""What an LSTM's gates did: what `Recurrent.trace` returns."""

from typing import NamedTuple

from torch import Tensor


class GateTrace(NamedTuple):
    """The gates and states of one layer in one direction.

    The input and the forget gate, the candidate, the output gate, the cell
    and the hidden state after the step: (N, H) each for one step, (N, T, H)
    for a layer's trace. Chapter: 09_gates.
    """

    i: Tensor
    f: Tensor
    g: Tensor
    o: Tensor
    c: Tensor
    h: Tensor
