"""The cells against the papers, and their first values.

Against PyTorch's, in layers: see test_recurrent.py and test_convert.py.
"""

import math

import numpy as np
import pytest
import torch

from oracles import (
    CELLS,
    assert_same,
    assert_uniform,
    flat,
    numbers,
    randomise,
    seeded,
    tensor,
)
from unrolled.by_hand.lstm import sigmoid
from unrolled.cells import (
    CoupledLSTMCell,
    GRUCell,
    LayerNormLSTMCell,
    PeepholeLSTMCell,
)
from unrolled.lstm import LSTMCell

LSTMS = [kind for kind in CELLS if issubclass(kind, LSTMCell)]
INITS = ["uniform", "xavier", "pytorch", "orthogonal", "identity"]

each_cell = pytest.mark.parametrize("kind", CELLS)
each_init = pytest.mark.parametrize("init", INITS)


def step_of(kind, size, **options):
    """A cell with random parameters, an input and its states."""
    N, D, H = size
    cell = randomise(kind(D, H, **options))
    states = [numbers(N, H, seed=n) for n, _ in enumerate(cell.state_names, 1)]
    return cell, numbers(N, D), states


def run(cell, x, states):
    return flat(cell(x, (*states,) if len(states) > 1 else states[0]))


# Against the papers


def sums(p, x, h):
    """What enters the gates."""
    return x @ p["weight_ih"].T + h @ p["weight_hh"].T + p["bias"]


def gers_2000(p, x, h, c):
    """Peepholes: i and f see the cell state before, o the one after."""
    i, f, g, o = np.split(sums(p, x, h), 4, axis=1)
    to_i, to_f, to_o = p["weight_peephole"].reshape(3, -1)
    c = c * sigmoid(f + to_f * c) + np.tanh(g) * sigmoid(i + to_i * c)
    return np.tanh(c) * sigmoid(o + to_o * c), c


def greff_2017_cifg(p, x, h, c):
    """One gate for both: what is not taken in is kept."""
    i, g, o = np.split(sums(p, x, h), 3, axis=1)
    c = c + sigmoid(i) * (np.tanh(g) - c)
    return np.tanh(c) * sigmoid(o), c


def layer_norm(a, gain, shift=0.0):
    """Ba et al. (2016), with PyTorch's 1e-5 under the root."""
    deviation = a - a.mean(axis=1, keepdims=True)
    variance = (deviation**2).mean(axis=1, keepdims=True)
    return gain * deviation / np.sqrt(variance + 1e-5) + shift


def ba_2016(p, x, h, c):
    """Equations 20 to 22."""
    z = layer_norm(h @ p["weight_hh"].T, p["norm_hh.weight"])
    z = z + layer_norm(x @ p["weight_ih"].T, p["norm_ih.weight"]) + p["bias"]
    i, f, g, o = np.split(z, 4, axis=1)
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    shifted = layer_norm(c, p["norm_c.weight"], p["norm_c.bias"])
    return sigmoid(o) * np.tanh(shifted), c


PAPERS = {
    PeepholeLSTMCell: gers_2000,
    CoupledLSTMCell: greff_2017_cifg,
    LayerNormLSTMCell: ba_2016,
}


@pytest.mark.parametrize("size", [(1, 1, 1), (5, 2, 3)], ids=str)
@pytest.mark.parametrize("kind", PAPERS)
def test_variant_equals_its_paper(kind, size):
    cell, x, states = step_of(kind, size)
    params = {name: p.detach().numpy() for name, p in cell.named_parameters()}
    h, c = PAPERS[kind](params, *(v.detach().numpy() for v in (x, *states)))
    assert_same(run(cell, x, states), [tensor(h), tensor(c)])
    second = step_of(kind, size, two_biases=True)[0]
    second.load_state_dict(cell.state_dict(), strict=False)
    with torch.no_grad():
        second.bias -= second.bias_hh  # so that their sum is the same
    assert_same(run(second, x, states), [tensor(h), tensor(c)])


# The first values


D, H = 60, 40


@each_cell
@each_init
def test_each_gate_is_drawn_within_its_bounds(kind, init):
    plain = 1 / math.sqrt(H)
    is_scaled = init in ("xavier", "orthogonal")
    bound = math.sqrt(6 / (H + D)) if is_scaled else plain
    opened = {"forget_bias": 0.0} if kind in LSTMS else {}
    before = torch.get_rng_state()
    cell = kind(D, H, two_biases=True, init=init, generator=seeded(), **opened)
    assert torch.equal(torch.get_rng_state(), before)
    from_x = cell.weight_ih.detach().chunk(cell.blocks)
    from_h = cell.weight_hh.detach().chunk(cell.blocks)
    assert len({gate.sum().item() for gate in from_x}) == cell.blocks
    for gate in from_x:
        if init == "identity":
            # The standard error of a normal's spread is 1 / sqrt(2n) of it.
            n = gate.numel()
            assert abs(gate.mean()) <= 4.5 * 0.001 / math.sqrt(n)
            assert abs(gate.std() / 0.001 - 1) <= 4.5 / math.sqrt(2 * n)
        else:
            assert_uniform(gate, bound)
    for gate in from_h:
        if init in ("orthogonal", "identity"):
            assert_same(gate @ gate.T, torch.eye(H), 1e-5)
            assert (init == "identity") == torch.equal(gate, torch.eye(H))
        else:
            assert_uniform(gate, math.sqrt(3 / H) if is_scaled else plain)
    if init != "identity":
        assert len({gate.sum().item() for gate in from_h}) == cell.blocks
    if kind is PeepholeLSTMCell:
        assert_uniform(cell.weight_peephole.detach(), plain)
    for bias in cell.biases:
        if init == "pytorch":
            assert_uniform(bias.detach(), plain)
        else:
            assert not bias.any()
    assert init != "pytorch" or not torch.equal(*cell.biases)


@pytest.mark.parametrize("two", [False, True], ids=["one", "two"])
@each_init
@pytest.mark.parametrize("value", [-0.5, 3])
@pytest.mark.parametrize("kind", [*LSTMS, GRUCell])
def test_gate_bias_is_the_total(kind, value, init, two):
    name = "update_bias" if kind is GRUCell else "forget_bias"
    options = {"two_biases": two, "init": init}
    opened, plain = (
        kind(3, 4, generator=seeded(), **{name: start}, **options)
        for start in (value, 0.0)
    )
    gate, sign = (0, -1) if kind is CoupledLSTMCell else (1, 1)
    wanted = torch.zeros(opened.blocks, 4)
    wanted[gate] = sign * value / (1 + two)
    for with_it, without in zip(opened.biases, plain.biases, strict=True):
        assert_same((with_it - without).view_as(wanted), wanted, 1e-6)
