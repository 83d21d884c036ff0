"""Bad input to the calls of training: a ValueError, with expected and got."""

import json
import math
from functools import partial

import numpy as np
import torch
from torch import nn
from torch.utils.data import TensorDataset

from bad_input import assert_refused, each_call, public_calls
from small_models import config, made, mlp, numbers, points, sequences
from unrolled.train import (
    Epoch,
    History,
    Score,
    TrainConfig,
    checkpoint,
    evaluate,
    fit,
    history,
    loop,
)
from unrolled.train import config as train_config
from unrolled.train.checkpoint import (
    check_path,
    check_same,
    fingerprint,
    load_checkpoint,
    save_checkpoint,
    write_whole,
)

BAD_WHOLE = [0, -1, 2.5, 2.0, True, "3", np.float64(2), math.nan, [1], 2**64]
BAD_POSITIVE = [0, -0.1, math.nan, math.inf, "0.1", True, [0.1], 1j]

NUMBERS = {
    "train_loss": 0.5,
    "train_accuracy": 0.5,
    "valid_loss": 0.5,
    "valid_accuracy": 0.5,
    "lr": 0.1,
    "grad_norm": 1.0,
    "seconds": 0.1,
}


def epoch(**changes):
    return Epoch(**NUMBERS | changes)


def with_field(text, **changes):
    """A JSON object with fields added or replaced."""
    return json.dumps(json.loads(text) | changes)


def without_field(text, name):
    return json.dumps({k: v for k, v in json.loads(text).items() if k != name})


CONFIG = config().to_json()
HISTORY = History((epoch(), epoch()), False).to_json()
RECORD = vars(epoch())

DATA = points(6)
X, Y = DATA.tensors


def data(x=X, y=Y):
    return TensorDataset(x, y)


def with_(tensor, value):
    """Copy a tensor with one entry replaced, in the middle of it."""
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


def frozen():
    return made(mlp).requires_grad_(False)


class Extra(nn.Linear):
    """A layer that keeps something that is no tensor."""

    def get_extra_state(self):
        """Return a number."""
        return 3

    def set_extra_state(self, state):
        """Take nothing."""


def fit_(model=None, train_set=DATA, valid_set=None, settings=None, **options):
    settings = settings or config(epochs=1)
    return fit(model or made(mlp), train_set, valid_set, settings, **options)


def evaluate_(model=None, dataset=DATA, *args, **options):
    return evaluate(model or made(mlp), dataset, *args, **options)


def both(rows):
    """The same bad data, given to each call that takes data."""
    for bad, loss, message in rows:
        settings = config(epochs=1, loss=loss)
        yield (
            "loop.fit",
            partial(fit_, train_set=bad, settings=settings),
            f"train_set: {message}",
        )
        yield (
            "loop.fit",
            partial(
                fit_,
                train_set=DATA if loss == "cross_entropy" else numbers(6),
                valid_set=3 if bad is None else bad,
                settings=settings,
            ),
            f"valid_set: {message.replace('None', '3')}",
        )
        yield (
            "loop.evaluate",
            partial(evaluate_, dataset=bad, loss=loss),
            f"dataset: {message}",
        )


ENTROPY, SQUARED = "cross_entropy", "squared_error"
BAD_DATA = [
    (None, ENTROPY, "expected a TensorDataset, got None"),
    ((X, Y), ENTROPY, "expected a TensorDataset, got "),
    (TensorDataset(Y), ENTROPY, "expected the model's .*got 1 tensor"),
    (TensorDataset(), ENTROPY, "expected the model's .*got 0 tensors"),
    (data(X[:0], Y[:0]), ENTROPY, r"expected .* no empty axis, got \(0, 3\)"),
    (data(X[:, :0]), ENTROPY, r"expected .* no empty axis, got \(6, 0\)"),
    (data(with_(X, math.nan)), ENTROPY, "expected finite numbers, got nan"),
    (data(with_(X, math.inf)), ENTROPY, "expected finite numbers, got inf"),
    (data(y=Y.float()), ENTROPY, "expected .*torch.int64, got torch.float32"),
    (data(y=Y.int()), ENTROPY, "expected .*torch.int64, got torch.int32"),
    (data(y=with_(Y, -1)), ENTROPY, "expected targets of at least 0.*got -1"),
    (
        data(y=torch.full((6,), -100)),
        ENTROPY,
        "expected a target that counts, got only -100",
    ),
    (data(), SQUARED, "expected floating-point targets, got torch.int64"),
    (
        data(y=torch.full((6, 4), math.nan)),
        SQUARED,
        "expected finite numbers, got nan",
    ),
]

