"""The models: what they compute, that they learn, that padding is nothing."""

import math
from collections import Counter
from itertools import product

import pytest
import torch
from torch.nn.functional import cross_entropy, one_hot

from oracles import seeded
from unrolled import tasks
from unrolled.cells import GRUCell, PeepholeLSTMCell, RNNCell
from unrolled.lstm import LSTM, LSTMCell
from unrolled.models import CharLM, Classifier, Seq2Seq, Tagger
from unrolled.recurrent import Recurrent


def looped(cell_class):
    def make(*sizes, **options):
        return Recurrent(cell_class, *sizes, **options)

    return make


LAYERS = {
    "LSTM": LSTM,
    "LSTMCell": looped(LSTMCell),
    "PeepholeLSTMCell": looped(PeepholeLSTMCell),
    "GRUCell": looped(GRUCell),
    "RNNCell": looped(RNNCell),
}
each_layer = pytest.mark.parametrize("make", LAYERS.values(), ids=LAYERS)
both_ways = pytest.mark.parametrize("bidirectional", [False, True])

N, T, D, H, C = 6, 5, 3, 4, 3
X = torch.randn(N, T, D, generator=seeded())
TOKENS = torch.randint(D, (N, T), generator=seeded())
LENGTHS = torch.tensor([5, 1, 3, 2, 5, 4])
PADDING = torch.arange(T) >= LENGTHS[:, None]  # (N, T)


def hidden(state):
    return state if isinstance(state, torch.Tensor) else state[0]


def char_lm(make=LSTM, layers=1, end=None, seed=0):
    generator = seeded(seed)
    layer = make(3, H, layers, generator=generator)
    return CharLM(layer, "ab.", end=end, generator=generator)


def seq2seq(make=LSTM, layers=1, bidirectional=False, vocabulary=3, size=H):
    generator = seeded()
    half = size // 2 if bidirectional else size
    encoder = make(
        vocabulary,
        half,
        layers,
        bidirectional=bidirectional,
        generator=generator,
    )
    decoder = make(vocabulary + 2, size, layers, generator=generator)
    return Seq2Seq(
        encoder, decoder, vocabulary, vocabulary + 1, generator=generator
    )


# What they compute


def counts(model):
    return {name: p.numel() for name, p in model.named_parameters()}


def test_the_parameters_of_source_b_s_text_term_by_term():
    model = Classifier(LSTM(1, 128, 2, bias=False), 2)
    assert sorted(counts(model).values()) == sorted(
        [4 * 128 * 1, 4 * 128 * 128, 4 * 128 * 128, 4 * 128 * 128, 2 * 128, 2]
    )
    assert sum(counts(model).values()) == 197_378


def test_the_parameters_of_source_b_s_code_term_by_term():
    layer = LSTM(
        10,
        128,
        2,
        dropout=0.3,
        forget_bias=2.0,
        two_biases=True,
        init="xavier",
    )
    model = Classifier(layer, 2, layers="all", dropout=0.3)
    first = [4 * 128 * 10, 4 * 128 * 128, 4 * 128, 4 * 128]
    second = [4 * 128 * 128, 4 * 128 * 128, 4 * 128, 4 * 128]
    head = [2 * (128 + 128), 2]
    assert sorted(counts(model).values()) == sorted(first + second + head)
    assert sum(counts(model).values()) == 204_290


def by_hand(head, features):
    return features @ head.weight.T + head.bias


@each_layer
@both_ways
@pytest.mark.parametrize("lengths", [None, LENGTHS])
def test_classifier_reads_the_ends(make, bidirectional, lengths):
    layer = make(D, H, 2, bidirectional=bidirectional, generator=seeded())
    model = Classifier(layer, C, generator=seeded())
    out, _ = layer(X, lengths=lengths)
    last = torch.full((N,), T) - 1 if lengths is None else lengths - 1
    ends = [out[torch.arange(N), last, :H]]
    if bidirectional:  # the second direction ends at the first step
        ends.append(out[:, 0, H:])
    expected = by_hand(model.head, torch.cat(ends, dim=1))
    torch.testing.assert_close(model(X, lengths), expected)
    assert expected.shape == (N, C)


@each_layer
@both_ways
def test_classifier_reads_the_ends_of_all_layers(make, bidirectional):
    layer = make(D, H, 3, bidirectional=bidirectional, generator=seeded())
    model = Classifier(layer, C, layers="all", generator=seeded())
    _, state = layer(X, lengths=LENGTHS)
    expected = by_hand(model.head, torch.cat([*hidden(state)], dim=1))
    torch.testing.assert_close(model(X, LENGTHS), expected)


