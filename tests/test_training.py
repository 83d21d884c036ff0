"""The readout, losses, optimisers and whole training runs, as PyTorch's."""

import numpy as np
import pytest
import torch
from torch.nn.functional import mse_loss

from oracles import (
    same,
    tensor,
    torch_grads,
    torch_layer,
)
from unrolled import by_hand
from unrolled.by_hand import training
from unrolled.by_hand.training import squared_error

SIZES = [(1, 1, 1, 1, 1), (3, 4, 2, 5, 1), (6, 5, 3, 4, 2)]  # N, T, D, H, F
LOSSES = {
    "mean": mse_loss,
    "sum": lambda p, y: mse_loss(p, y, reduction="none").sum(dim=1).mean(),
    "last": lambda p, y: mse_loss(p[:, -1], y[:, -1]),
}


def random_model(sizes):
    """Inputs, targets and a model, all random and varying in time."""
    N, T, D, H, F = sizes
    rng = np.random.default_rng(sizes)
    lstm = by_hand.lstm.init_params(D, H, rng)
    lstm["bias"] += rng.normal(size=4 * H)
    readout = {"weight": rng.normal(size=(F, H)), "bias": rng.normal(size=F)}
    return rng.normal(size=(N, T, D)), rng.normal(size=(N, T, F)), lstm, readout


def gradients(x, y, lstm, readout, steps="mean"):
    """One pass forward and back, as the chapter makes it."""
    hs, caches = by_hand.lstm.forward(x, lstm)
    answers = training.readout_forward(hs, readout)
    loss, errors = squared_error(answers, y, steps)
    dhs, d_readout = training.readout_backward(errors, hs, readout)
    dx, d_lstm = by_hand.lstm.bptt(dhs, caches, lstm)
    return loss, dx, d_lstm, d_readout


def torch_model(lstm, readout):
    """PyTorch's own layers with our parameters."""
    F, H = readout["weight"].shape
    linear = torch.nn.Linear(H, F).double()
    linear.load_state_dict({n: tensor(value) for n, value in readout.items()})
    return torch_layer(lstm), linear


@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize("steps", LOSSES)
def test_a_model_with_its_loss_equals_torch(sizes, steps):
    x, y, lstm, readout = random_model(sizes)
    loss, dx, d_lstm, d_readout = gradients(x, y, lstm, readout, steps)
    layer, linear = torch_model(lstm, readout)
    torch_x = tensor(x, requires_grad=True)
    torch_loss = LOSSES[steps](linear(layer(torch_x)[0]), tensor(y))
    torch_loss.backward()
    assert isinstance(loss, float)
    assert loss == pytest.approx(torch_loss.item(), abs=1e-12)
    same(dx, torch_x.grad)
    same(d_lstm, torch_grads(layer))
    same(d_readout, {n: p.grad for n, p in linear.named_parameters()})
    if steps == "mean":  # by default
        default = squared_error(y, 0 * y)
        same(default[1], squared_error(y, 0 * y, steps)[1], atol=0)


# Optimisers


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("SGD", {"lr": 0.1}),
        ("SGD", {"lr": 0.0}),
        ("Adam", {}),
        ("Adam", {"lr": 0.03, "betas": (0.5, 0.8), "eps": 1e-3}),
        ("Adam", {"betas": (0.0, 0.0)}),
    ],
    ids=str,
)
def test_optimiser_equals_torch_over_20_updates(kind, options):
    rng = np.random.default_rng(3)
    shapes = {"weight_ih": (8, 3), "weight_hh": (8, 2), "bias": (8,), "s": ()}
    params = {n: rng.normal(size=shape) for n, shape in shapes.items()}
    tensors = {n: tensor(p, requires_grad=True) for n, p in params.items()}
    ours = getattr(training, kind)(**options)
    theirs = getattr(torch.optim, kind)(tensors.values(), **options)
    for update in range(20):
        # From large down to so small that Adam's epsilon counts.
        scale = 10.0 ** (3 - update % 12)
        grads = {n: scale * rng.normal(size=s) for n, s in shapes.items()}
        params = ours.step(params, grads)
        for n, t in tensors.items():
            t.grad = tensor(grads[n])
        theirs.step()
        same(params, {n: t.detach() for n, t in tensors.items()})


@pytest.mark.parametrize("name", ["SGD", "Adam"])
def test_ten_updates_equal_torch(name):
    x, y, lstm, readout = random_model(SIZES[2])
    layer, linear = torch_model(lstm, readout)
    layer.bias_hh_l0.requires_grad_(False)  # we have one bias
    weights = [*layer.parameters(), *linear.parameters()]
    theirs = getattr(torch.optim, name)(weights, lr=0.05)
    first, second = (getattr(training, name)(0.05) for _ in range(2))
    for _ in range(10):
        loss, _, d_lstm, d_readout = gradients(x, y, lstm, readout)
        lstm = first.step(lstm, d_lstm)
        readout = second.step(readout, d_readout)
        theirs.zero_grad()
        torch_loss = mse_loss(linear(layer(tensor(x))[0]), tensor(y))
        torch_loss.backward()
        theirs.step()
        assert loss == pytest.approx(torch_loss.item(), abs=1e-10)
    same(lstm["weight_hh"], layer.weight_hh_l0.detach(), atol=1e-9)
