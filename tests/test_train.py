"""Training against a loop written by hand, and its bookkeeping."""

import functools
import math

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy, mse_loss
from torch.utils.data import TensorDataset

import small_models as small
from small_models import (
    Tagger,
    config,
    made,
    mlp,
    points,
    same_weights,
    sequences,
    without_seconds,
)
from unrolled.tasks import IGNORE
from unrolled.train import Epoch, History, TrainConfig, evaluate, fit
from unrolled_lab.resume import load_state, state_of

pytestmark = pytest.mark.usefixtures("one_thread")

KINDS = {
    "classes": (mlp, points, "cross_entropy"),
    "tags": (Tagger, sequences, "cross_entropy"),
    "numbers": (mlp, small.numbers, "squared_error"),
}
each_kind = pytest.mark.parametrize(
    ("make", "data", "loss"), KINDS.values(), ids=KINDS
)


def nearly(value):
    """The same but for the order in which float64 numbers are added."""
    return pytest.approx(value, rel=1e-12)


def by_hand(model, dataset, config):
    """What `fit` does, as anybody would write it with PyTorch."""
    lr, decay = config.lr, config.weight_decay
    make = torch.optim.AdamW if decay else torch.optim.Adam
    optimizer = make(model.parameters(), lr=lr, weight_decay=decay)
    x, target = dataset.tensors
    rows, model = [], model.train()
    with torch.random.fork_rng():
        torch.manual_seed(config.seed)
        for epoch in range(config.epochs):
            losses, counts, norms = [], [], []
            if config.step_size and epoch and epoch % config.step_size == 0:
                lr *= config.gamma
            optimizer.param_groups[0]["lr"] = lr
            for index in torch.randperm(len(x)).split(config.batch_size):
                output, y = model(x[index]), target[index]
                if config.loss == "squared_error":
                    loss = mse_loss(output, y)
                    counts.append(y.numel())
                else:
                    loss = cross_entropy(output.reshape(-1, 4), y.reshape(-1))
                    counts.append((y != IGNORE).sum().item())
                optimizer.zero_grad()
                loss.backward()
                grads = [p.grad.flatten() for p in model.parameters()]
                norms.append(torch.cat(grads).norm().item())
                if config.max_norm is not None:
                    nn.utils.clip_grad_norm_(
                        model.parameters(), config.max_norm
                    )
                optimizer.step()
                losses.append(loss.item())
            rows.append((np.average(losses, weights=counts), lr, norms))
    return rows


def brute_force(model, dataset, loss):
    """Mean loss and accuracy, position by position, in NumPy."""
    *inputs, target = dataset.tensors
    was_training = model.training
    with torch.no_grad():
        output = model.eval()(*inputs).numpy()
    model.train(was_training)
    if loss == "squared_error":
        return np.mean((output - target.numpy()) ** 2), None
    losses, right = [], []
    for index in np.ndindex(*target.shape):
        label = int(target[index])
        if label != -100:
            scores = np.exp(output[index])
            losses.append(-np.log(scores[label] / scores.sum()))
            right.append(scores.argmax() == label)
    return np.mean(losses), np.mean(right)


# The loop


@each_kind
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"seed": 7},
        {"batch_size": 22},
        {"weight_decay": 0.5},
        {"step_size": 2, "gamma": 0.3},
        {"max_norm": 0.1},
        {
            "step_size": 1,
            "gamma": 0.7,
            "max_norm": 0.3,
            "weight_decay": 0.1,
            "seed": 2**64 - 1,
        },
    ],
    ids=lambda changes: " ".join(changes) or "plain",
)
def test_fit_equals_a_loop_by_hand_to_the_bit(make, data, loss, changes):
    settings = config(loss=loss, **changes)
    ours, theirs, plain = made(make), made(make), made(make)
    rows = by_hand(theirs, data(), settings)
    history = fit(ours, data(), data(9, seed=2), settings)
    assert same_weights(ours, theirs)
    has_accuracy = history.epochs[0].train_accuracy is not None
    assert has_accuracy == (loss == "cross_entropy")
    for epoch, (value, lr, norms) in zip(history.epochs, rows, strict=True):
        assert epoch.train_loss == nearly(value)
        assert epoch.lr == lr
        assert epoch.grad_norm == nearly(np.mean(norms))
        assert epoch.seconds > 0
    if changes:  # or this would hold without them
        fit(plain, data(), None, config(loss=loss))
    assert not same_weights(ours, plain)


