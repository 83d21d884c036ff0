"""What a hand-written backward pass can get wrong; other forms of the LSTM."""

import copy
import gc
import weakref

import pytest
import torch
from hypothesis import given

from oracles import (
    CASES,
    Case,
    assert_same,
    cases,
    check_same,
    flat,
    gradients,
    numbers,
)
from unrolled.convert import from_torch, to_torch
from unrolled.lstm import LSTM, LSTMCell

SMALL, CASE = CASES[1], CASES[3]  # three layers, both directions, two biases
PLAIN = Case(4, 3, 2, 5)
DEVICES = {"cuda": torch.cuda, "mps": torch.backends.mps}


def all_of(layer, case, x=None):
    """Outputs and all gradients."""
    outputs, inputs = case.run(layer, x)
    return [*outputs, *gradients(outputs, case.weights, inputs)]


# The backward pass


@given(case=cases)
def test_fast_equals_readable(case):
    fast, slow = case.build(LSTM), case.build(LSTMCell)
    assert slow.state_dict().keys() == fast.state_dict().keys()
    check_same(case.run(fast), case.run(slow), case.weights)


@pytest.mark.parametrize("frozen", ["input", "state", "weight", "bias", "some"])
def test_frozen_parts_get_no_gradient_and_change_none(frozen):
    layer = CASE.build(LSTM)
    wanted = all_of(layer, CASE)[3:]
    given = [v.detach().clone() for v in (CASE.x, CASE.h, CASE.c)]
    tensors = [*given, *layer.parameters()]
    names = ["input", "state", "state", *dict(layer.named_parameters())]
    for number, (name, tensor) in enumerate(zip(names, tensors, strict=True)):
        is_frozen = frozen in name or (frozen == "some" and number % 2)
        tensor.requires_grad_(not is_frozen)
    outputs = flat(layer(given[0], given[1:], CASE.lengths))
    torch.autograd.backward(outputs, CASE.weights)
    for tensor, gradient in zip(tensors, wanted, strict=True):
        if tensor.requires_grad:
            assert_same(tensor.grad, gradient)
        else:
            assert tensor.grad is None


def test_two_backward_passes_double_the_gradient():
    layer = CASE.build(LSTM)
    out, (h, c) = layer(CASE.x, (CASE.h, CASE.c))
    loss = (out**2).sum() + (h * c).sum()
    parameters = [*layer.parameters()]
    first = torch.autograd.grad(loss, parameters, retain_graph=True)
    loss.backward(retain_graph=True)
    loss.backward()
    assert_same([p.grad for p in parameters], [2 * g for g in first], 0)


