r"""The relatives of the LSTM: other cells, each forward pass its equations."""

import math
from typing import Literal, get_args

import torch
from torch import Generator, Tensor, nn

from unrolled._checks import check_choice, check_float
from unrolled.cell import Cell, GateTrace, Init
from unrolled.lstm import LSTMCell

Nonlinearity = Literal["tanh", "relu"]
"""What squashes the sums of a plain recurrent network, or cuts them at 0."""


class PeepholeLSTMCell(LSTMCell):
    r"""An LSTM whose gates see the cell state, each unit its own.

    .. math::
        z &= W_{ih}\, x_t + W_{hh}\, h_{t-1} + b \\
        i, f &= \sigma(z_i + p_i \odot c_{t-1}),
        \sigma(z_f + p_f \odot c_{t-1}) \qquad g = \tanh(z_g) \\
        c_t &= f \odot c_{t-1} + i \odot g \\
        o &= \sigma(z_o + p_o \odot c_t) \qquad h_t = o \odot \tanh(c_t)

    One parameter more than `LSTMCell`: ``weight_peephole`` (3H,), packed
    i | f | o, uniform on :math:`\pm 1/\sqrt H` at the start. Arguments are
    those of `LSTMCell`.

    Example:
        >>> PeepholeLSTMCell(3, 2).weight_peephole.shape
        torch.Size([6])

    Reference: Gers & Schmidhuber (2000), "Recurrent nets that time and count";
    Greff et al. (2017), "Forward Pass". Chapters: 07_network, 12_beyond.
    """

    def _init_parameters(self, init: Init, generator: Generator | None) -> None:
        """Draw the weights gate by gate, then the peepholes."""
        super()._init_parameters(init, generator)
        bound = 1 / math.sqrt(self.hidden_size)
        self.weight_peephole = nn.Parameter(torch.empty(3 * self.hidden_size))
        nn.init.uniform_(self.weight_peephole, -bound, bound, generator)

    def gates(self, x: Tensor, h: Tensor, c: Tensor) -> GateTrace:
        """Compute the equations, without checks, and keep every gate."""
        z = x @ self.weight_ih.T + h @ self.weight_hh.T + self.total_bias
        z_i, z_f, z_g, z_o = z.chunk(4, dim=1)  # (N, H) each
        p_i, p_f, p_o = self.weight_peephole.chunk(3)  # (H,) each
        i = (z_i + p_i * c).sigmoid()
        f = (z_f + p_f * c).sigmoid()
        g = z_g.tanh()
        c = f * c + i * g
        o = (z_o + p_o * c).sigmoid()
        h = o * c.tanh()
        return GateTrace(i, f, g, o, c, h)


class CoupledLSTMCell(LSTMCell):
    r"""An LSTM that forgets exactly as much as it takes in: f = 1 − i.

    .. math::
        z &= W_{ih}\, x_t + W_{hh}\, h_{t-1} + b \\
        i, o &= \sigma(z_i), \sigma(z_o) \qquad g = \tanh(z_g) \qquad
        f = 1 - i \\
        c_t &= f \odot c_{t-1} + i \odot g \\
        h_t &= o \odot \tanh(c_t)

    Three blocks of rows instead of four, packed i | g | o.
    Arguments are those of `LSTMCell`. A `forget_bias` of b is −b on the input
    gate, as 1 − σ(−b) = σ(b).

    Example:
        >>> CoupledLSTMCell(3, 2).bias.tolist()
        [-1.0, -1.0, 0.0, 0.0, 0.0, 0.0]

    Reference: Greff et al. (2017), "CIFG". Chapters: 07_network, 12_beyond.
    """

    blocks = 3

    def _open_forget_gate(self, forget_bias: float) -> None:
        self._add_to_bias(0, -forget_bias)

    def gates(self, x: Tensor, h: Tensor, c: Tensor) -> GateTrace:
        """Compute the equations, without checks, and keep every gate."""
        z = x @ self.weight_ih.T + h @ self.weight_hh.T + self.total_bias
        z_i, z_g, z_o = z.chunk(3, dim=1)  # (N, H) each
        i, o, g = z_i.sigmoid(), z_o.sigmoid(), z_g.tanh()
        f = 1 - i
        c = f * c + i * g
        h = o * c.tanh()
        return GateTrace(i, f, g, o, c, h)


