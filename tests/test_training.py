"""Windows, batches, the readout, and whole training runs, against PyTorch."""

import numpy as np
import pytest
import torch
from torch.nn.functional import mse_loss

from oracles import central_difference, tensor, torch_grads, torch_lstm
from unrolled import by_hand, data
from unrolled.by_hand.training import readout_backward, readout_forward

SIZES = [(1, 1, 1, 1, 1), (3, 4, 2, 5, 1), (6, 5, 3, 4, 2)]  # N, T, D, H, F


def random_model(sizes, seed=0):
    """Inputs, targets and a model, all random and varying in time."""
    N, T, D, H, F = sizes
    rng = np.random.default_rng([seed, *sizes])
    lstm = by_hand.lstm.init_params(D, H, rng)
    lstm["bias"] += rng.normal(size=4 * H)
    readout = {"weight": rng.normal(size=(F, H)), "bias": rng.normal(size=F)}
    return rng.normal(size=(N, T, D)), rng.normal(size=(N, T, F)), lstm, readout


def gradients(x, y, lstm, readout, steps="mean"):
    """One pass forward and back, as the chapter makes it."""
    hs, caches = by_hand.lstm.forward(x, lstm)
    answers = readout_forward(hs, readout)
    loss, errors = by_hand.training.squared_error(answers, y, steps)
    dhs, d_readout = readout_backward(errors, hs, readout)
    dx, d_lstm = by_hand.lstm.bptt(dhs, caches, lstm)
    return loss, dx, d_lstm, d_readout


def torch_model(lstm, readout):
    """PyTorch's own layers with our parameters."""
    F, H = readout["weight"].shape
    linear = torch.nn.Linear(H, F).double()
    with torch.no_grad():
        linear.weight.copy_(tensor(readout["weight"]))
        linear.bias.copy_(tensor(readout["bias"]))
    return torch_lstm(lstm), linear


def assert_same(ours, theirs, atol=1e-12):
    assert ours.keys() == theirs.keys()
    for name, value in ours.items():
        np.testing.assert_allclose(
            value, theirs[name], rtol=0, atol=atol, err_msg=name
        )


# The readout


@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize("steps", ["mean", "last"])
def test_model_with_readout_equals_torch(sizes, steps):
    x, y, lstm, readout = random_model(sizes)
    loss, dx, d_lstm, d_readout = gradients(x, y, lstm, readout, steps)
    layer, linear = torch_model(lstm, readout)
    torch_x = tensor(x, requires_grad=True)
    said, wanted = linear(layer(torch_x)[0]), tensor(y)
    if steps == "last":
        said, wanted = said[:, -1], wanted[:, -1]
    torch_loss = mse_loss(said, wanted)
    torch_loss.backward()
    assert loss == pytest.approx(torch_loss.item(), abs=1e-12)
    np.testing.assert_allclose(dx, torch_x.grad, rtol=0, atol=1e-12)
    assert_same(d_lstm, torch_grads(layer))
    assert_same(
        d_readout,
        {"weight": linear.weight.grad.numpy(), "bias": linear.bias.grad},
    )


@pytest.mark.parametrize("sizes", SIZES)
def test_readout_equals_differences(sizes):
    rng = np.random.default_rng(1)
    N, T, _, H, F = sizes
    *_, readout = random_model(sizes)
    hs, mix = rng.normal(size=(N, T, H)), rng.normal(size=(N, T, F))

    def loss():
        return (mix * readout_forward(hs, readout) ** 2).sum()

    errors = 2 * mix * readout_forward(hs, readout)
    dhs, grads = readout_backward(errors, hs, readout)
    numeric = {n: central_difference(loss, p) for n, p in readout.items()}
    assert_same(grads, numeric, atol=1e-7)
    np.testing.assert_allclose(dhs, central_difference(loss, hs), atol=1e-7)


def test_a_readout_of_one_and_zero_changes_nothing():
    x, y, weights = data.anchor()
    readout = {"weight": np.ones((1, 1)), "bias": np.zeros(1)}
    hs, caches = by_hand.lstm.forward(x, weights)
    loss, errors = by_hand.training.squared_error(hs, y)
    _, grads = by_hand.lstm.bptt(errors, caches, weights)
    with_readout = gradients(x, y, weights, readout)
    assert with_readout[0] == loss
    assert_same(with_readout[2], grads, atol=0)


def test_readout_changes_nothing_given():
    x, y, lstm, readout = random_model(SIZES[1])
    hs, _ = by_hand.lstm.forward(x, lstm)
    given = (hs, y, readout["weight"], readout["bias"])
    copies = [array.copy() for array in given]
    dhs, grads = readout_backward(y, hs, readout)
    readout_forward(hs, readout)[:] = dhs[:] = 0
    grads["weight"][:] = grads["bias"][:] = 0
    for array, copy in zip(given, copies, strict=True):
        np.testing.assert_array_equal(array, copy)


