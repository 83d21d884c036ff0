"""One answer for a sequence, or one for each of its steps."""

from typing import Literal

from torch import Generator, Tensor, nn

from unrolled._checks import check_choice, check_float, check_int, check_type
from unrolled.cell import _packed
from unrolled.models.parts import Inputs, Scores, any_input, make_head
from unrolled.recurrent import Lengths, Recurrent


class Classifier(nn.Module):
    r"""Read a sequence to its end, then say which class it is of.

    .. math:: \text{logits} = W\, h_T + b

    with :math:`h_T` for the state after the last step, in both directions if
    there are two.

    Args:
        recurrent: the layer that reads, of D inputs.
        num_classes: C, at least 2.
        layers: whose final state the head reads; all are joined.
        dropout: the probability that an entry of the state is dropped on its
            way to the head, in training.

    Example:
        >>> from unrolled.lstm import LSTM
        >>> model = Classifier(LSTM(1, 128, 2, bias=False), 2)
        >>> sum(parameter.numel() for parameter in model.parameters())
        197378

    Reference: source B, "The Training Process". Chapter: 07_network.
    """

    def __init__(
        self,
        recurrent: Recurrent,
        num_classes: int,
        *,
        layers: Literal["last", "all"] = "last",
        dropout: float = 0.0,
        generator: Generator | None = None,
    ) -> None:
        super().__init__()
        check_type("recurrent", recurrent, Recurrent)
        C = check_int("num_classes", num_classes, 2)
        check_choice("layers", layers, ("last", "all"))
        check_float("dropout", dropout, "from 0 to below 1", 0, 1)
        layers_read = recurrent.num_layers if layers == "all" else 1
        features = layers_read * recurrent.output_size
        self.recurrent = recurrent
        self.dropout = nn.Dropout(dropout)
        self.head = make_head(recurrent, features, C, generator)
        self._states_read = layers_read * recurrent.num_directions

    def forward(self, x: Inputs, lengths: Lengths = None) -> Tensor:
        """Score the classes: logits, (N, C)."""
        _, state = self.recurrent(any_input(x, self.recurrent), lengths=lengths)
        h, *_ = _packed(state)
        read = h[-self._states_read :].movedim(0, 1).flatten(1)  # (N, kH)
        return self.head(self.dropout(read))  # (N, C)


class Tagger(nn.Module):
    r"""Read a sequence, and say at each step which tag it has.

    .. math:: \text{logits}_t = W\, h_t + b

    Args:
        recurrent: the layer that reads, of D inputs.
        num_tags: C, at least 2.

    Example:
        >>> import torch
        >>> from unrolled.lstm import LSTM
        >>> model = Tagger(LSTM(6, 8, bidirectional=True), 2)
        >>> model(torch.tensor([[0, 4, 1, 5]])).shape
        torch.Size([1, 4, 2])

    Reference: Graves & Schmidhuber (2005), for both directions.
    Chapter: 07_network.
    """

    def __init__(
        self,
        recurrent: Recurrent,
        num_tags: int,
        *,
        generator: Generator | None = None,
    ) -> None:
        super().__init__()
        check_type("recurrent", recurrent, Recurrent)
        C = check_int("num_tags", num_tags, 2)
        self.recurrent = recurrent
        self.head = make_head(recurrent, recurrent.output_size, C, generator)

    def forward(self, x: Inputs, lengths: Lengths = None) -> Scores:
        """Score the tags of every step: logits."""
        out, _ = self.recurrent(any_input(x, self.recurrent), lengths=lengths)
        return self.head(out)  # (N, T, C)
