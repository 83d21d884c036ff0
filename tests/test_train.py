"""Training against a loop written by hand, and its bookkeeping."""

import math

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy, mse_loss
from torch.utils.data import TensorDataset

from rounding import rounding
from small_models import (
    Tagger,
    config,
    made,
    mlp,
    numbers,
    points,
    same_weights,
    sequences,
    stream,
    without_seconds,
)
from unrolled.train import (
    IGNORE,
    Epoch,
    History,
    TrainConfig,
    evaluate,
    fit,
)

pytestmark = pytest.mark.usefixtures("one_thread")

# Six steps of two layers, ten products and some more in each.
ALMOST = rounding(torch.float32, 6 * 2 * 16)

KINDS = {
    "classes": (mlp, points, {}),
    "tags": (Tagger, sequences, {}),
    "numbers": (mlp, numbers, {"loss": "squared_error"}),
}
each_kind = pytest.mark.parametrize("kind", KINDS)


def by_hand(model, dataset, config):
    """What `fit` does, as anybody would write it with PyTorch."""
    make = torch.optim.AdamW if config.weight_decay else torch.optim.Adam
    optimizer = make(
        model.parameters(), lr=config.lr, weight_decay=config.weight_decay
    )
    scheduler = None
    if config.step_size is not None:
        scheduler = torch.optim.lr_scheduler.StepLR(
            optimizer, config.step_size, config.gamma
        )
    *inputs, target = dataset.tensors
    rows, model = [], model.train()
    with torch.random.fork_rng():
        torch.manual_seed(config.seed)
        for _ in range(config.epochs):
            losses, norms, lr = [], [], optimizer.param_groups[0]["lr"]
            for index in torch.randperm(len(target)).split(config.batch_size):
                output = model(*(tensor[index] for tensor in inputs))
                y = target[index]
                if config.loss == "squared_error":
                    loss, count = mse_loss(output, y), y.numel()
                else:
                    loss = cross_entropy(output.reshape(-1, 4), y.reshape(-1))
                    count = (y != IGNORE).sum().item()
                optimizer.zero_grad()
                loss.backward()
                grads = [p.grad.flatten() for p in model.parameters()]
                norms.append(torch.cat(grads).double().norm().item())
                if config.max_norm is not None:
                    nn.utils.clip_grad_norm_(
                        model.parameters(), config.max_norm
                    )
                optimizer.step()
                losses.append((loss.item(), count))
            if scheduler is not None:
                scheduler.step()
            total = sum(loss * count for loss, count in losses)
            rows.append((total / sum(c for _, c in losses), lr, norms))
    return rows


# The loop


@each_kind
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"seed": 7},
        {"weight_decay": 0.5},
        {"step_size": 2, "gamma": 0.3},
        {"max_norm": 0.1},
        {
            "step_size": 1,
            "gamma": 0.7,
            "max_norm": 0.3,
            "weight_decay": 0.1,
            "batch_size": 22,
            "seed": 2**64 - 1,
        },
    ],
    ids=lambda changes: " ".join(changes) or "plain",
)
def test_fit_equals_a_loop_by_hand_to_the_bit(kind, changes):
    make, data, options = KINDS[kind]
    settings = config(**options, **changes)
    ours, theirs = made(make), made(make)
    rows = by_hand(theirs, data(), settings)
    history = fit(ours, data(), data(9, seed=2), settings)
    assert same_weights(ours, theirs)
    assert not same_weights(ours, made(make))
    for epoch, (loss, lr, norms) in zip(history.epochs, rows, strict=True):
        assert epoch.train_loss == pytest.approx(loss, rel=ALMOST)
        assert epoch.lr == lr
        assert epoch.grad_norm == pytest.approx(np.mean(norms), rel=ALMOST)


def test_clipping_and_the_scheduler_change_something():
    # Otherwise the test above would hold without them.
    plain = made(mlp)
    fit(plain, points(), None, config())
    for change in [
        {"max_norm": 0.1},
        {"step_size": 2},
        {"weight_decay": 0.5},
        {"seed": 1},
        {"batch_size": 7},
    ]:
        other = made(mlp)
        fit(other, points(), None, config(**change))
        assert not same_weights(plain, other), change