@each_kind
@pytest.mark.parametrize("batch_size", [1, 7, 22, 256])
def test_evaluate_equals_brute_force(make, data, loss, batch_size):
    model, data = made(make), data()
    expected, accuracy = brute_force(model, data, loss)
    score = evaluate(model, data, loss, batch_size)
    assert score.loss == nearly(expected)
    assert score.accuracy == accuracy


def test_the_training_loss_is_of_all_positions_alike():
    # With next to no learning rate, and no dropout, the epoch's loss is that
    # of the model as it is: over batches of other sizes and counts.
    model, data = made(Tagger, 0.0), sequences(23)
    loss, accuracy = brute_force(model, data, "cross_entropy")
    epoch = fit(model, data, None, config(lr=1e-30, epochs=1)).epochs[0]
    assert epoch.train_loss == nearly(loss)
    assert epoch.train_accuracy == accuracy


def test_a_batch_in_which_nothing_counts_does_no_harm():
    x, y = sequences(8).tensors
    y[3] = IGNORE
    model = made(Tagger)
    fit(model, TensorDataset(x, y), None, config(batch_size=1, epochs=1))
    assert all(value.isfinite().all() for value in model.parameters())


def test_several_inputs_are_the_models_arguments():
    x, y = sequences().tensors
    shift = small.normal(len(x), 1, 1, seed=5)
    two, one = made(Tagger), made(Tagger)
    fit(two, TensorDataset(x, shift, y), None, config())
    fit(one, TensorDataset(x + shift, y), None, config())
    assert same_weights(one, two)


def test_frozen_parameters_stay():
    model = made(mlp)
    model[0].weight.requires_grad_(False)
    before = model[0].weight.clone()
    fit(model, points(), None, config(weight_decay=0.5))
    assert torch.equal(model[0].weight, before)
    assert not torch.equal(model[0].bias, made(mlp)[0].bias)


def test_validation_is_evaluate_after_the_epoch():
    model, valid = made(Tagger), sequences(9, seed=2)
    last = fit(model, sequences(), valid, config()).epochs[-1]
    score = evaluate(model, valid, batch_size=8)
    assert last.valid_loss == score.loss
    assert last.valid_accuracy == score.accuracy


def test_without_validation_only_its_numbers_are_missing():
    with_valid, without = made(Tagger), made(Tagger)
    fit(with_valid, sequences(), sequences(9), config())
    history = fit(without, sequences(), None, config())
    assert same_weights(with_valid, without)
    for name in ("valid_loss", "valid_accuracy"):
        assert history.column(name) == [None] * 5
    assert history.best_epoch is None
    assert not history.stopped_early


# What is left as it was


@pytest.mark.parametrize("training", [True, False])
def test_modes_are_restored(training):
    model = made(mlp).train(training)
    model[2].train(not training)
    seen = []
    model[2].register_forward_pre_hook(
        lambda module, _: seen.append((module.training, model.training))
    )
    evaluate(model, points())
    assert set(seen) == {(False, False)}
    seen.clear()
    fit(model, points(), points(), config(epochs=1))
    assert seen == [(True, True)] * 3 + [(False, False)] * 3
    for module in model.modules():
        assert module.training == (training != (module is model[2]))


def test_measuring_keeps_no_graph_and_no_gradient():
    model, seen = made(mlp), []
    model.register_forward_hook(
        lambda module, _, output: seen.append(output.requires_grad)
    )
    evaluate(model, points())
    fit(model, points(), points(), config(epochs=1, batch_size=22))
    assert seen == [False, True, False]
    assert all(parameter.grad is None for parameter in model.parameters())


def test_the_global_stream_changes_nothing_and_is_left_alone():
    def train(stream, make=lambda: made(Tagger)):
        torch.manual_seed(stream)
        model, before = make(), torch.get_rng_state()
        try:
            history = fit(model, sequences(), sequences(), config(seed=5))
            evaluate(model, sequences())
        finally:
            assert torch.equal(torch.get_rng_state(), before)
        return model, without_seconds(history)

    one, history = train(1)
    other, again = train(2)
    assert same_weights(one, other)
    assert history == again
    with pytest.raises(ValueError, match="output"):
        train(3, lambda: nn.Sequential(made(Tagger), nn.Flatten(0)))


