"""Weights from and to PyTorch and Keras, by what they then compute.

The oracles are the equations as Keras publishes them, in NumPy, with weights
as it lays them out.
"""

from functools import partial
from itertools import chain

import numpy as np
import pytest
import torch
from hypothesis import given
from torch import nn

from oracles import assert_same, cases, flat, numbers, randomise, tensor
from unrolled.by_hand.lstm import sigmoid
from unrolled.cells import GRUCell, RNNCell
from unrolled.convert import from_keras, from_torch, to_keras, to_torch
from unrolled.lstm import LSTM
from unrolled.recurrent import Recurrent

KINDS = {"LSTM": nn.LSTM, "GRU": nn.GRU, "RNN": nn.RNN}
BLOCKS = {"LSTM": 4, "GRU": 3, "RNN": 1}
D, H = 3, 4

each_kind = pytest.mark.parametrize("kind", KINDS)


# PyTorch


@pytest.mark.parametrize("kind", [*KINDS, "relu"])
@given(case=cases)
def test_from_torch_and_back_gives_the_same_numbers(kind, case):
    sizes = case.D, case.H, case.layers
    options = {"bias": case.biases > 0, "bidirectional": case.directions > 1}
    make = KINDS.get(kind) or partial(nn.RNN, nonlinearity="relu")
    theirs = randomise(make(*sizes, **options))  # steps first
    before = torch.get_rng_state()
    ours = from_torch(theirs)
    back = to_torch(ours)
    assert type(back) is type(theirs)
    assert torch.equal(torch.get_rng_state(), before)
    count = (1 + (kind == "GRU")) * options["bias"]
    assert all(len(cell.biases) == count for cell in ours.cells)
    assert all(parameter.requires_grad for parameter in back.parameters())
    given = (case.h, case.c) if kind == "LSTM" else case.h
    out, state = theirs(case.x.transpose(0, 1), given)
    outputs = flat(ours(case.x, given))
    assert_same(outputs, [out.transpose(0, 1), *flat(state)])
    assert_same(flat(back(case.x, given)), outputs)
    if count == 1:
        assert not any(copies[3].any() for copies in back.all_weights)
    with torch.no_grad():  # copies, not the same tensors
        for parameter in (*theirs.parameters(), *back.parameters()):
            parameter.zero_()
    assert_same(flat(ours(case.x, given)), outputs, 0)


@each_kind
@pytest.mark.filterwarnings("ignore:dropout option adds dropout")
@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_dropout_mode_and_dtype_are_copied(kind, training, dtype):
    theirs = KINDS[kind](3, 4, 2, dropout=0.25).train(training).to(dtype)
    ours = from_torch(theirs)
    back = to_torch(ours)
    assert back.batch_first
    for layer in (ours, back, from_torch(back)):
        assert layer.dropout == 0.25
        assert all(module.training == training for module in layer.modules())
        assert all(p.dtype == dtype for p in layer.parameters())
    # Of one PyTorch layer it does nothing, and is left out.
    assert from_torch(KINDS[kind](3, 4, dropout=0.5)).dropout == 0


# Keras, by its own cells: LSTMCell, GRUCell with reset_after, SimpleRNNCell


def keras_cell(kind, weights, x, h, c):
    """One step, by the names of Keras's source: kernels (D, KH), (H, KH)."""
    kernel, recurrent, *bias = weights
    if kind == "LSTM":
        z = x @ kernel + h @ recurrent + (bias[0] if bias else 0)
        i, f, c_new, o = np.split(z, 4, axis=1)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(c_new)
        return sigmoid(o) * np.tanh(c), c
    if kind == "GRU":
        input_bias, recurrent_bias = bias[0] if bias else (0, 0)
        x_z, x_r, x_h = np.split(x @ kernel + input_bias, 3, axis=1)
        inner = h @ recurrent + recurrent_bias
        inner_z, inner_r, inner_h = np.split(inner, 3, axis=1)
        z, r = sigmoid(x_z + inner_z), sigmoid(x_r + inner_r)
        hh = np.tanh(x_h + r * inner_h)
        return z * h + (1 - z) * hh, c
    return np.tanh(x @ kernel + (bias[0] if bias else 0) + h @ recurrent), c


def run(kind, layers, x):
    """Run layers, each a list of one or two directions' weights."""
    for directions in layers:
        outs = []
        for weights, order in zip(directions, (1, -1), strict=False):
            h = c = np.zeros((len(x), H))
            out = []
            for x_t in x.transpose(1, 0, 2)[::order]:
                h, c = keras_cell(kind, weights, x_t, h, c)
                out.append(h)
            outs.append(np.stack(out[::order], axis=1))
        x = np.concatenate(outs, axis=2)
    return x


