"""The NumPy LSTM against PyTorch, against differences, against source A."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from oracles import central_difference, tensor, torch_grads, torch_lstm
from unrolled import by_hand, data
from unrolled.by_hand.lstm import (
    bptt,
    cell_backward,
    cell_forward,
    forward,
    init_params,
    sigmoid,
    stack_caches,
)

SIZES = [
    (1, 1, 1, 1),  # the anchor: one sequence, one step, one unit
    (1, 9, 1, 1),  # the anchor over source A's nine steps
    (2, 5, 3, 4),
    (5, 4, 2, 3),
    (3, 6, 4, 1),
]


@pytest.fixture(
    params=SIZES, ids=lambda s: "N{} T{} D{} H{}".format(*s), name="case"
)
def make_case(request):
    """Random parameters, inputs, states and errors; no two steps alike."""
    N, T, D, H = request.param
    rng = np.random.default_rng(sum(request.param))
    return SimpleNamespace(
        T=T,
        params={
            "weight_ih": rng.normal(0, 0.7, (4 * H, D)),
            "weight_hh": rng.normal(0, 0.7, (4 * H, H)),
            "bias": rng.normal(0, 0.7, 4 * H),
        },
        x=rng.normal(size=(N, T, D)),
        h0=rng.uniform(-1, 1, (N, H)),
        c0=rng.normal(size=(N, H)),
        dhs=rng.normal(size=(N, T, H)),
        dc=rng.normal(size=(N, H)),
    )


def assert_same_grads(ours, theirs, tolerance=1e-10):
    assert ours.keys() == theirs.keys()
    for name, gradient in theirs.items():
        np.testing.assert_allclose(
            ours[name], gradient, rtol=0, atol=tolerance, err_msg=name
        )


def assert_same(ours, theirs, tolerance=1e-10):
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=tolerance)


# Forward


def test_forward_equals_torch(case):
    hs, caches = forward(case.x, case.params)
    out, (h, c) = torch_lstm(case.params)(tensor(case.x))
    assert_same(hs, out.detach())
    assert_same(caches[-1].h, h[0].detach())
    assert_same(caches[-1].c, c[0].detach())


def test_forward_from_given_states_equals_torch(case):
    hs, caches = forward(case.x, case.params, case.h0, case.c0)
    states = tensor(case.h0)[None], tensor(case.c0)[None]
    out, (h, c) = torch_lstm(case.params)(tensor(case.x), states)
    assert_same(hs, out.detach())
    assert_same(caches[-1].h, h[0].detach())
    assert_same(caches[-1].c, c[0].detach())


def test_cell_forward_equals_torch(case):
    h, c, cache = cell_forward(case.x[:, 0], case.h0, case.c0, case.params)
    states = tensor(case.h0)[None], tensor(case.c0)[None]
    layer = torch_lstm(case.params)
    _, (torch_h, torch_c) = layer(tensor(case.x[:, :1]), states)
    assert_same(h, torch_h[0].detach())
    assert_same(c, torch_c[0].detach())
    assert_same(cache.h, h, 0)
    assert_same(cache.c, c, 0)


def test_caches_share_no_memory_with_what_was_given(case):
    given = [case.x, case.h0, case.c0]
    h, c, cache = cell_forward(case.x[:, 0], case.h0, case.c0, case.params)
    hs, caches = forward(case.x, case.params, case.h0, case.c0)
    for one in (cache, *caches):
        for array in one:
            for other in (*given, h, c, hs):
                assert not np.shares_memory(array, other)


def test_caches_hold_each_step(case):
    hs, caches = forward(case.x, case.params, case.h0, case.c0)
    stacked = stack_caches(caches)
    assert len(caches) == case.T
    assert_same(stacked.x, case.x, 0)
    assert_same(stacked.h, hs, 0)
    assert_same(stacked.h_prev[:, 0], case.h0, 0)
    assert_same(stacked.c_prev[:, 0], case.c0, 0)
    assert_same(stacked.h_prev[:, 1:], hs[:, :-1], 0)
    assert_same(stacked.c_prev[:, 1:], stacked.c[:, :-1], 0)
    write = stacked.i * stacked.g
    assert_same(stacked.c, stacked.f * stacked.c_prev + write, 1e-15)
    assert_same(stacked.h, stacked.o * np.tanh(stacked.c), 1e-15)


def test_sigmoid_is_stable_far_out():
    with np.errstate(all="raise"):
        far = sigmoid([-1000.0, 0.0, 1000.0])
    assert far.tolist() == [0.0, 0.5, 1.0]


def test_sigmoid_equals_its_definition():
    z = np.linspace(-30, 30, 601)
    assert_same(sigmoid(z), 1 / (1 + np.exp(-z)), 1e-15)


# Backward


def test_cell_backward_equals_autograd(case):
    _, _, cache = cell_forward(case.x[:, 0], case.h0, case.c0, case.params)
    dh = case.dhs[:, 0]
    dx, dh_prev, dc_prev, grads = cell_backward(dh, case.dc, cache, case.params)
    layer = torch_lstm(case.params)
    x, h0, c0 = (
        tensor(array, requires_grad=True)
        for array in (case.x[:, :1], case.h0, case.c0)
    )
    _, (h, c) = layer(x, (h0[None], c0[None]))
    ((tensor(dh) * h[0]).sum() + (tensor(case.dc) * c[0]).sum()).backward()
    assert_same(dx, x.grad[:, 0])
    assert_same(dh_prev, h0.grad)
    assert_same(dc_prev, c0.grad)
    assert_same_grads(grads, torch_grads(layer))


def test_cell_backward_equals_differences(case):
    x = case.x[:, 0].copy()
    dh = case.dhs[:, 0]

    def loss():
        h, c, _ = cell_forward(x, case.h0, case.c0, case.params)
        return (dh * h).sum() + (case.dc * c).sum()

    _, _, cache = cell_forward(x.copy(), case.h0, case.c0, case.params)
    dx, dh_prev, dc_prev, grads = cell_backward(dh, case.dc, cache, case.params)
    assert_same(dx, central_difference(loss, x), 1e-8)
    assert_same(dh_prev, central_difference(loss, case.h0), 1e-8)
    assert_same(dc_prev, central_difference(loss, case.c0), 1e-8)
    numeric = {
        name: central_difference(loss, value)
        for name, value in case.params.items()
    }
    assert_same_grads(grads, numeric, 1e-8)


def test_bptt_equals_autograd(case):
    _, caches = forward(case.x, case.params, case.h0, case.c0)
    dx, grads = bptt(case.dhs, caches, case.params)
    layer = torch_lstm(case.params)
    x = tensor(case.x, requires_grad=True)
    out, _ = layer(x, (tensor(case.h0)[None], tensor(case.c0)[None]))
    (tensor(case.dhs) * out).sum().backward()
    assert_same(dx, x.grad)
    assert_same_grads(grads, torch_grads(layer))


def test_bptt_equals_differences(case):
    def loss():
        hs, _ = forward(case.x, case.params, case.h0, case.c0)
        return (case.dhs * hs).sum()

    _, caches = forward(case.x.copy(), case.params, case.h0, case.c0)
    dx, grads = bptt(case.dhs, caches, case.params)
    assert_same(dx, central_difference(loss, case.x), 1e-8)
    numeric = {
        name: central_difference(loss, value)
        for name, value in case.params.items()
    }
    assert_same_grads(grads, numeric, 1e-8)


def truncated_by_detach(case, window):
    """Each step's loss through its last `window` steps, states detached."""
    layer = torch_lstm(case.params)
    x = tensor(case.x, requires_grad=True)
    h, c = tensor(case.h0)[None], tensor(case.c0)[None]
    states = [(h, c)]  # before each step
    for t in range(case.T):
        _, (h, c) = layer(x[:, t : t + 1], (h, c))
        states.append((h, c))
    total = torch.zeros((), dtype=torch.float64)
    for t in range(case.T):
        start = max(0, t + 1 - window)
        h, c = (state.detach() for state in states[start])
        out, _ = layer(x[:, start : t + 1], (h, c))
        total = total + (tensor(case.dhs[:, t]) * out[:, -1]).sum()
    total.backward()
    return x.grad, torch_grads(layer)


