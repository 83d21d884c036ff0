r"""What turns a NumPy network into a training loop."""

import math
from typing import Literal

import numpy as np
from jaxtyping import Float

from unrolled._checks import check, check_choice, check_float, insist
from unrolled.data import ArrayLike, Params

Predictions = Float[np.ndarray, "N T F"]

_TINY = np.finfo(float).tiny
_READOUT = {"weight": "F H", "bias": "F"}


def readout_forward(hs: ArrayLike, params: Params) -> Predictions:
    r"""Turn hidden states into predictions, by a ``weight`` V and a ``bias`` u.

    .. math:: \hat y_t = V h_t + u

    Example:
        >>> params = {"weight": np.full((1, 2), 3.0), "bias": np.ones(1)}
        >>> readout_forward([[[0.5, -0.25]]], params).tolist()
        [[[1.75]]]

    Chapter: 05_training.
    """
    params, hs = check(params=(params, _READOUT), hs=(hs, "N T H"))
    return hs @ params["weight"].T + params["bias"]  # (N, T, F)


def readout_backward(
    errors: ArrayLike, hs: ArrayLike, params: Params
) -> tuple[Float[np.ndarray, "N T H"], Params]:
    r"""Carry the errors of the predictions back to the hidden states.

    With :math:`h_t` and :math:`\delta\hat y_t`, the `errors`, as columns,
    summed over sequences, the derivatives of the states and of the parameters
    are

    .. math::
        \delta h_t = V^\top \delta\hat y_t \qquad
        \delta V = \sum_t \delta\hat y_t\, h_t^\top \qquad
        \delta u = \sum_t \delta\hat y_t

    Example:
        >>> params = {"weight": np.full((1, 2), 3.0), "bias": np.ones(1)}
        >>> dhs, grads = readout_backward([[[2.0]]], [[[0.5, -0.25]]], params)
        >>> dhs.tolist(), grads["weight"].tolist(), grads["bias"].tolist()
        ([[[6.0, 6.0]]], [[1.0, -0.5]], [2.0])

    Chapter: 05_training.
    """
    params, hs, errors = check(
        params=(params, _READOUT), hs=(hs, "N T H"), errors=(errors, "N T F")
    )
    grads = {
        "weight": np.einsum("ntf,nth->fh", errors, hs),  # (F, H)
        "bias": errors.sum(axis=(0, 1)),  # (F,)
    }
    return errors @ params["weight"], grads  # (N, T, H)


def squared_error(
    prediction: ArrayLike,
    target: ArrayLike,
    steps: Literal["mean", "sum", "last"] = "mean",
) -> tuple[float, Predictions]:
    r"""Compute the squared error and its derivative.

    With :math:`e_t = \hat y_t - y_t`, both (N, T, F),

    .. math::
        L = \sum_t w_t\, e_t^2 \qquad
        \frac{\partial L}{\partial \hat y_t} = \frac{2\, w_t\, e_t}{N F}

    where :math:`w_t` is 1 / T for ``"mean"``, 1 for ``"sum"`` and, for
    ``"last"``, 1 at the last step and 0 before.

    Example:
        >>> loss, slope = squared_error([[[0.0], [2.0]]], [[[1.0], [2.0]]])
        >>> loss, slope.ravel().tolist()
        (0.5, [-1.0, 0.0])

    Reference: source A, "Loss for Sequence Prediction". Chapter: 02_forward.
    """
    prediction, target = check(
        prediction=(prediction, "N T F"), target=(target, "N T F")
    )
    N, T, F = prediction.shape
    weights = {
        "mean": np.full((T, 1), 1 / T),
        "sum": np.ones((T, 1)),
        "last": np.eye(T)[:, -1:],
    }
    weight = weights[check_choice("steps", steps, weights)]
    error = prediction - target
    loss = (weight * error**2).sum() / (N * F)
    return float(loss), 2 * weight * error / (N * F)


