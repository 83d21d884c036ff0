"""The small tasks against their definitions, their limits against all cases.

The limits are derived in the tasks' descriptions. Here each is computed a
second way, over every case there is, and a third, by playing the game.
"""

import itertools
import math
from collections import Counter, defaultdict

import pytest
import torch

from oracles import seeded
from unrolled.tasks import (
    BRACKET_TOKENS,
    IGNORE,
    LEAD,
    MARK_RATE,
    QUESTION_TOKENS,
    SENTENCE_CHARACTERS,
    brackets,
    brackets_limit,
    exact_match,
    first_last,
    henon,
    intervals,
    is_sentence,
    oscillations,
    questions,
    questions_limit,
    reversal,
    sentences,
    sentences_limit,
)
from unrolled.tasks.language import NOUNS, VERBS

DRAWS = {
    "first_last": lambda generator: first_last(40, 5, 2, generator),
    "brackets": lambda generator: brackets(40, 9, generator),
    "questions": lambda generator: questions(40, 9, generator),
    "reversal": lambda generator: reversal(40, 5, 4, generator),
    "sentences": lambda generator: sentences(40, generator),
    "intervals": lambda generator: intervals(40, 6, generator),
    "oscillations": lambda generator: oscillations(4, 9, generator),
    "henon": lambda generator: henon(4, 9, generator),
}


def same(ones, others):
    return all(
        torch.equal(a, b) if isinstance(a, torch.Tensor) else a == b
        for a, b in zip(ones, others, strict=True)
    )


@pytest.mark.parametrize("name", DRAWS)
def test_a_seed_decides_everything(name):
    draw = DRAWS[name]
    before = torch.get_rng_state()
    generator = seeded()
    first, second = draw(generator), draw(generator)
    assert same(first, draw(seeded()))
    assert not same(first, second)
    assert torch.equal(torch.get_rng_state(), before)


def share(right):
    return right.double().mean().item()


# First and last


def test_first_last_is_what_it_says():
    x, label = first_last(2000, 4, 3, seeded())
    assert x.shape == (2000, 4, 3)
    assert x.dtype == torch.get_default_dtype()
    expected = [int(row[0][0] + row[-1][0] > 0) for row in x.tolist()]
    assert label.tolist() == expected
    flat = x.double().flatten(0, 1)  # (8000, 3)
    assert flat.mean(0).abs().max() < 0.05
    assert (flat.T.cov() - torch.eye(3)).abs().max() < 0.05
    assert abs(torch.corrcoef(x[:, :, 0].T)[0, 3]) < 0.08


def test_first_last_with_one_end_is_right_three_times_in_four():
    x, label = first_last(200_000, 3, 1, seeded())
    first, middle, last = (x[..., 0] > 0).long().unbind(dim=1)
    assert share(label == 1) == pytest.approx(1 / 2, abs=0.005)
    assert share(label == middle) == pytest.approx(1 / 2, abs=0.005)
    assert share(label == first) == pytest.approx(3 / 4, abs=0.005)
    assert share(label == last) == pytest.approx(3 / 4, abs=0.005)
    assert share(label == (x[:, 0, 0] + x[:, -1, 0] > 0)) == 1
    # No other guess from the first value does better: where it is small and
    # where it is large, its sign is right at least half the time.
    for part in x[:, 0, 0].abs().argsort().chunk(10):
        assert share(label[part] == first[part]) > 0.5


# Brackets


def read_brackets(text):
    """Tag a text by reading it as one would."""
    tags, is_open = [], False
    for character in text:
        assert character in BRACKET_TOKENS
        assert character != ("(" if is_open else ")")
        is_open = is_open or character == "("
        tags.append(int(is_open))
        is_open = is_open and character != ")"
    return tags


