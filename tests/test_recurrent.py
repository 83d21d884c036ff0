"""Stacks of cells against PyTorch's layers and against a loop by hand."""

import pytest
import torch
from torch import nn

from oracles import (
    CASES,
    assert_same,
    flat,
    gradients,
    randomise,
    seeded,
    stack,
    torch_run,
    torch_twin,
)
from unrolled.cells import (
    CoupledLSTMCell,
    GRUCell,
    LayerNormLSTMCell,
    PeepholeLSTMCell,
    RNNCell,
)
from unrolled.lstm import LSTM, LSTMCell
from unrolled.recurrent import Recurrent

TWINS = {LSTMCell: nn.LSTM, GRUCell: nn.GRU, RNNCell: nn.RNN}
LSTMS = [LSTMCell, PeepholeLSTMCell, CoupledLSTMCell, LayerNormLSTMCell]
CELLS = [*LSTMS, GRUCell, RNNCell]
LAYERS = [*CELLS, LSTM]  # a kind of cell to be stacked, or the fast layer

each_case = pytest.mark.parametrize("case", CASES, ids=repr)
each_layer = pytest.mark.parametrize("kind", LAYERS)
with_lengths = pytest.mark.parametrize("ragged", [False, True])


def names(layer):
    return layer.cells[0].state_names


# Against PyTorch


@with_lengths
@pytest.mark.parametrize("given", ["zeros", "given state"])
@each_case
@pytest.mark.parametrize("kind", TWINS)
def test_layer_equals_torch(kind, case, given, ragged):
    layer = case.build(kind)
    twin, pairs = torch_twin(layer, TWINS[kind])
    state = case.state(names(layer)) if given != "zeros" else None
    lengths = case.lengths if ragged else None
    ours = flat(layer(case.x, state, lengths))
    theirs = flat(torch_run(twin, case.x, state, lengths))
    assert_same(ours, theirs)

    our_parameters, their_parameters = zip(*pairs, strict=True)
    assert len(our_parameters) == len([*layer.parameters()])
    starts = flat(state) if state is not None else []
    weights = case.weights[: len(ours)]
    assert_same(
        gradients(ours, weights, [case.x, *starts, *our_parameters]),
        gradients(theirs, weights, [case.x, *starts, *their_parameters]),
    )


# Against a loop by hand


@each_case
@each_layer
def test_steps_with_carried_state_equal_the_whole_run(kind, case):
    case = case.one_way()
    layer = case.build(kind)
    out, state = layer(case.x, case.state(names(layer)))
    carried, outs = case.state(names(layer)), []
    for t in range(case.T):
        step, carried = layer(case.x[:, t : t + 1], carried)
        outs.append(step)
    assert_same(torch.cat(outs, dim=1), out)
    assert_same(flat(carried), flat(state))


@each_layer
def test_one_layer_is_its_cell_over_and_over(kind):
    case = CASES[1]
    layer = case.build(kind)
    out, state = layer(case.x, case.state(names(layer)))
    carried = (case.h[0], case.c[0]) if len(names(layer)) > 1 else case.h[0]
    for t in range(case.T):
        carried = layer.cells[0](case.x[:, t], carried)
        assert_same(flat(carried)[0], out[:, t])
    assert_same(flat(carried), [s[0] for s in flat(state)])


@each_case
@each_layer
def test_second_direction_is_the_first_on_sequences_turned_round(kind, case):
    case = case.both_ways()
    layer = case.build(kind)
    H, outs = case.H, layer(case.x)[0]
    assert outs.shape == (case.N, case.T, 2 * H)
    # Swap each layer's two cells, and the halves of what they read.
    swapped = case.build(kind)
    for number, cell in enumerate(layer.cells):
        other = {k: v.clone() for k, v in cell.state_dict().items()}
        if number > 1:
            other["weight_ih"] = other["weight_ih"].roll(H, dims=1)
        swapped.cells[number ^ 1].load_state_dict(other)
    turned, state = swapped(case.x.flip(1))
    assert_same(turned.flip(1).roll(H, dims=2), outs)
    rows = torch.arange(2 * case.layers) ^ 1
    assert_same([s[rows] for s in flat(state)], flat(layer(case.x)[1]))


# Lengths


@each_case
@each_layer
def test_each_sequence_runs_as_if_alone(kind, case):
    layer = case.build(kind)
    state = case.state(names(layer))
    out, final = layer(case.x, state, case.lengths)
    for n, length in enumerate(case.lengths.tolist()):
        one = slice(n, n + 1)
        start = [s[:, one] for s in flat(state)]
        start = start if len(start) > 1 else start[0]
        alone, last = layer(case.x[one, :length], start)
        assert_same(out[one, :length], alone)
        assert_same([s[:, one] for s in flat(final)], flat(last))
        assert not out[n, length:].any()