def test_the_data_are_left_alone():
    x, y = sequences().tensors
    x.requires_grad_()
    copies = x.detach().clone(), y.clone()
    fit(made(Tagger), TensorDataset(x, y), None, config())
    assert torch.equal(x, copies[0])
    assert torch.equal(y, copies[1])
    assert x.grad is None


def test_on_epoch_sees_each_epoch_and_disturbs_nothing():
    seen, model, other = [], made(Tagger).eval(), made(Tagger)

    def look(run):
        assert run.model is model
        assert not model.training
        assert all(parameter.grad is None for parameter in model.parameters())
        loss = evaluate(model, sequences(9), batch_size=8).loss
        seen.append((len(run.history.epochs), loss, torch.rand(1).item()))

    torch.manual_seed(3)
    drawn = torch.rand(5).tolist()
    torch.manual_seed(3)
    history = fit(model, sequences(), sequences(9), config(), on_epoch=look)
    losses = history.column("valid_loss")
    assert seen == [*zip(range(1, 6), losses, drawn, strict=True)]
    fit(other, sequences(), sequences(9), config())
    assert same_weights(model, other)


# Which epoch counts


@functools.cache
def overfits(**changes):
    """A run whose validation loss falls first and rises then."""
    x, y = points(40, seed=2).tensors
    valid = TensorDataset(x, torch.where(x[:, 2] > 1, 0, y))
    settings = config(**{"lr": 0.05, "epochs": 60} | changes)
    model = made(mlp)
    return model, valid, fit(model, points(16), valid, settings)


@pytest.mark.parametrize(
    ("losses", "best"), [((3, 1, 2, 1, 4), 2), ((1,), 1), ((), None)]
)
def test_the_best_epoch_is_the_first_with_the_lowest_loss(losses, best):
    record = {"train_loss": 1.0, "train_accuracy": None, "lr": 1.0}
    record |= {"valid_accuracy": None, "grad_norm": 1.0, "seconds": 1.0}
    epochs = tuple(Epoch(valid_loss=loss, **record) for loss in losses)
    assert History(epochs=epochs, stopped_early=False).best_epoch == best


@pytest.mark.parametrize("patience", [1, 5])
def test_patience_counts_epochs_without_a_lower_loss(patience):
    _, _, whole = overfits()
    _, _, history = overfits(patience=patience)
    losses = whole.column("valid_loss")
    stop = next(
        n
        for n in range(patience + 1, 61)
        if min(losses[n - patience : n]) >= min(losses[: n - patience])
    )
    assert stop < 60
    assert history.stopped_early
    assert not whole.stopped_early
    assert without_seconds(history) == without_seconds(whole)[:stop]
    # Patience that runs out at the end stops nothing.
    _, _, to_the_end = overfits(patience=patience, epochs=stop)
    assert without_seconds(to_the_end) == without_seconds(history)
    assert not to_the_end.stopped_early


@pytest.mark.parametrize("patience", [None, 5])
def test_keep_says_whose_weights_the_model_holds(patience):
    best, valid, history = overfits(keep="best", patience=patience)
    last, _, _ = overfits(patience=patience)
    losses = history.column("valid_loss")
    assert 1 < history.best_epoch < len(losses)
    assert evaluate(best, valid, batch_size=8).loss == min(losses)
    assert evaluate(last, valid, batch_size=8).loss == losses[-1]
    assert min(losses) < losses[-1]


# Numbers that run away


class Poison(nn.Module):
    """A linear layer whose output or gradient is spoilt at one call."""

    def __init__(self, call, where):
        super().__init__()
        self.linear, self.calls = nn.Linear(3, 4).double(), 0
        self.call, self.where = call, where

    def forward(self, x):
        """Count the calls in training."""
        out = self.linear(x)  # (N, 4)
        if not out.isfinite().all():  # as a module that checks its input
            raise ValueError("x: expected finite numbers, got nan")
        self.calls += self.training
        spoil = math.nan if self.calls == self.call else 1.0
        if self.where == "norm" and self.training:
            out.register_hook(lambda grad: grad * spoil)
        elif self.where == "loss" or not self.training:
            return out * spoil
        return out


