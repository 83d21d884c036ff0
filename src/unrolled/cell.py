"""What all cells share: parameters, first values, checks; a model's mode."""

import contextlib
import math
from collections.abc import Iterator
from typing import Any, ClassVar, Literal, NamedTuple, get_args

import torch
from jaxtyping import Float
from torch import Generator, Tensor, nn

from unrolled._checks import check, check_choice, check_int, check_type, insist

State = Tensor | tuple[Tensor, ...]
"""What a cell hands from step to step: h, or the pair of h and c."""


def _packed(state: State) -> tuple[Tensor, ...]:
    """Return the states in a tuple, even if there is one only."""
    return (state,) if isinstance(state, Tensor) else state


def _unpacked(states: tuple[Tensor, ...]) -> State:
    """Return the one state that there is, or all of them."""
    return states if states[1:] else states[0]


def _has_hooks(module: nn.Module) -> bool:
    """Tell whether someone waits for a module to be called."""
    kinds = "forward", "forward_pre", "backward", "backward_pre"
    return any(getattr(module, f"_{kind}_hooks") for kind in kinds)


@contextlib.contextmanager
def mode(model: nn.Module, training: bool) -> Iterator[None]:
    """Set a model's mode, and at the end that of each module as it was.

    Chapter: 07_network.
    """
    before = {module: module.training for module in model.modules()}
    model.train(training)
    try:
        yield
    finally:
        for module, was_training in before.items():
            module.training = was_training


Init = Literal["uniform", "xavier", "pytorch", "orthogonal", "identity"]
"""How the weights of each gate are drawn."""


class GateTrace(NamedTuple):
    """What an LSTM's gates did, in one layer and direction.

    The input and the forget gate, the candidate, the output gate, the cell
    and the hidden state after the step: (N, H) each for one step, (N, T, H)
    for a layer's trace. Chapter: 09_gates.
    """

    i: Float[Tensor, "N *T H"]
    f: Float[Tensor, "N *T H"]
    g: Float[Tensor, "N *T H"]
    o: Float[Tensor, "N *T H"]
    c: Float[Tensor, "N *T H"]
    h: Float[Tensor, "N *T H"]


class Cell(nn.Module):
    r"""One step in time: the base of every cell.

    Parameters have PyTorch's names and packing: ``weight_ih`` (KH, D),
    ``weight_hh`` (KH, H) and ``bias`` (KH,), for K blocks of H rows. A
    subclass gives `blocks` and `state_names`, and its equations in `step`.

    Args:
        input_size: D, inputs per step.
        hidden_size: H, hidden units.
        bias: whether there is a bias.
        two_biases: whether there are two, ``bias`` and ``bias_hh``, which are
            added, as in PyTorch's own layers.
        init: how each gate's (H, D) and (H, H) weights are drawn: on
            :math:`\pm 1/\sqrt H`, ``"uniform"``, biases too ``"pytorch"``; on
            :math:`\pm\sqrt{6 / (\text{rows} + \text{columns})}`, ``"xavier"``;
            the same, but (H, H) a rotation, ``"orthogonal"``; (H, D) normal of
            spread 0.001, and (H, H) the identity, ``"identity"``.
        generator: the source of the weights. Default: PyTorch's global one.

    Example:
        >>> class LeakyCell(Cell):
        ...     blocks = 1
        ...     def step(self, x, h):
        ...         return (0.9 * h + 0.1 * x @ self.weight_ih.T,)
        >>> LeakyCell(3, 2)(torch.ones(1, 3), torch.ones(1, 2)).shape
        torch.Size([1, 2])

    Reference: Glorot & Bengio (2010), equation 16, for ``"xavier"``; Saxe,
    McClelland & Ganguli (2014) for ``"orthogonal"``; Le, Jaitly & Hinton
    (2015), section 2, for ``"identity"``. Chapter: 07_network.
    """

    blocks: ClassVar[int]
    """K, the blocks of H rows in the weights: one for each gate."""

    state_names: ClassVar[tuple[str, ...]] = ("h",)
    """What a cell hands from step to step, the hidden state first."""

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        *,
        two_biases: bool = False,
        init: Init = "uniform",
        generator: Generator | None = None,
    ) -> None:
        super().__init__()
        D = self.input_size = check_int("input_size", input_size)
        H = self.hidden_size = check_int("hidden_size", hidden_size)
        check_type("bias", bias, bool)
        check_type("two_biases", two_biases, bool)
        fits = bias or not two_biases
        insist("two_biases", fits, "False, as bias is False", two_biases)
        check_choice("init", init, get_args(Init))
        check_type("generator", generator, Generator | None)
        rows = self.blocks * H
        self.weight_ih = nn.Parameter(torch.empty(rows, D))
        self.weight_hh = nn.Parameter(torch.empty(rows, H))
        self.bias = nn.Parameter(torch.zeros(rows)) if bias else None
        self.bias_hh = nn.Parameter(torch.zeros(rows)) if two_biases else None
        self._init_parameters(init, generator)

    @torch.no_grad()
    def _init_parameters(self, init: Init, generator: Generator | None) -> None:
        """Draw the weights gate by gate."""
        bound = 1 / math.sqrt(self.hidden_size)
        for weight in (self.weight_ih, self.weight_hh):
            is_recurrent = weight is self.weight_hh
            for gate in weight.chunk(self.blocks):  # (H, D) or (H, H)
                if init == "orthogonal" and is_recurrent:
                    nn.init.orthogonal_(gate, generator=generator)
                elif init in ("xavier", "orthogonal"):
                    nn.init.xavier_uniform_(gate, generator=generator)
                elif init == "identity" and is_recurrent:
                    nn.init.eye_(gate)
                elif init == "identity":
                    gate.normal_(std=0.001, generator=generator)
                else:
                    gate.uniform_(-bound, bound, generator=generator)
        if init == "pytorch":
            for bias in self.biases:
                bias.uniform_(-bound, bound, generator=generator)

    @property
    def weights(self) -> list[nn.Parameter]:
        """All parameters, in PyTorch's order."""
        return [self.weight_ih, self.weight_hh, *self.biases]

    @property
    def biases(self) -> list[nn.Parameter]:
        """The biases that there are: none, one or two, each (KH,)."""
        return [b for b in (self.bias, self.bias_hh) if b is not None]

    @property
    def total_bias(self) -> Tensor | float:
        """What is added to the products: the sum of the biases, (KH,)."""
        biases = self.biases
        return sum(biases[1:], biases[0]) if biases else 0.0

    @torch.no_grad()
    def _add_to_bias(self, block: int, value: float) -> None:
        """Add to one gate's bias; with two biases, half to each."""
        for bias in self.biases:
            bias.chunk(self.blocks)[block].add_(value / len(self.biases))

    def forward(self, x: Float[Tensor, "N D"], state: State) -> State:
        """Compute one step: from h, or the pair of h and c, to the new one."""
        sizes = {"D": self.input_size, "H": self.hidden_size}
        states = state, self._state_form("N H")
        check(sizes, like=self.weight_ih, x=(x, "N D"), state=states)
        return _unpacked(self.step(x, *_packed(state)))

    def _state_form(self, shape: str | tuple[int, ...]) -> Any:
        """Return what `check` asks of a state: h, or the pair of h and c."""
        count = len(self.state_names)
        return [str(count), shape] if count > 1 else shape

    def step(self, x: Tensor, *states: Tensor) -> tuple[Tensor, ...]:
        """Compute the equations, without checks; the hidden state first."""
        raise NotImplementedError
