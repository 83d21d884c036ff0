"""Bad input to every public call: a ValueError, with expected and got.

Two tables. `ARRAYS` holds each argument that is an array; every kind of bad
array is tried there. `TABLE` holds the rest: the call's name, the call, and
what its message must say.
"""

from functools import partial

import numpy as np
import pytest
import torch

from bad_input import assert_refused, public_calls
from unrolled import by_hand, confidence, data
from unrolled.by_hand.lstm import (
    bptt,
    cell_backward,
    cell_forward,
    forward,
    init_params,
    sigmoid,
    stack_caches,
)
from unrolled.by_hand.paths import cell_jacobian, contributions
from unrolled.by_hand.training import (
    SGD,
    Adam,
    clip_grad_norm,
    readout_backward,
    readout_forward,
    squared_error,
)
from unrolled.data import Normalization, minibatches, next_step_pairs, windows
from unrolled_book import claims, claims_page, figures
from unrolled_book.claims import Claim, check, load
from unrolled_book.figures import (
    plot_best_and_last,
    plot_bug_losses,
    plot_cell,
    plot_cell_paths,
    plot_cliff,
    plot_contributions,
    plot_costs,
    plot_crossings,
    plot_drift,
    plot_epochs,
    plot_forecasts,
    plot_gap,
    plot_gate_pairs,
    plot_gates,
    plot_groups,
    plot_learning_rates,
    plot_lengths,
    plot_loss_of_one,
    plot_losses,
    plot_margins,
    plot_memory,
    plot_nudges,
    plot_paired,
    plot_pairs,
    plot_predictions,
    plot_prices,
    plot_reading,
    plot_reads,
    plot_reliability,
    plot_runs,
    plot_scales,
    plot_seeds,
    plot_shrinking,
    plot_signal,
    plot_squashing,
    plot_stack,
    plot_states,
    plot_tags,
    plot_training_loop,
    plot_truncation,
    plot_two_ends,
    plot_two_runs,
    plot_unit_bands,
    plot_units,
    plot_unrolled,
    plot_walks_back,
    plot_wall,
    plot_windows,
    plot_wiring,
)

RNG = np.random.default_rng(0)
N, T, D, H = 2, 4, 3, 5
X, ZEROS = RNG.normal(size=(N, T, D)), np.zeros((N, H))
PARAMS = init_params(D, H, RNG)
HS, CACHES = forward(X, PARAMS)
CACHE, STACKED = CACHES[0], stack_caches(CACHES)
WRONG_CACHES = forward(X, init_params(D, H + 1, RNG))[1]

UNIT_X, UNIT_Y = next_step_pairs([1.0, 4.0, 2.0])
UNIT_CACHES = forward(UNIT_X, data.source_a_weights())[1]
UNIT, UNIT_STACKED = UNIT_CACHES[0], stack_caches(UNIT_CACHES)

W = {"w": np.ones(2)}
READOUT = {"weight": np.ones((2, H)), "bias": np.ones(2)}
ONE_RUN = {"a": [[1.0, 2.0]]}
TWO = {"SGD": np.ones((2, 3)), "Adam": np.ones((3, 4))}

AXES, ONES = ("x", "y"), (np.ones(2), np.ones(2))

RNN = {
    "weight_ih": np.full((H, D), 0.1),
    "weight_hh": np.full((H, H), 0.1),
    "bias": np.zeros(H),
}
RNN_HS = by_hand.rnn.forward(X, RNN)
TABLE_OF_ONE = confidence.reliability([[0.0, 1.0]], [1])