@pytest.mark.parametrize("name", ["SGD", "Adam"])
def test_ten_updates_equal_torch(name):
    x, y, lstm, readout = random_model(SIZES[2])
    layer, linear = torch_model(lstm, readout)
    layer.bias_hh_l0.requires_grad_(False)  # we have one bias
    theirs = getattr(torch.optim, name)(
        [p for part in (layer, linear) for p in part.parameters()], lr=0.05
    )
    ours = [getattr(by_hand.training, name)(0.05) for _ in range(2)]
    for _ in range(10):
        loss, _, *grads = gradients(x, y, lstm, readout)
        lstm, readout = (
            optimiser.step(part, g)
            for optimiser, part, g in zip(
                ours, (lstm, readout), grads, strict=True
            )
        )
        theirs.zero_grad()
        torch_loss = mse_loss(linear(layer(tensor(x))[0]), tensor(y))
        torch_loss.backward()
        theirs.step()
        assert loss == pytest.approx(torch_loss.item(), abs=1e-10)
    np.testing.assert_allclose(
        lstm["weight_hh"], layer.weight_hh_l0.detach(), rtol=0, atol=1e-9
    )
    np.testing.assert_allclose(
        readout["weight"], linear.weight.detach(), rtol=0, atol=1e-9
    )


# Averaging


def average(parts, counts=None):
    """Mean of gradients by name, each counted as told."""
    return {
        name: np.average([part[name] for part in parts], 0, weights=counts)
        for name in parts[0]
    }


@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize("steps", ["mean", "sum", "last"])
def test_averaged_gradients_are_the_gradient_of_the_mean_loss(sizes, steps):
    x, y, *model = random_model(sizes)
    loss, _, *at_once = gradients(x, y, *model, steps)
    each = [
        gradients(x[n : n + 1], y[n : n + 1], *model, steps)
        for n in range(len(x))
    ]
    assert loss == pytest.approx(np.mean([g[0] for g in each]), abs=1e-12)
    for k, together in enumerate(at_once, start=2):
        assert_same(average([g[k] for g in each]), together)


def test_averaging_on_the_windows_of_the_anchor():
    x, y = data.windows(
        data.Normalization.of(data.PRICES).apply(data.PRICES), 4
    )
    weights = data.source_a_weights()
    readout = {"weight": np.ones((1, 1)), "bias": np.zeros(1)}
    together = gradients(x, y, weights, readout)[2]
    each = [
        gradients(x[n : n + 1], y[n : n + 1], weights, readout)[2]
        for n in range(6)
    ]
    assert_same(average(each), together)


def test_unequal_batches_have_to_be_weighted():
    x, y, *model = random_model(SIZES[2])
    together = gradients(x, y, *model)[2]
    parts = [gradients(x[b], y[b], *model)[2] for b in (slice(4), slice(4, 6))]
    assert_same(average(parts, [4, 2]), together)
    plain = average(parts)
    assert np.abs(plain["bias"] - together["bias"]).max() > 1e-3


# Windows and batches


@pytest.mark.parametrize(("length", "steps"), [(10, 4), (10, 9), (2, 1)])
def test_windows_are_all_the_pieces_in_order(length, steps):
    series = np.random.default_rng(length).normal(size=length)
    x, y = data.windows(series, steps)
    assert x.shape == y.shape == (length - steps, steps, 1)
    for n in range(length - steps):
        assert x[n, :, 0].tolist() == series[n : n + steps].tolist()
        assert y[n, :, 0].tolist() == series[n + 1 : n + steps + 1].tolist()


def test_the_longest_window_is_the_series():
    series = np.random.default_rng(0).normal(size=7)
    for ours, pairs in zip(
        data.windows(series, 6), data.next_step_pairs(series), strict=True
    ):
        np.testing.assert_array_equal(ours, pairs)


def test_windows_share_no_memory():
    series = np.arange(5.0)
    x, y = data.windows(series, 2)
    x[0] = y[0] = -1
    assert series.tolist() == [0, 1, 2, 3, 4]
    assert x[1:, :, 0].tolist() == [[1, 2], [2, 3]]


@pytest.mark.parametrize(
    ("count", "size", "lengths"),
    [(6, 2, [2, 2, 2]), (6, 4, [4, 2]), (3, 5, [3]), (1, 1, [1])],
)
def test_minibatches_deal_each_number_once(count, size, lengths):
    rng = np.random.default_rng(0)
    batches = [*data.minibatches(count, size, rng)]
    assert [len(batch) for batch in batches] == lengths
    assert sorted(np.concatenate(batches).tolist()) == [*range(count)]


def test_minibatches_are_shuffled_anew_and_by_the_generator():
    def epochs(seed):
        rng = np.random.default_rng(seed)
        return [np.concatenate([*data.minibatches(9, 2, rng)]).tolist()
                for _ in range(2)]  # fmt: skip

    first, second = epochs(0)
    assert first != second
    assert epochs(0) == [first, second]
    assert epochs(1) != [first, second]


# What the chapter says of the loop


def test_three_epochs_fall():
    x, y, weights = data.anchor()
    readout = {"weight": np.ones((1, 1)), "bias": np.zeros(1)}
    mses = []
    for _ in range(3):
        mse, _, grads, _ = gradients(x, y, weights, readout)
        mses.append(round(mse, 4))
        weights = by_hand.training.SGD(0.01).step(weights, grads)
    assert mses == [0.8451, 0.8423, 0.8396]


def test_no_answer_of_h_gets_below_the_floor():
    x, y, _ = data.anchor()
    floor = (np.maximum(np.abs(y) - 1, 0) ** 2).mean()
    assert round(floor, 4) == 0.0422
    rng = np.random.default_rng(0)
    for _ in range(200):
        weights = {
            "weight_ih": rng.normal(0, 20, (4, 1)),
            "weight_hh": rng.normal(0, 20, (4, 1)),
            "bias": rng.normal(0, 20, 4),
        }
        hs, _ = by_hand.lstm.forward(x, weights)
        assert np.abs(hs).max() <= 1
        assert by_hand.training.squared_error(hs, y)[0] >= floor