@pytest.mark.parametrize("value", [1e300, 0.0])
@each_case
@each_layer
def test_padding_never_matters(kind, case, value):
    layer = case.build(kind)
    past = case.is_past()
    assert past.any() or case.N == 1
    state = case.state(names(layer))
    results = []
    for fill in (None, value):
        x = case.x.detach().clone()
        if fill is not None:
            x[past] = fill
        x.requires_grad_()
        outputs = flat(layer(x, state, case.lengths))
        weights = case.weights[: len(outputs)]
        inputs = [x, *flat(state), *layer.parameters()]
        slopes = gradients(outputs, weights, inputs)
        assert not slopes[0][past].any()
        assert slopes[0][~past].any(dim=-1).all() or layer.hidden_size == 1
        results.append([*outputs, *slopes])
    assert_same(*results, 0)


@each_layer
def test_full_lengths_change_nothing(kind):
    case = CASES[4]
    layer = case.build(kind)
    full = torch.full((case.N,), case.T)
    assert_same(flat(layer(case.x, lengths=full)), flat(layer(case.x)), 0)


# Dropout


def copying_layers(num_layers, dropout):
    """RNN layers above the first that hand on what they read, squashed."""
    layer = Recurrent(RNNCell, 3, 40, num_layers, dropout, generator=seeded())
    with torch.no_grad():
        for cell in layer.cells[1:]:
            cell.weight_ih.copy_(torch.eye(40))
            cell.weight_hh.zero_()
    return layer.double()


@pytest.mark.parametrize("dropout", [0.2, 0.5, 0.9])
def test_dropout_scales_what_it_keeps(dropout):
    layer = copying_layers(2, dropout)
    x = torch.randn(20, 30, 3, generator=seeded(1), dtype=torch.float64) / 5
    first = Recurrent(RNNCell, 3, 40).double()
    first.cells[0].load_state_dict(layer.cells[0].state_dict())
    below, _ = first(x)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        factors = layer(x)[0].atanh() / below
    is_kept = factors > 0.5
    assert_same(factors[~is_kept], torch.zeros_like(factors[~is_kept]), 0)
    kept = factors[is_kept]
    assert_same(kept, torch.full_like(kept, 1 / (1 - dropout)), 1e-8)
    n, share = factors.numel(), 1 - is_kept.double().mean().item()
    assert abs(share - dropout) < 4.5 * (dropout * (1 - dropout) / n) ** 0.5
    # Anew for each sequence, step and unit.
    for axis in range(3):
        first, second = is_kept.unbind(axis)[:2]
        assert not torch.equal(first, second)


@each_layer
def test_dropout_is_off_in_evaluation(kind):
    case = CASES[4]
    plain = case.build(kind)
    layer = case.build(kind)
    layer.dropout = 0.5
    before = torch.get_rng_state()
    assert_same(flat(layer.eval()(case.x)), flat(plain(case.x)), 0)
    assert torch.equal(torch.get_rng_state(), before)
    dropped = layer.train()(case.x)[0]
    assert not torch.allclose(dropped, plain(case.x)[0])


def test_dropout_acts_between_all_layers_and_after_none():
    layer = copying_layers(3, 0.5)
    x = torch.randn(20, 5, 3, generator=seeded(1), dtype=torch.float64)
    with torch.no_grad(), torch.random.fork_rng():
        torch.manual_seed(0)
        dropped_twice = (layer(x)[0] == 0).double().mean().item()
        for cell in layer.cells[1:]:
            cell.bias.fill_(0.5)  # what is 0 now was dropped above
        assert layer(x)[0].all()
    assert abs(dropped_twice - 0.75) < 0.04


def test_dropout_of_one_run_is_that_of_its_backward_pass():
    case = CASES[2]
    layer = case.build(LSTM)
    layer.dropout = 0.5

    def call(x):
        with torch.random.fork_rng():
            torch.manual_seed(3)
            return layer(x)[0]

    assert torch.autograd.gradcheck(call, (case.x,))


# Gates


