"""What a forecaster reads in training: the truth, and its own forecasts."""

import torch
from torch import Tensor, nn

from unrolled._checks import check, check_float, check_int, check_type, insist
from unrolled.models import Forecaster
from unrolled.models.forecast import Series


class ScheduledSampling(nn.Module):
    r"""Train a forecaster on a mixture that leads away from the truth.

    In training, each value after the first is replaced by the model's own
    forecast of it, with a probability that grows from update to update:

    .. math:: p_s = p \cdot \min(1, s / S)

    Otherwise, and when not in training, the truth is read. Each call in
    training counts as an update.

    Args:
        model: what is trained.
        updates: S, after how many updates the probability stops growing.
        most: p, where it stops, from 0 to 1.

    Example:
        >>> from unrolled.lstm import LSTM
        >>> regime = ScheduledSampling(Forecaster(LSTM(1, 8)), updates=2)
        >>> x, shares = torch.randn(5, 20, 1), []
        >>> for _ in range(4):
        ...     shares.append(regime.probability)
        ...     answers = regime(x)
        >>> shares
        [0.0, 0.25, 0.5, 0.5]

    Reference: Bengio et al. (2015), section 2.4, linear decay.
    Chapter: 11_free_running.
    """

    def __init__(self, model: Forecaster, updates: int, most: float = 0.5):
        super().__init__()
        check_type("model", model, Forecaster)
        self.model = model
        self.updates = check_int("updates", updates)
        self.most = check_float("most", most, "from 0 to 1", 0, 1 + 1e-12)
        self.done: Tensor
        self.register_buffer("done", torch.tensor(0))

    @property
    def probability(self) -> float:
        """With which probability the next update reads a forecast."""
        return self.most * min(1.0, self.done.item() / self.updates)

    def forward(self, x: Series) -> Series:
        """Forecast each next value of a series: what comes after each step."""
        if not self.training:
            return self.model(x)
        _check_series(self.model, x)
        own = torch.rand(x.shape[:2], device=x.device) < self.probability
        self.done += 1
        return self.model.mixed(x, own)


class OwnForecasts(nn.Module):
    r"""Train a forecaster as it will be used: from some step on, on its own.

    It reads W values, then its own forecasts.

    Args:
        model: what is trained.
        warm_up: W, how many values of the truth are read, 1 or more.

    Example:
        >>> from unrolled.lstm import LSTM
        >>> model = Forecaster(LSTM(1, 8))
        >>> x = torch.randn(5, 20, 1)
        >>> said = OwnForecasts(model, warm_up=12)(x)
        >>> torch.allclose(said[:, 11:], model.free_run(x[:, :12], 9))
        True

    Reference: Williams & Zipser (1989), without their teacher.
    Chapter: 11_free_running.
    """

    def __init__(self, model: Forecaster, warm_up: int) -> None:
        super().__init__()
        check_type("model", model, Forecaster)
        self.model = model
        self.warm_up = check_int("warm_up", warm_up)

    def forward(self, x: Series) -> Series:
        """Forecast each next value, having read the first W of T above W."""
        _check_series(self.model, x)
        W, T = self.warm_up, x.shape[1]
        insist("x", T > W, f"more than {W} steps", T)
        return self.model.go_on_alone(x[:, :W], T - W + 1)


def _check_series(model: Forecaster, x: Series) -> None:
    """Insist on a series that the forecaster's layer can read."""
    D, like = model.recurrent.input_size, model.head.weight
    check({"D": D}, like=like, x=(x, "N T D"))
