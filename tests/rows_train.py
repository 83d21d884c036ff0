"""Good calls and rules: training, and resuming it."""

import math

import torch
from torch import nn
from torch.utils.data import TensorDataset

from bad_input import bad, fine, good
from small_models import config, made, mlp, numbers, points
from unrolled import train

X, Y = points(6).tensors
VALUES = numbers(6)
ENTROPY = config(
    epochs=1, batch_size=1, lr=1e-30
)  # so small that no weight changes
EPOCH = dict.fromkeys(train.Epoch.model_fields, 0.5)
TUNED = ENTROPY.replace(step_size=1, max_norm=1.0, patience=1)


def spoilt(tensor, value):
    copy = tensor.clone()
    copy.view(-1)[copy.numel() // 2] = value
    return copy


class Answer(nn.Module):
    """A model that says what it is told."""

    def __init__(self, answer):
        super().__init__()
        self.answer, self.weight = answer, nn.Parameter(torch.zeros(()))

    def forward(self, x):
        """Return the answer."""
        return self.answer


def data_rules():
    """What data may be wrong for the cross-entropy; the last: for squares."""
    for message, *tensors in [
        ("inputs and a target, got", Y),
        ("inputs and a target, got",),
        (r"any shape with no empty axis, got \(6, 0\)", X[:, :0], Y),
        ("finite numbers, got nan", spoilt(X, math.nan), Y),
        ("finite numbers, got inf", spoilt(X, math.inf), Y),
        ("torch.int64, got torch.float32", X, Y.float()),
        ("torch.int64, got torch.int32", X, Y.int()),
        ("whole numbers from 0 .*got -1", X, spoilt(Y, -1)),
        (r".* got \(0,\)", X, Y * 0 - 100),
    ]:
        data = TensorDataset(*tensors)
        yield bad(f"dataset.*expected {message}", dataset=data)
    message = (
        "dataset.*target: expected floating-point numbers, got torch.int64"
    )
    yield bad(message, dataset=TensorDataset(X, Y), loss="squared_error")


def output_rules():
    """What a model may say that is wrong; the last two: for squares."""
    for message, answer in [
        (r"\(6, 4\) or more.*got .\(6,\)", torch.zeros(6)),
        (r"got .\(5, 4\)", torch.zeros(5, 4)),
        (r"got .\(6, 2, 4\)", torch.zeros(6, 2, 4)),
        ("got .*int64", torch.zeros(6, 4).long()),
        ("got None", None),
        (r"got \(tensor", (torch.zeros(6, 4),)),
        (r"4. or more.*got .\(6, 3\)", torch.zeros(6, 3)),
    ]:
        yield bad(f"model: .*output of .*{message}", model=Answer(answer))
    squares = {"dataset": VALUES, "loss": "squared_error"}
    for message, answer in [
        (r"\(6, 4\).*got .\(6, 1\)", torch.zeros(6, 1)),
        ("float64.*got .*float32", torch.zeros(6, 4)),
    ]:
        changes = {"model": Answer(answer), **squares}
        yield bad(f"model: .*output of .*{message}", **changes)


NOT_FINITE = TensorDataset(spoilt(X, math.nan), Y)
ANY = {"model": made(mlp), "train_set": TensorDataset(X, Y)}
EXCEPT = {  # others call it
    "unrolled.train.loop": "Streams Training.note Training.tell",
    "unrolled.train.measure": "Data Data.in_order Data.measure Data.shuffled "
    "add_up device_of measure_all",
    "unrolled_lab.resume": "check_same fit_resumably form load_checkpoint "
    "load_state save_checkpoint state_of write_whole",
}
ROWS = [
    good(train.TrainConfig,
         bad("lr: expected a number greater than 0, got 0.0", lr=0.0),
         bad("gamma: expected a number greater than 0", gamma=0.0),
         bad("max_norm: expected a number greater than 0", max_norm=0.0),
         bad("seed: expected a number less than .*got 1844", seed=2**64),
         bad("rate: expected no field of this name, got 3", rate=3),
         **dict(TUNED)),
    good(train.Epoch,
         fine("(train_accuracy|valid_loss|valid_accuracy): None"),
         bad("train_accuracy: .*got 1.01", train_accuracy=1.01),
         bad("valid_accuracy: .*got 1.01", valid_accuracy=1.01), **EPOCH),
    good(train.Score, fine("accuracy: None"),
         bad("accuracy: expected .* equal to 1, got 1.5", accuracy=1.5),
         loss=0.5, accuracy=0.5),
    good(train.History, fine(r"epochs: (\(\)|fewer|more)"),
         bad("epochs: expected a valid tuple", epochs=[train.Epoch(**EPOCH)]),
         bad("epochs.0: expected .*Epoch", epochs=(3,)),
         epochs=(), stopped_early=False),
    good(train.History(epochs=(), stopped_early=False).column, name="lr"),
    good(train.fit, fine("valid_set: None"),
         *(bad(f"{name}.*: .*got nan", **{name: NOT_FINITE})
           for name in ("train_set", "valid_set")),
         bad("model: .*output of .*got None", model=Answer(None)),
         bad(r"model: expected parameters, all on .*set\(\)", model=nn.Tanh()),
         bad("requires a gradient, got", model=mlp().requires_grad_(False)),
         bad("for keep='best' or", config=config(keep="best"), valid_set=None),
         bad("or a patience", config=config(patience=3), valid_set=None),
         config=ENTROPY, valid_set=TensorDataset(X, Y), **ANY),
    good(train.Training,
         bad(r"model: expected parameters, all on .*set\(\)", model=nn.Tanh()),
         model=made(mlp), config=ENTROPY),
    good(train.evaluate, fine("batch_size: 7"), *data_rules(), *output_rules(),
         bad(r"model: expected parameters, all on .*set\(\)", model=nn.Tanh()),
         model=made(mlp), dataset=TensorDataset(X, Y), batch_size=8),
]  # fmt: skip
