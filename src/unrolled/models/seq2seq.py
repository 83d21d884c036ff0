"""A model that reads one sequence, then writes another."""

import torch
from torch import Generator, Tensor, nn

from unrolled._checks import check_type, check_whole
from unrolled._torch_checks import check_tensor
from unrolled.models.parts import (
    State,
    check_one_way,
    hidden,
    make_head,
    predicting,
    token_input,
)
from unrolled.recurrent import Recurrent


class Seq2Seq(nn.Module):
    r"""Read a source with one recurrent layer, write with another.

    The decoder starts from the state in which the encoder ends: all that it
    knows of the source. Then it reads what it has written so far:

    .. math::
        P(y_t \mid y_1, \dots, y_{t-1}, x) = \text{softmax}(W\, h_t + b)

    The first thing it reads is the start, a token of its own; it is done when
    it writes the end. In training it is given the right tokens so far, whatever
    it would have written: teacher forcing.

    An encoder that reads both ways ends in two states for each layer; joined,
    they are one state of twice the size.

    Args:
        encoder: reads the source, of as many inputs as there are source tokens.
        decoder: writes the target, in one direction, of V inputs: the target
            tokens, the start and the end among them. As many layers and the
            same kind of cell as the encoder, and as many hidden units as the
            encoder has in all its directions.
        start: the token before the first of a target.
        end: the token after the last; another.
        generator: the source of the head's first weights; PyTorch's global one
            unless told.

    Raises:
        ValueError: no recurrent layers, layers that do not fit together, a
            bidirectional decoder, a start or an end that is no token.

    Example:
        >>> from unrolled import tasks
        >>> from unrolled.lstm import LSTM
        >>> model = Seq2Seq(LSTM(8, 16), LSTM(10, 16), start=8, end=9)
        >>> generator = torch.Generator().manual_seed(0)
        >>> source, given, lengths, target = tasks.reversal(5, 4, 8, generator)
        >>> model(source, given, lengths).shape
        torch.Size([5, 5, 10])
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
        check_type("encoder", encoder, Recurrent)
        check_one_way("decoder", decoder, "what follows is yet to be written")
        self._check_fit(encoder, decoder)
        V = decoder.input_size
        for name, token in (("start", start), ("end", end)):
            if check_whole(name, token, 0) >= V:
                raise ValueError(
                    f"{name}: expected a token from 0 to {V - 1}, as the "
                    f"decoder has {V} inputs, got {token}"
                )
        if start == end:
            raise ValueError(
                f"end: expected another token than the start, got {end}"
            )
        self.encoder = encoder
        self.decoder = decoder
        self.start = int(start)
        self.end = int(end)
        self.head = make_head(decoder, decoder.output_size, V, generator)

    @staticmethod
    def _check_fit(encoder: Recurrent, decoder: Recurrent) -> None:
        """Insist on layers of which one can go on where the other ends."""
        for what, given, wanted in (
            ("layers", decoder.num_layers, encoder.num_layers),
            ("hidden units", decoder.hidden_size, encoder.output_size),
            (
                "as state",
                ", ".join(decoder.cells[0].state_names),
                ", ".join(encoder.cells[0].state_names),
            ),
        ):
            if given != wanted:
                raise ValueError(
                    f"decoder: expected {wanted} {what}, as the encoder hands "
                    f"over, got {given}"
                )

    def forward(
        self, source: Tensor, target_in: Tensor, lengths: Tensor | None = None
    ) -> Tensor:
        """Score the target's tokens, given the right ones before each.

        Args:
            source: tokens, (N, S), int64.
            target_in: what the decoder reads, (N, T), int64: the start, then
                the target without its last token.
            lengths: each source's tokens, (N,), int64; all S unless told.

        Returns:
            Logits, (N, T, V). Past a target's end they mean nothing.

        Raises:
            ValueError: wrong shapes, dtypes or devices, an empty batch, tokens
                or lengths out of range.
        """
        state = self._encode(source, lengths)
        return self._decode("target_in", target_in, state)[0]

    def greedy(
        self, source: Tensor, max_steps: int, lengths: Tensor | None = None
    ) -> Tensor:
        """Write, at each step, the token that scores best.

        It is then read in its turn, right or wrong. Dropout is left out.

        Args:
            source: tokens, (N, S), int64.
            max_steps: T, the most tokens to write, the end included.
            lengths: each source's tokens, (N,), int64; all S unless told.

        Returns:
            Tokens, (N, T), int64. After the first end come only ends.

        Raises:
            ValueError: as `forward`; steps that are not a whole number of at
                least 1; a model that has gone wrong and gives NaN.
        """
        T = check_whole("max_steps", max_steps)
        with predicting(self):
            state = self._encode(source, lengths)
            written = source.new_full((len(source), T), self.end)
            tokens = source.new_full((len(source), 1), self.start)
            ended = torch.zeros_like(tokens, dtype=torch.bool)  # (N, 1)
            for t in range(T):
                logits, state = self._decode("tokens", tokens, state)
                check_tensor("logits", logits, ("N", 1, "V"))
                tokens = logits.argmax(dim=2)  # (N, 1)
                written[:, t : t + 1] = tokens.masked_fill(ended, self.end)
                ended |= tokens == self.end
                if ended.all():
                    break
        return written

    def _encode(self, source: Tensor, lengths: Tensor | None) -> State:
        """Read the source; return the state for the decoder to start from."""
        x = token_input("source", source, self.encoder)  # (N, S, D)
        _, state = self.encoder(x, lengths=lengths)
        if isinstance(state, Tensor):
            return self._join_directions(state)
        return tuple(self._join_directions(s) for s in state)

    def _join_directions(self, state: Tensor) -> Tensor:
        """Put the states of both directions side by side."""
        by_layer = state.unflatten(0, (self.encoder.num_layers, -1))
        return by_layer.movedim(1, 2).flatten(2)  # (L, N, directions · H)

    def _decode(
        self, name: str, tokens: Tensor, state: State
    ) -> tuple[Tensor, State]:
        """Read target tokens; score what follows each."""
        count = hidden(state).shape[1]
        x = token_input(name, tokens, self.decoder, count)  # (N, T, V)
        out, state = self.decoder(x, state)  # (N, T, H)
        return self.head(out), state  # (N, T, V)
