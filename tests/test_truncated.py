"""Truncation against PyTorch's detach, on random inputs and on the anchor.

The loop tested here is the one printed on the page: it is read out of the
notebook, so that what a reader copies is what is tested.
"""

from collections import Counter, deque

import numpy as np
import pytest
import torch

import notebooks
from oracles import tensor, torch_grads, torch_lstm
from unrolled import by_hand, data

NOTEBOOK = notebooks.REPO / "book" / "06_truncated.ipynb"
T = 12


def printed(*names):
    """The functions of these names, as the notebook defines them."""
    space = {
        "np": np, "deque": deque, "Counter": Counter, "by_hand": by_hand,
    }  # fmt: skip
    for _, cell in notebooks.code_cells(notebooks.read(NOTEBOOK)):
        if cell.source.startswith(tuple(f"def {name}(" for name in names)):
            exec(cell.source, space)
    return [space[name] for name in names]


bytes_held, stream = printed("bytes_held", "stream")


@pytest.fixture(name="case", params=["anchor", "random"])
def make_case(request):
    """Inputs, targets and parameters: source A's nine steps, or a random 12."""
    if request.param == "anchor":
        return data.anchor()
    rng = np.random.default_rng(3)
    params = by_hand.lstm.init_params(2, 5, rng, forget_bias=2.0)
    params["bias"] += rng.normal(size=20)
    return rng.normal(size=(3, T, 2)), rng.normal(size=(3, T, 5)), params


def by_detach(x, y, params, k1, k2, errors=None):
    """PyTorch's gradient: states detached where each backward pass begins."""
    layer, x_torch = torch_lstm(params), tensor(x, requires_grad=True)
    zeros = torch.zeros(1, len(x), y.shape[2], dtype=torch.float64)
    states = [(zeros, zeros)]
    for t in range(x.shape[1]):
        _, state = layer(x_torch[:, t : t + 1], states[-1])
        states.append(tuple(part.detach() for part in state))
    for end in range(k1, x.shape[1] + 1, k1):
        start = max(0, end - k2)
        hs, _ = layer(x_torch[:, start:end], states[start])
        square = (hs - tensor(y[:, start:end])) ** 2
        for s in range(max(start, end - k1), end):
            if errors is None or s in errors:
                square[:, s - start].sum().backward(retain_graph=True)
    return x_torch.grad.numpy(), torch_grads(layer)


def assert_same(mine, other):
    np.testing.assert_allclose(mine[0], other[0], rtol=0, atol=1e-10)
    for name in other[1]:
        np.testing.assert_allclose(
            mine[1][name], other[1][name], rtol=0, atol=1e-10, err_msg=name
        )


def differ(one, other):
    return max(np.abs(one[1][n] - other[1][n]).max() for n in one[1]) > 1e-6


def slope(y):
    return lambda t, h: 2 * (h - y[:, t])


def errors_of(x, y, params):
    hs, caches = by_hand.lstm.forward(x, params)
    return 2 * (hs - y), caches


def divisors(x):
    return [k for k in (1, 2, 3, 4, 9, T) if x.shape[1] % k == 0]


@pytest.mark.parametrize("k2", [1, 2, 3, 5, 8, 20])
def test_the_printed_loop_is_detach(case, k2):
    x, y, params = case
    for k1 in divisors(x):
        dx, grads, _ = stream(x, slope(y), params, k1, k2)
        assert_same((dx, grads), by_detach(x, y, params, k1, k2))


@pytest.mark.parametrize("k", [1, 2, 3, 5, 8, 20])
def test_a_window_is_k1_of_one(case, k):
    x, y, params = case
    errors, caches = errors_of(x, y, params)
    window = by_hand.lstm.bptt(errors, caches, params, window=k)
    assert_same(window, by_detach(x, y, params, 1, k))
    assert_same(window, stream(x, slope(y), params, 1, k)[:2])


def test_a_pass_over_all_steps_is_the_full_gradient(case):
    x, y, params = case
    errors, caches = errors_of(x, y, params)
    steps = x.shape[1]
    full = by_hand.lstm.bptt(errors, caches, params)
    assert_same(stream(x, slope(y), params, steps, steps)[:2], full)
    assert_same(stream(x, slope(y), params, 1, steps)[:2], full)


def test_chunks_are_another_gradient_unless_only_the_end_has_an_error(case):
    x, y, params = case
    errors, caches = errors_of(x, y, params)
    last, k = x.shape[1] - 1, 3
    chunks = by_detach(x, y, params, k, k)
    assert differ(chunks, by_hand.lstm.bptt(errors, caches, params, window=k))
    errors[:, :-1] = 0
    window = by_hand.lstm.bptt(errors, caches, params, window=k)
    assert_same(window, by_detach(x, y, params, k, k, errors=[last]))


def test_the_pairs_are_those_of_the_formula():
    x, _, params = data.anchor()
    for k1 in (1, 3, 9):
        for k2 in (1, 2, 3, 5, 9):
            for s in range(9):
                dx, *_ = stream(
                    x,
                    lambda t, h, s=s: np.full_like(h, t == s),
                    params,
                    k1,
                    k2,
                )
                end = (s // k1 + 1) * k1
                reached = [max(0, end - k2) <= u <= s for u in range(9)]
                assert (dx[0, :, 0] != 0).tolist() == reached


def test_before_the_window_the_gradient_is_exactly_0_and_forward_is_not():
    rng = np.random.default_rng(5)
    params = by_hand.lstm.init_params(1, 6, rng, forget_bias=4.0)
    x = rng.normal(size=(2, 200, 1))
    dx, *_ = stream(x, lambda t, h: h, params, 100, 20)
    seen = np.arange(200) % 100 >= 80
    assert (dx[:, ~seen] == 0).all()
    assert (dx[:, seen] != 0).all()
    moved = x.copy()
    moved[:, 100] += 1
    change = (
        by_hand.lstm.forward(moved, params)[0]
        - by_hand.lstm.forward(x, params)[0]
    )
    assert (change[:, 199] != 0).any()


def test_bytes_are_counted_once():
    rng = np.random.default_rng(0)
    params = by_hand.lstm.init_params(3, 4, rng)
    for steps in (1, 2, 50):
        _, caches = by_hand.lstm.forward(rng.normal(size=(2, steps, 3)), params)
        # i, f, g, o, c, h and x at each step; h and c before the first.
        numbers = steps * 2 * (6 * 4 + 3) + 2 * 2 * 4
        assert bytes_held(caches) == 8 * numbers


@pytest.mark.parametrize("k2", [1, 4, 10])
def test_the_queue_holds_no_more_than_k2_caches(k2):
    rng = np.random.default_rng(0)
    params = by_hand.lstm.init_params(1, 4, rng)
    for steps in (40, 80):
        x = rng.normal(size=(1, steps, 1))
        *_, held = stream(x, lambda t, h: h, params, 10, k2)
        assert set(held) == {8 * k2 * (8 * 4 + 1)}
