"""The small tasks against their definitions, their limits against all cases.

The limits are derived in the tasks' descriptions. Here each is computed a
second way, over every case there is.
"""

import itertools
import math
from collections import Counter, defaultdict

import pytest
import torch

from oracles import seeded
from unrolled import tasks
from unrolled.tasks.language import NOUNS, VERBS


def assert_fair(drawn, kinds):
    """Each kind as often as any other, by five standard deviations."""
    counts, expected = Counter(drawn), len(drawn) / len(kinds)
    assert set(counts) == set(kinds)
    spread = math.sqrt(expected * (1 - 1 / len(kinds)))
    for count in counts.values():
        assert abs(count - expected) < 5 * spread


def best_share(cases):
    """The best possible share of right answers to what can be seen.

    Args:
        cases: triples of what is seen, tag and probability.
    """
    weights = defaultdict(Counter)
    for seen, tag, probability in cases:
        weights[seen][tag] += probability
    total = sum(sum(tags.values()) for tags in weights.values())
    return sum(max(tags.values()) for tags in weights.values()) / total


# Brackets and questions


def read_brackets(text):
    """Tag a text by reading it as one would."""
    tags, is_open = [], False
    for character in text:
        assert character in tasks.BRACKET_TOKENS
        assert character != ("(" if is_open else ")")
        is_open = is_open or character == "("
        tags.append(int(is_open))
        is_open = is_open and character != ")"
    return tags


def read_questions(text):
    """Tag a text by reading it from its end."""
    tags, mark = [], None
    for character in reversed(text):
        assert character in tasks.QUESTION_TOKENS
        mark = character if character in ".?" else mark
        tags.append(int(mark == "?"))
    return tags[::-1]


def test_brackets_are_what_they_say():
    tokens, lengths, tags = tasks.brackets(3000, 12, seeded())
    for row, length, tagged in zip(
        tokens.tolist(), lengths.tolist(), tags.tolist(), strict=True
    ):
        text = "".join(tasks.BRACKET_TOKENS[token] for token in row[:length])
        assert tagged == read_brackets(text) + [tasks.IGNORE] * (12 - length)
        assert row[length:] == [0] * (12 - length)
    assert_fair(lengths.tolist(), range(1, 13))
    seen = tokens[tags != tasks.IGNORE]
    share = (seen >= 4).double().mean().item()
    assert share == pytest.approx(tasks.MARK_RATE, abs=0.01)
    assert_fair(seen[seen < 4].tolist(), range(4))


def test_questions_are_what_they_say():
    tokens, tags = tasks.questions(3000, 12, seeded())
    texts = [
        "".join(tasks.QUESTION_TOKENS[k] for k in row)
        for row in tokens.tolist()
    ]
    for text, tagged in zip(texts, tags.tolist(), strict=True):
        assert text[-1] in ".?"
        assert tagged == read_questions(text)
    before = "".join(text[:-1] for text in texts)
    marks = [character for character in before if character in ".?"]
    assert len(marks) / len(before) == pytest.approx(tasks.MARK_RATE, abs=0.01)
    assert_fair(marks, ".?")
    assert_fair([c for c in before if c in "abcd"], "abcd")
    assert_fair([text[-1] for text in texts], ".?")


def bracket_cases(steps, window):
    """All that a tagger with this window can see; letters are all one."""
    for is_bracket in itertools.product([False, True], repeat=steps):
        text, probability = "", 1.0
        for bracket in is_bracket:
            is_open = text.count("(") > text.count(")")
            text += ")" if bracket and is_open else "(" if bracket else "a"
            probability *= tasks.MARK_RATE if bracket else 1 - tasks.MARK_RATE
        for length in range(1, steps + 1):
            for t, tag in enumerate(read_brackets(text[:length])):
                seen = text[max(0, t + 1 - window) : t + 1]
                yield (t, seen), tag, probability / steps


def question_cases(steps):
    """All that a tagger can see that reads from the left."""
    for text in itertools.product("a.?", repeat=steps):
        if text[-1] != "a":
            letters = text[:-1].count("a")
            probability = (1 - tasks.MARK_RATE) ** letters / 2
            probability *= (tasks.MARK_RATE / 2) ** (steps - 1 - letters)
            for t, tag in enumerate(read_questions(text)):
                yield text[: t + 1], tag, probability


