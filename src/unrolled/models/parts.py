"""What the models share: the head, the way in for tokens, one direction."""

import math
from collections.abc import Callable
from typing import Any

import torch
from jaxtyping import Float, Int64
from torch import Generator, Tensor, nn
from torch.nn.functional import one_hot

from unrolled._checks import check, check_type, insist
from unrolled.cell import State
from unrolled.recurrent import Recurrent, Sequences

Tokens = Int64[Tensor, "N T"]
"""Whole numbers from 0 to D - 1 (in a text, to V - 1)."""

Inputs = Sequences | Tokens
"""Numbers, or tokens in their place."""

Scores = Float[Tensor, "N T V"]
"""Logits of the V tokens, or of what else there is to choose from."""


def make_head(below: Any, inputs: int, outputs: int, generator: Any) -> Any:
    """Make a linear layer, all uniform on ±1/√inputs, on another."""
    check_type("generator", generator, Generator | None)
    # nn.Linear by itself would draw from the global generator.
    head = nn.utils.skip_init(nn.Linear, inputs, outputs)
    bound = 1 / math.sqrt(inputs)
    with torch.no_grad():
        for parameter in head.parameters():
            parameter.uniform_(-bound, bound, generator=generator)
    return head.to(next(below.parameters()))


def check_one_way(name: str, layer: Recurrent) -> None:
    """Insist on a layer that does not read what it is to predict."""
    check_type(name, layer, Recurrent)
    wanted = "one direction, as the other would read what is to come"
    insist(name, layer.num_directions == 1, wanted, layer.num_directions)


def token_input(name: str, tokens: Tokens, layer: Any, **sizes: int) -> Tensor:
    """Turn tokens into a layer's input, (N, T, D), one 1 in each row."""
    D, like = layer.input_size, next(layer.parameters())
    check(sizes, like=like, **{name: (tokens, "N T", range(D))})
    return one_hot(tokens, D).to(like.dtype)


def write(
    read: Callable[[Tokens, State | None], tuple[Scores, State]],
    tokens: Tokens,
    state: State | None,
    steps: int,
    end: int,
    temperature: float = 0.0,
    generator: Generator | None = None,
) -> Int64[Tensor, "N S"]:
    """Read tokens, then write: each is drawn, and read in its turn.

    There are so many steps, or fewer if all end; after an end come only ends.
    """
    written, ended = [], torch.zeros_like(tokens[:, :1], dtype=torch.bool)
    while len(written) < steps and not ended.all():
        scores, state = read(tokens, state)
        logits = check(like=Tensor, logits=(scores[:, -1], "N V"))  # no NaN
        if temperature == 0:
            tokens = logits.argmax(dim=1, keepdim=True)  # (N, 1)
        else:
            # Exact for tiny temperatures, too: the largest is 0 beforehand.
            below_best = logits.float() - logits.float().amax(
                dim=1, keepdim=True
            )
            p = (below_best / max(temperature, 1e-30)).softmax(dim=1)
            tokens = torch.multinomial(p, 1, generator=generator)
        written.append(tokens.masked_fill(ended, end))
        ended |= tokens == end
    return torch.cat(written, dim=1)


def any_input(x: Tensor, layer: nn.Module) -> Tensor:
    """Turn tokens into a layer's input, and leave numbers to the layer."""
    if isinstance(x, Tensor) and x.dtype == torch.int64:
        return token_input("x", x, layer)
    return x