def test_brackets_are_what_they_say():
    tokens, lengths, tags = brackets(3000, 12, seeded())
    for row, length, tagged in zip(
        tokens.tolist(), lengths.tolist(), tags.tolist(), strict=True
    ):
        text = "".join(BRACKET_TOKENS[token] for token in row[:length])
        assert tagged[:length] == read_brackets(text)
        assert row[length:] == [0] * (12 - length)
        assert tagged[length:] == [IGNORE] * (12 - length)
    assert_fair(lengths.tolist(), range(1, 13))
    seen = tokens[tags != IGNORE]
    assert share(seen >= 4) == pytest.approx(MARK_RATE, abs=0.01)
    assert_fair(seen[seen < 4].tolist(), range(4))


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
        cases: pairs of what is seen, tag and probability.
    """
    weights = defaultdict(Counter)
    for seen, tag, probability in cases:
        weights[seen][tag] += probability
    total = sum(sum(tags.values()) for tags in weights.values())
    return sum(max(tags.values()) for tags in weights.values()) / total


def bracket_cases(steps, window):
    """All that a tagger with this window can see; letters are all one."""
    for is_bracket in itertools.product([False, True], repeat=steps):
        text, is_open = "", False
        probability = 1.0
        for bracket in is_bracket:
            text += ")" if bracket and is_open else "(" if bracket else "a"
            is_open ^= bracket
            probability *= MARK_RATE if bracket else 1 - MARK_RATE
        for length in range(1, steps + 1):
            for t, tag in enumerate(read_brackets(text[:length])):
                seen = text[max(0, t + 1 - window) : t + 1]
                yield (t, seen), tag, probability / steps


@pytest.mark.parametrize("window", [1, 2, 3, 6, 9])
@pytest.mark.parametrize("steps", [1, 2, 6])
def test_brackets_limit_holds_over_all_cases(steps, window):
    limit = best_share(bracket_cases(steps, window))
    assert brackets_limit(steps, window) == pytest.approx(limit, abs=1e-12)


@pytest.mark.parametrize("window", [1, 4, 40])
def test_brackets_limit_is_reached(window):
    """A tagger that looks for the last bracket in its window."""
    tokens, _, tags = brackets(4000, 40, seeded())
    opening, closing = (BRACKET_TOKENS.index(bracket) for bracket in "()")
    padded = torch.nn.functional.pad(tokens, (window - 1, 0))
    windows = padded.unfold(1, window, 1)  # (N, T, window)
    places = torch.where(windows >= opening, torch.arange(window), -1)
    last = windows.gather(2, places.argmax(dim=2, keepdim=True)).squeeze(2)
    says_inside = (last == opening) | (tokens == closing)
    right = says_inside == tags.bool()
    assert share(right[tags != IGNORE]) == pytest.approx(
        brackets_limit(40, window), abs=0.01
    )


# Questions


def read_questions(text):
    """Tag a text by reading it from its end."""
    tags, mark = [], None
    for character in reversed(text):
        assert character in QUESTION_TOKENS
        mark = character if character in ".?" else mark
        tags.append(int(mark == "?"))
    return tags[::-1]


def test_questions_are_what_they_say():
    tokens, tags = questions(3000, 12, seeded())
    texts = [
        "".join(QUESTION_TOKENS[k] for k in row) for row in tokens.tolist()
    ]
    for text, tagged in zip(texts, tags.tolist(), strict=True):
        assert text[-1] in ".?"
        assert tagged == read_questions(text)
    before = "".join(text[:-1] for text in texts)
    marks = [character for character in before if character in ".?"]
    assert len(marks) / len(before) == pytest.approx(MARK_RATE, abs=0.01)
    assert_fair(marks, ".?")
    assert_fair(
        [character for character in before if character in "abcd"], "abcd"
    )
    assert_fair([text[-1] for text in texts], ".?")


def question_cases(steps):
    """All that a tagger can see that reads from the left."""
    for text in itertools.product("a.?", repeat=steps):
        if text[-1] == "a":
            continue
        probability = 1 / 2
        for character in text[:-1]:
            probability *= 1 - MARK_RATE if character == "a" else MARK_RATE / 2
        for t, tag in enumerate(read_questions(text)):
            yield text[: t + 1], tag, probability


@pytest.mark.parametrize("steps", [1, 2, 3, 7])
def test_questions_limit_holds_over_all_cases(steps):
    limit = best_share(question_cases(steps))
    assert questions_limit(steps) == pytest.approx(limit, abs=1e-12)


def test_questions_limit_is_reached():
    """A tagger that knows the marks, and guesses or lags at the letters."""
    tokens, tags = questions(8000, 24, seeded())
    mark = QUESTION_TOKENS.index("?")
    assert share((tokens == mark) == tags.bool()) == pytest.approx(
        questions_limit(24), abs=0.01
    )
    guess = torch.randint(2, tags.shape, generator=seeded(1))
    guess = torch.where(tokens >= mark - 1, tokens - mark + 1, guess)
    assert share(guess == tags) == pytest.approx(questions_limit(24), abs=0.01)


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


def test_all_sentences_are_counted():
    assert len(SENTENCES) == 2336
    assert sum(SENTENCES.values()) == pytest.approx(1, abs=1e-12)
    assert set("".join(SENTENCES)) == set(SENTENCE_CHARACTERS)
    assert len(set(SENTENCE_CHARACTERS)) == len(SENTENCE_CHARACTERS)
    lengths = {len(sentence) for sentence in SENTENCES}
    assert (min(lengths), max(lengths)) == (13, 46)


def test_sentences_are_what_they_say():
    drawn = sentences(20_000, seeded())
    assert set(drawn) <= set(SENTENCES)
    phrases = [sentence.count("near") for sentence in drawn]
    assert_fair(phrases, range(3))
    assert_fair(
        [sentence.split()[-1].rstrip("s.") for sentence in drawn],
        VERBS,
    )
    for place in range(3):
        nouns = [
            sentence.split(" near ")[place].split()[1]
            for sentence in drawn
            if sentence.count("near") >= place
        ]
        assert_fair(nouns, [*NOUNS, *(f"{noun}s" for noun in NOUNS)])


def test_every_sentence_is_one_and_nothing_else():
    assert all(map(is_sentence, SENTENCES))
    for sentence in sentences(20, seeded()):
        for place in range(len(sentence) + 1):
            before, after = sentence[:place], sentence[place:]
            for character in ["", *SENTENCE_CHARACTERS, "X", "\n"]:
                for text in (before + character + after[1:],
                             before + character + after):  # fmt: skip
                    assert is_sentence(text) == (text in SENTENCES), text


def test_sentences_limit_is_their_entropy():
    bits = -sum(p * math.log2(p) for p in SENTENCES.values())
    length = sum(p * len(sentence) for sentence, p in SENTENCES.items())
    assert sentences_limit() == pytest.approx(bits / length, rel=1e-12)


def forget_subject(text):
    """What is left of a beginning for who forgets the subject's number."""
    subject, near, rest = text.partition(" near")
    return subject.rstrip("s") + near + rest if near else text


