"""A model that reads one sequence, then writes another."""

import torch
from jaxtyping import Float, Int64
from torch import Generator, Tensor, nn

from unrolled._checks import check, check_whole, insist, refusal
from unrolled.cell import State
from unrolled.models.parts import (
    Lengths,
    Tokens,
    check_one_way,
    make_head,
    token_input,
)
from unrolled.modes import mode
from unrolled.recurrent import Recurrent


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
        >>> from unrolled import tasks
        >>> from unrolled.lstm import LSTM
        >>> model = Seq2Seq(LSTM(8, 16), LSTM(10, 16), start=8, end=9)
        >>> generator = torch.Generator().manual_seed(0)
        >>> source, given, lengths, target = tasks.reversal(5, 4, 8, generator)
        >>> model.greedy(source, 5, lengths).shape
        torch.Size([5, 5])

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
        check_one_way("encoder", encoder)
        check_one_way("decoder", decoder)
        wanted, given = (
            f"{layer.num_layers} layers of {layer.output_size} hidden units "
            f"with {' and '.join(layer.cells[0].state_names)} as state"
            for layer in (encoder, decoder)
        )
        if given != wanted:
            raise refusal("decoder", f"{wanted}, as the encoder", given)
        V = decoder.input_size
        for name, token in (("start", start), ("end", end)):
            is_token = check_whole(name, token, 0) < V
            insist(name, is_token, f"an input of the decoder's {V}", token)
        insist("start, end", start != end, "different tokens", (start, end))
        self.encoder = encoder
        self.decoder = decoder
        self.start = int(start)
        self.end = int(end)
        self.head = make_head(decoder, decoder.output_size, V, generator)

    def forward(
        self,
        source: Int64[Tensor, "N S"],
        target_in: Tokens,
        lengths: Lengths = None,
    ) -> Float[Tensor, "N T V"]:
        """Score the target's tokens, given the right ones before each: logits.

        Of the source, `lengths` count; `target_in` is the start, then the
        target without its last token.
        """
        state = self._encode(source, lengths)
        N, tokens = len(source), range(self.decoder.input_size)
        check({"N": N}, like=state[0], target_in=(target_in, "N T", tokens))
        return self._decode("target_in", target_in, state)[0]

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
        T = check_whole("max_steps", max_steps)
        with mode(self, training=False), torch.no_grad():
            state = self._encode(source, lengths)
            written = source.new_full((len(source), T), self.end)
            tokens = source.new_full((len(source), 1), self.start)
            ended = torch.zeros_like(tokens, dtype=torch.bool)  # (N, 1)
            for t in range(T):
                logits, state = self._decode("tokens", tokens, state)
                check(like=Tensor, logits=(logits, "N T V"))  # no NaN
                tokens = logits.argmax(dim=2)  # (N, 1)
                written[:, t : t + 1] = tokens.masked_fill(ended, self.end)
                ended |= tokens == self.end
                if ended.all():
                    break
        return written

    def _encode(self, source: Tensor, lengths: Tensor | None) -> State:
        """Read the source; return the state for the decoder to start from."""
        x = token_input("source", source, self.encoder)  # (N, S, D)
        return self.encoder(x, lengths=lengths)[1]

    def _decode(
        self, name: str, tokens: Tensor, state: State
    ) -> tuple[Tensor, State]:
        """Read target tokens; score what follows each."""
        x = token_input(name, tokens, self.decoder)  # (N, T, V)
        out, state = self.decoder(x, state)  # (N, T, H)
        return self.head(out), state  # (N, T, V)
