"""Truncation against PyTorch's detach.

The loop tested here is the one printed on the page: it is read out of the
notebook, so that what a reader copies is what is tested.
"""

from collections import Counter, deque

import numpy as np
import pytest
import torch

import notebooks
from oracles import assert_same, tensor, torch_grads, torch_layer
from unrolled import by_hand

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


def by_detach(x, y, params, k1, k2):
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
        last = slice(max(0, end - start - k1), None)
        square = (hs - tensor(y[:, start:end]))[:, last] ** 2
        square.sum().backward()
    return x_torch.grad.numpy(), torch_grads(layer)


@pytest.mark.parametrize("k2", [1, 2, 5, 20])
def test_the_printed_loop_is_detach(k2):
    rng = np.random.default_rng(3)
    params = by_hand.lstm.init_params(2, 5, rng, forget_bias=2.0)
    x, y = rng.normal(size=(3, 12, 2)), rng.normal(size=(3, 12, 5))
    for k1 in (1, 3, 4, 12):
        slope = lambda t, h: 2 * (h - y[:, t])  # noqa: E731
        dx, grads, _ = stream(x, slope, params, k1, k2)
        want_dx, want = by_detach(x, y, params, k1, k2)
        assert_same(dx, want_dx)
        assert_same(grads, want)


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
