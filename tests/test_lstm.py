"""The fast LSTM against the readable cell and against PyTorch's own layer."""

import copy
import gc
import io
import weakref

import pytest
import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

from oracles import (
    CASES,
    Case,
    assert_same,
    flat,
    gradients,
    randomise,
    seeded,
    torch_run,
    torch_twin,
)
from unrolled.cell import LSTMCell
from unrolled.lstm import LSTM

CASE = CASES[4]  # three layers, both directions, two biases
DEVICES = {"cuda": torch.cuda, "mps": torch.backends.mps}

each_case = pytest.mark.parametrize("case", CASES, ids=repr)
with_lengths = pytest.mark.parametrize("ragged", [False, True])
LOSSES = {
    "out": (True, False, False),
    "h": (False, True, False),
    "c": (False, False, True),
    "out and c": (True, False, True),
    "h and c": (False, True, True),
    "all": (True, True, True),
}


def pair(case):
    """The fast layer and the readable one, with the same parameters."""
    fast, slow = case.build(LSTM), case.build(LSTMCell)
    with torch.no_grad():
        for parameter in slow.parameters():
            parameter.zero_()
    slow.load_state_dict(fast.state_dict())
    return fast, slow


def numbers(*shape, seed=0):
    return torch.randn(shape, generator=seeded(seed), dtype=torch.float64)


def run_all(layer, case, x=None):
    """Outputs and all gradients of a layer, from given states."""
    x = case.x if x is None else x
    outputs = flat(layer(x, (case.h, case.c)))
    inputs = [x, case.h, case.c, *layer.parameters()]
    return [*outputs, *gradients(outputs, case.weights, inputs)]


# Against the readable cell and PyTorch


@pytest.mark.parametrize("loss", LOSSES)
@with_lengths
@each_case
def test_fast_equals_readable(case, ragged, loss):
    lengths = case.lengths if ragged else None
    weights = [
        weight if used else None
        for weight, used in zip(case.weights, LOSSES[loss], strict=True)
    ]
    results = []
    for layer in pair(case):
        outputs = flat(layer(case.x, (case.h, case.c), lengths))
        inputs = [case.x, case.h, case.c, *layer.parameters()]
        slopes = gradients(outputs, weights, inputs)
        results.append([*outputs, *slopes])
    assert_same(*results)
    assert all(slope.any() for slope in slopes) or case.T == 1 or loss != "all"


def test_fast_equals_readable_and_torch_on_random_sizes():
    generator = seeded(5)
    for _ in range(12):
        N, T, D, H = torch.randint(1, 7, (4,), generator=generator).tolist()
        L, directions, biases = (
            torch.randint(1, high, (1,), generator=generator).item()
            for high in (4, 3, 3)
        )
        case = Case(N, T, D, H, L, directions, biases)
        fast, slow = pair(case)
        twin, _ = torch_twin(fast, nn.LSTM)
        state = (case.h, case.c)
        ours = flat(fast(case.x, state, case.lengths))
        assert_same(ours, flat(slow(case.x, state, case.lengths)))
        assert_same(ours, flat(torch_run(twin, case.x, state, case.lengths)))
        weights, starts = case.weights, [case.x, *state]
        assert_same(
            gradients(ours, weights, starts),
            gradients(
                flat(torch_run(twin, case.x, state, case.lengths)),
                weights,
                starts,
            ),
        )


@with_lengths
@each_case
def test_gradcheck(case, ragged):
    if case.T > 6:
        case = Case(2, 3, 2, 2, case.layers, case.directions, case.biases)
    layer = case.build(LSTM)
    names = [name for name, _ in layer.named_parameters()]
    lengths = case.lengths if ragged else None

    def call(x, h, c, *values):
        params = dict(zip(names, values, strict=True))
        arguments = (x, (h, c), lengths)
        return (*flat(torch.func.functional_call(layer, params, arguments)),)

    inputs = (case.x, case.h, case.c, *layer.parameters())
    assert torch.autograd.gradcheck(call, inputs, fast_mode=case.T > 1)


@pytest.mark.parametrize("frozen", ["input", "state", "weight", "bias", "some"])
@pytest.mark.parametrize("case", CASES[1:6], ids=repr)
def test_frozen_parts_get_no_gradient_and_change_none(case, frozen):
    free, layer = case.build(LSTM), case.build(LSTM)
    x, h, c = (v.detach().clone() for v in (case.x, case.h, case.c))
    x.requires_grad_(frozen != "input")
    h.requires_grad_(frozen != "state")
    c.requires_grad_(frozen not in ("state", "some"))
    for number, (name, parameter) in enumerate(layer.named_parameters()):
        if frozen in name or (frozen == "some" and number % 2):
            parameter.requires_grad_(False)
    wanted = run_all(free, case)[3:]
    outputs = flat(layer(x, (h, c)))
    sum(
        (y * w).sum() for y, w in zip(outputs, case.weights, strict=True)
    ).backward()
    tensors = [x, h, c, *layer.parameters()]
    for tensor, gradient in zip(tensors, wanted, strict=True):
        if tensor.requires_grad:
            assert_same(tensor.grad, gradient)
        else:
            assert tensor.grad is None


# What a hand-written backward pass can get wrong


def test_second_derivative_is_refused():
    layer = CASES[1].build(LSTM)
    x = CASES[1].x
    out, _ = layer(x)
    (slope,) = torch.autograd.grad((out**2).sum(), x, create_graph=True)
    with pytest.raises(RuntimeError, match="differentiate twice"):
        slope.sum().backward()


