"""Bad input to the experiments: a ValueError, with expected and got."""

import importlib
import json
import math
import pkgutil
import re
import shutil
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

import unrolled_lab
from bad_input import assert_refused, each_call, public_calls
from small_runs import run, train
from unrolled.cells import RNNCell
from unrolled.models import transformer
from unrolled.models.transformer import Transformer, positions
from unrolled.train.checkpoint import load_checkpoint, save_checkpoint
from unrolled.train.history import Epoch, History
from unrolled_lab import Record, RunConfig, catalogue, execute, sweeps
from unrolled_lab.build import (
    build_model,
    count_parameters,
    generator_for,
    make_data,
)
from unrolled_lab.catalogue import (
    estimate,
    forty_epochs,
    source_b_run,
    source_b_training,
)
from unrolled_lab.diagnosis import gradient_norms
from unrolled_lab.files import (
    RunFiles,
    by_group,
    load_model,
    load_record,
    load_records,
    results_folder,
)
from unrolled_lab.forecasters import (
    begin_forecaster,
    load_forecasters,
    load_losses,
    save_forecasters,
    train_forecasters,
)
from unrolled_lab.runs import follow, replay
from unrolled_lab.sweeps import sweep
from unrolled_lab.tables import (
    best_and_last,
    check_records,
    curves,
    first_above,
    gradient_ratio,
    remedy_groups,
)

HERE = Path(__file__).parent
NAN, INF = math.nan, math.inf
BAD_WHOLE = [0, -1, 2.0, True, "3", None, NAN, [1]]
BAD_SHARES = [-0.1, 1, 1.5, NAN, INF, "0.5", None, True]
BAD_LABELS = ["", "A", "a b", "../a", ".a", "ä", "x" * 41, 3, None, ["a"], "a/"]

CONFIG = run("RNN", diagnose=True, weights=("best", "last"))
RECORD = execute(CONFIG)
NO_END = (*RECORD.gradient_norms[:-1], 0.0)
UNTESTED = History(
    tuple(
        Epoch(**vars(epoch) | {"valid_loss": None, "valid_accuracy": None})
        for epoch in RECORD.history.epochs
    ),
    stopped_early=False,
)
TOLD = json.loads(RECORD.to_json())
DESCRIBED = json.loads(CONFIG.to_json())
MODEL = build_model(CONFIG)
with torch.inference_mode():
    MADE_INSIDE = build_model(CONFIG)
X = make_data(CONFIG).test.tensors[0][:3]
V = torch.eye(4)
READER = Transformer(3, 2, 8)
Y = torch.randn(2, 4, 3)
TOKENS = torch.tensor([[0, 1, 2, 1]])


def record(**changes):
    return Record(**vars(RECORD) | changes)


def read(**changes):
    """A record's file with some fields replaced; `...` leaves one out."""
    told = {k: v for k, v in (TOLD | changes).items() if v is not ...}
    return Record.from_json(json.dumps(told))


def described(**changes):
    told = {k: v for k, v in (DESCRIBED | changes).items() if v is not ...}
    return RunConfig.from_json(json.dumps(told))


def sweep_(configs=(CONFIG,), folder=HERE, **options):
    return sweep([*configs], folder, **options)


def connect(backend="loky", jobs=1, scheduler=None):
    with sweeps.connect(backend, jobs, scheduler):
        pytest.fail("connected")


