"""Any cell, stacked in layers and looped in time: slow and readable."""

from collections.abc import Sequence

import torch
from torch import Generator, Tensor, nn

from unrolled._checks import check_number, check_type, check_whole
from unrolled._torch_checks import (
    check_states,
    check_tensor,
    check_whole_tensor,
)
from unrolled.cell import Cell
from unrolled.trace import GateTrace


class Recurrent(nn.Module):
    r"""A stack of recurrent layers, each one cell unrolled in time.

    Layer 1 reads the input, each layer after it the hidden states of the one
    below. A bidirectional layer has two cells, the second of which reads each
    sequence from its end to its beginning; their hidden states are joined.

    Args:
        cell_class: the kind of cell, such as ``unrolled.cells.GRUCell``.
        input_size: D, inputs per step.
        hidden_size: H, hidden units in each layer and direction.
        num_layers: L, the layers.
        dropout: the probability that a hidden state is dropped on its way to
            the next layer, in training.
        bidirectional: whether each layer reads in both directions.
        generator: the source of the first weights; PyTorch's global one
            unless told. Dropout draws from the global one.
        options: further arguments of the cell, for all layers and directions.

    Raises:
        ValueError: something else than a kind of cell, a size that is not a
            whole number of at least 1, a dropout that is not from 0 to below
            1 or has no next layer, and whatever the cell refuses.

    Example:
        >>> from unrolled.cell import GRUCell
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
        is_kind = isinstance(cell_class, type) and issubclass(cell_class, Cell)
        if not is_kind or cell_class is Cell:
            raise ValueError(
                f"cell_class: expected a kind of Cell, got {cell_class!r:.80}"
            )
        check_type("bidirectional", bidirectional, bool)
        self.input_size = check_whole("input_size", input_size)
        self.hidden_size = check_whole("hidden_size", hidden_size)
        self.num_layers = check_whole("num_layers", num_layers)
        self.num_directions = 2 if bidirectional else 1
        self.dropout = check_number(
            "dropout", dropout, "from 0 to below 1", minimum=0, below=1
        )
        if self.dropout and self.num_layers == 1:
            raise ValueError(
                "dropout: expected 0 with one layer, as it acts between "
                f"layers, got {dropout}"
            )
        options["generator"] = generator
        sizes = [input_size] + [self.output_size] * (num_layers - 1)
        # In PyTorch's order: a layer's two directions, then the next layer.
        self.cells = nn.ModuleList(
            cell_class(size, hidden_size, **options)
            for size in sizes
            for _ in range(self.num_directions)
        )

    @property
    def output_size(self) -> int:
        """Hidden states per step, of both directions."""
        return self.num_directions * self.hidden_size

    def forward(
        self,
        x: Tensor,
        state: Tensor | tuple[Tensor, ...] | None = None,
        lengths: Tensor | None = None,
        return_gates: bool = False,
    ) -> tuple:
        """Run the stack over whole sequences.

        Args:
            x: the inputs, (N, T, D), with anything finite past a sequence's
                end.
            state: what the cells start from: h (L, N, H), or the pair of h
                and c for an LSTM; (2L, N, H) if bidirectional, in PyTorch's
                order: a layer's two directions, then the next layer. Zeros
                unless told.
            lengths: each sequence's steps, int64, (N,), from 1 to T; all T
                unless told.
            return_gates: whether to return a trace, too; LSTMs only.

        Returns:
            The last layer's hidden states (N, T, H), twice as wide if
            bidirectional, 0 past a sequence's end; the state after each
            sequence's last real step (for the second direction: after its
            first step), in the form of `state`; and, if asked for, a list of
            one `GateTrace` for each layer and direction, its arrays
            (N, T, H), 0 past a sequence's end.

        Raises:
            ValueError: wrong shapes, dtypes or devices, NaN or infinite
                values, empty batches, lengths out of range, gates asked of a
                cell that has none.
        """
        states = self._check(x, state, lengths, return_gates)
        ends = _Ends(lengths, x.shape[1])
        below, finals, traces = ends.clear(x), [], []
        starts = list(zip(*states, strict=True))  # one for each cell
        for layer in range(self.num_layers):
            if layer:
                below = self._drop(below)
            outs = []
            for direction in range(self.num_directions):
                number = layer * self.num_directions + direction
                in_order = ends.reverse if direction else _as_it_is
                sequences, last, trace = self._scan(
                    self.cells[number],
                    in_order(below),
                    starts[number],
                    return_gates,
                )
                finals.append(last if lengths is None else ends.last(sequences))
                outs.append(ends.clear(in_order(sequences[0])))
                traces.append([ends.clear(in_order(s)) for s in trace])
            below = outs[0] if len(outs) == 1 else torch.cat(outs, dim=2)
        final = tuple(torch.stack(s) for s in zip(*finals, strict=True))
        state = final if len(final) > 1 else final[0]
        if return_gates:
            return below, state, [GateTrace(*trace) for trace in traces]
        return below, state

    def _scan(
        self,
        cell: Cell,
        x: Tensor,
        start: tuple[Tensor, ...],
        return_gates: bool,
    ) -> tuple[Sequence[Tensor], Sequence[Tensor], Sequence[Tensor]]:
        """Loop a cell over the steps.

        Returns:
            The states of all steps, the hidden state first, (N, T, H) each;
            those of the last step, (N, H) each; and, if asked for, the arrays
            of a `GateTrace`, (N, T, H) each.
        """
        state, states, gates = start, [], []
        for x_t in x.unbind(dim=1):  # (N, D)
            if return_gates:
                gates.append(cell.gates(x_t, *state))
                state = (gates[-1].h, gates[-1].c)
            else:
                state = cell.step(x_t, *state)
            states.append(state)
        return _stack(states), state, [s.detach() for s in _stack(gates)]

    def _drop(self, x: Tensor) -> Tensor:
        """Apply dropout: as PyTorch's, at half the time on a CPU."""
        if not self.training or not self.dropout:
            return x
        is_kept = torch.rand_like(x) >= self.dropout
        return x * is_kept / (1 - self.dropout)

    def _check(
        self,
        x: Tensor,
        state: Tensor | tuple[Tensor, ...] | None,
        lengths: Tensor | None,
        return_gates: bool,
    ) -> tuple[Tensor, ...]:
        """Check the arguments of `forward`; return the states."""
        cell = self.cells[0]
        like, names = cell.weight_hh, cell.state_names
        check_tensor("x", x, ("N", "T", self.input_size), like)
        N, T, _ = x.shape
        if lengths is not None:
            check_whole_tensor("lengths", lengths, (N,), 1, T, like)
        check_type("return_gates", return_gates, bool)
        if return_gates and not hasattr(cell, "gates"):
            raise ValueError(
                "return_gates: expected False, as this cell has no LSTM's "
                f"gates, got True with {type(cell).__name__}"
            )
        shape = (len(self.cells), N, self.hidden_size)
        if state is None:
            return tuple(like.new_zeros(shape) for _ in names)
        return check_states(names, state, shape, like, "state ")

    def extra_repr(self) -> str:
        """Say the options when printed."""
        return f"dropout={self.dropout}, num_directions={self.num_directions}"


