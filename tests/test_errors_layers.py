"""Bad input to cells and layers: a ValueError, with expected and got."""

import math
from functools import partial

import numpy as np
import pytest
import torch
from torch import nn

from bad_input import assert_refused, each_call, public_calls
from oracles import stack
from unrolled import _torch_checks, cell, cells, lstm, recurrent, trace
from unrolled._torch_checks import (
    check_device,
    check_states,
    check_tensor,
    check_varies,
    check_whole_tensor,
)
from unrolled.cell import Cell
from unrolled.cells import (
    CoupledLSTMCell,
    GRUCell,
    LayerNormLSTMCell,
    PeepholeLSTMCell,
    RNNCell,
)
from unrolled.lstm import LSTM, LSTMCell
from unrolled.recurrent import Recurrent

N, T, D, H = 2, 4, 3, 5
LSTMS = [LSTMCell, PeepholeLSTMCell, CoupledLSTMCell, LayerNormLSTMCell]
CELLS = [*LSTMS, GRUCell, RNNCell]
NAN, INF = math.nan, math.inf

BAD_WHOLE = [0, -1, 2.5, 2.0, True, "3", None, np.float64(2), NAN, [3], 1j]
BAD_FLAGS = [0, 1, None, "yes", np.True_]
BAD_FINITE = [NAN, INF, -INF, "1", None, True, [1.0], 1j]
BAD_INITS = ["normal", "", None, True, ["uniform"], torch.nn.init.normal_]
BAD_GENERATORS = [0, "seed", np.random.default_rng(0), torch.Generator]
BAD_DROPOUTS = [-0.1, 1.0, 1, NAN, INF, "0.5", None, True, [0.5]]