@pytest.mark.parametrize(
    "choose", [lambda T: 1, lambda T: 2, lambda T: T, lambda T: T + 3],
    ids=["one", "two", "T", "longer"],
)  # fmt: skip
def test_window_equals_detached_reruns(case, choose):
    window = choose(case.T)
    _, caches = forward(case.x, case.params, case.h0, case.c0)
    dx, grads = bptt(case.dhs, caches, case.params, window=window)
    torch_dx, their_grads = truncated_by_detach(case, window)
    assert_same(dx, torch_dx)
    assert_same_grads(grads, their_grads)


@pytest.mark.parametrize("more", [0, 1, 100])
def test_window_of_all_steps_is_no_window(case, more):
    _, caches = forward(case.x, case.params)
    dx, grads = bptt(case.dhs, caches, case.params, window=case.T + more)
    full_dx, full_grads = bptt(case.dhs, caches, case.params)
    assert_same(dx, full_dx, 1e-12)
    assert_same_grads(grads, full_grads, 1e-12)


@pytest.mark.parametrize("window", [None, 1, 2])
def test_bptt_is_linear_in_the_errors(case, window):
    _, caches = forward(case.x, case.params)
    other = np.random.default_rng(7).normal(size=case.dhs.shape)

    def run(dhs):
        return bptt(dhs, caches, case.params, window)

    dx, grads = run(2.0 * case.dhs - 3.0 * other)
    (dx_1, grads_1), (dx_2, grads_2) = run(case.dhs), run(other)
    assert_same(dx, 2.0 * dx_1 - 3.0 * dx_2, 1e-11)
    combined = {n: 2.0 * grads_1[n] - 3.0 * grads_2[n] for n in grads}
    assert_same_grads(grads, combined, 1e-11)