class _Ends:
    """Where each sequence of a batch ends; what comes after is padding."""

    def __init__(self, lengths: Tensor | None, steps: int) -> None:
        self.lengths = lengths
        if lengths is not None:
            t = torch.arange(steps, device=lengths.device)
            last = lengths[:, None] - 1  # (N, 1)
            self.is_past = (t > last)[..., None]  # (N, T, 1)
            self.from_end = torch.where(t > last, t, last - t)  # (N, T)
            self.rows = torch.arange(len(lengths), device=lengths.device)

    def clear(self, sequence: Tensor) -> Tensor:
        """Set to 0 what comes after the end."""
        if self.lengths is None:
            return sequence
        return sequence.masked_fill(self.is_past, 0.0)

    def reverse(self, sequence: Tensor) -> Tensor:
        """Turn each sequence round, and leave its padding where it is."""
        if self.lengths is None:
            return sequence.flip(1)
        return sequence[self.rows[:, None], self.from_end]

    def last(self, states: Sequence[Tensor]) -> list[Tensor]:
        """Pick each sequence's last real step, (N, H)."""
        return [s[self.rows, self.lengths - 1] for s in states]


def _as_it_is(sequence: Tensor) -> Tensor:
    """Return the sequence: the order of the first direction."""
    return sequence


def _stack(steps: Sequence[Sequence[Tensor]]) -> list[Tensor]:
    """Turn T tuples of (N, H) into a list of (N, T, H)."""
    return [torch.stack(s, dim=1) for s in zip(*steps, strict=True)]
