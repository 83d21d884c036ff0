"""The NumPy networks against PyTorch, against differences, against source A."""

from collections.abc import Sequence
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn
from torch.autograd.functional import jacobian

from oracles import (
    central_difference,
    same,
    tensor,
    torch_grads,
    torch_layer,
)
from unrolled import by_hand, data
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
    return SimpleNamespace(
        **{"module": module, "params": weights, "T": T},
        x=rng.normal(size=(N, T, D)),
        states=states[:1] if module is rnn else states,
        dhs=rng.normal(size=(N, T, H)),
        dc=rng.normal(size=(N, H)),
    )


@pytest.fixture(
    name="case",
    params=[(kind, sizes) for kind in KINDS for sizes in SIZES],
    ids=lambda p: "{} N{} T{} D{} H{}".format(p[0], *p[1]),
)
def make_both(request):
    return make_case(*request.param)


@pytest.fixture(name="cell", params=SIZES, ids=str)
def make_lstm(request):
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
    out, last = layer(x, torch_state(states) if given else None)
    same(hs, out.detach())
    if case.module is lstm:
        same(caches[-1].c, last[1][0].detach())
    (out * tensor(case.dhs)).sum().backward()
    same(dx, x.grad)
    same(grads, torch_grads(layer))


def test_caches_hold_each_step_and_share_no_memory(case):
    given = [case.x, *case.states]
    hs, caches = case.module.forward(case.x, case.params, *case.states)
    assert len(caches) == case.T
    before = case.states[0]
    for t, cache in enumerate(caches):
        same(cache.x, case.x[:, t], 0)
        same(cache.h_prev, before, 0)
        same(cache.h, hs[:, t], 0)
        before = cache.h
        for array in cache:
            assert not any(np.shares_memory(array, a) for a in (hs, *given))


def test_bptt_equals_differences(case):
    def loss():
        hs, _ = case.module.forward(case.x, case.params, *case.states)
        return (case.dhs * hs).sum()

    _, caches = case.module.forward(case.x.copy(), case.params, *case.states)
    dx, grads = case.module.bptt(case.dhs, caches, case.params)
    same(dx, central_difference(loss, case.x), 1e-8)
    for name, array in case.params.items():
        same(grads[name], central_difference(loss, array), 1e-8)


# The LSTM, step by step


def test_one_step_is_the_first_of_many(cell):
    _, caches = lstm.forward(cell.x, cell.params, *cell.states)
    h, c, cache = lstm.cell_forward(cell.x[:, 0], *cell.states, cell.params)
    for ours, theirs in zip(cache, caches[0], strict=True):
        same(ours, theirs, 0)
    same(h, cache.h, 0)
    same(c, cache.c, 0)
    for array in cache:
        assert not np.shares_memory(array, h)
        assert not np.shares_memory(array, c)


def test_caches_of_lists_serve_as_well(case):
    _, caches = case.module.forward(case.x, case.params, *case.states)
    lists = [type(c)(*(array.tolist() for array in c)) for c in caches]
    ours, theirs = (
        case.module.bptt(case.dhs, each, case.params)
        for each in (lists, caches)
    )
    same(ours[0], theirs[0], atol=0)
    same(ours[1], theirs[1], atol=0)


def test_a_wrong_array_is_named_with_its_cache(cell):
    _, caches = lstm.forward(cell.x, cell.params, *cell.states)
    dh = np.zeros_like(caches[0].h)
    broken = caches[0]._replace(f=np.nan * dh)
    with pytest.raises(ValueError, match=r"^cache\.f: expected finite"):
        lstm.cell_backward(dh, dh, broken, cell.params)
    with pytest.raises(ValueError, match=r"^caches\[1\]\.f: expected finite"):
        lstm.bptt(cell.dhs, [caches[0], broken], cell.params)


def test_stacked_caches_hold_the_equations(cell):
    hs, caches = lstm.forward(cell.x, cell.params, *cell.states)
    steps = lstm.stack_caches(caches)
    same(steps.x, cell.x, 0)
    same(steps.h, hs, 0)
    same(steps.c_prev[:, 0], cell.states[1], 0)
    same(steps.c_prev[:, 1:], steps.c[:, :-1], 0)
    same(steps.c, steps.f * steps.c_prev + steps.i * steps.g, 1e-15)
    same(steps.h, steps.o * np.tanh(steps.c), 1e-15)


