"""Weights from and to PyTorch, Keras and ONNX, by what they then compute.

The oracles are the equations as Keras and ONNX publish them, in NumPy, with
weights as these lay them out.
"""

from functools import partial
from itertools import chain

import numpy as np
import pytest
import torch
from hypothesis import given
from torch import nn

from oracles import assert_same, cases, flat, numbers, randomise, tensor
from unrolled.cells import GRUCell, RNNCell
from unrolled.convert import (
    from_keras,
    from_onnx,
    from_torch,
    to_keras,
    to_onnx,
    to_torch,
)
from unrolled.lstm import LSTM
from unrolled.recurrent import Recurrent

KINDS = {"LSTM": nn.LSTM, "GRU": nn.GRU, "RNN": nn.RNN}
BLOCKS = {"LSTM": 4, "GRU": 3, "RNN": 1}
STACKS = [(1, 1), (2, 1), (1, 2), (3, 2)]
D, H = 3, 4

each_kind = pytest.mark.parametrize("kind", KINDS)
each_stack = pytest.mark.parametrize(("layers", "directions"), STACKS)
each_bias = pytest.mark.parametrize("bias", [True, False])


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


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


def onnx_cell(kind, weights, x, h, c):
    """One step, by ONNX's operators: W (KH, D), R (KH, H), B (2KH,)."""
    W, R, *B = weights
    Wb, Rb = np.split(B[0], 2) if B else np.zeros((2, len(W)))
    if kind == "LSTM":
        i, o, f, c_t = np.split(x @ W.T + h @ R.T + Wb + Rb, 4, axis=1)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(c_t)
        return sigmoid(o) * np.tanh(c), c
    if kind == "GRU":  # linear_before_reset = 1
        Wz, Wr, Wh = np.split(W, 3)
        Rz, Rr, Rh = np.split(R, 3)
        (Wbz, Wbr, Wbh), (Rbz, Rbr, Rbh) = np.split(Wb, 3), np.split(Rb, 3)
        z = sigmoid(x @ Wz.T + h @ Rz.T + Wbz + Rbz)
        r = sigmoid(x @ Wr.T + h @ Rr.T + Wbr + Rbr)
        h_t = np.tanh(x @ Wh.T + (r * (h @ Rh.T + Rbh)) + Wbh)
        return (1 - z) * h_t + z * h, c
    return np.tanh(x @ W.T + h @ R.T + Wb + Rb), c


def run(cell, kind, layers, x):
    """Run layers, each a list of one or two directions' weights."""
    for directions in layers:
        outs = []
        for weights, order in zip(directions, (1, -1), strict=False):
            h = c = np.zeros((len(x), H))
            out = []
            for x_t in x.transpose(1, 0, 2)[::order]:
                h, c = cell(kind, weights, x_t, h, c)
                out.append(h)
            outs.append(np.stack(out[::order], axis=1))
        x = np.concatenate(outs, axis=2)
    return x


def arrays(library, kind, sizes, rng):
    """Each layer's arrays as a library lays them out; and by directions."""
    layers, directions, bias = sizes
    rows, stacks = BLOCKS[kind] * H, []
    for size in [D] + [directions * H] * (layers - 1):
        shapes = [(rows, size), (rows, H), (2 * rows,)]
        if library == "keras":
            shapes = [(size, rows), (H, rows), (rows,)]
            shapes[2] = (2, rows) if kind == "GRU" else (rows,)
        stack = [[rng.normal(size=shape) for shape in shapes[: 2 + bias]]
                 for _ in range(directions)]  # fmt: skip
        stacks.append(stack)
    if library == "keras":
        return [[*chain(*stack)] for stack in stacks], stacks
    return [
        [*map(np.stack, zip(*stack, strict=True))] for stack in stacks
    ], stacks


def from_there(library, kind, layers):
    """Our layer of these weights, told what the arrays do not say."""
    if library == "keras":
        return from_keras(layers, kind)
    return from_onnx(layers, kind, linear_before_reset=int(kind == "GRU"))


THERE = {"keras": (keras_cell, to_keras), "onnx": (onnx_cell, to_onnx)}


