"""The NumPy networks against PyTorch, against differences, against source A."""

from collections.abc import Sequence
from functools import partial
from itertools import product
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn
from torch.autograd.functional import jacobian

from oracles import (
    assert_same,
    assert_uniform,
    central_difference,
    tensor,
    torch_grads,
    torch_layer,
)
from unrolled import by_hand
from unrolled.by_hand import lstm, rnn
from unrolled.by_hand.lstm import init_params, sigmoid
from unrolled.by_hand.training import clip_grad_norm

SIZES = [(1, 1, 1, 1), (1, 9, 1, 1), (2, 5, 3, 4), (5, 4, 2, 3), (3, 6, 4, 1)]
KINDS = {"rnn": (rnn, 1), "lstm": (lstm, 4)}


def make_case(kind: str, sizes: Sequence[int]) -> SimpleNamespace:
    """Random parameters, inputs, states and errors; no two steps alike."""
    N, T, D, H = sizes
    module, gates = KINDS[kind]
    rng = np.random.default_rng(sizes)
    weights = {
        "weight_ih": rng.normal(0, 0.7, (gates * H, D)),
        "weight_hh": rng.normal(0, 0.7, (gates * H, H)),
        "bias": rng.normal(0, 0.7, gates * H),
    }
    states = [rng.uniform(-1, 1, (N, H)), rng.normal(size=(N, H))]
    states = states[:1] if module is rnn else states
    x, dhs = rng.normal(size=(N, T, D)), rng.normal(size=(N, T, H))
    hs, caches = module.forward(x, weights, *states)
    return SimpleNamespace(
        **{"module": module, "params": weights, "x": x, "states": states},
        **{"hs": hs, "caches": caches, "dhs": dhs, "T": T},
    )


@pytest.fixture(name="case", params=[*product(KINDS, SIZES)], ids=str)
def make_both(request):
    return make_case(*request.param)


@pytest.fixture(name="cell", params=SIZES, ids=str)
def make_lstm(request):
    return make_case("lstm", request.param)


@pytest.fixture(name="parted", params=SIZES[1:4], ids=str)
def make_parted(request):
    return make_case("lstm", request.param)


def torch_state(states):
    """States as PyTorch's layers want them, with an axis for the layers."""
    states = [torch.as_tensor(state)[None] for state in states]
    return states[0] if len(states) == 1 else tuple(states)


# Both networks


@pytest.mark.parametrize("given", [False, True], ids=["zeros", "given"])
def test_forward_and_bptt_equal_torch(case, given):
    states = case.states if given else []
    hs, caches = case.module.forward(case.x, case.params, *states)
    dx, grads = case.module.bptt(case.dhs, caches, case.params)
    layer, x = torch_layer(case.params), tensor(case.x, requires_grad=True)
    out, _ = layer(x, torch_state(states) if given else None)
    assert_same(hs, out)
    (out * tensor(case.dhs)).sum().backward()
    assert_same(dx, x.grad)
    assert_same(grads, torch_grads(layer))


def test_caches_hold_each_step_and_share_no_memory(case):
    given, hs, caches = [case.x, *case.states], case.hs, case.caches
    assert len(caches) == case.T
    before = case.states[0]
    for t, cache in enumerate(caches):
        assert_same(cache.x, case.x[:, t], 0)
        assert_same(cache.h_prev, before, 0)
        assert_same(cache.h, hs[:, t], 0)
        before = cache.h
        for array in cache:
            assert not any(np.shares_memory(array, a) for a in (hs, *given))
    if case.module is lstm:
        step = lstm.cell_forward(case.x[:, 0], *case.states, case.params)
        assert_same(step[2], caches[0], 0)
        for array, kept in zip(step[:2], (step[2].h, step[2].c), strict=True):
            assert_same(array, kept, 0)
            assert not any(np.shares_memory(array, a) for a in step[2])
        steps = lstm.stack_caches(caches)
        assert_same(steps.x, case.x, 0)
        assert_same(steps.h, hs, 0)


