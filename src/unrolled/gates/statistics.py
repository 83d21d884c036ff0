r"""How open the gates stand, and what the cell state keeps of a signal."""

from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from unrolled._checks import (
    check,
    check_number,
    check_type,
    check_whole,
    insist,
)
from unrolled.trace import GateTrace

Gate = Float[Tensor, "N T H"]


class Saturation(NamedTuple):
    """The shares of gate values that are nearly shut and nearly open."""

    below: Tensor
    """Share of the values below `low`, from 0 to 1."""
    above: Tensor
    """Share of the values above `high`, from 0 to 1."""


def saturation(
    gate: Gate,
    low: float = 0.1,
    high: float = 0.9,
    dim: int | tuple[int, ...] = (0, 1, 2),
) -> Saturation:
    r"""Measure which shares of a gate's values lie below and above a level.

    Args:
        gate: the values of a gate, from 0 to 1.
        low: a value below this counts as nearly shut.
        high: a value above this counts as nearly open.
        dim: the axes to count over: ``(0, 1)`` for a share per unit,
            ``(0, 2)`` for one per step; default: all.

    Returns:
        The two shares, with the axes that are not counted over.

    Example:
        >>> gate = torch.tensor([[[0.05, 0.95], [0.5, 0.99]]])  # (1, 2, 2)
        >>> share = saturation(gate)
        >>> share.below.item(), share.above.item()
        (0.25, 0.5)
        >>> saturation(gate, dim=(0, 1)).above.tolist()  # unit by unit
        [0.0, 1.0]

    Reference: Karpathy, Johnson & Fei-Fei (2016), section 4.2, for the
    levels. Chapter: 09_gates.
    """
    _check_gate("gate", gate)
    for name, level in (("low", low), ("high", high)):
        check_number(name, level, "from 0 to 1", minimum=0, below=1 + 1e-12)
    insist("low", low <= high, f"at most high ({high})", low)
    axes = dim if isinstance(dim, list | tuple) else [dim]
    different = {check_whole("dim", axis, 0) for axis in axes} & {0, 1, 2}
    are_axes = 0 < len(different) == len(axes)
    insist("dim", are_axes, "different axes from 0 to 2", dim)
    return Saturation(
        (gate < low).to(gate.dtype).mean(dim),
        (gate > high).to(gate.dtype).mean(dim),
    )


def carousel(f: Gate) -> Gate:
    r"""Multiply the forget gates of all later steps.

    .. math:: \prod_{s=t+1}^{T} f_s

    is what the direct path leaves of :math:`c_t` in :math:`c_T`, unit by unit:
    the constant error carousel, if it stays near 1.

    Args:
        f: the forget gates, from 0 to 1.

    Returns:
        The products; 1 at the last step, which has no later one.

    Example:
        >>> f = torch.tensor([[[0.9], [0.5], [0.8]]])  # (1, 3, 1)
        >>> carousel(f).flatten().tolist()
        [0.4000000059604645, 0.800000011920929, 1.0]

    Reference: Hochreiter & Schmidhuber (1997), section 4; Gers, Schmidhuber &
    Cummins (2000) for the forget gates in it. Chapter: 09_gates.
    """
    _check_gate("f", f)
    later = torch.cat([f[:, 1:], torch.ones_like(f[:, :1])], dim=1)
    return later.flip(1).cumprod(1).flip(1)  # (N, T, H)


class Slopes(NamedTuple):
    """By how much one unit more of a signal moves a layer's cell states."""

    c: Float[Tensor, "T H"]
    """The cell state after each step."""
    kept: Float[Tensor, "T H"]
    """The part that the forget gate kept, f ⊙ c of the step before."""
    written: Float[Tensor, "T H"]
    """The part that is written new, i ⊙ g."""