def with_(tensor, value):
    copy = tensor.clone()
    copy.view(-1)[copy.numel() // 2] = value
    return copy


BAD_CONFIGS = [None, {"cell": "RNN"}, CONFIG.to_json(), RunConfig]
WANTS_CONFIG = {
    "build.build_model": build_model,
    "build.make_data": make_data,
    "files.RunFiles": lambda bad: RunFiles(bad, HERE),
    "runs.execute": execute,
    "runs.follow": lambda bad: follow(bad, 1, id),
    "runs.replay": lambda bad: replay(bad, 1),
    "timing.estimate": estimate,
}
BAD_TEXTS = [
    (None, "expected a str, got None"),
    ("", "expected JSON, got ''"),
    ("{", "expected JSON, got '{'"),
    ("[1]", r"expected a dict, got \[1\]"),
    ("null", "expected a dict, got None"),
]
HISTORY = TOLD["history"]

TABLE = [
    # Configurations
    *[("config.RunConfig", partial(run, **{name: bad}),
       f"{name}: expected a whole number of at least [12], got ")
      for name in ("steps", "features", "train_count", "valid_count",
                   "test_count", "hidden_size", "num_layers")
      for bad in BAD_WHOLE],
    ("config.RunConfig", lambda: run(steps=1),
     "steps: expected a whole number of at least 2, got 1"),
    *[("config.RunConfig", partial(run, dropout=bad),
       "dropout: expected a number from 0 to below 1, got ")
      for bad in BAD_SHARES],
    *[("config.RunConfig", partial(run, **{name: bad}),
       f"{name}: expected 1 to 40 small letters.*, got |"
       f"{name}: expected a str, got ")
      for name in ("experiment", "group") for bad in BAD_LABELS],
    *[("config.RunConfig", partial(run, **{name: bad}),
       f"{name}: expected a bool, got ")
      for name in ("bias", "two_biases", "diagnose") for bad in [None, 1, "x"]],
    *[("config.RunConfig", partial(run, **{name: bad}),
       f"{name}: expected '.*' or '.*', got ")
      for name in ("init", "layers") for bad in ["none", None, 3]],
    *[("config.RunConfig", partial(described, cell=bad),
       "cell: expected 'LSTM' or .*, got ") for bad in ["lstm", None, 3]],
    *[("config.RunConfig", partial(run, forget_bias=bad),
       "forget_bias: expected a number that is finite, got ")
      for bad in [NAN, INF, "1", True]],
    *[("config.RunConfig", partial(described, cell="GRU", update_bias=bad),
       "update_bias: expected a number that is finite, got ")
      for bad in [NAN, INF, "1", True, None]],
    *[("config.RunConfig", partial(run, data_seed=bad),
       "data_seed: expected a whole number of at least 0, got ")
      for bad in [-1, 0.0, "1", True]],
    *[("config.RunConfig", partial(run, weights=bad), message)
      for bad, message in [
          ("best", "weights: expected a tuple, got 'best'"),
          (["best"], "weights: expected a tuple, got "),
          (("first",), "weights: expected 'initial' or .*got 'first'"),
          (("best", "best"), "weights: expected each at most once, got "),
      ]],
    *[("config.RunConfig", lambda bad=bad: run(**{"train": bad}), message)
      for bad, message in [
          (None, "train: expected a TrainConfig, got None"),
          ({"epochs": 3}, "train: expected a TrainConfig, got {"),
          (train(keep="last"), "train.keep: expected 'best', got 'last'"),
          (train(loss="squared_error"),
           "train.loss: expected 'cross_entropy', got 'squared_error'"),
      ]],
    # Fields that do not suit each other
    *[("config.RunConfig", partial(run, cell, **changes), message)
      for cell, changes, message in [
          ("LSTM", {"forget_bias": None},
           "forget_bias: expected a number for an LSTM, got None"),
          ("LSTM", {"bias": False}, "forget_bias: expected 0.0 for.*got 1.0"),
          ("LSTM", {"bias": False, "forget_bias": 0.0, "two_biases": True},
           "two_biases: expected False for .*bias=False, got True"),
          ("GRU", {"forget_bias": 1.0}, "forget_bias: expected None .*got 1.0"),
          ("RNN", {"forget_bias": 0.0}, "forget_bias: expected None .*got 0.0"),
          ("LSTM", {"update_bias": 1.0}, "update_bias: expected 0.0 .*got 1.0"),
          ("RNN", {"update_bias": 1.0}, "update_bias: expected 0.0 .*got 1.0"),
          ("GRU", {"bias": False, "update_bias": 1.0},
           "update_bias: expected 0.0 for .*bias=False, got 1.0"),
          ("Transformer", {"init": "uniform"},
           "init: expected 'xavier' for a Transformer .*got 'uniform'"),
          ("Transformer", {"layers": "all"}, "layers: expected 'last'.*got "),
          ("Transformer", {"bias": False}, "bias: expected True .*got False"),
          ("Transformer", {"two_biases": True}, "two_biases: expected False"),
          ("Transformer", {"forget_bias": 1.0}, "forget_bias: expected None"),
      ]],
    # Configurations from files
    *[(f"config.RunConfig.{name}", partial(call, bad), message)
      for bad, message in BAD_TEXTS
      for name, call in [("from_json", RunConfig.from_json)]],
    *[("config.RunConfig.from_json", partial(described, **changes), message)
      for changes, message in [
          ({"more": 1}, r"RunConfig: .*unknown \['more'\]"),
          ({"cell": ...}, r"RunConfig: .*missing \['cell'\]"),
          ({"train": ...}, r"RunConfig: .*missing \['train'\]"),
          ({"train": {}}, r"TrainConfig: .*missing \['epochs'\]"),
          ({"train": {"epochs": 2, "rate": 1}}, r"unknown \['rate'\]"),
          ({"train": {"epochs": 0, "keep": "best"}}, "epochs: expected"),
          ({"train": None}, "train: expected a TrainConfig, got None"),
          ({"steps": 2.5}, "steps: expected a whole number .*got 2.5"),
          ({"weights": "best"}, "weights: expected a tuple, got 'best'"),
          ({"weights": [3]}, "weights: expected .*got 3"),
      ]],
    *[("config.RunConfig.from_dict", partial(RunConfig.from_dict, bad), message)
      for bad, message in [
          (None, "RunConfig: expected a dict, got None"),
          ([], r"RunConfig: expected a dict, got \[\]"),
          ({}, r"RunConfig: expected .*missing \['experiment'"),
      ]],
    # All that take a configuration
    *[(name, partial(call, bad), "config: expected a RunConfig, got ")
      for name, call in WANTS_CONFIG.items() for bad in BAD_CONFIGS],
    *[("runs.replay", partial(replay, CONFIG, bad),
       "epochs: expected a whole number of at least 1, got ")
      for bad in BAD_WHOLE],
    ("runs.replay", lambda: replay(CONFIG, 3),
     "epochs: expected at most 2, those of the run, got 3"),
    *[("runs.follow", partial(follow, CONFIG, bad, id),
       "epochs: expected a whole number of at least 1, got ")
      for bad in BAD_WHOLE],
    ("runs.follow", lambda: follow(CONFIG, 3, id),
     "epochs: expected at most 2, those of the run, got 3"),
    *[("runs.follow", partial(follow, CONFIG, 1, bad),
       "measure: expected a function of a model, got ")
      for bad in [None, 3, "weights"]],
    *[("runs.follow", partial(follow, CONFIG, 1, id, bad),
       "data: expected a Datasets, got ") for bad in [3, (X, X, X), []]],
    # Several records
    *[(f"summary.{name}", partial(call, bad), f"records: expected {message}")
      for name, call in [
          ("curves", lambda bad: curves(bad, "lr")),
          ("gradient_ratio", gradient_ratio),
          ("check_records", check_records),
      ]
      for bad, message in [
          (None, "a list, got None"),
          (RECORD, "a list, got "),
          ([], r"one or more, got \[\]"),
          ([RECORD, CONFIG], "a Record, got "),
      ]],
    *[("summary.curves", partial(curves, [RECORD], bad), "name: expected .*got")
      for bad in ["accuracy", None, 3]],
    *[("summary.curves", partial(curves, [RECORD], "lr", bad),
       "epochs: expected a whole number of at least 1, got ")
      for bad in BAD_WHOLE if bad is not None],
    ("summary.curves", lambda: curves([RECORD], "lr", 3),
     "epochs: expected at most 2, those of the shortest run, got 3"),
    ("summary.gradient_ratio",
     lambda: gradient_ratio([RECORD, execute(run("RNN"))]),
     "records: expected runs with gradient_norms, got rnn-seed0 without"),
    ("summary.gradient_ratio",
     lambda: gradient_ratio([record(gradient_norms=NO_END)]),
     "records: expected a gradient by the last step that is not 0, got 0 in "),
    ("summary.curves", lambda: curves([record(history=UNTESTED)], "valid_loss"),
     "records: expected runs with valid_loss, got .* without"),
    *[("summary.first_above", partial(first_above, bad, 0.5), message)
      for bad, message in [
          (None, "values: expected .*got"),
          ([], r"values: expected shape \(E\).*got \(0,\)|values: expected "),
          ([[0.5]], r"values: expected shape .*got \(1, 1\)"),
          ([NAN], "values: expected finite numbers, got nan"),
      ]],
    *[("summary.first_above", partial(first_above, [0.5], bad),
       "level: expected .*got ") for bad in [None, "a", [0.5], NAN]],
    ("runs.execute", lambda: execute(CONFIG, "no_such_folder"),
     "folder: expected a folder that exists, got 'no_such_folder'"),
    ("build.build_model",
     lambda: build_model(run("Transformer", hidden_size=6)),
     r"hidden_size: expected an even multiple of num_heads \(4\), got 6"),
    *[("build.generator_for", partial(generator_for, "weights", bad),
       "seed: expected a whole number of at least 0, got ")
      for bad in [-1, 0.0, None, "0", True]],
    *[("build.generator_for", partial(generator_for, bad, 0),
       "purpose: expected a str, got ") for bad in [None, 3, b"weights"]],
    *[("build.count_parameters", partial(count_parameters, bad),
       "model: expected a Module, got ") for bad in [None, 3, nn.Linear]],
    # Gradients
    *[("diagnosis.gradient_norms", partial(gradient_norms, bad, X, V),
       "model: expected a Classifier or a Transformer, got ")
      for bad in [None, nn.Linear(2, 4), RNNCell(2, 4)]],
    *[("diagnosis.gradient_norms", partial(gradient_norms, MODEL, bad, V),
       f"x: expected {message}")
      for bad, message in [
          (X.tolist(), r"a tensor of shape \(N, T, D\), got "),
          (X[0], r"shape \(N, T, D\).*got \(5, 2\)"),
          (X[:0], r"shape \(N, T, D\).*got \(0, 5, 2\)"),
          (X[..., :1], r"shape \(N, T, 2\).*got \(3, 5, 1\)"),
          (X.double(), "torch.float32, as the parameters, got torch.float64"),
          (with_(X, NAN), "finite numbers, got nan"),
      ]],
    *[("diagnosis.gradient_norms", partial(gradient_norms, MODEL, X, bad),
       f"projections: expected {message}")
      for bad, message in [
          (None, "a Tensor, got None"),
          (V[0], r"shape \(P, 4\).*got \(4,\)"),
          (V[:0], r"shape \(P, 4\).*got \(0, 4\)"),
          (V[:, :3], r"shape \(P, 4\).*got \(4, 3\)"),
          (V.long(), "floating-point numbers, got torch.int64"),
          (with_(V, INF), "finite numbers, got inf"),
      ]],
    ("diagnosis.gradient_norms", lambda: gradient_norms(MADE_INSIDE, X, V),
     "model: expected parameters that gradients can pass, got .*inference"),
    # Records
    *[("record.Record", partial(record, **{name: bad}), f"{name}: {message}")
      for name, bad, message in [
          ("config", DESCRIBED, "expected a RunConfig, got {"),
          ("history", None, "expected a History, got None"),
          ("best_epoch", 0, "expected a whole number .*got 0"),
          ("best_epoch", 3, "expected what suits 2 epochs .*got 3"),
          ("test_best", 0.5, "expected a Score, got 0.5"),
          ("test_last", None, "expected a Score, got None"),
          ("parameters", 0, "expected a whole number .*got 0"),
          ("parameters", 2.0, "expected a whole number .*got 2.0"),
          ("gradient_norms", None, "expected what suits .*got 0 numbers"),
          ("gradient_norms", (1.0,) * 4, "expected what .*got 4 numbers"),
          ("gradient_norms", [1.0] * 5, "expected a tuple, got "),
          ("gradient_norms", (NAN,) * 5, "expected a number .*got nan"),
          ("gradient_norms", (-1.0,) * 5, "expected a number .*got -1.0"),
          ("versions", None, "expected .*'python', .*got None"),
          ("versions", {"python": "3"}, r"expected .*got \['python'\]"),
          ("machine", None, "expected a str, got None"),
          ("threads", 0, "expected a whole number .*got 0"),
          ("seconds", -1, "expected a number of at least 0, got -1"),
          ("seconds", NAN, "expected a number of at least 0, got nan"),
          ("date", None, "expected a str, got None"),
          ("date", "yesterday", "expected a date as .*got 'yesterday'"),
          ("date", "2026-13-31T23:59:59Z", "expected a date as .*got '2026-13"),
      ]],
    ("record.Record", lambda: record(versions=RECORD.versions | {"torch": 2}),
     "versions.torch: expected a str, got 2"),
    ("record.Record", lambda: record(config=run("RNN")),
     "gradient_norms: expected .*diagnose=False, got 5 numbers"),
    ("record.Record",
     lambda: record(config=run("RNN", training={"epochs": 3})),
     "history: expected what suits 3 epochs .*got 2 epochs"),
    *[("record.Record.from_json", partial(Record.from_json, bad), message)
      for bad, message in BAD_TEXTS],
    *[("record.Record.from_json", partial(read, **changes), message)
      for changes, message in [
          ({"more": 1}, r"Record: expected \['format', .*got "),
          ({"threads": ...}, r"Record: expected \['format', .*got "),
          ({"format": "unrolled record 9"}, "format: expected .*got .* 9'"),
          ({"id": "00000000"}, "id: expected '.*', as .*got '00000000'"),
          ({"seed": 1}, "seed: expected 0, as of this .*got 1"),
          ({"name": "rnn"}, "name: expected 'rnn-seed0', as .*got 'rnn'"),
          ({"command": None}, "command: expected 'python .*got None"),
          ({"config": None}, "RunConfig: expected a dict, got None"),
          ({"config": DESCRIBED | {"steps": 6}}, "id: expected .*got "),
          ({"history": None}, r"history: expected .*got None"),
          ({"history": HISTORY | {"more": []}}, "history: expected .*got "),
          ({"history": HISTORY | {"lr": 3}}, "history.lr: expected a list"),
          ({"history": HISTORY | {"lr": [0.1]}}, r"history: .*got \[1, 2\]"),
          ({"history": HISTORY | {"lr": [0.1, "x"]}}, "lr: expected .*'x'"),
          ({"history": HISTORY | {"stopped_early": 1}}, "stopped_early: exp"),
          ({"test_best": None}, "Score: expected a dict, got None"),
          ({"test_best": {}}, "Score: expected the fields.*got missing"),
          ({"test_last": {"loss": 1, "accuracy": 2}}, "accuracy: expected"),
          ({"gradient_norms": ["1"] * 5}, "gradient_norms: expected .*'1'"),
      ]],
    # Files
    *[(name, partial(call, bad), message)
      for name, call in [
          ("files.results_folder", results_folder),
          ("files.RunFiles", partial(RunFiles, CONFIG)),
          ("files.load_records", partial(load_records, "test")),
          ("files.load_model", partial(load_model, RECORD, "best")),
          ("sweeps.sweep", partial(sweep, [CONFIG])),
      ]
      for bad, message in [
          ("no_such_folder", "folder: expected a folder that exists, got 'no"),
          (__file__, "folder: expected a folder that exists, got '"),
          (3, "folder: expected a folder that exists, got '3'"),
          ("", "folder: expected a folder that exists, got ''"),
      ]],
    *[("files.results_folder", partial(results_folder, bad, create=True),
       "folder: expected a folder that exists, got ")
      for bad in ["no_such/folder", __file__, 3, ""]],
    ("files.results_folder", lambda: results_folder(".", create=1),
     "create: expected a bool, got 1"),
    *[("files.load_record", partial(load_record, bad), message)
      for bad, message in [
          (None, "path: expected a path, got None"),
          (3, "path: expected a path, got 3"),
          ("no_such.json", "no_such.json: expected a record, got .*No such"),
          (HERE, "tests: expected a record, got a file that is none"),
          (__file__, "test_errors_experiments.py: expected a record, got "),
      ]],
    ("files.load_records", lambda: load_records("nothing", HERE),
     "experiment: expected one with records, got 'nothing'"),
    ("files.load_records", lambda: load_records(3, HERE),
     "experiment: expected a str, got 3"),
    # Forecasters
    *[(f"forecasters.{call.__name__}", partial(call, *bad), message)
      for call in (begin_forecaster, train_forecasters, save_forecasters)
      for bad, message in [
          (("prices", 0), "series: expected 'oscillations' or 'henon', got "),
          ((None, 0), "series: expected 'oscillations' or 'henon', got None"),
          (("henon", -1), "seed: expected a whole number of at least 0, got "),
          (("henon", 0.0), "seed: expected a whole number of at least 0, got "),
      ]],
    *[(f"forecasters.{call.__name__}", partial(call, *bad), message)
      for call in (load_forecasters, load_losses)
      for bad, message in [
          (("prices",), "series: expected 'oscillations' or 'henon', got "),
          (("henon", "none"), "folder: expected a folder that exists, got "),
          (("henon", HERE), "checkpoint: expected a file .*got .*henon-seed0"),
      ]],
    *[("remedies.remedy_groups", partial(remedy_groups, bad, HERE),
       "remedy: expected 'dropout' or 'data' or 'decay', got ")
      for bad in ["published", "", None, 3, ["data"]]],
    ("remedies.remedy_groups", lambda: remedy_groups("data", HERE),
     "experiment: expected one with records, got 'dropout'"),
    ("remedies.remedy_groups", lambda: remedy_groups("data", HERE / "none"),
     "folder: expected a folder that exists, got "),
    *[("remedies.best_and_last", partial(best_and_last, bad, "loss"), message)
      for bad, message in [
          ([], r"records: expected one or more, got \[\]"),
          (RECORD, "records: expected a list, got Record"),
          ([RECORD, None], "records: expected a Record, got None"),
      ]],
    *[("remedies.best_and_last", partial(best_and_last, [RECORD], bad),
       "measure: expected 'loss' or 'accuracy', got ")
      for bad in ["test_loss", "", None, 3]],
    ("files.by_group", lambda: by_group(RECORD),
     "records: expected a list, got "),
    ("files.by_group", lambda: by_group([RECORD, None]),
     "records: expected a Record, got None"),
    ("files.load_model", lambda: load_model(CONFIG, "best", HERE),
     "record: expected a Record, got "),
    ("files.load_model", lambda: load_model(RECORD, "first", HERE),
     "moment: expected 'initial' or .*got 'first'"),
    ("files.load_model", lambda: load_model(RECORD, "best", HERE),
     ".*: expected a .*, got .*"),
    ("files.load_model", lambda: load_model(execute(run("RNN")), "best", HERE),
     r"moment: expected one of \(\), which this run kept, got 'best'"),
    # The catalogue
    *[("catalogue.runs_of", partial(catalogue.runs_of, bad),
       "experiment: expected 'published' or .*, got ")
      for bad in ["", "nothing", None, 3, "x" * 500]],
    *[(f"source_b.{call.__name__}", partial(call, bad),
       "seed: expected a whole number of at least 0, got ")
      for call in (source_b_training, forty_epochs) for bad in [-1, None, 0.0]],
    *[("source_b.source_b_run", partial(source_b_run, *bad), message)
      for bad, message in [
          (("", "a", 0), "experiment: expected 1 to 40 small letters.*, got "),
          (("a", None, 0), "group: expected a str, got None"),
          (("a", "a", -1), "seed: expected a whole number of at least 0, got"),
      ]],
    # Sweeps
    ("sweeps.sweep", lambda: sweep((CONFIG,), HERE),
     "configs: expected a list, got "),
    ("sweeps.sweep", lambda: sweep_([CONFIG, None]),
     "configs: expected a RunConfig, got None"),
    ("sweeps.sweep", lambda: sweep_([CONFIG, run(), CONFIG]),
     "configs: expected each run once, got rnn-seed0-.* again"),
    *[("sweeps.sweep", partial(sweep_, **{name: bad}),
       f"{name}: expected a whole number of at least 1, got ")
      for name in ("jobs", "threads") for bad in BAD_WHOLE],
    *[("sweeps.sweep", partial(sweep_, progress=bad),
       "progress: expected a bool, got ") for bad in [None, 1, "yes"]],
    *[(name, partial(call, **options), message)
      for name, call in [("sweeps.sweep", sweep_),
                         ("backends.connect", connect)]
      for options, message in [
          ({"backend": "threading"}, "backend: expected 'loky' or .*got 'thr"),
          ({"backend": None}, "backend: expected 'loky' or .*got None"),
          ({"scheduler": "tcp://x:1"}, "scheduler: expected None for loky"),
          ({"scheduler": 3}, "scheduler: expected a str, got 3"),
      ]],
    *[("backends.connect", partial(connect, jobs=bad),
       "jobs: expected a whole number of at least 1, got ")
      for bad in BAD_WHOLE],
    # The Transformer
    *[("transformer.Transformer", partial(Transformer, *sizes), message)
      for bad in BAD_WHOLE
      for sizes, message in [
          ((bad, 2, 8), "input_size: expected a whole number .*got "),
          ((3, bad, 8), "num_classes: expected a whole number .*got "),
          ((3, 2, bad), "hidden_size: expected a whole number .*got "),
          ((3, 2, 8, bad), "num_layers: expected a whole number .*got "),
      ]],
    *[("transformer.Transformer", partial(Transformer, 3, 2, 8, num_heads=bad),
       "num_heads: expected a whole number of at least 1, got ")
      for bad in BAD_WHOLE],
    *[("transformer.Transformer", partial(Transformer, 3, 2, H, num_heads=k),
       f"hidden_size: expected an even multiple of num_heads .*got {H}")
      for H, k in [(9, 3), (8, 3), (7, 1)]],
    *[("transformer.Transformer", partial(Transformer, 3, 2, 8, dropout=bad),
       "dropout: expected a number from 0 to below 1, got ")
      for bad in BAD_SHARES],
    *[("transformer.Transformer", partial(Transformer, 3, 2, 8, generator=bad),
       "generator: expected a Generator, got ")
      for bad in [0, "seed", np.random.default_rng()]],
    ("transformer.Transformer", lambda: Transformer(3, 1, 8),
     "num_classes: expected a whole number of at least 2, got 1"),
    *[("transformer.Transformer.forward", partial(READER, bad),
       f"x: expected {message}")
      for bad, message in [
          (Y.tolist(), r"a tensor of shape \(N, T, 3\), got "),
          (Y[0], r"shape \(N, T, 3\).*got \(4, 3\)"),
          (Y[:0], r"shape \(N, T, 3\).*got \(0, 4, 3\)"),
          (Y[..., :2], r"shape \(N, T, 3\).*got \(2, 4, 2\)"),
          (Y.double(), "torch.float32, as the parameters, got torch.float64"),
          (with_(Y, NAN), "finite numbers, got nan"),
          (TOKENS[0], r"shape \(N, T\).*got \(4,\)"),
          (with_(TOKENS, 3), "numbers from 0 to 2, got 3"),
          (with_(TOKENS, -1), "numbers from 0 to 2, got -1"),
      ]],
    *[("transformer.Transformer.forward", partial(READER, Y, bad),
       f"lengths: expected {message}")
      for bad, message in [
          ([4, 4], r"a tensor of shape \(2,\), got "),
          (torch.tensor([4]), r"shape \(2,\).*got \(1,\)"),
          (torch.tensor([4, 5]), "numbers from 1 to 4, got 5"),
          (torch.tensor([4, 0]), "numbers from 1 to 4, got 0"),
          (torch.tensor([4.0, 4.0]), "torch.int64, got torch.float32"),
      ]],
    *[("transformer.positions", partial(positions, bad, 4),
       "steps: expected a whole number of at least 1, got ")
      for bad in BAD_WHOLE],
    *[("transformer.positions", partial(positions, 4, bad),
       "size: expected a whole number of at least 1, got ")
      for bad in BAD_WHOLE],
    *[("transformer.positions", partial(positions, 4, 4, bad),
       "start: expected a whole number of at least 0, got ")
      for bad in BAD_WHOLE if bad != 0],
    ("transformer.positions", lambda: positions(4, 5),
     "size: expected an even number, got 5"),
]  # fmt: skip


@each_call(TABLE)
def test_bad_input_is_named(call, message):
    assert_refused(call, message)


MODULES = [
    importlib.import_module(f"{unrolled_lab.__name__}.{module.name}")
    for module in pkgutil.iter_modules(unrolled_lab.__path__)
    if not module.name.startswith("_")  # __main__: see test_sweeps.py
]


def test_every_public_call_is_in_the_table():
    public = public_calls([*MODULES, transformer])
    takes_nothing = {
        "config.RunConfig.to_json",
        "record.Record.to_json",
        "record.circumstances",
        "files.RunFiles.lock",
        *(
            f"{make.__module__.split('.')[-1]}.{name}"
            for name, make in catalogue.CATALOGUE.items()
        ),
    }
    # Plain containers, and what takes only what this package made.
    takes_anything = {
        "build.Datasets",
        "files.RunFiles.save",
        "sweeps.Outcome",
    }
    assert {
        name for name, *_ in TABLE
    } == public - takes_nothing - takes_anything


# Damaged files


@pytest.fixture(name="files")
def write_record(tmp_path):
    execute(CONFIG, tmp_path)
    return RunFiles(CONFIG, tmp_path)


def refused(folder, message):
    with pytest.raises(ValueError, match=message) as caught:
        load_records("test", folder)
    assert len(str(caught.value)) < 400


def test_a_record_cut_anywhere_is_refused(files, tmp_path):
    whole = files.record.read_bytes()
    for length in [0, 1, 100, len(whole) // 2, len(whole) - 3]:
        files.record.write_bytes(whole[:length])
        refused(tmp_path, "rnn-seed0-.*json: expected a record, got a file")
    files.record.write_bytes(b"\xff" + whole[1:])
    refused(tmp_path, "expected a record, got a file")


def test_a_record_of_another_place_is_refused(files, tmp_path):
    shutil.copy(files.record, files.record.with_name("rnn-seed1-00000000.json"))
    refused(tmp_path, "rnn-seed1-0.*: expected the record of this name .*got ")


def test_a_record_that_was_changed_is_refused(files, tmp_path):
    text = files.record.read_text()
    changed = re.sub('"lr": 0.01', '"lr": 0.02', text, count=1)
    assert changed != text
    files.record.write_text(changed)
    refused(tmp_path, "id: expected '.*', as of this configuration, got ")


def test_a_damaged_record_is_not_made_anew(files, tmp_path):
    files.record.write_text("{")
    (outcome,) = sweep([CONFIG], tmp_path, jobs=1)
    assert outcome.status == "failed"
    assert "expected a record" in outcome.error


def test_weights_that_do_not_belong_are_refused(files, tmp_path):
    record = load_record(files.record)
    load_model(record, "best", tmp_path)  # these do
    state = load_checkpoint(files.weights)
    whole = files.weights.read_bytes()

    def refused(message):
        with pytest.raises(ValueError, match=message) as caught:
            load_model(record, "best", tmp_path)
        assert len(str(caught.value)) < 400

    for changes in [
        {"id": "00000000"},
        {"best": {}},
        {"best": {k: v.float() for k, v in state["best"].items()}},
        {"more": 1},
    ]:
        save_checkpoint(files.weights, state | changes)
        refused("rnn-seed0-.*pt: expected .*, got ")
    damaged = bytearray(whole)
    place = whole.index(state["best"]["head.weight"].numpy().tobytes())
    damaged[place] ^= 1
    files.weights.write_bytes(damaged)
    refused("rnn-seed0-.*pt: expected a checkpoint, got ")
    files.weights.unlink()
    refused("rnn-seed0-.*pt: expected a checkpoint, got ")


# What is not there


@pytest.mark.parametrize(
    ("backend", "package"), [("dask", "distributed"), ("ray", "ray")]
)
def test_a_backend_that_is_not_installed(backend, package, monkeypatch):
    def fail(name):
        raise ModuleNotFoundError(f"No module named {name!r}")

    monkeypatch.setattr(sweeps, "import_module", fail)
    message = f"backend: expected .*got '{backend}' .*pip install {package}"
    with pytest.raises(ValueError, match=message):
        connect(backend)


def test_no_cluster_at_the_address():
    pytest.importorskip("distributed")
    with pytest.raises(
        ValueError, match=r"scheduler: expected the address .*got"
    ):
        connect("dask", scheduler="nonsense")


def test_a_package_without_its_repository(monkeypatch, tmp_path):
    copy = tmp_path / "lib" / "site-packages" / "unrolled" / "__init__.py"
    monkeypatch.setattr("unrolled.__file__", str(copy))
    with pytest.raises(
        ValueError, match=r"folder: expected .*got None"
    ) as caught:
        load_records("published")
    assert "installed without its repository" in str(caught.value)
    assert results_folder(tmp_path) == tmp_path
