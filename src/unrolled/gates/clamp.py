r"""What is to be replaced while a network runs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from unrolled._checks import check_number, check_type, check_whole
from unrolled._fields import check_choice
from unrolled._torch_checks import check_tensor
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
