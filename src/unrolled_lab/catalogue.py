"""Every experiment by its name: a list of runs, made by a function.

Each list goes seed by seed: so whatever is done when a sweep is stopped
compares all groups. Runs of one seed learn from the same data where their data
have the same shape; compare them in pairs. Where it says "fixed before", what
would confirm or refute a sentence was written down before the first run.
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
epochs, so these 40 hold 77% of the length of all its steps."""

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
        experiment: as in a `RunConfig`.
        group: likewise.
        seed: that of the training.
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
    experiment: str, groups: dict[str, dict[str, Any]], seeds: int = 5, **same
) -> list[RunConfig]:
    """Configure what all groups have, and each changes, seed by seed."""
    return [
        source_b(experiment, group, seed, **same | changes)
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
    return _seeds("cells", _starts(), diagnose=True, train=FORTY)


def _starts() -> dict[str, dict[str, Any]]:
    """Each start of `cells` by its name: what it changes in source B's run."""
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
    return kinds


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
    groups = {
        group: {"train_count": count, "train": train}
        for group, (count, train) in settings.items()
    }
    return _seeds("controls", groups, **_starts()["rnn-uniform"])


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


def published_lengths() -> list[RunConfig]:
    """Who learns 30, 50, 100 and 200 steps at the published size?

    Two layers of 128 units and the training of `cells`, with starts picked for
    a long memory in each cell: plain RNNs from Xavier, orthogonal and identity
    weights, and with ReLU from the identity, as Le et al. had it; LSTMs as
    published, and GRUs with uniform weights, whose forget and update bias is 2.
    At 30 steps, what `cells` and `published` do not have; at 200, the most open
    start of each: the identity, and a bias of 4. Five seeds, but three at 100
    and 200 steps, where a run takes a quarter of an hour or more.

    Fixed before: a start gets there if the validation accuracy passes 80% in
    four seeds of five, or in all three; it stays if in one at most. "At fifty
    steps only cells with gates get there" is refuted if one plain start does,
    confirmed if all four stay. "Nobody learns a hundred" is refuted if one
    start does. For 200 steps likewise. In between it is open.
    """
    plain, gru = _starts()["rnn-xavier"], _starts()["gru-uniform"]
    identity = plain | {"init": "identity"}
    starts: dict[str, dict[str, Any]] = {
        "rnn-orthogonal": plain | {"init": "orthogonal"},
        "rnn-identity": identity,
        "relu-identity": identity | {"nonlinearity": "relu"},
        "rnn-xavier": plain,
    }
    for bias in (2, 4):
        starts[f"lstm-fb{bias}"] = {"forget_bias": float(bias)}
        starts[f"gru-ub{bias}"] = gru | {"update_bias": float(bias)}

    def groups(T: int, names: list[str]) -> dict[str, dict[str, Any]]:
        same = {"steps": T, "diagnose": True, "train": FORTY}
        return {f"{name}-t{T:03}": starts[name] | same for name in names}

    names = [*starts]
    five = groups(30, names[:3]) | groups(50, names[:6])
    three = groups(100, names[:6]) | groups(200, names[1:3] + names[6:])
    experiment = "published_lengths"
    return _seeds(experiment, five) + _seeds(experiment, three, 3)


def rates() -> list[RunConfig]:
    """Does the start decide at other learning rates, too?

    Of `cells` the plain RNN, and the LSTM and the GRU with gates that begin
    half open and open, at rates of 0.0003, 0.003 and 0.01 beside its 0.001:
    equal effort for all. Three seeds, the first of `cells`.

    Fixed before: the best rate of a start is that with the highest median, over
    these seeds, of the best validation accuracy. "The start decides" survives
    for a cell if at the best rate of the half-open gates at most one of three
    runs passes 80%, while with open gates at theirs all three do; it is
    refuted if all three do with half-open gates. In between it depends.
    """
    names = ("lstm-uniform-fb0", "gru-uniform", "rnn-uniform")
    names += ("lstm-uniform-fb2", "gru-uniform-ub2")
    groups = {
        f"{name}-lr{lr}": _starts()[name] | {"train": FORTY | {"lr": lr}}
        for lr in (3e-3, 1e-2, 3e-4)
        for name in names
    }
    return _seeds("rates", groups, 3)


def nested() -> list[RunConfig]:
    """Do the data decide whether an LSTM with half-open gates learns?

    The LSTM of `crossed` on five more draws of the data, 10 to 14, each with
    three draws of all else, and the ratio of its gradients after each epoch.

    Fixed before: with k runs past 80% among the three of each draw of data,
    "it is the data" is confirmed if the variance of k is larger than in 95 of
    100 shuffles of all runs over the data, and refuted if it is smaller than in
    half of them; if fewer than two runs pass, or all but one, it stays
    untested. "The ratio foretells it" is confirmed if the ratio after epoch 5
    (runs that have passed by then left out) orders a run that passes before one
    that does not in nine pairs of ten, and refuted if in six of ten or fewer.
    """
    half = _starts()["lstm-uniform-fb0"] | {"train": FORTY, "trace": True}
    groups = {f"data-{n}": {"data_seed": n} for n in range(10, 15)}
    return _seeds("nested", groups, 3, **half)


def leftovers() -> list[RunConfig]:
    """What opens the closed path of a plain RNN: errors that are left over?

    The plain RNN of `cells`, uniform, in its first 20 epochs, with the ratio of
    its gradients after each; five seeds of five kinds of data. "sum" is the
    task. In "shuffled" the first step says nothing, so that a quarter of the
    answers cannot be known. In "last" the last step answers all; in
    "last-noise" it does, and then a quarter of the labels is turned round at
    random. "fresh" is "sum" on new sequences in every epoch.

    Fixed before: a path opens if the ratio comes to a hundred times what it was
    before training. "Errors that are left over open it" is confirmed if it
    opens in four seeds of five or more in "last-noise" and in at most one in
    "last"; refuted if in at most one in both. "Seeing the same again and again
    opens it" is confirmed if it opens in at most one in "fresh", and refuted if
    in four or more, where "sum" has four or more.
    """
    kinds: dict[str, dict[str, Any]] = {
        "sum": {},
        "shuffled": {"question": "shuffled"},
        "last": {"question": "last"},
        "last-noise": {"question": "last", "label_noise": 0.25},
        "fresh": {"redraw": "all"},
    }
    same = {"diagnose": True, "trace": True, "train": {"epochs": 20}}
    return _seeds("leftovers", kinds, **_starts()["rnn-uniform"] | same)


def heads() -> list[RunConfig]:
    """Do the findings on gates hold of another head, and of another bias?

    `published` for 40 epochs (its best weights are of epochs 17 to 28), once
    with a head that reads the last layer alone, once with a forget bias of 1.
    Five seeds each, with the best and the last weights.

    Fixed before, of two statements on all five published networks. "The memory
    is the cell state of layer 2" holds in a network if, with that of another
    sequence put in after step 15, more than 80% of its answers go with the
    other's first input, and with layer 1's put in more than 80% with its own
    (by chance 67%). "The forget gates of layer 2 hold it" does if their mean
    over units and sequences at steps 2 to 29 is 0.8 or more. Each is a finding
    on the LSTM if it holds in four of five networks of both groups; one on the
    published configuration if it holds in at most one of either; else it
    depends. The best weights count, the last are told beside them.
    """
    same = {"train": FORTY, "weights": ("best", "last"), "diagnose": True}
    changes = {"head-last": {"layers": "last"}, "bias-1": {"forget_bias": 1.0}}
    return _seeds("heads", changes, **same)


def fresh() -> list[RunConfig]:
    """Who learns if no sequence comes twice, now and with ten times as long?

    Every kind of cell of `cells` (uniform weights; the Transformer) on new
    sequences in every batch, for the 3,160 updates of `cells`; two seeds. Then
    those that `cells` left at the line, and the plain RNN, for 31,600, the rate
    halved after half of them; one seed, as a run takes an hour.

    Fixed before: "half-open gates stay at the line because they learn by heart"
    is confirmed if with new sequences the LSTM and the GRU pass 80% in all
    runs of the longer budget, and refuted if in none of either budget. "The
    plain RNN needs to see sequences again" is refuted if one run of it passes,
    in either, and else supported by no more than these three.
    """
    short = {"redraw": "all", "train": FORTY}
    long = short | {"train": {"epochs": 400, "step_size": 200}}
    starts = {
        name: start
        for name, start in _starts().items()
        if "xavier" not in name and "pytorch" not in name
    }
    longer = ("rnn-uniform", "lstm-uniform-fb0", "gru-uniform")
    return _seeds("fresh", {k: v | short for k, v in starts.items()}, 2) + (
        _seeds("fresh", {f"{k}-long": starts[k] | long for k in longer}, 1)
    )


def dropout() -> list[RunConfig]:
    """Source B's remedy "more dropout": none and 0.6, beside its 0.3.

    For 40 of source B's epochs, as in `cells`; five seeds each. Its 0.3 is
    the middle of `data` and `decay`, too.
    """
    return _doses("dropout", 0.3, 0.0, 0.6)


def doses() -> list[RunConfig]:
    """More doses for `dropout`: 0.15, 0.45 and 0.75. Three seeds each.

    Fixed before: a dose helps, or harms, if in all three seeds the test loss is
    lower, or higher, than with 0.3, once with the best weights and once with
    the last. "More dropout helps" is confirmed if 0.45 and 0.6 help by both,
    refuted if they harm by both, and else depends on dose and weights.
    """
    return _doses("doses", 0.45, 0.15, 0.75, seeds=3)


def _doses(experiment: str, *shares: float, seeds: int = 5) -> list[RunConfig]:
    """Source B's run with other dropout, for 40 epochs."""
    groups = {f"dropout-{p:.2f}": {"dropout": p} for p in shares}
    return _seeds(experiment, groups, seeds, train=FORTY)


def pairs() -> list[RunConfig]:
    """Is it what is learned by heart that more data takes away?

    `data` with 50,000 sequences has ten times the pairs of ends, and shows each
    a tenth as often: two changes. "noise-anew" has 5,000 pairs of ends with
    their labels, each seen 40 times, among noise that is new in every epoch, so
    that nothing else can be learned by heart; in "all-anew" no pair comes
    twice. All else as in `dropout` with 0.3. Five seeds each.

    Fixed before: the gap is that between the test losses, by the last weights,
    of 5,000 sequences (`dropout`, 0.3) and of 50,000 (`data`), seed by seed.
    "More data help since less is learned by heart" is confirmed if
    "noise-anew" closes more than half of the gap in all five seeds, and refuted
    if less than half in all five: then it is the number of pairs.
    """
    groups = {f"{what}-anew": {"redraw": what} for what in ("noise", "all")}
    return _seeds("pairs", groups, train=FORTY)


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
    with exp(-2.37) of itself, that is 9%. Five seeds.
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
_ALL += (dropout, data, decay, published_lengths, rates, nested, leftovers)
_ALL += (heads, fresh, doses, pairs, trial)

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
