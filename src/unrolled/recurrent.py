r"""Any cell, stacked in layers and looped in time: slow and readable.

What PyTorch's other modes do with a layer. "Plain" is the loop of `Recurrent`,
which `LSTM` takes where its own has no rule:

=====================  =======================  ============================
Mode                   `Recurrent`              `LSTM`
=====================  =======================  ============================
autocast               works, products in its   works in the parameters'
                       dtype                    dtype
meta device            works                    works, plain
fake tensors           works                    works
torch.export           works                    works, plain
torch.compile          works, in one graph      works, in one graph
vmap                   works                    works, plain
torch.func.grad        works                    works, plain
torch.func.jvp         works                    works, plain
forward-mode autograd  works                    works, plain
second derivatives     work                     refused: use `Recurrent`
hooks on the layer     work                     work
hooks on a cell        work, at each step       work, at each step, plain
PackedSequence         refused: use `lengths`   refused: use `lengths`
batch_first=True       refused: it always is    refused: it always is
nn.LSTM's state_dict   refused: `from_torch`    refused: `from_torch`
=====================  =======================  ============================

Inputs of another dtype than the parameters' are always refused, also those that
a ``Linear`` returns under ``torch.autocast``: hand over ``x.to(dtype)``.
"""

from collections.abc import Sequence
from typing import Any

import torch
from jaxtyping import Float, Int64
from torch import Generator, Tensor, nn
from torch.nn.utils.rnn import PackedSequence

from unrolled._checks import check, check_float, check_int, check_type, insist
from unrolled.cell import Cell, GateTrace, State, _has_hooks, _packed, _unpacked

Sequences = Float[Tensor, "N T D"]
"""Inputs, at T steps of each of N sequences."""

Lengths = Int64[Tensor, " N"] | None
"""How many steps of each sequence count, from 1 to T; None for all."""