def test_the_training_loss_is_of_all_positions_alike():
    # With a learning rate of next to nothing, and no dropout, the epoch's loss
    # is that of the model as it is: over batches of other sizes and counts.
    model, data = made(lambda: Tagger(dropout=0.0)), sequences(23)
    loss, accuracy = brute_force(model, data)
    epoch = fit(model, data, None, config(lr=1e-30, epochs=1)).epochs[0]
    assert epoch.train_loss == pytest.approx(loss, rel=ALMOST)
    assert epoch.train_accuracy == accuracy


def test_a_batch_in_which_nothing_counts_does_no_harm():
    x, y = sequences(8).tensors
    y[3] = IGNORE
    model = made(Tagger)
    history = fit(
        model, TensorDataset(x, y), None, config(batch_size=1, epochs=1)
    )
    assert all(value.isfinite().all() for value in model.parameters())
    assert math.isfinite(history.epochs[0].train_loss)


def test_several_inputs_are_the_models_arguments():
    x, y = sequences().tensors
    shift = torch.randn(len(x), 1, 1, generator=stream(5))
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


def test_fit_learns():
    model, train, valid = made(mlp), points(200), points(100, seed=2)
    history = fit(model, train, valid, config(epochs=60))
    assert history.epochs[0].valid_accuracy < 0.8
    assert history.epochs[-1].valid_accuracy > 0.9
    assert history.epochs[-1].train_loss < 0.5 * history.epochs[0].train_loss


# Measuring


def brute_force(model, dataset):
    """Mean cross-entropy and accuracy, position by position, in NumPy."""
    *inputs, target = dataset.tensors
    was_training = model.training
    with torch.no_grad():
        output = model.eval()(*inputs).double().numpy()
    model.train(was_training)
    losses, right = [], []
    for index in np.ndindex(*target.shape):
        label = int(target[index])
        if label != -100:
            scores = np.exp(output[index] - output[index].max())
            losses.append(-np.log(scores[label] / scores.sum()))
            right.append(scores.argmax() == label)
    return np.mean(losses), np.mean(right)


@pytest.mark.parametrize("kind", ["classes", "tags"])
@pytest.mark.parametrize("batch_size", [1, 7, 22, 256])
def test_evaluate_equals_brute_force(kind, batch_size):
    make, data, _ = KINDS[kind]
    model, data = made(make), data()
    loss, accuracy = brute_force(model, data)
    score = evaluate(model, data, batch_size=batch_size)
    assert score.loss == pytest.approx(loss, rel=ALMOST)
    assert score.accuracy == accuracy
    assert isinstance(score.loss, float)


@pytest.mark.parametrize("batch_size", [1, 7, 22, 256])
def test_evaluate_squared_error(batch_size):
    model, data = made(mlp), numbers()
    x, y = data.tensors
    with torch.no_grad():
        expected = ((model.eval()(x) - y) ** 2).double().mean().item()
    model.train()
    score = evaluate(model, data, "squared_error", batch_size=batch_size)
    assert score.loss == pytest.approx(expected, rel=ALMOST)
    assert score.accuracy is None


def test_validation_is_evaluate_after_the_epoch():
    model, valid = made(Tagger), sequences(9, seed=2)
    history = fit(model, sequences(), valid, config(epochs=3))
    score = evaluate(model, valid, batch_size=8)
    last = history.epochs[-1]
    assert (last.valid_loss, last.valid_accuracy) == (
        score.loss,
        score.accuracy,
    )
    assert evaluate(model, valid).loss == pytest.approx(score.loss, rel=ALMOST)


def test_measuring_leaves_no_trace_in_the_training():
    with_valid, without = made(Tagger), made(Tagger)
    fit(with_valid, sequences(), sequences(9, seed=2), config())
    fit(without, sequences(), None, config())
    assert same_weights(with_valid, without)


@each_kind
def test_without_validation_there_are_no_validation_numbers(kind):
    make, data, options = KINDS[kind]
    history = fit(made(make), data(), None, config(**options))
    assert history.column("valid_loss") == [None] * 5
    assert history.column("valid_accuracy") == [None] * 5
    assert history.best_epoch is None
    assert not history.stopped_early
    has_accuracy = history.epochs[0].train_accuracy is not None
    assert has_accuracy == (kind != "numbers")


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


