r"""Kinds of cells, trained side by side on small tasks.

The networks of all seeds of a kind are one batch of networks: each step is one
call for all of them (`torch.func.vmap`), so that small ones, whose time goes to
calls rather than to arithmetic, cost little more together than alone. They
share nothing else: each has its own weights, data, gradient and clipping.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

import torch
from torch import Generator, Tensor
from torch.func import functional_call, stack_module_state, vmap
from torch.nn.functional import cross_entropy, one_hot

from unrolled._checks import check_choice, check_int, check_type, insist
from unrolled.cells import (
    CoupledLSTMCell,
    GRUCell,
    LayerNormLSTMCell,
    PeepholeLSTMCell,
)
from unrolled.lstm import LSTMCell
from unrolled.models import Tagger
from unrolled.recurrent import Recurrent
from unrolled.tasks import first_last, intervals
from unrolled_lab.build import generator_for

INPUTS = 2
"""D of both tasks: two features, or two tokens as rows with a single 1."""


VARIANTS = {
    "LSTM": partial(Recurrent, LSTMCell, INPUTS, 16),
    "peephole": partial(Recurrent, PeepholeLSTMCell, INPUTS, 16),
    "coupled": partial(Recurrent, CoupledLSTMCell, INPUTS, 19),
    "layer norm": partial(Recurrent, LayerNormLSTMCell, INPUTS, 15),
    "GRU": partial(Recurrent, GRUCell, INPUTS, 19),
    "GRU, z open": partial(Recurrent, GRUCell, INPUTS, 19, update_bias=1.0),
}
"""What is compared, by name: how the layer is made, of such a size H that a
network has between 1,250 and 1,300 parameters. All kinds of LSTM begin with a
forget gate of σ(1). A GRU's z, which keeps what an f keeps, begins at 1/2 by
default."""


Pair = tuple[Tensor, Tensor]
"""Examples: x (N, T, D), and a target (N,) or (N, T)."""


class Task(NamedTuple):
    """How to draw examples, so many of them."""

    usual: Callable[[int, Generator], Pair]
    """Such as are learned from."""
    longer: Callable[[int, Generator], Pair]
    """Such as go on for longer than any of these."""


def _ends(steps: int, count: int, generator: Generator) -> Pair:
    """Draw the first-last task."""
    return first_last(count, steps, INPUTS, generator)


def _beats(least: int, most: int, count: int, generator: Generator) -> Pair:
    """Draw intervals, their tokens as rows with a single 1."""
    tokens, tags = intervals(count, most, generator, min_interval=least)
    return one_hot(tokens, INPUTS).float(), tags


TASKS = {
    "first-last": Task(partial(_ends, 10), partial(_ends, 20)),
    "intervals": Task(partial(_beats, 1, 6), partial(_beats, 7, 9)),
}
"""The tasks, by name: 10 and 20 steps; intervals of 1 to 6 and of 7 to 9."""


def make_network(variant: str, seed: int) -> Tagger:
    """Make a network of a kind, with its first weights.

    Args:
        variant: a name in `VARIANTS`.
        seed: what the weights are drawn from, 0 or more.

    Example:
        >>> network = make_network("LSTM", 0)
        >>> sum(parameter.numel() for parameter in network.parameters())
        1250

    Chapter: 12_beyond.
    """
    check_choice("variant", variant, tuple(VARIANTS))
    generator = generator_for("weights", check_int("seed", seed, 0))
    layer = VARIANTS[variant](generator=generator)
    return Tagger(layer, 2, generator=generator)


def train_variant(
    variant: str,
    task: str,
    seeds: Sequence[int],
    updates: int,
    *,
    every: int = 50,
) -> dict[str, list]:
    """Train a network for each seed, all at once, on ever new data.

    Each update is one of Adam, at a rate of 0.01, on the mean cross-entropy of
    64 new sequences, the gradient clipped at norm 1. No example comes twice, so
    there is nothing to learn by heart.

    Args:
        variant: a name in `VARIANTS`.
        task: a name in `TASKS`.
        seeds: S of them, 0 or more: of the weights, the data and the test.
        updates: how many, 1 or more.
        every: after how many updates the networks are tested, each on 500
            sequences of its own; `updates` is a multiple of it.

    Returns:
        ``"loss"``, the mean training loss of the updates since the test
        before, in nats, and ``"right"``, the share of the test sequences that
        are right (all of whose tags are, if there are tags), each (S, tests);
        and ``"longer"``, this share of 500 longer sequences at the end, (S,).

    Example:
        >>> curves = train_variant("GRU", "first-last", [0, 1], 4, every=2)
        >>> [len(row) for row in curves["right"]]
        [2, 2]

    Chapter: 12_beyond.
    """
    check_choice("task", task, tuple(TASKS))
    check_type("seeds", seeds, Sequence)
    seeds = [check_int("seeds", seed, 0) for seed in seeds]
    insist("seeds", seeds != [], "one or more", seeds)
    is_multiple = check_int("updates", updates) % check_int("every", every) == 0
    wanted = f"a multiple of every ({every})"
    insist("updates", is_multiple, wanted, updates)
    networks = [make_network(variant, seed) for seed in seeds]
    weights, _ = stack_module_state(networks)  # (S, ...) each
    run = vmap(partial(functional_call, networks[0]))
    sources = [generator_for("training data", seed) for seed in seeds]
    tests = [generator_for("test data", seed) for seed in seeds]
    usual, longer = (_draw(kind, tests, 500) for kind in TASKS[task])
    adam = torch.optim.Adam(weights.values(), lr=0.01)
    losses, rights = [], []
    for update in range(1, updates + 1):
        x, target = _draw(TASKS[task].usual, sources, 64)
        loss = _loss(run(weights, x), target)  # (S,)
        adam.zero_grad()
        loss.sum().backward()  # each network's own: they share no weight
        _clip(list(weights.values()), 1.0)
        adam.step()
        losses.append(loss.detach())
        if update % every == 0:
            rights.append(_right(run(weights, usual[0]), usual[1]))
    means = torch.stack(losses).unflatten(0, (-1, every)).mean(dim=1)
    return {
        "loss": means.T.tolist(),  # (S, tests)
        "right": torch.stack(rights).T.tolist(),  # (S, tests)
        "longer": _right(run(weights, longer[0]), longer[1]).tolist(),
    }


def _draw(task: Callable, sources: Sequence[Generator], count: int) -> Pair:
    """Draw for each network: x (S, N, T, D), target (S, N) or (S, N, T)."""
    pairs = [task(count, source) for source in sources]
    x, target = zip(*pairs, strict=True)
    return torch.stack(x), torch.stack(target)


def _asked(logits: Tensor, target: Tensor) -> Tensor:
    """Keep the logits that a target is there for: all steps, or the last."""
    return logits if target.dim() == 3 else logits[:, :, -1]


def _loss(logits: Tensor, target: Tensor) -> Tensor:
    """Return each network's mean cross-entropy, (S,)."""
    logits = _asked(logits, target).movedim(-1, 1)  # (S, 2, N, ...)
    return cross_entropy(logits, target, reduction="none").flatten(1).mean(1)


@torch.no_grad()
def _right(logits: Tensor, target: Tensor) -> Tensor:
    """Return the share of each network's sequences that are right, (S,)."""
    is_right = _asked(logits, target).argmax(dim=-1) == target  # (S, N, ...)
    each = is_right.reshape(*target.shape[:2], -1).all(dim=2)  # (S, N)
    return each.double().mean(dim=1)


def _clip(weights: Sequence[Tensor], max_norm: float) -> None:
    """Shorten each network's gradient to this norm, if it is longer."""
    grads = [weight.grad for weight in weights if weight.grad is not None]
    squares = [each.flatten(1).square().sum(dim=1) for each in grads]
    norm = torch.stack(squares).sum(dim=0).sqrt()  # (S,)
    factor = (max_norm / (norm + 1e-6)).clamp(max=1.0)
    for each in grads:
        each.mul_(factor.view(-1, *[1] * (each.dim() - 1)))
