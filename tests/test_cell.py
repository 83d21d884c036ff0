"""The cells against PyTorch's, against the papers, and their first values."""

import math

import numpy as np
import pytest
import torch
from torch import nn

from oracles import (
    assert_same,
    flat,
    gradients,
    randomise,
    same_parameters,
    seeded,
    tensor,
)
from unrolled import by_hand
from unrolled.cells import (
    CoupledLSTMCell,
    GRUCell,
    LayerNormLSTMCell,
    PeepholeLSTMCell,
    RNNCell,
)
from unrolled.lstm import LSTMCell

TWINS = {LSTMCell: nn.LSTMCell, GRUCell: nn.GRUCell, RNNCell: nn.RNNCell}
LSTMS = [LSTMCell, PeepholeLSTMCell, CoupledLSTMCell, LayerNormLSTMCell]
CELLS = [*LSTMS, GRUCell, RNNCell]
SIZES = [(1, 1, 1), (2, 3, 4), (5, 2, 3), (3, 4, 1)]
BIASES = {
    "no bias": {"bias": False},
    "one bias": {},
    "two biases": {"two_biases": True},
}

each_cell = pytest.mark.parametrize("kind", CELLS)
each_lstm = pytest.mark.parametrize("kind", LSTMS)
each_size = pytest.mark.parametrize("size", SIZES, ids=str)
each_biases = pytest.mark.parametrize("biases", BIASES)


def numbers(*shape, seed=0):
    generator = seeded(seed + sum(shape))
    values = torch.randn(shape, generator=generator, dtype=torch.float64)
    return values.requires_grad_()


def step_of(kind, size, **options):
    """A cell with random parameters, an input and its states."""
    N, D, H = size
    cell = randomise(kind(D, H, **options))
    states = [numbers(N, H, seed=n) for n, _ in enumerate(cell.state_names, 1)]
    return cell, numbers(N, D), states


def run(cell, x, states):
    return flat(cell(x, (*states,) if len(states) > 1 else states[0]))


# Against PyTorch


@each_size
@each_biases
@pytest.mark.parametrize("kind", TWINS)
def test_cell_equals_torch(kind, biases, size):
    cell, x, states = step_of(kind, size, **BIASES[biases])
    twin = TWINS[kind](*size[1:], bias=bool(cell.biases)).double()
    pairs = same_parameters(cell, twin)
    assert len(pairs) == 2 + ["no bias", "one bias", "two biases"].index(biases)
    ours, theirs = run(cell, x, states), run(twin, x, states)
    assert_same(ours, theirs)

    weights = [numbers(*y.shape, seed=5 + n) for n, y in enumerate(ours)]
    our_parameters, their_parameters = zip(*pairs, strict=True)
    assert len(our_parameters) == len([*cell.parameters()])
    assert_same(
        gradients(ours, weights, [x, *states, *our_parameters]),
        gradients(theirs, weights, [x, *states, *their_parameters]),
    )


# Against NumPy


@each_size
def test_lstm_cell_equals_the_numpy_lstm(size):
    cell, x, (h, c) = step_of(LSTMCell, size)
    params = {name: p.detach().numpy() for name, p in cell.named_parameters()}
    next_h, next_c, cache = by_hand.lstm.cell_forward(
        *(value.detach().numpy() for value in (x, h, c)), params
    )
    outputs = run(cell, x, (h, c))
    assert_same(outputs, [tensor(next_h), tensor(next_c)])

    dh, dc = numbers(*h.shape, seed=5), numbers(*c.shape, seed=6)
    *d_inputs, d_params = by_hand.lstm.cell_backward(
        dh.detach().numpy(), dc.detach().numpy(), cache, params
    )
    assert_same(
        gradients(outputs, [dh, dc], [x, h, c, *cell.parameters()]),
        [tensor(d) for d in (*d_inputs, *(d_params[p] for p in params))],
    )


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def gers_2000(p, x, h, c):
    """Peepholes: i and f see the cell state before, o the one after."""
    z = x @ p["weight_ih"].T + h @ p["weight_hh"].T + p["bias"]
    H = h.shape[1]
    W = {gate: z[:, k * H : (k + 1) * H] for k, gate in enumerate("ifgo")}
    peep = p["weight_peephole"].reshape(3, H)
    i = sigmoid(W["i"] + peep[0] * c)
    f = sigmoid(W["f"] + peep[1] * c)
    c = c * f + np.tanh(W["g"]) * i
    o = sigmoid(W["o"] + peep[2] * c)
    return np.tanh(c) * o, c


def greff_2017_cifg(p, x, h, c):
    """One gate for both: what is not taken in is kept."""
    z = x @ p["weight_ih"].T + h @ p["weight_hh"].T + p["bias"]
    i, g, o = np.split(z, 3, axis=1)
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


