"""Bad input to the exercises' checks: a ValueError, expected and got."""

import numpy as np
import torch
from torch import nn

from bad_input import assert_refused, each_call, public_calls
from unrolled_book.exercises import expect as expect_module
from unrolled_book.exercises import oracles, references
from unrolled_book.exercises.expect import (
    CheckFailed,
    expect,
    expect_digits,
    expect_number,
)
from unrolled_book.exercises.oracles import (
    arrivals,
    fall_ratio,
    gap_without_dh,
    lstm_gradients,
    lstm_states,
    random_lstm,
)
from unrolled_book.exercises.references import (
    cost_of_patience,
    interval_of_five,
    kept_pairs,
    steps_until,
    stopped,
)

RNG = np.random.default_rng(0)
X, PARAMS, DHS = random_lstm(2, 6, 3, 4, RNG)
TEXTS = {name: "text" for name in ("what", "expected", "came", "hint")}
SIZES = {"N": 1, "T": 2, "D": 3, "H": 4}
BAD_WHOLE = [0, -1, 2.0, True, "3", float("nan")]
LAYER = nn.RNN(2, 3, batch_first=True)
BAD_ARRAYS = [None, "x", np.ones(3), np.full((2, 6, 3), np.nan)]

TABLE = [
    *[
        ("CheckFailed", lambda name=name, bad=bad:
         CheckFailed(**{**TEXTS, name: bad}),
         f"{name}: expected a str, got {bad!r}")
        for name in TEXTS for bad in (None, 1)
    ],
    *[
        ("expect", lambda name=name: expect(
            **{"what": "it", "came": 1, "right": 1, "hint": "none", name: 1.0}),
         f"{name}: expected a str, got 1.0")
        for name in ("what", "hint")
    ],
    *[
        ("expect", lambda bad=bad: expect("it", 1, 1, "none", tolerance=bad),
         f"tolerance: expected a number of at least 0, got {bad!r}")
        for bad in (-1, None, float("nan"), "1")
    ],
    *[
        ("expect", lambda bad=bad: expect("it", 1.0, bad, "none"),
         f"right: expected .*, got {bad!r}")
        for bad in (None, float("nan"), "one")
    ],
    *[
        ("expect_digits", lambda name=name: expect_digits(
            **{"what": "it", "came": 1, "right": 1, "decimals": 1,
               "hint": "none", name: 2.5}),
         f"{name}: expected a .*, got 2.5")
        for name in ("what", "hint", "decimals")
    ],
    *[
        ("expect_digits", lambda bad=bad: expect_digits("it", 1, bad, 2, ""),
         "right: expected .*, got")
        for bad in (None, float("nan"), [1.0])
    ],
    *[
        ("expect_number", lambda name=name: expect_number(
            **{"what": "it", "came": 1, "hint": "none", name: 2.5}),
         f"{name}: expected a str, got 2.5")
        for name in ("what", "hint")
    ],
    *[
        ("expect_number", lambda name=name, bad=bad: expect_number(
            "it", 1, **{name: bad}), f"{name}: expected a number .*, got")
        for name in ("low", "high") for bad in ("1", float("nan"), np.inf)
    ],
    ("expect_number", lambda: expect_number("it", 1, 2.0, 1.0),
     "high: expected a number of at least low = 2.0, got 1.0"),
    *[
        ("kept_pairs", lambda name=name, bad=bad:
         kept_pairs(**{"T": 6, "k1": 3, "k2": 3, name: bad}),
         f"{name}: expected a whole number of at least 1, got {bad!r}")
        for name in ("T", "k1", "k2") for bad in BAD_WHOLE
    ],
    ("kept_pairs", lambda: kept_pairs(6, 4, 2),
     "k1: expected a divisor of T = 6, got 4"),
    *[
        ("steps_until", lambda name=name, bad=bad:
         steps_until(**{"factor": 0.5, "left": 0.5, name: bad}),
         f"{name}: expected a number between 0 and 1, got")
        for name in ("factor", "left") for bad in (0, 1, 2.0, None, np.nan)
    ],
    *[
        (call.__name__, lambda call=call, good=good, bad=bad: call(good, bad),
         f"patience: expected a whole number of at least 1, got {bad!r}")
        for call, good in ((stopped, [1.0]), (cost_of_patience, [[1.0]]))
        for bad in BAD_WHOLE
    ],
    *[
        (call.__name__, lambda call=call, rest=rest, bad=bad:
         call(bad, *rest), f"{name}: expected .*, got")
        for call, name, rest in (
            (stopped, "losses", (1,)), (cost_of_patience, "losses", (1,)),
            (interval_of_five, "values", ()),
        )
        for bad in (*BAD_ARRAYS[:2], np.nan, np.ones((1, 2, 3)), [np.inf] * 5)
    ],
    *[
        ("fall_ratio", lambda bad=bad: fall_ratio(X, DHS, PARAMS, bad),
         "rate: expected a number above 0, got")
        for bad in (0, -1.0, None, np.nan)
    ],
    *[
        ("fall_ratio", lambda bad=bad: fall_ratio(X, bad, PARAMS, 0.1),
         "y: expected .*, got")
        for bad in BAD_ARRAYS
    ],
    *[
        (call.__name__, lambda call=call, rest=rest, bad=bad:
         call(bad, *rest), "x: expected .*, got")
        for call, rest in ((fall_ratio, (DHS, PARAMS, 0.1)),
                           (gap_without_dh, (PARAMS, DHS)))
        for bad in BAD_ARRAYS
    ],
    *[
        (call.__name__, lambda call=call, rest=rest, bad=bad:
         call(*rest(bad)), "params: expected .*, got")
        for call, rest in (
            (fall_ratio, lambda bad: (X, DHS, bad, 0.1)),
            (gap_without_dh, lambda bad: (X, bad, DHS)),
        )
        for bad in (None, {}, {"bias": PARAMS["bias"]})
    ],
    *[
        ("gap_without_dh", lambda bad=bad: gap_without_dh(X, PARAMS, bad),
         "dhs: expected .*, got")
        for bad in BAD_ARRAYS
    ],
    *[
        ("arrivals", lambda bad=bad: arrivals(bad, torch.ones(1, 4, 2)),
         "layer: expected a RNNBase, got")
        for bad in (None, nn.Linear(2, 3), nn.RNNCell(2, 3))
    ],
    ("arrivals", lambda: arrivals(nn.RNN(2, 3), torch.ones(1, 4, 2)),
     "layer: expected batch_first=True, got False"),
    *[
        ("arrivals", lambda bad=bad: arrivals(LAYER, bad),
         "x: expected .*, got")
        for bad in (None, np.ones((1, 4, 2)), torch.ones(1, 4, 3),
                    torch.ones(4, 2), torch.full((1, 4, 2), torch.nan))
    ],
    *[
        ("random_lstm", lambda name=name, bad=bad:
         random_lstm(**{**SIZES, name: bad}, rng=RNG),
         f"{name}: expected a whole number of at least 1, got {bad!r}")
        for name in SIZES for bad in BAD_WHOLE
    ],
    *[
        ("random_lstm", lambda bad=bad: random_lstm(1, 2, 3, 4, bad),
         f"rng: expected a Generator, got {bad!r}")
        for bad in (None, 0)
    ],
    *[
        (call.__name__, lambda call=call, rest=rest, bad=bad:
         call(bad, PARAMS, *rest), "x: expected .*, got")
        for call, rest in ((lstm_states, ()), (lstm_gradients, (DHS,)))
        for bad in BAD_ARRAYS
    ],
    *[
        (call.__name__, lambda call=call, rest=rest, bad=bad:
         call(X, bad, *rest), "params: expected .*, got")
        for call, rest in ((lstm_states, ()), (lstm_gradients, (DHS,)))
        for bad in (None, {}, {"bias": PARAMS["bias"]})
    ],
    *[
        ("lstm_states", lambda name=name: lstm_states(
            X, PARAMS, **{name: np.ones((2, 3))}),
         rf"{name}: expected shape \(2, 4\).*got \(2, 3\)")
        for name in ("h0", "c0")
    ],
    *[
        ("lstm_gradients", lambda bad=bad: lstm_gradients(X, PARAMS, bad),
         "dhs: expected .*, got")
        for bad in BAD_ARRAYS
    ],
    *[
        ("lstm_gradients", lambda name=name, bad=bad:
         lstm_gradients(X, PARAMS, DHS, **{name: bad}),
         f"{name}: expected a whole number of at least 1, got {bad!r}")
        for name in ("k1", "k2") for bad in BAD_WHOLE
    ],
    ("lstm_gradients", lambda: lstm_gradients(X, PARAMS, DHS, k1=4),
     "k1: expected a divisor of T = 6, got 4"),
]  # fmt: skip


@each_call(TABLE)
def test_bad_input_is_named(call, message):
    assert_refused(call, message)


def test_every_public_call_is_in_the_table():
    public = public_calls(
        [
            expect_module,
            oracles,
            references,
        ]
    )
    assert {name.split(".")[-1] for name in public} == {n for n, *_ in TABLE}
