r"""The same network with some of its gates or states replaced."""

import math
from collections.abc import Collection, Sequence
from functools import partial
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from unrolled._checks import check, check_float, check_int, check_type, insist
from unrolled.cell import GateTrace
from unrolled.lstm import LSTMCell
from unrolled.models.heads import Classifier
from unrolled.models.parts import check_one_way
from unrolled.recurrent import Recurrent


class Clamp(NamedTuple):
    """Something to be replaced while a network runs.

    Args:
        layer: the layer, counted from 0.
        gate: a gate, ``"i"``, ``"f"``, ``"g"`` or ``"o"``, or a state, ``"c"``
            or ``"h"``.
        value: a number; or a tensor of three axes, for sequences, steps and
            units, each of size 1 or as large as the network's.
        steps: which steps, counted from 0; None for all.
        units: which units, counted from 0; None for all.

    Example:
        >>> Clamp(layer=0, gate="i", value=0.0, steps=[0]).units

    Chapter: 09_gates.
    """

    layer: int
    gate: str
    value: float | Tensor
    steps: Sequence[int] | None = None
    units: Sequence[int] | None = None


Cut = tuple[int, str]
"""A layer, and the state ``"h"`` or ``"c"`` that its steps hand on."""


def run_clamped(
    model: Classifier, x: Float[Tensor, "N T D"], clamps: Sequence[Clamp] = ()
) -> Float[Tensor, "N C"]:
    r"""Run a classifier, and replace what the clamps say.

    Each of i, f, g, o, c and h is replaced as soon as it is computed. Where two
    clamps meet, the later in the list wins. Dropout is left out. What is
    returned are the logits, without a gradient.

    Example:
        >>> from unrolled.lstm import LSTM
        >>> shut, model = Clamp(0, "i", 0.0), Classifier(LSTM(3, 5), 2)
        >>> logits = run_clamped(model, torch.ones(4, 7, 3), [shut])
        >>> bool((logits == model.head.bias).all())
        True

    Reference: Geiger et al. (2021), "Causal abstractions of neural networks",
    for replacing a state by that of another input. Chapter: 09_gates.
    """
    check_run(model, x)
    with torch.no_grad():
        return unroll(model, x, clamps)[0]


class Rerun:
    """A run that is repeated with clamps, in less time than anew.

    What comes before the first of the clamps, and in the layers below it, is
    taken from the first run, which has none. The weights must stay as they are,
    and so must what is returned.

    Example:
        >>> from unrolled.lstm import LSTM
        >>> model, x = Classifier(LSTM(3, 5), 2), torch.ones(4, 7, 3)
        >>> again, clamps = Rerun(model, x), [Clamp(0, "i", 0.0, steps=[6])]
        >>> logits, (steps,) = again.run(clamps)
        >>> torch.equal(logits, run_clamped(model, x, clamps)), steps[6].i.max()
        (True, tensor(0.))

    Chapter: 09_gates.
    """

    def __init__(self, model: Classifier, x: Float[Tensor, "N T D"]) -> None:
        check_run(model, x)
        self._model, self._x = model, x.clone()
        with torch.no_grad():
            _, self._first = unroll(model, self._x)

    @torch.no_grad()
    def run(
        self, clamps: Sequence[Clamp] = ()
    ) -> tuple[Float[Tensor, "N C"], list[list[GateTrace]]]:
        """Return the logits, and of each layer each step: (N, H)."""
        return unroll(self._model, self._x, clamps, first=self._first)


def check_run(model: Classifier, x: Float[Tensor, "N T D"]) -> None:
    """Insist on plain LSTM cells that read from the left, and on inputs."""
    check_type("model", model, Classifier)
    layers = model.recurrent
    check_one_way("model.recurrent", layers)
    kind = type(layers.cells[0])
    insist("model", kind is LSTMCell, "LSTM layers", kind)
    check({"D": layers.input_size}, like=model.head.weight, x=(x, "N T D"))


def unroll(
    model: Classifier,
    x: Float[Tensor, "N T D"],
    clamps: Sequence[Clamp] = (),
    cut: Collection[Cut] = (),
    first: Sequence[Sequence[GateTrace]] = (),
) -> tuple[Float[Tensor, "N C"], list[list[GateTrace]]]:
    """Run step by step: the logits, and each layer's trace of each step.

    No gradient flows from a step to the next through the states of `cut`. What
    no clamp can change is taken from `first`, the layers of a run without any.
    """
    layers, fixes = [], _make_fixes(clamps, model.recurrent, x)
    begin = x.shape[1] if first else 0  # the first step that may differ
    below = x.unbind(dim=1)  # T times (N, D)
    for layer, cell in enumerate(model.recurrent.cells):
        for clamp in clamps:
            if clamp.layer == layer:
                begin = 0 if clamp.steps is None else min(begin, *clamp.steps)
        steps = [*first[layer][:begin]] if first else []
        h = c = x.new_zeros(len(x), cell.hidden_size)
        if steps:
            h, c = steps[-1].h, steps[-1].c
        for t in range(begin, len(below)):
            h = h.detach() if (layer, "h") in cut else h
            c = c.detach() if (layer, "c") in cut else c
            change = partial(_fix, fixes, layer, t)
            steps.append(cell.gates(below[t], h, c, change))
            h, c = steps[-1].h, steps[-1].c
        layers.append(steps)
        below = [step.h for step in steps]
    last = torch.cat([steps[-1].h for steps in layers], dim=1)  # (N, LH)
    read = last[:, -model.head.in_features :]  # all layers, or the last
    return model.head(read), layers


def _fix(fixes: dict, layer: int, t: int, gate: str, value: Tensor) -> Tensor:
    """Replace what is to be replaced of a gate or a state at a step, (N, H)."""
    if (layer, gate) not in fixes:
        return value
    new = fixes[layer, gate][..., t, :]
    return torch.where(new.isnan(), value, new)


def _make_fixes(clamps: Sequence[Clamp], layers: Recurrent, x: Tensor) -> dict:
    """By layer and gate, say what is to stand there; NaN: what does anyway."""
    check_type("clamps", clamps, Sequence)
    N, T, _ = x.shape
    L, H = layers.num_layers, layers.hidden_size
    fixes = {}  # (..., T, H) each
    for clamp in clamps:
        check_type("clamps", clamp, Clamp)
        layer, gate, value, steps, units = clamp
        key = check_int("layer", layer, 0, L - 1), gate
        fields = GateTrace._fields
        insist("gate", gate in fields, f"one of {fields}", gate)
        steps = range(T) if steps is None else steps
        units = range(H) if units is None else units
        steps, units = check(
            steps=(steps, "steps", range(T)), units=(units, "units", range(H))
        )
        where = torch.zeros(T, H, dtype=torch.bool, device=x.device)
        where[steps[:, None], units] = True
        if not isinstance(value, Tensor):
            wanted = "from -1e30 to below 1e30, or a tensor"
            number = check_float("value", value, wanted, -1e30, 1e30)
            value = x.new_full((1, 1, 1), number)
        check(like=Tensor, value=(value, "N T H"))
        sizes = zip(value.shape, (N, T, H), strict=True)
        fits = all(have in (1, want) for have, want in sizes)
        wanted = f"shape {(N, T, H)}, or 1 along some of its axes"
        insist("value", fits, wanted, tuple(value.shape))
        before = fixes.get(key, x.new_tensor(math.nan))
        fixes[key] = torch.where(where, value.to(x), before)
    return fixes