def clip_grad_norm(grads: Params, max_norm: float) -> tuple[Params, float]:
    r"""Shorten a gradient that is too long; tell how long it was before.

    All gradients are taken as one long vector, with m for `max_norm`:

    .. math::
        \delta\theta \leftarrow \delta\theta \cdot
        \min\Bigl(1, \frac{m}{\lVert \delta\theta \rVert + 10^{-6}}\Bigr)

    Example:
        >>> clipped, norm = clip_grad_norm({"w": np.array([3.0, 4.0])}, 1.0)
        >>> norm, clipped["w"].round(4).tolist()
        (5.0, [0.6, 0.8])

    Reference: Pascanu, Mikolov & Bengio (2013), algorithm 1; PyTorch's
    ``torch.nn.utils.clip_grad_norm_``. Chapter: 01_vanishing.
    """
    grads = _check_arrays("grads", grads)
    check_float("max_norm", max_norm, "above 0", minimum=_TINY)
    # hypot, unlike a sum of squares, does not overflow on the way.
    norm = math.hypot(*(g for array in grads.values() for g in array.flat))
    insist("grads", norm < math.inf, "a finite length", norm)
    factor = min(1.0, max_norm / (norm + 1e-6))
    return {name: factor * grads[name] for name in grads}, norm


class SGD:
    r"""Gradient descent: a step down the slope.

    .. math:: \theta \leftarrow \theta - \eta\, \delta\theta

    with η for `lr`, 0 or more.

    Example:
        >>> SGD(lr=0.1).step({"w": np.ones(1)}, {"w": np.ones(1)})["w"].tolist()
        [0.9]

    Reference: source A, "Gradient to a Weight". Chapter: 03_one_weight.
    """

    def __init__(self, lr: float) -> None:
        self.lr = check_float("lr", lr, "of at least 0", minimum=0)

    def step(self, params: Params, grads: Params) -> Params:
        """Return the parameters after one update; the old ones stay."""
        params, grads = _check_pairs(params, grads)
        return {name: params[name] - self.lr * grads[name] for name in params}


class Adam:
    r"""Adam: a step of about `lr` in each weight, whatever its gradient's size.

    .. math::
        m &\leftarrow \beta_1 m + (1 - \beta_1)\, \delta\theta \qquad
        v \leftarrow \beta_2 v + (1 - \beta_2)\, \delta\theta^2 \\
        \theta &\leftarrow \theta -
        \eta\, \frac{m / (1 - \beta_1^s)}{\sqrt{v / (1 - \beta_2^s)} + \epsilon}

    at the s-th update, with η for `lr`, β for `betas`, from 0 to below 1, and ε
    for `eps`, above 0. The averages m and v are kept between calls.

    Example:
        >>> adam, params = Adam(lr=0.1), {"w": np.ones(1)}
        >>> adam.step(params, {"w": np.full(1, 5.0)})["w"].round(4).tolist()
        [0.9]

    Reference: Kingma & Ba (2015), algorithm 1. Chapter: 05_training.
    """

    def __init__(
        self,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
    ) -> None:
        self.lr = check_float("lr", lr, "of at least 0", minimum=0)
        self.betas = tuple(check(betas=(betas, "2")).tolist())
        for beta in self.betas:
            check_float("betas", beta, "from 0 to below 1", minimum=0, below=1)
        # 0 would divide 0 by 0.
        self.eps = check_float("eps", eps, "above 0", minimum=_TINY)
        self._updates = 0
        self._m: Params = {}
        self._v: Params = {}

    def step(self, params: Params, grads: Params) -> Params:
        """Return the parameters after one update; the old ones stay."""
        params, grads = _check_pairs(params, grads)
        if not self._updates:
            self._m = {name: np.zeros_like(g) for name, g in grads.items()}
            self._v = dict(self._m)
        _check_pairs(self._m, grads)  # those of the last update
        self._updates += 1
        beta_1, beta_2 = self.betas
        new = {}
        for name, gradient in grads.items():
            m = beta_1 * self._m[name] + (1 - beta_1) * gradient
            v = beta_2 * self._v[name] + (1 - beta_2) * gradient**2
            m_hat = m / (1 - beta_1**self._updates)
            scale = np.sqrt(v / (1 - beta_2**self._updates)) + self.eps
            new[name] = params[name] - self.lr * m_hat / scale
            self._m[name], self._v[name] = m, v
        return new


def _check_arrays(name: str, arrays: Params) -> Params:
    is_right = isinstance(arrays, dict) and len(arrays) > 0
    insist(name, is_right, "a dict of at least one array", arrays)
    return check(**{name: (arrays, dict.fromkeys(arrays, "..."))})


def _check_pairs(params: Params, grads: Params) -> tuple[Params, Params]:
    params = _check_arrays("params", params)
    shapes = {name: array.shape for name, array in params.items()}
    return params, check(grads=(grads, shapes))
