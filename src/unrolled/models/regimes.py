"""Ways to train a forecaster other than on the truth alone.

Each is a module around the forecaster, to be handed to `unrolled.train.fit` in
its place; what is trained are the forecaster's own weights.
"""

import torch
from torch import Tensor, nn

from unrolled._checks import check_number, check_type, check_whole
from unrolled._torch_checks import check_tensor
from unrolled.models.forecast import Forecaster


class ScheduledSampling(nn.Module):
    r"""Train a forecaster on a mixture that leads away from the truth.

    In training, each value after the first is replaced by the model's own
    forecast of it, with a probability that grows from update to update:

    .. math:: p_s = p \cdot \min(1, s / S)

    Otherwise, and when not in training, the truth is read. Each call in
    training counts as an update; the draws come from PyTorch's global
    generator, as a dropout's do.

    Args:
        model: what is trained.
        updates: S, after how many updates the probability stops growing.
        most: p, where it stops, from 0 to 1.

    Raises:
        ValueError: no `Forecaster`, updates that are not a whole number of at
            least 1, a probability out of range.

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

    def __init__(
        self, model: Forecaster, updates: int, most: float = 0.5
    ) -> None:
        super().__init__()
        check_type("model", model, Forecaster)
        self.model = model
        self.updates = check_whole("updates", updates)
        self.most = check_number(
            "most", most, "from 0 to 1", minimum=0, below=1 + 1e-12
        )
        self.register_buffer("done", torch.tensor(0))

    @property
    def probability(self) -> float:
        """With which probability the next update reads a forecast."""
        return self.most * min(1.0, self.done.item() / self.updates)

    def forward(self, x: Tensor) -> Tensor:
        """Forecast each next value of a series.

        Args:
            x: the series, (N, T, D).

        Returns:
            What comes after each step, (N, T, D).

        Raises:
            ValueError: another shape, dtype or device, NaN or infinite values.
        """
        if not self.training:
            return self.model(x)
        check_tensor("x", x, ("N", "T", self.model.recurrent.input_size))
        own = torch.rand(x.shape[:2], device=x.device) < self.probability
        self.done += 1
        return self.model.mixed(x, own)


class OwnForecasts(nn.Module):
    r"""Train a forecaster as it will be used: from some step on, on its own.

    It reads W values, then its own forecasts, and every answer counts. The
    gradient of each error goes back through all the forecasts that led to it.

    Args:
        model: what is trained.
        warm_up: W, how many values of the truth are read, 1 or more.

    Raises:
        ValueError: no `Forecaster`, a number that is not whole or below 1.

    Example:
        >>> from unrolled.lstm import LSTM
        >>> model = Forecaster(LSTM(1, 8))
        >>> x = torch.randn(5, 20, 1)
        >>> said = OwnForecasts(model, warm_up=12)(x)
        >>> torch.allclose(said[:, :12], model(x)[:, :12])
        True
        >>> torch.allclose(said[:, 11:], model.free_run(x[:, :12], 9))
        True

    Reference: Williams & Zipser (1989), without their teacher.
    Chapter: 11_free_running.
    """

    def __init__(self, model: Forecaster, warm_up: int) -> None:
        super().__init__()
        check_type("model", model, Forecaster)
        self.model = model
        self.warm_up = check_whole("warm_up", warm_up)

    def forward(self, x: Tensor) -> Tensor:
        """Forecast each next value of a series.

        Args:
            x: the series, (N, T, D), T above W; of its values after the first
                W, only their number matters.

        Returns:
            What comes after each step, (N, T, D).

        Raises:
            ValueError: another shape, dtype or device, NaN or infinite values,
                a series that is too short.
        """
        check_tensor("x", x, ("N", "T", self.model.recurrent.input_size))
        W, T = self.warm_up, x.shape[1]
        if T <= W:
            raise ValueError(f"x: expected more than {W} steps, got {T}")
        said, state = self.model._read(x[:, :W], None)  # (N, W, D)
        alone = self.model._alone(said[:, -1:], state, T - W + 1)
        return torch.cat([said[:, :-1], alone], dim=1)
