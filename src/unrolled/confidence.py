r"""What a classifier's confidence is worth, and how to mend it.

N is the number of sequences, C of classes; labels are from 0 to C - 1.
"""

from statistics import NormalDist
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from unrolled._checks import check, check_int, insist
from unrolled.data import ArrayLike


def wilson(k: int, n: int) -> tuple[float, float]:
    r"""Bound the share of cases, when k of n were found (95%).

    .. math::
        \frac{k + z^2 / 2 \pm z \sqrt{k (n - k) / n + z^2 / 4}}{n + z^2},
        \quad z = 1.96

    Unlike k / n give or take two standard errors, it is never outside 0 to 1,
    nor of no width: 5 of 5 says "57 % or more".

    Example:
        >>> [round(bound, 3) for bound in wilson(5, 5)]
        [0.566, 1.0]

    Reference: Wilson (1927). Chapter: 08_thirty_steps.
    """
    check_int("n", n)
    check_int("k", k, 0, n)
    z = NormalDist().inv_cdf(0.975)
    centre = k + z**2 / 2
    width = z * (k * (n - k) / n + z**2 / 4) ** 0.5
    low, high = ((centre + side) / (n + z**2) for side in (-width, width))
    return max(low, 0.0), min(high, 1.0)


def margins(logits: ArrayLike, labels: ArrayLike) -> Float[np.ndarray, " N"]:
    r"""Measure by how much the true class leads, or trails.

    .. math:: m = z_y - \max_{k \ne y} z_k

    The answer is right where m is above 0. For two classes the cross-entropy is
    :math:`-\log p_y = \log(1 + e^{-m})`.

    Example:
        >>> margins([[1.0, 4.0], [1.0, 4.0]], [1, 0]).tolist()
        [3.0, -3.0]

    Chapter: 10_overfitting.
    """
    logits, labels = _check_logits(logits, labels)
    rows = np.arange(len(labels))
    true = logits[rows, labels]  # (N,)
    logits[rows, labels] = -np.inf
    return true - logits.max(axis=1)


def losses(logits: ArrayLike, labels: ArrayLike) -> Float[np.ndarray, " N"]:
    r"""Compute the cross-entropy of each sequence, not their mean.

    .. math:: \ell = -\log p_y = \log \sum_k e^{z_k} - z_y

    Example:
        >>> losses([[0.0, 0.0], [0.0, 9.0]], [0, 0]).round(4).tolist()
        [0.6931, 9.0001]

    Chapter: 10_overfitting.
    """
    logits, labels = _check_logits(logits, labels)
    total = np.logaddexp.reduce(logits, axis=1)  # (N,)
    return total - logits[np.arange(len(labels)), labels]


class Reliability(NamedTuple):
    """How often answers are right, by bins of their confidence, none empty.

    Of each bin: the mean confidence, the share that is right, and how many.
    Chapter: 10_overfitting.
    """

    confidence: Float[np.ndarray, " B"]
    accuracy: Float[np.ndarray, " B"]
    count: Int[np.ndarray, " B"]

    @property
    def error(self) -> float:
        r"""The expected calibration error (ECE).

        .. math::
            \mathrm{ECE} = \sum_b \frac{n_b}{N}
            \lvert \mathrm{accuracy}_b - \mathrm{confidence}_b \rvert

        It depends on the bins, and even an honest network's is above 0: compare
        with labels drawn from its own probabilities.

        Reference: Naeini, Cooper & Hauskrecht (2015); Guo et al. (2017), eq. 3.
        """
        off = np.abs(self.accuracy - self.confidence)
        return float((self.count * off).sum() / self.count.sum())


def reliability(
    logits: ArrayLike, labels: ArrayLike, bins: int = 10
) -> Reliability:
    r"""Sort answers by their confidence, and count the right ones.

    The bins are equally wide, from 1/C, the least confidence possible, to 1.
    Where several logits are largest, the first class is the answer.

    Example:
        >>> logits = np.log([[0.6, 0.4], [0.1, 0.9], [0.1, 0.9]])
        >>> table = reliability(logits, [0, 1, 0], bins=2)
        >>> table.confidence.round(2).tolist(), table.accuracy.tolist()
        ([0.6, 0.9], [1.0, 0.5])
        >>> round(table.error, 4)
        0.4

    Reference: Guo et al. (2017), "On Calibration of Modern Neural Networks",
    section 2. Chapter: 10_overfitting.
    """
    logits, labels = _check_logits(logits, labels)
    check_int("bins", bins)
    answers = logits.argmax(axis=1)  # (N,)
    confidence = np.exp(-losses(logits, answers))  # (N,), from 1/C to 1
    least = 1 / logits.shape[1]
    place = np.floor((confidence - least) / (1 - least) * bins)
    place = np.clip(place, 0, bins - 1)  # but for rounding
    _, place, count = np.unique(place, return_inverse=True, return_counts=True)
    right = np.bincount(place, answers == labels)  # (B,)
    total = np.bincount(place, confidence)
    return Reliability(total / count, right / count, count)


def fit_temperature(logits: ArrayLike, labels: ArrayLike) -> float:
    r"""Find the one number to divide all logits by.

    .. math::
        \tau = \arg\min_\tau \; \frac{1}{N} \sum_n
        \ell\bigl(z^{(n)} / \tau,\; y^{(n)}\bigr)

    In :math:`\beta = 1/\tau` the loss is convex, so that its slope

    .. math:: \frac{1}{N} \sum_n \bigl(\textstyle\sum_k p_k z_k - z_y\bigr)

    has at most one zero, found by halving an interval. Fit it on validation
    data: where every answer is right, there is no such τ.

    Example:
        >>> logits = [[0.0, 9.0]] * 4  # quite sure, right three times of four
        >>> tau = fit_temperature(logits, [1, 1, 1, 0])
        >>> round(float(1 / (1 + np.exp(-9 / tau))), 6)
        0.75

    Reference: Guo et al. (2017), section 4.2. Chapter: 10_overfitting.
    """
    logits, labels = _check_logits(logits, labels)
    # (N, C); exactly 0 for the true class
    leads = np.take_along_axis(logits, labels[:, None], axis=1) - logits
    lead = leads.mean()  # minus the slope at β = 0
    worst = margins(logits, labels).min()
    is_right = worst < 0 and lead > 1e-12 * np.abs(leads).max()  # rounding
    wanted = "some wrong answers, and a mean lead, or the loss has no minimum"
    got = f"margins from {worst:.3g} on, and a mean lead of {lead:.3g}"
    insist("logits", bool(is_right), wanted, got)
    behind = leads.min(axis=1, keepdims=True) - leads  # the largest: 0

    def slope(beta: float) -> float:
        weight = np.exp(beta * behind)  # (N, C)
        return -((weight * leads).sum(axis=1) / weight.sum(axis=1)).mean()

    high = 1 / np.ptp(logits, axis=1).max()
    while slope(high) < 0:
        high *= 2
    low = 0.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if slope(middle) < 0 else (low, middle)
    return 2 / (low + high)


def _check_logits(
    logits: ArrayLike, labels: ArrayLike
) -> tuple[Float[np.ndarray, "N C"], Int[np.ndarray, " N"]]:
    logits = check(logits=(logits, "N C"))
    N, C = logits.shape
    insist("logits", C >= 2, "two classes or more", C)
    return logits, check(labels=(labels, (N,), range(C)))
