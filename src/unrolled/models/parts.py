"""What the models share: the head, the way in for tokens, checks."""

import math
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Generator, Tensor, nn
from torch.nn.functional import one_hot

from unrolled._checks import check_type
from unrolled._torch_checks import check_whole_tensor
from unrolled.modes import mode
from unrolled.recurrent import Recurrent

State = Tensor | tuple[Tensor, ...]
"""What a recurrent layer hands on: h, or the pair (h, c)."""


def make_head(
    below: Recurrent,
    in_features: int,
    out_features: int,
    generator: Generator | None,
) -> nn.Linear:
    r"""Make a linear layer with a bias, all uniform on ±1/√(in features).

    Args:
        below: the recurrent layer, whose dtype and device the head takes.
        in_features: the numbers it reads.
        out_features: the logits it gives.
        generator: the source of randomness; PyTorch's global one if None.
    """
    check_generator(generator)
    # nn.Linear by itself would draw from the global generator.
    head = nn.utils.skip_init(nn.Linear, in_features, out_features)
    bound = 1 / math.sqrt(in_features)
    with torch.no_grad():
        for parameter in head.parameters():
            parameter.uniform_(-bound, bound, generator=generator)
    return head.to(parameter_of(below))


def parameter_of(layer: nn.Module) -> Tensor:
    """Return a parameter, which tells the dtype and the device of all."""
    return next(layer.parameters())


def check_generator(generator: Generator | None) -> None:
    """Insist on a generator, or on None for the global one."""
    if generator is not None:
        check_type("generator", generator, Generator)


def check_one_way(name: str, layer: Recurrent, why: str) -> None:
    """Insist on a recurrent layer that reads from the left only."""
    check_type(name, layer, Recurrent)
    if layer.num_directions > 1:
        raise ValueError(
            f"{name}: expected one direction, as {why}, got a bidirectional "
            "layer"
        )


def token_input(
    name: str, tokens: Tensor, layer: Recurrent, count: int | str = "N"
) -> Tensor:
    """Turn tokens (N, T) into a layer's input (N, T, D), one 1 in each row."""
    D, like = layer.input_size, parameter_of(layer)
    check_whole_tensor(name, tokens, (count, "T"), 0, D - 1, like)
    return one_hot(tokens, D).to(like.dtype)  # (N, T, D)


def any_input(name: str, x: Tensor, layer: Recurrent) -> Tensor:
    """Turn tokens into a layer's input, and leave numbers to the layer."""
    if isinstance(x, Tensor) and x.dtype == torch.int64:
        return token_input(name, x, layer)
    return x


def hidden(state: State) -> Tensor:
    """Return h (K, N, H) of a state that may be a pair (h, c)."""
    return state if isinstance(state, Tensor) else state[0]


@contextmanager
def predicting(model: nn.Module) -> Iterator[None]:
    """Leave out dropout and gradients, and put all back as it was."""
    with mode(model, training=False), torch.no_grad():
        yield
