"""A model that writes, one character at a time."""

from collections.abc import Sequence

import torch
from jaxtyping import Int64
from torch import Generator, Tensor, nn
from torch.nn.utils.rnn import pad_sequence

from unrolled._checks import check, check_float, check_int, check_type, insist
from unrolled.cell import State
from unrolled.models import parts
from unrolled.models.parts import Scores, Tokens
from unrolled.modes import mode
from unrolled.recurrent import Lengths, Recurrent
from unrolled.tasks import IGNORE


class CharLM(nn.Module):
    r"""Predict each character of a text from the characters before it.

    .. math:: P(x_{t+1} \mid x_1, \dots, x_t) = \text{softmax}(W\, h_t + b)

    A text may have an end character, which also stands before its first.

    Args:
        recurrent: the layer that reads, of one direction and V inputs.
        characters: the V characters there are, each once.
        end: the character that ends a text, one of these, if there is one.

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
        end: str | None = None,
        generator: Generator | None = None,
    ) -> None:
        super().__init__()
        parts.check_one_way("recurrent", recurrent)
        check_type("characters", characters, str)
        V = recurrent.input_size
        are_different = len(characters) == len(set(characters)) == V
        wanted = f"{V} different ones, as the recurrent layer has inputs"
        insist("characters", are_different, wanted, characters)
        insist("end", end in [None, *characters], f"one of {characters!r}", end)
        self.recurrent = recurrent
        self.characters = characters
        self.end = end
        H = recurrent.output_size
        self.head = parts.make_head(recurrent, H, V, generator)

    def encode(self, text: str) -> Int64[Tensor, " T"]:
        """Number the characters of a text, of which there is at least one."""
        return self._encode("text", text)

    def _encode(self, name: str, text: str, before: str = "") -> Tensor:
        """Number the characters of an argument, and of what comes before."""
        check_type(name, text, str)
        unknown = min(set(text) - set(self.characters), default="")
        wanted = f"one or more of {self.characters!r:.200}"
        insist(name, bool(before + text) and not unknown, wanted, unknown)
        numbers = [self.characters.index(c) for c in before + text]
        return torch.tensor(numbers, device=self.head.weight.device)

    def decode(self, tokens: Int64[Tensor, " T"]) -> str:
        """Spell out tokens."""
        V = len(self.characters)
        check(like=self.head.weight, tokens=(tokens, "T", range(V)))
        return "".join(self.characters[token] for token in tokens.tolist())

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
        rows = [self._encode("texts", text, self.end or "") for text in texts]
        for text in texts:
            wanted, is_whole = "two characters or more", len(text) > 1
            if self.end:
                wanted = f"{self.end!r} at the end of each, and only there"
                is_whole = text.partition(self.end)[1:] == (self.end, "")
            insist("texts", is_whole, wanted, text)
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
        prompt: str = "",
        temperature: float = 1.0,
        generator: Generator | None = None,
    ) -> list[str]:
        r"""Write texts, one character at a time.

        Each character is drawn from
        :math:`\text{softmax}(\text{logits} / \tau)`, and read in its turn.
        Dropout is left out.

        Args:
            count: N, texts.
            length: the most characters to write after the prompt.
            prompt: what each text begins with; empty only if the model has an
                end character.
            temperature: τ. At 0 the likeliest is always taken.
            generator: the source of randomness, on the model's device.

        Returns:
            N texts, each with its prompt and, if reached, its end.
        """
        count = check_int("count", count)
        length = check_int("length", length)
        check_float("temperature", temperature, "of at least 0", 0)
        check_type("generator", generator, Generator | None)
        start = self._encode("prompt", prompt, self.end or "")
        is_open = not self.end or self.end not in prompt
        insist("prompt", is_open, f"no {self.end!r}, which ends a text", prompt)
        end = self.characters.index(self.end) if self.end else -1
        how = length, end, temperature, generator
        with mode(self, training=False), torch.no_grad():
            written = parts.write(
                self.read, start.expand(count, -1), None, *how
            )
        texts = map(self.decode, written)
        if self.end:
            texts = ("".join(text.partition(self.end)[:2]) for text in texts)
        return [prompt + text for text in texts]
