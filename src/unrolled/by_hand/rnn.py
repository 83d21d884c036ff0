r"""The plain recurrent network in NumPy: forward, backward, and how it forgets.

Batch first, as in `by_hand.lstm`: inputs x are (N, T, D), states (N, H). The
parameters are a dict with PyTorch's names: ``weight_ih`` (H, D), which the text
calls W, ``weight_hh`` (H, H), U, and ``bias`` (H,), b. All arithmetic is
float64. The states are all that the backward pass needs, as the slope of tanh
is one less its squared value.
"""

import numpy as np
from numpy.typing import ArrayLike

from unrolled._checks import check_array, check_names

Params = dict[str, np.ndarray]
"""Parameters, or gradients by parameter: name to array."""

_SHAPES = {"weight_ih": ("H", "D"), "weight_hh": ("H", "H"), "bias": ("H",)}


def forward(
    x: ArrayLike, params: Params, h0: ArrayLike | None = None
) -> np.ndarray:
    r"""Run a plain recurrent network over whole sequences.

    .. math:: h_t = \tanh(W x_t + U h_{t-1} + b)

    Args:
        x: the inputs, (N, T, D).
        params: ``weight_ih``, ``weight_hh``, ``bias``, the same at each step.
        h0: the state before the first step, (N, H); zeros unless told.

    Returns:
        The states hs after each step, (N, T, H).

    Raises:
        ValueError: wrong shapes, NaN or infinite values, an empty sequence,
            missing parameters.

    Example:
        >>> params = {
        ...     "weight_ih": np.array([[0.5]]),
        ...     "weight_hh": np.array([[0.9]]),
        ...     "bias": np.zeros(1),
        ... }
        >>> forward([[[1.0], [0.0]]], params).ravel().round(4).tolist()
        [0.4621, 0.3935]

    Reference: Werbos (1990). Chapter: 01_vanishing.
    """
    params, D, H = _check_params(params)
    x = check_array("x", x, ("N", "T", D))
    h = _check_h0(h0, (len(x), H))
    hs = []
    for t in range(x.shape[1]):
        z = (
            x[:, t] @ params["weight_ih"].T
            + h @ params["weight_hh"].T
            + params["bias"]
        )  # (N, H)
        h = np.tanh(z)
        hs.append(h)
    return np.stack(hs, axis=1)


def bptt(
    dhs: ArrayLike,
    x: ArrayLike,
    hs: ArrayLike,
    params: Params,
    h0: ArrayLike | None = None,
) -> tuple[np.ndarray, Params]:
    r"""Backpropagation through time: the total gradient over all steps.

    With :math:`\delta h_t` for the total derivative of the loss with respect
    to :math:`h_t`, for one sequence and with vectors as columns,

    .. math::
        \delta h_t &= \frac{\partial L}{\partial h_t}
            + U^\top \delta z_{t+1} \qquad
        \delta z_t = (1 - h_t^2) \odot \delta h_t \\
        \delta W &= \sum_t \delta z_t\, x_t^\top \qquad
        \delta U = \sum_t \delta z_t\, h_{t-1}^\top \qquad
        \delta b = \sum_t \delta z_t \qquad
        \delta x_t = W^\top \delta z_t

    Args:
        dhs: each step's own error, (N, T, H): the immediate derivative of the
            loss with respect to h_t, not through later steps.
        x: the inputs, (N, T, D).
        hs: the states, as `forward` returns them, (N, T, H).
        params: ``weight_ih``, ``weight_hh``, ``bias``.
        h0: the state before the first step, (N, H); zeros unless told.

    Returns:
        dx (N, T, D) and the gradient of every parameter, summed over steps
        and sequences.

    Raises:
        ValueError: wrong shapes, NaN or infinite values, states outside
            [-1, 1], missing parameters.

    Example:
        >>> params = {
        ...     "weight_ih": np.array([[0.5]]),
        ...     "weight_hh": np.array([[0.9]]),
        ...     "bias": np.zeros(1),
        ... }
        >>> x = [[[1.0], [0.0]]]
        >>> hs = forward(x, params)
        >>> dx, grads = bptt([[[0.0], [1.0]]], x, hs, params)
        >>> round(float(grads["weight_hh"][0, 0]), 4)  # (1 - h_2²) h_1
        0.3906

    Reference: Werbos (1990); Pascanu, Mikolov & Bengio (2013), section 1.1.
    Chapter: 01_vanishing.
    """
    params, D, H = _check_params(params)
    x = check_array("x", x, ("N", "T", D))
    hs = _check_hs(hs, (len(x), x.shape[1], H))
    dhs = check_array("dhs", dhs, hs.shape)
    h0 = _check_h0(h0, (len(x), H))
    before = np.concatenate([h0[:, None], hs[:, :-1]], axis=1)  # (N, T, H)
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    dx, dh = np.zeros_like(x), np.zeros_like(h0)
    for t in reversed(range(x.shape[1])):
        # Step t's own error joins what comes back from the step after it.
        dz = (dhs[:, t] + dh) * (1 - hs[:, t] ** 2)  # (N, H)
        grads["weight_ih"] += dz.T @ x[:, t]  # (H, D)
        grads["weight_hh"] += dz.T @ before[:, t]  # (H, H)
        grads["bias"] += dz.sum(axis=0)  # (H,)
        dx[:, t] = dz @ params["weight_ih"]
        dh = dz @ params["weight_hh"]
    return dx, grads


