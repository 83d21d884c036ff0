r"""How an answer depends on each input, and a cell state on earlier ones."""

from collections.abc import Collection, Sequence

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from unrolled import by_hand
from unrolled._checks import check_int, insist
from unrolled.data import Params
from unrolled.gates.interventions import Clamp, Cut, Rerun, check_run, unroll
from unrolled.gates.probes import as_float64
from unrolled.models.heads import Classifier


def input_gradients(
    model: Classifier,
    x: Float[Tensor, "N T D"],
    cut: Collection[Cut] = (),
    clamps: Sequence[Clamp] = (),
) -> Float[Tensor, "N T D"]:
    r"""Differentiate each sequence's answer by each of its inputs.

    .. math:: \frac{\mathrm d\, (\text{logit}_1 - \text{logit}_0)}
        {\mathrm d\, x_t}

    Args:
        model: a classifier of two classes.
        cut: pairs of a layer and a state, ``"h"`` or ``"c"``: the paths are
            left out that pass by it from one step to the next.
        clamps: what to replace, as for `run_clamped`.

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
    layers = range(model.recurrent.num_layers)
    known = [(layer, state) for layer in layers for state in "hc"]
    are_known = isinstance(cut, Collection) and all(p in known for p in cut)
    insist("cut", are_known, f"pairs out of {known}", cut)
    with torch.inference_mode(mode=False), torch.enable_grad():
        x = x.detach().clone().requires_grad_()
        logits, _ = unroll(model, x, clamps, cut)
        insist("model", logits.shape[1] == 2, "2 classes", logits.shape[1])
        answer = (logits[:, 1] - logits[:, 0]).sum()
        return torch.autograd.grad(answer, x)[0]


def cell_jacobians(
    model: Classifier, x: Float[Tensor, "N T D"], layer: int
) -> tuple[Float[np.ndarray, "N T H H"], Float[np.ndarray, "N T H H"]]:
    r"""Differentiate a layer's last cell state by each of its cell states.

    .. math::
        \text{direct}_t = \prod_{s=t+1}^{T} \operatorname{diag}(f_s) \qquad
        \text{total}_t = \frac{\mathrm d\, c_T}{\mathrm d\, c_t}

    See `unrolled.by_hand.paths.cell_jacobian`, which tells the gates apart.

    Returns:
        The direct and the total Jacobian: entry [n, t, a, b] is the derivative
        of unit a after the last step by unit b after step t.

    Example:
        >>> from unrolled.lstm import LSTM
        >>> model = Classifier(LSTM(3, 5), 2)
        >>> direct, total = cell_jacobians(model, torch.ones(1, 4, 3), 0)
        >>> bool((direct[0, -1] == np.eye(5)).all()), total.shape
        (True, (1, 4, 5, 5))

    Reference: Pascanu, Mikolov & Bengio (2013). Chapter: 09_gates.
    """
    _, layers = Rerun(model, x).run()
    if check_int("layer", layer, 0, len(layers) - 1):
        x = torch.stack([step.h for step in layers[layer - 1]], dim=1)
    cell = model.recurrent.cells[layer]
    zeros = cell.weight_hh.new_zeros(len(cell.weight_hh))
    weights = cell.weight_ih, cell.weight_hh, zeros + cell.total_bias
    names = "weight_ih", "weight_hh", "bias"
    params: Params = dict(zip(names, map(as_float64, weights), strict=True))
    _, caches = by_hand.lstm.forward(as_float64(x), params)
    parts = by_hand.paths.cell_jacobian(caches, params)
    return parts["direct"], sum(parts.values(), np.zeros(()))
