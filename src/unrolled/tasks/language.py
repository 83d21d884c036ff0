r"""A small language, each of whose sentences can be checked.

The verb agrees with the first noun, not with the nearest: "the cat near the
dogs sleeps."
"""

import re

import torch

from unrolled._checks import check_type
from unrolled.tasks.sequences import _check_draw

NOUNS = ("cat", "dog", "bird", "cow")
"""The nouns; with an s, they are many."""

VERBS = ("sleep", "run", "sing", "eat")
"""The verbs; with an s, one does it."""

SENTENCE_END = "."
"""The character that ends each sentence."""

SENTENCE_CHARACTERS = "".join(
    sorted({*"the near s", *"".join(NOUNS + VERBS), SENTENCE_END})
)
"""Every character of the language, once."""

_MOST_PHRASES = 2

_NOUN = f"the (?:{'|'.join(NOUNS)})"
_SENTENCE = re.compile(
    f"{_NOUN}(s?)(?: near {_NOUN}s?){{0,{_MOST_PHRASES}}}"
    f" (?:{'|'.join(VERBS)})(s?){re.escape(SENTENCE_END)}"
)


def sentences(count: int, generator: torch.Generator) -> list[str]:
    r"""Draw sentences.

    Each choice is fair: 0, 1 or 2 phrases "near the ...", each noun and whether
    it is many, and the verb. A sentence has 13 to 46 characters.

    With k̄ = 1 phrases, the mean, a sentence has the entropy

    .. math:: \log_2 3 + (1 + \bar k) \log_2 8 + \log_2 4 \quad \text{bits}

    and 27.75 characters: the quotient is the least cross-entropy. Who has
    forgotten the subject guesses the verb's s: one bit more in two of three
    sentences.

    Example:
        >>> sentences(1, torch.Generator().manual_seed(0))
        ['the cows near the dogs near the cats eat.']

    Reference: Linzen, Dupoux & Goldberg (2016), for verbs that agree with a
    noun far away. Chapter: 07_network.
    """
    _check_draw(generator, count=count)

    def draw(kinds: int, *shape: int) -> list:
        numbers = torch.randint(kinds, (count, *shape), generator=generator)
        return numbers.tolist()

    most = 1 + _MOST_PHRASES  # nouns
    kinds = [(most,), (len(NOUNS), most), (2, most), (len(VERBS),)]
    choices = zip(*(draw(*kind) for kind in kinds), strict=True)
    said = []
    for phrases, nouns, many, verb in choices:
        each = zip(nouns[: 1 + phrases], many, strict=False)
        words = [f"the {NOUNS[noun]}{'s' * is_many}" for noun, is_many in each]
        agreeing = VERBS[verb] + "s" * (1 - many[0])
        said.append(f"{' near '.join(words)} {agreeing}{SENTENCE_END}")
    return said


def is_sentence(text: str) -> bool:
    """Tell whether a text is one sentence of the language, from start to end.

    Example:
        >>> is_sentence("the cat near the dogs sleeps.")
        True
        >>> is_sentence("the cat near the dogs sleep.")  # one cat sleeps
        False

    Chapter: 07_network.
    """
    check_type("text", text, str)
    match = _SENTENCE.fullmatch(text)
    return match is not None and match[1] != match[2]  # one s of the two
