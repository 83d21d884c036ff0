r"""How much the answer depends on each input, and a cell state on earlier ones.

The answer is one number here: the logit of class 1 less that of class 0.
"""

from collections.abc import Collection, Sequence

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from unrolled import by_hand
from unrolled._checks import check_whole, insist
from unrolled.gates.interventions import Clamp, Cut, check_run, unroll
from unrolled.models.heads import Classifier
from unrolled.modes import gradients


def input_gradients(
    model: Classifier,
    x: Float[Tensor, "N T D"],
    cut: Collection[Cut] = (),
    clamps: Sequence[Clamp] = (),
) -> Float[Tensor, "N T D"]:
    r"""Differentiate each sequence's answer by each of its inputs.

    .. math:: \frac{\mathrm d\, (\text{logit}_1 - \text{logit}_0)}
        {\mathrm d\, x_t}

    is a sum over all paths from :math:`x_t` to the answer. With `cut`, the
    paths are left out that pass from one step to the next by a layer's h, or by
    its c. The forward pass stays as it is. Paths that use both at different
    steps are left out by either cut, so that parts need not add up.

    Args:
        model: a classifier of two classes, on LSTM layers in one direction.
        x: the inputs.
        cut: pairs of a layer, from 0, and a state, ``"h"`` or ``"c"``.
        clamps: what to replace, as for `run_clamped`: then it is the answer of
            that network, in which nothing flows back from what is replaced.

    Returns:
        The gradients, in units of the answer by the input's.

    Example:
        >>> from unrolled.lstm import LSTM
        >>> model = Classifier(LSTM(3, 5), 2)
        >>> both = [(0, "h"), (0, "c")]  # no way from step to step
        >>> gradients = input_gradients(model, torch.ones(2, 4, 3), both)
        >>> gradients[:, :-1].abs().max().item()
        0.0

    Reference: Hochreiter & Schmidhuber (1997), whose truncated gradient cuts
    every h. Chapter: 09_gates.
    """
    check_run(model, x)
    _check_cut(cut, model.recurrent.num_layers)
    with gradients(model):
        x = x.detach().clone().requires_grad_()
        logits, _ = unroll(model, x, clamps, cut)
        (gradient,) = torch.autograd.grad(_answer(logits), x)
    return gradient


def cell_jacobians(
    model: Classifier, x: Float[Tensor, "N T D"], layer: int
) -> tuple[Float[np.ndarray, "N T H H"], Float[np.ndarray, "N T H H"]]:
    r"""Differentiate a layer's last cell state by each of its cell states.

    .. math::
        \text{direct}_t = \prod_{s=t+1}^{T} \operatorname{diag}(f_s) \qquad
        \text{total}_t = \frac{\mathrm d\, c_T}{\mathrm d\, c_t}

    The total also runs through h into all four gates, within the layer: see
    `unrolled.by_hand.paths.cell_jacobian`, which tells the gates apart.

    Args:
        model: a classifier on LSTM layers in one direction.
        x: the inputs; few, as N · T · H · H numbers come back.
        layer: the layer, counted from 0.

    Returns:
        The direct and the total Jacobian, float64: entry [n, t, a, b] is the
        derivative of unit a after the last step by unit b after step t.

    Example:
        >>> from unrolled.lstm import LSTM
        >>> model = Classifier(LSTM(3, 5), 2)
        >>> direct, total = cell_jacobians(model, torch.ones(1, 4, 3), 0)
        >>> bool((direct[0, -1] == np.eye(5)).all()), total.shape
        (True, (1, 4, 5, 5))

    Reference: Pascanu, Mikolov & Bengio (2013). Chapter: 09_gates.
    """
    check_run(model, x)
    L = model.recurrent.num_layers
    is_there = check_whole("layer", layer, 0) < L
    insist("layer", is_there, f"a layer from 0 to {L - 1}", layer)
    below = x
    if layer:
        with torch.no_grad():
            _, layers = unroll(model, x)
        below = torch.stack([step.h for step in layers[layer - 1]], dim=1)
    cell = model.recurrent.cells[layer]
    zeros = cell.weight_hh.new_zeros(len(cell.weight_hh))
    params = {
        "weight_ih": _array(cell.weight_ih),
        "weight_hh": _array(cell.weight_hh),
        "bias": _array(zeros + cell.total_bias),
    }
    _, caches = by_hand.lstm.forward(_array(below), params)
    parts = by_hand.paths.cell_jacobian(caches, params)
    return parts["direct"], sum(parts.values())


def _answer(logits: Float[Tensor, "N C"]) -> Float[Tensor, ""]:
    """Return the sum of all answers; each depends on its own sequence."""
    C = logits.shape[1]
    insist("model", C == 2, "2 classes", C)
    return (logits[:, 1] - logits[:, 0]).sum()


def _array(value: Tensor) -> np.ndarray:
    """Return a tensor as an array of float64."""
    return value.detach().to("cpu", torch.float64).numpy()


def _check_cut(cut: Collection[Cut], count: int) -> None:
    """Insist on pairs of a layer that there is and a state, h or c."""
    known = [(layer, state) for layer in range(count) for state in "hc"]
    are_known = isinstance(cut, Collection) and all(
        isinstance(pair, tuple) and pair in known for pair in cut
    )
    wanted = f"pairs of a layer from 0 to {count - 1} and 'h' or 'c'"
    insist("cut", are_known, wanted, cut)
