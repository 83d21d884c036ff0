r"""A small language, each of whose sentences can be checked.

The verb agrees with the first noun, not with the nearest: "the cat near the
dogs sleeps."
"""

import math
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
    """Draw sentences.

    Each choice is fair: 0, 1 or 2 phrases "near the ...", each noun and whether
    it is many, and the verb. A sentence has 13 to 46 characters.

    Example:
        >>> generator = torch.Generator().manual_seed(0)
        >>> for sentence in sentences(3, generator):
        ...     print(sentence)
        the cat near the cows near the cow eats.
        the cow eats.
        the cow near the dogs near the bird sings.

    Reference: Linzen, Dupoux & Goldberg (2016), for verbs that agree with a
    noun far away. Chapter: 07_network.
    """
    _check_draw(generator, count=count)

    def draw(kinds: int, *shape: int) -> list:
        numbers = torch.randint(kinds, (count, *shape), generator=generator)
        return numbers.tolist()

    most_nouns = 1 + _MOST_PHRASES
    choices = zip(
        draw(most_nouns),
        draw(len(NOUNS), most_nouns),
        draw(2, most_nouns),
        draw(len(VERBS)),
        strict=True,
    )
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


def sentences_limit(remembers_subject: bool = True) -> float:
    r"""Compute how well the characters of `sentences` can be predicted.

    All choices are fair: with k̄ = 1 phrases "near the ...", the mean, a
    sentence has the entropy

    .. math:: \log_2 3 + (1 + \bar k) \log_2 8 + \log_2 4 \quad \text{bits.}

    which, by the mean number of characters, is the least cross-entropy, in
    bits. Who has forgotten the subject guesses the verb's s: one bit more in
    two of three sentences. Who guesses at random, of V characters, needs
    :math:`\log_2 V`.

    Example:
        >>> round(sentences_limit(), 4), round(sentences_limit(False), 4)
        (0.3454, 0.3694)
        >>> round(math.log2(len(SENTENCE_CHARACTERS)), 4)
        4.2479

    Reference: Shannon (1948). Chapter: 07_network.
    """
    check_type("remembers_subject", remembers_subject, bool)
    k = _MOST_PHRASES / 2
    bits = (
        math.log2(1 + _MOST_PHRASES)
        + (1 + k) * math.log2(2 * len(NOUNS))
        + math.log2(len(VERBS))
    )
    if not remembers_subject:
        bits += _MOST_PHRASES / (1 + _MOST_PHRASES)
    # Half of the nouns and half of the verbs have an s.
    kinds = NOUNS, VERBS
    noun, verb = (sum(map(len, kind)) / len(kind) + 1 / 2 for kind in kinds)
    # "the " before a noun, " near " before a phrase, a space, a full stop.
    return bits / ((1 + k) * (4 + noun) + 6 * k + verb + 2)
