r"""A task that asks for time to be counted: an interval, to be repeated."""

import torch
from torch import Tensor

from unrolled._checks import check_type, check_whole

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
