"""Truncation against PyTorch's detach, on random inputs and on the anchor.

The loop tested here is the one printed on the page: it is read out of the
notebook, so that what a reader copies is what is tested.
"""

from collections import Counter, deque

import numpy as np
import pytest
import torch

import notebooks
from oracles import tensor, torch_grads, torch_layer
from unrolled import by_hand, data

NOTEBOOK = notebooks.REPO / "book" / "06_truncated.ipynb"


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
    return rng.normal(size=(3, 12, 2)), rng.normal(size=(3, 12, 5)), params


def by_detach(x, y, params, k1, k2, errors=None):
    """PyTorch's gradient: states detached where each backward pass begins."""
    layer, x_torch = torch_layer(params), tensor(x, requires_grad=True)
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


def distance(one, other):
    """The largest difference of two pairs: dx, and gradients by name."""
    pairs = [(one[0], other[0]), *((one[1][n], other[1][n]) for n in one[1])]
    return max(np.abs(np.asarray(a) - np.asarray(b)).max() for a, b in pairs)


def slope(y):
    return lambda t, h: 2 * (h - y[:, t])


@pytest.mark.parametrize("k2", [1, 2, 5, 20])
def test_the_printed_loop_is_detach(case, k2):
    x, y, params = case
    for k1 in (k for k in (1, 3, 4, 9, 12) if x.shape[1] % k == 0):
        dx, grads, _ = stream(x, slope(y), params, k1, k2)
        detached = by_detach(x, y, params, k1, k2)
        assert distance((dx, grads), detached) < 1e-10


def test_a_window_is_k1_of_one_and_chunks_are_another_gradient(case):
    x, y, params = case
    hs, caches = by_hand.lstm.forward(x, params)
    errors, k = 2 * (hs - y), 3
    window = by_hand.lstm.bptt(errors, caches, params, window=k)
    assert distance(window, stream(x, slope(y), params, 1, k)[:2]) < 1e-10
    assert distance(window, by_detach(x, y, params, k, k)) > 1e-6
    errors[:, :-1] = 0  # unless only the end has an error
    window = by_hand.lstm.bptt(errors, caches, params, window=k)
    last = by_detach(x, y, params, k, k, errors=[x.shape[1] - 1])
    assert distance(window, last) < 1e-10


def test_the_pairs_are_those_of_the_formula():
    x, _, params = data.anchor()
    for k1, k2 in ((1, 2), (3, 1), (3, 5), (9, 9)):
        for s in range(9):

            def one(t, h, s=s):
                return np.full_like(h, t == s)

            dx, *_ = stream(x, one, params, k1, k2)
            end = (s // k1 + 1) * k1
            reached = [max(0, end - k2) <= u <= s for u in range(9)]
            assert (dx[0, :, 0] != 0).tolist() == reached


def test_bytes_are_counted_once_and_the_queue_holds_no_more_than_k2():
    rng = np.random.default_rng(0)
    params = by_hand.lstm.init_params(3, 4, rng)
    for steps in (10, 50):
        x = rng.normal(size=(2, steps, 3))
        _, caches = by_hand.lstm.forward(x, params)
        # i, f, g, o, c, h and x at each step; h and c before the first.
        numbers = steps * 2 * (6 * 4 + 3) + 2 * 2 * 4
        assert bytes_held(caches) == 8 * numbers
        for k2 in (1, 4, 10):
            *_, held = stream(x, lambda t, h: h, params, 10, k2)
            assert set(held) == {8 * 2 * k2 * (8 * 4 + 3)}
