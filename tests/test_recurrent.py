"""Stacks of cells against PyTorch's layers and against a loop by hand."""

from functools import partial

import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st

from oracles import (
    CASES,
    CELLS,
    assert_same,
    cases,
    check_same,
    flat,
    gradients,
    seeded,
    torch_run,
)
from unrolled.cells import CoupledLSTMCell, GRUCell, LayerNormLSTMCell, RNNCell
from unrolled.lstm import LSTM, LSTMCell
from unrolled.recurrent import Recurrent

LAYERS = [LSTM, *CELLS]  # a layer, or a cell to be stacked
LSTMS = [kind for kind in LAYERS if "LSTM" in kind.__name__]

each_layer = pytest.mark.parametrize("kind", LAYERS)
each_lstm = pytest.mark.parametrize("kind", LSTMS)


@given(case=cases, used=st.sets(st.integers(0, 2), min_size=1))
@pytest.mark.parametrize("kind", [LSTM, LSTMCell, GRUCell, RNNCell])
def test_layer_equals_torch(kind, case, used):
    """Whichever outputs enter the loss: the sequence, the last h or c."""
    layer = case.build(kind)
    ours, theirs = case.run(layer), torch_run(layer, case)
    used = used & {*range(len(ours[0]))} or {0}
    weights = [case.weights[n] if n in used else None for n in range(3)]
    weights = weights[: len(ours[0])]
    check_same(ours, theirs, weights)


@pytest.mark.parametrize("case", CASES[2:], ids=["one layer", "three layers"])
@each_layer
def test_padding_never_matters(kind, case):
    layer = case.build(kind)
    past = torch.arange(case.T) >= case.lengths[:, None]  # (N, T)
    assert past.any()
    results = []
    for fill in (1e300, 0.0):
        x = case.x.detach().masked_fill(past[..., None], fill).requires_grad_()
        outputs, inputs = case.run(layer, x)
        slopes = gradients(outputs, case.weights[: len(outputs)], inputs)
        assert not outputs[0][past].any()
        assert not slopes[0][past].any()
        assert slopes[0][~past].any(dim=-1).all()
        results.append([*outputs, *slopes])
    assert_same(*results, 0)


# Dropout


@pytest.mark.parametrize("dropout", [0.2, 0.5, 0.9])
def test_dropout_scales_what_it_keeps_between_layers(dropout):
    """RNN layers above the first hand on what they read, squashed."""
    layer = Recurrent(RNNCell, 3, 40, 3, dropout, generator=seeded()).double()
    below = Recurrent(RNNCell, 3, 40).double()
    below.cells[0].load_state_dict(layer.cells[0].state_dict())
    with torch.no_grad():
        for cell in layer.cells[1:]:
            cell.weight_ih.copy_(torch.eye(40))
            cell.weight_hh.zero_()
    x = torch.randn(20, 30, 3, generator=seeded(1), dtype=torch.float64) / 50
    with torch.random.fork_rng():
        torch.manual_seed(0)
        once = layer(x)[0].atanh() * (1 - dropout)
    # Twice dropped, and twice divided by what is kept of it; none at the end.
    factors = once.atanh() * (1 - dropout) / below(x)[0]
    is_kept = factors > 0.5
    assert not factors[~is_kept].any()
    assert_same(factors[is_kept], torch.ones_like(factors[is_kept]), 1e-8)
    n, share = factors.numel(), (1 - dropout) ** 2
    kept = is_kept.double().mean().item()
    assert abs(kept - share) < 4.5 * (share * (1 - share) / n) ** 0.5
    for axis in range(3):  # anew for each sequence, step and unit
        first, second = is_kept.unbind(axis)[:2]
        assert not torch.equal(first, second)


def test_dropout_is_that_of_its_backward_pass_and_off_in_evaluation():
    case = CASES[3]
    plain, layer = case.build(LSTM), case.build(LSTM)
    layer.dropout = 0.5

    def call(x):
        with torch.random.fork_rng():
            torch.manual_seed(3)
            return layer(x)[0]

    assert not torch.allclose(call(case.x), plain(case.x)[0])
    assert torch.autograd.gradcheck(call, (case.x,), fast_mode=True)
    before = torch.get_rng_state()
    assert_same(flat(layer.eval()(case.x)), flat(plain(case.x)), 0)
    assert torch.equal(torch.get_rng_state(), before)


# Gates


@example(case=CASES[3])
@given(case=cases)
@each_lstm
def test_traces_hold_what_the_gates_did(kind, case):
    layer = case.build(kind)
    out, (h_n, c_n) = layer(case.x, (case.h, case.c), case.lengths)
    traces = layer.trace(case.x, (case.h, case.c), case.lengths)
    assert_same(torch.cat([t.h for t in traces[-case.directions :]], 2), out)
    lengths = [case.T] * case.N if case.lengths is None else case.lengths
    for number, (cell, trace) in enumerate(
        zip(layer.cells, traces, strict=True)
    ):
        assert not any(values.requires_grad for values in trace)
        is_second = number % layer.num_directions
        for n, length in enumerate(lengths):
            assert not any(values[n, length:].any() for values in trace)
            run = [values[n, :length] for values in trace]
            i, f, g, o, c, h = (v.flip(0) if is_second else v for v in run)
            for gate in (i, f, o, (g + 1) / 2):
                assert ((gate > 0) & (gate < 1)).all()
            before = torch.cat([case.c[number, n : n + 1], c[:-1]])
            assert_same(c, f * before + i * g)
            squashed = cell.norm_c(c) if kind is LayerNormLSTMCell else c
            assert_same(h, o * squashed.tanh())
            assert_same([h[-1], c[-1]], [h_n[number, n], c_n[number, n]])


@pytest.mark.parametrize("kind", [GRUCell, RNNCell])
def test_other_cells_have_no_trace(kind):
    words = f"trace: expected a kind of LSTM.*got .*{kind.__name__}"
    with pytest.raises(ValueError, match=words):
        Recurrent(kind, 3, 5).trace(torch.ones(1, 2, 3))


# What is handed to the cells


@each_layer
def test_sizes_and_options_reach_every_cell(kind):
    def made(**options):
        make = LSTM if kind is LSTM else partial(Recurrent, kind)
        return make(4, 5, 3, 0.25, bidirectional=True, **options)

    layer = made()
    sums = {cell.weight_hh.sum().item() for cell in layer.cells}
    assert len(sums) == 6
    assert (layer.num_layers, layer.num_directions) == (3, 2)
    assert (layer.output_size, layer.dropout) == (10, 0.25)
    assert [cell.input_size for cell in layer.cells] == [4, 4, 10, 10, 10, 10]
    for cell in made(init="pytorch", two_biases=True).cells:
        assert [bool(bias.all()) for bias in cell.biases] == [True, True]
    assert not any(cell.biases for cell in made(bias=False).cells)
    if kind in LSTMS:
        row, value = (0, -2.5) if kind is CoupledLSTMCell else (1, 2.5)
        for cell in made(forget_bias=2.5).cells:
            assert (cell.total_bias.split(5)[row] == value).all()
            assert cell.bias.count_nonzero() == 5
