"""The models: what they compute from their layers, and what they write."""

import math
from collections import Counter
from functools import partial

import pytest
import torch
from torch.nn.functional import one_hot
from torch.testing import assert_close

from oracles import assert_uniform, seeded
from unrolled import tasks
from unrolled.cells import GRUCell, PeepholeLSTMCell
from unrolled.lstm import LSTM
from unrolled.models import CharLM, Classifier, Seq2Seq, Tagger, Transformer
from unrolled.recurrent import Recurrent

pytestmark = pytest.mark.usefixtures("one_thread")
exactly = partial(assert_close, rtol=0, atol=1e-12)
LAYERS = {
    "LSTM": LSTM,
    "PeepholeLSTMCell": partial(Recurrent, PeepholeLSTMCell),
    "GRUCell": partial(Recurrent, GRUCell),
}
each_layer = pytest.mark.parametrize("make", LAYERS.values(), ids=LAYERS)
both_ways = pytest.mark.parametrize("bidirectional", [False, True])

N, T, D, H, C = 6, 5, 3, 4, 3
X = torch.randn(N, T, D, generator=seeded())
TOKENS = torch.randint(D, (N, T), generator=seeded())
LENGTHS = torch.tensor([5, 1, 3, 2, 5, 4])


def hidden(state):
    return state if isinstance(state, torch.Tensor) else state[0]


def char_lm(make=LSTM, layers=1, **options):
    generator = seeded()
    layer = make(3, H, layers, **options, generator=generator)
    return CharLM(layer, "ab.", end=".", generator=generator)


def seq2seq(make=LSTM, layers=1, size=H):
    generator = seeded()
    encoder = make(3, size, layers, generator=generator)
    decoder = make(5, size, layers, generator=generator)
    return Seq2Seq(encoder, decoder, 3, 4, generator=generator)


def loud(model, times=1.5):
    """Let a model have clear opinions, for its output to show."""
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(times)
    return model


# What they compute


@each_layer
@both_ways
@pytest.mark.parametrize("lengths", [None, LENGTHS])
@pytest.mark.parametrize("read", ["last", "all"])
def test_classifier_reads_the_ends(make, bidirectional, lengths, read):
    layer = make(D, H, 2, bidirectional=bidirectional, generator=seeded())
    model = Classifier(layer, C, layers=read, generator=seeded())
    out, state = layer(X, lengths=lengths)
    last = torch.full((N,), T) - 1 if lengths is None else lengths - 1
    ends = [out[torch.arange(N), last, :H]]
    if bidirectional:  # the second direction ends at the first step
        ends.append(out[:, 0, H:])
    if read == "all":
        ends = [*hidden(state)]
    expected = model.head(torch.cat(ends, dim=1))
    assert_close(model(X, lengths), expected)


@each_layer
@both_ways
def test_tagger_scores_every_step(make, bidirectional):
    layer = make(D, H, 2, bidirectional=bidirectional, generator=seeded())
    model = Tagger(layer, C, generator=seeded())
    expected = model.head(layer(X, lengths=LENGTHS)[0])
    assert_close(model(X, LENGTHS), expected)


@pytest.mark.parametrize("kind", [Classifier, Tagger, Transformer])
def test_tokens_are_rows_with_a_single_1(kind):
    model = kind(D, C, 12) if kind is Transformer else kind(LSTM(D, H), C)
    assert torch.equal(model(TOKENS), model(one_hot(TOKENS, D).float()))


def test_dropout_is_for_training():
    model = Classifier(LSTM(D, 64), C, dropout=0.5)
    assert not torch.equal(model(X), model(X))
    without = Classifier(model.recurrent, C)
    without.head = model.head
    assert_close(model.eval()(X), without(X))


@each_layer
def test_reading_step_by_step_is_reading_at_once(make):
    model = char_lm(make, layers=2).double()
    at_once, final = model.read(TOKENS)
    state, steps = None, []
    for t in range(T):
        logits, state = model.read(TOKENS[:, t : t + 1], state)
        steps.append(logits)
    exactly(torch.cat(steps, dim=1), at_once)
    exactly(hidden(state), hidden(final))
    _, ends = model.read(TOKENS, lengths=LENGTHS)
    for n, length in enumerate(LENGTHS.tolist()):
        _, alone = model.read(TOKENS[n : n + 1, :length])
        exactly(hidden(ends)[:, n], hidden(alone)[:, 0])


@each_layer
@pytest.mark.parametrize("layers", [1, 2])
def test_seq2seq_hands_its_state_over(make, layers):
    model = seq2seq(make, layers).double()
    source, given, lengths, _ = tasks.reversal(N, 4, 3, seeded())
    logits = model(source, given, lengths)
    for n, length in enumerate(lengths.tolist()):
        x = one_hot(source[n : n + 1, :length], 3).double()
        _, state = model.encoder(x)
        out, _ = model.decoder(one_hot(given[n : n + 1], 5).double(), state)
        exactly(logits[n : n + 1], model.head(out))


