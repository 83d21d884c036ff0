"""The plain RNN against PyTorch and differences, and clipping by norm."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from oracles import central_difference, tensor
from unrolled.by_hand.rnn import bptt, forward, jacobians
from unrolled.by_hand.training import clip_grad_norm

SIZES = [(1, 1, 1, 1), (1, 3, 1, 1), (2, 5, 3, 4), (5, 4, 2, 3), (3, 6, 4, 1)]


@pytest.fixture(
    params=SIZES, ids=lambda s: "N{} T{} D{} H{}".format(*s), name="case"
)
def make_case(request):
    """Random parameters, inputs, states and errors; no two steps alike."""
    N, T, D, H = request.param
    rng = np.random.default_rng(sum(request.param))
    return SimpleNamespace(
        params={
            "weight_ih": rng.normal(0, 0.7, (H, D)),
            "weight_hh": rng.normal(0, 0.7, (H, H)),
            "bias": rng.normal(0, 0.7, H),
        },
        x=rng.normal(size=(N, T, D)),
        h0=rng.uniform(-1, 1, (N, H)),
        dhs=rng.normal(size=(N, T, H)),
    )


@pytest.fixture(name="anchor")
def make_anchor():
    """The chapter's example: one unit, three steps, an error at the last."""
    params = {"weight_ih": np.array([[0.8]]), "weight_hh": np.array([[0.9]])}
    params["bias"] = np.zeros(1)
    x = np.array([1.0, -0.5, 0.5])[None, :, None]
    return x, params, forward(x, params)


def torch_rnn(params):
    """PyTorch's own layer with our parameters: our bias, and a second of 0."""
    H, D = params["weight_ih"].shape
    layer = torch.nn.RNN(D, H, batch_first=True).double()
    with torch.no_grad():
        layer.weight_ih_l0.copy_(tensor(params["weight_ih"]))
        layer.weight_hh_l0.copy_(tensor(params["weight_hh"]))
        layer.bias_ih_l0.copy_(tensor(params["bias"]))
        layer.bias_hh_l0.zero_()
    return layer


def assert_same(ours, theirs, tolerance=1e-12):
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=tolerance)


def test_forward_equals_torch(case):
    out, _ = torch_rnn(case.params)(tensor(case.x))
    assert_same(forward(case.x, case.params), out.detach())


def test_forward_from_a_given_state_equals_torch(case):
    out, _ = torch_rnn(case.params)(tensor(case.x), tensor(case.h0)[None])
    assert_same(forward(case.x, case.params, case.h0), out.detach())


@pytest.mark.parametrize("given", [False, True], ids=["zeros", "h0"])
def test_bptt_equals_torch(case, given):
    h0 = case.h0 if given else None
    hs = forward(case.x, case.params, h0)
    dx, grads = bptt(case.dhs, case.x, hs, case.params, h0)
    layer, x = torch_rnn(case.params), tensor(case.x, requires_grad=True)
    out, _ = layer(x, tensor(case.h0)[None] if given else None)
    (out * tensor(case.dhs)).sum().backward()
    assert_same(dx, x.grad)
    assert_same(grads["weight_ih"], layer.weight_ih_l0.grad)
    assert_same(grads["weight_hh"], layer.weight_hh_l0.grad)
    assert_same(grads["bias"], layer.bias_ih_l0.grad)
    assert set(grads) == set(case.params)


def test_bptt_equals_differences(case):
    hs = forward(case.x, case.params, case.h0)
    dx, grads = bptt(case.dhs, case.x, hs, case.params, case.h0)

    def loss():
        return (case.dhs * forward(case.x, case.params, case.h0)).sum()

    assert_same(dx, central_difference(loss, case.x), 1e-8)
    for name, array in case.params.items():
        assert_same(grads[name], central_difference(loss, array), 1e-8)


def test_jacobians_equal_torch(case):
    """Nudge the state after step t, and run the remaining steps."""
    hs = forward(case.x, case.params, case.h0)
    layer, ours = torch_rnn(case.params), jacobians(hs, case.params)
    N, T, H = hs.shape
    assert ours.shape == (N, T, H, H)
    for n, t in np.ndindex(N, T - 1):

        def last(h, n=n, t=t):
            out, _ = layer(tensor(case.x[n : n + 1, t + 1 :]), h[None, None])
            return out[0, -1]

        theirs = torch.autograd.functional.jacobian(last, tensor(hs[n, t]))
        assert_same(ours[n, t], theirs)
    assert_same(ours[:, -1], np.broadcast_to(np.eye(H), (N, H, H)), 0)


