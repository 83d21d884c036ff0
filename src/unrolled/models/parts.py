"""What the models share: the head, the way in for tokens, one direction."""

import math

import torch
from jaxtyping import Float, Int64
from torch import Generator, Tensor, nn
from torch.nn.functional import one_hot

from unrolled._checks import check, check_type, refusal
from unrolled.recurrent import Recurrent

Tokens = Int64[Tensor, "N T"]
"""Whole numbers from 0 to D - 1 (in a text, to V - 1)."""

Inputs = Float[Tensor, "N T D"] | Tokens
"""Numbers, or tokens in their place."""

Lengths = Int64[Tensor, " N"] | None
"""How many steps of each sequence count, from 1 to T; None for all."""


def make_head(
    below: nn.Module,
    in_features: int,
    out_features: int,
    generator: Generator | None,
) -> nn.Linear:
    """Make a linear layer, all uniform on ±1/√(in features), on another."""
    check_type("generator", generator, Generator | None)
    # nn.Linear by itself would draw from the global generator.
    head = nn.utils.skip_init(nn.Linear, in_features, out_features)
    bound = 1 / math.sqrt(in_features)
    with torch.no_grad():
        for parameter in head.parameters():
            parameter.uniform_(-bound, bound, generator=generator)
    return head.to(next(below.parameters()))


def check_one_way(name: str, layer: Recurrent) -> None:
    """Insist on a layer that does not read what it is to predict."""
    check_type(name, layer, Recurrent)
    if layer.num_directions > 1:
        wanted = "one direction, as the other would read what is to come"
        raise refusal(name, wanted, "a bidirectional layer")


def token_input(
    name: str, tokens: Tokens, layer: nn.Module
) -> Float[Tensor, "N T D"]:
    """Turn tokens into a layer's input, one 1 in each row."""
    D, like = layer.input_size, next(layer.parameters())
    check(like=like, **{name: (tokens, "N T", range(D))})
    return one_hot(tokens, D).to(like.dtype)


def any_input(x: Tensor, layer: nn.Module) -> Tensor:
    """Turn tokens into a layer's input, and leave numbers to the layer."""
    if isinstance(x, Tensor) and x.dtype == torch.int64:
        return token_input("x", x, layer)
    return x