@pytest.mark.parametrize("sizes", SIZES[1:4], ids=str)
@pytest.mark.parametrize("kind", KINDS)
def test_bptt_equals_differences(kind, sizes):
    case = make_case(kind, sizes)

    def loss():
        hs, _ = case.module.forward(case.x, case.params, *case.states)
        return (case.dhs * hs).sum()

    dx, grads = case.module.bptt(case.dhs, case.caches, case.params)
    assert_same(dx, central_difference(loss, case.x), 1e-8)
    for name, array in case.params.items():
        assert_same(grads[name], central_difference(loss, array), 1e-8)


# The LSTM, step by step


def test_one_step_back_equals_autograd(cell):
    dh, dc = cell.dhs[:, 0], cell.states[1]  # any numbers
    *ours, grads = lstm.cell_backward(dh, dc, cell.caches[0], cell.params)
    layer, x = torch_layer(cell.params), tensor(cell.x[:, :1], True)
    states = [tensor(state, requires_grad=True) for state in cell.states]
    _, (h, c) = layer(x, torch_state(states))
    ((tensor(dh) * h[0]).sum() + (tensor(dc) * c[0]).sum()).backward()
    assert_same(ours, [x.grad[:, 0], *(state.grad for state in states)])
    assert_same(grads, torch_grads(layer))


@pytest.mark.parametrize("window", [1, 3, 100])
def test_window_equals_detached_reruns(cell, window):
    """Each step's loss through its last steps alone, the states before cut."""
    dx, grads = lstm.bptt(cell.dhs, cell.caches, cell.params, window=window)
    layer, x = torch_layer(cell.params), tensor(cell.x, requires_grad=True)
    before = [cell.states, *((each.h, each.c) for each in cell.caches)]
    for t in range(cell.T):
        start = max(0, t + 1 - window)
        out, _ = layer(x[:, start : t + 1], torch_state(before[start]))
        (tensor(cell.dhs[:, t]) * out[:, -1]).sum().backward()
    assert_same(dx, x.grad)
    assert_same(grads, torch_grads(layer))


def test_sigmoid_is_stable_far_out():
    with np.errstate(all="raise"):
        assert sigmoid([-1000.0, 0.0, 1000.0]).tolist() == [0.0, 0.5, 1.0]


@pytest.mark.parametrize(("D", "H"), [(250, 16), (62, 64)])
def test_first_parameters(D, H):
    rng = np.random.default_rng(5)
    params, told = (
        init_params(D, H, rng, **o) for o in ({}, {"forget_bias": -2.5})
    )
    for each, value in ((params, 1.0), (told, -2.5)):
        assert_same(each["bias"], np.repeat([0, value, 0, 0], H), 0)
    assert params["weight_hh"].shape == (4 * H, H)
    for name in ("weight_ih", "weight_hh"):
        assert_uniform(tensor(params[name]), 1 / np.sqrt(H))


# The plain network's memory


@pytest.mark.parametrize("sizes", SIZES[1:4], ids=str)
def test_jacobians_equal_autograd(sizes):
    """Nudge the state after step t, and run the remaining steps."""
    case = make_case("rnn", sizes)
    hs, ours = case.hs, rnn.jacobians(case.hs, case.params)
    layer = torch_layer(case.params)
    N, T, H = hs.shape
    assert ours.shape == (N, T, H, H)
    for n, t in np.ndindex(N, T - 1):

        def last(h, n=n, t=t):
            out, _ = layer(tensor(case.x[n : n + 1, t + 1 :]), h[None, None])
            return out[0, -1]

        assert_same(ours[n, t], jacobian(last, tensor(hs[n, t])))
    assert_same(ours[:, -1], torch.eye(H).double().expand(N, H, H), 0)


# Clipping