@each_layer
@both_ways
def test_tagger_scores_every_step(make, bidirectional):
    layer = make(D, H, 2, bidirectional=bidirectional, generator=seeded())
    model = Tagger(layer, C, generator=seeded())
    logits = model(X, LENGTHS)
    assert logits.shape == (N, T, C)
    expected = by_hand(model.head, layer(X, lengths=LENGTHS)[0])
    torch.testing.assert_close(logits, expected)


@pytest.mark.parametrize("kind", [Classifier, Tagger])
def test_tokens_are_rows_with_a_single_1(kind):
    model = kind(LSTM(D, H), C)
    rows = one_hot(TOKENS, D).float()
    assert torch.equal(model(TOKENS), model(rows))
    assert torch.equal(model(TOKENS, LENGTHS), model(rows, LENGTHS))


@both_ways
def test_who_sees_what_is_to_come(bidirectional):
    model = Tagger(LSTM(D, H, bidirectional=bidirectional), C)
    later = X.clone()
    later[:, 3] += 1.0
    changed = (model(later) != model(X)).any(dim=(0, 2))
    assert changed.tolist() == [bidirectional] * 3 + [True] * 2


def test_dropout_is_for_training():
    model = Classifier(LSTM(D, 64), C, dropout=0.5)
    torch.manual_seed(0)
    assert not torch.equal(model(X), model(X))
    model.eval()
    assert torch.equal(model(X), model(X))
    without = Classifier(model.recurrent, C)
    without.head = model.head
    torch.testing.assert_close(model(X), without(X))


@each_layer
@pytest.mark.parametrize("layers", [1, 2])
def test_reading_step_by_step_is_reading_at_once(make, layers):
    model = char_lm(make, layers).double()
    at_once, final = model.read(TOKENS)
    state, steps = None, []
    for t in range(T):
        logits, state = model.read(TOKENS[:, t : t + 1], state)
        steps.append(logits)
    torch.testing.assert_close(
        torch.cat(steps, dim=1), at_once, rtol=0, atol=1e-12
    )
    torch.testing.assert_close(hidden(state), hidden(final), rtol=0, atol=1e-12)
    assert torch.equal(model(TOKENS), at_once)


@each_layer
def test_reading_ends_where_each_text_ends(make):
    model = char_lm(make).double()
    _, state = model.read(TOKENS, lengths=LENGTHS)
    for n, length in enumerate(LENGTHS.tolist()):
        _, alone = model.read(TOKENS[n : n + 1, :length])
        torch.testing.assert_close(
            hidden(state)[:, n], hidden(alone)[:, 0], rtol=0, atol=1e-12
        )


@each_layer
@both_ways
@pytest.mark.parametrize("layers", [1, 2])
def test_seq2seq_hands_its_state_over(make, bidirectional, layers):
    model = seq2seq(make, layers, bidirectional).double()
    source, given, lengths, _ = tasks.reversal(N, 4, 3, seeded())
    logits = model(source, given, lengths)
    assert logits.shape == (N, 5, 5)
    for n, length in enumerate(lengths.tolist()):
        _, state = model.encoder(
            one_hot(source[n : n + 1, :length], 3).double()
        )
        both = [state] if isinstance(state, torch.Tensor) else state
        start = []
        for s in both:
            if bidirectional:
                # PyTorch's order: a layer's two directions, then the next's.
                s = torch.stack(
                    [
                        torch.cat([s[2 * k], s[2 * k + 1]], 1)
                        for k in range(layers)
                    ]
                )
            start.append(s)
        out, _ = model.decoder(
            one_hot(given[n : n + 1], 5).double(),
            start[0] if len(start) == 1 else tuple(start),
        )
        torch.testing.assert_close(
            logits[n : n + 1], by_hand(model.head, out), rtol=0, atol=1e-12
        )


@each_layer
def test_greedy_takes_the_best_given_what_it_wrote(make):
    model = loud(seq2seq(make, size=12), 4).double()
    torch.nn.init.zeros_(model.head.bias)  # no favourite token
    source, _, lengths, _ = tasks.reversal(200, 4, 3, seeded())
    written = model.greedy(source, 6, lengths)
    assert written.shape == (200, 6)
    assert len(set(map(tuple, written.tolist()))) > 5
    assert written.dtype == torch.int64
    given = torch.full((200, 1), model.start)
    ended = torch.zeros(200, dtype=torch.bool)
    for t in range(6):  # read all again at every step
        best = model(source, given, lengths)[:, -1].argmax(dim=1)
        expected = torch.where(ended, model.end, best)
        assert torch.equal(written[:, t], expected)
        ended |= best == model.end
        given = torch.cat([given, best[:, None]], dim=1)


