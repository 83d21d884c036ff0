r"""What a straight line reads from the states: probes, and single units."""

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from unrolled._checks import check, check_float, check_varies, insist


def probe(
    states: Float[Tensor, "N T H"],
    signal: Float[Tensor, " N"],
    ridge: float = 1e-3,
) -> Float[np.ndarray, " T"]:
    r"""Measure how well a linear map reads a signal from each step's states.

    At each step, a map is fitted on the first half of the sequences and scored
    on the second. With A (n, H) for the states of the first half, each unit
    shifted and scaled to mean 0 and variance 1, and b (n,) for the signal less
    its mean,

    .. math::
        w = (A^\top A + n \lambda I)^{-1} A^\top b \qquad
        R^2 = 1 - \frac{\overline{(s - \hat s)^2}}{\overline{(s - \bar s)^2}}

    where both means are over the second half.

    Args:
        states: c or h.
        signal: one number for each sequence.
        ridge: :math:`\lambda`, which keeps w small where units say the same.

    Example:
        >>> generator = torch.Generator().manual_seed(0)
        >>> signal = torch.randn(200, generator=generator)
        >>> states = torch.randn(200, 2, 3, generator=generator)
        >>> states[:, 1, 0] = 5 - 2 * signal  # step 1: a unit that knows it
        >>> probe(states, signal).round(2)
        array([-0.07,  1.  ])

    Reference: Alain & Bengio (2017), "Understanding intermediate layers using
    linear classifier probes". Chapter: 09_gates.
    """
    check(like=Tensor, states=(states, "N T H"), signal=(signal, "N"))
    A, b = as_float64(states), as_float64(signal)  # (N, T, H), (N,)
    check_float("ridge", ridge, "above 0", 5e-324)
    N, T, H = A.shape
    n = N // 2
    insist("signal", n >= 2, "two halves of two sequences or more each", N)
    check_varies("signal, first half", signal[:n])
    check_varies("signal, second half", signal[n:])
    b = b - b[:n].mean()
    scores = np.empty(T)
    for t in range(T):
        step = A[:, t].copy()  # (N, H), side by side in memory
        step = (step - step[:n].mean(axis=0)) / _scale(step[:n])
        first, second = step[:n], step[n:]  # (n, H) each
        gram = first.T @ first + n * ridge * np.eye(H)  # (H, H)
        w = np.linalg.solve(gram, first.T @ b[:n])  # (H,)
        scores[t] = 1 - np.mean((b[n:] - second @ w) ** 2) / b[n:].var()
    return scores


def correlations(
    states: Float[Tensor, "N T H"], signal: Float[Tensor, " N"]
) -> Float[np.ndarray, "T H"]:
    r"""Correlate each unit at each step with a signal, over the sequences.

    A unit that never varies has 0.

    Example:
        >>> signal = torch.tensor([0.0, 1.0, 2.0])
        >>> states = torch.stack([-3 * signal, signal * 0], dim=1)  # (N, H)
        >>> correlations(states[:, None], signal).round(6).tolist()
        [[-1.0, 0.0]]

    Chapter: 09_gates.
    """
    check(like=Tensor, states=(states, "N T H"), signal=(signal, "N"))
    check_varies("signal", signal)
    v, s = as_float64(states), as_float64(signal)  # (N, T, H), (N,)
    s = (s - s.mean()) / s.std()
    v = (v - v.mean(axis=0)) / _scale(v)
    return np.tensordot(s, v, axes=1) / len(s)  # (T, H)


def _scale(values: Float[np.ndarray, "n *T H"]) -> Float[np.ndarray, "*T H"]:
    """Return each unit's standard deviation.

    It is infinite, so that nothing is left of the unit, where the values are
    all the same; rounding would give them one.
    """
    varies = values.min(axis=0) < values.max(axis=0)
    return np.where(varies, values.std(axis=0), np.inf)


def as_float64(value: Tensor) -> np.ndarray:
    """Return a tensor as an array of float64."""
    return value.detach().to("cpu", torch.float64).numpy()
