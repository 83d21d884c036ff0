"""Every experiment by its name: a list of runs, made by a function.

Each list goes seed by seed: so whatever is done when a sweep is stopped
compares all groups. Runs of one seed learn from the same data where their data
have the same shape; compare them in pairs.
"""

import math
from collections.abc import Callable
from typing import Any

from unrolled._checks import check_choice, check_type
from unrolled.train import TrainConfig
from unrolled_lab.config import RunConfig

BATCH = 64
"""Sequences in a batch, in all experiments: source B's number."""

UPDATES = 3160
"""Updates in 40 of source B's 100 epochs, with 79 batches each."""

FORTY = {"epochs": 40}
"""Source B's training up to epoch 40: its learning rate halves after every 20
epochs, so these 40 hold 77 % of the length of all its steps."""

ONE_BIAS = {"two_biases": False, "init": "uniform"}
"""How this package's cells begin; without a number for the forget bias, as that
is theirs."""


def source_b(
    experiment: str,
    group: str,
    seed: int,
    train: dict[str, Any] | None = None,
    **changes,
) -> RunConfig:
    """Configure source B's run, and what is changed in it.

    Two layers of 128 units, each gate with two biases, those of the forget
    gates 1 each, so that they see 2; Xavier weights; dropout 0.3 between the
    layers and before a head on both layers' final states; 100 epochs, of which
    the best weights are kept beside the last.

    Args:
        experiment: the experiment that the run belongs to.
        group: what all its seeds have in common.
        seed: where the run begins, 0 or more.
        train: fields of its `TrainConfig` that are other than source B's.
        **changes: fields of a `RunConfig` that are other than source B's.

    Example:
        >>> run = source_b("trial", "bare", 0, {"epochs": 2}, dropout=0.0)
        >>> run.forget_bias, run.train.step_size
        (2.0, 20)

    Reference: source B, "The Training Process", and its public code. Chapter:
    08_thirty_steps.
    """
    training = {"epochs": 100, "batch_size": BATCH, "lr": 1e-3}
    training |= {"step_size": 20, "gamma": 0.5, "max_norm": 1.0}
    training |= {"keep": "best", "seed": seed}
    network = {"cell": "LSTM", "dropout": 0.3, "layers": "all"}
    network |= {"two_biases": True, "init": "xavier", "forget_bias": 2.0}
    return RunConfig(
        experiment=experiment,
        group=group,
        train=TrainConfig(**training | (train or {})),
        **network | changes,
    )


def _seeds(
    experiment: str, groups: dict[str, dict[str, Any]], seeds: int = 5
) -> list[RunConfig]:
    """Configure the changes of each group, seed by seed."""
    return [
        source_b(experiment, group, seed, **changes)
        for seed in range(seeds)
        for group, changes in groups.items()
    ]


def published() -> list[RunConfig]:
    """Source B's configuration, as its public code has it: 204,290 parameters.

    Five seeds, so that its figures can be read against the spread between
    seeds. The weights are kept for the chapter on gates; the untrained twin is
    `build_model`'s.
    """
    kept = {"diagnose": True, "weights": ("best", "last")}
    return _seeds("published", {"lstm": kept})


def one_feature() -> list[RunConfig]:
    """The model that has the 197,378 parameters of source B's text.

    One feature, no biases (so that a forget gate begins at 1/2), a head on the
    last layer alone; all else as in `published`. Five seeds.
    """
    changes = {"features": 1, "layers": "last", "diagnose": True}
    changes |= {"bias": False, "two_biases": False, "forget_bias": 0.0}
    return _seeds("one_feature", {"lstm-no-bias": changes})


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
    kinds: dict[str, dict[str, Any]] = {}
    for init, biases in forget_biases.items():
        start = {"init": init, "two_biases": init == "pytorch"}
        for cell in ("RNN", "GRU"):
            other = {"cell": cell, "forget_bias": None}
            kinds[f"{cell.lower()}-{init}"] = start | other
        for bias in biases:
            kinds[f"lstm-{init}-fb{bias}"] = start | {"forget_bias": bias}
    kinds["gru-uniform-ub2"] = kinds["gru-uniform"] | {"update_bias": 2.0}
    alone = {"num_layers": 1, "layers": "last", "dropout": 0.1}
    alone |= {"two_biases": False, "forget_bias": None}
    kinds["transformer"] = {"cell": "Transformer"} | alone
    same = {"diagnose": True, "train": FORTY}
    return _seeds("cells", {k: same | changes for k, changes in kinds.items()})