@each_kind
@each_stack
@each_bias
@pytest.mark.parametrize("library", THERE)
def test_weights_from_there_compute_what_they_computed_there(
    library, kind, layers, directions, bias
):
    (cell, to_there), rng = THERE[library], np.random.default_rng(0)
    sizes = layers, directions, bias
    theirs, stacks = arrays(library, kind, sizes, rng)
    x = rng.normal(size=(2, 5, D))
    ours = from_there(library, kind, theirs)
    wanted = tensor(run(cell, kind, stacks, x))
    assert_same(ours(tensor(x))[0], wanted)
    back = to_there(ours)
    again = from_there(library, kind, back)
    assert_same(again(tensor(x))[0], wanted)
    for their, our in zip(chain(*theirs), chain(*back), strict=True):
        assert their.shape == our.shape
        # Of an LSTM, ONNX's two biases come back as their sum, and 0.
        if library == "keras" or kind == "GRU" or their.ndim == 3:
            np.testing.assert_array_equal(their, our)


@each_kind
@pytest.mark.parametrize("biases", [0, 1, 2])
@pytest.mark.parametrize("library", THERE)
def test_weights_of_ours_come_back_and_are_copies(library, kind, biases):
    options = {"bias": biases > 0, "two_biases": biases > 1}
    cell = {"GRU": GRUCell, "RNN": RNNCell}.get(kind)
    make = (lambda *a, **o: Recurrent(cell, *a, **o)) if cell else LSTM
    ours = randomise(make(D, H, 2, bidirectional=True, **options))
    layers = THERE[library][1](ours)
    again, x = from_there(library, kind, layers), numbers(2, 5, D)
    for array in chain(*layers):
        array.fill(0)
    assert ours(x)[0].any()
    assert_same(again(x)[0], ours(x)[0])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_arrays_dtype_stays(dtype):
    ours = from_keras([[np.ones(s, dtype) for s in ((3, 20), (5, 20), 20)]])
    assert str(ours.cells[0].bias.dtype) == f"torch.{np.dtype(dtype)}"
    assert to_keras(ours)[0][0].dtype == dtype
    assert to_onnx(ours)[0][0].dtype == dtype


def ones(*shapes):
    return [np.ones(shape) for shape in shapes]


K_LSTM = ones((3, 20), (5, 20), 20)
K_GRU = ones((3, 15), (5, 15), (2, 15))
O_LSTM = ones((1, 20, 3), (1, 20, 5), (1, 40))
SLIPS = [  # whose weights; which they are not
    (from_keras, [ones((20, 3), (20, 5), 20)], {},
     "recurrent_kernel.T: .*4 blocks of H rows.*as if transposed"),
    (from_onnx, [ones((1, 3, 20), (1, 5, 20), (1, 40))], {},
     "layers.0. (R|W).*expected"),
    (from_onnx, [ones((1, 20, 3), (1, 5, 20), (1, 40))], {}, "layers.0. R"),
    (from_keras, [K_GRU], {}, "4 blocks.*got .15, 5., as if a GRU's"),
    (from_keras, [K_LSTM], {"kind": "GRU"}, "3 blocks.*as if an LSTM's"),
    (from_keras, [ones((3, 15), (5, 15), 15)], {"kind": "GRU"},
     r"bias \(2, 3H\), of reset_after=True: .*\(2, 15\).*got \(1, 15\)"),
    (from_keras, [K_GRU], {"kind": "GRU", "reset_after": False},
     "reset_after: .*reset gate multiplies h before the product"),
    (from_onnx, [ones((1, 15, 3), (1, 15, 5))], {"kind": "GRU"},
     "linear_before_reset: expected 1.*got 0"),
    (from_onnx, [ones((1, 20, 3), (1, 20, 5), (1, 20))], {},
     r"B \(2KH\), Wb and Rb: expected shape \(2, 20\).*got \(1, 20\)"),
    (from_keras, [[*K_LSTM, *K_LSTM[:2]]], {}, "2 or 3 arrays, or 4.*got 5"),
    (from_keras, K_LSTM, {}, "layers.0..*a list or tuple"),
    (from_keras, [K_LSTM, K_LSTM], {}, r"layers.1. kernel.T.*\(20, 5\)"),
    (from_keras, [K_LSTM, ones((5, 20), (5, 20))], {}, "layers.1.: .*of 3"),
    (from_onnx, [O_LSTM, ones((2, 20, 5), (2, 20, 5), (2, 40))], {},
     "layers.1. W"),
    (from_onnx, [O_LSTM], {"kind": "lstm"}, "kind: .*'LSTM'"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "layers", "options", "words"), SLIPS)
def test_a_likely_slip_is_named(call, layers, options, words):
    with pytest.raises(ValueError, match=words) as caught:
        call(layers, **options)
    assert "expected" in str(caught.value)
    assert "got" in str(caught.value)
