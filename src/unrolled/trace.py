"""What an LSTM's gates did: what `Recurrent.trace` returns."""

from typing import NamedTuple

from torch import Tensor


class GateTrace(NamedTuple):
    """The gates and states of one layer in one direction.

    One step has one row for each sequence, (N, H); a layer's trace has one
    more axis for the steps, (N, T, H).
    """

    i: Tensor
    """Input gate, between 0 and 1."""
    f: Tensor
    """Forget gate, between 0 and 1."""
    g: Tensor
    """Candidate, between -1 and 1."""
    o: Tensor
    """Output gate, between 0 and 1."""
    c: Tensor
    """Cell state after the step."""
    h: Tensor
    """Hidden state after the step."""