LAYOUTS = {
    "transposed": lambda N, T, K: numbers(K, T, N).transpose(0, 2),
    "every second": lambda N, T, K: numbers(N, T, 2 * K)[..., ::2],
    "every second step": lambda N, T, K: numbers(N, 2 * T, K)[:, ::2],
    "one number": lambda N, T, K: numbers(1, 1, 1).expand(N, T, K),
    "one per step": lambda N, T, K: numbers(1, T, 1).expand(N, T, K),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_layout_of_input_and_upstream_gradient_does_not_matter(layout):
    N, T, D, H = PLAIN.N, PLAIN.T, PLAIN.D, PLAIN.H
    layer, results = PLAIN.build(LSTM), []
    odd = [LAYOUTS[layout](N, T, K).detach() for K in (D, H)]
    even = [v.clone(memory_format=torch.contiguous_format) for v in odd]
    for x, d_out in (odd, even):
        outputs, inputs = PLAIN.run(layer, x.requires_grad_())
        before = d_out.clone()
        given = [d_out, d_out[:, 0][None], d_out[:, 1][None]]
        slopes = torch.autograd.grad(outputs, inputs, given)
        assert torch.equal(d_out, before)  # it is not written to
        results.append([*outputs, *slopes])
    assert_same(*results, 0)


@pytest.mark.parametrize("change", ["out", "h", "c", "x", "weight"])
def test_changes_in_place_raise_or_do_no_harm(change):
    layer = SMALL.build(LSTM)
    wanted = all_of(layer, SMALL)[4:]
    x = SMALL.x.detach().clone()
    (out, h, c), inputs = SMALL.run(layer, x)
    terms = zip((out, h, c), SMALL.weights, strict=True)
    loss = sum((y * weight).sum() for y, weight in terms)
    weight = layer.cells[0].weight_hh
    victims = {"out": out, "h": h, "c": c, "x": x, "weight": weight}
    try:
        with torch.no_grad():
            victims[change].mul_(3.0)
        slopes = torch.autograd.grad(loss, inputs[1:])
    except RuntimeError as error:
        assert "inplace" in str(error) or "in-place" in str(error)
    else:
        assert_same(slopes, wanted)
        assert change in ("h", "c", "x")


def test_memory_is_freed_without_the_collector():
    """The graph holds no circle, such as one of its own outputs."""
    gc.disable()
    try:
        out, _ = SMALL.build(LSTM)(SMALL.x)
        (node, _), *_ = out.grad_fn.next_functions
        assert "LSTMScan" in node.name()
        is_alive = weakref.ref(node)
        del node
        assert is_alive()
        del out, _
        assert not is_alive()
    finally:
        gc.enable()


# Modes, dtypes, devices, copies


@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode])
def test_without_gradients_nothing_changes_and_no_memory_is_shared(mode):
    layer = CASE.build(LSTM)
    x, h, c = (v.detach().clone() for v in (CASE.x, CASE.h, CASE.c))
    wanted = flat(layer(CASE.x, (h, c)))
    one_step = flat(layer(CASE.x[:, :1]))
    with mode():
        outputs = flat(layer(x, (h, c)))
        assert_same(flat(layer(x[:, :1])), [y.detach() for y in one_step])
        copies = [value.clone() for value in (x, h, c, *outputs[1:])]
        assert not any(output.requires_grad for output in outputs)
        assert_same(outputs, [y.detach() for y in wanted], 0)
        outputs[0].zero_()
        assert_same([x, h, c, *outputs[1:]], copies, 0)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("scale", [1, 1e-2, 1e-4, 1e-6])
def test_every_dtype_keeps_its_digits(scale, dtype):
    """Of small numbers, too, outputs and gradients: relative to their size."""
    exact = SMALL.build(LSTM)
    with torch.no_grad():
        for parameter in exact.parameters():
            parameter.copy_(parameter.to(dtype).to(torch.float64))
        exact.cells[0].bias.zero_()  # so that the states stay small
    rounded = copy.deepcopy(exact).to(dtype)
    x = (scale * SMALL.x.detach()).to(dtype)
    results = []
    for layer, here in ((rounded, x), (exact, x.double())):
        here = here.detach().requires_grad_()
        out, _ = layer(here)
        assert out.dtype == here.dtype
        inputs = [here, *layer.parameters()]
        results.append([out.detach(), *torch.autograd.grad(out.sum(), inputs)])
    for value, wanted in zip(*results, strict=True):
        error = ((value.double() - wanted).norm() / wanted.norm()).item()
        assert error < 20 * torch.finfo(dtype).eps


@pytest.mark.parametrize("device", DEVICES)
def test_device_equals_cpu(device):
    if not DEVICES[device].is_available():
        pytest.skip(f"no {device} here")
    dtype = torch.float64 if device == "cuda" else torch.float32
    results = []
    for place in ("cpu", device):
        there = CASE.build(LSTM).to(place, dtype)
        given = (CASE.x, CASE.h, CASE.c, *CASE.weights)
        x, h, c, *weights = (v.detach().to(place, dtype) for v in given)
        inputs = [v.requires_grad_() for v in (x, h, c)]
        lengths = CASE.lengths.to(place)
        outputs = flat(there(x, (h, c), lengths))
        slopes = gradients(outputs, weights, [*inputs, *there.parameters()])
        results.append([v.cpu() for v in (*outputs, *slopes)])
        round_trip = from_torch(to_torch(there))
        assert_same(flat(round_trip(x, (h, c), lengths)), outputs)
    assert_same(*results, 1e-10 if device == "cuda" else 1e-4)