def test_measuring_keeps_no_graph():
    model, seen = made(mlp), []
    model.register_forward_hook(
        lambda module, _, output: seen.append(output.requires_grad)
    )
    evaluate(model, points())
    assert seen == [False]
    fit(model, points(), points(), config(epochs=1, batch_size=22))
    assert seen == [False, True, False]


def test_gradients_are_gone():
    model = made(mlp)
    fit(model, points(), None, config())
    assert all(parameter.grad is None for parameter in model.parameters())
    evaluate(model, points())
    assert all(parameter.grad is None for parameter in model.parameters())


def test_the_global_stream_is_left_alone():
    torch.manual_seed(3)
    before = torch.get_rng_state()
    fit(made(mlp), points(), points(), config(seed=5))
    assert torch.equal(torch.get_rng_state(), before)
    evaluate(made(mlp), points())
    assert torch.equal(torch.get_rng_state(), before)
    broken = nn.Sequential(mlp(), nn.Flatten(0))
    before = torch.get_rng_state()
    with pytest.raises(ValueError, match="output"):
        fit(broken, points(), points(), config(seed=5))
    assert torch.equal(torch.get_rng_state(), before)


def test_the_global_stream_changes_nothing():
    one, other = made(Tagger), made(Tagger)
    torch.manual_seed(1)
    history = fit(one, sequences(), sequences(), config())
    torch.manual_seed(2)
    again = fit(other, sequences(), sequences(), config())
    assert same_weights(one, other)
    assert without_seconds(history) == without_seconds(again)


def test_the_data_are_left_alone():
    x, y = sequences().tensors
    x.requires_grad_()
    copies = x.detach().clone(), y.clone()
    fit(made(Tagger), TensorDataset(x, y), None, config())
    assert torch.equal(x, copies[0])
    assert torch.equal(y, copies[1])
    assert x.grad is None


# Which epoch counts


def overfits(**changes):
    """A run whose validation loss falls first and rises then."""
    train = points(16)
    x, y = points(40, seed=2).tensors
    valid = TensorDataset(x, torch.where(x[:, 2] > 1, 0, y))
    settings = config(lr=0.05, epochs=60, **changes)
    model = made(mlp)
    return model, valid, fit(model, train, valid, settings)


def test_best_epoch_is_the_first_with_the_lowest_loss():
    _, _, history = overfits()
    losses = history.column("valid_loss")
    assert 1 < history.best_epoch < 60
    assert losses[history.best_epoch - 1] == min(losses)
    record = {"train_loss": 1.0, "train_accuracy": None, "lr": 1.0}
    record |= {"valid_accuracy": None, "grad_norm": 1.0, "seconds": 1.0}
    epochs = [Epoch(valid_loss=loss, **record) for loss in (3, 1, 2, 1, 4)]
    assert History(tuple(epochs), False).best_epoch == 2


@pytest.mark.parametrize("patience", [1, 3, 8])
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
    assert len(history.epochs) == stop
    assert history.stopped_early
    assert not whole.stopped_early
    assert without_seconds(history) == without_seconds(whole)[:stop]


def test_patience_that_runs_out_at_the_end_stops_nothing():
    _, _, early = overfits(patience=3)
    model, stop = made(mlp), len(early.epochs)
    x, y = points(40, seed=2).tensors
    valid = TensorDataset(x, torch.where(x[:, 2] > 1, 0, y))
    settings = config(lr=0.05, epochs=stop, patience=3)
    history = fit(model, points(16), valid, settings)
    assert without_seconds(history) == without_seconds(early)
    assert not history.stopped_early


@pytest.mark.parametrize("patience", [None, 5])
def test_keep_says_whose_weights_the_model_holds(patience):
    best, valid, history = overfits(keep="best", patience=patience)
    last, _, _ = overfits(patience=patience)
    losses = history.column("valid_loss")
    assert evaluate(best, valid, batch_size=8).loss == min(losses)
    assert evaluate(last, valid, batch_size=8).loss == losses[-1]
    assert min(losses) < losses[-1]


# Numbers that run away