def test_greedy_writes_only_ends_after_the_first():
    model = seq2seq()
    with torch.no_grad():  # whatever it is told, the end scores best
        model.head.weight.zero_()
        model.head.bias.copy_(torch.tensor([0.0, 1.0, 0.0, 0.0, 2.0]))
    source, _, lengths, _ = tasks.reversal(5, 4, 3, seeded())
    assert model.greedy(source, 3, lengths).tolist() == [[4] * 3] * 5
    with torch.no_grad():
        model.head.bias[4] = 0.5
    assert model.greedy(source, 3, lengths).tolist() == [[1] * 3] * 5


# Writing


def test_encode_and_decode():
    model = char_lm()
    tokens = model.encode("b.aab")
    assert tokens.tolist() == [1, 2, 0, 0, 1]
    assert tokens.dtype == torch.int64
    assert model.decode(tokens) == "b.aab"


def test_examples_pair_each_character_with_the_next():
    tokens, lengths, targets = char_lm().examples(["abb", "a."])
    assert tokens.tolist() == [[0, 1], [0, 0]]
    assert lengths.tolist() == [2, 1]
    assert targets.tolist() == [[1, 1], [2, -100]]


def test_examples_with_an_end_begin_with_it():
    tokens, lengths, targets = char_lm(end=".").examples(["abb.", "."])
    assert tokens.tolist() == [[2, 0, 1, 1], [2, 0, 0, 0]]
    assert lengths.tolist() == [4, 1]
    assert targets.tolist() == [[0, 1, 1, 2], [2, -100, -100, -100]]


def chances(model, text, temperature=1.0):
    """The probability of each next character, by reading the whole text."""
    with torch.no_grad():
        logits = model(model.encode(text)[None])[0, -1]
    return (logits / temperature).softmax(dim=0).tolist()


def loud(model, times=1.5):
    """Let a model have clear opinions, for its output to show."""
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(times)
    return model


@pytest.mark.parametrize("make", [LSTM, LAYERS["GRUCell"]], ids=["LSTM", "GRU"])
@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_samples_follow_the_softmax(make, temperature):
    """Three characters each: chi-square over all 27 continuations."""
    model, count = loud(char_lm(make)), 20_000
    expected = {}
    for a, b, c in product("ab.", repeat=3):
        probability = float(count)
        for before, after in (("", a), (a, b), (a + b, c)):
            row = chances(model, "b" + before, temperature)
            probability *= row["ab.".index(after)]
        expected["b" + a + b + c] = probability
    written = model.generate(
        count,
        3,
        prompt="b",
        temperature=temperature,
        generator=seeded(),
    )
    seen = Counter(written)
    assert set(seen) <= set(expected)
    assert min(expected.values()) > 5
    square = sum((seen[text] - e) ** 2 / e for text, e in expected.items())
    assert square < 54.1  # 26 degrees of freedom: one in a thousand is above


@each_layer
def test_greedy_writing_takes_the_likeliest(make):
    model = loud(char_lm(make))
    written = model.generate(3, 12, prompt="a.", temperature=0)
    text = "a."
    for _ in range(12):
        row = chances(model, text)
        text += "ab."[row.index(max(row))]
    assert written == [text] * 3


def test_tiny_and_huge_temperatures():
    model = loud(char_lm())
    greedy = model.generate(20, 5, prompt="a", temperature=0)
    for tiny in (1e-9, 1e-50, 5e-324):
        texts = model.generate(20, 5, prompt="a", temperature=tiny)
        assert texts == greedy
    texts = model.generate(
        9000, 1, prompt="a", temperature=1e300, generator=seeded()
    )
    for count in Counter(texts).values():
        assert abs(count - 3000) < 250


def test_texts_end_at_the_end():
    model = char_lm(end=".")
    texts = model.generate(3000, 4, generator=seeded())
    for text in texts:
        assert "." not in text[:-1]
        assert text[-1] == "." if len(text) < 4 else len(text) == 4
    ended = sum(text == "." for text in texts)
    chance = chances(model, ".")[2]
    assert ended / 3000 == pytest.approx(chance, abs=0.05)
    assert {len(text) for text in texts} == {1, 2, 3, 4}


def read_by(layer, call):
    """The tokens (N, T) that a layer reads in each of its calls."""
    read = []

    def note(_, inputs):
        assert not torch.is_grad_enabled()
        read.append(inputs[0].argmax(dim=2))

    hook = layer.register_forward_pre_hook(note)
    call()
    hook.remove()
    return read


