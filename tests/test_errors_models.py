"""Bad input to every model: a ValueError, with expected and got."""

import inspect

import torch

from bad_input import assert_refused, each_call
from unrolled import models
from unrolled.cells import GRUCell
from unrolled.lstm import LSTM, LSTMCell
from unrolled.models import CharLM, Classifier, Seq2Seq, Tagger
from unrolled.recurrent import Recurrent

N, T, D, H = 2, 4, 3, 5
LAYER, BOTH_WAYS = LSTM(D, H), LSTM(D, H, bidirectional=True)
DECODER = LSTM(D + 2, H)
NAN, INF = float("nan"), float("inf")
BAD_LAYERS = [None, torch.nn.LSTM(D, H), LSTMCell(D, H), LSTM]
BAD_GENERATORS = [0, "seed", torch.default_generator.initial_seed]
BAD_WHOLE = [0, -1, 2.0, True, "3", None, NAN]

X = torch.randn(N, T, D)
TOKENS = torch.randint(D, (N, T))
WRITTEN = torch.randint(D + 2, (N, T))
LENGTHS = torch.tensor([4, 2])

CLASSIFIER, TAGGER = Classifier(LAYER, 2), Tagger(LAYER, 2)
WRITER = CharLM(LAYER, "ab.", end=".")
ENDLESS = CharLM(LAYER, "ab.")
SEQ2SEQ = Seq2Seq(LAYER, DECODER, D, D + 1)
BROKEN = [CharLM(LAYER, "ab.", end="."), Seq2Seq(LAYER, DECODER, D, D + 1)]
for broken in BROKEN:
    torch.nn.init.constant_(broken.head.bias, NAN)


