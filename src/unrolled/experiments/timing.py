r"""How long a run will take, by the size of its network and of its data."""

import math

from unrolled._checks import check_type
from unrolled.experiments.config import RunConfig

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