def test_nothing_is_read_twice():
    model = char_lm()
    read = read_by(model.recurrent, lambda: model.generate(2, 5, prompt="ab."))
    assert [tokens.shape[1] for tokens in read] == [3, 1, 1, 1, 1]


def test_a_prompt_is_kept_and_read_after_the_end():
    model, texts = char_lm(end="."), []
    read = read_by(
        model.recurrent,
        lambda: texts.extend(model.generate(2, 4, prompt="ab")),
    )
    assert read[0].tolist() == [[2, 0, 1]] * 2
    assert {text[:2] for text in texts} == {"ab"}


def test_writing_stops_when_all_have_ended():
    writer, translator = char_lm(end="."), seq2seq()
    with torch.no_grad():
        writer.head.bias[2] = 100.0
        translator.head.bias[4] = 100.0
    calls = {
        writer.recurrent: lambda: writer.generate(5, 50, prompt="ab"),
        translator.decoder: lambda: translator.greedy(TOKENS, 50),
    }
    for layer, call in calls.items():
        assert len(read_by(layer, call)) == 1


@pytest.mark.parametrize("training", [False, True])
def test_writing_leaves_out_dropout_and_gradients(training):
    layer = LSTM(3, H, 2, dropout=0.9, generator=seeded())
    model = loud(CharLM(layer, "ab.", generator=seeded()))
    model.train(training)
    model.head.eval()  # a mode of its own
    before = torch.get_rng_state()
    first, second = (
        model.generate(50, 6, prompt="a", generator=seeded()) for _ in range(2)
    )
    assert first == second
    assert torch.equal(torch.get_rng_state(), before)
    assert (model.training, layer.training) == (training, training)
    assert not model.head.training
    assert all(p.grad is None for p in model.parameters())


# Randomness

SMALL = {
    "Classifier": lambda make, g: Classifier(
        make(D, H, 2, bidirectional=True, generator=g), C, generator=g
    ),
    "Tagger": lambda make, g: Tagger(make(D, H, generator=g), C, generator=g),
    "CharLM": lambda make, g: CharLM(
        make(3, H, generator=g), "ab.", generator=g
    ),
    "Seq2Seq": lambda make, g: Seq2Seq(
        make(3, H, generator=g), make(5, H, generator=g), 3, 4, generator=g
    ),
}


@each_layer
@pytest.mark.parametrize("name", SMALL)
def test_a_seed_decides_the_first_weights(make, name):
    before = torch.get_rng_state()
    one, same, other = (SMALL[name](make, seeded(seed)) for seed in (0, 0, 1))
    assert torch.equal(torch.get_rng_state(), before)
    for a, b in zip(one.parameters(), same.parameters(), strict=True):
        assert torch.equal(a, b)
    assert not torch.equal(one.head.weight, other.head.weight)
    assert not torch.equal(one.head.bias, other.head.bias)


@pytest.mark.parametrize("name", SMALL)
def test_without_a_generator_the_global_one_is_drawn_from(name):
    heads = []
    for _ in range(2):
        torch.manual_seed(3)
        heads.append(SMALL[name](LSTM, None).head.weight)
    assert torch.equal(*heads)
    assert not torch.equal(heads[0], SMALL[name](LSTM, None).head.weight)


def test_the_head_s_first_weights_are_uniform():
    head = Classifier(LSTM(D, 400), 100, generator=seeded()).head
    for values in (head.weight.flatten(), head.bias):
        scaled = values.detach() * math.sqrt(400)
        assert scaled.abs().max() <= 1
        expected = torch.linspace(-1, 1, len(scaled))
        assert (scaled.sort().values - expected).abs().max() < 0.2


@pytest.mark.parametrize("name", SMALL)
def test_the_head_has_the_dtype_of_the_layer(name):
    make = lambda *sizes, **options: LSTM(*sizes, **options).double()  # noqa: E731
    assert SMALL[name](make, seeded()).head.weight.dtype == torch.float64


# Padding