def with_(tensor, value):
    """Copy a tensor with one entry replaced, in the middle of it."""
    copy = tensor.clone()
    copy.view(-1)[copy.numel() // 2] = value
    return copy


def bad_tensors(*shape):
    """What is refused in place of a float32 tensor, and with which words."""
    good = torch.full(shape, 0.5)
    return [
        (with_(good, NAN), "expected finite numbers, got nan"),
        (with_(good, INF), "expected finite numbers, got inf"),
        (with_(good, -INF), "expected finite numbers, got -inf"),
        (with_(with_(good, INF).flip(0), -INF), "expected finite numbers, got"),
        (good.double(), "expected torch.float32.*got torch.float64"),
        (good.half(), "expected torch.float32.*got torch.float16"),
        (good.long(), "expected torch.float32.*got torch.int64"),
        (good > 0, "expected torch.float32.*got torch.bool"),
        (good + 1j, "expected torch.float32.*got torch.complex64"),
        (good.to("meta"), "expected a tensor on cpu.*got one on meta"),
        (good.to_sparse(), "expected a dense tensor, got torch.sparse_coo"),
        (good[0], r"expected shape .*got \("),
        (good[None], r"expected shape .*got \(1, "),
        (good[..., :0], r"expected shape .*no empty axis, got \(.*\b0\)"),
        (good[:0], r"expected shape .*no empty axis, got \(0, "),
        (good[..., 1:], r"expected shape .*got \("),
        (torch.cat([good] * 2, dim=-1), r"expected shape .*got \("),
        (good.numpy(), r"expected a tensor of shape .*got array"),
        (good.tolist(), r"expected a tensor of shape .*got \["),
        (0.5, r"expected a tensor of shape .*got 0.5"),
        (None, r"expected a tensor of shape .*got None"),
    ]


BAD_LENGTHS = [
    (torch.tensor([4, 0]), "expected numbers from 1 to 4, got 0"),
    (torch.tensor([-1, 4]), "expected numbers from 1 to 4, got -1"),
    (torch.tensor([5, 1]), "expected numbers from 1 to 4, got 5"),
    (torch.tensor([4]), r"expected shape \(2,\).*got \(1,\)"),
    (torch.tensor([4, 4, 4]), r"expected shape \(2,\).*got \(3,\)"),
    (torch.tensor([[4, 4]]), r"expected shape \(2,\).*got \(1, 2\)"),
    (torch.tensor(4), r"expected shape \(2,\).*got \(\)"),
    (torch.tensor([4.0, 2.0]), "expected torch.int64, got torch.float32"),
    (torch.tensor([4, 2]).int(), "expected torch.int64, got torch.int32"),
    (torch.tensor([True, True]), "expected torch.int64, got torch.bool"),
    (torch.tensor([4, 2], device="meta"), "expected .* on cpu.*got .*meta"),
    (torch.tensor([4, 2]).to_sparse(), "expected a dense tensor, got"),
    ([4, 2], r"expected a tensor .*got \[4, 2\]"),
    (np.array([4, 2]), r"expected a tensor .*got array"),
    (4, "expected a tensor .*got 4"),
]


def bad_states(names, good):
    """What is refused in place of a layer's or cell's state."""
    if len(names) == 1:
        return [
            ((good,), r"h: expected a tensor .*got \("),
            ((good, good), r"h: expected a tensor .*got \("),
        ]
    return [
        (good, r"^state: expected \(h, c\), got tensor"),
        ((good,), r"^state: expected \(h, c\), got \("),
        ((good, good, good), r"state: expected \(h, c\), got \("),
        ((), r"state: expected \(h, c\), got \(\)"),
        ({"h": good, "c": good}, r"state: expected \(h, c\), got {"),
        ("hc", r"state: expected \(h, c\), got 'hc'"),
        ((good, None), r"c: expected a tensor .*got None"),
        ((None, good), r"h: expected a tensor .*got None"),
    ]


OPTIONS = [
    ("input_size", BAD_WHOLE, "a whole number of at least 1"),
    ("hidden_size", BAD_WHOLE, "a whole number of at least 1"),
    ("bias", BAD_FLAGS, "a bool"),
    ("two_biases", BAD_FLAGS, "a bool"),
    ("init", BAD_INITS, "one of uniform, xavier, pytorch"),
    ("generator", BAD_GENERATORS, "a Generator"),
]
FORGET_BIAS = ("forget_bias", BAD_FINITE, "a number that is finite")
UPDATE_BIAS = ("update_bias", BAD_FINITE, "a number that is finite")
LAYER_OPTIONS = [
    ("num_layers", BAD_WHOLE, "a whole number of at least 1"),
    ("bidirectional", BAD_FLAGS, "a bool"),
    ("dropout", BAD_DROPOUTS, "a number from 0 to below 1"),
]


def rows_of_options(name, make, options):
    """Bad options of a cell, or of a layer of cells."""
    for argument, values, words in options:
        for bad in values:
            call = partial(make, **{argument: bad})
            yield name, call, rf"^{argument}: expected {words}.*, got "
    both = partial(make, bias=False, two_biases=True)
    yield name, both, "^two_biases: expected False.*got True"


def rows_of_states(name, call, names, shape, label=""):
    """Bad states, given to a call one at a time beside good ones."""
    good = torch.full(shape, 0.5)
    # One sequence, layer or unit only: PyTorch would repeat it for all.
    too_few = [(bad, r"expected .*got \(") for bad in (good[:1], good[:, :1])]
    for number, state_name in enumerate(names):
        for bad, words in [*bad_tensors(*shape), *too_few]:
            states = [good] * len(names)
            states[number] = bad
            state = (*states,) if len(names) > 1 else bad
            if state is not None:
                yield (
                    name,
                    partial(call, state),
                    f"^{label}{state_name}: {words}",
                )
    for bad, words in bad_states(names, good):
        yield name, partial(call, bad), words


def rows_of_cells():
    for kind in CELLS:
        make = partial(made, kind)
        more = [FORGET_BIAS] * (kind in LSTMS) + [UPDATE_BIAS] * (
            kind is GRUCell
        )
        options = [*OPTIONS, *more]
        yield from rows_of_options(f"cell.{kind.__name__}", make, options)
    plainest = type("Plainest", (Cell,), {"blocks": 1})
    make = partial(made, plainest)
    yield from rows_of_options("cell.Cell", make, OPTIONS)

    name = "cell.Cell.forward"
    x, h = torch.full((N, D), 0.5), torch.full((N, H), 0.5)
    for kind in (LSTMCell, GRUCell):
        here, names = kind(D, H), kind.state_names
        state = (h, h) if len(names) > 1 else h
        for bad, words in bad_tensors(N, D):
            yield name, partial(here, bad, state), f"^x: {words}"
        yield from rows_of_states(name, partial(here, x), names, (N, H))


def rows_of_layers():
    for kind, name, more in [
        (GRUCell, "recurrent.Recurrent", [UPDATE_BIAS]),
        (LSTMCell, "recurrent.Recurrent", [FORGET_BIAS]),
        (LSTM, "lstm.LSTM", [FORGET_BIAS]),
    ]:
        make = partial(made, partial(stack, kind), num_layers=2)
        options = [*OPTIONS, *LAYER_OPTIONS, *more]
        yield from rows_of_options(name, make, options)
        useless = partial(make, num_layers=1, dropout=0.5)
        yield name, useless, "^dropout: expected 0 with one layer.*got 0.5"
    for bad in [None, Cell, LSTM, nn.LSTM, nn.LSTMCell, "GRU", GRUCell(D, H)]:
        words = "^cell_class: expected a kind of Cell, got "
        yield "recurrent.Recurrent", partial(Recurrent, bad, D, H), words

    name = "recurrent.Recurrent.forward"
    x = torch.full((N, T, D), 0.5)
    for kind in (LSTM, GRUCell):
        here = stack(kind, D, H, 2, bidirectional=True)
        names = here.cells[0].state_names
        for bad, words in bad_tensors(N, T, D):
            yield name, partial(here, bad), f"^x: {words}"
        yield name, partial(here, x[:, :0]), r"^x: expected shape .*\(2, 0, 3\)"
        for bad, words in BAD_LENGTHS:
            yield name, partial(here, x, lengths=bad), f"^lengths: {words}"
        yield from rows_of_states(
            name, partial(here, x), names, (4, N, H), "state "
        )
    for kind in (GRUCell, RNNCell):
        words = f"^trace: expected a kind of LSTM.*got {kind.__name__}"
        call = partial(Recurrent(kind, D, H).trace, x)
        yield name, call, words


def made(kind, input_size=D, hidden_size=H, **options):
    return kind(input_size, hidden_size, **options)


def rows_of_torch_layers():
    name = "lstm.LSTM.from_torch"
    ours = LSTM(D, H)
    for bad in (nn.GRU(D, H), nn.LSTMCell(D, H), nn.LSTM, ours, None, "LSTM"):
        yield (
            name,
            partial(LSTM.from_torch, bad),
            "other: expected a LSTM, got ",
        )
    projecting = nn.LSTM(D, H, proj_size=2)
    words = "other: expected an LSTM without projections, got proj_size=2"
    yield name, partial(LSTM.from_torch, projecting), words
    for bad in BAD_FLAGS:
        call = partial(LSTM.from_torch, nn.LSTM(D, H), bad)
        yield name, call, "two_biases: expected a bool, got "
    always = nn.LSTM(D, H, 2, dropout=1.0)
    words = "dropout: expected a number from 0 to below 1, got 1.0"
    yield name, partial(LSTM.from_torch, always), words


def rows_of_checks():
    name, like = "_torch_checks.check_tensor", torch.ones(1)
    for bad, words in bad_tensors(N, D):
        call = partial(check_tensor, "y", bad, ("N", D), like)
        yield name, call, f"^y: {words}"
    for bad in (torch.ones(N).long(), torch.ones(N) > 0, torch.ones(N) + 1j):
        words = "^y: expected floating-point numbers, got torch."
        yield name, partial(check_tensor, "y", bad, ("N",)), words

    for same in (torch.ones(3), torch.full((3,), 0.1)):
        call = partial(check_varies, "x", same)
        yield "_torch_checks.check_varies", call, "x: expected numbers that dif"
    name = "_torch_checks.check_whole_tensor"
    for bad, words in BAD_LENGTHS:
        call = partial(check_whole_tensor, "y", bad, (2,), 1, 4, like)
        yield name, call, f"^y: {words}"

    call = partial(check_device, "y", like.to("meta"), like)
    words = "^y: expected a tensor on cpu, as the parameters, got one on meta"
    yield "_torch_checks.check_device", call, words
    name, part = "_torch_checks.check_states", torch.ones(N, D)
    for bad in (None, part, (part,), (part, part, part)):
        call = partial(check_states, ("h", "c"), bad, (N, D), part)
        yield name, call, r"^state: expected \(h, c\), got "
    for bad, words in bad_tensors(N, D):
        call = partial(check_states, ("h",), bad, ("N", D), part, "state ")
        yield name, call, f"^state h: {words}"


TABLE = [
    *rows_of_cells(),
    *rows_of_layers(),
    *rows_of_torch_layers(),
    *rows_of_checks(),
]


@each_call(TABLE)
def test_bad_input_is_named(call, message):
    assert_refused(call, message)


def test_every_public_call_is_in_the_table():
    public = public_calls([_torch_checks, cell, cells, lstm, recurrent, trace])
    takes_nothing = {
        "cell.Cell.extra_repr",
        "recurrent.Recurrent.extra_repr",
        "lstm.LSTM.to_torch",
    }
    made_by_a_layer = {"trace.GateTrace"}
    without_checks = {
        name for name in public if name.endswith((".step", ".gates"))
    }
    tested = {name for name, *_ in TABLE}
    assert tested == public - takes_nothing - made_by_a_layer - without_checks


def test_calls_without_checks_say_so():
    for kind in (Cell, *CELLS):
        for method in (kind.step, getattr(kind, "gates", kind.step)):
            assert "without checks" in method.__doc__


@pytest.mark.parametrize("kind", [*CELLS, LSTM])
def test_good_input_is_not_refused(kind):
    layer = stack(kind, D, H, 2, 0.5, bidirectional=True, init="xavier")
    x, lengths = torch.full((N, T, D), 1e38), torch.tensor([1, 4])
    out, _ = layer(x, lengths=lengths)  # its sum is infinite, no number is
    assert out.isfinite().all() or kind is LayerNormLSTMCell
    assert (
        stack(kind, np.int64(D), np.int32(H), np.int64(2))(x)[0].shape[2] == H
    )
    if kind in LSTMS:
        kind(D, H, forget_bias=-2)


def test_a_second_state_dict_of_other_sizes_is_refused_by_torch():
    with pytest.raises(RuntimeError, match="size mismatch"):
        LSTM(D, H).load_state_dict(LSTM(D, H + 1).state_dict())
