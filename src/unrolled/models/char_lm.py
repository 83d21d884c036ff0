"""A model that writes, one character at a time."""

from collections.abc import Sequence

import torch
from jaxtyping import Int64
from torch import Generator, Tensor, nn
from torch.nn.utils.rnn import pad_sequence

from unrolled._checks import check_float, check_int, check_type, insist
from unrolled.cell import State, mode
from unrolled.models import parts
from unrolled.models.parts import Scores, Tokens
from unrolled.recurrent import Lengths, Recurrent
from unrolled.tasks import IGNORE


class CharLM(nn.Module):
    r"""Predict each character of a text from the characters before it.

    .. math:: P(x_{t+1} \mid x_1, \dots, x_t) = \text{softmax}(W\, h_t + b)

    The character that ends a text also stands before its first.

    Args:
        recurrent: the layer that reads, of one direction and V inputs.
        characters: the V characters there are, each once.
        end: the one of them that ends a text.

    Example:
        >>> from unrolled.lstm import LSTM
        >>> model = CharLM(LSTM(3, 8), "ab.", end=".")
        >>> tokens, lengths, targets = model.examples(["ab.", "b."])
        >>> tokens.tolist(), targets.tolist()
        ([[2, 0, 1], [2, 1, 0]], [[0, 1, 2], [1, 2, -100]])
        >>> model(tokens, lengths).shape
        torch.Size([2, 3, 3])

    Reference: Sutskever, Martens & Hinton (2011); Graves (2013).
    Chapter: 07_network.
    """

    def __init__(
        self,
        recurrent: Recurrent,
        characters: str,
        *,
        end: str,
        generator: Generator | None = None,
    ) -> None:
        super().__init__()
        parts.check_one_way("recurrent", recurrent)
        check_type("characters", characters, str)
        V = recurrent.input_size
        are_different = len(characters) == len(set(characters)) == V
        wanted = f"{V} different ones, as the recurrent layer has inputs"
        insist("characters", are_different, wanted, characters)
        insist("end", end in [*characters], f"one of {characters!r}", end)
        self.recurrent = recurrent
        self.characters = characters
        self.end = end
        self.head = parts.make_head(
            recurrent, recurrent.output_size, V, generator
        )

    def examples(
        self, texts: Sequence[str]
    ) -> tuple[Tokens, Int64[Tensor, " N"], Tokens]:
        """Pair each character of texts with the one that follows it.

        Returns:
            The tokens, with token 0 past a text's end; the lengths; the
            targets, with -100 past the end.
        """
        are_texts = isinstance(texts, list | tuple) and len(texts) > 0
        insist("texts", are_texts, "a list of texts", texts)
        for text in texts:
            check_type("texts", text, str)
            unknown = min(set(text) - set(self.characters), default="")
            wanted = f"nothing but {self.characters!r:.200}"
            insist("texts", not unknown, wanted, unknown)
            is_whole = text.partition(self.end)[1:] == (self.end, "")
            wanted = f"{self.end!r} at the end of each, and only there"
            insist("texts", is_whole, wanted, text)
        device, number = self.head.weight.device, self.characters.index
        rows = [
            torch.tensor([*map(number, self.end + text)], device=device)
            for text in texts
        ]
        return (
            pad_sequence([row[:-1] for row in rows], True),
            rows[0].new_tensor([len(row) - 1 for row in rows]),
            pad_sequence([row[1:] for row in rows], True, IGNORE),
        )

    def forward(self, tokens: Tokens, lengths: Lengths = None) -> Scores:
        """Score, at every step, which character comes next: logits."""
        return self.read(tokens, lengths=lengths)[0]

    def read(
        self,
        tokens: Tokens,
        state: State | None = None,
        lengths: Lengths = None,
    ) -> tuple[Scores, State]:
        """Read on from a state: what `forward` does, and where it ends."""
        x = parts.token_input("tokens", tokens, self.recurrent)  # (N, T, V)
        out, last = self.recurrent(x, state, lengths)  # (N, T, H)
        return self.head(out), last  # (N, T, V)

    def generate(
        self,
        count: int,
        length: int,
        *,
        temperature: float = 1.0,
        generator: Generator | None = None,
    ) -> list[str]:
        r"""Write texts, one character at a time.

        Each character is drawn from
        :math:`\text{softmax}(\text{logits} / \tau)`, and read in its turn.
        Dropout is left out. A text is returned with its end, if reached.

        Args:
            count: N, texts.
            length: the most characters of a text.
            temperature: τ. At 0 the likeliest is always taken.
            generator: the source of randomness, on the model's device.
        """
        count = check_int("count", count)
        length = check_int("length", length)
        check_float("temperature", temperature, "of at least 0", 0)
        check_type("generator", generator, Generator | None)
        end = self.characters.index(self.end)
        start = torch.full((count, 1), end, device=self.head.weight.device)
        how = length, end, temperature, generator
        with mode(self, training=False), torch.no_grad():
            written = parts.write(self.read, start, None, *how)
        texts = (
            "".join(self.characters[token] for token in row)
            for row in written.tolist()
        )
        return ["".join(text.partition(self.end)[:2]) for text in texts]
