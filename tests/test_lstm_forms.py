"""The fast LSTM in other dtypes and modes, copied, and as PyTorch's own."""

import copy
import io

import pytest
import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

from oracles import CASES, assert_same, flat, gradients, randomise, run_all
from unrolled.lstm import LSTM, LSTMCell

CASE = CASES[4]  # three layers, both directions, two biases
DEVICES = {"cuda": torch.cuda, "mps": torch.backends.mps}

each_case = pytest.mark.parametrize("case", CASES, ids=repr)


# Modes, dtypes, devices, copies


def test_without_gradients_nothing_changes():
    layer = CASE.build(LSTM)
    wanted = flat(layer(CASE.x))
    for mode in (torch.no_grad, torch.inference_mode):
        with mode():
            outputs = flat(layer(CASE.x))
        assert not any(output.requires_grad for output in outputs)
        assert_same(outputs, [y.detach() for y in wanted], 0)
    assert_same(flat(layer.eval()(CASE.x)), wanted, 0)


def test_results_share_no_memory():
    layer, case = CASES[1].build(LSTM), CASES[1]
    x, h, c = (v.detach().clone() for v in (case.x, case.h, case.c))
    with torch.no_grad():
        out, (h_n, c_n) = layer(x, (h, c))
        copies = [value.clone() for value in (x, h, c, h_n, c_n)]
        out.zero_()
        assert_same([x, h, c, h_n, c_n], copies, 0)


@each_case
def test_float32_is_close(case):
    double = case.build(LSTM)
    single = copy.deepcopy(double).float()
    rounded = copy.deepcopy(single).double()
    x = case.x.detach().float().requires_grad_()
    ours = flat(single(x))
    theirs = flat(rounded(x.double()))
    assert all(output.dtype == torch.float32 for output in ours)
    assert_same([y.double() for y in ours], theirs, 1e-5)
    weights = case.weights
    slopes = gradients(
        ours, [w.float() for w in weights], [x, *single.parameters()]
    )
    wanted = gradients(theirs, weights, [x, *rounded.parameters()])
    for slope, right in zip(slopes, wanted, strict=True):
        scale = max(1.0, right.abs().max().item())
        assert_same(slope.double() / scale, right.double() / scale, 1e-5)


@pytest.mark.parametrize("device", DEVICES)
def test_device_equals_cpu(device):
    if not DEVICES[device].is_available():
        pytest.skip(f"no {device} here")
    dtype = torch.float64 if device == "cuda" else torch.float32
    layer = CASE.build(LSTM).to(dtype)
    results = []
    for place in ("cpu", device):
        there = copy.deepcopy(layer).to(place)
        x, h, c, *weights = (
            v.detach().to(place, dtype)
            for v in (CASE.x, CASE.h, CASE.c, *CASE.weights)
        )
        inputs = [v.requires_grad_() for v in (x, h, c)]
        lengths = CASE.lengths.to(place)
        outputs = flat(there(x, (h, c), lengths))
        inputs += there.parameters()
        results.append(
            [v.cpu() for v in (*outputs, *gradients(outputs, weights, inputs))]
        )
        round_trip = LSTM.from_torch(there.to_torch(), two_biases=True)
        assert_same(flat(round_trip(x, (h, c), lengths)), outputs)
    assert_same(*results, 1e-10 if device == "cuda" else 1e-4)


def test_copies_and_state_dicts():
    layer = CASE.build(LSTM)
    twin = copy.deepcopy(layer)
    assert_same(run_all(twin, CASE), run_all(layer, CASE), 0)
    file = io.BytesIO()
    torch.save(layer.state_dict(), file)
    file.seek(0)
    other = LSTM(4, 5, 3, bidirectional=True, two_biases=True).to(torch.float64)
    other.load_state_dict(torch.load(file, weights_only=True))
    assert_same(run_all(other, CASE), run_all(layer, CASE), 0)
    with torch.no_grad():
        for parameter in twin.parameters():
            parameter.zero_()
    assert_same(run_all(other, CASE), run_all(layer, CASE), 0)


def test_names_of_the_parameters():
    names = ["weight_ih", "weight_hh", "bias"]
    layer = LSTM(3, 4, 2)
    assert [*layer.state_dict()] == [
        f"cells.{number}.{name}" for number in (0, 1) for name in names
    ]


def test_inside_a_checkpoint():
    layer = CASE.build(LSTM)
    layer.dropout = 0.5
    results = []
    for call in (layer, lambda *a: checkpoint(layer, *a, use_reentrant=False)):
        with torch.random.fork_rng():
            torch.manual_seed(0)
            outputs = flat(call(CASE.x, (CASE.h, CASE.c), CASE.lengths))
            inputs = [CASE.x, CASE.h, CASE.c, *layer.parameters()]
            slopes = gradients(outputs, CASE.weights, inputs)
            results.append([*outputs, *slopes])
    assert_same(*results, 0)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("scale", [1e4, -1e4, 1e30])
def test_extreme_inputs_give_numbers(scale, dtype):
    x = (CASE.x.detach() * scale).to(dtype)
    x[0, 0] = scale
    states = [(v.detach() * 1e4).to(dtype) for v in (CASE.h, CASE.c)]
    weights = [weight.to(dtype) for weight in CASE.weights]
    results = []
    for kind in (LSTM, LSTMCell):
        layer = CASE.build(kind).to(dtype)
        inputs = [v.clone().requires_grad_() for v in (x, *states)]
        outputs = flat(layer(inputs[0], (*inputs[1:],)))
        inputs += layer.parameters()
        results.append([*outputs, *gradients(outputs, weights, inputs)])
        assert all(value.isfinite().all() for value in results[-1])
    if dtype == torch.float64 and abs(scale) < 1e5:
        for fast_value, slow_value in zip(*results, strict=True):
            size = max(1.0, slow_value.abs().max().item())
            assert_same(fast_value / size, slow_value / size)