@each_size
@pytest.mark.parametrize("kind", PAPERS)
def test_variant_equals_its_paper(kind, size):
    cell, x, states = step_of(kind, size)
    params = {name: p.detach().numpy() for name, p in cell.named_parameters()}
    h, c = PAPERS[kind](params, *(v.detach().numpy() for v in (x, *states)))
    assert_same(run(cell, x, states), [tensor(h), tensor(c)])


@each_lstm
def test_gradients_equal_differences(kind):
    cell, x, states = step_of(kind, (2, 3, 2))
    names = [name for name, _ in cell.named_parameters()]

    def call(x, h, c, *values):
        params = dict(zip(names, values, strict=True))
        return torch.func.functional_call(cell, params, (x, (h, c)))

    inputs = (x, *states, *cell.parameters())
    assert torch.autograd.gradcheck(call, inputs, rtol=1e-6)


@each_biases
@each_size
def test_without_peepholes_it_is_the_plain_lstm(size, biases):
    cell, x, states = step_of(PeepholeLSTMCell, size, **BIASES[biases])
    plain, _, _ = step_of(LSTMCell, size, **BIASES[biases])
    cell.weight_peephole.data.zero_()
    plain.load_state_dict(cell.state_dict(), strict=False)
    assert_same(run(cell, x, states), run(plain, x, states))


@each_biases
@each_size
def test_coupled_is_the_plain_lstm_whose_forget_gate_mirrors(size, biases):
    """As 1 - sigmoid(z) = sigmoid(-z), f's rows are those of i with a minus."""
    cell, x, states = step_of(CoupledLSTMCell, size, **BIASES[biases])
    plain, _, _ = step_of(LSTMCell, size, **BIASES[biases])
    for name, value in cell.state_dict().items():
        i, g, o = value.chunk(3)
        plain.state_dict()[name].copy_(torch.cat([i, -i, g, o]))
    assert_same(run(cell, x, states), run(plain, x, states))


@each_biases
def test_layer_norm_undone_is_the_plain_lstm(biases):
    """With the gains that undo the normalisation of this one sequence."""
    cell, x, states = step_of(LayerNormLSTMCell, (1, 3, 4), **BIASES[biases])
    plain, _, _ = step_of(LSTMCell, (1, 3, 4), **BIASES[biases])
    plain.load_state_dict(cell.state_dict(), strict=False)
    with torch.no_grad():
        for rows in (plain.weight_ih, plain.weight_hh):
            rows -= rows.mean(dim=0)  # so that the products have mean 0
        h, c_next = states[0], run(plain, x, states)[1]
        for norm, a in [
            (cell.norm_ih, x @ plain.weight_ih.T),
            (cell.norm_hh, h @ plain.weight_hh.T),
            (cell.norm_c, c_next),
        ]:
            norm.weight.fill_((a.var(correction=0) + 1e-5).sqrt().item())
        cell.norm_c.bias.fill_(c_next.mean().item())
    assert_same(run(cell, x, states), run(plain, x, states))


@each_lstm
def test_gates_are_those_of_the_step(kind):
    cell, x, (h, c) = step_of(kind, (4, 3, 5))
    trace = cell.gates(x, h, c)
    assert_same([trace.h, trace.c], run(cell, x, (h, c)))
    assert_same(trace.c, trace.f * c + trace.i * trace.g)
    for gate in (trace.i, trace.f, trace.o):
        assert ((gate > 0) & (gate < 1)).all()
    squashed = cell.norm_c(trace.c) if "LayerNorm" in str(kind) else trace.c
    assert_same(trace.h, trace.o * squashed.tanh())


@each_lstm
def test_a_list_of_states_is_a_pair_too(kind):
    cell, x, states = step_of(kind, (2, 3, 4))
    assert_same(flat(cell(x, [*states])), flat(cell(x, (*states,))))


@each_cell
def test_the_sizes_are_shown(kind):
    assert f"{kind.__name__}(" in repr(kind(3, 4))
    assert "3, 4" in repr(kind(3, 4))


# The first values


D, H = 60, 40
PLUS_MINUS = {
    "uniform": (1 / math.sqrt(H), 1 / math.sqrt(H)),
    "xavier": (math.sqrt(6 / (H + D)), math.sqrt(6 / (H + H))),
    "pytorch": (1 / math.sqrt(H), 1 / math.sqrt(H)),
}


def assert_uniform(values, bound):
    """Uniform between minus and plus the bound, as far as samples tell."""
    n = values.numel()
    assert values.abs().max() <= bound * (1 + 1e-6)
    # All n samples below this have a probability of 1e-6.
    assert values.abs().max() >= bound * 1e-6 ** (1 / n)
    spread = bound / math.sqrt(3)
    assert abs(values.mean()) <= 4.5 * spread / math.sqrt(n)
    # The standard error of a uniform's variance is 0.894 / sqrt(n) of it.
    assert abs(values.var() / spread**2 - 1) <= 4.5 * 0.9 / math.sqrt(n)


