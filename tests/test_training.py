"""The readout, the losses and the optimisers, as PyTorch has them."""

import numpy as np
import pytest
import torch
from torch.nn.functional import mse_loss

from oracles import assert_same, tensor
from unrolled.by_hand import training
from unrolled.by_hand.training import squared_error

LOSSES = {
    "mean": mse_loss,
    "sum": lambda p, y: mse_loss(p, y, reduction="none").sum(dim=1).mean(),
    "last": lambda p, y: mse_loss(p[:, -1], y[:, -1]),
}


@pytest.mark.parametrize("sizes", [(1, 1, 1, 1), (6, 5, 4, 2)])
@pytest.mark.parametrize("steps", LOSSES)
def test_the_readout_with_its_loss_equals_torch(sizes, steps):
    N, T, H, F = sizes
    rng = np.random.default_rng(sizes)
    hs, y = rng.normal(size=(N, T, H)), rng.normal(size=(N, T, F))
    readout = {"weight": rng.normal(size=(F, H)), "bias": rng.normal(size=F)}
    answers = training.readout_forward(hs, readout)
    loss, errors = squared_error(answers, y, steps)
    dhs, d_readout = training.readout_backward(errors, hs, readout)
    linear, torch_hs = torch.nn.Linear(H, F).double(), tensor(hs, True)
    linear.load_state_dict({n: tensor(value) for n, value in readout.items()})
    torch_loss = LOSSES[steps](linear(torch_hs), tensor(y))
    torch_loss.backward()
    assert isinstance(loss, float)
    assert loss == pytest.approx(torch_loss.item(), abs=1e-12)
    assert_same(dhs, torch_hs.grad)
    assert_same(d_readout, {n: p.grad for n, p in linear.named_parameters()})
    if steps == "mean":  # by default
        assert_same(squared_error(answers, y)[1], errors, 0)


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
    make = getattr(training, kind)
    ours, other = make(**options), make(**options)  # averages of its own
    theirs = getattr(torch.optim, kind)(tensors.values(), **options)
    for update in range(20):
        # From large down to so small that Adam's epsilon counts.
        scale = 10.0 ** (3 - update % 12)
        grads = {n: scale * rng.normal(size=s) for n, s in shapes.items()}
        other.step(params, {n: -grad for n, grad in grads.items()})
        params = ours.step(params, grads)
        for n, t in tensors.items():
            t.grad = tensor(grads[n])
        theirs.step()
        assert_same(params, {n: t.detach() for n, t in tensors.items()})