@pytest.mark.parametrize("remembers", [True, False])
def test_sentences_limit_is_reached_by_the_best_predictions(remembers):
    """Predict each character from all sentences that begin in this way."""
    seen = str if remembers else forget_subject
    beginnings, continuations = Counter(), Counter()
    for sentence, probability in SENTENCES.items():
        for t, character in enumerate(sentence):
            beginnings[seen(sentence[:t])] += probability
            continuations[seen(sentence[:t]), character] += probability

    def bits(sentence):
        return -sum(
            math.log2(continuations[before, c] / beginnings[before])
            for t, c in enumerate(sentence)
            for before in [seen(sentence[:t])]
        )

    limit = sentences_limit(remembers)
    all_bits = sum(p * bits(sentence) for sentence, p in SENTENCES.items())
    length = sum(p * len(sentence) for sentence, p in SENTENCES.items())
    assert all_bits / length == pytest.approx(limit, rel=1e-12)
    drawn = sentences(4000, seeded())
    some_bits = sum(map(bits, drawn))
    assert some_bits / len("".join(drawn)) == pytest.approx(limit, rel=0.02)


# Reversal


def test_reversal_is_what_it_says():
    source, given, lengths, target = reversal(3000, 5, 4, seeded())
    assert source.shape == (3000, 5)
    assert given.shape == target.shape == (3000, 6)
    start, end = 4, 5
    for row, fed, length, wanted in zip(
        source.tolist(),
        given.tolist(),
        lengths.tolist(),
        target.tolist(),
        strict=True,
    ):
        backwards, rest = row[:length][::-1], 5 - length
        assert row[length:] == [0] * rest
        assert wanted == [*backwards, end] + [IGNORE] * rest
        assert fed == [start, *backwards] + [0] * rest
    assert_fair(lengths.tolist(), range(1, 6))
    real = torch.arange(5) < lengths[:, None]
    assert_fair(source[real].tolist(), range(4))


def test_reversal_by_chance():
    V, S = 3, 2
    *_, lengths, target = reversal(60_000, S, V, seeded())
    guess = torch.randint(V, target.shape, generator=seeded(1))
    guess = guess.scatter(1, lengths[:, None], V + 1)
    known_length = sum(V**-n for n in range(1, S + 1)) / S
    assert exact_match(guess, target) == pytest.approx(known_length, abs=0.01)


def test_exact_match_wants_every_step():
    *_, target = reversal(50, 4, 3, seeded())
    for n, length in enumerate((target != IGNORE).sum(dim=1).tolist()):
        for t in range(target.shape[1]):
            guess = target.clamp(min=0)
            guess[n, t] += 1
            wrong = 1 / 50 if t < length else 0
            assert exact_match(guess, target) == pytest.approx(1 - wrong)


# Intervals


def test_intervals_are_what_they_say():
    tokens, tags = intervals(3000, 6, seeded(), min_interval=2)
    assert tokens.shape == tags.shape == (3000, LEAD + 12)
    places = []
    for row, tagged in zip(tokens.tolist(), tags.tolist(), strict=True):
        a, b = (t for t, token in enumerate(row) if token)
        assert tagged == [int(t == 2 * b - a) for t in range(LEAD + 12)]
        places.append((a, b - a))
    assert_fair(places, [(a, n) for a in range(LEAD) for n in range(2, 7)])