def slopes(trace: GateTrace, signal: Float[Tensor, " N"]) -> Slopes:
    r"""Measure what a step keeps of a signal, and what it writes of it anew.

    With a bar for the mean over the sequences, the slope of a quantity v on
    the signal s is that of the straight line that fits best:

    .. math::
        \text{slope}(v) = \frac{\overline{(s - \bar s)\, v}}
        {\overline{(s - \bar s)^2}} \qquad
        \text{slope}(c_t) = \text{slope}(f_t \odot c_{t-1})
        + \text{slope}(i_t \odot g_t)

    The second equation is exact, as the cell state is that sum.

    Args:
        trace: of a run from a state of zeros, arrays (N, T, H).
        signal: one number for each sequence, not all the same.

    Returns:
        Three arrays, in units of the cell state by units of the signal.

    Example:
        >>> from unrolled.lstm import LSTM
        >>> x = torch.tensor([[1.0], [0.5], [-2.0]])[:, None].tile(1, 4, 2)
        >>> (trace,) = LSTM(2, 3).trace(x)
        >>> parts = slopes(trace, x[:, 0, 0])
        >>> parts.c.shape
        torch.Size([4, 3])
        >>> bool((parts.kept[0] == 0).all())  # before step 0 there was nothing
        True

    Chapter: 09_gates.
    """
    check_type("trace", trace, GateTrace)
    gates = {f"trace.{k}": (v, "N T H") for k, v in trace._asdict().items()}
    c = check(like=Tensor, **{"trace.c": gates["trace.c"]})
    check(like=c, **gates, signal=(signal, "N"))
    check_varies("signal", signal)
    s = signal - signal.mean()
    before = torch.cat([torch.zeros_like(c[:, :1]), c[:, :-1]], dim=1)
    weights = s / s.square().sum()  # (N,)
    return Slopes(
        *(
            torch.tensordot(weights, part, dims=1)  # (T, H)
            for part in (c, trace.f * before, trace.i * trace.g)
        )
    )


def kept_share(parts: Slopes) -> Float[Tensor, " T"]:
    r"""Measure which share of a signal in the cell state was kept, not written.

    .. math::
        \frac{\text{kept}_t \cdot c_t}{\lVert c_t \rVert^2} \qquad
        \frac{\text{kept}_t \cdot c_t + \text{written}_t \cdot c_t}
        {\lVert c_t \rVert^2} = 1

    with the slopes of `slopes`, H numbers each: both parts are measured along
    the direction in which the signal lies after the step.

    Args:
        parts: what `slopes` gives.

    Returns:
        One share for each step. What is missing to 1 was written.

    Example:
        >>> c = torch.tensor([[1.0, 0.0], [0.0, 2.0]])  # (T, H)
        >>> kept = torch.tensor([[0.0, 0.0], [1.0, 1.5]])
        >>> kept_share(Slopes(c, kept, c - kept)).tolist()
        [0.0, 0.75]

    Chapter: 09_gates.
    """
    check_type("parts", parts, Slopes)
    slopes = {f"parts.{k}": (v, "T H") for k, v in parts._asdict().items()}
    c = check(like=Tensor, **{"parts.c": slopes["parts.c"]})
    check(like=c, **slopes)
    size = c.square().sum(dim=1)  # (T,)
    wanted = "a signal that moves the cell state at each step"
    insist("parts", bool((size > 0).all()), wanted, size)
    return (parts.kept * c).sum(dim=1) / size


def check_varies(name: str, value: Tensor | np.ndarray) -> None:
    """Insist on numbers that differ.

    It compares them: a variance may be above 0 by rounding alone.
    """
    insist(name, value.min() < value.max(), "numbers that differ", value)


def _check_gate(name: str, gate: Gate) -> None:
    """Insist on the values of a gate."""
    check(like=Tensor, **{name: (gate, "N T H")})
    low, high = (each.item() for each in gate.aminmax())
    worst = low if low < 0 else high
    insist(name, 0 <= worst <= 1, "values from 0 to 1", worst)
