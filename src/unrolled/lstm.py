r"""The fast LSTM: the same numbers as the readable cell looped in time."""

from collections.abc import Sequence

import torch
from torch import Generator, Tensor, nn

from unrolled._checks import check_type
from unrolled.cell import LSTMCell
from unrolled.cell_base import Cell, Init
from unrolled.lstm_scan import LSTMScan
from unrolled.recurrent import Recurrent


class LSTM(Recurrent):
    r"""A stack of LSTM layers: `Recurrent` with `LSTMCell`, but fast.

    Parameters, arguments and results are those of
    ``Recurrent(LSTMCell, ...)``, and so is the order of ``cells``; only the
    loop over the steps and its gradient are computed in another way. Results
    differ by rounding alone. Under ``torch.autocast`` it
    stays in the dtype of its parameters.

    Args:
        input_size: D, inputs per step.
        hidden_size: H, hidden units in each layer and direction.
        num_layers: L, the layers.
        dropout: the probability that a hidden state is dropped on its way to
            the next layer, in training.
        bias: whether there is a bias.
        forget_bias: added to the forget gates' biases at the start, in every
            layer and direction; the total, however many biases there are.
        bidirectional: whether each layer reads in both directions.
        two_biases: whether each layer has two biases, which are added, as
            PyTorch's has.
        init: how the weights are drawn: ``"uniform"``, ``"xavier"`` or
            ``"pytorch"``, as for ``unrolled.cell_base.Cell``.
        generator: the source of the first weights; PyTorch's global one
            unless told.

    Raises:
        ValueError: as `Recurrent` and `LSTMCell`. A second derivative is a
            RuntimeError: the backward pass is not differentiable itself.

    Example:
        >>> lstm = LSTM(3, 5, num_layers=2)
        >>> out, (h, c) = lstm(torch.ones(4, 7, 3))
        >>> out.shape, h.shape
        (torch.Size([4, 7, 5]), torch.Size([2, 4, 5]))
        >>> out, (h, c), trace = lstm(torch.ones(4, 7, 3), return_gates=True)
        >>> trace[0].f.shape  # the first layer's forget gate
        torch.Size([4, 7, 5])

    Reference: Hochreiter & Schmidhuber (1997); Gers, Schmidhuber & Cummins
    (2000). Chapter: 07_network.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        dropout: float = 0.0,
        bias: bool = True,
        forget_bias: float = 1.0,
        *,
        bidirectional: bool = False,
        two_biases: bool = False,
        init: Init = "uniform",
        generator: Generator | None = None,
    ) -> None:
        super().__init__(
            LSTMCell,
            input_size,
            hidden_size,
            num_layers,
            dropout,
            bidirectional=bidirectional,
            generator=generator,
            bias=bias,
            forget_bias=forget_bias,
            two_biases=two_biases,
            init=init,
        )

    @classmethod
    def from_torch(cls, other: nn.LSTM, two_biases: bool = False) -> "LSTM":
        """Copy PyTorch's own layer: same numbers from the same input.

        Args:
            other: the layer to copy. Ours is always batch first; whether the
                other is makes no difference to its parameters.
            two_biases: whether to keep PyTorch's two biases apart; their sum
                becomes our one bias unless told.

        Returns:
            A layer with copies of the parameters, of the same dtype, on the
            same device, in the same mode (training or not).

        Raises:
            ValueError: something else than ``torch.nn.LSTM``, or one with
                projections (``proj_size``), which ours has not, or with a
                dropout of 1.

        Example:
            >>> theirs = nn.LSTM(3, 5, batch_first=True)
            >>> x = torch.ones(4, 7, 3)
            >>> torch.allclose(LSTM.from_torch(theirs)(x)[0], theirs(x)[0])
            True
        """
        check_type("other", other, nn.LSTM)
        if other.proj_size:
            raise ValueError(
                "other: expected an LSTM without projections, got "
                f"proj_size={other.proj_size}"
            )
        check_type("two_biases", two_biases, bool)
        ours = cls(
            other.input_size,
            other.hidden_size,
            other.num_layers,
            other.dropout if other.num_layers > 1 else 0.0,
            bias=other.bias,
            bidirectional=other.bidirectional,
            two_biases=two_biases and other.bias,
            generator=Generator(),  # so that the global one stays as it is
        )
        ours.to(other.weight_ih_l0).train(other.training)
        with torch.no_grad():
            for cell, theirs in zip(ours.cells, other.all_weights, strict=True):
                cell.weight_ih.copy_(theirs[0])
                cell.weight_hh.copy_(theirs[1])
                biases = theirs[2:] if two_biases else [sum(theirs[2:])]
                for bias, value in zip(cell.biases, biases, strict=False):
                    bias.copy_(value)
        return ours

    def to_torch(self) -> nn.LSTM:
        """Make PyTorch's own layer of this one: same numbers, batch first.

        Returns:
            A layer with copies of the parameters, of the same dtype, on the
            same device, in the same mode. With one bias here, PyTorch's
            second is 0.

        Example:
            >>> ours = LSTM(3, 5)
            >>> x = torch.ones(4, 7, 3)
            >>> torch.allclose(ours.to_torch()(x)[0], ours(x)[0])
            True
        """
        weight = self.cells[0].weight_ih
        # On "meta" first: no numbers, none drawn from the global generator.
        theirs = nn.LSTM(
            self.input_size,
            self.hidden_size,
            self.num_layers,
            bias=bool(self.cells[0].biases),
            batch_first=True,
            dropout=self.dropout,
            bidirectional=self.num_directions == 2,
            device="meta",
            dtype=weight.dtype,
        )
        theirs.to_empty(device=weight.device).train(self.training)
        with torch.no_grad():
            for cell, copies in zip(
                self.cells, theirs.all_weights, strict=True
            ):
                ours = [cell.weight_ih, cell.weight_hh, *cell.biases]
                for copy in copies[len(ours) :]:
                    copy.zero_()
                for copy, value in zip(copies, ours, strict=False):
                    copy.copy_(value)
        return theirs

    def _scan(
        self,
        cell: Cell,
        x: Tensor,
        start: tuple[Tensor, ...],
        return_gates: bool,
    ) -> tuple[Sequence[Tensor], Sequence[Tensor], Sequence[Tensor]]:
        """Do what the base class does, but as one operation for autograd."""
        if x.shape[1] == 1 and not torch.is_grad_enabled():
            return super()._scan(cell, x, start, return_gates)  # less overhead
        bias = cell.total_bias if cell.biases else None
        with torch.autocast(x.device.type, enabled=False):
            hs, cs, h, c, gates = LSTMScan.apply(
                x.permute(1, 2, 0),  # (T, D, N)
                *(state.T for state in start),  # (H, N) each
                cell.weight_ih,
                cell.weight_hh,
                bias,
            )
        hs, cs = hs.permute(2, 0, 1), cs.permute(2, 0, 1)  # (N, T, H) each
        trace = []
        if return_gates:
            gates = gates.permute(2, 0, 1)  # (N, T, 4H)
            trace = [*gates.chunk(4, dim=2), cs.detach(), hs.detach().clone()]
        return (hs, cs), (h.T, c.T), trace