@pytest.mark.parametrize("steps", [1, 2, 6])
def test_limits_hold_over_all_cases(steps):
    for window in (1, 2, 6, 9):
        limit = best_share(bracket_cases(steps, window))
        assert tasks.brackets_limit(steps, window) == pytest.approx(
            limit, abs=1e-12
        )
    limit = best_share(question_cases(steps))
    assert tasks.questions_limit(steps) == pytest.approx(limit, abs=1e-12)


# Sentences


def all_sentences():
    """Every sentence, with its probability."""
    nouns = [*NOUNS, *(f"{noun}s" for noun in NOUNS)]
    for k in range(3):
        for words in itertools.product(nouns, repeat=1 + k):
            for verb in VERBS:
                agreeing = verb if words[0].endswith("s") else f"{verb}s"
                start = " near ".join(f"the {word}" for word in words)
                probability = 1 / 3 / 8 ** (1 + k) / 4
                yield f"{start} {agreeing}.", probability


SENTENCES = dict(all_sentences())


def test_sentences_are_what_they_say():
    assert len(SENTENCES) == 2336
    assert "".join(sorted(set("".join(SENTENCES)))) == tasks.SENTENCE_CHARACTERS
    drawn = tasks.sentences(20_000, seeded())
    assert set(drawn) <= set(SENTENCES)
    assert_fair([sentence.count("near") for sentence in drawn], range(3))
    assert_fair([each.split()[-1].rstrip("s.") for each in drawn], VERBS)
    for place in range(3):
        parts = [sentence.split(" near ") for sentence in drawn]
        nouns = [each[place].split()[1] for each in parts if len(each) > place]
        assert_fair(nouns, [*NOUNS, *(f"{noun}s" for noun in NOUNS)])


def test_every_sentence_is_one_and_nothing_else():
    assert all(map(tasks.is_sentence, SENTENCES))
    more = "the cat near the dogs near the cows near the cow eats."
    assert not tasks.is_sentence(more)
    for sentence in tasks.sentences(8, seeded()):
        for place in range(len(sentence) + 1):
            before, after = sentence[:place], sentence[place:]
            for character in ["", *tasks.SENTENCE_CHARACTERS, "X", "\n"]:
                for rest in (after, after[1:]):
                    text = before + character + rest
                    assert tasks.is_sentence(text) == (text in SENTENCES), text


def forget_subject(text):
    """What is left of a beginning for who forgets the subject's number."""
    subject, near, rest = text.partition(" near")
    return subject.rstrip("s") + near + rest if near else text


@pytest.mark.parametrize("remembers", [True, False])
def test_the_least_loss_of_sentences_is_as_said(remembers):
    """Predict each character from all sentences that begin in this way."""
    seen = str if remembers else forget_subject
    beginnings, continuations = Counter(), Counter()
    for sentence, probability in SENTENCES.items():
        for t, character in enumerate(sentence):
            beginnings[seen(sentence[:t])] += probability
            continuations[seen(sentence[:t]), character] += probability
    bits = -sum(
        probability * math.log2(probability / beginnings[before])
        for (before, _), probability in continuations.items()
    )
    length = sum(p * len(sentence) for sentence, p in SENTENCES.items())
    said = (math.log2(3) + 2 * 3 + 2 + (not remembers) * 2 / 3) / 27.75
    assert bits / length == pytest.approx(said, rel=1e-12)


# Reversal and intervals


def test_reversal_is_what_it_says():
    start, end = 4, 5
    source, given, lengths, target = tasks.reversal(3000, 5, 4, seeded())
    for row, fed, length, wanted in zip(
        *(part.tolist() for part in (source, given, lengths, target)),
        strict=True,
    ):
        backwards, rest = row[:length][::-1], 5 - length
        assert row[length:] == [0] * rest
        assert wanted == [*backwards, end] + [tasks.IGNORE] * rest
        assert fed == [start, *backwards] + [0] * rest
    assert_fair(lengths.tolist(), range(1, 6))
    real = torch.arange(5) < lengths[:, None]
    assert_fair(source[real].tolist(), range(4))


def test_intervals_are_what_they_say():
    tokens, tags = tasks.intervals(3000, 6, seeded(), min_interval=2)
    places = []
    for row, tagged in zip(tokens.tolist(), tags.tolist(), strict=True):
        a, b = (t for t, token in enumerate(row) if token)
        assert tagged == [int(t == 2 * b - a) for t in range(tasks.LEAD + 12)]
        places.append((a, b - a))
    assert_fair(
        places, [(a, n) for a in range(tasks.LEAD) for n in range(2, 7)]
    )