def test_one_step_back_equals_autograd(cell):
    _, _, cache = lstm.cell_forward(cell.x[:, 0], *cell.states, cell.params)
    dh = cell.dhs[:, 0]
    *ours, grads = lstm.cell_backward(dh, cell.dc, cache, cell.params)
    layer, x = (
        torch_layer(cell.params),
        tensor(cell.x[:, :1], requires_grad=True),
    )
    states = [tensor(state, requires_grad=True) for state in cell.states]
    _, (h, c) = layer(x, torch_state(states))
    ((tensor(dh) * h[0]).sum() + (tensor(cell.dc) * c[0]).sum()).backward()
    slopes = [x.grad[:, 0], *(state.grad for state in states)]
    for mine, theirs in zip(ours, slopes, strict=True):
        same(mine, theirs)
    same(grads, torch_grads(layer))


@pytest.mark.parametrize("window", [1, 3, 100])
def test_window_equals_detached_reruns(cell, window):
    """Each step's loss through its last steps alone, the states before cut."""
    _, caches = lstm.forward(cell.x, cell.params, *cell.states)
    dx, grads = lstm.bptt(cell.dhs, caches, cell.params, window=window)
    layer, x = torch_layer(cell.params), tensor(cell.x, requires_grad=True)
    before = [cell.states, *((cache.h, cache.c) for cache in caches)]
    for t in range(cell.T):
        start = max(0, t + 1 - window)
        out, _ = layer(x[:, start : t + 1], torch_state(before[start]))
        (tensor(cell.dhs[:, t]) * out[:, -1]).sum().backward()
    same(dx, x.grad)
    same(grads, torch_grads(layer))


def test_sigmoid_is_its_definition_and_stable_far_out():
    z = np.linspace(-30, 30, 601)
    same(sigmoid(z), 1 / (1 + np.exp(-z)), 1e-15)
    with np.errstate(all="raise"):
        assert sigmoid([-1000.0, 0.0, 1000.0]).tolist() == [0.0, 0.5, 1.0]


def test_trace_of_source_a_is_a_window_of_one():
    x, y, params = data.anchor()
    hs, caches = lstm.forward(x, params)
    error = 2 * (hs - y)
    error[:, [0, 1, 3, 4, 5, 6, 7, 8]] = 0  # day 3 alone, t = 2
    *_, step = lstm.cell_backward(error[:, 2], [[0.0]], caches[2], params)
    _, short = lstm.bptt(error, caches, params, window=1)
    for grads in (step, short):
        assert f"{grads['weight_hh'][1, 0]:.2e}" == "4.67e-05"
        assert f"{grads['weight_ih'][1, 0]:.3e}" == "-2.510e-03"
    _, full = lstm.bptt(error, caches, params)
    assert f"{full['weight_ih'][1, 0]:.3e}" != "-2.510e-03"


@pytest.mark.parametrize(("D", "H"), [(4000, 1), (250, 16), (62, 64)])
def test_first_parameters(D, H):
    rngs = [np.random.default_rng(seed) for seed in (5, 5, 6)]
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    params, again, other = (init_params(D, H, rng) for rng in rngs)
    assert (before == np.random.get_state()[1]).all()  # noqa: NPY002
    same(params, again, 0)
    assert (params["weight_ih"] != other["weight_ih"]).all()
    i, f, g, o = np.split(params["bias"], 4)
    assert f.tolist() == [1.0] * H
    assert not np.concatenate([i, g, o]).any()
    told = init_params(D, H, rngs[0], forget_bias=-2.5)["bias"]
    assert told[H : 2 * H].tolist() == [-2.5] * H
    assert params["weight_hh"].shape == (4 * H, H)
    weights, bound = params["weight_ih"], 1 / np.sqrt(H)
    assert np.abs(params["weight_hh"]).max() <= bound
    assert -bound <= weights.min() < -0.99 * bound
    assert 0.99 * bound < weights.max() <= bound
    assert weights.std() == pytest.approx(bound / np.sqrt(3), rel=0.03)


# The plain network's memory


@pytest.mark.parametrize("sizes", SIZES[1:4], ids=str)
def test_jacobians_equal_autograd(sizes):
    """Nudge the state after step t, and run the remaining steps."""
    case = make_case("rnn", sizes)
    hs, _ = rnn.forward(case.x, case.params, *case.states)
    layer, ours = torch_layer(case.params), rnn.jacobians(hs, case.params)
    N, T, H = hs.shape
    assert ours.shape == (N, T, H, H)
    for n, t in np.ndindex(N, T - 1):

        def last(h, n=n, t=t):
            out, _ = layer(tensor(case.x[n : n + 1, t + 1 :]), h[None, None])
            return out[0, -1]

        same(ours[n, t], jacobian(last, tensor(hs[n, t])))
    same(ours[:, -1], np.broadcast_to(np.eye(H), (N, H, H)), 0)


# Clipping