def test_two_backward_passes_double_the_gradient():
    layer = CASE.build(LSTM)
    out, (h, c) = layer(CASE.x, (CASE.h, CASE.c))
    loss = (out**2).sum() + (h * c).sum()
    inputs = [CASE.x, CASE.h, CASE.c, *layer.parameters()]
    first = torch.autograd.grad(loss, inputs, retain_graph=True)
    second = torch.autograd.grad(loss, inputs, retain_graph=True)
    assert_same(second, first, 0)
    loss.backward(retain_graph=True)
    loss.backward()
    for parameter, gradient in zip(layer.parameters(), first[3:], strict=True):
        assert_same(parameter.grad, 2 * gradient, 0)
    with pytest.raises(RuntimeError, match="backward through the graph a seco"):
        loss.backward()


def upstream():
    """Gradients with the memory laid out in many ways."""
    N, T, H = 4, 3, 5
    return {
        "contiguous": numbers(N, T, H),
        "transposed": numbers(H, T, N).transpose(0, 2),
        "every second": numbers(N, T, 2 * H)[..., ::2],
        "one number": torch.tensor(0.7, dtype=torch.float64).expand(N, T, H),
        "one per unit": numbers(H).expand(N, T, H),
        "one per step": numbers(1, T, 1).expand(N, T, H),
        "turned round": numbers(N, T, H).flip(1),
    }


@pytest.mark.parametrize("layout", upstream())
def test_layout_of_the_upstream_gradient_does_not_matter(layout):
    case = Case(4, 3, 2, 5)
    layer = case.build(LSTM)
    d_out = upstream()[layout]
    d_h, d_c = d_out[:, 0][None], d_out[:, 1][None]
    inputs = [case.x, case.h, case.c, *layer.parameters()]

    def slopes(*upstream):
        outputs = flat(layer(case.x, (case.h, case.c)))
        return torch.autograd.grad(outputs, inputs, upstream)

    given = [d_out, d_h, d_c]
    copies = [gradient.contiguous().clone() for gradient in given]
    assert_same(slopes(*given), slopes(*copies), 0)
    assert_same(given, copies, 0)  # what was given is not written to


def test_sum_and_single_steps_as_losses():
    fast, slow = pair(CASE)
    for loss in (
        lambda out, h, c: out.sum(),
        lambda out, h, c: out.mean(),
        lambda out, h, c: out[:, -1].sum(),
        lambda out, h, c: out[0, 2, 3],
        lambda out, h, c: h.sum() - c.sum(),
        lambda out, h, c: (out.transpose(1, 2) @ out).sum() + c[1, 0, 0],
    ):
        results = []
        for layer in (fast, slow):
            value = loss(*flat(layer(CASE.x)))
            inputs = [CASE.x, *layer.parameters()]
            results.append(
                torch.autograd.grad(value, inputs, materialize_grads=True)
            )
        assert_same(*results)


@pytest.mark.parametrize("layout", ["transposed", "expanded", "every second"])
def test_layout_of_the_input_does_not_matter(layout):
    case = Case(4, 3, 2, 5)
    layer = case.build(LSTM)
    x = {
        "transposed": numbers(2, 3, 4).transpose(0, 2),
        "expanded": numbers(1, 3, 1).expand(4, 3, 2),
        "every second": numbers(4, 6, 2)[:, ::2],
    }[layout].requires_grad_()
    plain = x.detach().contiguous().clone().requires_grad_()
    assert_same(run_all(layer, case, x), run_all(layer, case, plain), 0)


@pytest.mark.parametrize("change", ["out", "h", "c", "i", "trace h", "x", "w"])
def test_changes_in_place_raise_or_do_no_harm(change):
    case = CASES[1]
    layer = case.build(LSTM)
    wanted = run_all(layer, case)[3:]
    x = case.x.detach().clone()
    inputs = [case.h, case.c, *layer.parameters()]
    out, (h, c), (trace,) = layer(x, (case.h, case.c), return_gates=True)
    terms = zip((out, h, c), case.weights, strict=True)
    loss = sum((y * weight).sum() for y, weight in terms)
    victims = {"out": out, "h": h, "c": c, "i": trace.i, "trace h": trace.h}
    victims |= {"x": x, "w": layer.cells[0].weight_hh}
    try:
        with torch.no_grad():
            victims[change].mul_(3.0)
        slopes = torch.autograd.grad(loss, inputs)
    except RuntimeError as error:
        assert "inplace" in str(error) or "in-place" in str(error)
    else:
        assert_same(slopes, wanted[1:])
        assert change in ("h", "c", "x")


def test_memory_is_freed_without_the_collector():
    """The graph holds no circle, such as one of its own outputs."""
    layer = CASES[1].build(LSTM)
    gc.disable()
    try:
        out, _ = layer(CASES[1].x)
        (node, _), *_ = out.grad_fn.next_functions
        assert "_Scan" in node.name()
        is_alive = weakref.ref(node)
        del node
        assert is_alive()
        del out, _
        assert not is_alive()
    finally:
        gc.enable()


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
        assert_same(flat(round_trip(x, (h, c), lengths)), outputs, 0)
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
    fast, slow = (layer.to(dtype) for layer in pair(CASE))
    x = (CASE.x.detach() * scale).to(dtype)
    x[0, 0] = scale
    states = [(v.detach() * 1e4).to(dtype) for v in (CASE.h, CASE.c)]
    weights = [weight.to(dtype) for weight in CASE.weights]
    results = []
    for layer in (fast, slow):
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