class Recurrent(nn.Module):
    r"""A stack of recurrent layers, each one cell unrolled in time.

    A bidirectional layer has two cells, the second of which reads each sequence
    from its end; their hidden states are joined.

    Args:
        cell_class: the kind of cell, such as ``unrolled.cells.GRUCell``.
        input_size: D, inputs per step.
        hidden_size: H, hidden units in each layer and direction.
        num_layers: L, the layers.
        dropout: the probability that a hidden state is dropped on its way to
            the next layer, in training; drawn from PyTorch's global generator.
        bidirectional: whether each layer reads in both directions.
        generator: the source of the first weights. Default: the global one.
        options: further arguments of the cell, for all layers and directions.

    Example:
        >>> from unrolled.cells import GRUCell
        >>> layer = Recurrent(GRUCell, 3, 5, num_layers=2, bidirectional=True)
        >>> out, h = layer(torch.ones(4, 7, 3))
        >>> out.shape, h.shape
        (torch.Size([4, 7, 10]), torch.Size([4, 4, 5]))

    Reference: Schuster & Paliwal (1997), for the two directions.
    Chapter: 07_network.
    """

    def __init__(
        self,
        cell_class: type[Cell],
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        dropout: float = 0.0,
        *,
        bidirectional: bool = False,
        generator: Generator | None = None,
        **options,
    ) -> None:
        super().__init__()
        wanted = "no batch_first, as x always is (N, T, D)"
        insist("options", "batch_first" not in options, wanted, options)
        is_kind = isinstance(cell_class, type) and issubclass(cell_class, Cell)
        insist("cell_class", is_kind, "a kind of Cell", cell_class)
        check_type("bidirectional", bidirectional, bool)
        self.input_size = check_int("input_size", input_size)
        self.hidden_size = check_int("hidden_size", hidden_size)
        self.num_layers = check_int("num_layers", num_layers)
        self.num_directions = 2 if bidirectional else 1
        dropout = check_float("dropout", dropout, "from 0 to below 1", 0, 1)
        fits = not dropout or num_layers > 1
        insist("dropout", fits, "0 with one layer: it acts between", dropout)
        self.dropout = dropout
        options["generator"] = generator
        sizes = [input_size] + [self.output_size] * (num_layers - 1)
        # In PyTorch's order: a layer's two directions, then the next layer.
        self.cells: Any = nn.ModuleList(
            cell_class(size, hidden_size, **options)
            for size in sizes
            for _ in range(self.num_directions)
        )

    @property
    def output_size(self) -> int:
        """Hidden states per step, of both directions."""
        return self.num_directions * self.hidden_size

    def forward(
        self, x: Sequences, state: State | None = None, lengths: Lengths = None
    ) -> tuple[Float[Tensor, "N T output"], State]:
        """Run the stack over whole sequences.

        Args:
            x: the inputs, with anything finite past a sequence's end.
            state: what the cells start from: h, or the pair of h and c for an
                LSTM; (L, N, H), or (2L, N, H) if bidirectional, in PyTorch's
                order. Default: zeros.
            lengths: each sequence's steps, from 1 to T. Default: all T.

        Returns:
            The last layer's hidden states, 0 past a sequence's end; and the
            state after all that a direction reads, in the form of `state`.
        """
        out, state, _ = self._run(x, state, lengths)
        return out, state

    @torch.no_grad()
    def trace(
        self, x: Sequences, state: State | None = None, lengths: Lengths = None
    ) -> list[GateTrace]:
        """Run LSTMs as `forward` does: each layer's and direction's trace."""
        kind = type(self.cells[0])
        insist("trace", hasattr(kind, "gates"), "a kind of LSTM", kind)
        return self._run(x, state, lengths, with_gates=True)[2]

    def _run(
        self,
        x: Tensor,
        state: State | None,
        lengths: Tensor | None,
        with_gates: bool = False,
    ) -> tuple[Tensor, State, list[GateTrace]]:
        """Run layer by layer: the output, the last state, the traces."""
        cell, K, H = self.cells[0], len(self.cells), self.hidden_size
        wanted = "a tensor, and lengths: see pad_packed_sequence"
        insist("x", not isinstance(x, PackedSequence), wanted, x)
        like = cell.weight_hh
        check({"D": self.input_size}, like=like, x=(x, "N T D"))
        N, T, _ = x.shape
        if lengths is not None:
            check(like=like, lengths=(lengths, (N,), range(1, T + 1)))
        if state is not None:
            check(like=like, state=(state, cell._state_form((K, N, H))))
            starts = _packed(state)
        else:
            starts = [like.new_zeros(K, N, H) for _ in cell.state_names]
        past = None if lengths is None else _past(x, lengths)
        below, ends, traces = _clear(x, past), [], []
        for layer in range(self.num_layers):
            if layer:
                below = self._drop(below)
            outs = []
            for direction in range(self.num_directions):
                number = layer * self.num_directions + direction
                states, last, gates = self._scan(
                    self.cells[number],
                    _reverse(below, lengths) if direction else below,
                    tuple(start[number] for start in starts),
                    with_gates,
                )
                ends.append(last if lengths is None else _last(states, lengths))
                said = [states[0], *gates]
                if direction:
                    said = [_reverse(part, lengths) for part in said]
                out, *gates = (_clear(part, past) for part in said)
                outs.append(out)
                if with_gates:
                    traces.append(GateTrace(*gates))
            below = torch.cat(outs, dim=2) if outs[1:] else outs[0]
        final = tuple(torch.stack(s) for s in zip(*ends, strict=True))
        return below, _unpacked(final), traces

    def _scan(
        self, cell: Any, x: Tensor, start: tuple[Tensor, ...], with_gates: bool
    ) -> tuple[Sequence[Tensor], Sequence[Tensor], Sequence[Tensor]]:
        """Loop over the steps: all states, the last ones, and the gates."""
        state, states, gates = start, [], []
        for x_t in x.unbind(dim=1):  # (N, D)
            if with_gates:
                gates.append(cell.gates(x_t, *state))
                state = (gates[-1].h, gates[-1].c)
            elif _has_hooks(cell):
                state = _packed(cell(x_t, _unpacked(state)))
            else:
                state = cell.step(x_t, *state)
            states.append(state)
        return _stack(states), state, _stack(gates)

    def _drop(self, x: Tensor) -> Tensor:
        """Apply dropout: as PyTorch's, at half the time on a CPU."""
        if not self.training or not self.dropout:
            return x
        is_kept = torch.rand_like(x) >= self.dropout
        return x * is_kept / (1 - self.dropout)

    def _load_from_state_dict(self, state_dict: dict, prefix: str, *args):
        """Do as usual, but say where PyTorch's own names belong."""
        is_ours = f"{prefix}weight_ih_l0" not in state_dict
        wanted = "our own names; unrolled.convert.from_torch takes a layer"
        insist("state_dict", is_ours, wanted, [*state_dict])
        super()._load_from_state_dict(state_dict, prefix, *args)


def _past(sequence: Tensor, lengths: Tensor) -> Tensor:
    """Say which steps come after their sequence's end, (N, T, 1)."""
    t = torch.arange(sequence.shape[1], device=sequence.device)
    return (t >= lengths[:, None])[..., None]


def _clear(sequence: Tensor, past: Tensor | None) -> Tensor:
    """Set to 0 what comes after each sequence's end."""
    return sequence if past is None else sequence.masked_fill(past, 0.0)


def _reverse(sequence: Tensor, lengths: Tensor | None) -> Tensor:
    """Turn each sequence round, and leave its padding where it is."""
    if lengths is None:
        return sequence.flip(1)
    t = torch.arange(sequence.shape[1], device=sequence.device)
    from_end = lengths[:, None] - 1 - t  # (N, T), below 0 past the end
    order = torch.where(from_end < 0, t, from_end)
    return sequence.take_along_dim(order[..., None], dim=1)


def _last(states: Sequence[Tensor], lengths: Tensor) -> list[Tensor]:
    """Pick each sequence's last real step, (N, H)."""
    rows = torch.arange(len(lengths), device=lengths.device)
    return [s[rows, lengths - 1] for s in states]


def _stack(steps: Sequence[Sequence[Tensor]]) -> list[Tensor]:
    """Turn T tuples of (N, H) into a list of (N, T, H)."""
    return [torch.stack(s, dim=1) for s in zip(*steps, strict=True)]
