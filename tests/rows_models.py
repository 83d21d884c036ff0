"""Good calls and rules: models and gates."""

import math

import torch

from bad_input import bad, fine, good
from unrolled import gates, models
from unrolled.cells import GRUCell, PeepholeLSTMCell
from unrolled.gates import Clamp, Slopes, flow, interventions, probes
from unrolled.gates.statistics import carousel, kept_share, slopes
from unrolled.lstm import LSTM
from unrolled.models.transformer import positions
from unrolled.recurrent import Recurrent
from unrolled_lab.regimes import OwnForecasts, ScheduledSampling

N, T, D, H = 2, 4, 3, 5
G = torch.Generator().manual_seed(0)
X = torch.randn(N, T, D, generator=G)
TOKENS = torch.tensor([[0, 2, 1, 1], [2, 2, 0, 1]])
SEVEN_TOKENS = TOKENS.repeat(1, 2)[:, :7]
LENGTHS = torch.tensor([4, 2])
OWN = torch.zeros(N, T, dtype=torch.bool)
LAYER, BOTH_WAYS = LSTM(D, H), LSTM(D, H, bidirectional=True)
DECODER, GRUS = LSTM(D + 2, H), Recurrent(GRUCell, D + 2, H)

CLASSIFIER, TAGGER = models.Classifier(LAYER, 2), models.Tagger(LAYER, 2)
WRITER = models.CharLM(LAYER, "ab.", end=".")
TRANSLATOR = models.Seq2Seq(LAYER, DECODER, D, D + 1)
FORECASTER, TRANSFORMER = models.Forecaster(LAYER), models.Transformer(D, 2, 8)
CAUSAL = models.CausalTransformer(D, 18, 2)
_, CACHE = CAUSAL.read(SEVEN_TOKENS)

MODEL, THREE = (
    models.Classifier(LSTM(D, H, 2), 2),
    models.Classifier(LSTM(D, H, 2), 3),
)
Z = torch.randn(4, 6, D, generator=G)  # of four sequences two make a half
(TRACE, _), SIGNAL = MODEL.recurrent.trace(Z), Z[:, 0, 0]
PARTS = slopes(TRACE, SIGNAL)
SEVEN = torch.rand(7, 6, H, generator=G)
ROUNDED = torch.full((7,), 0.1)  # the mean is not 0.1, so neither is 0 the rest

SAME = bad("signal.*numbers that differ", signal=torch.ones(4))
NO_LSTM = [
    bad("model.*: expected .*" + got, model=models.Classifier(layers, 2))
    for got, layers in (
        ("GRUCell", Recurrent(GRUCell, D, H)),
        ("PeepholeLSTMCell", Recurrent(PeepholeLSTMCell, D, H)),
        ("one direction.*got 2", LSTM(D, H, bidirectional=True)),
    )
]
TWO = bad("model: expected 2 classes, got 3", model=THREE)
NO_LAYER = bad("layer: expected .* at most 1, got 2", layer=2)
ANY_CLAMP = r"clamps: \[\]", r"clamps: \[-1\]: value: -0.1"
OUTSIDE = [-0.5, 1.5]


def clamped(*rules):
    """Rules about the clamps of a run, each a Clamp that does not fit."""
    return [
        bad(words, clamps=[Clamp(**{"layer": 0} | clamp)])
        for words, clamp in rules
    ]


def tokens(name):
    """Rules about an argument that has to be tokens."""
    return [
        bad(f"{name}: expected whole numbers from 0 to 2, got {got}",
            **{name: torch.where(TOKENS > 1, got, TOKENS)}) for got in (-1, D)
    ]  # fmt: skip


LENGTHS_RULES = [
    bad(f"lengths: expected whole numbers from 1 to 4, got {got}",
        lengths=torch.tensor([4, got])) for got in (0, 5)
]  # fmt: skip
DROPOUT = bad("dropout: .*from 0 to below 1", dropout=1.0)
SHARED = [
    bad("hidden_size: expected an even multiple of num_heads",
        hidden_size=size, num_heads=heads)
    for size, heads in ((7, 1), (9, 3), (10, 4))
]  # fmt: skip

