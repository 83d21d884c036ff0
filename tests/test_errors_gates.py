"""Bad input to what looks at gates: a ValueError, with expected and got."""

import math
from functools import partial

import numpy as np
import torch

from bad_input import assert_refused, each_call, public_calls
from oracles import seeded
from unrolled import gates
from unrolled.cells import GRUCell, PeepholeLSTMCell
from unrolled.gates import Clamp, GateTrace, Slopes, run_clamped
from unrolled.lstm import LSTM
from unrolled.models.heads import Classifier, Tagger
from unrolled.recurrent import Recurrent

N, T, D, H = 4, 5, 3, 2
NAN, INF = math.nan, math.inf
MODEL = Classifier(LSTM(D, H, 2, generator=seeded()), 2)
with torch.inference_mode():
    MADE_INSIDE = Classifier(LSTM(D, H), 2)
X = torch.randn(N, T, D, generator=seeded(1))
TRACE, _ = MODEL.recurrent.trace(X)
SIGNAL = X[:, 0, 0]
PARTS = gates.slopes(TRACE, SIGNAL)
SEVEN = GateTrace(*(torch.rand(7, T, H, generator=seeded(2)) for _ in "ifgoch"))

BAD_WHOLE = [-1, 2.0, True, "1", None, NAN, [1]]
BAD_AXES = [3, -1, "01", None, (0, 0), (), (0, 3), 1.0, True, [None]]


def with_(tensor, value):
    """Copy a tensor with one entry replaced."""
    copy = tensor.detach().clone(memory_format=torch.contiguous_format)
    copy.view(-1)[1] = value
    return copy


def bad(tensor):
    """What is refused in place of a tensor of this shape."""
    return [
        (with_(tensor, NAN), "expected finite numbers, got nan"),
        (with_(tensor, INF), "expected finite numbers, got inf"),
        (tensor[:0], r"expected shape .*got \(0"),
        (tensor[None], r"expected shape .*got \(1, "),
        (tensor.numpy(), "expected a tensor of shape .*got array"),
        (None, "expected a tensor of shape .*got None"),
        (tensor.long(), "expected .*got torch.int64"),
    ]


# Each takes the place of one argument: the call's name, its argument's name,
# how to call it, and a good value.
TENSORS = [
    ("saturation", "gate", gates.saturation, TRACE.f),
    ("carousel", "f", gates.carousel, TRACE.f),
    ("slopes", "signal", partial(gates.slopes, TRACE), SIGNAL),
    ("slopes", "trace.c",
     lambda bad: gates.slopes(TRACE._replace(c=bad), SIGNAL), TRACE.c),
    *[("slopes", f"trace.{gate}",
       lambda bad, gate=gate: gates.slopes(
           TRACE._replace(**{gate: bad}), SIGNAL),
       getattr(TRACE, gate)) for gate in "ifg"],
    ("kept_share", "parts.c",
     lambda bad: gates.kept_share(PARTS._replace(c=bad)), PARTS.c),
    ("kept_share", "parts.kept",
     lambda bad: gates.kept_share(PARTS._replace(kept=bad)), PARTS.kept),
    ("probe", "states", lambda bad: gates.probe(bad, SIGNAL), TRACE.c),
    ("probe", "signal", partial(gates.probe, TRACE.c), SIGNAL),
    ("correlations", "states", lambda bad: gates.correlations(bad, SIGNAL),
     TRACE.c),
    ("correlations", "signal", partial(gates.correlations, TRACE.c), SIGNAL),
    ("run_clamped", "x", partial(run_clamped, MODEL), X),
    ("input_gradients", "x", partial(gates.input_gradients, MODEL), X),
    ("state_gradients", "x",
     lambda bad: gates.state_gradients(MODEL, bad, 0), X),
    ("cell_jacobians", "x", lambda bad: gates.cell_jacobians(MODEL, bad, 0), X),
]  # fmt: skip

MODELS = [
    (None, "expected a Classifier, got None"),
    (Tagger(LSTM(D, H), 2), "expected a Classifier, got Tagger"),
    (Classifier(Recurrent(GRUCell, D, H), 2), "expected LSTM .*got GRUCell"),
    (
        Classifier(Recurrent(PeepholeLSTMCell, D, H), 2),
        "expected LSTM .*got PeepholeLSTMCell",
    ),
    (
        Classifier(LSTM(D, H, bidirectional=True), 2),
        "expected LSTM .*got LSTMCell with .* 2",
    ),
]
THREE = Classifier(LSTM(D, H), 3)