@each_layer
def test_greedy_takes_the_best_given_what_it_wrote(make):
    model = loud(seq2seq(make, size=12), 4).double()
    torch.nn.init.zeros_(model.head.bias)  # no favourite token
    source, _, lengths, _ = tasks.reversal(200, 4, 3, seeded())
    written = model.greedy(source, 6, lengths)
    assert len(set(map(tuple, written.tolist()))) > 5
    given = torch.full((200, 1), model.start)
    ended = torch.zeros(200, dtype=torch.bool)
    for t in range(6):  # read all again at every step
        best = model(source, given, lengths)[:, -1].argmax(dim=1)
        expected = torch.where(ended, model.end, best)
        assert torch.equal(written[:, t], expected)
        ended |= best == model.end
        given = torch.cat([given, best[:, None]], dim=1)


# Writing


def test_texts_begin_with_the_end_of_another():
    tokens, lengths, targets = char_lm().examples(["abb.", "."])
    assert tokens.tolist() == [[2, 0, 1, 1], [2, 0, 0, 0]]
    assert lengths.tolist() == [4, 1]
    assert targets.tolist() == [[0, 1, 1, 2], [2, -100, -100, -100]]


def chances(model, text, temperature=1.0):
    """The probability of each next character, by reading the whole text."""
    tokens = torch.tensor([["ab.".index(character) for character in text]])
    with torch.no_grad():
        logits = model(tokens)[0, -1]
    return (logits / temperature).softmax(dim=0).tolist()


@pytest.mark.parametrize(
    ("make", "temperature"), [(LSTM, 0.5), (LAYERS["GRUCell"], 2.0)]
)
def test_samples_follow_the_softmax(make, temperature):
    """Up to three characters each: chi-square over all that may come."""
    model, count, expected = loud(char_lm(make)), 3000, {"": 3000.0}
    for length in range(3):
        for text in [text for text in expected if len(text) == length]:
            if "." not in text:
                row = chances(model, "." + text, temperature)
                whole = expected.pop(text)
                for c, share in zip("ab.", row, strict=True):
                    expected[text + c] = whole * share
    written = model.generate(
        count, 3, temperature=temperature, generator=seeded()
    )
    seen = Counter(written)
    assert set(seen) <= set(expected)
    assert min(expected.values()) > 5
    square = sum((seen[text] - e) ** 2 / e for text, e in expected.items())
    assert len(expected) == 15
    assert square < 36.1  # 14 degrees of freedom: one in a thousand is above


def test_tiny_and_huge_temperatures():
    model, text = loud(char_lm(), 4), ""
    with torch.no_grad():
        model.head.bias.copy_(torch.tensor([0.0, 0.2, -9.0]))
    for _ in range(8):
        row = chances(model, "." + text)
        text += "ab."[row.index(max(row))]
    assert set(text) == {*"ab"}
    for tiny in (0, 1e-9, 1e-50, 5e-324):
        texts = model.generate(3, 8, temperature=tiny)
        assert texts == [text] * 3
    texts = model.generate(900, 1, temperature=1e300, generator=seeded())
    assert all(abs(n - 300) < 70 for n in Counter(texts).values())


def read_by(layer, call):
    """The tokens (N, T) that a layer reads in each call; what is returned."""
    read = []

    def note(_, inputs):
        assert not torch.is_grad_enabled()
        read.append(inputs[0].argmax(dim=2))

    hook = layer.register_forward_pre_hook(note)
    said = call()
    hook.remove()
    return read, said


def test_nothing_is_read_twice_and_writing_stops_when_all_have_ended():
    model, translator = char_lm(), seq2seq()
    write = partial(model.generate, 2, 4, generator=seeded())
    read, _ = read_by(model.recurrent, write)
    assert read[0].tolist() == [[2]] * 2
    assert {tokens.shape[1] for tokens in read} == {1}
    with torch.no_grad():
        model.head.bias[2] = 100.0
        translator.head.bias[4] = 100.0
    read, texts = read_by(model.recurrent, partial(model.generate, 5, 50))
    assert (len(read), texts) == (1, ["."] * 5)
    write = partial(translator.greedy, TOKENS, 50)
    read, tokens = read_by(translator.decoder, write)
    assert len(read) == 1
    assert tokens.tolist() == [[4] * 50] * N  # only ends after the first
    torch.nn.init.constant_(model.head.bias, math.nan)
    with pytest.raises(ValueError, match=r"logits: expected finite .*got nan"):
        model.generate(1, 1)


@pytest.mark.parametrize("training", [False, True])
def test_writing_leaves_out_dropout_and_puts_modes_back(training):
    model = loud(char_lm(layers=2, dropout=0.9)).train(training)
    model.head.eval()  # a mode of its own
    first, second = (
        model.generate(50, 6, generator=seeded()) for _ in range(2)
    )
    assert first == second
    assert (model.training, model.recurrent.training) == (training, training)
    assert not model.head.training


def test_the_head_s_first_weights_are_uniform():
    head = Classifier(LSTM(D, 400), 100, generator=seeded()).head
    for values in (head.weight, head.bias):
        assert_uniform(values, 1 / math.sqrt(400))