class LayerNormLSTMCell(LSTMCell):
    r"""An LSTM whose sums are normalised over the units of the layer.

    With LN(a) = γ ⊙ (a − mean(a)) / std(a), over the entries that belong to
    one sequence, and 1e-5 added to the variance, as in PyTorch,

    .. math::
        z &= \mathrm{LN}(W_{ih}\, x_t) + \mathrm{LN}(W_{hh}\, h_{t-1}) + b \\
        i, f, o &= \sigma(z_i), \sigma(z_f), \sigma(z_o)
        \qquad g = \tanh(z_g) \\
        c_t &= f \odot c_{t-1} + i \odot g \\
        h_t &= o \odot \tanh(\mathrm{LN}(c_t) + \beta)

    The first two have a γ of (4H,) and need no shift beside b; the third has
    a γ and a β of (H,). Arguments are those of `LSTMCell`.

    Example:
        >>> cell = LayerNormLSTMCell(3, 2)
        >>> sum(p.numel() for p in cell.parameters())  # 48 and 8 + 8 + 2 + 2
        68

    Reference: Ba, Kiros & Hinton (2016), equations 20 to 22.
    Chapters: 07_network, 12_beyond.
    """

    def _init_parameters(self, init: Init, generator: Generator | None) -> None:
        """Draw the weights gate by gate; normalise with γ = 1 and β = 0."""
        super()._init_parameters(init, generator)
        H = self.hidden_size
        self.norm_ih = nn.LayerNorm(4 * H, bias=False)
        self.norm_hh = nn.LayerNorm(4 * H, bias=False)
        self.norm_c = nn.LayerNorm(H)

    def gates(self, x: Tensor, h: Tensor, c: Tensor) -> GateTrace:
        """Compute the equations, without checks, and keep every gate."""
        from_x = self.norm_ih(x @ self.weight_ih.T)  # (N, 4H)
        from_h = self.norm_hh(h @ self.weight_hh.T)  # (N, 4H)
        z = from_x + from_h + self.total_bias
        z_i, z_f, z_g, z_o = z.chunk(4, dim=1)  # (N, H) each
        i, f, o = z_i.sigmoid(), z_f.sigmoid(), z_o.sigmoid()
        g = z_g.tanh()
        c = f * c + i * g
        h = o * self.norm_c(c).tanh()
        return GateTrace(i, f, g, o, c, h)


class GRUCell(Cell):
    r"""One step of the gated recurrent unit.

    .. math::
        r, z &= \sigma(W_r\, x_t + U_r\, h_{t-1} + b_r),
        \sigma(W_z\, x_t + U_z\, h_{t-1} + b_z) \\
        n &= \tanh(W_n\, x_t + b_n + r \odot U_n\, h_{t-1}) \\
        h_t &= (1 - z) \odot n + z \odot h_{t-1}

    W is ``weight_ih``, U is ``weight_hh``, their rows packed r | z | n. With
    ``two_biases=True`` the product of U has the second bias, as in PyTorch.
    Arguments are those of `Cell`, and one more.

    Args:
        update_bias: added to the bias of z, the update gate, at the start:
            to a GRU what `forget_bias` is to an `LSTMCell`.

    Example:
        >>> cell = GRUCell(3, 2, update_bias=2.0)
        >>> cell.bias.tolist()
        [0.0, 0.0, 2.0, 2.0, 0.0, 0.0]

    Reference: Cho et al. (2014), equations 5 to 8, where the reset gate
    multiplies h before the product. Chapters: 07_network, 12_beyond.
    """

    blocks = 3

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        update_bias: float = 0.0,
        **options,
    ) -> None:
        super().__init__(input_size, hidden_size, bias, **options)
        check_float("update_bias", update_bias, "that is finite")
        self._add_to_bias(1, update_bias)

    def step(self, x: Tensor, *states: Tensor) -> tuple[Tensor, ...]:
        """Compute the equations, without checks: the new h."""
        (h,) = states
        from_x, from_h = x @ self.weight_ih.T, h @ self.weight_hh.T  # (N, 3H)
        if self.bias is not None:
            from_x = from_x + self.bias
        if self.bias_hh is not None:
            from_h = from_h + self.bias_hh
        x_r, x_z, x_n = from_x.chunk(3, dim=1)  # (N, H) each
        h_r, h_z, h_n = from_h.chunk(3, dim=1)  # (N, H) each
        r, z = (x_r + h_r).sigmoid(), (x_z + h_z).sigmoid()
        n = (x_n + r * h_n).tanh()
        return ((1 - z) * n + z * h,)


class RNNCell(Cell):
    r"""One step of the plain recurrent network.

    .. math:: h_t = \tanh(W_{ih}\, x_t + W_{hh}\, h_{t-1} + b)

    Arguments are those of `Cell`, and one more.

    Args:
        nonlinearity: ``"relu"`` for max(0, ·) in place of tanh.

    Example:
        >>> RNNCell(3, 2)(torch.ones(1, 3), torch.zeros(1, 2)).shape
        torch.Size([1, 2])

    Reference: Elman (1990); Le, Jaitly & Hinton (2015) for ``"relu"``.
    Chapters: 01_vanishing, 07_network.
    """

    blocks = 1

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        nonlinearity: Nonlinearity = "tanh",
        **options,
    ) -> None:
        super().__init__(input_size, hidden_size, bias, **options)
        check_choice("nonlinearity", nonlinearity, get_args(Nonlinearity))
        self.nonlinearity = nonlinearity

    def step(self, x: Tensor, *states: Tensor) -> tuple[Tensor, ...]:
        """Compute the equation, without checks: the new h."""
        (h,) = states
        z = x @ self.weight_ih.T + h @ self.weight_hh.T + self.total_bias
        return (z.relu() if self.nonlinearity == "relu" else z.tanh(),)