def arrays(kind, layers, directions, bias, rng):
    """Each layer's arrays as Keras lays them out, by directions."""
    rows, stacks = BLOCKS[kind] * H, []
    for size in [D] + [directions * H] * (layers - 1):
        of_bias = (2, rows) if kind == "GRU" else rows
        shapes = [(size, rows), (H, rows), of_bias][: 2 + bias]
        each = [[rng.normal(size=s) for s in shapes] for _ in range(directions)]
        stacks.append(each)
    return stacks


@each_kind
@pytest.mark.parametrize("layers", [1, 3])
@pytest.mark.parametrize("directions", [1, 2])
@pytest.mark.parametrize("bias", [True, False])
def test_weights_from_there_compute_what_they_computed_there(
    kind, layers, directions, bias
):
    rng = np.random.default_rng(0)
    stacks = arrays(kind, layers, directions, bias, rng)
    theirs = [[*chain(*stack)] for stack in stacks]
    x = rng.normal(size=(2, 5, D))
    ours = from_keras(theirs, kind)
    assert_same(ours(tensor(x))[0], tensor(run(kind, stacks, x)))
    back = to_keras(ours)
    for their, our in zip(chain(*theirs), chain(*back), strict=True):
        np.testing.assert_array_equal(their, our)


@each_kind
@pytest.mark.parametrize("biases", [0, 1, 2])
def test_weights_of_ours_come_back_and_are_copies(kind, biases):
    options = {"bias": biases > 0, "two_biases": biases > 1}
    cell = {"GRU": GRUCell, "RNN": RNNCell}.get(kind)
    make = (lambda *a, **o: Recurrent(cell, *a, **o)) if cell else LSTM
    ours = randomise(make(D, H, 2, bidirectional=True, **options))
    layers = to_keras(ours)
    again, x = from_keras(layers, kind), numbers(2, 5, D)
    for array in chain(*layers):
        array.fill(0)
    assert ours(x)[0].any()
    assert_same(again(x)[0], ours(x)[0])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_arrays_dtype_stays(dtype):
    ours = from_keras([[np.ones(s, dtype) for s in ((3, 20), (5, 20), 20)]])
    assert str(ours.cells[0].bias.dtype) == f"torch.{np.dtype(dtype)}"
    assert to_keras(ours)[0][0].dtype == dtype


def ones(*shapes):
    return [np.ones(shape) for shape in shapes]


K_LSTM = ones((3, 20), (5, 20), 20)
K_GRU = ones((3, 15), (5, 15), (2, 15))
SLIPS = [  # whose weights; which they are not
    (ones((20, 3), (20, 5), 20), "LSTM", r"\[0\]: .*D, 4.H.*got .20, 3"),
    (ones((3, 20), (20, 5), 20), "LSTM", r"\[1\]: .*\(5, 20.*got .20, 5"),
    (K_GRU, "LSTM", r"\[0\]: .*4.H.*got .3, 15"),
    (K_LSTM, "GRU", r"\[0\]: .*3.H.*got .3, 20"),
    (ones((3, 15), (5, 15), 15), "GRU", r"\[2\]: .*\(2, 15.*got .15,"),
    ([*K_LSTM, *K_LSTM[:2]], "LSTM", "2 or 3 arrays, or 4.*got 5"),
    ([*K_LSTM, *ones((3, 24), (6, 24), 24)], "LSTM", r"\[3\]: .*got .3, 24"),
    (3, "LSTM", "a list or tuple"),
    (K_LSTM, "lstm", "kind: .*'LSTM'"),
]  # fmt: skip


@pytest.mark.parametrize(("layer", "kind", "words"), SLIPS)
def test_weights_that_do_not_fit_are_refused(layer, kind, words):
    with pytest.raises(ValueError, match=f"(?=.*expected .* got ).*{words}"):
        from_keras([layer], kind)


def test_layers_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match=r"layers.1..0.: .*5, 20.*got .3, 20"):
        from_keras([K_LSTM, K_LSTM])
    with pytest.raises(ValueError, match=r"layers.1.: .*of 3"):
        from_keras([K_LSTM, ones((5, 20), (5, 20))])
    words = "reset_after: .*before the product"
    with pytest.raises(ValueError, match=words):
        from_keras([K_GRU], "GRU", reset_after=False)
