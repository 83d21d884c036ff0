"""The gradient taken apart, against PyTorch, differences and `bptt`."""

from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch.autograd.functional import jacobian

from oracles import central_difference, tensor
from unrolled import by_hand, data
from unrolled.by_hand.lstm import bptt, cell_forward, forward
from unrolled.by_hand.paths import cell_jacobian, contributions

SIZES = [(1, 9, 1, 1), (2, 5, 3, 4), (3, 4, 2, 1), (1, 1, 2, 3)]
GATES = "ifgo"


@pytest.fixture(params=["anchor", *SIZES], ids=str, name="case", scope="module")
def make_case(request):
    """A run of an LSTM, random but for the anchor; no two steps alike."""
    if request.param == "anchor":
        x, y, params = data.anchor()
        hs, caches = forward(x, params)
        _, dhs = by_hand.training.squared_error(hs, y, steps="sum")
        states = {"h0": np.zeros((1, 1)), "c0": np.zeros((1, 1))}
    else:
        N, T, D, H = request.param
        rng = np.random.default_rng(sum(request.param))
        x = rng.normal(size=(N, T, D))
        params = {
            "weight_ih": rng.normal(0, 0.9, (4 * H, D)),
            "weight_hh": rng.normal(0, 0.9, (4 * H, H)),
            "bias": rng.normal(0, 0.7, 4 * H),
        }
        states = {
            "h0": rng.uniform(-1, 1, (N, H)),
            "c0": rng.normal(size=(N, H)),
        }
        dhs = rng.normal(size=(N, T, H))
        _, caches = forward(x, params, **states)
    N, T, H = dhs.shape
    return SimpleNamespace(
        N=N, T=T, H=H, x=x, params=params, caches=caches, dhs=dhs, **states
    )


def same(ours, theirs):
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-11)


def torch_step(x, h, c, weights, nudge=0.0):
    """One step in PyTorch, from the equations; returns h, c and the gates."""
    weight_ih, weight_hh, bias = weights
    z = x @ weight_ih.T + h @ weight_hh.T + bias + nudge
    z_i, z_f, z_g, z_o = z.chunk(4, dim=-1)
    i, f, o = (torch.sigmoid(gate) for gate in (z_i, z_f, z_o))
    g = torch.tanh(z_g)
    c = f * c + i * g
    return o * torch.tanh(c), c, (i, f, g, o)


def torch_params(case):
    return [tensor(case.params[name]) for name in case.params]


# Contributions


def test_contributions_are_the_gradients_of_copies_of_the_weights(case):
    table = contributions(case.dhs, case.caches, case.params)
    copies = [
        [tensor(value, requires_grad=True) for value in case.params.values()]
        for _ in range(case.T)
    ]
    h, c = tensor(case.h0), tensor(case.c0)
    hs = []
    for t in range(case.T):
        h, c, _ = torch_step(tensor(case.x[:, t]), h, c, copies[t])
        hs.append(h)
    for s in range(case.T):
        loss = (hs[s] * tensor(case.dhs[:, s])).sum()
        for t in range(s + 1):
            grads = torch.autograd.grad(loss, copies[t], retain_graph=True)
            for name, gradient in zip(case.params, grads, strict=True):
                same(table[name][s, t], gradient)


def test_no_error_reaches_a_later_use(case):
    for array in contributions(case.dhs, case.caches, case.params).values():
        for s in range(case.T):
            assert not array[s, s + 1 :].any()


def test_all_contributions_add_up_to_the_gradient(case):
    table = contributions(case.dhs, case.caches, case.params)
    _, grads = bptt(case.dhs, case.caches, case.params)
    for name, gradient in grads.items():
        same(table[name].sum(axis=(0, 1)), gradient)


def test_a_row_is_the_gradient_of_one_error(case):
    table = contributions(case.dhs, case.caches, case.params)
    for s in range(case.T):
        one = np.zeros_like(case.dhs)
        one[:, s] = case.dhs[:, s]
        _, grads = bptt(one, case.caches, case.params)
        for name, gradient in grads.items():
            same(table[name][s].sum(axis=0), gradient)


