r"""The LSTM: its equations, the layer, and its backward pass by hand.

`LSTMCell` is the readable one. `LSTM` is its fast twin: a layer is one
operation, `LSTMScan`, whose backward pass is written out. What each of its
arrangements is worth, `make bench` prints.
"""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function, forward_ad

from unrolled._checks import check_float
from unrolled.cell import Cell, GateTrace, _has_hooks
from unrolled.recurrent import Recurrent


class LSTMCell(Cell):
    r"""One step of the LSTM.

    .. math::
        z &= W_{ih}\, x_t + W_{hh}\, h_{t-1} + b \\
        i, f, o &= \sigma(z_i), \sigma(z_f), \sigma(z_o)
        \qquad g = \tanh(z_g) \\
        c_t &= f \odot c_{t-1} + i \odot g \\
        h_t &= o \odot \tanh(c_t)

    Arguments are those of `Cell`, and one more.

    Args:
        forget_bias: added to the forget gate's bias at the start; the total,
            however many biases there are. Without a bias it has no effect.

    Example:
        >>> cell = LSTMCell(3, 2, generator=torch.Generator().manual_seed(0))
        >>> zeros = torch.zeros(1, 2)
        >>> h, c = cell(torch.ones(1, 3), (zeros, zeros))
        >>> h.shape, cell.bias.tolist()
        (torch.Size([1, 2]), [0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0])

    Reference: Hochreiter & Schmidhuber (1997) for the cell; Gers, Schmidhuber
    & Cummins (2000) for the forget gate. Chapter: 07_network.
    """

    blocks = 4
    state_names = ("h", "c")

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        forget_bias: float = 1.0,
        **options,
    ) -> None:
        super().__init__(input_size, hidden_size, bias, **options)
        check_float("forget_bias", forget_bias, "that is finite")
        self._open_forget_gate(forget_bias)

    def _open_forget_gate(self, forget_bias: float) -> None:
        """Let the forget gate start at sigmoid(forget_bias)."""
        self._add_to_bias(1, forget_bias)

    def gates(
        self,
        x: Tensor,
        h: Tensor,
        c: Tensor,
        change: Callable[[str, Tensor], Tensor] = lambda name, value: value,
    ) -> GateTrace:
        """Compute the equations, without checks, and keep every gate.

        Each of i, f, g, o, c and h is what `change` makes of it, by its name;
        default: itself.
        """
        z = x @ self.weight_ih.T + h @ self.weight_hh.T + self.total_bias
        z_i, z_f, z_g, z_o = z.chunk(4, dim=1)  # (N, H) each
        i, f = change("i", z_i.sigmoid()), change("f", z_f.sigmoid())
        g, o = change("g", z_g.tanh()), change("o", z_o.sigmoid())
        c = change("c", f * c + i * g)
        h = change("h", o * c.tanh())
        return GateTrace(i, f, g, o, c, h)

    def step(self, x: Tensor, *states: Tensor) -> tuple[Tensor, ...]:
        """Compute the equations, without checks: the new h and c."""
        h, c = states
        trace = self.gates(x, h, c)
        return trace.h, trace.c