@pytest.mark.parametrize("scale", [0.0, 1e-9, 1.0, 1e6])
@pytest.mark.parametrize("max_norm", [0.1, 5.0])
def test_clip_grad_norm_equals_torch(scale, max_norm):
    rng = np.random.default_rng(4)
    shapes = {"weight_ih": (8, 3), "bias": (8,), "s": ()}
    grads = {n: scale * rng.normal(size=s) for n, s in shapes.items()}
    clipped, norm = clip_grad_norm(grads, max_norm)
    tensors = {n: tensor(np.zeros(s), True) for n, s in shapes.items()}
    for name, parameter in tensors.items():
        parameter.grad = tensor(grads[name])
    theirs = nn.utils.clip_grad_norm_(tensors.values(), max_norm)
    assert norm == pytest.approx(theirs.item(), rel=1e-14)
    for name, parameter in tensors.items():
        np.testing.assert_allclose(clipped[name], parameter.grad, rtol=1e-13)
        assert not np.shares_memory(clipped[name], grads[name])
    clipped, norm = clip_grad_norm({"a": np.array([3e200, 4e200])}, 1.0)
    assert norm == pytest.approx(5e200)  # without an overflow
    assert_same(clipped["a"], np.array([0.6, 0.8]), 1e-12)


# The gradient taken apart


def torch_step(x, h, c, weights, nudge=0.0):
    """One step in PyTorch, from the equations."""
    weight_ih, weight_hh, bias = weights
    z = x @ weight_ih.T + h @ weight_hh.T + bias + nudge
    z_i, z_f, z_g, z_o = z.chunk(4, dim=-1)
    c = z_f.sigmoid() * c + z_i.sigmoid() * z_g.tanh()
    return z_o.sigmoid() * c.tanh(), c


def test_contributions_are_the_gradients_of_copies_of_the_weights(parted):
    table = by_hand.paths.contributions(
        parted.dhs, parted.caches, parted.params
    )
    copies = [
        [tensor(value, requires_grad=True) for value in parted.params.values()]
        for _ in range(parted.T)
    ]
    h, c = map(tensor, parted.states)
    for s in range(parted.T):
        h, c = torch_step(tensor(parted.x[:, s]), h, c, copies[s])
        loss = (h * tensor(parted.dhs[:, s])).sum()
        for t in range(parted.T):
            grads = torch.autograd.grad(
                loss, copies[t], retain_graph=True, materialize_grads=True,
                allow_unused=True,
            )  # fmt: skip
            ours = [table[name][s, t] for name in parted.params]
            assert_same(ours, [*grads])


def test_each_part_is_what_enters_its_gate_first(parted):
    """From autograd: c on its direct way, whose h enters one gate, or all."""
    caches, T = parted.caches, parted.T
    N, H = caches[0].h.shape
    parts = by_hand.paths.cell_jacobian(caches, parted.params)
    assert [*parts] == ["direct", "f", "i", "g", "o"]
    weights = [tensor(value) for value in parted.params.values()]
    blocks = torch.eye(4).double().repeat_interleave(H, dim=1)  # (4, 4H)

    def last(c, n, t, part):
        """The last cell state after a c_t, by one way or by all."""
        way, h = c, tensor(caches[t].o[n]) * c.tanh()
        if part != "all":
            h, c = h.detach(), c.detach()
        for s in range(t + 1, T):
            enters = tensor(caches[s - 1].o[n]) * way.tanh()
            moved = (enters - enters.detach()) @ weights[1].T  # (4H,)
            nudge = moved * blocks["ifgo".index(part)] if part in "ifgo" else 0
            h, c = torch_step(tensor(parted.x[n, s]), h, c, weights, nudge)
            i, f, g = (tensor(getattr(caches[s], k)[n]) for k in "ifg")
            way = f * way + i * g
        return way if part == "direct" else c

    whole = sum(parts.values())
    for n, t in np.ndindex(N, T):
        for part, ours in {**parts, "all": whole}.items():
            by_part = partial(last, n=n, t=t, part=part)
            wanted = jacobian(by_part, tensor(caches[t].c[n]))
            assert_same(ours[n, t], wanted)
