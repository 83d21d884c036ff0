"""Looking at gates, held against autograd, NumPy and brute force."""

import numpy as np
import pytest
import torch

from oracles import assert_same, flat, randomise, seeded
from unrolled import gates
from unrolled.gates import Clamp, GateTrace, Rerun, run_clamped
from unrolled.gates.interventions import unroll
from unrolled.lstm import LSTM
from unrolled.models.heads import Classifier

N, T, D, H = 5, 6, 3, 4
PARTS = GateTrace._fields


def network(layers=2, read="all", seed=0, **options):
    """A classifier with random parameters of float64, and dropout."""
    lstm = LSTM(D, H, layers, 0.5 if layers > 1 else 0.0, **options)
    model = Classifier(lstm, 2, layers=read, dropout=0.5)
    return randomise(model, seed)


def inputs(seed=1):
    return torch.randn(N, T, D, generator=seeded(seed), dtype=torch.float64)


MODEL, X = network(), inputs()


def plain(model, x):
    """The model's own logits and traces, without dropout."""
    with torch.no_grad():
        traces = model.eval().recurrent.trace(x)
        return model(x), traces


def clamped(clamps, model=MODEL):
    """Each layer's trace, (N, T, H), of a run step by step."""
    with torch.no_grad():
        _, layers = unroll(model, X, clamps)
    columns = [zip(*steps, strict=True) for steps in layers]
    return [GateTrace(*(torch.stack(c, 1) for c in part)) for part in columns]


# Statistics


def test_slopes_are_those_of_least_squares():
    _, (_, trace) = plain(MODEL, X)
    signal = X[:, 0, 0]
    parts = gates.slopes(trace, signal)
    c, i, f, g = (getattr(trace, name).numpy() for name in "cifg")
    before = np.concatenate([np.zeros_like(c[:, :1]), c[:, :-1]], axis=1)
    for ours, values in zip(parts, (c, f * before, i * g), strict=True):
        fitted = np.polyfit(signal.numpy(), values.reshape(N, -1), 1)[0]
        np.testing.assert_allclose(ours.flatten(), fitted, atol=1e-12)


# Probes


@pytest.mark.parametrize("options", [{"ridge": 0.1}, {}])
def test_the_probe_is_ridge_regression_on_the_other_half(options):
    generator, ridge = seeded(), options.get("ridge", 1e-3)
    states = torch.randn(60, 3, 5, generator=generator).double() * 7 + 2
    signal = states[:, 1, 2] + torch.randn(60, generator=generator)
    scores = gates.probe(states, signal, **options)
    for t in range(3):
        a, b = states[:30, t].numpy(), signal[:30].numpy()
        mean, scale = a.mean(0), a.std(0)
        # Ridge as least squares with five rows more, and a column for the mean.
        rows = np.c_[(a - mean) / scale, np.ones(30)]
        more = np.c_[np.sqrt(30 * ridge) * np.eye(5), np.zeros(5)]
        w = np.linalg.lstsq(np.r_[rows, more], np.r_[b, np.zeros(5)])[0]
        said = np.c_[(states[30:, t].numpy() - mean) / scale, np.ones(30)] @ w
        truth = signal[30:].numpy()
        expected = 1 - np.mean((truth - said) ** 2) / truth.var()
        assert scores[t] == pytest.approx(expected)


def test_what_never_varies_is_left_out():
    """Not blown up by the rounding of its mean, as 0.1 seven times has."""
    states = torch.randn(14, 2, 3, generator=seeded(6)).double()
    signal = torch.randn(14, generator=seeded(7)).double()
    without = gates.probe(states[..., 1:], signal)
    states[:7, :, 0] = 0.1
    assert states[:7, 0, 0].numpy().std() > 0
    assert gates.probe(states, signal) == pytest.approx(without, rel=1e-9)
    states[:, 0, 0] = 0.1
    assert gates.correlations(states.float(), signal.float()).dtype == float
    for factor in (1e-14, 1.0, 1e6):  # whatever the unit of measure
        ours = gates.correlations(factor * states, signal)
        assert ours[0, 0] == 0
        for t, k in ((0, 1), (1, 0), (1, 2)):
            theirs = np.corrcoef(states[:, t, k], signal)[0, 1]
            assert ours[t, k] == pytest.approx(theirs)


# Interventions


MODELS = [
    network(1, "last", bias=False), network(2, "last"),
    network(3, "all", two_biases=True),
]  # fmt: skip


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("training", [True, False])
def test_without_clamps_it_is_the_model(model, training):
    logits, traces = plain(model, X)
    model.train(training)
    ours, our_traces = run_clamped(model, X), clamped([], model)
    assert model.training == training
    assert_same(ours, logits, 1e-12)
    assert_same(flat(our_traces), flat(traces), 1e-12)
    assert not ours.requires_grad


everywhere = pytest.mark.parametrize(
    ("steps", "units"),
    [(None, None), (range(4, 5), None), (None, [1, 3]), ([0, 5], [0, 2])],
)


def before(states):
    """The states before each step, zeros first."""
    return torch.cat([torch.zeros_like(states[:, :1]), states[:, :-1]], dim=1)


