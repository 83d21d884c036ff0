"""Every experiment by its name: a list of runs, made by a function.

What the chapters need is in `thirty_steps` and `overfitting`, by what they
differ from in `source_b`. Each list goes seed by seed: so whatever is done when
a sweep is stopped compares all groups. Runs of one seed learn from the same
data where their data have the same shape; compare them in pairs.
"""

import math
from collections.abc import Callable

from unrolled import _fields
from unrolled._checks import check_type
from unrolled.train import TrainConfig
from unrolled_lab.config import RunConfig

UPDATES = 3160
"""Updates in 40 of source B's 100 epochs, with 79 batches each."""


def dropout() -> list[RunConfig]:
    """Source B's remedy "more dropout": none and 0.6, beside its 0.3.

    For 40 of source B's epochs, as in `cells`; five seeds each. Its 0.3 is
    the middle of `data` and `decay`, too.
    """
    return [
        source_b_run(
            "dropout",
            f"dropout-{share:.2f}",
            seed,
            dropout=share,
            train=forty_epochs(seed),
        )
        for seed in range(5)
        for share in (0.3, 0.0, 0.6)
    ]


def data() -> list[RunConfig]:
    """Source B's remedy "more data": 50,000 sequences, and 1,000, beside 5,000.

    As many updates for each (3,160, to one in a hundred), and the learning rate
    halved after half of them: what differs is how often a sequence is seen,
    from 4 times to 198. Five seeds of 50,000 and two of 1,000, where there is
    little to see but that all is learned by heart; for 5,000 see `dropout`.
    The last weights of the 50,000 are kept: do they hear less noise?
    """
    runs = []
    for count, seeds, weights in ((1000, 2, ()), (50_000, 5, ("last",))):
        for seed in range(seeds):
            # Whole epochs for half of the updates, twice.
            half = round(UPDATES / 2 / math.ceil(count / BATCH))
            train = source_b_training(seed).replace(
                epochs=2 * half, step_size=half
            )
            group = f"data-{count:05}"
            runs.append(
                source_b_run(
                    "data",
                    group,
                    seed,
                    train_count=count,
                    train=train,
                    weights=weights,
                )
            )
    return runs


def decay() -> list[RunConfig]:
    """Weight decay, of 1; for none see `dropout`.

    It is AdamW's: with this schedule a weight that nothing else moves is left
    with exp(-2.37) of itself, that is 9 %. Five seeds.
    """
    return [
        source_b_run(
            "decay",
            "decay-1.0",
            seed,
            train=forty_epochs(seed).replace(weight_decay=1.0),
        )
        for seed in range(5)
    ]


BATCH = 64
"""Sequences in a batch, in all experiments: source B's number."""


def source_b_training(seed: int) -> TrainConfig:
    """Return source B's training, and keep the best weights beside the last.

    Args:
        seed: where the run begins, 0 or more.

    Raises:
        ValueError: a seed that is not a whole number of at least 0.

    Example:
        >>> source_b_training(0).step_size
        20

    Reference: source B, "The Training Process". Chapter: 08_thirty_steps.
    """
    return TrainConfig(
        epochs=100,
        batch_size=BATCH,
        lr=1e-3,
        step_size=20,
        gamma=0.5,
        max_norm=1.0,
        keep="best",
        seed=seed,
    )


def forty_epochs(seed: int) -> TrainConfig:
    """Return source B's training up to epoch 40; it halves its rate once.

    The learning rate halves after every 20 epochs: these 40 hold 77 % of the
    length of all its steps.

    Args:
        seed: where the run begins, 0 or more.

    Raises:
        ValueError: a seed that is not a whole number of at least 0.

    Example:
        >>> forty_epochs(0).epochs
        40

    Chapter: 08_thirty_steps.
    """
    return source_b_training(seed).replace(epochs=40)


def source_b_run(
    experiment: str, group: str, seed: int, **changes
) -> RunConfig:
    """Configure source B's run, and what is changed in it.

    Two layers of 128 units, each gate with two biases, those of the forget
    gates 1 each, so that they see 2; Xavier weights; dropout 0.3 between the
    layers and before a head on both layers' final states.

    Args:
        experiment: the experiment that the run belongs to.
        group: what all its seeds have in common.
        seed: where the run begins, 0 or more.
        **changes: fields of a `RunConfig` that are other than source B's.

    Raises:
        ValueError: as `RunConfig`.

    Example:
        >>> source_b_run("trial", "bare", 0, dropout=0.0).forget_bias
        2.0

    Reference: source B's public code. Chapter: 08_thirty_steps.
    """
    options = {
        "cell": "LSTM",
        "dropout": 0.3,
        "layers": "all",
        "two_biases": True,
        "init": "xavier",
        "forget_bias": 2.0,
        "train": source_b_training(seed),
    }
    return RunConfig(experiment=experiment, group=group, **options | changes)


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
            train=source_b_training(seed).replace(**changes),
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