def test_a_column_is_the_slope_in_one_copy_of_the_weights(case):
    """Central differences: nudge the weights at one step only."""
    table = contributions(case.dhs, case.caches, case.params)

    def loss(t, copy):
        h, c, total = case.h0, case.c0, 0.0
        for step in range(case.T):
            params = copy if step == t else case.params
            h, c, _ = cell_forward(case.x[:, step], h, c, params)
            total += (h * case.dhs[:, step]).sum()
        return total

    for t in {0, case.T // 2, case.T - 1}:
        copy = {name: value.copy() for name, value in case.params.items()}
        for name, array in copy.items():
            slope = central_difference(partial(loss, t, copy), array)
            np.testing.assert_allclose(
                table[name][:, t].sum(axis=0), slope, rtol=1e-6, atol=1e-8
            )


@pytest.mark.parametrize("window", [1, 2, 3, 8, 9, 20])
def test_a_window_keeps_as_many_diagonals(case, window):
    table = contributions(case.dhs, case.caches, case.params)
    steps = np.arange(case.T)
    kept = steps[:, None] - steps < window
    _, grads = bptt(case.dhs, case.caches, case.params, window=window)
    for name, gradient in grads.items():
        same(table[name][kept].sum(axis=0), gradient)


# The cell state's Jacobian


def torch_last_c(case, n, t):
    """The last cell state as a function of that after step t."""
    o, weights = tensor(case.caches[t].o[n]), torch_params(case)

    def last(c):
        h = o * torch.tanh(c)
        for step in range(t + 1, case.T):
            h, c, _ = torch_step(tensor(case.x[n, step]), h, c, weights)
        return c

    return last


def test_parts_add_up_to_the_total_derivative(case):
    parts = cell_jacobian(case.caches, case.params)
    assert list(parts) == ["direct", "f", "i", "g", "o"]
    whole = sum(parts.values())
    assert whole.shape == (case.N, case.T, case.H, case.H)
    for n in range(case.N):
        for t in range(case.T):
            c = tensor(case.caches[t].c[n])
            same(whole[n, t], jacobian(torch_last_c(case, n, t), c))


def test_the_direct_path_is_the_product_of_forget_gates(case):
    direct = cell_jacobian(case.caches, case.params)["direct"]
    f = by_hand.lstm.stack_caches(case.caches).f
    for n in range(case.N):
        for t in range(case.T):
            product = np.prod(f[n, t + 1 :], axis=0)
            same(direct[n, t], np.diag(product))


def test_each_part_is_what_enters_its_gate_first(case):
    """From autograd alone: into h on the direct path, on from the gate's sum.

    The way in: h_s as a function of c_t with all gates frozen. The way on: the
    last cell state as a function of the sum z of gate k at step s + 1.
    """
    parts = cell_jacobian(case.caches, case.params)
    weights, H = torch_params(case), case.H
    U = dict(zip(GATES, weights[1].chunk(4), strict=True))
    for n in range(case.N):
        x = tensor(case.x[n])
        ways_on = [None] * case.T
        for step in range(1, case.T):

            def last(nudge, step=step, n=n, x=x):
                before = case.caches[step - 1]
                h, c = tensor(before.h[n]), tensor(before.c[n])
                for r in range(step, case.T):
                    extra = nudge if r == step else 0.0
                    h, c, _ = torch_step(x[r], h, c, weights, extra)
                return c

            ways_on[step] = jacobian(last, torch.zeros(4 * H).double())
        for t in range(case.T):
            expected = {k: torch.zeros(H, H).double() for k in GATES}
            for s in range(t, case.T - 1):

                def frozen_h(c, s=s, t=t, n=n):
                    for r in range(t + 1, s + 1):
                        _, _, _, i, f, g, *_ = (a[n] for a in case.caches[r])
                        c = tensor(f) * c + tensor(i * g)
                    return tensor(case.caches[s].o[n]) * torch.tanh(c)

                way_in = jacobian(frozen_h, tensor(case.caches[t].c[n]))
                columns = ways_on[s + 1].chunk(4, dim=1)
                for k, way_on in zip(GATES, columns, strict=True):
                    expected[k] += way_on @ U[k] @ way_in
            for k in GATES:
                same(parts[k][n, t], expected[k])


def test_the_output_gate_needs_a_second_step(case):
    parts = cell_jacobian(case.caches, case.params)
    assert not parts["o"][:, -2:].any()
    for k in "fig":
        assert not parts[k][:, -1:].any()
    same(
        parts["direct"][:, -1],
        np.broadcast_to(np.eye(case.H), (case.N, case.H, case.H)),
    )


def test_without_recurrent_weights_only_the_direct_path_is_left(case):
    params = case.params | {"weight_hh": 0 * case.params["weight_hh"]}
    _, caches = forward(case.x, params)
    parts = cell_jacobian(caches, params)
    for k in GATES:
        assert not parts[k].any()
    assert parts["direct"].any()