@pytest.mark.parametrize("scale", [0.0, 1e-9, 1e-3, 1.0, 1e6])
@pytest.mark.parametrize("max_norm", [0.1, 5.0])
def test_clip_grad_norm_equals_torch(scale, max_norm):
    rng = np.random.default_rng(4)
    shapes = {"weight_ih": (8, 3), "weight_hh": (8, 2), "bias": (8,), "s": ()}
    grads = {n: scale * rng.normal(size=s) for n, s in shapes.items()}
    clipped, norm = clip_grad_norm(grads, max_norm)
    tensors = {n: nn.Parameter(torch.zeros(s)) for n, s in shapes.items()}
    for name, parameter in tensors.items():
        parameter.data = parameter.data.double()
        parameter.grad = tensor(grads[name])
    theirs = nn.utils.clip_grad_norm_(tensors.values(), max_norm)
    assert norm == pytest.approx(theirs.item(), rel=1e-14)
    for name, parameter in tensors.items():
        np.testing.assert_allclose(clipped[name], parameter.grad, rtol=1e-13)
        assert not np.shares_memory(clipped[name], grads[name])


def test_a_huge_gradient_does_not_overflow():
    clipped, norm = clip_grad_norm({"a": np.array([3e200, 4e200])}, 1.0)
    assert norm == pytest.approx(5e200)
    same(clipped["a"], [0.6, 0.8], 1e-12)


# The gradient taken apart


@pytest.fixture(name="parted", params=["anchor", *SIZES[1:4]], ids=str)
def make_parted(request):
    """A run of an LSTM, random but for source A's."""
    if request.param != "anchor":
        run = make_case("lstm", request.param)
        _, run.caches = lstm.forward(run.x, run.params, *run.states)
        return run
    x, y, params = data.anchor()
    hs, caches = lstm.forward(x, params)
    _, dhs = by_hand.training.squared_error(hs, y, steps="sum")
    states = [np.zeros((1, 1))] * 2
    names = {"x": x, "params": params, "caches": caches, "dhs": dhs, "T": 9}
    return SimpleNamespace(**names, states=states)


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
            for name, gradient in zip(parted.params, grads, strict=True):
                same(table[name][s, t], gradient)


@pytest.mark.parametrize("window", [1, 2, 9])
def test_a_window_keeps_as_many_diagonals(parted, window):
    caches, params = parted.caches, parted.params
    table = by_hand.paths.contributions(parted.dhs, caches, params)
    steps = np.arange(parted.T)
    kept = steps[:, None] - steps < window
    _, grads = lstm.bptt(parted.dhs, caches, params, window=window)
    same({name: table[name][kept].sum(axis=0) for name in table}, grads)


def test_each_part_is_what_enters_its_gate_first(parted):
    """From autograd alone: into h on the direct path, on from the gate's sum.

    The way in: h_s as a function of c_t with all gates frozen. The way on: the
    last cell state as a function of the sum z of gate k at step s + 1.
    """
    caches, T = parted.caches, parted.T
    N, H = caches[0].h.shape
    parts = by_hand.paths.cell_jacobian(caches, parted.params)
    assert [*parts] == ["direct", "f", "i", "g", "o"]
    weights = [tensor(value) for value in parted.params.values()]
    U = dict(zip("ifgo", weights[1].chunk(4), strict=True))
    for n in range(N):
        x = tensor(parted.x[n])

        def last(h, c, start, nudge=0.0, x=x):
            for step in range(start, T):
                h, c = torch_step(x[step], h, c, weights, nudge)
                nudge = 0.0
            return c

        def frozen(c, t, s, n=n):
            for r in range(t + 1, s + 1):
                _, _, _, i, f, g, *_ = (a[n] for a in caches[r])
                c = tensor(f) * c + tensor(i * g)
            return tensor(caches[s].o[n]) * c.tanh()

        ways_on = {}
        for s in range(T - 1):
            h, c = tensor(caches[s].h[n]), tensor(caches[s].c[n])
            way_on = jacobian(
                lambda z, s=s, h=h, c=c: last(h, c, s + 1, z),
                torch.zeros(4 * H).double(),
            )
            ways_on[s] = dict(zip("ifgo", way_on.chunk(4, dim=1), strict=True))
        for t in range(T):
            c_t, o_t = tensor(caches[t].c[n]), tensor(caches[t].o[n])
            f = [cache.f[n] for cache in caches[t + 1 :]]
            same(
                parts["direct"][n, t], np.diag(np.prod(f, axis=0) * np.ones(H))
            )
            expected = {k: torch.zeros(H, H).double() for k in "ifgo"}
            for s in range(t, T - 1):
                way_in = jacobian(lambda c, t=t, s=s: frozen(c, t, s), c_t)
                for k in "ifgo":
                    expected[k] += ways_on[s][k] @ U[k] @ way_in
            for k in "ifgo":
                same(parts[k][n, t], expected[k])
            whole = jacobian(
                lambda c, t=t, o=o_t: last(o * c.tanh(), c, t + 1), c_t
            )
            same(sum(part[n, t] for part in parts.values()), whole)