def test_jacobians_carry_an_error_as_bptt_does(case):
    """With the loss on the last state alone, dL/dh_t is J_t transposed."""
    hs = forward(case.x, case.params)
    error = np.zeros_like(hs)
    error[:, -1] = case.dhs[:, -1]
    dx, _ = bptt(error, case.x, hs, case.params)
    J = jacobians(hs, case.params)
    dL_dh = np.einsum("ni,ntij->ntj", case.dhs[:, -1], J)
    dz = (1 - hs**2) * dL_dh
    assert_same(dx, dz @ case.params["weight_ih"])


def test_the_chapter_s_example_term_by_term(anchor):
    x, params, hs = anchor
    h_1, h_2, h_3 = hs.ravel()
    error = np.zeros_like(hs)
    error[0, 2] = 2 * (h_3 - 1)
    _, grads = bptt(error, x, hs, params)
    d_3 = 2 * (h_3 - 1)
    d_2 = d_3 * (1 - h_3**2) * 0.9
    d_1 = d_2 * (1 - h_2**2) * 0.9
    by_w = [
        d_1 * (1 - h_1**2) * 1.0,
        d_2 * (1 - h_2**2) * -0.5,
        d_3 * (1 - h_3**2) * 0.5,
    ]
    assert_same(grads["weight_ih"].item(), sum(by_w))
    by_u = d_2 * (1 - h_2**2) * h_1 + d_3 * (1 - h_3**2) * h_2
    assert_same(grads["weight_hh"].item(), by_u)
    assert_same(jacobians(hs, params)[0, 0].item(), d_1 / d_3)
    assert grads["weight_ih"].item() == pytest.approx(-0.35279, abs=5e-6)


def test_nothing_given_is_changed_or_shared(case):
    given = [case.x, case.h0, case.dhs, *case.params.values()]
    copies = [array.copy() for array in given]
    hs = forward(case.x, case.params, case.h0)
    dx, grads = bptt(case.dhs, case.x, hs, case.params, case.h0)
    J = jacobians(hs, case.params)
    for array, copy in zip(given, copies, strict=True):
        np.testing.assert_array_equal(array, copy)
        for result in (hs, dx, J, *grads.values()):
            assert not np.shares_memory(array, result)


# Clipping


@pytest.mark.parametrize("scale", [1e-9, 1e-3, 1.0, 1e6])
@pytest.mark.parametrize("max_norm", [0.1, 1.0, 5.0])
def test_clip_grad_norm_equals_torch(scale, max_norm):
    rng = np.random.default_rng(4)
    shapes = {"weight_ih": (8, 3), "weight_hh": (8, 2), "bias": (8,), "s": ()}
    grads = {n: scale * rng.normal(size=s) for n, s in shapes.items()}
    copies = {n: np.array(g) for n, g in grads.items()}
    clipped, norm = clip_grad_norm(grads, max_norm)
    tensors = [tensor(np.zeros(s), requires_grad=True) for s in shapes.values()]
    for parameter, gradient in zip(tensors, grads.values(), strict=True):
        parameter.grad = tensor(gradient)
    torch_norm = torch.nn.utils.clip_grad_norm_(tensors, max_norm)
    assert isinstance(norm, float)
    assert norm == pytest.approx(torch_norm.item(), rel=1e-14)
    assert [*clipped] == [*shapes]
    for (name, ours), parameter in zip(clipped.items(), tensors, strict=True):
        np.testing.assert_allclose(ours, parameter.grad, rtol=1e-13)
        np.testing.assert_array_equal(grads[name], copies[name])
        assert not np.shares_memory(ours, grads[name])


def test_clipping_keeps_the_direction_and_limits_the_length():
    rng = np.random.default_rng(5)
    grads = {"a": rng.normal(size=(3, 2)), "b": rng.normal(size=4)}
    clipped, norm = clip_grad_norm(grads, 0.5)
    before = np.concatenate([g.ravel() for g in grads.values()])
    after = np.concatenate([g.ravel() for g in clipped.values()])
    assert norm == pytest.approx(np.linalg.norm(before))
    assert np.linalg.norm(after) == pytest.approx(0.5, rel=1e-5)
    assert_same(after / np.linalg.norm(after), before / norm)


def test_a_short_gradient_stays_as_it_is():
    grads = {"a": np.array([0.3, -0.4]), "b": np.zeros((2, 2))}
    clipped, norm = clip_grad_norm(grads, 1.0)
    assert norm == pytest.approx(0.5)
    for name, gradient in grads.items():
        np.testing.assert_array_equal(clipped[name], gradient)


def test_a_gradient_of_zeros_stays_zero():
    clipped, norm = clip_grad_norm({"a": np.zeros(3)}, 1.0)
    assert norm == 0.0
    assert clipped["a"].tolist() == [0.0, 0.0, 0.0]


def test_a_huge_gradient_does_not_overflow():
    clipped, norm = clip_grad_norm({"a": np.array([3e200, 4e200])}, 1.0)
    assert norm == pytest.approx(5e200)
    assert_same(clipped["a"], [0.6, 0.8])
