r"""A small language, each of whose sentences can be checked.

Its sentences read like "the dogs near the cat sleep.". The verb agrees with
the first noun, not with the nearest: "the cat near the dogs sleeps.". Whoever
writes it character by character has to remember, over a phrase or two, whether
the subject is one or many.
"""

import math
import re

import torch

from unrolled._checks import check_type
from unrolled.tasks._draw import check_draw

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

    Each choice is fair: 0, 1 or 2 phrases "near the ..."; for each noun, which
    one, and whether it is one or many; and which verb. There are 2,336
    sentences. What a model of the language can reach is computed by
    `sentences_limit`.

    Returns:
        The sentences, each of 13 to 46 characters, its full stop included.

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
    check_draw(generator, count=count)

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
    return [
        _say(nouns[: 1 + phrases], many[: 1 + phrases], verb)
        for phrases, nouns, many, verb in choices
    ]


def _say(nouns: list[int], many: list[int], verb: int) -> str:
    """Say one sentence: its nouns, whether each is many, its verb."""
    phrases = [
        f"the {NOUNS[noun]}{'s' * is_many}"
        for noun, is_many in zip(nouns, many, strict=True)
    ]
    agreeing = VERBS[verb] + "s" * (1 - many[0])
    return f"{' near '.join(phrases)} {agreeing}{SENTENCE_END}"


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

    A sentence with k phrases "near the ..." takes 1 + k fair choices of a noun
    and its number, one of k and one of the verb, and no two series of choices
    give the same sentence. With k̄ = 1, the mean, the entropy of a sentence is

    .. math:: \log_2 3 + (1 + \bar k) \log_2 8 + \log_2 4 \quad \text{bits.}

    No model does with fewer bits on average. Divided by the mean number of
    characters it is the least possible cross-entropy of the next character.

    Who has forgotten, after a phrase, whether the subject was one or many,
    guesses the verb's s: one bit more in the two sentences of three that have
    a phrase. Of the sentences that it writes, 2/3 at most are right. Who
    guesses at random, among V characters, needs :math:`\log_2 V` bits for each.

    Args:
        remembers_subject: whether the subject is remembered over a phrase.

    Returns:
        Bits per character, the full stop included. (One bit is :math:`\ln 2`
        in the unit of PyTorch's cross-entropy.)

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
    noun, verb = (
        sum(map(len, words)) / len(words) + 1 / 2 for words in (NOUNS, VERBS)
    )
    length = (
        (1 + k) * (len("the ") + noun)
        + k * len(" near ")
        + len(" ")
        + verb
        + len(SENTENCE_END)
    )
    return bits / length
