r"""What the forget gates let through: what the state keeps of a signal."""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from unrolled._checks import check, check_type, check_varies, insist
from unrolled.cell import GateTrace


def carousel(f: Float[Tensor, "N T H"]) -> Float[Tensor, "N T H"]:
    r"""Multiply the forget gates of all later steps.

    .. math:: \prod_{s=t+1}^{T} f_s

    is what the direct path leaves of :math:`c_t` in :math:`c_T`; at the end 1.

    Example:
        >>> f = torch.tensor([[[0.9], [0.5], [0.8]]])  # (1, 3, 1)
        >>> carousel(f).flatten().tolist()
        [0.4000000059604645, 0.800000011920929, 1.0]

    Reference: Hochreiter & Schmidhuber (1997), section 4; Gers, Schmidhuber &
    Cummins (2000) for the forget gates in it. Chapter: 09_gates.
    """
    check(like=Tensor, f=(f, "N T H"))
    low, high = (each.item() for each in f.aminmax())
    worst = low if low < 0 else high
    insist("f", 0 <= worst <= 1, "values from 0 to 1", worst)
    later = torch.cat([f[:, 1:], torch.ones_like(f[:, :1])], dim=1)
    return later.flip(1).cumprod(1).flip(1)  # (N, T, H)


class Slopes(NamedTuple):
    """By how much a signal moves the cell states, and the parts of them.

    Chapter: 09_gates.
    """

    c: Float[Tensor, "T H"]
    kept: Float[Tensor, "T H"]
    written: Float[Tensor, "T H"]


def slopes(trace: GateTrace, signal: Float[Tensor, " N"]) -> Slopes:
    r"""Measure what a step keeps of a signal, and what it writes of it anew.

    With a bar for the mean over the sequences, the slope of a quantity v on
    the signal s is that of the straight line that fits best:

    .. math::
        \text{slope}(v) = \frac{\overline{(s - \bar s)\, v}}
        {\overline{(s - \bar s)^2}} \qquad
        \text{slope}(c_t) = \text{slope}(f_t \odot c_{t-1})
        + \text{slope}(i_t \odot g_t)

    Args:
        trace: of a run from a state of zeros, arrays (N, T, H).
        signal: one number for each sequence, not all the same.

    Example:
        >>> from unrolled.lstm import LSTM
        >>> x = torch.tensor([[1.0], [0.5], [-2.0]])[:, None].tile(1, 4, 2)
        >>> (trace,) = LSTM(2, 3).trace(x)
        >>> slopes(trace, x[:, 0, 0]).c.shape
        torch.Size([4, 3])

    Chapter: 09_gates.
    """
    check_type("trace", trace, GateTrace)
    check(like=trace.c, trace=(trace, GateTrace), signal=(signal, "N"))
    c = trace.c
    check_varies("signal", signal)
    s = signal - signal.mean()
    before = torch.cat([torch.zeros_like(c[:, :1]), c[:, :-1]], dim=1)
    weights = s / s.square().sum()  # (N,)
    parts = c, trace.f * before, trace.i * trace.g
    return Slopes(*(torch.tensordot(weights, part, dims=1) for part in parts))


def kept_share(parts: Slopes) -> Float[Tensor, " T"]:
    r"""Measure which share of a signal in the cell state was kept, not written.

    .. math::
        \frac{\text{kept}_t \cdot c_t}{\lVert c_t \rVert^2} \qquad
        \frac{\text{kept}_t \cdot c_t + \text{written}_t \cdot c_t}
        {\lVert c_t \rVert^2} = 1

    with the slopes of `slopes`, H numbers each.

    Example:
        >>> c = torch.tensor([[1.0, 0.0], [0.0, 2.0]])  # (T, H)
        >>> kept = torch.tensor([[0.0, 0.0], [1.0, 1.5]])
        >>> kept_share(Slopes(c, kept, c - kept)).tolist()
        [0.0, 0.75]

    Chapter: 09_gates.
    """
    check_type("parts", parts, Slopes)
    c = check(like=parts.c, parts=(parts, Slopes)).c
    size = c.square().sum(dim=1)  # (T,)
    wanted = "a signal that moves the cell state at each step"
    insist("parts", bool((size > 0).all()), wanted, size)
    return (parts.kept * c).sum(dim=1) / size