_MILLISECONDS = {
    "LSTM": (0.11, 0.0, 3.5e-5),
    "GRU": (0.21, 0.0, 2.75e-5),
    "RNN": (0.09, 0.0, 1.0e-5),
    "Transformer": (0.0, 9e-3, 3.4e-5),
}
"""What one layer costs for one step of 64 sequences, forward and backward:
a + b·H + c·H² milliseconds, on one thread of the processor that these were
measured on (2026, of the kind that is rented by the hour)."""

_UPDATE = 1.0
"""What an update costs beside that, in milliseconds."""

_FORWARD = 0.3
"""The share of the forward pass."""


def estimate(config: RunConfig) -> float:
    r"""Estimate how long a run takes, to a third or so.

    .. math::
        s = L\, T\, (a + b H + c H^2)\, \bigl(
        U N + 0.3\, (E\, n_v + 2\, n_t) \bigr) / 64 + d\, U

    for U updates by batches of N sequences in E epochs, :math:`n_v` sequences
    to validate and :math:`n_t` to test with; the constants are measured, a to c
    for each kind of network. The longer a Transformer's sequences, the more
    this is too little: its attention grows with :math:`T^2`.

    Args:
        config: the run.

    Returns:
        Seconds of wall time on one thread, if nothing else runs on its core.

    Raises:
        ValueError: no `RunConfig`.

    Example:
        >>> config = RunConfig.from_json('''{
        ...     "experiment": "trial", "group": "lstm", "cell": "LSTM",
        ...     "train": {"epochs": 100, "keep": "best"}, "forget_bias": 1.0
        ... }''')
        >>> round(estimate(config) / 60)  # minutes
        6
    """
    check_type("config", config, RunConfig)
    constant, linear, quadratic = _MILLISECONDS[config.cell]
    H, train = config.hidden_size, config.train
    layer = constant + linear * H + quadratic * H**2
    step = config.num_layers * config.steps * layer / 1000  # 64 sequences
    updates = train.epochs * math.ceil(config.train_count / train.batch_size)
    measured = train.epochs * config.valid_count + 2 * config.test_count
    seen = updates * train.batch_size + _FORWARD * measured
    return step * seen / 64 + _UPDATE / 1000 * updates


def trial() -> list[RunConfig]:
    """Two small runs that take seconds, to try the machinery; of no interest.

    Not among ``all``.
    """
    return [
        RunConfig(
            experiment="trial",
            group=cell.lower(),
            cell=cell,
            steps=5,
            features=2,
            train_count=100,
            valid_count=100,
            test_count=100,
            hidden_size=4,
            num_layers=1,
            init="xavier",
            forget_bias=1.0 if cell == "LSTM" else None,
            diagnose=True,
            weights=("initial", "best", "last"),
            train=TrainConfig(epochs=20, batch_size=25, lr=0.01, keep="best"),
        )
        for cell in ("LSTM", "Transformer")
    ]


CATALOGUE: dict[str, Callable[[], list[RunConfig]]] = {
    make.__name__: make
    for make in (
        published,
        one_feature,
        cells,
        crossed,
        controls,
        lengths,
        open_lengths,
        dropout,
        data,
        decay,
        trial,
    )
}
"""Every experiment by its name, in the order in which `make reproduce` goes."""


def runs_of(experiment: str) -> list[RunConfig]:
    """Return the runs of an experiment.

    Args:
        experiment: a name in `CATALOGUE`, or ``"all"`` for all but `trial`.

    Raises:
        ValueError: another name.

    Example:
        >>> [run.name for run in runs_of("published")][:2]
        ['lstm-seed0', 'lstm-seed1']
    """
    _fields.check_choice("experiment", experiment, (*CATALOGUE, "all"))
    if experiment != "all":
        return CATALOGUE[experiment]()
    return [
        run
        for name, make in CATALOGUE.items()
        if name != "trial"
        for run in make()
    ]
