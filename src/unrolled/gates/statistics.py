r"""How open the gates stand, and what the cell state keeps of a signal."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from unrolled._checks import check_number, check_type
from unrolled._torch_checks import check_tensor, check_varies
from unrolled.trace import GateTrace


class Saturation(NamedTuple):
    """The shares of gate values that are nearly shut and nearly open."""

    below: Tensor
    """Share of the values below `low`, from 0 to 1."""
    above: Tensor
    """Share of the values above `high`, from 0 to 1."""


def saturation(
    gate: Tensor,
    low: float = 0.1,
    high: float = 0.9,
    dim: int | Sequence[int] = (0, 1, 2),
) -> Saturation:
    r"""Measure which shares of a gate's values lie below and above a level.

    Args:
        gate: the values of a gate, (N, T, H), from 0 to 1.
        low: a value below this counts as nearly shut.
        high: a value above this counts as nearly open.
        dim: the axes to count over: all unless told; ``(0, 1)`` for a share
            per unit, ``(0, 2)`` for one per step.

    Returns:
        The two shares, with the axes that are not counted over.

    Raises:
        ValueError: another shape, values outside 0 to 1, levels that are not
            from 0 to 1 or change places, axes that there are not.

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
    levels = {"wanted": "from 0 to 1", "minimum": 0, "below": 1 + 1e-12}
    low, high = (
        check_number(name, level, **levels)
        for name, level in (("low", low), ("high", high))
    )
    if low > high:
        raise ValueError(
            f"low, high: expected low to be at most high, got {low} and {high}"
        )
    dim = _check_axes("dim", dim)
    return Saturation(
        (gate < low).to(gate.dtype).mean(dim),
        (gate > high).to(gate.dtype).mean(dim),
    )


def carousel(f: Tensor) -> Tensor:
    r"""Multiply the forget gates of all later steps.

    .. math:: \prod_{s=t+1}^{T} f_s

    is what the direct path leaves of :math:`c_t` in :math:`c_T`, unit by unit:
    the constant error carousel, if it stays near 1.

    Args:
        f: the forget gates, (N, T, H), from 0 to 1.

    Returns:
        The products, (N, T, H); 1 at the last step, which has no later one.

    Raises:
        ValueError: another shape, values outside 0 to 1.

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

    c: Tensor
    """The cell state after each step, (T, H)."""
    kept: Tensor
    """The part that the forget gate kept, f ⊙ c of the step before, (T, H)."""
    written: Tensor
    """The part that is written new, i ⊙ g, (T, H)."""


def slopes(trace: GateTrace, signal: Tensor) -> Slopes:
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
        signal: one number for each sequence, (N,), not all the same.

    Returns:
        Three arrays (T, H), in units of the cell state by units of the signal.

    Raises:
        ValueError: no trace, other shapes, a signal that never varies.

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
    c = check_tensor("trace.c", trace.c, ("N", "T", "H"))
    for name in "ifg":
        check_tensor(f"trace.{name}", getattr(trace, name), tuple(c.shape), c)
    check_tensor("signal", signal, (len(c),), c)
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


def kept_share(parts: Slopes) -> Tensor:
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
        One share for each step, (T,). What is missing to 1 was written.

    Raises:
        ValueError: no such slopes, a step at which the signal moves nothing.

    Example:
        >>> c = torch.tensor([[1.0, 0.0], [0.0, 2.0]])  # (T, H)
        >>> kept = torch.tensor([[0.0, 0.0], [1.0, 1.5]])
        >>> kept_share(Slopes(c, kept, c - kept)).tolist()
        [0.0, 0.75]

    Chapter: 09_gates.
    """
    check_type("parts", parts, Slopes)
    c = check_tensor("parts.c", parts.c, ("T", "H"))
    check_tensor("parts.kept", parts.kept, tuple(c.shape), c)
    size = c.square().sum(dim=1)  # (T,)
    if not (size > 0).all():
        raise ValueError(
            "parts: expected a signal that moves the cell state at each step, "
            f"got none at step {int((size == 0).nonzero()[0])}"
        )
    return (parts.kept * c).sum(dim=1) / size  # (T,)


def _check_gate(name: str, gate: Tensor) -> None:
    """Insist on the values of a gate."""
    check_tensor(name, gate, ("N", "T", "H"))
    low, high = gate.min().item(), gate.max().item()
    if low < 0 or high > 1:
        raise ValueError(
            f"{name}: expected values from 0 to 1, got "
            f"{low if low < 0 else high}"
        )


def _check_axes(name: str, dim: int | Sequence[int]) -> tuple[int, ...]:
    """Return axes of three as a tuple."""
    axes = tuple(dim) if isinstance(dim, list | tuple) else (dim,)
    is_axis = [type(axis) is int and 0 <= axis < 3 for axis in axes]
    if not axes or not all(is_axis) or len({*axes}) < len(axes):
        raise ValueError(
            f"{name}: expected different axes from 0 to 2, got {dim!r:.80}"
        )
    return axes
