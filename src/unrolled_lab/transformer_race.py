"""The LSTM and the Transformer that are timed: as many parameters, one task.

Both foretell the next of 32 tokens. What the tokens are does not matter for the
time that it takes, so they are drawn at random.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Generator, Tensor, nn
from torch.nn.functional import cross_entropy

from unrolled._checks import check_choice, check_int, check_type, insist
from unrolled.convert import to_torch
from unrolled.lstm import LSTM
from unrolled.models.char_lm import CharLM
from unrolled.models.parts import token_input
from unrolled.models.transformer import CausalTransformer

CHARACTERS = "abcdefghijklmnopqrstuvwxyz.,?!: "
"""The 32 tokens, V, for an LSTM that wants characters."""

RIVALS = ("LSTM", "Transformer")
TRAINED = ("LSTM", "LSTM by PyTorch", "Transformer")
"""Whose training is timed: the same LSTM twice, with two kinds of loop."""

WAYS = ("LSTM", "Transformer, cache", "Transformer, no cache")
"""The ways to generate: with a state, with a cache, with all from the start."""


class PyTorchReader(nn.Module):
    """A `CharLM` whose steps are PyTorch's own: the same scores, sooner.

    Its loop over the steps runs in compiled code, where that of
    `unrolled.LSTM` calls a dozen operations at each step.

    Args:
        model: whose weights it takes, a copy of the layer's, and the head.

    Example:
        >>> model = make_rival("LSTM")
        >>> tokens = torch.zeros(1, 5, dtype=torch.int64)
        >>> scores = PyTorchReader(model)(tokens)
        >>> torch.allclose(scores, model(tokens), atol=1e-5)
        True

    Chapter: 12_beyond.
    """

    def __init__(self, model: CharLM) -> None:
        super().__init__()
        check_type("model", model, CharLM)
        layer: Any = model.recurrent
        self.recurrent = to_torch(layer)
        self.head = model.head

    def forward(self, tokens: Tensor) -> Tensor:
        """Score, at every step, which token comes next.

        Args:
            tokens: (N, T), int64, from 0 to V - 1.

        Returns:
            Logits, (N, T, V).
        """
        x = token_input("tokens", tokens, self.recurrent)  # (N, T, V)
        return self.head(self.recurrent(x)[0])  # (N, T, V)


Reader = CharLM | CausalTransformer | PyTorchReader


def make_rival(
    name: str, generator: Generator | None = None, width: int = 96
) -> Reader:
    """Make one of them, of two layers and some 230,000 parameters.

    Args:
        name: one of `TRAINED`.
        generator: the source of the first weights; default: PyTorch's global
            one.
        width: d, the Transformer's width, 32 to a head. The LSTMs have 11/8
            as many units, which makes about as many parameters, some 25 d².

    Example:
        >>> for name in TRAINED:
        ...     model = make_rival(name)
        ...     print(name, sum(p.numel() for p in model.parameters()))
        LSTM 231296
        LSTM by PyTorch 232352
        Transformer 230144

    Chapter: 12_beyond.
    """
    check_choice("name", name, TRAINED)
    is_right = check_int("width", width) % 32 == 0
    insist("width", is_right, "a multiple of 32", width)
    V = len(CHARACTERS)
    if name == "Transformer":
        rest = {"num_heads": width // 32, "generator": generator}
        return CausalTransformer(V, width, 2, **rest)
    layer = LSTM(V, width * 11 // 8, 2, generator=generator)
    model = CharLM(layer, CHARACTERS, end=".", generator=generator)
    return model if name == "LSTM" else PyTorchReader(model)


def training_step(model: Reader, count: int, steps: int) -> Callable[[], None]:
    """Make a step of training: forward, backward, clipping, Adam.

    Args:
        model: one of the rivals.
        count: N, sequences in the batch, 1 or more.
        steps: T, the tokens that are read, each foretelling the next; 1 or
            more.

    Returns:
        A function that takes one such step.

    Example:
        >>> step = training_step(make_rival("Transformer"), 2, 8)
        >>> step()

    Chapter: 12_beyond.
    """
    insist("model", isinstance(model, Reader), "one of the rivals", model)
    tokens = _tokens(check_int("count", count), check_int("steps", steps))
    x, target = tokens[:, :-1], tokens[:, 1:].flatten()  # (N, T), (N T,)
    adam = torch.optim.Adam(model.parameters(), fused=True)

    def step() -> None:
        adam.zero_grad()
        cross_entropy(model(x).flatten(0, 1), target).backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        adam.step()

    return step


def generating_step(
    way: str, length: int, model: Any = None
) -> Callable[[], tuple]:
    """Make the step that foretells the token after so many.

    Args:
        way: one of `WAYS`. Without a cache, all tokens are read again.
        length: n, tokens that have been read so far, 1 or more.
        model: the rival that suits; default: a new one.

    Returns:
        A function that returns the scores of the next token, (1, 1, V), and
        what would be kept for the one after it: a state, a cache, or the
        tokens themselves.

    Example:
        >>> step = generating_step("Transformer, cache", 100)
        >>> scores, cache = step()
        >>> scores.shape, cache[0][0].shape[2]
        (torch.Size([1, 1, 32]), 100)

    Chapter: 12_beyond.
    """
    check_choice("way", way, WAYS)
    tokens = _tokens(1, check_int("length", length) - 1)  # (1, n)
    model = make_rival(way.partition(",")[0]) if model is None else model
    check_type("model", model, CharLM if way == "LSTM" else CausalTransformer)
    is_anew, before = way == "Transformer, no cache", None
    if length > 1 and not is_anew:
        with torch.no_grad():
            _, before = model.read(tokens[:, :-1])

    @torch.no_grad()
    def step() -> tuple:
        if is_anew:
            return model(tokens)[:, -1:], tokens
        return model.read(tokens[:, -1:], before)

    return step


def _tokens(count: int, steps: int) -> Tensor:
    """Draw tokens, one more than there are steps: (N, T + 1)."""
    generator = torch.Generator().manual_seed(0)
    shape = count, steps + 1
    return torch.randint(len(CHARACTERS), shape, generator=generator)