def with_(array, value):
    """Copy an array with one entry replaced, in the middle of it."""
    copy = np.array(array)
    copy.flat[copy.size // 2] = value
    return copy


def params(**changes):
    return PARAMS | changes


def missing(name):
    return {key: value for key, value in PARAMS.items() if key != name}


def claim(**changes):
    row = claims.load()["A05"]
    return Claim(**{**vars(row), **changes})


def updated(optimiser):
    """An optimiser that has seen one update of `W`."""
    optimiser.step(W, W)
    return optimiser


def bad_arrays(shape):
    """What any call refuses in place of an array, and with which words."""
    good = np.full(shape, 0.5)
    return [
        ("NaN", with_(good, np.nan), "expected finite numbers, got nan"),
        ("inf", with_(good, -np.inf), "expected finite numbers, got -inf"),
        ("text", "abc", "expected numbers.*got 'abc'"),
        ("None", None, r"expected .*got (None|\(\))"),
        ("no axis", 0.5, r"expected shape .*got \(\)"),
        ("empty", good[..., :0], r"expected shape .*got .*\b0"),
        ("an axis more", good[None], r"expected shape .*got \(1, "),
        ("ragged", [[0.5], [0.5, 0.5]], r"expected .*got \[\[0.5\]"),
    ]


BAD_WHOLE = [0, -1, 2.5, 2.0, True, "3", np.float64(2), np.nan]
BAD_NUMBERS = [-0.1, np.nan, np.inf, "0.1", None, True, [0.1]]

# Each array argument: a call that takes it, and the shape that would be right.
ARRAYS = {
    "data.Normalization.of": [("series", Normalization.of, (9,))],
    "data.Normalization.apply": [
        ("series", Normalization(1.0, 2.0).apply, (9,))
    ],
    "data.Normalization.undo": [("series", Normalization(1.0, 2.0).undo, (9,))],
    "data.next_step_pairs": [("series", next_step_pairs, (9,))],
    "numpy_lstm.cell_forward": [
        ("x_t", lambda v: cell_forward(v, ZEROS, ZEROS, PARAMS), (N, D)),
        ("h", lambda v: cell_forward(X[:, 0], v, ZEROS, PARAMS), (N, H)),
        ("c", lambda v: cell_forward(X[:, 0], ZEROS, v, PARAMS), (N, H)),
    ],
    "numpy_lstm.cell_backward": [
        ("dh", lambda v: cell_backward(v, ZEROS, CACHE, PARAMS), (N, H)),
        ("dc", lambda v: cell_backward(ZEROS, v, CACHE, PARAMS), (N, H)),
    ],
    "numpy_lstm.forward": [
        ("x", lambda v: forward(v, PARAMS), (N, T, D)),
        ("bias", lambda v: forward(X, params(bias=v)), (4 * H,)),
        (
            "weight_ih",
            lambda v: forward(X, params(weight_ih=v)),
            (4 * H, D),
        ),
        (
            "weight_hh",
            lambda v: forward(X, params(weight_hh=v)),
            (4 * H, H),
        ),
    ],
    "numpy_lstm.bptt": [
        ("dhs", lambda v: bptt(v, CACHES, PARAMS), (N, T, H)),
        ("dhs", lambda v: bptt(v, CACHES, PARAMS, 2), (N, T, H)),
    ],
    "numpy_jacobian.contributions": [
        ("dhs", lambda v: contributions(v, CACHES, PARAMS), (N, T, H)),
    ],
    "numpy_train.squared_error": [
        ("prediction", lambda v: squared_error(v, HS), (N, T, H)),
        ("target", lambda v: squared_error(HS, v), (N, T, H)),
    ],
    "numpy_train.SGD.step": [
        ("grads", lambda v: SGD(0.1).step(W, {"w": v}), (2,))
    ],
    "numpy_train.Adam.step": [
        ("grads", lambda v: Adam().step(W, {"w": v}), (2,))
    ],
    "numpy_rnn.forward": [
        ("x", lambda v: by_hand.rnn.forward(v, RNN), (N, T, D)),
        ("bias", lambda v: by_hand.rnn.forward(X, RNN | {"bias": v}), (H,)),
        (
            "weight_ih",
            lambda v: by_hand.rnn.forward(X, RNN | {"weight_ih": v}),
            (H, D),
        ),
        (
            "weight_hh",
            lambda v: by_hand.rnn.forward(X, RNN | {"weight_hh": v}),
            (H, H),
        ),
    ],
    "numpy_rnn.bptt": [
        ("dhs", lambda v: by_hand.rnn.bptt(v, X, RNN_HS, RNN), (N, T, H)),
        ("x", lambda v: by_hand.rnn.bptt(RNN_HS, v, RNN_HS, RNN), (N, T, D)),
        ("hs", lambda v: by_hand.rnn.bptt(RNN_HS, X, v, RNN), (N, T, H)),
    ],
    "numpy_rnn.jacobians": [
        ("hs", lambda v: by_hand.rnn.jacobians(v, RNN), (N, T, H)),
    ],
    "plots.plot_two_runs": [
        ("one", lambda v: plot_two_runs(v, np.ones(9)), (9,)),
        ("other", lambda v: plot_two_runs(np.ones(9), v), (9,)),
    ],
    "plots.plot_unrolled": [
        ("inputs", lambda v: plot_unrolled(np.ones(4), v), (3,)),
        ("states", lambda v: plot_unrolled(v, np.ones(3)), (4,)),
    ],
    "plots.plot_shrinking": [
        ("curves", lambda v: plot_shrinking({"a": v}), (3, 9)),
        ("lines", lambda v: plot_shrinking({"a": [[1.0]]}, {"a": v}), (9,)),
    ],
    "plots.plot_cliff": [
        ("loss", lambda v: plot_cliff([0, 1], [0, 1], v), (2, 2)),
        (
            "paths",
            lambda v: plot_cliff([0, 1], [0, 1], np.eye(2), {"a": v}),
            (3, 2),
        ),
    ],
    "plots.plot_wall": [
        ("b", lambda v: plot_wall(v, np.ones(9)), (9,)),
        ("loss", lambda v: plot_wall(np.ones(9), v), (9,)),
    ],
    "data.windows": [("series", lambda v: windows(v, 2), (9,))],
    "numpy_readout.readout_forward": [
        ("hs", lambda v: readout_forward(v, READOUT), (N, T, H)),
        (
            "weight",
            lambda v: readout_forward(HS, READOUT | {"weight": v}),
            (2, H),
        ),
        ("bias", lambda v: readout_forward(HS, READOUT | {"bias": v}), (2,)),
    ],
    "numpy_readout.readout_backward": [
        ("errors", lambda v: readout_backward(v, HS, READOUT), (N, T, 2)),
        (
            "hs",
            lambda v: readout_backward(np.ones((N, T, 2)), v, READOUT),
            (N, T, H),
        ),
    ],
    "plots.plot_losses": [
        ("losses", lambda v: plot_losses({"SGD": v}), (2, 3)),
    ],
    "plots.plot_learning_rates": [
        ("rates", lambda v: plot_learning_rates({"SGD": v}, TWO), (2,)),
        (
            "losses",
            lambda v: plot_learning_rates({"SGD": np.ones(2)}, {"SGD": v}),
            (2, 3),
        ),
    ],
    "plots.plot_forecasts": [
        ("prices", lambda v: plot_forecasts(v, [1.0], {}), (9,)),
        ("forecasts", lambda v: plot_forecasts([1.0], v, {}), (9,)),
    ],
    "plots.plot_prices": [("prices", plot_prices, (9,))],
    "plots.plot_squashing": [("z", plot_squashing, (9,))],
    "plots.plot_predictions": [
        ("predictions", lambda v: plot_predictions(v, UNIT_Y), (1, 2, 1)),
        ("targets", lambda v: plot_predictions(UNIT_Y, v), (1, 2, 1)),
    ],
    "plots.plot_contributions": [("table", plot_contributions, (9, 9))],
    "plots.plot_nudges": [
        ("nudges", lambda v: plot_nudges(v, np.ones(9)), (9,)),
        ("errors", lambda v: plot_nudges(np.ones(9), v), (9,)),
    ],
    "plots.plot_truncation": [("kept", plot_truncation, (9,))],
    "plots.plot_pairs": [("kept", plot_pairs, (9, 9))],
    "plots.plot_memory": [
        ("steps", lambda v: plot_memory(v, {"a": np.ones(9)}), (9,)),
        ("held", lambda v: plot_memory(np.ones(9), {"a": v}), (9,)),
    ],
    "plots.plot_windows": [
        ("values", lambda v: plot_windows({"a": v}, "cosine"), (9, 9)),
    ],
    "plots.plot_tags": [
        ("tags", lambda v: plot_tags("abc", v, {"a": np.ones(3)}), (3,)),
        (
            "probabilities",
            lambda v: plot_tags("abc", np.ones(3), {"a": v}),
            (3,),
        ),
    ],
    "plots.plot_units": [("values", lambda v: plot_units("f", v), (9, 9))],
    "plots.plot_unit_bands": [
        ("bands", lambda v: plot_unit_bands("f", {"a": v}), (9, 9)),
    ],
    "plots.plot_gate_pairs": [
        (
            "pairs",
            lambda v: plot_gate_pairs(("f", "i"), {"a": (v, np.ones(9))}),
            (9,),
        ),
        (
            "pairs",
            lambda v: plot_gate_pairs(("f", "i"), {"a": (np.ones(9), v)}),
            (9,),
        ),
    ],
    "plots.plot_seeds": [
        ("x", lambda v: plot_seeds(v, {"a": np.ones((2, 9))}, AXES), (9,)),
        ("curves", lambda v: plot_seeds(np.ones(9), {"a": v}, AXES), (9, 9)),
    ],
    "plots.plot_signal": [
        ("c", lambda v: plot_signal(v, np.arange(-4, 5)), (9, 9)),
        ("signal", lambda v: plot_signal(np.ones((9, 2)), v), (9,)),
    ],
    "plots.plot_gap": [
        ("train", lambda v: plot_gap(v, np.ones((9, 9)), "a"), (9, 9)),
        ("valid", lambda v: plot_gap(np.ones((9, 9)), v, "a"), (9, 9)),
    ],
    "plots.plot_loss_of_one": [("margins", plot_loss_of_one, (9,))],
    "plots.plot_margins": [
        (
            "margins",
            lambda v: plot_margins({"best": v}, {"best": np.eye(9)}, "a"),
            (9, 9),
        ),
        (
            "weights",
            lambda v: plot_margins({"best": np.eye(9)}, {"best": v}, "a"),
            (9, 9),
        ),
    ],
    "plots.plot_scales": [
        (
            "factors",
            lambda v: plot_scales(v, {"unseen": np.ones((2, 9))}),
            (9,),
        ),
        ("losses", lambda v: plot_scales(np.ones(9), {"unseen": v}), (2, 9)),
    ],
    "plots.plot_best_and_last": [
        ("scores", lambda v: plot_best_and_last({"a": {"last": v}}, "b"), (9,)),
    ],
    "plots.plot_reads": [("ways", lambda v: plot_reads({"a": v}), (9,))],
    "plots.plot_drift": [
        ("truth", lambda v: plot_drift(v, {"a": np.ones((2, 5))}, 4), (9,)),
        ("runs", lambda v: plot_drift(np.ones(13), {"a": v}, 4), (9, 9)),
    ],
    "plots.plot_paired": [
        ("differences", lambda v: plot_paired({"a": v}, "b"), (5,)),
    ],
    "plots.plot_epochs": [
        ("curves", lambda v: plot_epochs({"a": v}, "loss"), (9, 9)),
    ],
    "plots.plot_two_ends": [("points", plot_two_ends, (9, 2))],
    "plots.plot_runs": [
        ("curves", lambda v: plot_runs({"a": v}, "epoch", "loss"), (9, 9)),
        (
            "points",
            lambda v: plot_runs(ONE_RUN, "epoch", "loss", None, {"a": v}),
            (9, 2),
        ),
    ],
    "plots.plot_groups": [
        ("scores", lambda v: plot_groups({"a": v}, "loss"), (9,)),
        (
            "beside",
            lambda v: plot_groups({"a": [1.0]}, "loss", None, {"a": v}),
            (9,),
        ),
    ],
    "plots.plot_reading": [
        ("sees", lambda v: plot_reading(v, False), (9, 9)),
    ],
    "plots.plot_crossings": [
        ("ratios", lambda v: plot_crossings({"a": v}, {"a": [1]}, 3), (1,)),
    ],
    "plots.plot_lengths": [
        ("scores", lambda v: plot_lengths({"a": {10: v}}, "loss"), (9,)),
    ],
}

# Everything else: name, call, message.
TABLE = [
    # Shapes that do not go with the others.
    ("data.next_step_pairs", lambda: next_step_pairs([1.0]),
     "series: expected at least two values, got 1"),
    ("data.Normalization.of", lambda: Normalization.of([0.1] * 10),
     "series: expected one that varies, got one .* all 0.1"),
    ("data.Normalization.of", lambda: Normalization.of([5]),
     "series: expected one that varies, got one .* all 5.0"),
    ("data.Normalization", lambda: Normalization(np.nan, 1.0),
     "mean: expected a number.*, got nan"),
    ("data.Normalization", lambda: Normalization([1.0], 1.0),
     r"mean: expected a number.*, got \[1.0\]"),
    ("data.Normalization", lambda: Normalization(0.0, 0.0),
     "std: expected a number above 0, got 0.0"),
    *[("data.Normalization", partial(Normalization, 0.0, bad),
       "std: expected a number .*, got ") for bad in BAD_NUMBERS],
    ("numpy_lstm.cell_forward",
     lambda: cell_forward(X[:, 0, :2], ZEROS, ZEROS, PARAMS),
     r"x_t: expected shape \(N, 3\).*got \(2, 2\)"),
    ("numpy_lstm.cell_forward",
     lambda: cell_forward(X[:, 0], ZEROS[:1], ZEROS, PARAMS),
     r"h: expected shape \(2, 5\).*got \(1, 5\)"),
    ("numpy_lstm.cell_forward",
     lambda: cell_forward(X[:, 0], ZEROS, ZEROS[:, :1], PARAMS),
     r"c: expected shape \(2, 5\).*got \(2, 1\)"),
    ("numpy_lstm.cell_forward",
     lambda: cell_forward(X[:, 0], ZEROS, ZEROS, missing("bias")),
     r"params: expected .*'bias'\], got \['weight_ih', 'weight_hh'\]"),
    ("numpy_lstm.cell_backward",
     lambda: cell_backward(ZEROS[:1], ZEROS, CACHE, PARAMS),
     r"dh: expected shape \(2, 5\).*got \(1, 5\)"),
    ("numpy_lstm.cell_backward",
     lambda: cell_backward(ZEROS, ZEROS[:, :1], CACHE, PARAMS),
     r"dc: expected shape \(2, 5\).*got \(2, 1\)"),
    ("numpy_lstm.cell_backward",
     lambda: cell_backward(ZEROS, ZEROS, WRONG_CACHES[0], PARAMS),
     r"cache.h_prev: expected shape \(2, 5\).*got \(2, 6\)"),
    ("numpy_lstm.cell_backward",
     lambda: cell_backward(ZEROS, ZEROS, STACKED, PARAMS),
     r"cache.x: expected shape \(N, 3\).*got \(2, 4, 3\)"),
    ("numpy_lstm.cell_backward",
     lambda: cell_backward(ZEROS, ZEROS, None, PARAMS),
     "cache.*: expected a StepCache, got None"),
    ("numpy_lstm.cell_backward",
     lambda: cell_backward(ZEROS, ZEROS, tuple(CACHE), PARAMS),
     r"cache.*: expected a StepCache, got \(array"),
    ("numpy_lstm.cell_backward",
     lambda: cell_backward(ZEROS, ZEROS, CACHE, None),
     r"params: expected .*'bias'.*got None"),
    ("numpy_lstm.forward", lambda: forward(X[..., :2], PARAMS),
     r"x: expected shape \(N, T, 3\).*got \(2, 4, 2\)"),
    ("numpy_lstm.forward", lambda: forward(X[:, :0], PARAMS),
     r"x: expected .* no empty axis, got \(2, 0, 3\)"),
    ("numpy_lstm.forward", lambda: forward(X[:0], PARAMS),
     r"x: expected .* no empty axis, got \(0, 4, 3\)"),
    ("numpy_lstm.forward", lambda: forward(X, PARAMS, h0=ZEROS[:1]),
     r"h0: expected shape \(2, 5\).*got \(1, 5\)"),
    ("numpy_lstm.forward", lambda: forward(X, PARAMS, h0=with_(ZEROS, np.nan)),
     "h0: expected finite numbers, got nan"),
    ("numpy_lstm.forward", lambda: forward(X, PARAMS, c0=ZEROS[0]),
     r"c0: expected shape \(2, 5\).*got \(5,\)"),
    ("numpy_lstm.forward", lambda: forward(X, PARAMS, c0="zero"),
     "c0: expected numbers.*got 'zero'"),
    ("numpy_lstm.forward", lambda: forward(X, None),
     r"params: expected .*'bias'.*got None"),
    ("numpy_lstm.forward", lambda: forward(X, [1, 2, 3]),
     r"params: expected .*'bias'.*got \[1, 2, 3\]"),
    *[("numpy_lstm.forward", partial(forward, X, missing(name)),
       r"params: expected \['weight_ih', 'weight_hh', 'bias'\], got ")
      for name in PARAMS],
    ("numpy_lstm.forward", lambda: forward(X, params(bias_hh=np.zeros(20))),
     "params: expected .*got .*'bias_hh'"),
    ("numpy_lstm.forward",
     lambda: forward(X, params(weight_hh=np.ones((3 * H, H)))),
     r"weight_hh: expected 4H = 20 rows.*got shape \(15, 5\)"),
    ("numpy_lstm.forward",
     lambda: forward(X, params(bias=np.ones(4 * H + 1))),
     r"bias: expected 4H = 20 rows.*got shape \(21,\)"),
    ("numpy_lstm.stack_caches", lambda: stack_caches([]),
     r"caches: expected a list of one cache per step, got \[\]"),
    ("numpy_lstm.stack_caches", lambda: stack_caches(None),
     "caches: expected a list of one cache per step, got None"),
    ("numpy_lstm.stack_caches", lambda: stack_caches([CACHE, None]),
     "caches: expected a StepCache, got None"),
    ("numpy_lstm.stack_caches", lambda: stack_caches("caches"),
     "caches: expected a StepCache, got 'c'"),
    ("numpy_lstm.stack_caches", lambda: stack_caches(CACHE),
     "caches: expected a StepCache, got array"),
    ("numpy_lstm.bptt", lambda: bptt(HS, [], PARAMS),
     r"caches: expected a list of one cache per step, got \[\]"),
    ("numpy_lstm.bptt", lambda: bptt(HS, None, PARAMS),
     "caches: expected a list of one cache per step, got None"),
    ("numpy_lstm.bptt", lambda: bptt(HS, STACKED, PARAMS),
     "caches: expected a StepCache, got array"),
    ("numpy_lstm.bptt", lambda: bptt(HS, [1, 2, 3, 4], PARAMS),
     "caches: expected a StepCache, got 1"),
    ("numpy_lstm.bptt", lambda: bptt(HS, CACHES[:3], PARAMS),
     r"dhs: expected shape \(2, 3, 5\).*got \(2, 4, 5\)"),
    ("numpy_lstm.bptt", lambda: bptt(HS, WRONG_CACHES, PARAMS),
     r"cache.h_prev: expected shape \(2, 5\).*got \(2, 6\)"),
    ("numpy_lstm.bptt", lambda: bptt(HS, CACHES, missing("bias")),
     r"params: expected .*'bias'.*got "),
    *[("numpy_lstm.bptt", partial(bptt, HS, CACHES, PARAMS, window=bad),
       "window: expected a whole number of at least 1, got ")
      for bad in BAD_WHOLE],
    ("numpy_jacobian.contributions",
     lambda: contributions(HS, CACHES[:3], PARAMS),
     r"dhs: expected shape \(2, 3, 5\).*got \(2, 4, 5\)"),
    *[(f"numpy_jacobian.{name}", partial(call, caches, given), message)
      for name, call in (("contributions", partial(contributions, HS)),
                         ("cell_jacobian", cell_jacobian))
      for caches, given, message in [
          ([], PARAMS, r"caches: expected a list .*, got \[\]"),
          (None, PARAMS, "caches: expected a list .*, got None"),
          (STACKED, PARAMS, "caches: expected a StepCache, got array"),
          ([STACKED], PARAMS, r"cache.x: expected shape .*got \(2, 4, 3\)"),
          (WRONG_CACHES, PARAMS,
           r"cache.h_prev: expected shape \(2, 5\).*got \(2, 6\)"),
          (CACHES, missing("bias"), "params: expected .*'bias'.*got "),
          (CACHES, None, "params: expected .*'bias'.*got None"),
          (CACHES, params(bias=np.full(4 * H, np.nan)),
           "bias: expected finite numbers, got nan"),
      ]],
    *[("numpy_lstm.init_params", partial(init_params, bad, 2, RNG),
       "input_size: expected a whole number of at least 1, got ")
      for bad in [*BAD_WHOLE, None]],
    *[("numpy_lstm.init_params", partial(init_params, 2, bad, RNG),
       "hidden_size: expected a whole number of at least 1, got ")
      for bad in [*BAD_WHOLE, None]],
    *[("numpy_lstm.init_params", partial(init_params, 2, 2, bad),
       "rng: expected a .*Generator, got ")
      for bad in [0, None, np.random.RandomState(0), np.random]],
    *[("numpy_lstm.init_params", partial(init_params, 2, 2, RNG, bad),
       "forget_bias: expected a .*number.*, got ")
      for bad in [np.nan, np.inf, "1", None, True, [1.0]]],
    ("numpy_train.squared_error", lambda: squared_error(HS, HS[:, :-1]),
     r"target: expected shape \(2, 4, 5\).*got \(2, 3, 5\)"),
    ("numpy_train.squared_error", lambda: squared_error(HS, HS[..., :1]),
     r"target: expected shape \(2, 4, 5\).*got \(2, 4, 1\)"),
    *[("numpy_train.squared_error", partial(squared_error, HS, HS, bad),
       "steps: expected 'mean', 'sum' or 'last', got ")
      for bad in ["first", "Mean", "", None, 3, ["mean"]]],
    *[("numpy_train.SGD", partial(SGD, bad),
       "lr: expected a number .*, got ") for bad in BAD_NUMBERS],
    *[("numpy_train.Adam", partial(Adam, bad),
       "lr: expected a number .*, got ") for bad in BAD_NUMBERS],
    *[("numpy_train.Adam", partial(Adam, eps=bad),
       "eps: expected a number .*, got ") for bad in BAD_NUMBERS],
    *[("numpy_train.Adam", partial(Adam, betas=bad), "betas: expected .*got ")
      for bad in [(0.9, 1.0), (1.0, 0.9), (-0.1, 0.9), (0.9, np.nan), (0.9,),
                  (0.9, 0.99, 0.999), 0.9, None, "ab", (0.9, "b")]],
    *[(f"numpy_train.{name}.step", partial(step, given, grads), message)
      for name, step in (("SGD", SGD(0.1).step), ("Adam", Adam().step))
      for given, grads, message in [
          (W, {}, r"grads: expected those of \['w'\], got \[\]"),
          (W, {"v": W["w"]}, r"grads: expected .*\['w'\], got \['v'\]"),
          (W, W | {"v": 1.0}, r"grads: expected .*\['w'\], got \['w', 'v'\]"),
          ({}, {}, r"grads: expected those of \[\], got \[\]"),
          (W, {"w": np.ones(3)},
           r"grads\['w'\]: expected shape \(2,\).*got \(3,\)"),
      ]],
    ("numpy_train.Adam.step",
     lambda: updated(Adam()).step({"w": np.ones(3)}, {"w": np.ones(3)}),
     r"grads\['w'\]: expected shape \(2,\).*got \(3,\)"),
    ("numpy_train.Adam.step",
     lambda: updated(Adam()).step({"v": np.ones(2)}, {"v": np.ones(2)}),
     r"expected those of \['w'\], got \['v'\]"),
    ("plots.plot_gates", lambda: plot_gates(STACKED),
     r"f: expected shape \(1, T, 1\).*got \(2, 4, 5\)"),
    ("plots.plot_gates", lambda: plot_gates(UNIT),
     r"f: expected shape \(1, T, 1\).*got \(1, 1\)"),
    ("plots.plot_gates",
     lambda: plot_gates(UNIT_STACKED._replace(o=UNIT_STACKED.o * np.nan)),
     "o: expected finite numbers, got nan"),
    ("plots.plot_states", lambda: plot_states(STACKED),
     r"c: expected shape \(1, T, 1\).*got \(2, 4, 5\)"),
    ("plots.plot_states",
     lambda: plot_states(UNIT_STACKED._replace(h=UNIT_STACKED.h[:, :1])),
     r"h: expected shape \(1, 2, 1\).*got \(1, 1, 1\)"),
    ("plots.plot_predictions", lambda: plot_predictions(HS, HS),
     r"predictions: expected shape \(1, T, 1\).*got \(2, 4, 5\)"),
    ("plots.plot_predictions",
     lambda: plot_predictions(UNIT_Y, UNIT_Y[:, :1]),
     r"targets: expected shape \(1, 2, 1\).*got \(1, 1, 1\)"),
    *[("plots.plot_walks_back", partial(plot_walks_back, bad),
       "steps: expected a whole number of at least 2, got ")
      for bad in [*BAD_WHOLE, 1, None]],
    ("plots.plot_contributions", lambda: plot_contributions(np.eye(3)[:2]),
     r"table: expected shape \(2, 2\).*got \(2, 3\)"),
    ("plots.plot_contributions", lambda: plot_contributions(np.ones((2, 2))),
     "table: expected 0 where the use comes after the error.*got array"),
    ("plots.plot_contributions", lambda: plot_contributions(np.zeros((2, 2))),
     "table: expected .*some number elsewhere, got array"),
    *[("plots.plot_cell_paths", partial(plot_cell_paths, bad),
       "norms: expected a dict with some of .*got ")
      for bad in [{}, None, [1.0], {"h": np.ones((2, 3))}]],
    *[("plots.plot_cell_paths", partial(plot_cell_paths, {"g": bad}),
       r"norms\['g'\]: expected .*got ")
      for bad in [np.ones(3), np.full((2, 3), np.nan), -np.ones((2, 3)), "a"]],
    ("plots.plot_cell_paths",
     lambda: plot_cell_paths({"g": np.ones((2, 3)), "o": np.ones((2, 4))}),
     r"norms\['o'\]: expected shape \(2, 3\).*got \(2, 4\)"),
    *[("plots.plot_bug_losses", partial(plot_bug_losses, bad),
       "losses: expected a dict of one to four runs, got ")
      for bad in [{}, None, [1.0], {n: [1.0] for n in "abcde"}]],
    *[("plots.plot_bug_losses", partial(plot_bug_losses, {"a": bad}),
       r"losses\['a'\]: expected .*got ")
      for bad in [1.0, [np.nan], [[1.0]], "a", []]],
    ("plots.plot_bug_losses",
     lambda: plot_bug_losses({"a": [1.0, 2.0], "b": [1.0]}),
     r"losses\['b'\]: expected shape \(2,\).*got \(1,\)"),
    ("plots.plot_nudges", lambda: plot_nudges([1.0, 0.1], [1.0]),
     r"errors: expected shape \(2,\).*got \(1,\)"),
    ("plots.plot_nudges", lambda: plot_nudges([1.0, 0.0], [1.0, 1.0]),
     "nudges.*: expected nudges above 0.*got 0.0"),
    ("plots.plot_nudges", lambda: plot_nudges([1.0, 2.0], [1.0, -1.0]),
     "errors: expected .*errors of at least 0.*got 1.0 and -1.0"),
    *[("plots.plot_cell", partial(plot_cell, *before, bad),
       rf"{argument}: expected a dict with some of .*got .*{got}")
      for argument, before in (("values", ()), ("gradients", ({},)))
      for bad, got in [(["h"], "'h'"), ("step", "step"), (3, "3"),
                       (UNIT, "StepCache"), ({"q": 1.0}, "'q'"),
                       ({"h": 1.0, "W_f": 1.0}, "'W_f'")]],
    *[("plots.plot_cell", partial(plot_cell, *before, bad),
       rf"{argument}\['\w+'\]: expected .*got {got}")
      for argument, before in (("values", ()), ("gradients", ({},)))
      for bad, got in [({"h": np.nan}, "nan"), ({"h": -np.inf}, "-inf"),
                       ({"h": "steep"}, "'steep'"), ({"h": None}, "None"),
                       ({"h": [1.0, 2.0]}, r"\(2,\)"), ({"h": []}, r"\(0,")]],
    ("plots.plot_cell", lambda: plot_cell({}, {"weight_f": 1.0}),
     r"gradients\['weight_f'\]: expected shape \(2,\).*got \(1,\)"),
    ("plots.plot_cell", lambda: plot_cell({"z_f": 1.0}),
     "values: expected a dict with some of .*got"),
    *[("numpy_rnn.forward", partial(by_hand.rnn.forward, X, bad),
       r"params: expected .*'bias'.*got ")
      for bad in [None, {}, [1.0], {"bias": np.zeros(H)}, RNN | {"b": 1.0}]],
    ("numpy_rnn.forward",
     lambda: by_hand.rnn.forward(X, RNN | {"weight_hh": np.ones((H, D))}),
     r"weight_hh: expected shape \(5, 5\).*got \(5, 3\)"),
    ("numpy_rnn.forward",
     lambda: by_hand.rnn.forward(X, RNN | {"weight_ih": np.ones((D, H))}),
     r"weight_ih: expected shape \(5, D\).*got \(3, 5\)"),
    ("numpy_rnn.forward", lambda: by_hand.rnn.forward(X[..., :2], RNN),
     r"x: expected shape \(N, T, 3\).*got \(2, 4, 2\)"),
    ("numpy_rnn.forward", lambda: by_hand.rnn.forward(X, RNN, ZEROS[:1]),
     r"h0: expected shape \(2, 5\).*got \(1, 5\)"),
    ("numpy_rnn.forward",
     lambda: by_hand.rnn.forward(X, RNN, with_(ZEROS, np.nan)),
     "h0: expected finite numbers, got nan"),
    ("numpy_rnn.bptt", lambda: by_hand.rnn.bptt(RNN_HS, X, RNN_HS[:1], RNN),
     r"hs: expected shape \(2, 4, 5\).*got \(1, 4, 5\)"),
    ("numpy_rnn.bptt", lambda: by_hand.rnn.bptt(RNN_HS[:, 1:], X, RNN_HS, RNN),
     r"dhs: expected shape \(2, 4, 5\).*got \(2, 3, 5\)"),
    ("numpy_rnn.bptt",
     lambda: by_hand.rnn.bptt(RNN_HS, X, with_(RNN_HS, -1.5), RNN),
     "hs: expected states from -1 to 1, got -1.5"),
    ("numpy_rnn.bptt",
     lambda: by_hand.rnn.bptt(RNN_HS, X, RNN_HS, RNN, ZEROS[:1]),
     r"h0: expected shape \(2, 5\).*got \(1, 5\)"),
    ("numpy_rnn.bptt", lambda: by_hand.rnn.bptt(RNN_HS, X, RNN_HS, None),
     r"params: expected .*'bias'.*got None"),
    ("numpy_rnn.jacobians", lambda: by_hand.rnn.jacobians(RNN_HS[..., :4], RNN),
     r"hs: expected shape \(N, T, 5\).*got \(2, 4, 4\)"),
    ("numpy_rnn.jacobians",
     lambda: by_hand.rnn.jacobians(with_(RNN_HS, 2.0), RNN),
     "hs: expected states from -1 to 1, got 2.0"),
    ("numpy_rnn.jacobians", lambda: by_hand.rnn.jacobians(RNN_HS, PARAMS),
     r"weight_ih: expected shape \(20, D\)|weight_hh: expected .*got "),
    *[("numpy_train.clip_grad_norm", partial(clip_grad_norm, bad, 1.0),
       "grads.*: expected .*got ")
      for bad in [{}, None, [1.0], {"w": "a"}, {"w": [np.nan]},
                  {"w": [np.inf]}, {"w": np.full(4, 1.5e308)}]],
    *[("numpy_train.clip_grad_norm", partial(clip_grad_norm, W, bad),
       "max_norm: expected a number above 0, got ")
      for bad in [0, 0.0, *BAD_NUMBERS]],
    ("plots.plot_two_runs", lambda: plot_two_runs([1.0, 2.0], [1.0]),
     r"other: expected shape \(2,\).*got \(1,\)"),
    *[("plots.plot_unrolled", partial(plot_unrolled, np.ones(n + 1), [1.0] * n),
       f"inputs: expected two to four, got {n}") for n in (1, 5)],
    ("plots.plot_unrolled", lambda: plot_unrolled([1.0] * 3, [1.0] * 3),
     r"states: expected shape \(4,\).*got \(3,\)"),
    ("plots.plot_unrolled",
     lambda: plot_unrolled([1.0] * 4, [1.0] * 3, [1.0] * 4),
     r"gradients: expected shape \(3,\).*got \(4,\)"),
    *[("plots.plot_shrinking", partial(plot_shrinking, bad),
       "curves: expected .*got ") for bad in [{}, None, [[1.0]], "ab", 3]],
    ("plots.plot_shrinking",
     lambda: plot_shrinking({n: [[1.0]] for n in "abcdef"}),
     "curves: expected one to five, got 6"),
    ("plots.plot_shrinking", lambda: plot_shrinking({"a": [[1.0, 0.0]]}),
     r"curves\['a'\]: expected sizes above 0, got 0.0"),
    ("plots.plot_shrinking",
     lambda: plot_shrinking({"a": [[1.0]]}, {"b": [-1.0]}),
     r"lines\['b'\]: expected sizes above 0, got -1.0"),
    ("plots.plot_shrinking", lambda: plot_shrinking({"a": [[1.0]]}, [1.0]),
     r"lines: expected sizes by label, got \[1.0\]"),
    *[("plots.plot_cliff", partial(plot_cliff, bad, [0, 1], np.eye(2)),
       "u: expected .*got ")
      for bad in [[0], [1, 0], [1, 1], None, [0, np.nan]]],
    ("plots.plot_cliff", lambda: plot_cliff([0, 1], [1, 1], np.eye(2)),
     "b: expected at least two weights that increase, got "),
    ("plots.plot_cliff", lambda: plot_cliff([0, 1], [0, 1, 2], np.eye(2)),
     r"loss: expected shape \(3, 2\).*got \(2, 2\)"),
    *[("plots.plot_cliff", partial(plot_cliff, [0, 1], [0, 1], np.eye(2), bad),
       "paths: expected up to three, by label, got ")
      for bad in [[1.0], "a", {n: [[0.0, 0.0]] for n in "abcd"}]],
    ("plots.plot_wall", lambda: plot_wall([1.0, 2.0], [1.0]),
     r"loss: expected shape \(2,\).*got \(1,\)"),
    *[("plots.plot_truncation", partial(plot_truncation, bad),
       rf"kept: expected .*got {got}")
      for bad, got in [([1, 0.5, 1], "0.5"), ([2, 1], "2"), ([-1, 1], "-1"),
                       ([1, 0], r"\[1, 0\]"), ([1, 0, 1], r"\[1, 0, 1\]")]],
    *[("plots.plot_pairs", partial(plot_pairs, bad),
       rf"kept: expected .*got .*{got}")
      for bad, got in [([[1, 0]], r"\(1, 2\)"), ([[1, 0], [0.5, 1]], "0.5"),
                       ([[1, 1], [0, 1]], r"\[0, 1\]")]],
    *[("plots.plot_memory", partial(plot_memory, [1.0, 2.0], bad),
       "held.*: expected .*got ")
      for bad in [{}, None, [1.0, 2.0], {"a": [1.0]}, {"a": [1.0, -1.0]},
                  {name: [1.0, 2.0] for name in "abcde"}]],
    ("plots.plot_memory", lambda: plot_memory([-1.0], {"a": [1.0]}),
     "steps.*: expected .*got -1.0"),
    *[("plots.plot_windows", partial(plot_windows, bad, "cosine"),
       "values.*: expected .*got ")
      for bad in [{}, None, np.ones((2, 2)), {"a": np.ones(2)},
                  {name: np.ones((2, 2)) for name in "abcde"}]],
    *[("plots.plot_windows", partial(plot_windows, {"a": [[1.0]]}, bad),
       "measure: expected a text, got ") for bad in [None, 3]],
    # The figures of layers and models.
    *[("plots.plot_wiring", partial(plot_wiring, *bad), message)
      for bad, message in [
          ((None, ["a"]), "reads: expected a list of words, got None"),
          (([], []), r"reads: expected a list of words, got \[\]"),
          (("ab", "cd"), "reads: expected a list of words, got 'ab'"),
          ((["a"], [1]), r"writes: expected a list of words, got \[1\]"),
          ((["a", "b"], ["c"]), "writes: expected 2 words, got 1"),
          ((["a", "b"], ["c", ""], 2), "second: expected a step .*, got 2"),
          ((["a"], ["c"], -1), "second: expected a whole .*, got -1"),
          ((["a"], ["c"], 0, 1), "feeds_back: expected a bool, got 1"),
      ]],
    *[("plots.plot_stack", partial(plot_stack, bad),
       "num_layers: expected a whole number .*got ")
      for bad in [*BAD_WHOLE, 4]],
    *[("plots.plot_stack", partial(plot_stack, 1, bad),
       "num_directions: expected a whole number .*got ")
      for bad in [*BAD_WHOLE, 3]],
    *[("plots.plot_stack", partial(plot_stack, 1, 1, bad),
       "steps: expected a whole number .*got ")
      for bad in [*BAD_WHOLE, 1, 9]],
    *[("plots.plot_tags", partial(plot_tags, *bad), message)
      for bad, message in [
          ((3, [1], {"a": [1]}), "tokens: expected a str, got 3"),
          (("", [1], {"a": [1]}), "tokens: expected one or more, got ''"),
          (("a", [0.5], {"a": [1]}), r"tags: expected 0 and 1 .*, got .*0.5"),
          (("a", [1], {"a": [1.5]}), "probabilities.*: expected .*got .*1.5"),
          (("a", [1], {"a": [-0.5]}), "probabilities.*: expected .*got -0.5"),
          (("a", [1], {}), "probabilities: expected a dict .*got {}"),
          (("a", [1], [[1]]), r"probabilities: expected a dict .*got \[\[1"),
          (("a", [1], {n: [1] for n in "abcd"}),
           "probabilities: expected a dict .*got "),
      ]],
    *[("plots.plot_epochs", partial(plot_epochs, *bad), message)
      for bad, message in [
          (({}, "a"), "curves: expected a dict .*got {}"),
          (([[1.0]], "a"), "curves: expected a dict .*got "),
          (({n: [[1.0]] for n in "abcd"}, "a"), "curves: expected .*got "),
          (({"a": [[1.0]]}, None), "measure: expected a str, got None"),
          (({"a": [[1.0]]}, "a", [1.0]), "levels: expected a dict, got "),
          (({"a": [[1.0]]}, "a", {"b": np.nan}), "levels.*: expected .*nan"),
          (({"a": [[1.0]]}, "a", dict.fromkeys("bcd", 1.0)),
           "levels: expected at most 2, got 3"),
      ]],
    # Gates and states.
    *[(f"plots.{plot.__name__}", partial(plot, gate, bad),
       "gate: expected 'f' or 'i' .*got ")
      for plot, bad in [(plot_units, np.ones((2, 2))),
                        (plot_unit_bands, {"a": np.ones((2, 2))})]
      for gate in ["c", "", None, 0, "fi"]],
    *[("plots.plot_unit_bands", partial(plot_unit_bands, "f", bad),
       "bands: expected a dict by name, of one to 2, got ")
      for bad in [{}, None, np.ones((2, 2)), {n: [[1.0]] for n in "abc"}]],
    *[("plots.plot_unit_bands",
       partial(plot_unit_bands, "f", {"a": np.ones((2, 3))}, bad),
       r"line: expected .*got ")
      for bad in [[1.0], [1.0, np.nan, 1.0], "abc", np.ones((2, 3))]],
    ("plots.plot_unit_bands",
     lambda: plot_unit_bands("f", {"a": [[1.0]], "b": [[1.0, 2.0]]}),
     r"bands\['b'\]: expected shape \(N, 1\).*got \(1, 2\)"),
    *[("plots.plot_gate_pairs", partial(plot_gate_pairs, bad, {"a": ONES}),
       "gates: expected .*got ")
      for bad in ["fi", ["f", "i"], ("f",), ("f", "c"), (0, 1), None]],
    *[("plots.plot_gate_pairs", partial(plot_gate_pairs, ("f", "i"), bad),
       "pairs: expected a dict by name, of one to 3, got ")
      for bad in [{}, None, ONES, dict.fromkeys("abcd", ONES)]],
    *[("plots.plot_gate_pairs",
       partial(plot_gate_pairs, ("f", "i"), {"a": bad}), message)
      for bad, message in [
          (None, r"pairs\['a'\]: expected two arrays, got None"),
          (np.ones(2), r"pairs\['a'\]: expected two arrays, got array"),
          (([1.0], [1.0], [1.0]), r"pairs\['a'\]: expected two arrays, got "),
          (([1.0], [1.0, 2.0]), r"pairs\['a'\]\[1\]: expected shape \(1,\)"),
      ]],
    *[("plots.plot_seeds", partial(plot_seeds, [1.0], bad, AXES),
       "curves: expected a dict by name, of one to 4, got ")
      for bad in [{}, None, [[1.0]], {n: [[1.0]] for n in "abcde"}]],
    *[("plots.plot_seeds", partial(plot_seeds, [1.0], {"a": [[1.0]]}, bad),
       "labels: expected two texts, got ")
      for bad in [None, "ab", ("a",), ("a", 1), ["a", "b"]]],
    *[("plots.plot_seeds",
       partial(plot_seeds, [1.0], {"a": [[1.0]]}, AXES, None, bad),
       "colors: expected 1 of i, f, .*got ")
      for bad in [None, [], ["red"], "z", 3]],
    *[("plots.plot_seeds",
       partial(plot_seeds, [1.0], {"a": [[1.0]]}, AXES, bad),
       r"levels.*: expected .*got ")
      for bad in [[0.5], {"a": np.nan}, {"a": "b"}, {"a": [1.0]}]],
    *[("plots.plot_signal", partial(plot_signal, np.ones((2, 3)), bad),
       "signal: expected numbers below and above 0, got from ")
      for bad in [[0.0, 0.0], [1.0, 2.0], [-1.0, 0.0]]],
    ("plots.plot_signal",
     lambda: plot_signal(np.ones((2, 3)), [1.0]),
     r"signal: expected shape \(2,\).*got \(1,\)"),
    ("plots.plot_signal",
     lambda: plot_signal(np.ones((2, 3)), [-1.0, 1.0], None),
     "name: expected a str, got None"),
    # Overfitting and confidence.
    *[("plots.plot_gap", partial(plot_gap, *bad), message)
      for bad, message in [
          (([[1.0]], [[1.0, 2.0]], "a"),
           r"valid: expected shape \(1, 1\).*got \(1, 2\)"),
          (([[1.0]], [[1.0]], None), "measure: expected a str, got None"),
          (([[1.0]], [[1.0]], "a", [1, 1]), r"best: expected shape .*got \(2"),
          (([[1.0]], [[1.0]], "a", [0]), r"best: expected .* 1 to 1, got \[0"),
          (([[1.0]], [[1.0]], "a", [2]), r"best: expected .* 1 to 1, got \[2"),
          (([[1.0] * 3] * 2, [[1.0] * 3] * 2, "a", [1, 1.5]),
           r"best: expected epochs from 1 to 3, got .*1.5"),
      ]],
    ("plots.plot_loss_of_one", lambda: plot_loss_of_one([1.0, 0.0]),
     "margins: expected a rising row, got"),
    *[("plots.plot_margins", partial(plot_margins, *bad), message)
      for bad, message in [
          (({}, {}, "a"), r"margins: expected a dict with some .*got {}"),
          (([[1.0]], {}, "a"), r"margins: expected a dict .*got \[\[1.0"),
          (({"first": [[1.0]]}, {}, "a"), "margins: expected .*got .*'first'"),
          (({"best": [[1.0]]}, {}, "a"), r"weights: expected .*got \[\]"),
          (({"best": [[1.0]]}, {"last": [[1.0]]}, "a"),
           r"weights: expected \['best'\], got \['last'\]"),
          (({"best": [[1.0]]}, {"best": [[1.0, 2.0]]}, "a"),
           r"weights.*: expected shape \(1, 1\).*got \(1, 2\)"),
          (({"best": [[1.0]]}, {"best": [[1.0]]}, 3),
           "measure: expected a str, got 3"),
      ]],
    *[("plots.plot_reliability", partial(plot_reliability, bad), message)
      for bad, message in [
          (None, "tables: expected a dict with some .*got None"),
          ({}, r"tables: expected a dict with some .*got {}"),
          ({"first": []}, "tables: expected .*got .*'first'"),
          ({"best": []}, r"tables.*: expected a list of tables, got \[\]"),
          ({"best": None}, "tables.*: expected a list of tables, got None"),
          ({"best": [0.5]}, "tables.*: expected a Reliability, got 0.5"),
      ]],
    ("plots.plot_reliability",
     lambda: plot_reliability({"best": [TABLE_OF_ONE]}, least=np.nan),
     "least: expected finite numbers, got nan"),
    *[("plots.plot_scales", partial(plot_scales, *bad), message)
      for bad, message in [
          (([1.0], {}), "losses: expected a dict with some .*got {}"),
          (([1.0], None), "losses: expected a dict with some .*got None"),
          (([1.0], {"test": [[1.0]]}), r"losses: expected .*got \['test'\]"),
          (([1.0], {"unseen": [[1.0, 2.0]]}),
           r"losses.*: expected shape \(S, 1\).*got \(1, 2\)"),
          (([0.0], {"unseen": [[1.0]]}), "expected numbers above 0, got 0.0"),
          (([1.0], {"unseen": [[-1.0]]}), "expected .* above 0, got -1.0"),
      ]],
    *[("plots.plot_best_and_last", partial(plot_best_and_last, *bad), message)
      for bad, message in [
          (({}, "a"), "scores: expected a dict by name, got {}"),
          ((None, "a"), "scores: expected a dict by name, got None"),
          (({"a": [1.0]}, "a"), r"scores\['a'\]: expected a dict .*got \[1.0"),
          (({"a": {}}, "a"), r"scores\['a'\]: expected a dict .*got {}"),
          (({"a": {"worst": [1.0]}}, "a"), "scores.*: expected .*'worst'"),
          (({"a": {"best": [1.0]}}, None), "measure: expected a str, got None"),
          (({"a": {"best": [1.0]}}, "a", np.inf), "level: expected .*got inf"),
      ]],
    # The figures of many runs.
    *[("plots.plot_runs", partial(plot_runs, *bad), message)
      for bad, message in [
          (({}, "a", "b"), "curves: expected a dict by name, got {}"),
          (([[1.0]], "a", "b"), "curves: expected a dict by name, got "),
          (({3: [[1.0]]}, "a", "b"), "curves: a key: expected a str, got 3"),
          ((ONE_RUN, None, "b"), "across: expected a str, got None"),
          ((ONE_RUN, "a", 3), "measure: expected a str, got 3"),
          ((ONE_RUN, "a", "b", [0.5]), r"levels: expected a dict, got \[0.5\]"),
          ((ONE_RUN, "a", "b", {"c": np.nan}), "levels.*: expected .*got nan"),
          ((ONE_RUN, "a", "b", None, [1.0]), "points: expected a dict .*got "),
          ((ONE_RUN, "a", "b", None, {}), "points: expected a dict .*got {}"),
          ((ONE_RUN, "a", "b", None, {k: [[1.0, 2.0]] for k in "xyz"}),
           r"points: .* of one to 2, got \['x', 'y', 'z'\]"),
          ((ONE_RUN, "a", "b", {3: 0.5}), "levels: a key: .* a str, got 3"),
      ]],
    *[("plots.plot_runs", partial(plot_runs, ONE_RUN, "a", "b", start=bad),
       "start: expected a whole number of at least 0, got ")
      for bad in BAD_WHOLE if bad != 0],
    *[("plots.plot_groups", partial(plot_groups, *bad), message)
      for bad, message in [
          ((None, "a"), "scores: expected a dict by name, got None"),
          (({}, "a"), "scores: expected a dict by name, got {}"),
          (({"a": [1.0]}, None), "measure: expected a str, got None"),
          (({"a": [1.0]}, "b", 0.5), "levels: expected a dict, got 0.5"),
          (({"a": [1.0]}, "b", None, {"c": [1.0]}),
           r"beside: expected the groups of scores, got \['c'\]"),
          (({"a": [1.0]}, "b", None, {}), "beside: expected a dict .*got {}"),
          (({"a": [1.0]}, "b", None, {"a": [1.0, 2.0]}),
           r"beside\['a'\]: expected shape \(1,\).*got \(2,\)"),
      ]],
    *[("plots.plot_crossings", partial(plot_crossings, *bad), message)
      for bad, message in [
          (({}, {}, 3), "ratios: expected a dict by name, got {}"),
          (({"a": [0.0]}, {"a": [1]}, 3), "ratios.*above 0, got 0.0"),
          (({"a": [1.0]}, None, 3), "epochs: expected a dict, got None"),
          (({"a": [1.0]}, {"b": [1]}, 3), r"epochs: .*got \['b'\]"),
          (({"a": [1.0]}, {"a": 1}, 3), "epochs.*: expected a list .*got 1"),
          (({"a": [1.0]}, {"a": [1, 2]}, 3), r"list of 1, got \[1, 2\]"),
          (({"a": [1.0]}, {"a": [4]}, 3), "expected at most 3, got 4"),
          (({"a": [1.0]}, {"a": [1.5]}, 3), "epochs: expected .*got 1.5"),
          (({"a": [1.0]}, {"a": [0]}, 3), "epochs: expected .*got 0"),
      ]],
    *[("plots.plot_crossings",
       partial(plot_crossings, {"a": [1.0]}, {"a": [1]}, bad),
       "last: expected a whole number of at least 1, got ")
      for bad in BAD_WHOLE],
    *[("plots.plot_reads", partial(plot_reads, bad), message)
      for bad, message in [
          ({}, "ways: expected a dict by name, got {}"),
          (None, "ways: expected a dict by name, got None"),
          ({"a": [0, 2]}, r"ways\['a'\]: expected 0 or 1, .*got"),
          ({"a": [1, 0]}, r"ways\['a'\]: expected 0 or 1, and 0 first, got"),
          ({"a": [0, 1], "b": [0]}, r"ways\['b'\]: expected shape .*got \(1"),
      ]],
    *[("plots.plot_drift", partial(plot_drift, *bad), message)
      for bad, message in [
          (([1.0, 2.0], {}, 1), "runs: expected a dict by name, got {}"),
          (([1.0, 2.0], {"a": [[1.0]]}, 2), "alone: .*fewer than 2 .*got 2"),
          (([1.0, 2.0], {"a": [[1.0]]}, 0), "alone: expected a whole .*got 0"),
          (([1.0, 2.0], {"a": [[1.0, 2.0]]}, 1), r"runs.*got \(1, 2\)"),
          (([1.0, 2.0], {n: [[1.0]] for n in "abc"}, 1),
           "runs: expected at most two, got 3"),
      ]],
    *[("plots.plot_paired", partial(plot_paired, *bad), message)
      for bad, message in [
          (({}, "b"), "differences: expected a dict by name, got {}"),
          (({"a": [1.0] * 4}, "b"), r"differences.*expected shape .*got \(4"),
          (({"a": [1.0] * 5}, None), "label: expected a str, got None"),
      ]],
    *[("plots.plot_lengths", partial(plot_lengths, *bad), message)
      for bad, message in [
          (({}, "a"), "scores: expected a dict by name, got {}"),
          (({"a": {}}, "b"), "scores.*: expected a dict by name, got {}"),
          (({"a": [1.0]}, "b"), "scores.*: expected a dict by name, got "),
          (({"a": {1: [1.0]}}, "b"), "length: expected a whole .*got 1"),
          (({"a": {"10": [1.0]}}, "b"), "a key: expected a int, got '10'"),
          (({"a": {10: [1.0]}}, None), "measure: expected a str, got None"),
          (({"a": {10: [1.0]}}, "b", 1), "levels: expected a dict, got 1"),
      ]],
    # Training: windows, batches, the readout and its figures.
    *[("data.windows", partial(windows, [1.0, 2.0, 3.0], bad),
       "steps: expected a whole number of at least 1, got ")
      for bad in BAD_WHOLE],
    ("data.windows", lambda: windows([1.0, 2.0, 3.0], 3),
     "steps: expected at most 2, .*got 3"),
    ("data.windows", lambda: windows([1.0], 1),
     "steps: expected at most 0, .*got 1"),
    *[("data.minibatches", partial(minibatches, bad, 2, RNG),
       "count: expected a whole number of at least 1, got ")
      for bad in BAD_WHOLE],
    *[("data.minibatches", partial(minibatches, 2, bad, RNG),
       "size: expected a whole number of at least 1, got ")
      for bad in BAD_WHOLE],
    *[("data.minibatches", partial(minibatches, 2, 2, bad),
       "rng: expected a .*Generator, got ")
      for bad in [0, None, np.random.RandomState(0), np.random]],
    *[(f"numpy_readout.{name}", partial(call, bad), message)
      for name, call in [
          ("readout_forward", partial(readout_forward, HS)),
          ("readout_backward",
           partial(readout_backward, np.ones((N, T, 2)), HS)),
      ]
      for bad, message in [
          (None, "params: expected .*'bias'.*got None"),
          ({"weight": np.ones((2, H))},
           r"params: expected .*'bias'\], got \['weight'\]"),
          (READOUT | {"v": 1.0}, "params: expected .*got .*'v'"),
          (READOUT | {"weight": np.ones((2, H + 1))},
           r"hs: expected shape \(N, T, 6\).*got \(2, 4, 5\)"),
          (READOUT | {"bias": np.ones(3)},
           r"bias: expected shape \(2,\).*got \(3,\)"),
      ]],
    ("numpy_readout.readout_backward",
     lambda: readout_backward(HS, HS, READOUT),
     r"errors: expected shape \(2, 4, 2\).*got \(2, 4, 5\)"),
    ("numpy_readout.readout_backward",
     lambda: readout_backward(np.ones((N, T - 1, 2)), HS, READOUT),
     r"errors: expected shape \(2, 4, 2\).*got \(2, 3, 2\)"),
    *[("plots.plot_training_loop", partial(plot_training_loop, bad),
       "missing: expected numbers .*got ") for bad in [None, 4, "45", {7}]],
    *[("plots.plot_training_loop", partial(plot_training_loop, [bad]),
       "missing: expected a whole number of at least 1, got ")
      for bad in BAD_WHOLE],
    *[("plots.plot_losses", partial(plot_losses, bad),
       "losses: expected a dict by name, of one to 3, got ")
      for bad in [None, {}, [[1.0]], {key: [[1.0]] for key in "abcd"}]],
    *[("plots.plot_losses", partial(plot_losses, {"SGD": [[1.0]]}, levels),
       message)
      for levels, message in [
          ([1.0], r"levels: expected a dict, got \[1.0\]"),
          ({"a": np.nan}, "levels.*: expected finite numbers, got nan"),
          ({"a": [1.0]}, r"levels.*: expected shape .*got \(1,\)"),
          ({"a": 0.0}, "levels: expected numbers above 0, got 0.0"),
      ]],
    ("plots.plot_losses", lambda: plot_losses({"SGD": [[1.0, -1.0]]}),
     "losses and levels: expected numbers above 0, got -1.0"),
    *[("plots.plot_losses",
       partial(plot_losses, {"SGD": [[1.0]]}, None, bad),
       "every: expected a whole number of at least 1, got ")
      for bad in BAD_WHOLE],
    *[("plots.plot_learning_rates", partial(plot_learning_rates, *bad),
       message)
      for bad, message in [
          ((None, TWO), "rates: expected a dict .*got None"),
          (({"SGD": [1.0, 2.0]}, None), "losses: expected a dict .*got None"),
          (({"SGD": [1.0, 2.0]}, TWO),
           r"losses: expected those of \['SGD'\], got \['SGD', 'Adam'\]"),
          (({"SGD": [1.0]}, {"SGD": np.ones((2, 3))}),
           r"losses.*: expected shape \(1, S\).*got \(2, 3\)"),
          (({"SGD": [0.0]}, {"SGD": [[1.0]]}),
           "rates and losses: expected numbers above 0, got 0.0"),
          (({"SGD": [1.0]}, {"SGD": [[-1.0]]}),
           "rates and losses: expected numbers above 0, got -1.0"),
      ]],
    *[("plots.plot_forecasts", partial(plot_forecasts, [1.0], [1.0], bad),
       message)
      for bad, message in [
          (None, "naive: expected a dict, got None"),
          ({"a": np.inf}, "naive.*: expected finite numbers, got inf"),
          ({"a": [1.0]}, r"naive.*: expected shape .*got \(1,\)"),
      ]],
    # The page of claims
    *[(f"claims_page.{call.__name__}", partial(call, bad, *source),
       "ledger: expected claims by id.*got ")
      for call, *source in ((claims_page.summary,), (claims_page.table, "A"),
                            (claims_page.errata, "A"))
      for bad in (None, "A05", {"A05": "text"}, [claims.load()["A05"]])],
    *[(f"claims_page.{call.__name__}", partial(call, claims.load(), bad),
       "source: expected A or B, got ")
      for call in (claims_page.table, claims_page.errata)
      for bad in ("C", None, 1, "", ["A"])],
    *[("claims_page.anchor", partial(claims_page.anchor, bad),
       "claim_id: expected A or B and a number, got ")
      for bad in ("", "A", "C05", "a05", "A05 ", None, 5)],
    # The ledger; its rows are in test_claims.py.
    ("claims.Claim", lambda: claim(verdict="maybe"),
     "A05: expected a verdict of .*got 'maybe'"),
    ("claims.Claim", lambda: claim(id=""), "expected a text for id, got ''"),
    ("claims.Claim", lambda: claim(finding=None),
     "expected a text for finding, got None"),
    ("claims.Claim", lambda: claim(expected="1"), "A05: expected: .*got "),
    ("claims.load", lambda: load(__file__),
     r"test_errors\.py: expected TOML with \[\[claim\]\] tables, got "),
    *[("claims.check", partial(check, bad, 1.9068),
       "claim_id: expected one of A04, .*, got ")
      for bad in ["A00", "", None, 5]],
    *[("claims.check", partial(check, "A05", bad), "A05: value: expected .*got")
      for bad in [np.nan, np.inf, "high", [], [1.9068] * 2, {"a": 1.9068}]],
    # Input of another kind altogether.
    ("numpy_lstm.sigmoid", lambda: sigmoid("a"), "z: expected .*got 'a'"),
    ("numpy_lstm.sigmoid", lambda: sigmoid(None), "z: expected .*got "),
    ("numpy_lstm.sigmoid", lambda: sigmoid(np.nan), "z: expected .*got nan"),
    ("numpy_lstm.sigmoid", lambda: sigmoid(1j), "z: expected .*got 1j"),
    ("numpy_lstm.init_params", lambda: init_params(2, 2, RNG, -np.inf),
     "forget_bias: expected .*got -inf"),
    ("numpy_lstm.forward", lambda: forward(np.full((1, 2, D), "3"), PARAMS),
     "x: expected numbers.*got"),
    ("numpy_lstm.forward", lambda: forward(X + 1j, PARAMS),
     "x: expected .*got"),
    ("numpy_lstm.forward",
     lambda: forward(torch.ones(1, 2, D, requires_grad=True), PARAMS),
     "x: expected .*got"),
    ("numpy_lstm.cell_backward",
     lambda: cell_backward(ZEROS, ZEROS, CACHE._replace(f=np.nan * ZEROS),
                           PARAMS),
     "cache.f: expected finite numbers, got nan"),
    ("numpy_lstm.cell_backward",
     lambda: cell_backward(ZEROS, ZEROS, CACHE._replace(i=ZEROS[:1]), PARAMS),
     r"cache.i: expected shape \(2, 5\).*got \(1, 5\)"),
    ("numpy_lstm.cell_backward",
     lambda: cell_backward(ZEROS, ZEROS, CACHE._replace(h_prev=ZEROS[:, :1]),
                           PARAMS),
     r"cache.h_prev: expected shape \(2, 5\).*got \(2, 1\)"),
    ("numpy_lstm.cell_backward",
     lambda: cell_backward(ZEROS, ZEROS, CACHE._replace(g=np.ones((7, H))),
                           PARAMS),
     r"cache.g: expected shape \(2, 5\).*got \(7, 5\)"),
    ("numpy_lstm.bptt", lambda: bptt(HS, CACHES, None),
     r"params: expected .*'bias'.*got None"),
    ("numpy_lstm.bptt", lambda: bptt(HS, CACHES, None, 2),
     r"params: expected .*'bias'.*got None"),
    ("numpy_lstm.bptt", lambda: bptt(HS, 3, PARAMS),
     "caches: expected .*got 3"),
    ("numpy_lstm.bptt", lambda: bptt(HS, [STACKED], PARAMS), "expected .*got "),
    ("numpy_lstm.bptt", lambda: bptt(HS, iter(CACHES), PARAMS),
     "caches: expected .*got "),
    ("numpy_lstm.bptt", lambda: bptt(HS, np.ones(4), PARAMS),
     "caches: expected .*got "),
    ("numpy_lstm.stack_caches", lambda: stack_caches(3),
     "caches: expected .*got 3"),
    ("numpy_lstm.stack_caches", lambda: stack_caches(iter(CACHES)),
     "caches: expected .*got "),
    ("numpy_lstm.stack_caches",
     lambda: stack_caches([CACHE, WRONG_CACHES[0]]), "expected .*got "),
    *[(f"numpy_train.{name}.step", partial(step, given, grads), message)
      for name, step in (("SGD", SGD(0.1).step), ("Adam", Adam().step))
      for given, grads, message in [
          (None, W, "params: expected .*got None"),
          (W, None, "grads: expected .*got None"),
          ([1.0], [1.0], "params: expected .*got "),
          ({"w": np.full(2, np.nan)}, W, "expected finite numbers, got nan"),
          ({"w": "a"}, {"w": 1.0}, "expected numbers.*got 'a'"),
      ]],
    ("numpy_train.Adam", lambda: Adam(betas=("0.9", "0.99")),
     "betas: expected .*got"),
    ("data.Normalization", lambda: Normalization("3", 1.0),
     "mean: expected .*got '3'"),
    ("data.Normalization.of", lambda: Normalization.of(["1", "2"]),
     "series: expected numbers.*got"),
    ("claims.load", lambda: load("no_such_ledger.toml"),
     r"no_such_ledger\.toml: expected .*got"),
    ("claims.load", lambda: load(None), "path: expected .*got None"),
    ("claims.check", lambda: check(["A05"], 1.9),
     r"claim_id: expected .*got \['A05'\]"),
    ("claims.check", lambda: check("A05", "1.906819"),
     "A05: value: expected .*got '1.906819'"),
    ("claims.Claim", lambda: claim(source="C"),
     "A05: source: expected A or B.*, got 'C'"),
    ("claims.Claim", lambda: claim(tolerance=-1.0, verdict="refuted"),
     "A05: tolerance: expected .*got"),
    *[
        ("plots.plot_costs", lambda bad=bad: plot_costs(bad, AXES),
         "costs.*: expected .*got")
        for bad in (None, {}, {"a": None}, {"a": {}}, {"a": {1: 0}},
                    {"a": {-1: 1}}, {"a": {1: np.nan}}, {1: {1: 1}})
    ],
    *[
        ("plots.plot_costs", lambda bad=bad: plot_costs({"a": {1: 1}}, bad),
         "labels: expected two texts, got")
        for bad in (None, "ab", ("a",), ("a", 1))
    ],
    ("plots.plot_costs", lambda: plot_costs({"a": {1: 1}}, AXES, {"b": "c"}),
     "levels.*: expected .*got"),
    ("plots.plot_reading", lambda: plot_reading(np.eye(3) * 2, True),
     "sees: expected true and false only, got 2"),
    ("plots.plot_reading", lambda: plot_reading(np.eye(3), 1),
     "chained: expected a bool, got 1"),
    ("plots.plot_gates", lambda: plot_gates(None),
     "caches: expected .*got None"),
    ("plots.plot_gates", lambda: plot_gates(UNIT_CACHES),
     "caches: expected .*got"),
    ("plots.plot_states", lambda: plot_states(None),
     "caches: expected .*got None"),
]  # fmt: skip


def rows():
    """Every call of the tables, as pytest's parameters."""
    for name, arguments in ARRAYS.items():
        for argument, call, shape in arguments:
            for what, bad, words in bad_arrays(shape):
                message = rf"\b{argument}\b.*{words}"
                label = f"{name}: {argument} {what}"
                yield pytest.param(partial(call, bad), message, id=label)
    for name, call, message in TABLE:
        yield pytest.param(call, message, id=name)


@pytest.mark.parametrize(("call", "message"), [*rows()])
def test_bad_input_is_named(call, message):
    assert_refused(call, message)


def test_every_public_call_is_in_the_tables():
    public = public_calls(
        [
            claims,
            claims_page,
            data,
            by_hand.lstm,
            by_hand.paths,
            by_hand.rnn,
            by_hand.training,
            figures,
        ]
    )
    takes_nothing = {"data.anchor", "data.source_a_weights"}
    made_by_forward = {"numpy_lstm.StepCache"}
    tested = {name for name, *_ in TABLE} | set(ARRAYS)
    assert tested == public - takes_nothing - made_by_forward