@each_cell
@pytest.mark.parametrize("init", PLUS_MINUS)
def test_each_gate_is_drawn_within_its_bounds(kind, init):
    cell = kind(D, H, two_biases=True, init=init, generator=seeded())
    for name, bound in zip(
        ("weight_ih", "weight_hh"), PLUS_MINUS[init], strict=True
    ):
        gates = getattr(cell, name).detach().chunk(cell.blocks)
        for gate in gates:
            assert_uniform(gate, bound)
        assert len({gate.sum().item() for gate in gates}) == cell.blocks
    if kind is PeepholeLSTMCell:
        assert_uniform(cell.weight_peephole.detach(), 1 / math.sqrt(H))


@pytest.mark.parametrize("biases", ["one bias", "two biases"])
@each_cell
def test_biases_start_at_0_or_as_torch_draws_them(kind, biases):
    options = {"forget_bias": 0.0} if kind in LSTMS else {}
    options |= BIASES[biases]
    for init in ("uniform", "xavier"):
        cell = kind(3, 500, init=init, **options)
        for bias in cell.biases:
            assert not bias.any()
    cell = kind(3, 500, init="pytorch", generator=seeded(), **options)
    for bias in cell.biases:
        for gate in bias.detach().chunk(cell.blocks):
            assert_uniform(gate, 1 / math.sqrt(500))
    if len(cell.biases) > 1:
        assert not torch.equal(*cell.biases)


@pytest.mark.parametrize("biases", ["one bias", "two biases"])
@pytest.mark.parametrize("init", PLUS_MINUS)
@pytest.mark.parametrize("forget_bias", [1.0, -0.5, 3])
@each_lstm
def test_forget_bias_is_the_total(kind, forget_bias, init, biases):
    def total_bias(forget_bias):
        options = BIASES[biases] | {"init": init, "generator": seeded()}
        cell = kind(3, 4, forget_bias=forget_bias, **options)
        shares = [b.detach().chunk(cell.blocks) for b in cell.biases]
        return cell.total_bias.detach().chunk(cell.blocks), shares

    with_it, shares = total_bias(forget_bias)
    without, shares_without = total_bias(0.0)
    gate, sign = (0, -1) if kind is CoupledLSTMCell else (1, 1)
    added = [a - b for a, b in zip(with_it, without, strict=True)]
    for number, value in enumerate(added):
        wanted = sign * forget_bias if number == gate else 0.0
        assert_same(value, torch.full((4,), float(wanted)), 1e-6)
    for share, share_without in zip(shares, shares_without, strict=True):
        half = (share[gate] - share_without[gate]) * len(shares)
        assert_same(half, torch.full((4,), float(sign * forget_bias)), 1e-6)


@pytest.mark.parametrize("biases", ["one bias", "two biases"])
@pytest.mark.parametrize("init", PLUS_MINUS)
def test_update_bias_is_the_total_of_the_second_gate(init, biases):
    options = BIASES[biases] | {"init": init}
    opened, usual = (
        GRUCell(3, 4, generator=seeded(), **options, **more).total_bias
        for more in ({"update_bias": 2.5}, {})
    )
    added = (opened - usual).detach().view(3, 4)  # r, z, n
    assert_same(added, torch.tensor([[0.0], [2.5], [0.0]]).expand(3, 4), 1e-6)


def test_an_open_update_gate_keeps_the_state():
    cell, h = GRUCell(3, 4, update_bias=20.0), torch.rand(1, 4)
    assert_same(cell(torch.ones(1, 3), h), h, 1e-6)


@each_lstm
def test_forget_gate_starts_at_the_sigmoid_of_its_bias(kind):
    cell = kind(3, 4, forget_bias=2.0)
    zeros = torch.zeros(1, 4)
    trace = cell.gates(torch.zeros(1, 3), zeros, zeros)
    assert_same(trace.f, torch.full((1, 4), 1 / (1 + math.exp(-2))), 1e-6)


@each_lstm
def test_default_forget_bias_is_1(kind):
    a, b = kind(3, 4), kind(3, 4, forget_bias=1.0)
    assert torch.equal(a.bias, b.bias)
    assert a.bias.abs().sum() == 4


@each_cell
@pytest.mark.parametrize("init", PLUS_MINUS)
def test_same_seed_same_bits(kind, init):
    def made(seed):
        cell = kind(3, 4, init=init, generator=seeded(seed))
        return [*cell.state_dict().values()]

    before = torch.get_rng_state()
    assert_same(made(1), made(1), 0)
    assert torch.equal(torch.get_rng_state(), before)
    weights = slice(2)  # the biases may be all 0
    for one, other in zip(made(1)[weights], made(2)[weights], strict=True):
        assert not torch.equal(one, other)


@each_cell
def test_without_a_generator_the_global_one_is_used(kind):
    with torch.random.fork_rng():
        torch.manual_seed(7)
        one = kind(3, 4)
        torch.manual_seed(7)
        other = kind(3, 4)
        third = kind(3, 4)
    assert_same([*one.parameters()], [*other.parameters()], 0)
    assert not torch.equal(other.weight_ih, third.weight_ih)
