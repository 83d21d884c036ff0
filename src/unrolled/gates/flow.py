r"""How much the answer depends on each input, and on each cell state.

The answer is one number here: the logit of class 1 less that of class 0.
"""

from collections.abc import Collection, Sequence

import numpy as np
import torch
from torch import Tensor

from unrolled import by_hand
from unrolled._checks import check_whole
from unrolled._fields import check_choice
from unrolled.gates.interventions import Clamp, Cut, check_model, unroll
from unrolled.models.heads import Classifier
from unrolled.modes import gradients
from unrolled.trace import GateTrace


def input_gradients(
    model: Classifier,
    x: Tensor,
    cut: Collection[Cut] = (),
    clamps: Sequence[Clamp] = (),
) -> Tensor:
    r"""Differentiate each sequence's answer by each of its inputs.

    .. math:: \frac{\mathrm d\, (\text{logit}_1 - \text{logit}_0)}
        {\mathrm d\, x_t}

    is a sum over all paths from :math:`x_t` to the answer. With `cut`, the
    paths are left out that pass from one step to the next by a layer's h, or by
    its c. The forward pass stays as it is. Paths that use both at different
    steps are left out by either cut, so that parts need not add up.

    Args:
        model: a classifier of two classes, on LSTM layers in one direction.
        x: the inputs, (N, T, D).
        cut: pairs of a layer, from 0, and a state, ``"h"`` or ``"c"``.
        clamps: what to replace, as for `run_clamped`: then it is the answer of
            that network, in which nothing flows back from what is replaced.

    Returns:
        The gradients, (N, T, D), in units of the answer by the input's.

    Raises:
        ValueError: another model, one made in `torch.inference_mode`, wrong
            shapes or dtypes, NaN or infinite inputs, cuts that there are
            not, clamps that do not fit.

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
    _check_two_classes(model)
    with gradients(model):
        x = _with_gradient(x)
        logits, _ = unroll(model, x, clamps, cut)
        (gradient,) = torch.autograd.grad(_answer(logits), x)
    return gradient


def state_gradients(
    model: Classifier, x: Tensor, layer: int, state: str = "c"
) -> Tensor:
    r"""Differentiate each sequence's answer by each state of a layer.

    .. math:: \frac{\mathrm d\, (\text{logit}_1 - \text{logit}_0)}
        {\mathrm d\, c_t}

    along all paths, through the layers above as well. To nudge :math:`c_t`
    moves :math:`h_t`, too; to nudge :math:`h_t` leaves :math:`c_t` alone.

    Args:
        model: a classifier of two classes, on LSTM layers in one direction.
        x: the inputs, (N, T, D).
        layer: the layer, counted from 0.
        state: ``"c"`` or ``"h"``.

    Returns:
        The gradients, (N, T, H).

    Raises:
        ValueError: another model, one made in `torch.inference_mode`, wrong
            shapes or dtypes, NaN or infinite inputs, a layer that there is not,
            another state.

    Example:
        >>> from unrolled.lstm import LSTM
        >>> model = Classifier(LSTM(3, 5, num_layers=2), 2)
        >>> state_gradients(model, torch.ones(2, 4, 3), layer=0).shape
        torch.Size([2, 4, 5])

    Chapter: 09_gates.
    """
    _check_two_classes(model)
    _check_layer(model, layer)
    check_choice("state", state, ("c", "h"))
    with gradients(model):
        logits, layers = unroll(model, _with_gradient(x))
        states = [getattr(step, state) for step in layers[layer]]
        by_step = torch.autograd.grad(_answer(logits), states)
    return torch.stack(by_step, dim=1)  # (N, T, H)


def cell_jacobians(
    model: Classifier, x: Tensor, layer: int
) -> tuple[np.ndarray, np.ndarray]:
    r"""Differentiate a layer's last cell state by each of its cell states.

    .. math::
        \text{direct}_t = \prod_{s=t+1}^{T} \operatorname{diag}(f_s) \qquad
        \text{total}_t = \frac{\mathrm d\, c_T}{\mathrm d\, c_t}

    The total also runs through h into all four gates, within the layer: see
    `unrolled.by_hand.paths.cell_jacobian`, which tells the gates apart.

    Args:
        model: a classifier on LSTM layers in one direction.
        x: the inputs, (N, T, D); few, as N · T · H · H numbers come back.
        layer: the layer, counted from 0.

    Returns:
        The direct and the total Jacobian, (N, T, H, H) each, float64: entry
        [n, t, a, b] is the derivative of unit a after the last step by unit b
        after step t.

    Raises:
        ValueError: another model, wrong shapes or dtypes, NaN or infinite
            inputs, a layer that there is not.

    Example:
        >>> from unrolled.lstm import LSTM
        >>> model = Classifier(LSTM(3, 5), 2)
        >>> direct, total = cell_jacobians(model, torch.ones(1, 4, 3), 0)
        >>> bool((direct[0, -1] == np.eye(5)).all()), total.shape
        (True, (1, 4, 5, 5))

    Reference: Pascanu, Mikolov & Bengio (2013). Chapter: 09_gates.
    """
    check_model(model)
    _check_layer(model, layer)
    with torch.no_grad():
        _, layers = unroll(model, x)
    below = x if layer == 0 else _hidden(layers[layer - 1])
    cell = model.recurrent.cells[layer]
    total_bias = torch.zeros_like(cell.weight_hh[:, 0]) + cell.total_bias
    params = {
        "weight_ih": _array(cell.weight_ih),
        "weight_hh": _array(cell.weight_hh),
        "bias": _array(total_bias),
    }
    _, caches = by_hand.lstm.forward(_array(below), params)
    parts = by_hand.paths.cell_jacobian(caches, params)
    return parts["direct"], sum(parts.values())


def _with_gradient(x: Tensor) -> Tensor:
    """Return a copy of the inputs that wants a gradient, if it can have one.

    So the states have one, too, even if no parameter wants any.
    """
    if isinstance(x, Tensor) and x.is_floating_point():
        return x.detach().clone().requires_grad_()
    return x  # `unroll` will refuse it


def _answer(logits: Tensor) -> Tensor:
    """Return the sum of all answers; each depends on its own sequence."""
    return (logits[:, 1] - logits[:, 0]).sum()


def _hidden(steps: list[GateTrace]) -> Tensor:
    """Return the hidden states of all steps, (N, T, H)."""
    return torch.stack([step.h for step in steps], dim=1)


def _array(value: Tensor) -> np.ndarray:
    """Return a tensor as an array of float64."""
    return value.detach().to("cpu", torch.float64).numpy()


def _check_two_classes(model: Classifier) -> None:
    check_model(model)
    if model.head.out_features != 2:
        raise ValueError(
            f"model: expected 2 classes, got {model.head.out_features}"
        )


def _check_layer(model: Classifier, layer: int) -> None:
    layers = model.recurrent.num_layers
    if check_whole("layer", layer, 0) >= layers:
        raise ValueError(
            f"layer: expected a layer from 0 to {layers - 1}, got {layer}"
        )