@each_layer
@both_ways
@pytest.mark.parametrize("kind", [Classifier, Tagger])
def test_padding_changes_nothing(make, bidirectional, kind):
    layer = make(D, H, 2, bidirectional=bidirectional)
    model = kind(layer, C)
    padded = X.masked_fill(PADDING[..., None], 1000.0).requires_grad_()
    logits = model(padded, LENGTHS)
    assert torch.equal(logits, model(X, LENGTHS))
    other = torch.where(PADDING, (TOKENS + 1) % D, TOKENS)
    assert torch.equal(model(other, LENGTHS), model(TOKENS, LENGTHS))

    if kind is Tagger:
        logits = logits[~PADDING]
    logits.square().sum().backward()
    assert (padded.grad[PADDING] == 0).all()
    assert (padded.grad[~PADDING] != 0).any(dim=1).all()
    for n, length in enumerate(LENGTHS.tolist()):
        alone = model(X[n : n + 1, :length])[0]
        both = model(X, LENGTHS)[n]
        if kind is Tagger:
            both = both[:length]
        torch.testing.assert_close(both, alone)


@each_layer
def test_padding_changes_nothing_in_a_text(make):
    model = char_lm(make)
    other = torch.where(PADDING, (TOKENS + 1) % 3, TOKENS)
    expected = model(TOKENS, LENGTHS)
    assert torch.equal(model(other, LENGTHS), expected)
    assert not torch.equal(model(other), model(TOKENS))


@each_layer
@both_ways
def test_padding_changes_nothing_in_a_source(make, bidirectional):
    model = seq2seq(make, 2, bidirectional)
    source, given, lengths, target = tasks.reversal(N, T, 3, seeded())
    past = torch.arange(T) >= lengths[:, None]
    other = torch.where(past, (source + 1) % 3, source)
    assert not torch.equal(other, source)
    expected = model(source, given, lengths)
    assert torch.equal(model(other, given, lengths), expected)
    written = model.greedy(source, 4, lengths)
    assert torch.equal(model.greedy(other, 4, lengths), written)
    # Nor does what the decoder is given past the target's end.
    ignored = target == tasks.IGNORE
    other = torch.where(ignored, (given + 1) % 5, given)
    assert torch.equal(
        model(source, other, lengths)[~ignored], expected[~ignored]
    )


# Learning


def overfit(model, inputs, target, updates=100, lr=0.03):
    """Learn one batch by heart: the share of right answers."""
    optimiser = torch.optim.Adam(model.parameters(), lr)
    for _ in range(updates):
        optimiser.zero_grad()
        logits = model(*inputs)
        loss = cross_entropy(logits.flatten(0, -2), target.flatten())
        loss.backward()
        optimiser.step()
    answer = model(*inputs).argmax(dim=-1)
    counted = target != tasks.IGNORE
    return (answer == target)[counted].double().mean().item()


@pytest.mark.parametrize("layers", ["last", "all"])
@both_ways
def test_classifier_learns_a_batch(layers, bidirectional):
    x = torch.randn(16, 6, 2, generator=seeded())
    label = torch.randint(3, (16,), generator=seeded(1))
    lengths = torch.randint(3, 7, (16,), generator=seeded(2))
    layer = LSTM(2, 16, 2, bidirectional=bidirectional, generator=seeded())
    model = Classifier(layer, 3, layers=layers, generator=seeded())
    assert overfit(model, (x, lengths), label) == 1.0


@pytest.mark.parametrize("make", [LSTM, LAYERS["GRUCell"]], ids=["LSTM", "GRU"])
def test_tagger_learns_a_batch(make):
    tokens, lengths, tags = tasks.brackets(16, 8, seeded())
    model = Tagger(make(6, 16, generator=seeded()), 2, generator=seeded())
    assert overfit(model, (tokens, lengths), tags) == 1.0


def test_both_ways_learn_what_one_way_cannot():
    tokens, tags = tasks.questions(16, 10, seeded())
    scores = []
    for bidirectional in (False, True):
        layer = LSTM(6, 16, bidirectional=bidirectional, generator=seeded())
        model = Tagger(layer, 2, generator=seeded())
        scores.append(overfit(model, (tokens,), tags))
    # The first letters of two sequences may be the same, their tags another.
    assert scores[0] < 1.0
    assert scores[1] == 1.0


def test_char_lm_learns_a_text():
    layer = LSTM(3, 16, generator=seeded())
    model = CharLM(layer, "ab.", end=".", generator=seeded())
    text = "abbaababbb."
    tokens, lengths, targets = model.examples([text])
    assert overfit(model, (tokens, lengths), targets) == 1.0
    assert model.generate(2, 20, temperature=0) == [text, text]


@both_ways
def test_seq2seq_learns_a_batch(bidirectional):
    *inputs, target = tasks.reversal(12, 4, 3, seeded())
    model = seq2seq(bidirectional=bidirectional, size=24)
    assert overfit(model, inputs, target) == 1.0
    source, _, lengths = inputs
    written = model.greedy(source, target.shape[1], lengths)
    assert tasks.exact_match(written, target) == 1.0
