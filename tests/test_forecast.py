"""The forecaster, with the truth and without, and its ways of being trained."""

from functools import partial

import pytest
import torch

from oracles import seeded
from unrolled.cells import GRUCell
from unrolled.lstm import LSTM
from unrolled.models import Forecaster
from unrolled.recurrent import Recurrent
from unrolled_lab import OwnForecasts, ScheduledSampling

N, T, D, H = 4, 9, 2, 5
X = torch.randn(N, T, D, generator=seeded(), dtype=torch.float64)
LAYERS = {
    "LSTM": partial(LSTM, D, H, 2),
    "GRU": partial(Recurrent, GRUCell, D, H, 2),
}
each_layer = pytest.mark.parametrize("make", LAYERS.values(), ids=LAYERS)


def forecaster(make=LAYERS["LSTM"]):
    generator = seeded()
    layer = make(generator=generator).double()
    return Forecaster(layer, generator=generator)


def again_from_the_start(model, x):
    """The forecast after x, all of it read anew."""
    out, _ = model.recurrent(x)
    return (out[:, -1:] @ model.head.weight.T) + model.head.bias  # (N, 1, D)


@each_layer
def test_each_forecast_knows_the_truth_so_far_and_no_more(make):
    model = forecaster(make)
    said = model(X)
    for t in range(T):
        want = again_from_the_start(model, X[:, : t + 1])
        assert torch.allclose(said[:, t : t + 1], want, atol=1e-12)


@each_layer
def test_running_free_is_reading_one_s_own_forecasts(make):
    model, read = forecaster(make), X
    for _ in range(6):
        read = torch.cat([read, again_from_the_start(model, read)], dim=1)
    assert torch.allclose(model.free_run(X, 6), read[:, T:], atol=1e-12)


@each_layer
def test_what_is_read_in_a_mixture(make):
    model = forecaster(make)
    own = torch.rand(N, T, generator=seeded()) < 0.5
    said, read = model.mixed(X, own), X[:, :1]
    for t in range(T):
        want = again_from_the_start(model, read)
        assert torch.allclose(said[:, t : t + 1], want, atol=1e-12)
        if t + 1 < T:
            chosen = torch.where(
                own[:, t + 1, None, None], want, X[:, t + 1 : t + 2]
            )
            read = torch.cat([read, chosen], dim=1)


def test_gradients_flow_through_a_free_run_but_not_through_a_mixture():
    """By how much the last forecast moves with the first value."""
    model, x = forecaster(), X.clone().requires_grad_()
    model.free_run(x[:, :1], T)[:, -1].sum().backward()
    through, x.grad = x.grad[:, 0].clone(), None
    assert through.abs().min() > 0
    step = torch.zeros_like(X)
    step[:, 0] = 1e-6
    with torch.no_grad():
        ends = [model.free_run((X + s)[:, :1], T)[:, -1] for s in (step, -step)]
    want = (ends[0] - ends[1]).sum(1) / 2e-6
    assert torch.allclose(through.sum(1), want, rtol=1e-4)
    own = torch.ones(N, T, dtype=torch.bool)
    own[:, 1] = False
    said = model.mixed(x, own)
    [by_weight] = torch.autograd.grad(said[:, -1].sum(), model.head.weight)
    with torch.no_grad():
        reads = torch.cat([X[:, :2], said[:, 1:-1]], dim=1)
    [want] = torch.autograd.grad(model(reads)[:, -1].sum(), model.head.weight)
    assert torch.allclose(by_weight, want)


def test_scheduled_sampling_counts_its_updates():
    regime = ScheduledSampling(forecaster(), updates=4, most=0.8)
    seen = []
    for _ in range(6):
        seen.append(regime.probability)
        regime(X)
    assert seen == pytest.approx([0, 0.2, 0.4, 0.6, 0.8, 0.8])
    regime.eval()
    assert torch.equal(regime(X), regime.model(X))
    assert regime.done == 6
    other = ScheduledSampling(forecaster(), updates=4, most=0.8)
    other.load_state_dict(regime.state_dict())
    assert other.probability == 0.8


def test_scheduled_sampling_draws_for_each_value(monkeypatch):
    model, drawn = forecaster(), []
    monkeypatch.setattr(
        model, "mixed", lambda x, own: drawn.append(own) or model(x)
    )
    regime = ScheduledSampling(model, updates=1)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        regime(X), regime(X.repeat(200, 1, 1))
    none, own = (each.double() for each in drawn)
    assert none.mean() == 0
    assert own.mean().item() == pytest.approx(0.5, abs=0.02)
    for t, s in ((1, 2), (0, 5)):  # a pair of steps agrees by chance only
        agree = (own[:, t] == own[:, s]).double().mean().item()
        assert agree == pytest.approx(0.5, abs=0.1)


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (X[..., :1], r"expected shape .N, T, 2.*got \(4, 9, 1\)"),
        (X.float(), "expected .*float64"),
    ],
)
def test_a_refused_series_is_no_update(x, message):
    regime, before = ScheduledSampling(forecaster(), 4), torch.get_rng_state()
    for model in (regime, OwnForecasts(forecaster(), 3)):
        with pytest.raises(ValueError, match=f"x: {message}"):
            model(x)
    assert regime.done == 0
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("warm_up", [1, 4, T - 1])
def test_own_forecasts_are_those_of_a_free_run(warm_up):
    model = forecaster()
    said = OwnForecasts(model, warm_up)(X)
    assert said.shape == X.shape
    assert torch.allclose(said[:, :warm_up], model(X[:, :warm_up]))
    alone = model.free_run(X[:, :warm_up], T - warm_up + 1)
    assert torch.allclose(said[:, warm_up - 1 :], alone)
    both = [
        torch.autograd.grad(values.sum(), [*model.parameters()])
        for values in (said[:, -1], alone[:, -1])
    ]
    assert all(torch.allclose(*pair) for pair in zip(*both, strict=True))
