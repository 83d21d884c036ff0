"""A model that writes, one character at a time."""

import math

import torch
from torch import Generator, Tensor, nn
from torch.nn.utils.rnn import pad_sequence

from unrolled._checks import check_number, check_type, check_whole
from unrolled._torch_checks import check_tensor, check_whole_tensor
from unrolled.models.parts import (
    State,
    check_generator,
    check_one_way,
    make_head,
    parameter_of,
    predicting,
    token_input,
)
from unrolled.recurrent import Recurrent
from unrolled.tasks import IGNORE


class CharLM(nn.Module):
    r"""Predict each character of a text from the characters before it.

    .. math:: P(x_{t+1} \mid x_1, \dots, x_t) = \text{softmax}(W\, h_t + b)

    A text may have an end character, which also stands before its first: what
    follows an end is a beginning. The model then learns both.

    Args:
        recurrent: the layer that reads, of one direction and V inputs.
        characters: the V characters there are, each once.
        end: the character that ends a text, one of these; None if texts have
            no end.
        generator: the source of the head's first weights; PyTorch's global one
            unless told.

    Raises:
        ValueError: no recurrent layer, one that is bidirectional and would
            read what it is to predict, another number of inputs than of
            characters, a character twice, an end that is not among them.

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
        check_one_way("recurrent", recurrent, "the next character is to come")
        check_type("characters", characters, str)
        V = recurrent.input_size
        if len(characters) != V or len(set(characters)) != V:
            raise ValueError(
                f"characters: expected {V} different ones, as the recurrent "
                f"layer has inputs, got {characters!r:.80}"
            )
        if end is not None and (not isinstance(end, str) or len(end) != 1):
            raise ValueError(f"end: expected one character, got {end!r:.80}")
        if end is not None and end not in characters:
            raise ValueError(
                f"end: expected one of {characters!r:.80}, got {end!r}"
            )
        self.recurrent = recurrent
        self.characters = characters
        self.end = end
        self._before = "" if end is None else end
        self._end_number = -1 if end is None else characters.index(end)
        self.head = make_head(recurrent, recurrent.output_size, V, generator)

    def encode(self, text: str) -> Tensor:
        """Number the characters of a text.

        Args:
            text: at least one character.

        Returns:
            Tokens, (T,), int64.

        Raises:
            ValueError: no text, an empty one, an unknown character.
        """
        return self._encode("text", text)

    def _encode(self, name: str, text: str) -> Tensor:
        """Number the characters of an argument."""
        check_type(name, text, str)
        unknown = set(text) - set(self.characters)
        if not text or unknown:
            raise ValueError(
                f"{name}: expected one or more of {self.characters!r:.200}, "
                f"got {min(unknown, default='')!r}"
            )
        return torch.tensor([self.characters.index(c) for c in text])

    def decode(self, tokens: Tensor) -> str:
        """Spell out tokens.

        Args:
            tokens: (T,), int64.

        Returns:
            The text.

        Raises:
            ValueError: no tensor of whole numbers, another shape, a token out
                of range.
        """
        V = len(self.characters)
        check_whole_tensor("tokens", tokens, ("T",), 0, V - 1)
        return "".join(self.characters[token] for token in tokens.tolist())

    def examples(
        self, texts: list[str] | tuple[str, ...]
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Turn texts into what there is to learn from them.

        Each character is paired with the one that follows it; with an end
        character, the first is paired with the end before it.

        Args:
            texts: N texts. With an end character, each has it as its last
                character and nowhere else; without, each has two characters
                or more.

        Returns:
            The tokens (N, T), with token 0 past a text's end; the lengths
            (N,); the targets (N, T), with -100 past the end. All int64.

        Raises:
            ValueError: no list of texts, an unknown character, a text without
                its end or too short.
        """
        if not isinstance(texts, list | tuple) or not texts:
            raise ValueError(
                f"texts: expected a list of texts, got {texts!r:.80}"
            )
        for text in texts:
            self._check_whole_text(text)
        rows = [self._encode("texts", self._before + text) for text in texts]
        return (
            pad_sequence([row[:-1] for row in rows], batch_first=True),
            torch.tensor([len(row) - 1 for row in rows]),
            pad_sequence(
                [row[1:] for row in rows],
                batch_first=True,
                padding_value=IGNORE,
            ),
        )

    def _check_whole_text(self, text: str) -> None:
        """Insist on a text that ends as it should, and only there."""
        check_type("texts", text, str)
        if self.end is None:
            if len(text) < 2:
                raise ValueError(
                    f"texts: expected two characters or more, got {text!r}"
                )
        elif text.partition(self.end)[1:] != (self.end, ""):
            raise ValueError(
                f"texts: expected {self.end!r} at the end of each, and only "
                f"there, got {text!r:.80}"
            )

    def forward(self, tokens: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Score, at every step, which character comes next.

        Args:
            tokens: (N, T), int64.
            lengths: each text's tokens, (N,), int64; all T unless told.

        Returns:
            Logits, (N, T, V). Past a text's end they mean nothing.

        Raises:
            ValueError: wrong shapes, dtypes or devices, an empty batch, tokens
                or lengths out of range.
        """
        return self.read(tokens, lengths=lengths)[0]

    def read(
        self,
        tokens: Tensor,
        state: State | None = None,
        lengths: Tensor | None = None,
    ) -> tuple[Tensor, State]:
        """Read on from a state: what `forward` does, and where it ends.

        Args:
            tokens: (N, T), int64.
            state: what an earlier call returned; zeros unless told.
            lengths: each text's tokens, (N,), int64; all T unless told.

        Returns:
            Logits, (N, T, V), and the state after each text's last token, from
            which the next call reads on.

        Raises:
            ValueError: as `forward`; a state of another shape.
        """
        x = token_input("tokens", tokens, self.recurrent)  # (N, T, V)
        out, state = self.recurrent(x, state, lengths)  # (N, T, H)
        return self.head(out), state  # (N, T, V)

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
        :math:`\text{softmax}(\text{logits} / \tau)`, with τ for the
        temperature, and read in its turn. The state is carried along: nothing
        is read twice. Dropout is left out.

        Args:
            count: N, texts.
            length: the most characters to write after the prompt. A text is
                finished earlier by the end character, if the model has one.
            prompt: what each text begins with. It may be empty if the model
                has an end character, after which texts begin.
            temperature: τ. Below 1 the likely characters become likelier still,
                above 1 less so. At 0 the likeliest is always taken, so that
                all N texts are the same.
            generator: the source of randomness, on the model's device;
                PyTorch's global one unless told.

        Returns:
            N texts, each with its prompt and, if reached, its end.

        Raises:
            ValueError: a count or length that is not a whole number of at
                least 1, an unknown character, an end in the prompt, no prompt
                where one is needed, a temperature below 0, NaN or infinite;
                a model that has gone wrong and gives NaN.
        """
        count = check_whole("count", count)
        length = check_whole("length", length)
        temperature = check_number(
            "temperature",
            temperature,
            "of at least 0",
            minimum=0,
            below=math.inf,
        )
        check_generator(generator)
        check_type("prompt", prompt, str)
        start = self._encode("prompt", self._before + prompt)
        if self.end is not None and self.end in prompt:
            raise ValueError(
                f"prompt: expected no {self.end!r}, which ends a text, "
                f"got {prompt!r:.80}"
            )
        tokens = start.to(parameter_of(self).device).expand(count, -1)
        state, written = None, []
        ended = torch.zeros_like(tokens[:, :1], dtype=torch.bool)
        with predicting(self):
            while len(written) < length and not ended.all():
                logits, state = self.read(tokens, state)
                tokens = _draw(logits[:, -1], temperature, generator)  # (N, 1)
                written.append(tokens)
                ended |= tokens == self._end_number
        texts = [self.decode(row) for row in torch.cat(written, dim=1)]
        return [prompt + self._cut(text) for text in texts]

    def _cut(self, text: str) -> str:
        """Cut a text after its first end."""
        if self.end is None:
            return text
        return "".join(text.partition(self.end)[:2])


def _draw(
    logits: Tensor, temperature: float, generator: Generator | None
) -> Tensor:
    """Draw one token for each row of logits (N, V): (N, 1)."""
    check_tensor("logits", logits, ("N", "V"))  # NaN would be the likeliest
    if temperature == 0:
        return logits.argmax(dim=1, keepdim=True)
    # Exact also for tiny temperatures: the largest entry is 0 before dividing.
    below_best = logits.float() - logits.float().amax(dim=1, keepdim=True)
    probabilities = (below_best / max(temperature, 1e-30)).softmax(dim=1)
    return torch.multinomial(probabilities, 1, generator=generator)
