r"""The same network with some of its gates or states replaced."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from unrolled._checks import check_number, check_type, check_whole
from unrolled._fields import check_choice
from unrolled._torch_checks import check_tensor
from unrolled.lstm import LSTMCell
from unrolled.models.heads import Classifier
from unrolled.trace import GateTrace


@dataclass(frozen=True, eq=False)
class Clamp:
    """Something to be replaced while a network runs.

    Args:
        layer: the layer, counted from 0.
        gate: a gate, ``"i"``, ``"f"``, ``"g"`` or ``"o"``, or a state, ``"c"``
            or ``"h"``.
        value: a number; or a tensor of three axes, for sequences, steps and
            units, each of size 1 or as large as the network's. So a gate's
            means, or a whole gate of another run, can be given as they are.
        steps: which steps, counted from 0; all unless told.
        units: which units, counted from 0; all unless told.

    Raises:
        ValueError: an unknown gate, a value of another kind, NaN or infinite,
            steps or units that are not whole numbers of at least 0, or none.

    Example:
        >>> shut = Clamp(layer=0, gate="i", value=0.0, steps=[0])
        >>> shut.units is None
        True

    Chapter: 09_gates.
    """

    layer: int
    gate: str
    value: float | Tensor
    steps: Sequence[int] | None = None
    units: Sequence[int] | None = None

    def __post_init__(self) -> None:
        check_whole("layer", self.layer, 0)
        check_choice("gate", self.gate, GateTrace._fields)
        if isinstance(self.value, Tensor):
            check_tensor("value", self.value, ("N", "T", "H"))
        else:
            limits = {"minimum": -1e30, "below": 1e30}
            check_number("value", self.value, "or a tensor", **limits)
        for name in ("steps", "units"):
            numbers = getattr(self, name)
            if numbers is None:
                continue
            if not isinstance(numbers, Sequence) or not len(numbers):
                raise ValueError(
                    f"{name}: expected a list of at least one number, or None "
                    f"for all, got {numbers!r:.80}"
                )
            for number in numbers:
                check_whole(name, number, 0)


class Fix(NamedTuple):
    """A clamp made as large as the run, so that a step can be picked."""

    gate: str
    """What to replace."""
    where: Tensor
    """True where it is to be replaced, (T, H)."""
    value: Tensor
    """By what, (N, T, H)."""


def make_fixes(
    clamps: Sequence[Clamp], sizes: tuple[int, int, int, int], like: Tensor
) -> list[list[Fix]]:
    """Make the clamps of each layer as large as a run.

    Args:
        clamps: what to replace.
        sizes: L, N, T and H of the run.
        like: a tensor with the dtype and the device of the run.

    Raises:
        ValueError: no list of clamps, a layer, step or unit that there is not,
            a value that does not fit.
    """
    L, N, T, H = sizes
    check_type("clamps", clamps, Sequence)
    fixes = [[] for _ in range(L)]
    for clamp in clamps:
        check_type("clamps", clamp, Clamp)
        _check_fits(clamp, L, N, T, H)
        steps = range(T) if clamp.steps is None else clamp.steps
        units = range(H) if clamp.units is None else clamp.units
        where = torch.zeros(T, H, dtype=torch.bool, device=like.device)
        where[torch.tensor(steps)[:, None], torch.tensor(units)] = True
        value = torch.as_tensor(
            clamp.value, dtype=like.dtype, device=like.device
        )
        fix = Fix(clamp.gate, where, value.expand(N, T, H))
        fixes[clamp.layer].append(fix)
    return fixes


def _check_fits(clamp: Clamp, L: int, N: int, T: int, H: int) -> None:
    """Insist on a clamp that fits a run of these sizes."""
    for name, numbers, size in [
        ("layer", [clamp.layer], L),
        ("steps", clamp.steps or [0], T),
        ("units", clamp.units or [0], H),
    ]:
        if max(numbers) >= size:
            raise ValueError(
                f"clamps: expected {name} from 0 to {size - 1}, "
                f"got {max(numbers)}"
            )
    shape = getattr(clamp.value, "shape", (1, 1, 1))
    sizes = zip(shape, (N, T, H), strict=True)
    if any(have not in (1, want) for have, want in sizes):
        raise ValueError(
            f"clamps: expected a value of shape {(N, T, H)}, or 1 along some "
            f"of its axes, got {tuple(shape)}"
        )


Cut = tuple[int, str]
"""A layer, and the state ``"h"`` or ``"c"`` that its steps hand on."""


def run_clamped(
    model: Classifier, x: Tensor, clamps: Sequence[Clamp] = ()
) -> Tensor:
    r"""Run a classifier, and replace what the clamps say.

    .. math::
        z &= W_{ih}\, x_t + W_{hh}\, h_{t-1} + b \\
        i, f, o &= \sigma(z_i), \sigma(z_f), \sigma(z_o)
        \qquad g = \tanh(z_g) \\
        c_t &= f \odot c_{t-1} + i \odot g \\
        h_t &= o \odot \tanh(c_t)

    Each of i, f, g, o, c and h is replaced as soon as it is computed, so that
    all that is computed from it uses the new value. Where two clamps meet, the
    later in the list wins. Without clamps the answer is the model's own.

    Args:
        model: a classifier on LSTM layers in one direction; dropout is left
            out.
        x: the inputs, (N, T, D).
        clamps: what to replace.

    Returns:
        The logits, (N, C), without a gradient.

    Raises:
        ValueError: another model, wrong shapes or dtypes, NaN or infinite
            inputs, a layer, step or unit that there is not, a value that does
            not fit.

    Example:
        >>> from unrolled.lstm import LSTM
        >>> generator = torch.Generator().manual_seed(0)
        >>> model = Classifier(LSTM(3, 5, generator=generator), 2)
        >>> x = torch.randn(4, 7, 3, generator=generator)
        >>> shut = [Clamp(layer=0, gate="i", value=0.0)]
        >>> bool((run_clamped(model, x, shut) == model.head.bias).all())
        True

    Reference: Geiger et al. (2021), "Causal abstractions of neural networks",
    for replacing a state by that of another input. Chapter: 09_gates.
    """
    with torch.no_grad():
        return unroll(model, x, clamps)[0]


def trace_clamped(
    model: Classifier, x: Tensor, clamps: Sequence[Clamp] = ()
) -> list[GateTrace]:
    """Run as `run_clamped` does, and keep what the gates did.

    Args:
        model: as for `run_clamped`.
        x: the inputs, (N, T, D).
        clamps: what to replace.

    Returns:
        One trace for each layer, with what was replaced in it, its arrays
        (N, T, H), without gradients.

    Example:
        >>> from unrolled.lstm import LSTM
        >>> model = Classifier(LSTM(3, 5), 2)
        >>> shut = [Clamp(layer=0, gate="i", value=0.0)]
        >>> (trace,) = trace_clamped(model, torch.ones(4, 7, 3), shut)
        >>> trace.c.abs().max().item()
        0.0

    Chapter: 09_gates.
    """
    with torch.no_grad():
        return [stack(layer) for layer in unroll(model, x, clamps)[1]]


def stack(steps: Sequence[GateTrace]) -> GateTrace:
    """Turn T traces of single steps, (N, H), into one of (N, T, H)."""
    parts = zip(*steps, strict=True)
    return GateTrace(*(torch.stack(part, dim=1) for part in parts))


def unroll(
    model: Classifier,
    x: Tensor,
    clamps: Sequence[Clamp] = (),
    cut: Collection[Cut] = (),
) -> tuple[Tensor, list[list[GateTrace]]]:
    """Run a classifier step by step, as `run_clamped`, with its gradients.

    Args:
        model: as for `run_clamped`.
        x: the inputs, (N, T, D).
        clamps: what to replace.
        cut: states that the next step of the layer takes as given: no gradient
            flows back through them.

    Returns:
        The logits, (N, C), and for each layer the trace of each step, (N, H).
    """
    check_model(model)
    like = model.head.weight
    check_tensor("x", x, ("N", "T", model.recurrent.input_size), like)
    N, T, _ = x.shape
    L, H = model.recurrent.num_layers, model.recurrent.hidden_size
    fixes = make_fixes(clamps, (L, N, T, H), like)
    _check_cut(cut, model)
    below, layers = list(x.unbind(dim=1)), []  # T times (N, D)
    for layer, cell in enumerate(model.recurrent.cells):
        h = c = x.new_zeros(N, cell.hidden_size)
        steps = []
        for t, x_t in enumerate(below):
            h = h.detach() if (layer, "h") in cut else h
            c = c.detach() if (layer, "c") in cut else c
            steps.append(_step(cell, x_t, h, c, fixes[layer], t))
            h, c = steps[-1].h, steps[-1].c
        layers.append(steps)
        below = [step.h for step in steps]
    last = torch.cat([steps[-1].h for steps in layers], dim=1)  # (N, LH)
    read = last[:, -model.head.in_features :]  # all layers, or the last
    return model.head(read), layers


def _step(
    cell: LSTMCell,
    x: Tensor,
    h: Tensor,
    c: Tensor,
    fixes: Sequence[Fix],
    t: int,
) -> GateTrace:
    """Compute one step, replacing each quantity as soon as it is there."""

    def fix(name: str, value: Tensor) -> Tensor:
        for gate, where, new in fixes:
            if gate == name and where[t].any():
                value = torch.where(where[t], new[:, t], value)
        return value

    trace = cell.gates(x, h, c)
    i, f, g, o = (fix(name, getattr(trace, name)) for name in "ifgo")
    c = fix("c", f * c + i * g)
    h = fix("h", o * c.tanh())
    return GateTrace(i, f, g, o, c, h)


def check_model(model: Classifier) -> None:
    """Insist on a classifier on plain LSTM cells that read from the left."""
    check_type("model", model, Classifier)
    kinds = {type(cell) for cell in model.recurrent.cells}
    if kinds != {LSTMCell} or model.recurrent.num_directions > 1:
        names = ", ".join(kind.__name__ for kind in kinds)
        raise ValueError(
            "model: expected LSTM layers in one direction, got "
            f"{names} with directions: {model.recurrent.num_directions}"
        )


def _check_cut(cut: Collection[Cut], model: Classifier) -> None:
    """Insist on pairs of a layer that there is and a state, h or c."""
    layers = range(model.recurrent.num_layers)
    known = {(layer, state) for layer in layers for state in "hc"}
    is_known = isinstance(cut, Collection) and all(
        isinstance(pair, tuple) and pair in known for pair in cut
    )
    if not is_known:
        raise ValueError(
            f"cut: expected pairs of a layer from 0 to {len(layers) - 1} and "
            f"'h' or 'c', got {cut!r:.80}"
        )
