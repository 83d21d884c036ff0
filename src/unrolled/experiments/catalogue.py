"""Every experiment by its name: a list of runs, made by a function.

What the chapters need is in `thirty_steps` and `overfitting`, by what they
differ from in `source_b`. Each list goes seed by seed: so whatever is done when
a sweep is stopped compares all groups. Runs of one seed learn from the same
data where their data have the same shape; compare them in pairs.
"""

from collections.abc import Callable

from unrolled import _fields
from unrolled.experiments.config import RunConfig
from unrolled.experiments.overfitting import data, decay, dropout
from unrolled.experiments.thirty_steps import (
    cells,
    controls,
    crossed,
    lengths,
    one_feature,
    open_lengths,
    published,
)
from unrolled.train import TrainConfig


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