def crossed() -> list[RunConfig]:
    """What made the LSTM of seed 3 find the first step: its data, or the rest?

    The LSTM of `cells` with uniform weights and a forget bias of 0, where seed
    3 alone of five left the line of one end. "data-3" has the data of seed 3,
    and all else (first weights, order, dropout) of the four other seeds;
    "data-0" and its like have the data of another seed, and all else of 3.
    """
    changes = ONE_BIAS | {"forget_bias": 0.0, "train": FORTY}
    return [
        source_b("crossed", f"data-{data}", seed, data_seed=data, **changes)
        for other in (0, 1, 2, 4)
        for data, seed in ((3, other), (other, 3))
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
    same = ONE_BIAS | {"cell": "RNN", "forget_bias": None}
    groups = {
        group: same | {"train_count": count, "train": train}
        for group, (count, train) in settings.items()
    }
    return _seeds("controls", groups)


def lengths() -> list[RunConfig]:
    """Where each cell breaks as the sequences grow from 10 to 200 steps.

    One layer of 64 units without dropout, uniform weights, an LSTM with a
    forget bias of 1; 20,000 sequences, so that hardly anything can be learned
    by heart, 10 times (3,130 updates), at a constant learning rate. Three
    seeds up to 50 steps; one beyond, where a run takes as long as all of the
    shorter ones. A cell that fails here fails within this budget, no more.
    """
    starts = {"RNN": None, "GRU": None, "LSTM": 1.0}
    return [
        _long("lengths", cell.lower(), T, seed, cell=cell, forget_bias=bias)
        for seed in range(3)
        for T in (10, 20, 30, 50, 100, 200)
        for cell, bias in starts.items()
        if T <= 50 or seed == 0
    ]


def open_lengths() -> list[RunConfig]:
    """Was it the cell that broke in `lengths`, or its start?

    The same, with an LSTM whose forget bias is 2, from 30 to 200 steps, and a
    GRU whose update bias is 2, from 20 to 100; three seeds each.
    """
    gru = {"cell": "GRU", "forget_bias": None, "update_bias": 2.0}
    starts = {
        "gru-ub2": ((20, 30, 50, 100), gru),
        "lstm-fb2": ((30, 50, 100, 200), {"cell": "LSTM", "forget_bias": 2.0}),
    }
    return [
        _long("open_lengths", name, T, seed, **start)
        for seed in range(3)
        for name, (steps, start) in starts.items()
        for T in steps
    ]


def _long(experiment: str, start: str, T: int, seed: int, **cell) -> RunConfig:
    """A run of a leaner network on sequences of T steps."""
    train = {"epochs": 10, "step_size": None, "gamma": 0.1}
    lean = {"hidden_size": 64, "num_layers": 1, "dropout": 0.0}
    lean |= {"layers": "last", "train_count": 20_000, "diagnose": True}
    changes = ONE_BIAS | lean | cell
    group = f"{start}-t{T:03}"
    return source_b(experiment, group, seed, train, steps=T, **changes)


def dropout() -> list[RunConfig]:
    """Source B's remedy "more dropout": none and 0.6, beside its 0.3.

    For 40 of source B's epochs, as in `cells`; five seeds each. Its 0.3 is
    the middle of `data` and `decay`, too.
    """
    shares = (0.3, 0.0, 0.6)
    groups = {
        f"dropout-{p:.2f}": {"dropout": p, "train": FORTY} for p in shares
    }
    return _seeds("dropout", groups)


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
        # Whole epochs for half of the updates, twice.
        half = round(UPDATES / 2 / math.ceil(count / BATCH))
        changes = {"train_count": count, "weights": weights}
        changes["train"] = {"epochs": 2 * half, "step_size": half}
        runs += _seeds("data", {f"data-{count:05}": changes}, seeds)
    return runs


def decay() -> list[RunConfig]:
    """Weight decay, of 1; for none see `dropout`.

    It is AdamW's: with this schedule a weight that nothing else moves is left
    with exp(-2.37) of itself, that is 9 %. Five seeds.
    """
    changes = {"train": FORTY | {"weight_decay": 1.0}}
    return _seeds("decay", {"decay-1.0": changes})


def trial() -> list[RunConfig]:
    """Two small runs that take seconds, to try the machinery; of no interest.

    Not among ``all``.
    """
    counts = dict.fromkeys(("train_count", "valid_count", "test_count"), 100)
    sizes: dict[str, Any] = {"steps": 5, "features": 2, **counts}
    sizes |= {"hidden_size": 4, "num_layers": 1}
    return [
        RunConfig(
            experiment="trial",
            group=cell.lower(),
            cell=cell,
            init="xavier",
            forget_bias=1.0 if cell == "LSTM" else None,
            diagnose=True,
            weights=("initial", "best", "last"),
            train=TrainConfig(epochs=20, batch_size=25, lr=0.01, keep="best"),
            **sizes,
        )
        for cell in ("LSTM", "Transformer")
    ]


_ALL = (published, one_feature, cells, crossed, controls, lengths, open_lengths)
_ALL += (dropout, data, decay, trial)

CATALOGUE: dict[str, Callable[[], list[RunConfig]]] = {
    make.__name__: make for make in _ALL
}
"""Every experiment by its name, in the order in which `make reproduce` goes."""


def runs_of(experiment: str) -> list[RunConfig]:
    """Return the runs of an experiment.

    Args:
        experiment: a name in `CATALOGUE`, or ``"all"`` for all but `trial`.

    Example:
        >>> [run.name for run in runs_of("published")][:2]
        ['lstm-seed0', 'lstm-seed1']
    """
    check_choice("experiment", experiment, (*CATALOGUE, "all"))
    names = [experiment]
    if experiment == "all":
        names = [name for name in CATALOGUE if name != "trial"]
    return [run for name in names for run in CATALOGUE[name]()]


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

    Example:
        >>> round(estimate(published()[0]) / 60)  # minutes
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
