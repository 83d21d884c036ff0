r"""Where a gradient comes from: by step of use, and by path through a cell."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from unrolled._checks import check
from unrolled.by_hand.lstm import CACHES, PARAMS, StepCache, _step_backward
from unrolled.data import ArrayLike, Params


def contributions(
    dhs: ArrayLike, caches: Sequence[StepCache], params: Params
) -> Params:
    r"""Split the gradient by the step that errs and the step that is used.

    If each step t had a copy :math:`W^{(t)}` of the weights for itself, then

    .. math::
        M_{s,t} = \frac{\mathrm d L_s}{\mathrm d W^{(t)}} \qquad
        \frac{\mathrm d L}{\mathrm d W} = \sum_s \sum_{t \le s} M_{s,t}

    Each table is (T, T, ...), summed over N. Row s is the gradient of step s's
    error, column t what step t's use gives, and the k diagonals with
    :math:`s - t < k` the gradient with ``window=k``.

    Example:
        >>> from unrolled import by_hand, data
        >>> x, y, weights = data.anchor()
        >>> hs, caches = by_hand.lstm.forward(x, weights)
        >>> _, errors = by_hand.training.squared_error(hs, y, steps="sum")
        >>> table = contributions(errors, caches, weights)
        >>> table["weight_ih"].shape  # its row 1 is the forget gate's
        (9, 9, 4, 1)
        >>> round(float(table["weight_ih"][2, 2, 1, 0]), 6)
        -0.00251

    Reference: Werbos (1990). Chapter: 04_bptt.
    """
    params, caches, dhs = check(
        params=(params, PARAMS), caches=(caches, CACHES), dhs=(dhs, "N T H")
    )
    T = len(caches)
    table = {n: np.zeros((T, T, *p.shape)) for n, p in params.items()}
    for s in range(T):
        dh, dc = dhs[:, s], np.zeros_like(dhs[:, s])
        for t in range(s, -1, -1):
            _, dh, dc, grads = _step_backward(dh, dc, caches[t], params)
            for name, gradient in grads.items():
                table[name][s, t] = gradient
    return table


def cell_jacobian(
    caches: Sequence[StepCache], params: Params
) -> dict[str, Float[np.ndarray, "N T H H"]]:
    r"""Derivative of the last cell state with respect to each, path by path.

    ``"direct"`` stays in the cell state all the way. Every other path is
    counted under the *first* gate that it enters, so that the parts add up to
    the total derivative. With :math:`\delta z = \mathrm d c_T / \mathrm d z`
    and :math:`U_k` for gate k's rows of ``weight_hh``,

    .. math::
        \text{direct} &= \prod_{s=t+1}^{T} \operatorname{diag}(f_s) \\
        \text{part}_k &= \sum_{s=t}^{T-1} \delta z_{k,s+1}\, U_k
        \operatorname{diag}\bigl(o_s (1 - \tanh^2 c_s)\bigr)
        \prod_{r=t+1}^{s} \operatorname{diag}(f_r)

    Entry [n, t, a, b] belongs to the last state's unit a and step t's unit b.
    What is nudged is :math:`c_t` after step t; :math:`h_t` moves with it.

    Example:
        >>> from unrolled import by_hand, data
        >>> x, _, weights = data.anchor()
        >>> _, caches = by_hand.lstm.forward(x, weights)
        >>> parts = cell_jacobian(caches, weights)
        >>> f = caches[-1].f.item()
        >>> parts["direct"][0, -2].item() == f, sum(parts.values()).shape
        (True, (1, 9, 1, 1))

    Reference: Hochreiter & Schmidhuber (1997), whose truncated gradient keeps
    the direct path alone. Chapter: 04_bptt.
    """
    params, caches = check(params=(params, PARAMS), caches=(caches, CACHES))
    (N, H), T = caches[0].h.shape, len(caches)
    U = dict(zip("ifgo", np.split(params["weight_hh"], 4), strict=True))
    names = "direct", "f", "i", "g", "o"
    parts = {name: np.zeros((N, T, H, H)) for name in names}
    parts["direct"][:, -1] = np.eye(H)
    dh = np.zeros((N, H, H))  # of the last cell state with respect to h
    for t in reversed(range(T - 1)):
        # An axis more: row a is the gradient of the last cell state's unit a.
        _, _, c_t, i, f, g, o, c, _ = (a[:, None] for a in caches[t + 1])
        dc = sum(part[:, t + 1] for part in parts.values())
        through = {
            "f": (dc * c_t * f * (1 - f)) @ U["f"],
            "i": (dc * g * i * (1 - i)) @ U["i"],
            "g": (dc * i * (1 - g**2)) @ U["g"],
            "o": (dh * np.tanh(c) * o * (1 - o)) @ U["o"],
        }  # (N, H, H) each: of the last cell state with respect to h_t
        # h_t is made of c_t: by so much does a nudge of c_t move it.
        slope = caches[t].o[:, None] * (1 - np.tanh(c_t) ** 2)
        for name, part in parts.items():
            part[:, t] = part[:, t + 1] * f + through.get(name, 0.0) * slope
        dh = sum(through.values())
    return parts