BAD_OUTPUTS = [
    (torch.zeros(6), ENTROPY, r"expected .*\(6, classes\).*got \(6,\)"),
    (torch.zeros(5, 4), ENTROPY, r"expected an output of .*got \(5, 4\)"),
    (torch.zeros(6, 2, 4), ENTROPY, r"expected .*got \(6, 2, 4\)"),
    (torch.zeros(6, 4).long(), ENTROPY, "expected .*got .*int64"),
    (None, ENTROPY, "expected an output of .*got NoneType"),
    ((torch.zeros(6, 4),), ENTROPY, "expected an output of .*got tuple"),
    (torch.zeros(6, 3), ENTROPY, "expected .* at least 4 classes.*got 3"),
    (torch.zeros(6, 1), SQUARED, r"expected .*\(6, 4\).*got \(6, 1\)"),
    (torch.zeros(6, 4).double(), SQUARED, "expected .*float32.*got .*float64"),
]

BAD_MODELS = [
    (3, "model: expected a Module, got 3"),
    (mlp, "model: expected a Module, got <function"),
    (nn.Tanh(), r"model: expected parameters, .*got .*\[\]"),
]

TABLE = [
    # The configuration
    *[("config.TrainConfig", partial(config, **{name: bad}),
       f"{name}: expected a whole number of at least 1, got ")
      for name in ("epochs", "batch_size", "step_size", "patience")
      for bad in BAD_WHOLE],
    *[("config.TrainConfig", partial(config, epochs=None),
       "epochs: expected a whole number of at least 1, got None")],
    *[("config.TrainConfig", partial(config, seed=bad),
       "seed: expected a whole number of at least 0, got ")
      for bad in [-1, 0.0, "0", None, True, 2**64]],
    *[("config.TrainConfig", partial(config, **{name: bad}),
       f"{name}: expected a number above 0, got ")
      for name in ("lr", "gamma", "max_norm") for bad in BAD_POSITIVE],
    *[("config.TrainConfig", partial(config, **{name: None}),
       f"{name}: expected a number .*got None")
      for name in ("lr", "gamma", "weight_decay")],
    *[("config.TrainConfig", partial(config, weight_decay=bad),
       "weight_decay: expected a number of at least 0, got ")
      for bad in [-0.1, math.nan, math.inf, "0", True]],
    *[("config.TrainConfig", partial(config, keep=bad),
       "keep: expected 'best' or 'last', got ")
      for bad in ["first", None, 3, ["best"], "x" * 500]],
    *[("config.TrainConfig", partial(config, loss=bad),
       "loss: expected 'cross_entropy' or 'squared_error', got ")
      for bad in ["mse", None, nn.MSELoss()]],
    *[("config.TrainConfig.from_json",
       partial(TrainConfig.from_json, bad), message)
      for bad, message in [
          (None, "TrainConfig: expected a str, got None"),
          ({"epochs": 1}, "TrainConfig: expected a str, got {"),
          ("", "TrainConfig: expected JSON, got ''"),
          ("{'epochs': 1}", "TrainConfig: expected JSON, got "),
          (CONFIG[:-1], "TrainConfig: expected JSON, got "),
          ("[" * 100_000, "TrainConfig: expected JSON, got "),
          ("[1]", r"TrainConfig: expected a dict, got \[1\]"),
          ("null", "TrainConfig: expected a dict, got None"),
          ("{}", "TrainConfig: expected the fields epochs, .*got missing"),
          (with_field(CONFIG, rate=1), r"unknown \['rate'\]"),
          (without_field(CONFIG, "lr"), r"got missing \['lr'\], unknown \[\]"),
          (with_field(CONFIG, lr="0.1"), "lr: expected a number .*got '0.1'"),
          (with_field(CONFIG, lr=math.nan), "lr: expected .*got nan"),
          (with_field(CONFIG, epochs=2.0), "epochs: expected .*got 2.0"),
          (with_field(CONFIG, epochs=None), "epochs: expected .*got None"),
          (with_field(CONFIG, patience=[3]), r"patience: expected .*\[3\]"),
          (with_field(CONFIG, keep=True), "keep: expected .*got True"),
      ]],
    # The records
    *[("history.Epoch", partial(epoch, **{name: bad}),
       rf"\b{name}: expected a number .*, got ")
      for name in NUMBERS for bad in [-0.1, math.nan, math.inf, "1", True]],
    *[("history.Epoch", partial(epoch, **{name: None}),
       rf"\b{name}: expected a number .*, got None")
      for name in ("train_loss", "lr", "grad_norm", "seconds")],
    *[("history.Epoch", partial(epoch, **{name: 1.01}),
       f"{name}: expected a number from 0 to 1, got 1.01")
      for name in ("train_accuracy", "valid_accuracy")],
    ("history.Score", lambda: Score(math.nan, None),
     "loss: expected a number of at least 0, got nan"),
    ("history.Score", lambda: Score(None, None), "loss: expected .*got None"),
    ("history.Score", lambda: Score(1.0, 1.5),
     "accuracy: expected a number from 0 to 1, got 1.5"),
    *[("history.History", partial(History, bad, False), message)
      for bad, message in [
          (None, "epochs: expected a tuple, got None"),
          ([epoch()], "epochs: expected a tuple, got "),
          ((epoch(), RECORD), "epochs: expected a Epoch, got {"),
          ((epoch(), epoch(valid_loss=None)),
           "epochs: expected a validation loss in each .*got 1 in 2"),
      ]],
    ("history.History", lambda: History((), 1),
     "stopped_early: expected a bool, got 1"),
    *[("history.History.column", partial(History((), False).column, bad),
       "name: expected 'train_loss' or .*'seconds', got ")
      for bad in ["loss", "", None, 3, ["lr"]]],
    *[("history.History.from_json", partial(History.from_json, bad), message)
      for bad, message in [
          (None, "History: expected a str, got None"),
          ("", "History: expected JSON, got ''"),
          ("3", "History: expected a dict, got 3"),
          ("{}", r"History: expected the fields.*got missing \['epochs'"),
          (with_field(HISTORY, more=1), r"unknown \['more'\]"),
          (without_field(HISTORY, "stopped_early"), "missing .'stopped_early"),
          (with_field(HISTORY, epochs=None), "epochs: expected .*got None"),
          (with_field(HISTORY, epochs={}), "epochs: expected .*got {}"),
          (with_field(HISTORY, epochs=[3]), "Epoch: expected a dict, got 3"),
          (with_field(HISTORY, epochs=[{}]), "Epoch: expected the fields"),
          (with_field(HISTORY, epochs=[RECORD | {"more": 1}]), "'more'"),
          (with_field(HISTORY, epochs=[RECORD | {"lr": "1"}]), "lr: expected"),
          (with_field(HISTORY, stopped_early=0), "stopped_early: expected"),
      ]],
    # Training and measuring
    *both(BAD_DATA),
    *[(name, partial(call, bad), message)
      for name, call in [("loop.fit", fit_), ("loop.evaluate", evaluate_)]
      for bad, message in BAD_MODELS],
    *[("loop.evaluate",
       partial(evaluate_, Answer(bad), data() if loss == ENTROPY
               else numbers(6), loss), f"model: {message}")
      for bad, loss, message in BAD_OUTPUTS],
    *[("loop.fit",
       partial(fit_, Answer(bad), data() if loss == ENTROPY else numbers(6),
               settings=config(epochs=1, loss=loss)), f"model: {message}")
      for bad, loss, message in BAD_OUTPUTS],
    ("loop.evaluate",
     lambda: evaluate_(Answer(torch.zeros(6, 4)), sequences(6)),
     r"expected an output of .*\(6, 6, classes\).*got \(6, 4\)"),
    *[("loop.evaluate", partial(evaluate_, loss=bad),
       "loss: expected 'cross_entropy' or 'squared_error', got ")
      for bad in ["mse", None, 3]],
    *[("loop.evaluate", partial(evaluate_, batch_size=bad),
       "batch_size: expected a whole number of at least 1, got ")
      for bad in BAD_WHOLE],
    ("loop.fit", lambda: fit_(frozen()),
     "model: expected a parameter that requires a gradient, got none"),
    ("loop.fit", lambda: fit_(Answer(torch.zeros(6, 4))),
     "model: expected an output that depends on parameters .*got one"),
    ("loop.fit", lambda: fit_(Extra(3, 4), checkpoint="no.pt"),
     "model._extra_state: expected a Tensor, got 3"),
    *[("loop.fit", partial(fit, mlp(), DATA, None, bad),
       "config: expected a TrainConfig, got ")
      for bad in [None, {"epochs": 1}, CONFIG]],
    *[("loop.fit", partial(fit_, settings=bad),
       "valid_set: expected a data set for keep='best' or a patience, got None")
      for bad in [config(keep="best"), config(patience=3)]],
    *[("loop.fit", partial(fit_, progress=bad),
       "progress: expected a bool, got ") for bad in [None, 1, "yes"]],
    *[(name, partial(call, bad), message)
      for name, call in [
          ("loop.fit", lambda path: fit_(checkpoint=path)),
          ("checkpoint.check_path", check_path),
          ("checkpoint.save_checkpoint",
           lambda path: save_checkpoint(path, {})),
          ("checkpoint.load_checkpoint", load_checkpoint),
          ("checkpoint.write_whole",
           lambda path: write_whole(path).__enter__()),
      ]
      for bad, message in [
          (3, "checkpoint: expected a path, got 3"),
          ("", "checkpoint: expected a path, got ''"),
          (b"run.pt", "checkpoint: expected a path, got b'run.pt'"),
          (".", "checkpoint: expected a file in a folder that exists, got '.'"),
          ("no_such_folder/run.pt", "checkpoint: expected a file in a folder"),
          ("x" * 100 + "/run.pt", "checkpoint: expected a file in a folder"),
      ]],
    # Checkpoints; the files are in test_checkpoint.py.
    ("checkpoint.load_checkpoint", lambda: load_checkpoint("no_such_file.pt"),
     "no_such_file.pt: expected a checkpoint, got .*FileNotFoundError"),
    ("checkpoint.load_checkpoint", lambda: load_checkpoint(__file__),
     r"test_errors_train.py: expected a checkpoint, got .*zip"),
    ("checkpoint.save_checkpoint", lambda: save_checkpoint("no.pt", [1]),
     r"state: expected a dict, got \[1\]"),
    *[("checkpoint.fingerprint", partial(fingerprint, bad),
       "dataset: expected a TensorDataset, got ") for bad in [3, X, [X, Y]]],
    *[("checkpoint.check_same", partial(check_same, "run.pt", got, {"a": 1}),
       message)
      for got, message in [
          (None, "run.pt: expected a dict, got None"),
          ({}, r"run.pt: expected .*another a; a is missing \(here 1\)"),
          ({"a": 1, "b": 2}, r"another b; b is 2 \(here missing\)"),
          ({"a": 2}, r"another a; a is 2 \(here 1\)"),
          ({"a": True}, r"another a; a is True \(here 1\)"),
          ({"a": torch.ones(3)}, r"another a; a is tensor.* \(here 1\)"),
          ({k: "x" * 500 for k in ("a", "b" * 500)}, "another a, bbb"),
      ]],
]  # fmt: skip


@each_call(TABLE)
def test_bad_input_is_named(call, message):
    assert_refused(call, message)


def test_every_public_call_is_in_the_table():
    public = public_calls([checkpoint, history, loop, train_config])
    takes_nothing = {
        "history.History.to_json",
        "config.TrainConfig.to_json",
    }
    takes_anything = {"checkpoint.form"}
    assert {
        name for name, *_ in TABLE
    } == public - takes_nothing - takes_anything
