"""The runs of the chapters on thirty steps and on gates.

Each function returns the runs of one experiment.
"""

from dataclasses import replace

from unrolled.experiments.config import RunConfig
from unrolled.experiments.source_b import (
    BATCH,
    forty_epochs,
    source_b_run,
    source_b_training,
)
from unrolled.train import TrainConfig


def published() -> list[RunConfig]:
    """Source B's configuration, as its public code has it: 204,290 parameters.

    See `source_b_run`. Five seeds, so that its figures can be read against the
    spread between seeds. The weights are kept for the chapter on gates; the
    untrained twin is `build_model`'s.
    """
    return [
        source_b_run(
            "published",
            "lstm",
            seed,
            diagnose=True,
            weights=("best", "last"),
        )
        for seed in range(5)
    ]


def one_feature() -> list[RunConfig]:
    """The model that has the 197,378 parameters of source B's text.

    One feature, no biases (so that a forget gate begins at 1/2), a head on the
    last layer alone; all else as in `published`. Five seeds.
    """
    return [
        source_b_run(
            "one_feature",
            "lstm-no-bias",
            seed,
            features=1,
            layers="last",
            bias=False,
            two_biases=False,
            forget_bias=0.0,
            diagnose=True,
        )
        for seed in range(5)
    ]


def cells() -> list[RunConfig]:
    """Every kind of cell and of first weights, for 40 of source B's epochs.

    Sizes, dropout, head and training of `published`, whose first 40 epochs are
    part of the comparison; five seeds each. "uniform" is this package's choice,
    with one bias that is 0, and for the LSTM a forget bias of 0, 1 or 2;
    "xavier" likewise, for the LSTM with 0 or 1 (with 2, and two biases, it is
    `published`); "pytorch" is what PyTorch's own layers do: two biases, drawn
    at random. A GRU's update gate keeps what an LSTM's forget gate keeps: with
    "ub2" it starts as open as the forget gate with "fb2". So one can tell the
    cell from its start. The Transformer has one layer of the same width, and
    about as many parameters (200,194); its dropout is 0.1, as its paper's.
    """
    forget_biases = {"uniform": (0, 1, 2), "xavier": (0, 1), "pytorch": (0,)}
    kinds: dict[str, dict[str, object]] = {}
    for init, biases in forget_biases.items():
        start = {"init": init, "two_biases": init == "pytorch"}
        for cell in ("RNN", "GRU"):
            options = {"cell": cell, "forget_bias": None}
            kinds[f"{cell.lower()}-{init}"] = start | options
        for bias in biases:
            kinds[f"lstm-{init}-fb{bias}"] = start | {"forget_bias": bias}
    kinds["gru-uniform-ub2"] = kinds["gru-uniform"] | {"update_bias": 2.0}
    kinds["transformer"] = {
        "cell": "Transformer",
        "num_layers": 1,
        "layers": "last",
        "two_biases": False,
        "forget_bias": None,
        "dropout": 0.1,
    }
    return [
        source_b_run(
            "cells", group, seed, diagnose=True, train=train, **options
        )
        for seed in range(5)
        for train in [forty_epochs(seed)]
        for group, options in kinds.items()
    ]


def crossed() -> list[RunConfig]:
    """What made the LSTM of seed 3 find the first step: its data, or the rest?

    The LSTM of `cells` with uniform weights and a forget bias of 0, where seed
    3 alone of five left the line of one end. "data-3" has the data of seed 3,
    and all else (first weights, order, dropout) of the four other seeds;
    "data-0" and its like have the data of another seed, and all else of 3.
    """
    return [
        source_b_run(
            "crossed",
            f"data-{data_seed}",
            seed,
            init="uniform",
            two_biases=False,
            forget_bias=0.0,
            data_seed=data_seed,
            train=forty_epochs(seed),
        )
        for other in (0, 1, 2, 4)
        for data_seed, seed in ((3, other), (other, 3))
    ]


def controls() -> list[RunConfig]:
    """What lets the plain RNN of `cells` learn? Two answers tried.

    All start from uniform weights. "rnn-020000" and "rnn-100000" have so many
    sequences, in place of 5,000, that each is seen 10 times, or twice, in about
    as many updates (3,130 and 3,126), the learning rate halved after half of
    them. "rnn-constant" has the same data, and its learning rate is never
    halved. Five seeds each.
    """
    settings = {
        "rnn-020000": (20_000, {"epochs": 10, "step_size": 5}),
        "rnn-100000": (100_000, {"epochs": 2, "step_size": 1}),
        "rnn-constant": (5000, {"epochs": 40, "step_size": None}),
    }
    return [
        source_b_run(
            "controls",
            group,
            seed,
            cell="RNN",
            init="uniform",
            two_biases=False,
            forget_bias=None,
            train_count=count,
            train=replace(source_b_training(seed), **changes),
        )
        for seed in range(5)
        for group, (count, changes) in settings.items()
    ]


def lengths() -> list[RunConfig]:
    """Where each cell breaks as the sequences grow from 10 to 200 steps.

    One layer of 64 units without dropout, uniform weights, an LSTM with a
    forget bias of 1; 20,000 sequences, so that hardly anything can be learned
    by heart, 10 times (3,130 updates), at a constant learning rate. Three
    seeds up to 50 steps; one beyond, where a run takes as long as all of the
    shorter ones. A cell that fails here fails within this budget, no more.
    """
    starts = {
        "RNN": {},
        "GRU": {},
        "LSTM": {"forget_bias": 1.0},
    }
    return [
        _of_length("lengths", cell.lower(), steps, seed, cell=cell, **start)
        for seed in range(3)
        for steps in (10, 20, 30, 50, 100, 200)
        for cell, start in starts.items()
        if steps <= 50 or seed == 0
    ]


def open_lengths() -> list[RunConfig]:
    """Was it the cell that broke in `lengths`, or its start?

    The same, with an LSTM whose forget bias is 2, from 30 to 200 steps, and a
    GRU whose update bias is 2, from 20 to 100; three seeds each.
    """
    starts = {
        "gru-ub2": ((20, 30, 50, 100), {"cell": "GRU", "update_bias": 2.0}),
        "lstm-fb2": ((30, 50, 100, 200), {"cell": "LSTM", "forget_bias": 2.0}),
    }
    return [
        _of_length("open_lengths", name, steps, seed, **start)
        for seed in range(3)
        for name, (lengths, start) in starts.items()
        for steps in lengths
    ]


def _of_length(
    experiment: str, start: str, steps: int, seed: int, **options
) -> RunConfig:
    """A run of a leaner network on sequences of so many steps."""
    return RunConfig(
        experiment=experiment,
        group=f"{start}-t{steps:03}",
        steps=steps,
        train_count=20_000,
        hidden_size=64,
        num_layers=1,
        diagnose=True,
        train=TrainConfig(
            epochs=10,
            batch_size=BATCH,
            max_norm=1.0,
            keep="best",
            seed=seed,
        ),
        **options,
    )