@pytest.mark.parametrize("window", [None, 2])
def test_nothing_given_is_changed(case, window):
    given = [case.x, case.h0, case.c0, case.dhs, *case.params.values()]
    before = [array.copy() for array in given]
    _, caches = forward(case.x, case.params, case.h0, case.c0)
    kept = [[a.copy() for a in cache] for cache in caches]
    bptt(case.dhs, caches, case.params, window)
    for array, copy in zip(given, before, strict=True):
        np.testing.assert_array_equal(array, copy)
    for cache, copies in zip(caches, kept, strict=True):
        for array, copy in zip(cache, copies, strict=True):
            np.testing.assert_array_equal(array, copy)


# Source A's trace


@pytest.fixture(name="anchor")
def make_anchor():
    """Source A's forward pass and the error of its third step, t = 2."""
    x, y, params = data.anchor()
    hs, caches = forward(x, params)
    return SimpleNamespace(params=params, caches=caches, error=2 * (hs - y))


def wf(grads):
    """The forget gate's two gradients, by h's weight and by x's."""
    return [grads["weight_hh"][1, 0], grads["weight_ih"][1, 0]]


def test_trace_of_one_weight(anchor):
    *_, grads = cell_backward(
        anchor.error[:, 2], [[0.0]], anchor.caches[2], anchor.params
    )
    by_h, by_x = wf(grads)
    assert f"{by_h:.2e}" == "4.67e-05"
    assert f"{by_x:.3e}" == "-2.510e-03"


def test_trace_is_a_window_of_one(anchor):
    only_day_3 = np.zeros_like(anchor.error)
    only_day_3[:, 2] = anchor.error[:, 2]
    _, short = bptt(only_day_3, anchor.caches, anchor.params, window=1)
    _, full = bptt(only_day_3, anchor.caches, anchor.params)
    by_h, by_x = wf(short)
    assert f"{by_h:.2e}" == "4.67e-05"
    assert f"{by_x:.3e}" == "-2.510e-03"
    assert f"{wf(full)[1]:.3e}" != "-2.510e-03"


# Parameters


@pytest.mark.parametrize(("D", "H"), [(1, 1), (3, 2), (2, 5)])
@pytest.mark.parametrize("forget_bias", [1.0, 0.0, -2.5])
def test_init_params(D, H, forget_bias):
    rng = np.random.default_rng(0)
    params = init_params(D, H, rng, forget_bias=forget_bias)
    assert {name: value.shape for name, value in params.items()} == {
        "weight_ih": (4 * H, D),
        "weight_hh": (4 * H, H),
        "bias": (4 * H,),
    }
    i, f, g, o = np.split(params["bias"], 4)
    assert f.tolist() == [forget_bias] * H
    assert not np.concatenate([i, g, o]).any()


def test_init_params_opens_the_forget_gate_unless_told():
    params = init_params(1, 3, np.random.default_rng(0))
    assert params["bias"][3:6].tolist() == [1.0, 1.0, 1.0]


@pytest.mark.parametrize("H", [1, 16, 64])
def test_init_params_is_uniform_within_bounds(H):
    D, bound = 4000 // H, 1 / np.sqrt(H)
    params = init_params(D, H, np.random.default_rng(1))
    weights = params["weight_ih"]  # 16,000 of them or nearly
    assert np.abs(weights).max() <= bound
    assert np.abs(params["weight_hh"]).max() <= bound
    assert weights.min() < -0.99 * bound
    assert weights.max() > 0.99 * bound
    assert weights.std() == pytest.approx(bound / np.sqrt(3), rel=0.03)


def test_init_params_is_reproducible():
    first, again, other = (
        init_params(2, 3, np.random.default_rng(seed)) for seed in (5, 5, 6)
    )
    for name in ("weight_ih", "weight_hh"):
        np.testing.assert_array_equal(first[name], again[name])
        assert (first[name] != other[name]).all()


def test_global_randomness_is_untouched():
    before = np.random.get_state()  # noqa: NPY002
    torch_before = torch.get_rng_state()
    by_hand.lstm.init_params(2, 3, np.random.default_rng(0))
    data.source_a_weights()
    after = np.random.get_state()  # noqa: NPY002
    np.testing.assert_array_equal(before[1], after[1])
    assert before[2:] == after[2:]
    assert torch.equal(torch_before, torch.get_rng_state())