def jacobians(hs: ArrayLike, params: Params) -> np.ndarray:
    r"""Compute how the last state depends on each state before it.

    .. math::
        \frac{\mathrm{d} h_T}{\mathrm{d} h_t} =
        \prod_{s=T}^{t+1} \mathrm{diag}(1 - h_s^2)\, U

    a product of T - t matrices, the latest step's on the left.

    Args:
        hs: the states, as `forward` returns them, (N, T, H).
        params: ``weight_ih``, ``weight_hh``, ``bias``.

    Returns:
        For each step t the matrix of the derivatives of the units of the last
        state (rows) with respect to the units of step t's state (columns),
        (N, T, H, H). At the last step it is the identity.

    Raises:
        ValueError: wrong shapes, NaN or infinite values, states outside
            [-1, 1], missing parameters.

    Example:
        >>> params = {
        ...     "weight_ih": np.array([[0.5]]),
        ...     "weight_hh": np.array([[0.9]]),
        ...     "bias": np.zeros(1),
        ... }
        >>> hs = forward([[[1.0], [0.0]]], params)
        >>> jacobians(hs, params).ravel().round(4).tolist()
        [0.7607, 1.0]

    Reference: Pascanu, Mikolov & Bengio (2013), equation 5. Chapter:
    01_vanishing.
    """
    params, _, H = _check_params(params)
    hs = _check_hs(hs, ("N", "T", H))
    N, T, _ = hs.shape
    J = np.empty((N, T, H, H))
    J[:, -1] = np.eye(H)
    for t in reversed(range(T - 1)):
        step = (1 - hs[:, t + 1] ** 2)[:, :, None] * params["weight_hh"]
        J[:, t] = J[:, t + 1] @ step  # (N, H, H)
    return J


def _check_params(params: Params) -> tuple[Params, int, int]:
    """Return a copy of the parameters, D and H once the shapes fit."""
    check_names("params", params, _SHAPES)
    bias = check_array("bias", params["bias"], _SHAPES["bias"])
    H = len(bias)
    weight_ih = check_array("weight_ih", params["weight_ih"], (H, "D"))
    weight_hh = check_array("weight_hh", params["weight_hh"], (H, H))
    checked = {"weight_ih": weight_ih, "weight_hh": weight_hh, "bias": bias}
    return checked, weight_ih.shape[1], H


def _check_h0(h0: ArrayLike | None, shape: tuple[int, int]) -> np.ndarray:
    """Return the state before the first step, zeros unless told."""
    return check_array("h0", np.zeros(shape) if h0 is None else h0, shape)


def _check_hs(hs: ArrayLike, shape: tuple[int | str, ...]) -> np.ndarray:
    """Return the states once they can be values of tanh."""
    hs = check_array("hs", hs, shape)
    if np.abs(hs).max() > 1:
        worst = hs.flat[np.abs(hs).argmax()]
        raise ValueError(f"hs: expected states from -1 to 1, got {worst}")
    return hs