def with_(tensor, value):
    """Copy a tensor with one entry replaced, in the middle of it."""
    copy = tensor.clone()
    copy.view(-1)[copy.numel() // 2] = value
    return copy


def bad_tokens(good, tokens):
    """What is refused in place of tokens from 0 to `tokens` - 1."""
    wanted = f"expected numbers from 0 to {tokens - 1}, got"
    return [
        (with_(good, -1), f"{wanted} -1"),
        (with_(good, tokens), f"{wanted} {tokens}"),
        (good[0], r"expected shape .*got \(4,\)"),
        (good[:0], r"expected shape .*got \(0, 4\)"),
        (good[:, :0], r"expected shape .*got \(2, 0\)"),
    ]


def only_tokens(good, tokens):
    """The same, and what is refused where nothing but tokens will do."""
    return [
        *bad_tokens(good, tokens),
        (good.float(), r"expected torch.int64, got torch.float32"),
        (good.int(), r"expected torch.int64, got torch.int32"),
        (good.tolist(), r"expected a tensor .*got \[\["),
        (None, "expected a tensor .*got None"),
        (X, r"expected shape .*got \(2, 4, 3\)"),
    ]


BAD_X = [
    *bad_tokens(TOKENS, D),
    (with_(X, NAN), "expected finite numbers, got nan"),
    (with_(X, -INF), "expected finite numbers, got -inf"),
    (X.double(), "expected torch.float32.*got torch.float64"),
    (X[..., :2], r"expected shape .*3\).*got \(2, 4, 2\)"),
    (X[:0], r"expected shape .*got \(0, 4, 3\)"),
    (X[:, :0], r"expected shape .*got \(2, 0, 3\)"),
    (X.long(), r"expected shape .*got \(2, 4, 3\)"),
    (TOKENS.float(), r"expected shape .*got \(2, 4\)"),
    (X.tolist(), r"expected a tensor .*got \[\["),
    (None, "expected a tensor .*got None"),
]

BAD_LENGTHS = [
    (torch.tensor([4, 0]), "expected numbers from 1 to 4, got 0"),
    (torch.tensor([5, 1]), "expected numbers from 1 to 4, got 5"),
    (torch.tensor([4]), r"expected shape \(2,\).*got \(1,\)"),
    (torch.tensor([4.0, 2.0]), "expected torch.int64, got torch.float32"),
    ([4, 2], r"expected a tensor .*got \[4, 2\]"),
]


def rows():
    """Each call's name, the call, and what its message must say."""
    for kind in (Classifier, Tagger):
        name = kind.__name__
        for bad in BAD_LAYERS:
            yield name, lambda k=kind, b=bad: k(b, 2), "recurrent: .*Recurrent"
        for bad in [1, *BAD_WHOLE]:
            yield (
                name,
                lambda k=kind, b=bad: k(LAYER, b),
                rf"num_\w+: expected a .*of at least 2, got {bad!r}",
            )
        for bad in BAD_GENERATORS:
            yield (
                name,
                lambda k=kind, b=bad: k(LAYER, 2, generator=b),
                "generator: expected a Generator, got",
            )
    for bad in ("first", None, 1, ["all"], torch.ones(2)):
        yield (
            "Classifier",
            lambda b=bad: Classifier(LAYER, 2, layers=b),
            "layers: expected 'last' or 'all', got",
        )
    for bad in (-0.1, 1.0, NAN, INF, "0.1", None, True):
        yield (
            "Classifier",
            lambda b=bad: Classifier(LAYER, 2, dropout=b),
            f"dropout: expected a number from 0 to below 1, got {bad!r}",
        )
    for model in (CLASSIFIER, TAGGER):
        name = f"{type(model).__name__}.forward"
        for bad, words in BAD_X:
            yield name, lambda m=model, b=bad: m(b), f"x: {words}"
        for bad, words in BAD_LENGTHS:
            yield name, lambda m=model, b=bad: m(X, b), f"lengths: {words}"
            yield name, lambda m=model, b=bad: m(TOKENS, b), f"lengths: {words}"
    yield from char_lm_rows()
    yield from seq2seq_rows()


def char_lm_rows():
    for bad in BAD_LAYERS:
        yield "CharLM", lambda b=bad: CharLM(b, "ab."), "recurrent: .*Recurrent"
    yield (
        "CharLM",
        lambda: CharLM(BOTH_WAYS, "ab."),
        "recurrent: expected one direction.*got a bidirectional",
    )
    for bad in ("ab", "abcd", "aab", ""):
        yield (
            "CharLM",
            lambda b=bad: CharLM(LAYER, b),
            f"characters: expected 3 different ones.*got '{bad}'",
        )
    for bad in (None, ["a", "b", "."], 3):
        yield (
            "CharLM",
            lambda b=bad: CharLM(LAYER, b),
            "characters: expected a str, got",
        )
    for bad in ("", "..", 2, ["."]):
        yield (
            "CharLM",
            lambda b=bad: CharLM(LAYER, "ab.", end=b),
            "end: expected one character, got",
        )
    yield (
        "CharLM",
        lambda: CharLM(LAYER, "ab.", end="c"),
        "end: expected one of 'ab.', got 'c'",
    )
    for bad in BAD_GENERATORS:
        yield (
            "CharLM",
            lambda b=bad: CharLM(LAYER, "ab.", generator=b),
            "generator: expected a Generator, got",
        )

    yield (
        "CharLM.encode",
        lambda: WRITER.encode("abc"),
        "text: expected one or more of 'ab.', got 'c'",
    )
    yield (
        "CharLM.encode",
        lambda: WRITER.encode(""),
        "text: expected one or more of 'ab.', got ''",
    )
    for bad in (None, ["a"], b"a", 1):
        yield (
            "CharLM.encode",
            lambda b=bad: WRITER.encode(b),
            "text: expected a str, got",
        )
    for bad, words in only_tokens(TOKENS, D)[2:]:
        if isinstance(bad, torch.Tensor) and bad.ndim == 1:
            bad = bad[:0]
            words = r"expected shape .*got \(0,\)"
        elif isinstance(bad, torch.Tensor) and bad.dtype != torch.int64:
            bad = bad.flatten()
            words = "expected torch.int64, got"
        yield (
            "CharLM.decode",
            lambda b=bad: WRITER.decode(b),
            f"tokens: {words}",
        )
    for bad in (-1, 3):
        yield (
            "CharLM.decode",
            lambda b=bad: WRITER.decode(torch.tensor([0, b])),
            f"tokens: expected numbers from 0 to 2, got {bad}",
        )

    for bad in (None, [], "ab.", {"ab."}):
        yield (
            "CharLM.examples",
            lambda b=bad: WRITER.examples(b),
            "texts: expected a list of texts, got",
        )
    for bad in ("ab", "", "a.b.", ".."):
        yield (
            "CharLM.examples",
            lambda b=bad: WRITER.examples(["a.", b]),
            f"texts: expected '.' at the end of each.*got '{bad}'",
        )
    for bad in ("a", ""):
        yield (
            "CharLM.examples",
            lambda b=bad: ENDLESS.examples(["ab", b]),
            f"texts: expected two characters or more, got '{bad}'",
        )
    yield (
        "CharLM.examples",
        lambda: WRITER.examples(["acb."]),
        "texts: expected one or more of 'ab.', got 'c'",
    )
    yield (
        "CharLM.examples",
        lambda: WRITER.examples([3]),
        "texts: expected a str, got 3",
    )

    for name, call in (("forward", WRITER), ("read", WRITER.read)):
        name = f"CharLM.{name}"
        for bad, words in only_tokens(TOKENS, D):
            yield name, lambda c=call, b=bad: c(b), f"tokens: {words}"
        for bad, words in BAD_LENGTHS:
            yield (
                name,
                lambda c=call, b=bad: c(TOKENS, lengths=b),
                f"lengths: {words}",
            )
    zeros = torch.zeros(1, N, H)
    for bad, words in (
        (zeros, r"state: expected \(h, c\), got"),
        ((zeros,), r"state: expected \(h, c\), got"),
        ((zeros, zeros[:, :1]), r"state c: expected shape .*got \(1, 1, 5\)"),
        ((with_(zeros, NAN), zeros), "state h: expected finite.*got nan"),
    ):
        yield "CharLM.read", lambda b=bad: WRITER.read(TOKENS, b), words

    for bad in BAD_WHOLE:
        for place in ("count", "length"):
            good = {"count": 1, "length": 1}
            yield (
                "CharLM.generate",
                lambda p=place, b=bad, g=good: WRITER.generate(**{**g, p: b}),
                f"{place}: expected a whole number .*got {bad!r}",
            )
    for bad in (-0.1, NAN, INF, -INF, "1", None, True, [1.0]):
        yield (
            "CharLM.generate",
            lambda b=bad: WRITER.generate(1, 1, temperature=b),
            "temperature: expected a number of at least 0, got",
        )
    for bad in BAD_GENERATORS:
        yield (
            "CharLM.generate",
            lambda b=bad: WRITER.generate(1, 1, generator=b),
            "generator: expected a Generator, got",
        )
    for bad in (None, 3, ["a"]):
        yield (
            "CharLM.generate",
            lambda b=bad: WRITER.generate(1, 1, prompt=b),
            "prompt: expected a str, got",
        )
    for temperature in (0, 1.0):
        yield (
            "CharLM.generate",
            lambda t=temperature: BROKEN[0].generate(1, 1, temperature=t),
            "logits: expected finite numbers, got nan",
        )
    yield (
        "CharLM.generate",
        lambda: WRITER.generate(1, 1, prompt="ac"),
        "prompt: expected one or more of 'ab.', got 'c'",
    )
    yield (
        "CharLM.generate",
        lambda: WRITER.generate(1, 1, prompt="a.b"),
        "prompt: expected no '.'.*got 'a.b'",
    )
    yield (
        "CharLM.generate",
        lambda: ENDLESS.generate(1, 1),
        "prompt: expected one or more of 'ab.', got ''",
    )


def seq2seq_rows():
    def make(encoder=LAYER, decoder=DECODER, start=D, end=D + 1, **options):
        return lambda: Seq2Seq(encoder, decoder, start, end, **options)

    for bad in BAD_LAYERS:
        yield "Seq2Seq", make(encoder=bad), "encoder: expected a Recurrent, got"
        yield "Seq2Seq", make(decoder=bad), "decoder: expected a Recurrent, got"
    for decoder, words in (
        (LSTM(D + 2, H, bidirectional=True), "one direction.*bidirectional"),
        (LSTM(D + 2, H, 2), "1 layers.*got 2"),
        (LSTM(D + 2, H + 1), "5 hidden units.*got 6"),
        (Recurrent(GRUCell, D + 2, H), "h, c as state.*got h"),
    ):
        yield "Seq2Seq", make(decoder=decoder), f"decoder: expected {words}"
    yield (
        "Seq2Seq",
        make(encoder=BOTH_WAYS),
        "decoder: expected 10 hidden units.*got 5",
    )
    for bad in (-1, 2.0, True, None, "3", NAN):
        yield (
            "Seq2Seq",
            make(start=bad),
            f"start: expected a whole number of at least 0, got {bad!r}",
        )
        yield (
            "Seq2Seq",
            make(end=bad),
            f"end: expected a whole number of at least 0, got {bad!r}",
        )
    yield "Seq2Seq", make(start=5), "start: expected a token from 0 to 4.*got 5"
    yield "Seq2Seq", make(end=5), "end: expected a token from 0 to 4.*got 5"
    yield (
        "Seq2Seq",
        make(end=D),
        "end: expected another token than the start, got 3",
    )
    for bad in BAD_GENERATORS:
        yield (
            "Seq2Seq",
            make(generator=bad),
            "generator: expected a Generator, got",
        )

    for bad, words in only_tokens(TOKENS, D):
        yield (
            "Seq2Seq.forward",
            lambda b=bad: SEQ2SEQ(b, WRITTEN),
            f"source: {words}",
        )
        yield (
            "Seq2Seq.greedy",
            lambda b=bad: SEQ2SEQ.greedy(b, 3),
            f"source: {words}",
        )
    for bad, words in only_tokens(WRITTEN, D + 2):
        yield (
            "Seq2Seq.forward",
            lambda b=bad: SEQ2SEQ(TOKENS, b),
            f"target_in: {words}",
        )
    yield (
        "Seq2Seq.forward",
        lambda: SEQ2SEQ(TOKENS, WRITTEN[:1]),
        r"target_in: expected shape \(2, T\).*got \(1, 4\)",
    )
    for bad, words in BAD_LENGTHS:
        yield (
            "Seq2Seq.forward",
            lambda b=bad: SEQ2SEQ(TOKENS, WRITTEN, b),
            f"lengths: {words}",
        )
        yield (
            "Seq2Seq.greedy",
            lambda b=bad: SEQ2SEQ.greedy(TOKENS, 3, b),
            f"lengths: {words}",
        )
    yield (
        "Seq2Seq.greedy",
        lambda: BROKEN[1].greedy(TOKENS, 3),
        "logits: expected finite numbers, got nan",
    )
    for bad in BAD_WHOLE:
        yield (
            "Seq2Seq.greedy",
            lambda b=bad: SEQ2SEQ.greedy(TOKENS, b),
            f"max_steps: expected a whole number .*got {bad!r}",
        )


TABLE = [*rows()]


@each_call(TABLE)
def test_bad_input_is_named(call, message):
    assert_refused(call, message)


def test_good_input_is_not_refused():
    assert CLASSIFIER(X, LENGTHS).shape == (N, 2)
    assert TAGGER(TOKENS, LENGTHS).shape == (N, T, 2)
    assert WRITER(TOKENS, LENGTHS).shape == (N, T, 3)
    assert ENDLESS.generate(1, 1, prompt="a.", temperature=0)[0][:2] == "a."
    assert SEQ2SEQ(TOKENS, WRITTEN, LENGTHS).shape == (N, T, D + 2)
    assert SEQ2SEQ.greedy(TOKENS, 3, LENGTHS).shape == (N, 3)


def test_every_public_call_is_in_the_table():
    public = set()
    elsewhere = {
        "Transformer",  # test_errors_experiments.py
        "CausalTransformer",  # test_errors_beyond.py
        "Forecaster",  # test_errors_forecast.py, as the next two
        "OwnForecasts",
        "ScheduledSampling",
    }
    for name in {*models.__all__} - elsewhere:
        kind = getattr(models, name)
        public.add(name)
        public |= {
            f"{name}.{method}"
            for method, value in vars(kind).items()
            if inspect.isroutine(value) and not method.startswith("_")
        }
    assert {name for name, *_ in TABLE} == public
