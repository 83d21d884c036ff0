"""A model that forecasts a series, with the truth at hand or on its own."""

import torch
from torch import Generator, Tensor, nn

from unrolled._checks import check_whole
from unrolled._torch_checks import check_tensor
from unrolled.models.parts import State, check_one_way, make_head
from unrolled.recurrent import Recurrent


class Forecaster(nn.Module):
    r"""Forecast each next value of a series from those before it.

    .. math:: \hat x_{t+1} = V\, h_t + u, \qquad
        h_t = \text{what the layer says, having read } r_1, \dots, r_t

    All depends on what it reads: the truth, :math:`r_t = x_t`, in `forward`;
    from some step on its own forecasts, :math:`r_t = \hat x_t`, in `free_run`;
    and now the one, now the other, in `mixed`. The weights are the same.

    Args:
        recurrent: the layer that reads, of one direction and D inputs.
        generator: the source of the head's first weights; PyTorch's global one
            unless told.

    Raises:
        ValueError: no recurrent layer, or one that is bidirectional and would
            read what it is to forecast.

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
        check_one_way("recurrent", recurrent, "the next value is to come")
        self.recurrent = recurrent
        D = recurrent.input_size
        self.head = make_head(recurrent, recurrent.output_size, D, generator)

    def forward(self, x: Tensor) -> Tensor:
        """Forecast each next value, with the truth to read at every step.

        Args:
            x: the series, (N, T, D).

        Returns:
            What comes after each step, (N, T, D): its entry t is the forecast
            of entry t + 1 of the series.

        Raises:
            ValueError: another shape, dtype or device, NaN or infinite values.
        """
        return self._read(x, None)[0]

    def free_run(self, x: Tensor, steps: int) -> Tensor:
        """Read a series, then go on alone, reading one's own forecasts.

        Gradients flow through all of them, unless switched off.

        Args:
            x: the series so far, (N, T, D).
            steps: K, how many values to add.

        Returns:
            The values after the series' end, (N, K, D).

        Raises:
            ValueError: as `forward`; steps that are not a whole number of at
                least 1.
        """
        K = check_whole("steps", steps)
        said, state = self._read(x, None)
        return self._alone(said[:, -1:], state, K)

    def mixed(self, x: Tensor, own: Tensor) -> Tensor:
        """Forecast each next value, reading one's own forecast here and there.

        No gradient flows back through what is read.

        Args:
            x: the series, (N, T, D).
            own: where to read the forecast of x in place of x, (N, T), bool.
                The first value is always read.

        Returns:
            What comes after each step, (N, T, D).

        Raises:
            ValueError: as `forward`; an `own` of another shape or dtype.
        """
        check_tensor("x", x, ("N", "T", self.recurrent.input_size))
        if not isinstance(own, Tensor) or own.dtype != torch.bool:
            raise ValueError(f"own: expected a bool tensor, got {own!r:.80}")
        if own.shape != x.shape[:2]:
            raise ValueError(
                f"own: expected shape {tuple(x.shape[:2])}, "
                f"got {tuple(own.shape)}"
            )
        reads, said, state = x[:, :1], [], None
        for t in range(x.shape[1]):
            if t:
                is_own = own[:, t, None, None]  # (N, 1, 1)
                reads = torch.where(is_own, said[-1].detach(), x[:, t : t + 1])
            answer, state = self._read(reads, state)
            said.append(answer)
        return torch.cat(said, dim=1)

    def _read(self, x: Tensor, state: State | None) -> tuple[Tensor, State]:
        """Read on from a state; say what comes after each step."""
        out, state = self.recurrent(x, state)  # (N, T, H)
        return self.head(out), state

    def _alone(self, first: Tensor, state: State, steps: int) -> Tensor:
        """Go on from a forecast (N, 1, D) until there are so many of them."""
        values = [first]
        for _ in range(steps - 1):
            value, state = self._read(values[-1], state)
            values.append(value)
        return torch.cat(values, dim=1)  # (N, steps, D)