# To PyTorch and back


@pytest.mark.parametrize("two_biases", [False, True])
@pytest.mark.parametrize("batch_first", [False, True])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("case", CASES, ids=repr)
def test_from_torch_gives_the_same_numbers(
    case, dtype, batch_first, two_biases
):
    theirs = nn.LSTM(
        case.D,
        case.H,
        case.layers,
        bias=case.biases > 0,
        batch_first=batch_first,
        bidirectional=case.directions > 1,
    )
    randomise(theirs).to(dtype)
    before = torch.get_rng_state()
    ours = LSTM.from_torch(theirs, two_biases=two_biases)
    assert torch.equal(torch.get_rng_state(), before)
    assert all(parameter.dtype == dtype for parameter in ours.parameters())
    count = 2 if two_biases else 1
    for cell in ours.cells:
        assert len(cell.biases) == (count if case.biases else 0)

    x = case.x.detach().to(dtype).requires_grad_()
    state = tuple(v.detach().to(dtype) for v in (case.h, case.c))
    turned = x if batch_first else x.transpose(0, 1)
    out, their_state = theirs(turned, state)
    out = out if batch_first else out.transpose(0, 1)
    tolerance = 1e-10 if dtype == torch.float64 else 1e-5
    outputs, their_outputs = flat(ours(x, state)), [out, *their_state]
    assert_same(outputs, their_outputs, tolerance)

    weights = [weight.to(dtype) for weight in case.weights]
    our_parameters, their_parameters = [x], [x]
    for cell, copies in zip(ours.cells, theirs.all_weights, strict=True):
        own = [*cell.parameters()]
        our_parameters += own
        their_parameters += copies[: len(own)]
    assert_same(
        gradients(outputs, weights, our_parameters),
        gradients(their_outputs, weights, their_parameters),
        10 * tolerance,
    )
    with torch.no_grad():  # copies, not the same tensors
        for parameter in theirs.parameters():
            parameter.zero_()
    assert_same(flat(ours(x, state)), outputs, 0)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@each_case
def test_to_torch_and_back_gives_the_same_bits(case, dtype):
    ours = case.build(LSTM).to(dtype)
    before = torch.get_rng_state()
    theirs = ours.to_torch()
    assert torch.equal(torch.get_rng_state(), before)
    assert theirs.batch_first
    assert all(parameter.dtype == dtype for parameter in theirs.parameters())
    assert all(parameter.requires_grad for parameter in theirs.parameters())
    x = case.x.detach().to(dtype)
    tolerance = 1e-10 if dtype == torch.float64 else 1e-5
    assert_same(flat(theirs(x)), flat(ours(x)), tolerance)
    for copies in theirs.all_weights:
        if case.biases == 1:
            assert copies[2].any()
            assert not copies[3].any()
    back = LSTM.from_torch(theirs, two_biases=case.biases == 2)
    assert back.state_dict().keys() == ours.state_dict().keys()
    assert_same([*back.parameters()], [*ours.parameters()], 0)
    with torch.no_grad():
        for parameter in theirs.parameters():
            parameter.zero_()
    assert_same([*back.parameters()], [*ours.parameters()], 0)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("dropout", [0.0, 0.25])
def test_dropout_and_mode_are_copied(dropout, training):
    ours = LSTM(3, 4, 2, dropout).train(training)
    theirs = ours.to_torch()
    back = LSTM.from_torch(theirs)
    for layer in (theirs, back):
        assert layer.dropout == dropout
        assert layer.training == training
    assert all(cell.training == training for cell in back.cells)


@pytest.mark.filterwarnings("ignore:dropout option adds dropout")
def test_dropout_of_one_torch_layer_does_nothing_and_is_left_out():
    assert LSTM.from_torch(nn.LSTM(3, 4, dropout=0.5)).dropout == 0


def test_autocast_changes_nothing():
    layer = CASES[1].build(LSTM).float()
    x = CASES[1].x.detach().float()
    wanted = layer(x)[0]
    with torch.autocast("cpu", dtype=torch.bfloat16):
        out = layer(x)[0]
    out.sum().backward()
    assert torch.equal(out, wanted)
    assert layer.cells[0].weight_hh.grad.dtype == torch.float32


@pytest.mark.parametrize("scale", [1e-2, 1e-4, 1e-6])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_small_numbers_keep_their_digits(scale, dtype):
    fast, exact = CASES[1].build(LSTM), CASES[1].build(LSTM)
    with torch.no_grad():
        for parameter in exact.parameters():  # no bias: the states stay small
            parameter.copy_(parameter.to(dtype).to(torch.float64))
        for cell in exact.cells:
            for bias in cell.biases:
                bias.zero_()
    fast.load_state_dict(exact.state_dict())
    fast.to(dtype)
    x = (scale * CASES[1].x.detach()).to(dtype)
    out, wanted = fast(x)[0].double(), exact(x.double())[0]
    error = ((out - wanted).norm() / wanted.norm()).item()
    assert error < 10 * torch.finfo(dtype).eps


def test_one_step_without_gradients_takes_the_readable_way():
    layer = CASES[1].build(LSTM)
    x = CASES[1].x.detach()[:, :1]
    with torch.no_grad():
        out, (h, c) = layer(x)
    wanted = layer(x)
    for ours, theirs in zip((out, h, c), (wanted[0], *wanted[1]), strict=True):
        assert_same(ours, theirs)
