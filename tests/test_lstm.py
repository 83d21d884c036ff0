"""The fast LSTM against the readable cell and against PyTorch's own layer."""

import gc
import weakref

import pytest
import torch
from torch import nn

from oracles import (
    CASES,
    Case,
    assert_same,
    flat,
    gradients,
    run_all,
    seeded,
    torch_run,
    torch_twin,
)
from unrolled.lstm import LSTM, LSTMCell

CASE = CASES[4]  # three layers, both directions, two biases

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


@pytest.mark.parametrize("loss", [torch.linalg.norm, torch.sum])
def test_second_derivative_is_refused(loss):
    layer = CASES[1].build(LSTM)
    x = CASES[1].x
    value = loss(layer(x)[0])
    with pytest.raises(RuntimeError, match=r"expected a first .*, got one"):
        torch.autograd.grad(value, x, create_graph=True)


def test_the_readable_layer_has_a_second_derivative():
    x = CASES[1].x
    value = CASES[1].build(LSTMCell)(x)[0].sum()
    (slope,) = torch.autograd.grad(value, x, create_graph=True)
    (curvature,) = torch.autograd.grad(slope.sum(), x)
    assert curvature.abs().max() > 0


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


@pytest.mark.parametrize("change", ["out", "h", "c", "x", "w"])
def test_changes_in_place_raise_or_do_no_harm(change):
    case = CASES[1]
    layer = case.build(LSTM)
    wanted = run_all(layer, case)[3:]
    x = case.x.detach().clone()
    inputs = [case.h, case.c, *layer.parameters()]
    out, (h, c) = layer(x, (case.h, case.c))
    terms = zip((out, h, c), case.weights, strict=True)
    loss = sum((y * weight).sum() for y, weight in terms)
    victims = {"out": out, "h": h, "c": c}
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
        assert "LSTMScan" in node.name()
        is_alive = weakref.ref(node)
        del node
        assert is_alive()
        del out, _
        assert not is_alive()
    finally:
        gc.enable()