@everywhere
@pytest.mark.parametrize("name", PARTS)
def test_a_clamp_acts_where_it_says(name, steps, units):
    clamp = Clamp(0, name, -0.3, steps, units)
    trace, above = clamped([clamp])
    where = np.zeros((T, H), dtype=bool)
    where[np.ix_(steps or range(T), units or range(H))] = True
    assert (getattr(trace, name)[:, where] == -0.3).all()
    # Elsewhere each quantity follows from what it is computed from.
    cell = MODEL.recurrent.cells[0]
    z = X @ cell.weight_ih.T + before(trace.h) @ cell.weight_hh.T + cell.bias
    z_i, z_f, z_g, z_o = z.detach().chunk(4, dim=2)
    c = trace.f * before(trace.c) + trace.i * trace.g
    follows = GateTrace(
        z_i.sigmoid(), z_f.sigmoid(), z_g.tanh(), z_o.sigmoid(),
        c, trace.o * trace.c.tanh(),
    )  # fmt: skip
    for part, ours, expected in zip(PARTS, trace, follows, strict=True):
        free = ~where if part == name else where | True
        assert_same(ours[:, free], expected[:, free])
    # The layer above reads the new h.
    second = LSTM(H, H).double()
    second.cells[0].load_state_dict(MODEL.recurrent.cells[1].state_dict())
    with torch.no_grad():
        assert_same(second(trace.h)[0], above.h)


@everywhere
@pytest.mark.parametrize("layer", [0, 1])
def test_a_rerun_gives_what_a_run_gives(layer, steps, units):
    again = Rerun(MODEL, X)
    for part in PARTS:
        clamps = [Clamp(layer, part, -0.3, steps, units), Clamp(1, "c", 0, [4])]
        logits, layers = again.run(clamps)
        assert torch.equal(logits, run_clamped(MODEL, X, clamps))
        with torch.no_grad():
            _, wanted = unroll(MODEL, X, clamps)
        assert_same(flat(layers), flat(wanted), 0)
    assert torch.equal(again.run()[0], run_clamped(MODEL, X))


def test_a_later_clamp_wins_and_values_reach_along_axes():
    means = torch.rand(1, T, 1, generator=seeded()).double()
    (trace, _) = clamped([Clamp(0, "o", means)])
    assert (trace.o == means).all()
    single = network().float()  # means of another dtype become the model's
    logits = run_clamped(single, X.float(), [Clamp(0, "o", means)])
    assert logits.dtype == torch.float32
    clamps = [Clamp(1, "f", 0.2), Clamp(1, "f", 0.6, units=[0])]
    _, trace = clamped(clamps)
    assert (trace.f[..., 0] == 0.6).all()
    assert (trace.f[..., 1:] == 0.2).all()


# Flow


def test_gradients_of_a_clamped_network_against_nudges():
    clamps = [Clamp(0, "f", 0.5), Clamp(1, "h", 0.1, steps=[2], units=[0])]
    ours = gates.input_gradients(MODEL, X, clamps=clamps)
    for t, d in np.ndindex(T, D):
        nudge = torch.zeros_like(X)
        nudge[:, t, d] = 1e-5
        high, low = (run_clamped(MODEL, X + s * nudge, clamps) for s in (1, -1))
        slope = (high - low) @ torch.tensor([-1.0, 1.0]).double() / 2e-5
        torch.testing.assert_close(ours[:, t, d], slope, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize(
    "cut", [set(), {(0, "h")}, {(1, "c")}, {(0, "c"), (1, "h")}]
)
def test_input_gradients_are_autograd_s_and_pass_no_cut(cut):
    """Against the equations, with the states of earlier steps as constants."""
    model, x = MODEL.eval(), X.clone().requires_grad_()
    states = [[torch.zeros(N, H).double() for _ in "hc"] for _ in range(2)]
    for t in range(T):
        below = x[:, t]
        for layer, cell in enumerate(model.recurrent.cells):
            h, c = (
                v.detach() if (layer, name) in cut else v
                for name, v in zip("hc", states[layer], strict=True)
            )
            states[layer] = cell(below, (h, c))
            below = states[layer][0]
    logits = model.head(torch.cat([h for h, _ in states], dim=1))
    wanted = torch.autograd.grad((logits[:, 1] - logits[:, 0]).sum(), x)
    assert_same([gates.input_gradients(model, X, cut)], wanted)
    assert not X.requires_grad
    assert all(p.grad is None for p in model.parameters())
    ours, _ = unroll(model, X, cut=cut)  # the forward pass is left alone
    assert_same(ours, model(X))


@pytest.mark.parametrize("off", [torch.no_grad, torch.inference_mode])
def test_gradients_where_they_are_off(off):
    def look(model, x):
        (first, *_), _ = model.recurrent.trace(x)
        clamps = [Clamp(0, "c", first, steps=[2])]
        return [
            gates.input_gradients(model, x, clamps=clamps),
            torch.tensor(gates.cell_jacobians(model, x, 1)[1]),
        ]

    expected = look(MODEL, X)
    frozen = network().requires_grad_(requires_grad=False)
    with off():
        ours = look(frozen, X.clone())
    for a, b in zip(ours, expected, strict=True):
        assert torch.equal(a, b)


@pytest.mark.parametrize("layer", [0, 1])
def test_jacobians_are_autograd_s(layer):
    direct, total = gates.cell_jacobians(MODEL, X, layer)
    _, layers = unroll(MODEL, X)
    steps = layers[layer]
    forget = torch.stack([step.f for step in steps], dim=1)
    torch.testing.assert_close(
        torch.tensor(direct).diagonal(dim1=2, dim2=3),
        gates.carousel(forget).detach(),
    )
    assert np.count_nonzero(direct) == N * T * H
    for a in range(H):
        rows = torch.autograd.grad(
            steps[-1].c[:, a].sum(), [s.c for s in steps], retain_graph=True
        )
        expected = torch.stack(rows, dim=1)  # (N, T, H)
        np.testing.assert_allclose(total[:, :, a], expected, atol=1e-10)