@with_lengths
@each_case
@pytest.mark.parametrize("kind", [*LSTMS, LSTM])
def test_traces_hold_what_the_gates_did(kind, case, ragged):
    layer = case.build(kind)
    lengths = case.lengths if ragged else torch.full((case.N,), case.T)
    result = layer(case.x, (case.h, case.c), lengths if ragged else None)
    out, state = result
    traces = layer.trace(case.x, (case.h, case.c), lengths if ragged else None)
    assert len(traces) == len(layer.cells)
    last = layer.num_directions * (layer.num_layers - 1)
    assert_same(torch.cat([t.h for t in traces[last:]], dim=2), out.detach())
    for number, (cell, trace) in enumerate(
        zip(layer.cells, traces, strict=True)
    ):
        assert not any(values.requires_grad for values in trace)
        for values in trace:
            assert values.shape == (case.N, case.T, case.H)
            if ragged:
                assert not values[case.is_past()].any()
        is_second = number % layer.num_directions
        for n, length in enumerate(lengths.tolist()):
            i, f, g, o, c, h = (values[n, :length] for values in trace)
            for gate in (i, f, o):
                assert ((gate > 0) & (gate < 1)).all()
            assert (g.abs() < 1).all()
            start = case.c[number, n : n + 1]
            before = (
                torch.cat([c[1:], start])
                if is_second
                else torch.cat([start, c[:-1]])
            )
            assert_same(c, (f * before + i * g).detach())
            squashed = cell.norm_c(c) if kind is LayerNormLSTMCell else c
            assert_same(h, (o * squashed.tanh()).detach())
            end = 0 if is_second else length - 1
            assert_same(h[end], state[0][number, n].detach())
            assert_same(c[end], state[1][number, n].detach())


@each_case
@pytest.mark.parametrize("kind", [LSTMCell, LSTM])
def test_gates_of_the_first_layer_equal_the_equations(kind, case):
    """Each gate in its own field: from weights, input and states alone."""
    layer = case.build(kind)
    trace, *_ = layer.trace(case.x, (case.h, case.c))
    cell = layer.cells[0]
    h_before = torch.cat([case.h[0][:, None], trace.h[:, :-1]], dim=1)
    z = case.x @ cell.weight_ih.T + h_before @ cell.weight_hh.T
    z = (z + sum(cell.biases)).detach()
    for number, name in enumerate("ifgo"):
        squash = torch.tanh if name == "g" else torch.sigmoid
        rows = slice(number * case.H, (number + 1) * case.H)
        assert_same(getattr(trace, name), squash(z[..., rows]))


# The first parameters


@pytest.mark.parametrize("two_biases", [False, True])
@pytest.mark.parametrize("kind", [*LSTMS, LSTM])
def test_forget_bias_in_every_layer_and_direction(kind, two_biases):
    layer = stack(
        kind,
        3,
        4,
        3,
        forget_bias=2.5,
        bidirectional=True,
        two_biases=two_biases,
    )
    assert len(layer.cells) == 6
    for cell in layer.cells:
        assert len(cell.biases) == 1 + two_biases
        shares = cell.total_bias.detach().split(4)
        for number, share in enumerate(shares):
            value = 2.5 if number == 1 else 0.0
            if kind is CoupledLSTMCell:
                value = -2.5 if number == 0 else 0.0
            assert_same(share, torch.full((4,), value), 1e-6)


@each_layer
def test_same_seed_same_bits_and_no_cell_like_another(kind):
    def made(seed):
        return stack(kind, 4, 2, 3, bidirectional=True, generator=seeded(seed))

    before = torch.get_rng_state()
    one, same, other = made(1), made(1), made(2)
    assert torch.equal(torch.get_rng_state(), before)
    assert_same([*one.parameters()], [*same.parameters()], 0)
    weights = [cell.weight_hh for cell in (*one.cells, *other.cells)]
    assert len({weight.sum().item() for weight in weights}) == 12


@each_layer
def test_options_reach_every_cell(kind):
    for init, is_zero in [("pytorch", False), ("uniform", True)]:
        options = {"init": init} | (
            {"forget_bias": 0.0} if "LSTM" in kind.__name__ else {}
        )
        layer = stack(kind, 3, 4, 2, bidirectional=True, **options)
        for cell in layer.cells:
            assert (not cell.bias.any()) == is_zero
    layer = stack(kind, 3, 4, 2, bidirectional=True, bias=False)
    assert not any(cell.biases for cell in layer.cells)


@each_layer
def test_sizes(kind):
    layer = CASES[4].build(kind)
    assert (layer.input_size, layer.hidden_size) == (4, 5)
    assert (layer.num_layers, layer.num_directions) == (3, 2)
    assert layer.output_size == 10
    assert layer.dropout == 0.0
    assert [cell.input_size for cell in layer.cells] == [4, 4, 10, 10, 10, 10]
    assert "dropout=0.0, num_directions=2" in repr(layer)


def test_randomised_parameters_differ():
    """That the oracles compare something: no two parameters alike."""
    layer = randomise(Recurrent(GRUCell, 3, 4, 2, two_biases=True))
    assert all(parameter.std() > 0.3 for parameter in layer.parameters())
