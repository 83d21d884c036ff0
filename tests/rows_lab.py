"""Good calls of the laboratory: see `bad_input`."""

import atexit
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp

import numpy as np
import torch
from torch import nn

import unrolled_lab as lab
from bad_input import bad, fine, good
from small_runs import run, train
from unrolled_lab import tables
from unrolled_lab import transformer_race as race
from unrolled_lab.build import generator_for
from unrolled_lab.catalogue import source_b
from unrolled_lab.cell_race import make_network, train_variant
from unrolled_lab.costs import crossing, growth, least_seconds, multiplications
from unrolled_lab.files import RunFiles
from unrolled_lab.forecasters import save_forecasters
from unrolled_lab.rolling import save_rolling

EXCEPT = {
    "unrolled_lab.build": "redraw",
    "unrolled_lab.costs": "held_bytes longest_chain",  # see test_races.py
    # They take what others here have made and checked.
    "unrolled_lab.files": "RunFiles.save locked make_once use_threads "
    "weights_of",
    "unrolled_lab.forecasters": "load_network new_network save_network "
    "train_forecasters",
    "unrolled_lab.probes": "save_probes",
    "unrolled_lab.record": "Record.of columns",
    "unrolled_lab.sweeps": "connect",
}

FOLDER, RESULTS = Path(mkdtemp()), lab.results_folder()
atexit.register(rmtree, FOLDER)
CONFIG = run("RNN", diagnose=True, weights=("best", "last"))
RECORD = lab.execute(CONFIG)
PUBLISHED = lab.load_records("published")[0]
READER, LSTM = race.make_rival("Transformer"), race.make_rival("LSTM")
TOKENS = torch.zeros(2, 4, dtype=torch.int64)
RISING = np.array([1.0, 2, 4])
LSTM_ = {"cell": "LSTM", "forget_bias": 1.0}
BARE = LSTM_ | {"bias": False}
ATTENTION = {"cell": "Transformer", "init": "xavier"}
LEAST = dict.fromkeys(
    ["features", "train_count", "valid_count", "test_count", "hidden_size"], 1
) | {"steps": 2, "data_seed": 0}
LONGER = run("RNN", training={"epochs": 3})
RULES = [
    ("forget_bias: expected a number", LSTM_ | {"forget_bias": None}),
    ("forget_bias: expected 0.0 for .*bias=False", BARE),
    ("two_biases: expected False",
     BARE | {"forget_bias": 0.0, "two_biases": True}),
    ("forget_bias: expected None for a RNN", {"forget_bias": 0.0}),
    ("update_bias: expected 0.0 for a LSTM", LSTM_ | {"update_bias": 1.0}),
    ("update_bias: expected 0.0 for a RNN", {"update_bias": 1.0}),
    ("update_bias: .*bias=False",
     {"cell": "GRU", "bias": False, "update_bias": 1.0}),
    ("nonlinearity: expected 'tanh' for a LSTM",
     LSTM_ | {"nonlinearity": "relu"}),
    ("init: .*Transformer", ATTENTION | {"init": "uniform"}),
    ("layers: .*Transformer", ATTENTION | {"layers": "all"}),
    ("bias: .*Transformer", ATTENTION | {"bias": False}),
    ("two_biases: .*Transformer", ATTENTION | {"two_biases": True}),
    ("forget_bias: .*Transformer", ATTENTION | {"forget_bias": 1.0}),
    ("train.keep: expected 'best'", {"train": train(keep="last")}),
    ("train.loss: expected 'cross_", {"train": train(loss="squared_error")}),
    ("dropout: .*less than 1, got 1", {"dropout": 1.0}),
    ("experiment: expected a text of the pattern .*'A'", {"experiment": "A"}),
    *[("group: .*pattern", {"group": text}) for text in (
        "", "A", "a b", "../a", ".a", "ä", "a/", "a\n", "x" * 41)],
]  # fmt: skip