class LSTM(Recurrent):
    r"""A stack of LSTM layers: `Recurrent` with `LSTMCell`, but fast.

    Parameters, arguments and results are those of
    ``Recurrent(LSTMCell, ...)``; only the loop over the steps and its gradient
    are computed in another way. Results differ by rounding alone. Asking for a
    second derivative is a RuntimeError: the backward pass has no gradient.

    Example:
        >>> lstm = LSTM(3, 5, num_layers=2)
        >>> out, (h, c) = lstm(torch.ones(4, 7, 3))
        >>> out.shape, h.shape
        (torch.Size([4, 7, 5]), torch.Size([2, 4, 5]))

    Reference: Hochreiter & Schmidhuber (1997); Gers, Schmidhuber & Cummins
    (2000). Chapter: 07_network.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        dropout: float = 0.0,
        **options,
    ) -> None:
        sizes = input_size, hidden_size, num_layers
        super().__init__(LSTMCell, *sizes, dropout, **options)

    def _scan(
        self, cell: Cell, x: Tensor, start: tuple[Tensor, ...], with_gates: bool
    ) -> tuple[Sequence[Tensor], Sequence[Tensor], Sequence[Tensor]]:
        """Do what the base class does, but as one operation for autograd."""
        is_short = x.shape[1] == 1 and not torch.is_grad_enabled()
        no_rule = x.is_meta or torch.compiler.is_exporting() or _has_hooks(cell)
        # torch.func, or autograd's forward mode, is at work.
        is_transformed = not torch.compiler.is_compiling() and (
            forward_ad._current_level >= 0
            or torch._C._are_functorch_transforms_active()
        )
        if is_short or no_rule or is_transformed:
            # Few operations are quicker so; others have no rule for the fast.
            return super()._scan(cell, x, start, with_gates)
        bias = cell.total_bias if cell.biases else None
        with torch.autocast(x.device.type, enabled=False):
            hs, cs, h, c, gates = LSTMScan.apply(
                x.permute(1, 2, 0),  # (T, D, N)
                *(state.T for state in start),  # (H, N) each
                cell.weight_ih,
                cell.weight_hh,
                bias,
            )
        hs, cs = hs.permute(2, 0, 1), cs.permute(2, 0, 1)  # (N, T, H) each
        trace = []
        if with_gates:
            gates = gates.permute(2, 0, 1)  # (N, T, 4H)
            trace = [*gates.chunk(4, dim=2), cs, hs]
        return (hs, cs), (h.T, c.T), trace


class LSTMScan(Function):
    """One layer in one direction: x (T, D, N), states (H, N) or (T, H, N).

    The way back is `unrolled.by_hand.lstm.cell_backward`, its factors computed
    for all steps at once, before the loop. Chapter: 07_network.
    """

    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        h: Tensor,
        c: Tensor,
        weight_ih: Tensor,
        weight_hh: Tensor,
        bias: Tensor | None,
    ) -> tuple[Tensor, ...]:
        """Loop over the steps: all h and c, the last of each, all gates."""
        (T, _, N), H = x.shape, len(h)
        x = x.contiguous()
        hs, cs = x.new_empty(T + 1, H, N), x.new_empty(T + 1, H, N)
        hs[0], cs[0] = h, c
        tanh_cs = x.new_empty(T, H, N)
        gates = weight_ih.expand(T, -1, -1).bmm(x)  # (T, 4H, N)
        if bias is not None:
            gates += bias[:, None]
        h, c = hs[0], cs[0]
        arrays = gates, hs[1:], cs[1:], tanh_cs
        steps = zip(*(array.unbind() for array in arrays), strict=True)
        for z, h_next, c_next, tanh_c in steps:
            z.addmm_(weight_hh, h)  # (4H, N)
            i, f, g, o = z.view(4, H, N).unbind()
            z[: 2 * H].sigmoid_()  # i and f together
            g.tanh_()
            o.sigmoid_()
            c = torch.mul(f, c, out=c_next).addcmul_(i, g)
            h = torch.mul(o, torch.tanh(c, out=tanh_c), out=h_next)
        ctx.save_for_backward(x, weight_ih, weight_hh, gates, hs, cs, tanh_cs)
        ctx.set_materialize_grads(False)
        ctx.mark_non_differentiable(gates)
        return hs[1:], cs[1:], h, c, gates

    @staticmethod
    def backward(
        ctx: Any,
        dhs: Tensor | None,
        dcs: Tensor | None,
        dh: Any,  # a tensor, or None
        dc: Any,  # likewise
        _: None,
    ) -> tuple[Tensor | None, ...]:
        """Loop back: the gradient of each argument of `forward`."""
        if torch.is_grad_enabled():  # someone will differentiate the gradient
            raise RuntimeError(
                "LSTM: expected a first derivative only, got one with "
                "create_graph=True; Recurrent(LSTMCell, ...) has a second one"
            )
        x, weight_ih, weight_hh, gates, hs, cs, tanh_cs = ctx.saved_tensors
        T, H, N = tanh_cs.shape
        gates, dzs = gates.view(T, 4, H, N), gates.new_empty(T, 4, H, N)
        # The factors of dc in dz_i, dz_f and dz_g, and of dh in dz_o and dc.
        (i, f, g, o), (dz_i, dz_f, dz_g, dz_o) = gates.unbind(1), dzs.unbind(1)
        _through_sigmoid(g, i, out=dz_i)
        _through_sigmoid(cs[:-1], f, out=dz_f)
        _through_tanh(i, g, out=dz_g)
        _through_sigmoid(tanh_cs, o, out=dz_o)
        dcs_by_dhs = _through_tanh(o, tanh_cs, out=torch.empty_like(tanh_cs))
        own = (
            [None] * T if d is None else d.contiguous().unbind()
            for d in (dhs, dcs)
        )
        steps = zip(*own, f, dcs_by_dhs, dzs, strict=True)
        weight_hh_t = weight_hh.t().contiguous()
        dh, dc = _new_or_zeros(dh, hs[0]), _new_or_zeros(dc, cs[0])
        for own_dh, own_dc, f, dc_by_dh, dz in reversed([*steps]):
            if own_dh is not None:
                dh += own_dh
            if own_dc is not None:
                dc += own_dc
            dc.addcmul_(dh, dc_by_dh)
            dz[:3].mul_(dc)
            dz[3].mul_(dh)
            torch.mm(weight_hh_t, dz.view(4 * H, N), out=dh)
            dc *= f
        needs, dzs = ctx.needs_input_grad, dzs.view(T, 4 * H, N)
        dz = _flat(dzs)
        return (
            weight_ih.t().expand(T, -1, -1).bmm(dzs) if needs[0] else None,
            dh,
            dc,
            _sum_of_products(dz, x) if needs[3] else None,
            _sum_of_products(dz, hs[:-1]) if needs[4] else None,
            dz.sum(1) if needs[5] else None,
        )


def _flat(values: Tensor) -> Tensor:
    """Put all steps and sequences beside each other: (T, D, N) to (D, TN)."""
    return values.transpose(0, 1).flatten(1)


def _sum_of_products(dz: Tensor, inputs: Tensor) -> Tensor:
    """Sum dz x^T over all steps and sequences: (4H, TN), (T, D, N)."""
    # This way round, as narrow inputs are slow the other way.
    return (_flat(inputs) @ dz.t()).t().contiguous()  # (4H, D)


def _new_or_zeros(dh: Tensor | None, like: Tensor) -> Tensor:
    """Copy what the loop will change in place; zeros if there is nothing."""
    if dh is None:
        return torch.zeros_like(like)
    return dh.clone(memory_format=torch.contiguous_format)


def _through_sigmoid(dy: Tensor, y: Tensor, out: Tensor) -> Tensor:
    """Carry dy back through y = sigmoid(z): dy * y * (1 - y)."""
    return torch.ops.aten.sigmoid_backward.grad_input(dy, y, grad_input=out)


def _through_tanh(dy: Tensor, y: Tensor, out: Tensor) -> Tensor:
    """Carry dy back through y = tanh(z): dy * (1 - y * y)."""
    return torch.ops.aten.tanh_backward.grad_input(dy, y, grad_input=out)
