"""Sequences with one answer, with an answer at each step, or with a beat."""

import torch
from jaxtyping import Float, Int
from torch import Generator, Tensor

from unrolled._checks import check, check_int, check_type

Tokens = Int[Tensor, "N T"]

IGNORE = -100
"""The target that counts for nothing, as in PyTorch's cross-entropy."""


def _check_draw(generator: Generator, **numbers: int) -> None:
    """Insist on a generator, and on whole numbers of at least 1."""
    for name, number in numbers.items():
        check_int(name, number)
    check_type("generator", generator, Generator)


def first_last(
    count: int, steps: int, features: int, generator: Generator
) -> tuple[Float[Tensor, "N T D"], Int[Tensor, " N"]]:
    r"""Draw source B's task: is the first value plus the last above 0?

    All inputs are standard normal; a and b are feature 0 of the two.

    With one end alone the best guess is its sign, right 3/4 of the time: (a, b)
    lies in every direction equally often, and a and a + b differ in sign in two
    of eight sectors of 45°.

    Example:
        >>> x, label = first_last(3, 30, 10, torch.Generator().manual_seed(0))
        >>> tuple(x.shape), label.tolist()
        ((3, 30, 10), [0, 1, 1])
        >>> (x[:, 0, 0] + x[:, -1, 0] > 0).tolist()
        [False, True, True]

    Reference: source B, "The Training Process". Chapter: 08_thirty_steps.
    """
    check_int("steps", steps, 2)
    _check_draw(generator, count=count, features=features)
    x = torch.randn(count, steps, features, generator=generator)
    return x, (x[:, 0, 0] + x[:, -1, 0] > 0).long()


def reversal(
    count: int, max_steps: int, vocabulary: int, generator: Generator
) -> tuple[Int[Tensor, "N S"], Tokens, Int[Tensor, " N"], Tokens]:
    r"""Draw sequences to be said backwards.

    The target is the source of tokens 0 to V - 1 backwards, then the end, V +
    1. The decoder is given the start, V, and the target one step later. The S
    for `max_steps` lengths are equally often; past a target's end it is
    `IGNORE`.

    Without the source one can but answer one token and the end: right once in
    S · V. Who knows the length n is right :math:`V^{-n}` of the time.

    Example:
        >>> generator = torch.Generator().manual_seed(7)
        >>> source, given, lengths, target = reversal(1, 5, 8, generator)
        >>> source.tolist(), lengths.tolist()
        ([[7, 4, 1, 0, 0]], [3])
        >>> given.tolist(), target.tolist()
        ([[8, 1, 4, 7, 0, 0]], [[1, 4, 7, 9, -100, -100]])

    Reference: Sutskever, Vinyals & Le (2014), for the encoder-decoder.
    Chapter: 07_network.
    """
    N, S, V = count, max_steps, vocabulary
    _check_draw(generator, count=N, max_steps=S, vocabulary=V)
    source = torch.randint(V, (N, S), generator=generator)
    lengths = torch.randint(1, S + 1, (N,), generator=generator)
    step, end = torch.arange(S + 1), lengths[:, None]  # (S + 1,), (N, 1)
    source = source.masked_fill(step[:-1] >= end, 0)
    backwards = source.gather(1, (end - 1 - step).clamp(min=0))  # (N, S + 1)
    target = torch.where(step < end, backwards, IGNORE)
    target = target.masked_fill(step == end, V + 1)
    given = torch.where(step <= end, target.roll(1, dims=1), 0)
    given[:, 0] = V
    return source, given, lengths, target


def exact_match(predicted: Tokens, target: Tokens) -> float:
    """Measure the share of sequences right at every step that is not `IGNORE`.

    Example:
        >>> target = torch.tensor([[5, 9, -100], [6, 5, 9]])
        >>> exact_match(torch.tensor([[5, 9, 9], [6, 6, 9]]), target)
        0.5

    Chapter: 07_network.
    """
    check(target=(target, "N T", range(IGNORE, 2**63)), like=Tensor)
    check(predicted=(predicted, target.shape, range(2**63)), like=target)
    right = (predicted == target) | (target == IGNORE)
    return right.all(dim=1).float().mean().item()


LEAD = 4
"""In how many of the first steps the first mark of `intervals` may stand."""


def intervals(
    count: int,
    max_interval: int,
    generator: Generator,
    *,
    min_interval: int = 1,
) -> tuple[Tokens, Tokens]:
    r"""Draw two marks each, whose interval is to be repeated once.

    The token is 1 at steps a and a + n, the tag at step a + 2n alone: one has
    to count. The place a is one of the first `LEAD` steps, the interval n one
    of 1, ..., S, all equally often, and T = `LEAD` + 2S. Who does not see how
    far apart the marks are settles for one interval: right once in S.

    Example:
        >>> tokens, tags = intervals(1, 5, torch.Generator().manual_seed(3))
        >>> tokens.tolist()
        [[0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0]]
        >>> tags.tolist()
        [[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0]]

    Reference: Gers & Schmidhuber (2000), "Recurrent nets that time and count",
    for tasks of this kind. Chapter: 12_beyond.
    """
    N, S, shortest = count, max_interval, min_interval
    _check_draw(generator, count=N, max_interval=S)
    check_int("min_interval", shortest, 1, S)
    first = torch.randint(LEAD, (N, 1), generator=generator)
    n = torch.randint(shortest, S + 1, (N, 1), generator=generator)
    step = torch.arange(LEAD + 2 * S)  # (T,)
    tokens = (step == first) | (step == first + n)  # (N, T)
    return tokens.long(), (step == first + 2 * n).long()
