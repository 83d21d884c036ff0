"""The runs of the chapter on overfitting: source B's remedies, and one more.

Each function returns the runs of one experiment.
"""

import math
from dataclasses import replace

from unrolled.experiments.config import RunConfig
from unrolled.experiments.source_b import (
    BATCH,
    forty_epochs,
    source_b_run,
    source_b_training,
)

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
            train = replace(
                source_b_training(seed), epochs=2 * half, step_size=half
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
            train=replace(forty_epochs(seed), weight_decay=1.0),
        )
        for seed in range(5)
    ]
