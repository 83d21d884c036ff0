"""Source B's run, from which the runs of two chapters differ in little."""

from dataclasses import replace

from unrolled.experiments.config import RunConfig
from unrolled.train import TrainConfig

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
    return replace(source_b_training(seed), epochs=40)


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
