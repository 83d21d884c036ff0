r"""The fast LSTM: the readable cell's numbers, with a backward pass by hand."""

from torch import Generator

from unrolled.cell import LSTMCell
from unrolled.cell_base import Init
from unrolled.recurrent import Recurrent


class LSTM(Recurrent):
    """A stack of LSTM layers (the fast pass is still to come)."""

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
