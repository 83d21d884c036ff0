r"""A task with one answer, the first and the last; one with many, reversal."""

import torch
from torch import Tensor

from unrolled._checks import check_type, check_whole
from unrolled._torch_checks import check_whole_tensor

IGNORE = -100
"""The target that counts for nothing, as in PyTorch's cross-entropy."""


def first_last(
    count: int, steps: int, features: int, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    r"""Draw source B's task: is the first value plus the last above 0?

    All inputs are independent standard normal. With a and b for feature 0 of
    the first and of the last step, the label is 1 where a + b > 0.

    By chance one is right half the time, and with both ends always. With one
    end alone, say a, the best guess is the sign of a: the point (a, b) lies in
    every direction equally often, and the guess is wrong where a and a + b
    differ in sign: in two of the eight sectors of 45° of the plane. So it is
    right 3/4 of the time, and to do better is to have seen both.

    Args:
        count: N, sequences.
        steps: T, at least 2.
        features: D, of which only feature 0 tells anything.
        generator: the source of randomness.

    Returns:
        The inputs x (N, T, D) and the labels (N,), int64, 0 or 1.

    Raises:
        ValueError: a number that is not whole or too small, no generator.

    Example:
        >>> x, label = first_last(3, 30, 10, torch.Generator().manual_seed(0))
        >>> tuple(x.shape), label.tolist()
        ((3, 30, 10), [0, 1, 1])
        >>> (x[:, 0, 0] + x[:, -1, 0] > 0).tolist()
        [False, True, True]

    Reference: source B, "The Training Process". Chapter: 08_thirty_steps.
    """
    N, T = check_whole("count", count), check_whole("steps", steps, 2)
    D = check_whole("features", features)
    check_type("generator", generator, torch.Generator)
    x = torch.randn(N, T, D, generator=generator)
    return x, (x[:, 0, 0] + x[:, -1, 0] > 0).long()


def reversal(
    count: int, max_steps: int, vocabulary: int, generator: torch.Generator
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    r"""Draw sequences to be said backwards.

    The tokens 0 to V - 1 mean nothing, and come equally often. The target is
    the source from its last token to its first, and then the end, token V + 1.
    The decoder is given the start, token V, and then what it should have said
    so far: the target, one step later. A sequence counts as right if all of
    it is, the end included: `exact_match`.

    Who remembers the source is always right. Without it one cannot do better
    than to answer one token and the end: right once in S · V, with S for
    `max_steps`. Who knows no more than the length n is right once in
    :math:`V^n`, on average over the lengths
    :math:`\frac{1}{S} \sum_{n=1}^{S} V^{-n}`.

    Args:
        count: N, sequences. Each has from 1 to S tokens, equally often.
        max_steps: S, the most tokens.
        vocabulary: V, different tokens.
        generator: the source of randomness.

    Returns:
        The source (N, S); the decoder's input (N, S + 1); the source's lengths
        (N,); the target (N, S + 1), with `IGNORE` past its end. All int64.

    Raises:
        ValueError: a number that is not whole or below 1, no generator.

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
    N, S = check_whole("count", count), check_whole("max_steps", max_steps)
    V = check_whole("vocabulary", vocabulary)
    check_type("generator", generator, torch.Generator)
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


def exact_match(predicted: Tensor, target: Tensor) -> float:
    """Measure the share of sequences that are right at every step.

    Args:
        predicted: tokens, (N, T), int64.
        target: tokens, (N, T), int64; where `IGNORE`, anything is right.

    Returns:
        A share between 0 and 1.

    Raises:
        ValueError: no tensors of whole numbers, shapes that differ.

    Example:
        >>> target = torch.tensor([[5, 9, -100], [6, 5, 9]])
        >>> exact_match(torch.tensor([[5, 9, 9], [6, 6, 9]]), target)
        0.5

    Chapter: 07_network.
    """
    most = torch.iinfo(torch.int64).max
    check_whole_tensor("target", target, ("N", "T"), IGNORE, most)
    check_whole_tensor("predicted", predicted, target.shape, 0, most)
    right = (predicted == target) | (target == IGNORE)
    return right.all(dim=1).float().mean().item()


LEAD = 4
"""In how many of the first steps the first mark of `intervals` may stand."""


def intervals(
    count: int,
    max_interval: int,
    generator: torch.Generator,
    *,
    min_interval: int = 1,
) -> tuple[Tensor, Tensor]:
    r"""Draw two marks each, whose interval is to be repeated once.

    The token is 1 at a mark, at steps a and a + n, and 0 elsewhere. The tag is
    1 at step a + 2n alone: the beat goes on once more, by itself. The place a
    is one of the first `LEAD` steps, the interval n one of 1, ..., S (or of
    fewer: see `min_interval`), all equally often. No token tells that the
    moment has come: one has to count up to n, keep it, and count again. A
    sequence counts as right if all its tags are: see `exact_match`.

    Who counts is always right. Who sees both marks but not how far apart they
    are can do no better than to settle for one interval, and is right once in
    S; who never says 1 is never right.

    Args:
        count: N, sequences.
        max_interval: S, the longest interval, in steps.
        generator: the source of randomness.
        min_interval: the shortest interval, 1 unless told, S at most.

    Returns:
        The tokens and the tags, (N, T) each, int64, with T = `LEAD` + 2S.

    Raises:
        ValueError: a number that is not whole or below 1, no generator, a
            shortest interval above the longest.

    Example:
        >>> tokens, tags = intervals(1, 5, torch.Generator().manual_seed(3))
        >>> tokens.tolist()
        [[0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0]]
        >>> tags.tolist()
        [[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0]]

    Reference: Gers & Schmidhuber (2000), "Recurrent nets that time and count",
    for tasks of this kind. Chapter: 12_beyond.
    """
    N = check_whole("count", count)
    S = check_whole("max_interval", max_interval)
    shortest = check_whole("min_interval", min_interval)
    if shortest > S:
        raise ValueError(
            f"min_interval: expected at most {S}, as max_interval, "
            f"got {shortest}"
        )
    check_type("generator", generator, torch.Generator)
    first = torch.randint(LEAD, (N, 1), generator=generator)
    n = torch.randint(shortest, S + 1, (N, 1), generator=generator)
    step = torch.arange(LEAD + 2 * S)  # (T,)
    tokens = (step == first) | (step == first + n)  # (N, T)
    return tokens.long(), (step == first + 2 * n).long()
