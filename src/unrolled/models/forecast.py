"""A model that forecasts a series, and what it reads in training."""

import torch
from jaxtyping import Bool, Float
from torch import Generator, Tensor, nn

from unrolled._checks import check, check_float, check_int, check_type, insist
from unrolled.cell import State
from unrolled.models.parts import check_one_way, make_head
from unrolled.recurrent import Recurrent

Series = Float[Tensor, "N T D"]


class Forecaster(nn.Module):
    r"""Forecast each next value of a series from those before it.

    .. math:: \hat x_{t+1} = V\, h_t + u, \qquad
        h_t = \text{what the layer says, having read } r_1, \dots, r_t

    It reads the truth, :math:`r_t = x_t`, in `forward`; from some step on its
    own forecasts, :math:`r_t = \hat x_t`, in `free_run`; both in `mixed`.

    Args:
        recurrent: the layer that reads, of one direction and D inputs.

    Example:
        >>> from unrolled.lstm import LSTM
        >>> model = Forecaster(LSTM(1, 8))
        >>> x = torch.randn(5, 20, 1)
        >>> model(x).shape, model.free_run(x, 30).shape
        (torch.Size([5, 20, 1]), torch.Size([5, 30, 1]))

    Reference: Williams & Zipser (1989), for teacher forcing; Bengio et al.
    (2015), for the mixture. Chapter: 11_free_running.
    """

    def __init__(
        self, recurrent: Recurrent, *, generator: Generator | None = None
    ) -> None:
        super().__init__()
        check_one_way("recurrent", recurrent)
        self.recurrent = recurrent
        D = recurrent.input_size
        self.head = make_head(recurrent, recurrent.output_size, D, generator)

    def forward(self, x: Series) -> Series:
        """Forecast each next value from the truth: entry t + 1 in entry t."""
        return self._read(x)[0]

    def free_run(self, x: Series, steps: int) -> Float[Tensor, "N {steps} D"]:
        """Read a series, then go on alone: the values after its end."""
        K = check_int("steps", steps)
        return self._go_on_alone(x, K)[:, -K:]

    def mixed(self, x: Series, own: Bool[Tensor, "N T"]) -> Series:
        """Forecast each next value, reading one's own forecast here and there.

        No gradient flows back through what is read: the forecast of x where
        `own` says so, x elsewhere and at the first step.
        """
        if isinstance(own, Tensor) and own.dtype == torch.bool:
            own = own.long()
        check(like=self.head.weight, x=(x, "N T D"), own=(own, "N T", range(2)))
        reads, said, state = x[:, :1], [], None
        for t in range(x.shape[1]):
            if t:
                is_own = own[:, t, None, None] == 1  # (N, 1, 1)
                reads = torch.where(is_own, said[-1].detach(), x[:, t : t + 1])
            answer, state = self._read(reads, state)
            said.append(answer)
        return torch.cat(said, dim=1)

    def _check(self, x: Series) -> None:
        """Insist on a series that the layer can read."""
        D, like = self.recurrent.input_size, self.head.weight
        check({"D": D}, like=like, x=(x, "N T D"))

    def _go_on_alone(self, x: Series, steps: int) -> Tensor:
        """Forecast all that follows x, and K values: (N, T + K - 1, D)."""
        said, state = self._read(x)  # (N, T, D)
        values = [said]
        for _ in range(steps - 1):
            said, state = self._read(said[:, -1:], state)  # (N, 1, D)
            values.append(said)
        return torch.cat(values, dim=1)

    def _read(self, x: Series, state: State | None = None):
        """Read on from a state; say what comes after each step."""
        out, state = self.recurrent(x, state)  # (N, T, H)
        return self.head(out), state


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
        self.register_buffer("done", torch.tensor(0))

    @property
    def probability(self) -> float:
        """With which probability the next update reads a forecast."""
        return self.most * min(1.0, self.done.item() / self.updates)

    def forward(self, x: Series) -> Series:
        """Forecast each next value of a series: what comes after each step."""
        if not self.training:
            return self.model(x)
        self.model._check(x)
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
        self.model._check(x)
        W, T = self.warm_up, x.shape[1]
        insist("x", T > W, f"more than {W} steps", T)
        return self.model._go_on_alone(x[:, :W], T - W + 1)
