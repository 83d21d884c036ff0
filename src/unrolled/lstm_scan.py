r"""The loop of the fast LSTM: forward, and backward by hand.

Autograd records each small operation of each step, and goes back through them
one by one. Here a layer is one operation, `LSTMScan`, whose backward pass is
the equations of chapter 4. What makes it fast, with N 64, T 30, H 128, float32,
on one thread of a two-core server (`make bench` compares the whole):

- The inputs of all steps are multiplied in one call before the loop, the
  weights' gradients in one after it; inside remains one product per step.
- Steps first, sequences last: a step's gates are one block of memory, and the
  four gates are whole rows of it. With the steps in the middle, (4H, T, N),
  the small operations of a backward step took 1.5 times as long, with the
  gates in the columns, (T, N, 4H), 1.3 times; with two threads, a product in
  that last order took twice as long.
- Small operations work in place, on numbers that are still in the cache.
  Computing their factors for all steps at once, before the loop, was no faster.
- The tanh of the cell state is kept for the way back, at a sixth more memory.
  torch's tanh takes five times as long as its sigmoid; tanh(z) = 2 sigmoid(2z)
  - 1 would take 3 % off the whole step, but it loses the precision of small
  numbers (in float32, at 1e-4, three digits of seven are left): given up.
- ``torch.matmul`` of a matrix and a batch returns a transposed view, after
  which all that follows is slow; ``bmm`` does not. ``baddbmm`` first copies the
  bias to every place: adding it afterwards took a seventh of that.
- A sum of products with a narrow input, (T, 10, N), takes a third of the time
  if the narrow one comes first.
- Adding up the weights' gradients inside the loop was as fast as doing it at
  the end, but twice the calls.

The training step of source B's model then took 0.96 of nn.LSTM's time at one
thread and 1.13 at two (results/bench.json): 1.17 and 1.45 times as fast as the
readable cell. The aim was 1.4 at one thread as well, where the products alone
take 0.62.
"""

import torch
from torch import Tensor
from torch.autograd import Function
from torch.autograd.function import FunctionCtx


class LSTMScan(Function):
    """One layer in one direction, over all steps: apply, and go back.

    The steps come first and the sequences last: x is (T, D, N), a state is
    (H, N), the states of all steps are (T, H, N), the gates (T, 4H, N).
    """

    @staticmethod
    def forward(
        ctx: FunctionCtx,
        x: Tensor,
        h: Tensor,
        c: Tensor,
        weight_ih: Tensor,
        weight_hh: Tensor,
        bias: Tensor | None,
    ) -> tuple[Tensor, ...]:
        """Loop over the steps: all h and c, the last of each, all gates."""
        T, _, N = x.shape
        H = len(h)
        x = x.contiguous()
        hs, cs = x.new_empty(T + 1, H, N), x.new_empty(T + 1, H, N)
        hs[0], cs[0] = h, c
        tanh_cs = x.new_empty(T, H, N)
        gates = weight_ih.expand(T, -1, -1).bmm(x)  # (T, 4H, N)
        if bias is not None:
            gates += bias[:, None]
        h, c = hs[0], cs[0]
        steps = zip(
            gates.unbind(),
            hs[1:].unbind(),
            cs[1:].unbind(),
            tanh_cs.unbind(),
            strict=True,
        )
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
        ctx: FunctionCtx,
        dhs: Tensor | None,
        dcs: Tensor | None,
        dh: Tensor | None,
        dc: Tensor | None,
        _: None,
    ) -> tuple[Tensor | None, ...]:
        """Loop back: the gradient of each argument of `forward`."""
        if torch.is_grad_enabled():  # someone will differentiate the gradient
            raise RuntimeError(
                "LSTM: expected a first derivative only, got one with "
                "create_graph=True; Recurrent(LSTMCell, ...) has a second one"
            )
        x, weight_ih, weight_hh, gates, hs, cs, tanh_cs = ctx.saved_tensors
        T, _, N = x.shape
        H = weight_hh.shape[1]
        dzs = torch.empty_like(gates)
        nothing = [None] * T
        steps = zip(
            nothing if dhs is None else dhs.contiguous().unbind(),
            nothing if dcs is None else dcs.contiguous().unbind(),
            gates.unbind(),
            cs[:-1].unbind(),
            tanh_cs.unbind(),
            dzs.unbind(),
            strict=True,
        )
        weight_hh_t = weight_hh.t().contiguous()
        dh, dc = _new_or_zeros(dh, hs[0]), _new_or_zeros(dc, cs[0])
        from_h = torch.empty_like(dc)
        for own_dh, own_dc, z, c_before, tanh_c, dz in reversed([*steps]):
            if own_dh is not None:
                dh += own_dh
            if own_dc is not None:
                dc += own_dc
            i, f, g, o = z.view(4, H, N).unbind()
            dz_i, dz_f, dz_g, dz_o = dz.view(4, H, N).unbind()
            dc += _through_tanh(torch.mul(dh, o, out=from_h), tanh_c)
            torch.mul(dc, g, out=dz_i)
            torch.mul(dc, c_before, out=dz_f)
            _through_sigmoid(dz[: 2 * H], z[: 2 * H])  # i and f together
            _through_tanh(torch.mul(dc, i, out=dz_g), g)
            _through_sigmoid(torch.mul(dh, tanh_c, out=dz_o), o)
            torch.mm(weight_hh_t, dz, out=dh)
            dc *= f
        needs = ctx.needs_input_grad
        return (
            weight_ih.t().expand(T, -1, -1).bmm(dzs) if needs[0] else None,
            dh,
            dc,
            _sum_of_products(dzs, x) if needs[3] else None,
            _sum_of_products(dzs, hs[:-1]) if needs[4] else None,
            dzs.sum(2).sum(0) if needs[5] else None,
        )


def _new_or_zeros(dh: Tensor | None, like: Tensor) -> Tensor:
    """Copy what the loop will change in place; zeros if there is nothing."""
    if dh is None:
        return torch.zeros_like(like)
    return dh.clone(memory_format=torch.contiguous_format)


def _through_sigmoid(dy: Tensor, y: Tensor) -> Tensor:
    """Carry dy back through y = sigmoid(z), in place: dy * y * (1 - y)."""
    return torch.ops.aten.sigmoid_backward.grad_input(dy, y, grad_input=dy)


def _through_tanh(dy: Tensor, y: Tensor) -> Tensor:
    """Carry dy back through y = tanh(z), in place: dy * (1 - y * y)."""
    return torch.ops.aten.tanh_backward.grad_input(dy, y, grad_input=dy)


def _sum_of_products(dzs: Tensor, inputs: Tensor) -> Tensor:
    """Sum dz x^T over all steps and sequences: (T, 4H, N), (T, D, N)."""
    # This way round, as narrow inputs are slow the other way.
    total = dzs.new_empty(inputs.shape[1], dzs.shape[1])  # (D, 4H)
    torch.addbmm(total, inputs, dzs.transpose(1, 2), beta=0, out=total)
    return total.t().contiguous()  # (4H, D)