EXCEPT = {  # called by public doors, which have rows
    "unrolled.models.forecast": "Forecaster.go_on_alone",
    "unrolled.models.parts": "make_head check_one_way any_input token_input "
    "write",
    "unrolled.gates.interventions": "check_run unroll",
    "unrolled.gates.probes": "as_float64",
}
ROWS = [
    # Models
    good(models.Classifier, DROPOUT, recurrent=LAYER, num_classes=2),
    good(CLASSIFIER.forward, *LENGTHS_RULES, *tokens("x"), x=X,
         lengths=LENGTHS),
    good(CLASSIFIER.forward, *LENGTHS_RULES, x=TOKENS, lengths=LENGTHS),
    good(models.Tagger, recurrent=LAYER, num_tags=2),
    good(TAGGER.forward, *LENGTHS_RULES, *tokens("x"), x=X,
         lengths=LENGTHS),
    good(models.CharLM, bad("recurrent: .*one direction", recurrent=BOTH_WAYS),
         *(bad("characters: expected 3 different", characters=c)
           for c in ("ab", "abcd", "aab", "")),
         *(bad(r"end: expected one of 'ab\.'", end=e)
           for e in ("c", "", "..")),
         recurrent=LAYER, characters="ab.", end="."),
    good(WRITER.examples, bad("texts: .*'ab.', got 'c'", texts=["acb."]),
         *(bad(r"texts: expected '\.' at the end of each", texts=["a.", text])
           for text in ("ab", "", "a.b.", "..")), texts=["a.", "b."]),
    good(WRITER.forward, *tokens("tokens"), *LENGTHS_RULES, tokens=TOKENS,
         lengths=LENGTHS),
    good(WRITER.read, *tokens("tokens"), *LENGTHS_RULES, tokens=TOKENS,
         state=(torch.zeros(1, N, H), torch.zeros(1, N, H)), lengths=LENGTHS),
    good(WRITER.generate, count=1, length=1),
    good(models.Seq2Seq,
         *(bad(f"decoder: .*{words}", decoder=layer) for words, layer in (
             ("one direction", LSTM(D + 2, H, bidirectional=True)),
             (r"\(1, 5, .*got \(2, 5", LSTM(D + 2, H, 2)),
             (r"\(1, 5, .*got \(1, 6", LSTM(D + 2, H + 1)),
             (r"'h', 'c'.*got \(1, 5, \('h',\)", GRUS))),
         bad("encoder: .*one direction", encoder=BOTH_WAYS),
         *(bad(f"{name}: .*at most 4, got 5", **{name: 5})
           for name in ("start", "end")),
         bad("start, end: expected different tokens", start=2, end=2),
         encoder=LAYER, decoder=DECODER, start=1, end=0),
    good(TRANSLATOR.forward, *tokens("source"), *LENGTHS_RULES,
         bad("target_in: .*from 0 to 4, got 5", target_in=SEVEN_TOKENS + 3),
         bad("target_in: expected shape .2, T", target_in=TOKENS[:1]),
         source=TOKENS, target_in=SEVEN_TOKENS, lengths=LENGTHS),
    good(TRANSLATOR.greedy, *tokens("source"), *LENGTHS_RULES, source=TOKENS,
         max_steps=1, lengths=LENGTHS),
    good(models.Forecaster,
         bad("recurrent: .*one direction", recurrent=BOTH_WAYS),
         recurrent=LAYER),
    good(FORECASTER.forward, x=X),
    good(FORECASTER.free_run, x=X, steps=1),
    good(FORECASTER.mixed, x=X, own=OWN),
    good(ScheduledSampling, bad("most: .*from 0 to 1", most=1.1),
         model=FORECASTER, updates=1),
    good(ScheduledSampling(FORECASTER, 3).forward, x=X),
    good(OwnForecasts, model=FORECASTER, warm_up=1),
    good(OwnForecasts(FORECASTER, 2).forward,
         bad("x: expected more than 2 steps, got 2", x=X[:, :2]), x=X),
    good(models.Transformer, DROPOUT, *SHARED, input_size=1, num_classes=2,
         hidden_size=8, num_layers=1, num_heads=1),
    good(TRANSFORMER.forward, *tokens("x"), x=torch.rand(7, T, D)),
    good(models.CausalTransformer, *SHARED, vocabulary=2, hidden_size=8,
         num_layers=1, num_heads=1),
    good(CAUSAL.forward, *tokens("tokens"), tokens=TOKENS),
    good(CAUSAL.read, *tokens("tokens"),
         *(bad(r"cache(\[0\])?: expected a list .* of 2, got", cache=worse)
           for worse in (CACHE[:1], [*CACHE, CACHE[0]], [(X,), (X,)])),
         tokens=TOKENS, cache=CACHE),
    good(positions, bad("size: expected an even", size=5), steps=1, size=2),
    # Gates
    good(carousel, *(
        bad(f"f: .*0 to 1, got {v}", f=torch.where(SEVEN[0] < SEVEN, v, SEVEN))
        for v in OUTSIDE
    ), f=SEVEN.round()),
    good(carousel, f=SEVEN * 0),
    good(slopes, SAME, trace=TRACE, signal=SIGNAL),
    good(slopes, bad("signal.*numbers that differ", signal=ROUNDED),
         trace=gates.GateTrace(*[SEVEN] * 6), signal=SEVEN[:, 0, 0]),
    good(kept_share, bad(
        "parts: expected a signal that moves", parts=Slopes(*[PARTS.c * 0] * 3)
    ), parts=PARTS),
    good(probes.probe, SAME,
         bad("ridge: .*above 0", ridge=0.0),
         bad("signal, first", signal=torch.tensor([1.0, 1, 2, 3])),
         bad("signal, second", signal=torch.tensor([1.0, 2, 3, 3])),
         bad("signal: expected two halves", states=Z[:3], signal=SIGNAL[:3]),
         bad("signal, first", states=SEVEN, signal=ROUNDED),
         states=TRACE.c, signal=SIGNAL.double(), ridge=0.1),
    good(probes.correlations, SAME,
         bad("signal: .*that differ", states=SEVEN, signal=ROUNDED),
         states=TRACE.c, signal=SIGNAL.double()),
    good(interventions.run_clamped, *NO_LSTM, *clamped(
        ("layer: .*at most 1, got 2", dict(layer=2, gate="i", value=0)),
        ("steps: .*0 to 5, got 6", dict(gate="i", value=0, steps=[0, 6])),
        ("units: .*0 to 4, got 5", dict(gate="i", value=0, units=range(6))),
        *((f"{name}: expected ", {"gate": "i", "value": 0, name: numbers})
          for name in ("steps", "units") for numbers in ([-1], {0}, [], "0")),
        (r"gate: expected one of \('i', 'f'", dict(gate="z", value=0)),
        *(("value: expected a number from -1e30", dict(gate="i", value=v))
          for v in (None, SEVEN.numpy(), math.nan)),
        *(("value: expected shape", dict(gate="i", value=torch.ones(shape)))
          for shape in ((4, 6, 3), (3, 1, 1), (6, 5), ())),
        ("value: .*got nan", dict(gate="i", value=Z[..., :1] * math.nan))),
        bad("clamps: expected a Clamp", clamps=Clamp(0, "i", 0.0)),
        fine(*ANY_CLAMP), model=MODEL, x=Z, clamps=[Clamp(0, "i", 0.0)]),
    good(interventions.Rerun, *NO_LSTM, model=MODEL, x=Z),
    good(interventions.Rerun(MODEL, Z).run, fine(*ANY_CLAMP),
         bad("clamps: expected a Clamp", clamps=Clamp(0, "i", 0.0)),
         clamps=[Clamp(0, "i", 0.0)]),
    good(flow.input_gradients, *NO_LSTM, TWO,
         *(bad("cut: expected pairs out of .*, .1, 'c'.", cut=cut)
           for cut in ([(2, "h")], [(0, "f")], ["0h"], {"h": 0}, [[0, "h"]])),
         *clamped(("layer", dict(layer=2, gate="i", value=0))),
         fine(*ANY_CLAMP, r"cut: \[\]", "cut: .*True"),
         model=MODEL, x=Z, cut=[(0, "h")], clamps=[Clamp(0, "i", 0.0)]),
    good(flow.cell_jacobians, *NO_LSTM, NO_LAYER, model=MODEL, x=Z, layer=0),
]  # fmt: skip