CALLS = {
    "run_clamped": lambda model=MODEL: run_clamped(model, X),
    "input_gradients": lambda model=MODEL: gates.input_gradients(model, X),
    "state_gradients": lambda model=MODEL, layer=0: gates.state_gradients(
        model, X, layer
    ),
    "cell_jacobians": lambda model=MODEL, layer=0: gates.cell_jacobians(
        model, X, layer
    ),
}


def clamped(**changes):
    """Run with one clamp that does not fit."""
    return run_clamped(
        MODEL, X, [Clamp(**{"layer": 0, "gate": "i", "value": 0.5} | changes)]
    )


TABLE = [
    *[(name, partial(call, value), f"^{argument}: {message}")
      for name, argument, call, good in TENSORS
      for value, message in bad(good)],
    *[(name, partial(CALLS[name], model), f"model: {message}")
      for name in CALLS for model, message in MODELS],
    *[(name, partial(CALLS[name], THREE), "model: expected 2 classes, got 3")
      for name in ("input_gradients", "state_gradients")],
    *[(name, partial(CALLS[name], MADE_INSIDE),
       "model: expected parameters that gradients can pass, got .*inference")
      for name in ("input_gradients", "state_gradients")],
    *[(name, partial(CALLS[name], layer=layer), "layer: expected .*got ")
      for name in ("state_gradients", "cell_jacobians")
      for layer in [*BAD_WHOLE, 2]],
    *[("state_gradients",
       partial(gates.state_gradients, MODEL, X, 0, state),
       "state: expected 'c' or 'h', got ") for state in ["f", None, 0, ""]],
    *[("input_gradients", partial(gates.input_gradients, MODEL, X, cut),
       "cut: expected pairs of a layer from 0 to 1 and 'h' or 'c', got ")
      for cut in [None, 3, [(2, "h")], [(0, "f")], ["0h"], [(0,)], {"h": 0},
                  [[0, "h"]]]],
    # Statistics
    *[(name, partial(call, with_(TRACE.f, value)),
       f"expected values from 0 to 1, got {value}")
      for name, call in [("saturation", gates.saturation),
                         ("carousel", gates.carousel)]
      for value in (-0.5, 1.5)],
    *[("saturation", partial(gates.saturation, TRACE.f, **{name: level}),
       f"{name}: expected a number from 0 to 1, got ")
      for name in ("low", "high") for level in (-0.1, 1.1, NAN, "0", None)],
    ("saturation", lambda: gates.saturation(TRACE.f, 0.9, 0.1),
     "low, high: expected low to be at most high, got 0.9 and 0.1"),
    *[("saturation", partial(gates.saturation, TRACE.f, dim=dim),
       "dim: expected different axes from 0 to 2, got ") for dim in BAD_AXES],
    *[("slopes", partial(gates.slopes, trace, SIGNAL),
       "trace: expected a GateTrace, got ") for trace in [None, tuple(TRACE)]],
    *[(name, partial(call, torch.ones(N)),
       "signal.*: expected numbers that differ, got (4|2) times 1.0")
      for name, call in [
          ("slopes", partial(gates.slopes, TRACE)),
          ("correlations", partial(gates.correlations, TRACE.c)),
          ("probe", partial(gates.probe, TRACE.c)),
      ]],
    *[(name, partial(call, SIGNAL[:3]), r"signal: expected shape .*got \(3,\)")
      for name, call in [
          ("slopes", partial(gates.slopes, TRACE)),
          ("correlations", partial(gates.correlations, TRACE.c)),
          ("probe", partial(gates.probe, TRACE.c)),
      ]],
    *[("kept_share", partial(gates.kept_share, parts),
       "parts: expected a Slopes, got ") for parts in [None, tuple(PARTS)]],
    ("kept_share", lambda: gates.kept_share(Slopes(*[PARTS.c * 0] * 3)),
     "parts: expected a signal that moves .*got none at step 0"),
    # Probes
    ("probe", lambda: gates.probe(TRACE.c[:3], SIGNAL[:3]),
     "signal: expected two halves .*got 3 sequences"),
    ("probe", lambda: gates.probe(TRACE.c, torch.tensor([1.0, 1, 2, 3])),
     "signal, first half: expected numbers that differ, got 2 times 1.0"),
    ("probe", lambda: gates.probe(TRACE.c, torch.tensor([1.0, 2, 3, 3])),
     "signal, second half: expected numbers that differ, got 2 times 3.0"),
    # Numbers whose mean is rounded, so that their variance is not 0.
    *[(name, partial(call, torch.full((7,), 0.1)),
       "signal.*: expected numbers that differ, got . times 0.1")
      for name, call in [
          ("slopes", partial(gates.slopes, SEVEN)),
          ("correlations", partial(gates.correlations, SEVEN.c)),
          ("probe", partial(gates.probe, SEVEN.c)),
      ]],
    *[("probe", partial(gates.probe, TRACE.c, SIGNAL, ridge),
       "ridge: expected a number above 0, got ")
      for ridge in [0, -1, NAN, INF, "1", None]],
    # Clamps
    *[("Clamp", partial(Clamp, layer, "i", 0.0),
       "layer: expected a whole number of at least 0, got ")
      for layer in BAD_WHOLE],
    *[("Clamp", partial(Clamp, 0, gate, 0.0),
       "gate: expected 'i' or 'f' .*got ")
      for gate in ["z", "", None, 0, "if"]],
    *[("Clamp", partial(Clamp, 0, "i", value),
       "value: expected a number or a tensor, got ")
      for value in [NAN, INF, None, "0", [0.5], np.zeros((1, 1, 1))]],
    *[("Clamp", partial(Clamp, 0, "i", value), f"value: {message}")
      for value, message in bad(TRACE.i)[:4]],
    *[("Clamp", partial(Clamp, 0, "i", 0.0, **{name: numbers}),
       f"{name}: expected .*got ")
      for name in ("steps", "units")
      for numbers in [[], 3, {0}, [-1], [0.5], [None], "0",
                      np.array([0]), torch.tensor([0])]],
    *[("run_clamped", partial(clamped, **changes),
       f"clamps: expected {message}")
      for changes, message in [
          ({"layer": 2}, "layer from 0 to 1, got 2"),
          ({"steps": [0, T]}, f"steps from 0 to {T - 1}, got {T}"),
          ({"units": range(H + 1)}, f"units from 0 to {H - 1}, got {H}"),
          ({"value": torch.ones(N, T, 3)}, r"a value of shape .*\(4, 5, 3\)"),
          ({"value": torch.ones(2, 1, 1)}, r"a value of shape .*\(2, 1, 1\)"),
      ]],
    *[("run_clamped", partial(run_clamped, MODEL, X, clamps),
       f"clamps: expected a {kind}, got ")
      for clamps, kind in [(Clamp(0, "i", 0.0), "Sequence"),
                           (None, "Sequence"), ([None], "Clamp"),
                           ([(0, "i", 0.0)], "Clamp")]],
    ("input_gradients",
     lambda: gates.input_gradients(MODEL, X, (), [Clamp(2, "i", 0.0)]),
     "clamps: expected layer from 0 to 1, got 2"),
    *[("run_clamped", partial(run_clamped, MODEL, bad_x), f"x: {message}")
      for bad_x, message in [
          (X.double(), "expected torch.float32.*got torch.float64"),
          (X[..., 1:], r"expected shape .*got \(4, 5, 2\)"),
      ]],
]  # fmt: skip


@each_call(TABLE)
def test_bad_input_is_named(call, message):
    assert_refused(call, message)


def test_every_public_call_is_in_the_table():
    plain_containers = {"GateTrace", "Saturation", "Slopes"}
    public = {name.split(".")[1] for name in public_calls([gates])}
    assert {name for name, *_ in TABLE} == public - plain_containers


def test_good_input_is_not_refused():
    for name, call in CALLS.items():
        assert call() is not None, name
    for _, _, call, good in TENSORS:
        assert call(good) is not None
    assert isinstance(TRACE, GateTrace)
    assert clamped(steps=range(T), units=(0, 1)).shape == (N, 2)
