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


@each_layer
@pytest.mark.parametrize("share", [0, 0.5, 1])
def test_each_forecast_knows_what_was_read_so_far_and_no_more(make, share):
    """The truth, a mixture, its own forecasts alone: all is read anew."""
    model, read = forecaster(make), X[:, :1]
    own = torch.rand(N, T + 1, generator=seeded()) < share
    wants = []
    for t in range(T):
        out, _ = model.recurrent(read)
        want = model.head(out[:, -1:])  # (N, 1, D)
        wants.append(want)
        if t + 1 < T:
            is_own = own[:, t + 1, None, None]
            following = torch.where(is_own, want, X[:, t + 1 : t + 2])
            read = torch.cat([read, following], dim=1)
    want = torch.cat(wants, dim=1)
    assert torch.allclose(model.mixed(X, own[:, :T]), want, atol=1e-12)
    if share == 0:
        assert torch.allclose(model(X), want, atol=1e-12)
    if share == 1:
        alone = model.free_run(X[:, :1], T)
        assert torch.allclose(alone, want, atol=1e-12)
        assert torch.allclose(model.free_run(read[:, :4], T - 3), want[:, 3:])


def test_gradients_flow_through_a_free_run_but_not_through_a_mixture():
    """By how much the last forecast moves with the first value."""
    model, x = forecaster(), X[:, :1].clone().requires_grad_()

    def run(x):
        return model.free_run(x, T)[:, -1]

    assert torch.autograd.gradcheck(run, x, fast_mode=True)
    assert torch.autograd.grad(run(x).sum(), x)[0].abs().min() > 0
    own = torch.ones(N, T, dtype=torch.bool)
    own[:, 1] = False
    said = model.mixed(X, own)
    reads = torch.cat([X[:, :2], said[:, 1:-1].detach()], dim=1)
    by_weight, want = (
        torch.autograd.grad(each[:, -1].sum(), model.head.weight)[0]
        for each in (said, model(reads))
    )
    assert torch.allclose(by_weight, want)


def test_scheduled_sampling_counts_its_updates():
    regime = ScheduledSampling(forecaster(), updates=4, most=0.8)
    for _ in range(6):  # how the probability grows shows its docstring
        regime(X)
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


def test_a_refused_series_is_no_update():
    regime, before = ScheduledSampling(forecaster(), 4), torch.get_rng_state()
    with pytest.raises(ValueError, match=r"x: expected .*float64"):
        regime(X.float())
    assert regime.done == 0
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("warm_up", [1, 4, T - 1])
def test_own_forecasts_are_those_of_a_free_run(warm_up):
    model = forecaster()
    said = OwnForecasts(model, warm_up)(X)
    assert torch.allclose(said[:, :warm_up], model(X[:, :warm_up]))
    alone = model.free_run(X[:, :warm_up], T - warm_up + 1)
    assert torch.allclose(said[:, warm_up - 1 :], alone)
    both = [
        torch.autograd.grad(values.sum(), [*model.parameters()])
        for values in (said[:, -1], alone[:, -1])
    ]
    assert all(torch.allclose(*pair) for pair in zip(*both, strict=True))