class Poison(nn.Module):
    """A linear layer whose output or gradient is spoilt at one call."""

    def __init__(self, call, where):
        super().__init__()
        self.linear, self.calls = nn.Linear(3, 4), 0
        self.call, self.where = call, where

    def forward(self, x):
        """Count the calls in training."""
        out = self.linear(x)  # (N, 4)
        self.calls += self.training
        if self.calls == self.call:
            if self.where == "loss":
                return out * math.nan
            if self.where == "norm":
                out.register_hook(lambda grad: grad * math.inf)
        if self.where == "objects" and not out.isfinite().all():
            raise ValueError("x: expected finite numbers, got nan")
        if self.where == "validation" and not self.training:
            return out * math.nan
        return out


@pytest.mark.parametrize(
    ("call", "where", "message"),
    [
        (1, "loss", "epoch 1, step 1: expected a finite loss, got nan"),
        (3, "loss", "epoch 1, step 3: expected a finite loss, got nan"),
        (5, "loss", "epoch 2, step 2: expected a finite loss, got nan"),
        (
            5,
            "norm",
            "epoch 2, step 2: expected .* gradient norm, got (nan|inf)",
        ),
        (0, "validation", "epoch 1, validation batch 1: expected .* got nan"),
    ],
)
def test_a_number_that_is_not_finite_is_named(call, where, message):
    model, before = Poison(call, where), torch.get_rng_state()
    with pytest.raises(FloatingPointError, match=message):
        fit(model, points(), points(), config())  # 3 steps in an epoch
    assert torch.equal(torch.get_rng_state(), before)


def test_a_model_that_objects_to_nan_does_not_hide_where_it_came_from():
    model = Poison(0, "objects")
    model.linear.weight.register_hook(
        lambda grad: grad * (math.nan if model.calls == 2 else 1)
    )
    message = "epoch 1, step 2: expected a finite gradient norm, got nan"
    with pytest.raises(FloatingPointError, match=message):
        fit(model, points(), None, config())


def test_evaluate_names_the_batch():
    x, y = points().tensors
    big = x.clone()
    big[17] = 1e38
    model = made(mlp)
    model[1] = nn.Identity()
    with torch.no_grad():
        model[0].weight.fill_(9.0)
    message = "batch 3: expected a finite loss, got (nan|inf)"
    with pytest.raises(FloatingPointError, match=message):
        evaluate(model, TensorDataset(big, y), batch_size=8)


# What is shown, and what is written down


def test_progress_is_shown_when_asked(capfd):
    fit(made(mlp), points(), points(), config())
    assert capfd.readouterr() == ("", "")
    fit(made(mlp), points(), points(), config(), progress=True)
    out, err = capfd.readouterr()
    assert out == ""
    for text in ["epoch 5/5", "15/15", "train=", "valid="]:
        assert text in err


def test_history_round_trip():
    for valid in (None, points(seed=2)):
        history = fit(made(mlp), points(), valid, config())
        assert History.from_json(history.to_json()) == history
        assert all(epoch.seconds > 0 for epoch in history.epochs)


@pytest.mark.parametrize(
    "settings",
    [
        TrainConfig(epochs=1),
        TrainConfig(
            epochs=np.int64(3),
            batch_size=2,
            lr=np.float32(0.1),
            weight_decay=1,
            step_size=4,
            gamma=0.5,
            max_norm=1,
            patience=6,
            keep="best",
            loss="squared_error",
            seed=2**64 - 1,
        ),
    ],
)
def test_config_round_trip(settings):
    again = TrainConfig.from_json(settings.to_json())
    assert again == settings
    assert again.to_json() == settings.to_json()
    types = {type(value) for value in vars(settings).values()}
    assert types <= {int, float, str, type(None)}


needs_cuda = pytest.mark.skipif(
    not torch.cuda.is_available(), reason="needs a GPU"
)


@needs_cuda
def test_cuda(tmp_path):
    one, other = made(mlp).cuda(), made(mlp).cuda()
    before = torch.cuda.get_rng_state()
    path = tmp_path / "run.pt"
    fit(one, points(), points(), config(epochs=6))
    fit(other, points(), points(), config(epochs=3), checkpoint=path)
    fit(other, points(), points(), config(epochs=6), checkpoint=path)
    assert same_weights(one, other)
    assert torch.equal(torch.cuda.get_rng_state(), before)
    assert one[0].weight.is_cuda
