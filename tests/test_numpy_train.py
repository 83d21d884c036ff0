"""Losses and optimisers against PyTorch's."""

import numpy as np
import pytest
import torch
from torch.nn.functional import mse_loss

from oracles import central_difference, tensor
from unrolled.by_hand.training import SGD, Adam, squared_error

SHAPES = [(1, 1, 1), (1, 9, 1), (3, 4, 2), (2, 5, 7)]

TORCH_LOSSES = {
    "mean": mse_loss,
    "sum": lambda p, y: mse_loss(p, y, reduction="none").sum(dim=1).mean(),
    "last": lambda p, y: mse_loss(p[:, -1], y[:, -1]),
}


def random_pair(shape):
    rng = np.random.default_rng(len(shape) + sum(shape))
    return rng.normal(size=shape), rng.normal(size=shape)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("steps", TORCH_LOSSES)
def test_squared_error_equals_torch(shape, steps):
    prediction, target = random_pair(shape)
    loss, slope = squared_error(prediction, target, steps)
    torch_prediction = tensor(prediction, requires_grad=True)
    torch_loss = TORCH_LOSSES[steps](torch_prediction, tensor(target))
    torch_loss.backward()
    assert isinstance(loss, float)
    assert loss == pytest.approx(torch_loss.item(), abs=1e-12)
    assert slope.shape == shape
    np.testing.assert_allclose(slope, torch_prediction.grad, rtol=0, atol=1e-12)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("steps", TORCH_LOSSES)
def test_squared_error_slope_equals_differences(shape, steps):
    prediction, target = random_pair(shape)
    _, slope = squared_error(prediction, target, steps)
    numeric = central_difference(
        lambda: squared_error(prediction, target, steps)[0], prediction
    )
    np.testing.assert_allclose(slope, numeric, rtol=0, atol=1e-9)


def test_squared_error_is_the_mean_unless_told():
    prediction, target = random_pair((3, 4, 2))
    loss, slope = squared_error(prediction, target)
    mean_loss, mean_slope = squared_error(prediction, target, "mean")
    assert loss == mean_loss
    np.testing.assert_array_equal(slope, mean_slope)


def test_squared_error_changes_nothing_given():
    prediction, target = random_pair((3, 4, 2))
    copies = prediction.copy(), target.copy()
    for steps in TORCH_LOSSES:
        squared_error(prediction, target, steps)
    np.testing.assert_array_equal(prediction, copies[0])
    np.testing.assert_array_equal(target, copies[1])


OPTIMISERS = {
    "SGD": (lambda: SGD(0.1), torch.optim.SGD, {"lr": 0.1}),
    "SGD, lr 0": (lambda: SGD(0.0), torch.optim.SGD, {"lr": 0.0}),
    "Adam": (Adam, torch.optim.Adam, {}),
    "Adam, told": (
        lambda: Adam(lr=0.03, betas=(0.5, 0.8), eps=1e-3),
        torch.optim.Adam,
        {"lr": 0.03, "betas": (0.5, 0.8), "eps": 1e-3},
    ),
    "Adam, no averages": (
        lambda: Adam(betas=(0.0, 0.0)),
        torch.optim.Adam,
        {"betas": (0.0, 0.0)},
    ),
}


@pytest.mark.parametrize("name", OPTIMISERS)
def test_optimiser_equals_torch_over_20_updates(name):
    make_ours, make_theirs, options = OPTIMISERS[name]
    rng = np.random.default_rng(3)
    shapes = {"weight_ih": (8, 3), "weight_hh": (8, 2), "bias": (8,), "s": ()}
    params = {n: rng.normal(size=shape) for n, shape in shapes.items()}
    tensors = {n: tensor(p, requires_grad=True) for n, p in params.items()}
    ours = make_ours()
    theirs = make_theirs(tensors.values(), **options)
    for update in range(20):
        # From large down to so small that Adam's epsilon counts.
        scale = 10.0 ** (3 - update % 12)
        grads = {n: scale * rng.normal(size=s) for n, s in shapes.items()}
        params = ours.step(params, grads)
        for n, t in tensors.items():
            t.grad = tensor(grads[n])
        theirs.step()
        for n, t in tensors.items():
            np.testing.assert_allclose(
                params[n], t.detach(), rtol=0, atol=1e-12, err_msg=n
            )


@pytest.mark.parametrize("make", [lambda: SGD(0.1), Adam], ids=["SGD", "Adam"])
def test_optimiser_changes_nothing_given(make):
    rng = np.random.default_rng(0)
    params, grads = {"w": rng.normal(size=3)}, {"w": rng.normal(size=3)}
    copies = params["w"].copy(), grads["w"].copy()
    optimiser = make()
    for _ in range(3):
        new = optimiser.step(params, grads)
        assert (new["w"] != params["w"]).all()
    np.testing.assert_array_equal(params["w"], copies[0])
    np.testing.assert_array_equal(grads["w"], copies[1])


def test_each_adam_keeps_its_own_averages():
    params, grads = {"w": np.ones(2)}, {"w": np.array([1.0, -2.0])}
    used, fresh = Adam(), Adam()
    used.step(params, {"w": np.array([5.0, 5.0])})
    assert (
        used.step(params, grads)["w"] != fresh.step(params, grads)["w"]
    ).all()
