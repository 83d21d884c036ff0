"""Training against a loop written by hand, and its bookkeeping."""

import functools
import itertools
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
            losses, counts, norms, right = [], [], [], 0
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
                    right += (output.argmax(dim=-1) == y).sum().item()
                most = config.max_norm or math.inf
                norms.append(small.update(model, loss, optimizer, most))
                losses.append(loss.item())
            told = np.average(losses, weights=counts), right / sum(counts)
            rows.append((*told, lr, norms))
    return rows


def all_at_once(model, dataset, loss):
    """Mean loss and accuracy of the positions that count, as one batch."""
    x, target = dataset.tensors
    output = model.eval()(x)
    if loss == "squared_error":
        return mse_loss(output, target).item(), None
    counts = target != -100
    scores, label = output[counts], target[counts]
    right = (scores.argmax(dim=1) == label).double()
    return cross_entropy(scores, label).item(), right.mean().item()


# The loop

CHANGES = [
    {}, {"seed": 7}, {"batch_size": 22}, {"weight_decay": 0.5},
    {"step_size": 2, "gamma": 0.3}, {"max_norm": 0.1},
    {"step_size": 1, "gamma": 0.7, "max_norm": 0.3, "weight_decay": 0.1,
     "seed": 2**64 - 1},
]  # fmt: skip


@each_kind
@pytest.mark.parametrize("changes", CHANGES, ids=str)
def test_fit_equals_a_loop_by_hand_to_the_bit(make, data, loss, changes):
    settings = config(loss=loss, **changes)
    ours, theirs, plain = made(make), made(make), made(make)
    rows = by_hand(theirs, data(), settings)
    history = fit(ours, data(), data(9, seed=2), settings)
    assert same_weights(ours, theirs)
    for epoch, (value, share, lr, norms) in zip(
        history.epochs, rows, strict=True
    ):
        assert epoch.train_loss == nearly(value)
        wanted = share if loss == "cross_entropy" else None
        assert epoch.train_accuracy == wanted
        assert epoch.lr == lr
        assert epoch.grad_norm == nearly(np.mean(norms))
        assert epoch.seconds > 0
    if changes:  # or this would hold without them; validation changes nothing
        without = fit(plain, data(), None, config(loss=loss))
        assert without.column("valid_loss") == [None] * 5
    assert not same_weights(ours, plain)


@each_kind
@pytest.mark.parametrize("batch_size", [1, 7, 256])
def test_evaluate_in_batches_is_all_at_once(make, data, loss, batch_size):
    model, data = made(make), data()
    score = evaluate(model, data, loss, batch_size)
    expected, accuracy = all_at_once(model, data, loss)
    assert score.loss == nearly(expected)
    assert score.accuracy == accuracy


def test_several_inputs_are_the_models_arguments():
    """And a batch in which nothing counts does no harm."""
    x, y = sequences().tensors
    y[3] = IGNORE
    shift = small.normal(len(x), 1, 1, seed=5)
    two, one = made(Tagger), made(Tagger)
    fit(two, TensorDataset(x, shift, y), None, config(batch_size=1))
    fit(one, TensorDataset(x + shift, y), None, config(batch_size=1))
    assert same_weights(one, two)
    assert all(value.isfinite().all() for value in one.parameters())


# What is left as it was


@pytest.mark.parametrize("training", [True, False])
def test_modes_are_restored_and_no_gradient_is_kept(training):
    model, seen = made(mlp).train(training), []
    model[2].train(not training)
    model[2].register_forward_hook(
        lambda module, _, out: seen.append(
            (module.training, model.training, out.requires_grad)
        )
    )
    evaluate(model, points())
    assert set(seen) == {(False, False, False)}
    seen.clear()
    fit(model, points(), points(), config(epochs=1))
    assert seen == [(True, True, True)] * 3 + [(False, False, False)] * 3
    for module in model.modules():
        assert module.training == (training != (module is model[2]))
    assert all(parameter.grad is None for parameter in model.parameters())


