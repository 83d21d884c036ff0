r"""Two tasks that ask for a tag at every token: brackets and questions."""

import torch
from jaxtyping import Int
from torch import Generator, Tensor

from unrolled._checks import check_int
from unrolled.tasks.sequences import IGNORE, _check_draw

LETTERS = "abcd"
"""The letters between the marks; they tell nothing."""

BRACKET_TOKENS = LETTERS + "()"
"""What the tokens of `brackets` stand for, by number."""

QUESTION_TOKENS = LETTERS + ".?"
"""What the tokens of `questions` stand for, by number."""

MARK_RATE = 1 / 8
"""The probability that a token is a mark: a bracket, a full stop, a ``?``."""


def brackets(
    count: int, steps: int, generator: Generator
) -> tuple[Int[Tensor, "N T"], Int[Tensor, " N"], Int[Tensor, "N T"]]:
    r"""Draw letters and pairs of brackets: which tokens are inside a pair?

    Each token is, with probability `MARK_RATE`, a bracket, opening if none is
    open, else closing; the others are letters. The tag is 1 inside a pair, its
    brackets included; past the length it is `IGNORE`. Each sequence has from 1
    to T tokens, equally often.

    Example:
        >>> generator = torch.Generator().manual_seed(5)
        >>> tokens, lengths, tags = brackets(1, 16, generator)
        >>> length = lengths[0]
        >>> "".join(BRACKET_TOKENS[token] for token in tokens[0, :length])
        'dc(bcc)ba(dcda'
        >>> "".join(str(tag.item()) for tag in tags[0, :length])
        '00111110011111'

    Reference: Karpathy, Johnson & Fei-Fei (2016) show a cell that is on inside
    quotes. Chapter: 07_network.
    """
    letters, is_mark = _draw_tokens(count, steps, generator)
    N, T = letters.shape
    lengths = torch.randint(1, T + 1, (N,), generator=generator)
    seen = is_mark.cumsum(dim=1)  # (N, T): brackets up to each token
    is_open = seen % 2 == 1
    tokens = torch.where(is_mark, len(LETTERS) + (~is_open).long(), letters)
    tags = (is_open | is_mark).long()
    past = torch.arange(T) >= lengths[:, None]  # (N, T)
    return tokens.masked_fill(past, 0), lengths, tags.masked_fill(past, IGNORE)


def brackets_limit(steps: int, window: int = 1) -> float:
    r"""Compute how often a tagger of `brackets` can be right without memory.

    It sees the last w tokens. If none of them is a bracket, the best guess is
    "outside": with :math:`u = \max(0, t + 1 - w)` tokens unseen from the start,
    a pair is open with probability :math:`(1 - (1 - 2q)^u) / 2`. So it is right
    at token t, from 0, with q for `MARK_RATE`, with probability

    .. math:: 1 - (1 - q)^w \, \frac{1 - (1 - 2q)^u}{2}

    Averaged over all tokens: a share proportional to T - t has a token t.

    Example:
        >>> [round(brackets_limit(40, window), 3) for window in (1, 8, 40)]
        [0.641, 0.908, 1.0]

    Chapter: 07_network.
    """
    T, w = check_int("steps", steps), check_int("window", window)
    t = torch.arange(T, dtype=torch.float64)
    u = (t + 1 - w).clamp(min=0)
    wrong = (1 - MARK_RATE) ** w * (1 - (1 - 2 * MARK_RATE) ** u) / 2
    share = (T - t) / (T - t).sum()
    return 1 - (share * wrong).sum().item()


def questions(
    count: int, steps: int, generator: Generator
) -> tuple[Int[Tensor, "N T"], Int[Tensor, "N T"]]:
    r"""Draw statements and questions: which tokens belong to a question?

    Each token is, with probability `MARK_RATE`, a mark, and the last always is:
    ``.`` or ``?``, equally often. The tag is 1 for the tokens of a question,
    its mark included: the *next* mark decides.

    Example:
        >>> generator = torch.Generator().manual_seed(5)
        >>> tokens, tags = questions(1, 16, generator)
        >>> "".join(QUESTION_TOKENS[token] for token in tokens[0])
        'dc.bcc?ba?dcdac.'
        >>> "".join(str(tag.item()) for tag in tags[0])
        '0001111111000000'

    Reference: Schuster & Paliwal (1997), for networks that read both ways.
    Chapter: 07_network.
    """
    letters, is_mark = _draw_tokens(count, steps, generator)
    N, T = letters.shape
    is_mark[:, -1] = True
    asks = torch.randint(2, (N, T), generator=generator)
    tokens = torch.where(is_mark, len(LETTERS) + asks, letters)
    # Where each token's next mark stands: the first one from here on.
    places = torch.where(is_mark, torch.arange(T), T - 1)
    next_mark = places.flip(1).cummin(dim=1).values.flip(1)  # (N, T)
    return tokens, asks.gather(1, next_mark)


def questions_limit(steps: int) -> float:
    r"""Compute how often a tagger of `questions` is right that reads one way.

    It knows a mark when it sees one; at a letter it is right half the time.
    With m marks of T tokens on average, and q for `MARK_RATE`,

    .. math:: m = 1 + q\,(T - 1) \qquad \frac{m + (T - m) / 2}{T}

    Example:
        >>> questions_limit(1), round(questions_limit(24), 3)
        (1.0, 0.581)

    Chapter: 07_network.
    """
    T = check_int("steps", steps)
    marks = 1 + MARK_RATE * (T - 1)
    return (marks + (T - marks) / 2) / T


def _draw_tokens(count: int, steps: int, generator: Generator) -> list[Tensor]:
    """Draw letters (N, T), and where marks take their places (N, T)."""
    _check_draw(generator, count=count, steps=steps)
    letters = torch.randint(len(LETTERS), (count, steps), generator=generator)
    return [letters, torch.rand(count, steps, generator=generator) < MARK_RATE]
