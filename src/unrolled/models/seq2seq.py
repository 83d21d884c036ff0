"""A model that reads one sequence, then writes another."""

import torch
from jaxtyping import Int64
from torch import Generator, Tensor, nn
from torch.nn.functional import pad

from unrolled._checks import check_int, insist
from unrolled.cell import State, mode
from unrolled.models import parts
from unrolled.models.parts import Scores, Tokens
from unrolled.recurrent import Lengths, Recurrent


class Seq2Seq(nn.Module):
    r"""Read a source with one recurrent layer, write with another.

    The decoder starts from the state in which the encoder ends. Then it reads
    what it has written so far:

    .. math::
        P(y_t \mid y_1, \dots, y_{t-1}, x) = \text{softmax}(W\, h_t + b)

    Args:
        encoder: reads the source, of as many inputs as there are source tokens.
        decoder: writes the target, in one direction, of V inputs: the target
            tokens, the start and the end among them. Its state has the shape
            of the encoder's.
        start: the token before the first of a target.
        end: the token after the last; another.

    Example:
        >>> from unrolled.lstm import LSTM
        >>> model = Seq2Seq(LSTM(8, 16), LSTM(10, 16), start=8, end=9)
        >>> model.greedy(torch.tensor([[7, 4, 1], [2, 2, 5]]), 4).shape
        torch.Size([2, 4])

    Reference: Cho et al. (2014); Sutskever, Vinyals & Le (2014).
    Chapter: 07_network.
    """

    def __init__(
        self,
        encoder: Recurrent,
        decoder: Recurrent,
        start: int,
        end: int,
        *,
        generator: Generator | None = None,
    ) -> None:
        super().__init__()
        parts.check_one_way("encoder", encoder)
        parts.check_one_way("decoder", decoder)
        wanted, given = (
            (layer.num_layers, layer.output_size, layer.cells[0].state_names)
            for layer in (encoder, decoder)
        )
        words = f"layers, hidden units and states as the encoder's, {wanted}"
        insist("decoder", given == wanted, words, given)
        V = decoder.input_size
        self.start = check_int("start", start, 0, V - 1)
        self.end = check_int("end", end, 0, V - 1)
        insist("start, end", start != end, "different tokens", (start, end))
        self.encoder = encoder
        self.decoder = decoder
        self.head = parts.make_head(decoder, decoder.output_size, V, generator)

    def forward(
        self,
        source: Int64[Tensor, "N S"],
        target_in: Tokens,
        lengths: Lengths = None,
    ) -> Scores:
        """Score the target's tokens, given the right ones before each: logits.

        Of the source, `lengths` count; `target_in` is the start, then the
        target without its last token.
        """
        state = self._encode(source, lengths)
        return self._decode(target_in, state, N=len(source))[0]

    def greedy(
        self,
        source: Int64[Tensor, "N S"],
        max_steps: int,
        lengths: Lengths = None,
    ) -> Tokens:
        """Write, at each step, the token that scores best.

        There are `max_steps` of them; after the first end come only ends.
        Dropout is left out.
        """
        T = check_int("max_steps", max_steps)
        with mode(self, training=False), torch.no_grad():
            state = self._encode(source, lengths)
            start = source.new_full((len(source), 1), self.start)
            written = parts.write(self._decode, start, state, T, self.end)
        return pad(written, (0, T - written.shape[1]), value=self.end)

    def _encode(self, source: Tensor, lengths: Tensor | None) -> State:
        """Read the source; return the state for the decoder to start from."""
        x = parts.token_input("source", source, self.encoder)  # (N, S, D)
        return self.encoder(x, lengths=lengths)[1]

    def _decode(self, tokens: Tokens, state: State | None, **sizes: int):
        """Read target tokens; score what follows each."""
        x = parts.token_input("target_in", tokens, self.decoder, **sizes)
        out, last = self.decoder(x, state)  # (N, T, H)
        return self.head(out), last  # (N, T, V)
