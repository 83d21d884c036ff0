"""A model that forecasts a series."""

import torch
from jaxtyping import Bool, Float
from torch import Generator, Tensor, nn

from unrolled._checks import check, check_int
from unrolled.cell import State
from unrolled.models.parts import check_one_way, make_head
from unrolled.recurrent import Recurrent

Series = Float[Tensor, "N T D"]


class Forecaster(nn.Module):
    r"""Forecast each next value of a series from those before it.

    .. math:: \hat x_{t+1} = V\, h_t + u, \qquad
        h_t = \text{what the layer says, having read } r_1, \dots, r_t

    It reads the truth, :math:`r_t = x_t`, in `forward`; from some step on its
    own forecasts, :math:`r_t = \hat x_t`, in `free_run`; both in `mixed`. The
    layer has one direction and D inputs.

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
        return self.go_on_alone(x, steps)[:, -steps:]

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

    def go_on_alone(self, x: Series, steps: int) -> Tensor:
        """Forecast all that follows x, and K values: (N, T + K - 1, D)."""
        said, state = self._read(x)  # (N, T, D)
        values = [said]
        for _ in range(check_int("steps", steps) - 1):
            said, state = self._read(said[:, -1:], state)  # (N, 1, D)
            values.append(said)
        return torch.cat(values, dim=1)

    def _read(
        self, x: Series, state: State | None = None
    ) -> tuple[Series, State]:
        """Read on from a state; say what comes after each step."""
        out, last = self.recurrent(x, state)  # (N, T, H)
        return self.head(out), last