ROWS = [
    good(generator_for, fine("purpose: another word"),
         purpose="weights", seed=0),
    good(lab.make_data, config=CONFIG),
    good(lab.build_model,
         bad("hidden_size: .* got 6", config=run("Transformer", hidden_size=6)),
         config=CONFIG),
    good(lab.count_parameters, fine("model: another module"),
         model=nn.Linear(2, 3)),
    good(source_b, fine("(experiment|group): another word"),
         experiment="trial", group="bare", seed=0),
    good(lab.runs_of,
         bad("experiment: .*'published' or .*'x", experiment="x" * 500),
         experiment="published"),
    good(lab.estimate, config=CONFIG),
    good(lab.RunConfig, *RULES, fine("weights: (.*fewer|.*more|\\(\\))",
         "(experiment|group): another word"),
         **dict(CONFIG) | LEAST),
    good(lab.gradient_norms,
         model=lab.build_model(CONFIG),
         x=lab.make_data(CONFIG).test.tensors[0][:3],
         projections=torch.randn(7, 4, generator=generator_for("test", 0))),
    good(lab.Record,
         bad("best_epoch: expected 2, .*got 3", best_epoch=3),
         bad("history: expected 3, .*got 2", config=LONGER, id=LONGER.id),
         bad("gradient_norms: expected 5, .*got 0", gradient_norms=None),
         bad("gradient_ratios: expected 0, .*got 1", gradient_ratios=(0.5,)),
         bad("history: expected .*'train_loss'", history={"lr": [0.1]}),
         fine("(machine|versions: .*): another word", "best_epoch: 1"),
         **dict(RECORD) | {"parameters": 1}),
    good(lab.results_folder,
         bad("folder: .*got 'no_such", folder="no_such/folder", create=True),
         bad("folder: .*got ''", folder=""),
         bad("folder: .*got '/.*py'", folder=__file__, create=True),
         fine("create: .*"), folder=FOLDER),
    good(RunFiles, fine("folder: None"), config=CONFIG, folder=FOLDER),
    good(lab.load_record,
         bad("nothing.json: .*No such file", path="nothing.json"),
         bad("rows_lab.py: expected a record", path=__file__),
         path=RunFiles(PUBLISHED.config, None).record),
    good(lab.load_records,
         bad("experiment: .*records, got '../r", experiment="../results/data"),
         experiment="decay", folder=RESULTS),
    good(lab.load_measurement,
         bad("name: .*'../.dev", name="../.devcontainer/devcontainer"),
         name="widths", folder=RESULTS),
    good(lab.load_model,
         bad("moment: expected 'initial', got 'best'",
             record=lab.load_records("decay")[0]),
         record=PUBLISHED, moment="best", folder=RESULTS),
    good(lab.begin_forecaster, series="henon", seed=0),
    good(save_forecasters, series="henon", seed=0, folder=RESULTS),
    good(lab.load_forecasters, series="henon", folder=RESULTS),
    good(lab.load_losses, bad("henon-seed0.pt: .*No such file", folder=FOLDER),
         series="henon", folder=RESULTS),
    good(lab.rolling_series, case="walk", seed=0),
    good(save_rolling, case="walk", seed=0, folder=RESULTS),
    good(lab.load_rolling, bad("walk-seed0.pt: .*No such", folder=FOLDER),
         case="walk", folder=RESULTS),
    good(lab.execute, bad("folder: .*got 'none'", folder="none"),
         config=CONFIG),
    good(lab.replay, bad("epochs: expected at most 2, .*got 3", epochs=3),
         config=CONFIG, epochs=1),
    good(lab.follow, bad("epochs: expected at most 2, .*got 3", epochs=3),
         bad("measure: expected a function .*got 'text'", measure="text"),
         fine("measure: <class 'str'>"), config=CONFIG, epochs=1,
         measure=lab.count_parameters),
    good(lab.sweep,
         bad("scheduler: expected None for loky", scheduler="tcp://x:1"),
         fine(r"configs: \[\]"),
         configs=[CONFIG], folder=FOLDER, jobs=1, progress=False),
    good(tables.runs, records=[RECORD]),
    good(tables.epochs, records=[RECORD]),
    good(tables.of_group, fine("group: another word"),
         records=[RECORD], group="x"),
    good(tables.by_epoch, records=[RECORD], column="valid_accuracy"),
    good(tables.first_above, fine("level: (True|-0.1)"),
         values=np.array([0.5, 0.9]), level=0.7),
    good(multiplications, fine("call: <class 'str'>"), call=lambda: None),
    *[good(call,
           bad("x: .*rising", x=RISING[::-1]),
           bad("x: .*rising", **{name: [1] for name in names}),
           bad("x: .*above 0", x=RISING - 1),
           bad(f"{names[-1]}: .*above 0, got 0", **{names[-1]: RISING - 1}),
           **dict.fromkeys(names, RISING))
      for call, names in ((growth, "xy"), (crossing, ("x", "one", "other")))],
    good(least_seconds, fine("calls: another name", "calls: a: <class 'int'>"),
         calls={"a": list}, rounds=1),
    good(race.make_rival,
         bad("width: expected a multiple of 32, got 48", width=48),
         name="LSTM", width=32),
    good(race.PyTorchReader, model=LSTM),
    good(race.PyTorchReader(LSTM).forward, tokens=TOKENS),
    good(race.training_step, model=READER, count=1, steps=1),
    good(race.generating_step, bad("model: expected a CharLM", model=READER),
         way="LSTM", length=1),
    good(make_network, variant="GRU", seed=0),
    good(train_variant,
         bad("updates: expected a multiple .*got 3", updates=3, every=2),
         variant="GRU", task="first-last", seeds=[0], updates=1, every=1),
]  # fmt: skip
