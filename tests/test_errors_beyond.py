"""Bad input to what chapter 12 compares: a ValueError for each."""

import numpy as np
import pytest
import torch

from bad_input import assert_refused, public_calls
from unrolled.lstm import LSTMCell
from unrolled.models.transformer import CausalTransformer
from unrolled_lab import cell_race, costs
from unrolled_lab import transformer_race as race
from unrolled_lab.cell_race import make_network, train_variant

NAN, INF = float("nan"), float("inf")
BAD_WHOLE = [0, -1, 2.0, True, "3", None, NAN]
G = torch.Generator()
TOKENS = torch.zeros(2, 4, dtype=torch.int64)
MODEL = CausalTransformer(5, 6, 2, num_heads=3)
THEIRS = race.make_rival("LSTM by PyTorch")
_, CACHE = MODEL.read(TOKENS)
SIZES = {"vocabulary": 5, "hidden_size": 6, "num_layers": 2, "num_heads": 3}
NO_TOKENS = [
    (TOKENS - 1, "expected numbers from 0 to 4, got -1"),
    (TOKENS + 5, "expected numbers from 0 to 4, got 5"),
    (TOKENS[0], r"expected shape .*got \(4,\)"),
    (TOKENS[:0], r"expected shape .*got \(0, 4\)"),
    (TOKENS.float(), "expected torch.int64, got torch.float32"),
    (None, "expected a tensor .*got None"),
]
NO_CACHES = [
    (CACHE[:1], "expected a list of 2 pairs, got"),
    (tuple(CACHE), "expected a list of 2 pairs, got"),
    ([None, None], "expected pairs .*got None"),
    ([CACHE[0], CACHE[0][:1]], "expected pairs .*got"),
    ([CACHE[0], (CACHE[0][0], None)], "expected a tensor .*got None"),
    ([(k[:1], v[:1]) for k, v in CACHE], r"expected shape \(2, 3.*got \(1, 3"),
    (
        [CACHE[0], tuple(a[:, :, :2] for a in CACHE[1])],
        r"expected shape .*got \(2, 3, 2, 2\)",
    ),
    ([(k, v * NAN) for k, v in CACHE], "expected finite numbers, got nan"),
    ([(k.double(), v) for k, v in CACHE], "expected torch.float32.*float64"),
]
NO_SERIES = [[1.0], [], [2, 1], [0, 1], [-1, 1], [1, NAN], "ab", None]
TABLE = [
    *[
        ("transformer.CausalTransformer",
         lambda name=name, bad=bad: CausalTransformer(**{**SIZES, name: bad}),
         rf"{name}: expected a whole number .*got {bad!r}")
        for name in SIZES for bad in BAD_WHOLE
    ],
    *[
        ("transformer.CausalTransformer",
         lambda bad=bad: CausalTransformer(5, bad, num_heads=3),
         rf"hidden_size: expected an even multiple .*\(3\), got {bad}")
        for bad in (4, 9)
    ],
    ("transformer.CausalTransformer", lambda: CausalTransformer(1, 6),
     "vocabulary: expected a whole number of at least 2, got 1"),
    ("transformer.CausalTransformer",
     lambda: CausalTransformer(5, 6, generator=0),
     "generator: expected a Generator, got 0"),
    *[
        (f"transformer.CausalTransformer.{name}",
         lambda name=name, bad=bad: getattr(MODEL, name)(bad),
         f"tokens: {words}")
        for name in ("forward", "read") for bad, words in NO_TOKENS
    ],
    *[
        ("transformer.CausalTransformer.read",
         lambda bad=bad: MODEL.read(TOKENS, bad), f"cache: {words}")
        for bad, words in NO_CACHES
    ],
    *[
        ("costs.longest_chain", lambda bad=bad: costs.longest_chain(bad),
         "result: expected a tensor with autograd's notes, got")
        for bad in (None, 1.0, torch.ones(2), torch.ones(2, requires_grad=True))
    ],
    *[
        ("costs.multiplications", lambda bad=bad: costs.multiplications(bad),
         "call: expected a function, got")
        for bad in (None, 3, "step")
    ],
    *[
        ("costs.held_bytes", lambda bad=bad: costs.held_bytes(bad),
         "state: expected tensors in lists or tuples, got")
        for bad in (None, 3, [torch.ones(2), None], {"h": torch.ones(2)})
    ],
    *[
        (f"costs.{name}",
         lambda name=name, bad=bad: getattr(costs, name)(
             bad, *[[1, 2]] * (1 + (name == "crossing"))),
         "x: expected .*got")
        for name in ("growth", "crossing") for bad in NO_SERIES
    ],
    *[
        ("costs.growth", lambda bad=bad: costs.growth([1, 2], bad),
         "y: expected .*got")
        for bad in ([1, 0], [1], [1, INF], [-1, 1], None)
    ],
    *[
        ("costs.crossing",
         lambda bad=bad, place=place: costs.crossing(
             [1, 2], *np.roll([bad, [1, 2]], place, axis=0)),
         "y: expected .*got")
        for bad in ([1, 0], [1, INF]) for place in (0, 1)
    ],
    *[
        ("costs.least_seconds", lambda bad=bad: costs.least_seconds(bad, 1),
         "calls.*: expected a .*got")
        for bad in (None, {}, [print], {"a": 1})
    ],
    *[
        ("costs.least_seconds",
         lambda bad=bad: costs.least_seconds({"a": list}, bad),
         f"rounds: expected a whole number .*got {bad!r}")
        for bad in BAD_WHOLE
    ],
    *[
        ("race.make_rival", lambda bad=bad: race.make_rival(bad),
         "name: expected .*got")
        for bad in ("RNN", None, 1)
    ],
    ("race.make_rival", lambda: race.make_rival("LSTM", 0),
     "generator: expected a Generator, got 0"),
    *[
        ("race.PyTorchReader", lambda bad=bad: race.PyTorchReader(bad),
         "model: expected a CharLM, got ")
        for bad in (None, MODEL)
    ],
    *[
        ("race.PyTorchReader.forward", lambda bad=bad: THEIRS(bad),
         f"tokens: {message}")
        for bad, message in [
            (TOKENS + 32, "expected numbers from 0 to 31, got 32"),
            *NO_TOKENS[2:],
        ]
    ],
    ("race.training_step", lambda: race.training_step(None, 1, 1),
     "model: expected one of the rivals, got None"),
    *[
        ("race.training_step",
         lambda bad=bad, name=name: race.training_step(
             MODEL, **{"count": 1, "steps": 1, name: bad}),
         f"{name}: expected a whole number .*got {bad!r}")
        for name in ("count", "steps") for bad in BAD_WHOLE
    ],
    *[
        ("race.generating_step",
         lambda bad=bad: race.generating_step("LSTM", bad),
         f"length: expected a whole number .*got {bad!r}")
        for bad in BAD_WHOLE
    ],
    *[
        ("race.generating_step",
         lambda bad=bad: race.generating_step(bad, 1), "way: expected .*got")
        for bad in ("Transformer", None, 1)
    ],
    ("race.generating_step",
     lambda: race.generating_step("LSTM", 2, MODEL),
     "model: expected a CharLM, got"),
    *[
        ("cell_race.make_network", lambda bad=bad: make_network(bad, 0),
         "variant: expected .*got")
        for bad in ("RNN", None, 1)
    ],
    *[
        ("cell_race.make_network", lambda bad=bad: make_network("LSTM", bad),
         f"seed: expected a whole number .*got {bad!r}")
        for bad in BAD_WHOLE[1:]
    ],
    ("cell_race.Network", lambda: cell_race.Network(None, G),
     "cell: expected a Cell, got None"),
    ("cell_race.Network", lambda: cell_race.Network(LSTMCell(2, 2), 0),
     "generator: expected a Generator, got 0"),
    *[
        ("cell_race.train_variant",
         lambda change=change: train_variant(**{
             "variant": "GRU", "task": "intervals", "seeds": [0],
             "updates": 2, "every": 1, **change}),
         f"{next(iter(change))}: expected .*got")
        for change in [
            {"variant": "RNN"}, {"task": "brackets"}, {"seeds": []},
            {"seeds": 3}, {"updates": 0}, {"updates": 3, "every": 2},
            {"every": 0}, {"lr": 0.0}, {"lr": NAN},
        ]
    ],
    ("cell_race.train_variant",
     lambda: train_variant("GRU", "intervals", [-1], 1, every=1),
     "seed: expected a whole number of at least 0, got -1"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("call", "message"), [row[1:] for row in TABLE], ids=[r[0] for r in TABLE]
)
def test_bad_input_is_named(call, message):
    assert_refused(call, message)


def test_every_public_call_is_in_the_table():
    public = public_calls([race, costs, cell_race])
    plain = {"cell_race.Variant", "cell_race.Task"}  # containers
    without_checks = {"cell_race.Network.forward"}
    tested = {name for name, *_ in TABLE}
    assert tested == public - plain - without_checks