@pytest.mark.parametrize(
    ("call", "where", "message"),
    [
        (1, "loss", "epoch 1, step 1: expected a finite loss, got nan"),
        (3, "loss", "epoch 1, step 3: expected a finite loss, got nan"),
        (5, "loss", "epoch 2, step 2: expected a finite loss, got nan"),
        (5, "norm", "epoch 2, step 2: expected a finite gradient norm, got"),
        (3, "valid", "epoch 1, validation batch 1: expected .* got nan"),
    ],
)
def test_a_number_that_is_not_finite_is_named(call, where, message):
    model, before = Poison(call, where), torch.get_rng_state()
    with pytest.raises(FloatingPointError, match=message):
        fit(model, points(), points(), config())  # 3 steps in an epoch
    assert torch.equal(torch.get_rng_state(), before)


def test_evaluate_names_the_batch():
    x, y = points().tensors
    x[17] = 1e300
    model = nn.Sequential(nn.Linear(3, 4)).double()
    with torch.no_grad():
        model[0].weight[:] = torch.arange(4)[:, None] * 1e10
    message = "batch 3: expected a finite loss, got (nan|inf)"
    with pytest.raises(FloatingPointError, match=message):
        evaluate(model, TensorDataset(x, y), batch_size=8)


# What is shown, and what is written down


def test_progress_is_shown_when_asked(capfd):
    fit(made(mlp), points(), points(), config())
    assert capfd.readouterr() == ("", "")
    fit(made(mlp), points(), points(), config(), progress=True)
    out, err = capfd.readouterr()
    assert out == ""
    for text in ["5/5", "train=", "valid="]:
        assert text in err


def test_configurations_and_histories_survive_json():
    history = fit(made(mlp), points(), points(), config(patience=2))
    settings = config(lr=1, max_norm=np.float64(2), seed=2**64 - 1)
    for each in (history, settings, TrainConfig(epochs=1)):
        again = type(each).from_json(each.to_json())
        assert again == each
        assert again.to_json() == each.to_json()
    assert [type(settings.lr), type(settings.max_norm)] == [float, float]
    with pytest.raises(ValueError, match="frozen"):
        settings.lr = 2.0


def test_a_whole_number_of_numpy_s_is_one():
    settings = TrainConfig(epochs=np.int64(3)).replace(seed=np.uint8(7))
    assert settings == TrainConfig(epochs=3, seed=7)
    assert TrainConfig.from_json(settings.to_json()) == settings
    for value in (np.float64(3), np.bool_(1), np.int64(0)):
        with pytest.raises(ValueError, match="epochs: expected a"):
            TrainConfig(epochs=value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "TrainConfig: expected .*string.*got None"),
        ("{'epochs': 1}", "TrainConfig: expected JSON, got "),
        ("[" * 100_000, "TrainConfig: expected JSON, got "),
        ("[1]", r"TrainConfig: expected an object, got \[1\]"),
        ("{}", "epochs: expected a value, got none"),
        ('{"epochs": 1, "rate": 1}', "rate: expected no field .*got 1"),
        ('{"epochs": 1, "lr": "0.1"}', "lr: expected a .*number, got '0.1'"),
        ('{"epochs": 2.0, "lr": NaN, "keep": 1}', "lr: .*got nan; keep: .*1"),
    ],
)
def test_json_of_something_else_is_refused(text, message):
    with pytest.raises(ValueError, match=message) as caught:
        TrainConfig.from_json(text)
    assert len(str(caught.value)) < 400


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_cuda():
    one, other, states = made(mlp).cuda(), made(mlp).cuda(), []
    before, data = torch.cuda.get_rng_state(), (points(), points())
    fit(one, *data, config(epochs=6))
    fit(
        other,
        *data,
        config(epochs=3),
        on_epoch=lambda run: states.append(state_of(run)),
    )
    fit(
        other,
        *data,
        config(epochs=6),
        on_start=lambda run: load_state(run, states[-1]),
    )
    assert same_weights(one, other)
    assert torch.equal(torch.cuda.get_rng_state(), before)
    assert one[0].weight.is_cuda
