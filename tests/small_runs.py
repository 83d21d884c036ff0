"""Small runs for the tests of the experiments."""

import json

from unrolled.train import TrainConfig
from unrolled_lab import RunConfig
from unrolled_lab.resume import load_checkpoint

FORGET_BIAS = {"LSTM": 1.0}
INIT = {"Transformer": "xavier"}


def train(**changes):
    options = {"epochs": 2, "batch_size": 16, "lr": 0.01, "keep": "best"}
    return TrainConfig(**options | changes)


def run(cell="LSTM", seed=0, training=None, **changes):
    options = {
        "experiment": "test",
        "group": cell.lower(),
        "cell": cell,
        "train": train(seed=seed, **training or {}),
        "steps": 5,
        "features": 2,
        "train_count": 60,
        "valid_count": 40,
        "test_count": 50,
        "hidden_size": 4,
        "num_layers": 1,
        "init": INIT.get(cell, "uniform"),
        "forget_bias": FORGET_BIAS.get(cell),
    }
    return RunConfig(**options | changes)


def seconds_in(checkpoint):
    """How long each epoch took, as a record says it."""
    history = json.loads(load_checkpoint(checkpoint)["history"])
    return [float(f"{epoch['seconds']:.6g}") for epoch in history["epochs"]]


def numbers(record):
    """What a record tells, but for when and how fast it was made."""
    told = json.loads(record.to_json())
    del told["seconds"], told["date"], told["history"]["seconds"]
    return told