def test_global_stream_and_data_change_nothing_and_are_left_alone():
    x, y = sequences().tensors
    x.requires_grad_()
    copies, runs = (x.detach().clone(), y.clone()), []

    def train(stream, make=lambda: made(Tagger)):
        torch.manual_seed(stream)
        model, before = make(), torch.get_rng_state()
        try:
            history = fit(model, TensorDataset(x, y), sequences(), config())
            evaluate(model, sequences())
            runs.append((model, without_seconds(history)))
        finally:
            assert torch.equal(torch.get_rng_state(), before)

    train(1)
    train(2)
    (one, history), (other, again) = runs
    assert same_weights(one, other)
    assert history == again
    assert torch.equal(x, copies[0]) and torch.equal(y, copies[1])
    assert x.grad is None
    with pytest.raises(ValueError, match="output"):
        train(3, lambda: nn.Sequential(made(Tagger), nn.Flatten(0)))


def test_on_epoch_sees_each_epoch_and_disturbs_nothing():
    seen, model, other = [], made(Tagger).eval(), made(Tagger)

    def look(run):
        assert run.model is model
        assert not model.training
        assert all(parameter.grad is None for parameter in model.parameters())
        score, epoch = evaluate(model, sequences(9), batch_size=8), run.history
        assert score.accuracy == epoch.epochs[-1].valid_accuracy
        assert score.loss == epoch.epochs[-1].valid_loss
        seen.append((len(epoch.epochs), torch.rand(1).item()))

    torch.manual_seed(3)
    drawn = torch.rand(5).tolist()
    torch.manual_seed(3)
    fit(model, sequences(), sequences(9), config(), on_epoch=look)
    assert seen == [*zip(range(1, 6), drawn, strict=True)]
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
    record = dict.fromkeys(Epoch.model_fields, 1.0)
    epochs = tuple(Epoch(**record | {"valid_loss": loss}) for loss in losses)
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


def poisoned(call, what):
    """A model whose loss or gradient is spoilt at one call."""
    model, calls = made(mlp), itertools.count(1)

    def spoil(module, inputs, output):
        if next(calls) != call:
            return output
        if what == "loss":
            return output * math.nan
        output.register_hook(lambda gradient: gradient * math.nan)
        return output

    model.register_forward_hook(spoil)
    return model


@pytest.mark.parametrize(
    ("call", "what", "message"),
    [
        (1, "loss", "epoch 1, step 1: expected a finite loss, got nan"),
        (8, "loss", "epoch 2, step 2: expected a finite loss, got nan"),
        (8, "norm", "epoch 2, step 2: expected a finite gradient norm, got"),
        (4, "loss", "epoch 1, validation batch 1: expected .* got nan"),
    ],
)
def test_a_number_that_is_not_finite_is_named(call, what, message):
    with pytest.raises(FloatingPointError, match=f"^{message}"):
        # In an epoch 3 steps, and 3 batches to validate.
        fit(poisoned(call, what), points(), points(), config())
    with pytest.raises(FloatingPointError, match=r"^batch 1: expected a fin"):
        evaluate(poisoned(1, "loss"), points(), batch_size=8)


# What is shown, and what is written down


def test_progress_is_shown_when_asked(capfd):
    fit(made(mlp), points(), points(), config())
    assert capfd.readouterr() == ("", "")
    fit(made(mlp), points(), points(), config(), progress=True)
    out, err = capfd.readouterr()
    assert out == ""
    assert all(text in err for text in ("5/5", "train=", "valid="))


def test_configurations_and_histories_survive_json():
    history = fit(made(mlp), points(), points(), config(patience=2))
    settings = config(lr=1, max_norm=np.float64(2), seed=2**64 - 1)
    for each in (history, settings):
        again = type(each).from_json(each.to_json())
        assert again == each
        assert again.to_json() == each.to_json()
    assert [type(settings.lr), type(settings.max_norm)] == [float, float]
    with pytest.raises(ValueError, match="frozen"):
        settings.lr = 2.0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "TrainConfig: expected .*string.*got None"),
        ("[" * 100_000, "TrainConfig: expected JSON, got "),
        ("[1]", r"TrainConfig: expected an object, got \[1\]"),
        ("{}", "epochs: expected a value, got none"),
        ('{"epochs": 2.0, "lr": NaN, "keep": 1}', "lr: .*got nan; keep: .*1"),
    ],
)
def test_json_of_something_else_is_refused(text, message):
    with pytest.raises(ValueError, match=message) as caught:
        TrainConfig.from_json(text)
    assert len(str(caught.value)) < 400
