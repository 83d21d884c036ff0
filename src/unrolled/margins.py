r"""By how much each answer of a classifier is right or wrong, and at what loss.

NumPy only: any network's logits will do, as arrays. N is the number of
sequences, C of classes; the answer is the class with the largest logit.
"""

import math

import numpy as np
from numpy.typing import ArrayLike

from unrolled._checks import check_array, check_logits, check_number


def margins(logits: ArrayLike, labels: ArrayLike) -> np.ndarray:
    r"""Measure by how much the true class leads, or trails.

    .. math:: m = z_y - \max_{k \ne y} z_k

    The answer is right where m is above 0. For two classes the cross-entropy is
    a function of the margin alone, :math:`-\log p_y = \log(1 + e^{-m})`.

    Args:
        logits: z, (N, C), C at least 2.
        labels: y, the true classes, (N,), whole numbers from 0 to C - 1.

    Returns:
        The margins, in nats, (N,).

    Raises:
        ValueError: other shapes, NaN or infinite values, labels out of range.

    Example:
        >>> margins([[1.0, 4.0], [1.0, 4.0]], [1, 0]).tolist()
        [3.0, -3.0]

    Chapter: 10_overfitting.
    """
    logits, labels = check_logits(logits, labels)
    rows = np.arange(len(labels))
    true = logits[rows, labels]  # (N,)
    logits[rows, labels] = -np.inf
    return true - logits.max(axis=1)


def losses(logits: ArrayLike, labels: ArrayLike) -> np.ndarray:
    r"""Compute the cross-entropy of each sequence, not their mean.

    .. math:: \ell = -\log p_y = \log \sum_k e^{z_k} - z_y

    Args:
        logits: z, (N, C), C at least 2.
        labels: y, the true classes, (N,), whole numbers from 0 to C - 1.

    Returns:
        The losses, in nats, (N,).

    Raises:
        ValueError: other shapes, NaN or infinite values, labels out of range.

    Example:
        >>> losses([[0.0, 0.0], [0.0, 9.0]], [0, 0]).round(4).tolist()
        [0.6931, 9.0001]

    Chapter: 10_overfitting.
    """
    logits, labels = check_logits(logits, labels)
    top = logits.max(axis=1)
    total = top + np.log(np.exp(logits - top[:, None]).sum(axis=1))  # (N,)
    return total - logits[np.arange(len(labels)), labels]


def share_of_worst(values: ArrayLike, share: float) -> float:
    r"""Tell which part of a sum its largest values carry.

    Args:
        values: numbers of at least 0, not all 0, (N,).
        share: which share of the N counts as the largest, above 0 to 1; at
            least one value is taken, and otherwise the share is rounded.

    Returns:
        Their sum, as a share of the sum of all.

    Raises:
        ValueError: another shape, NaN, infinite or negative values, nothing
            but zeros, a share out of range.

    Example:
        >>> share_of_worst([1.0, 1.0, 6.0, 2.0], 0.25)
        0.6

    Chapter: 10_overfitting.
    """
    values = check_array("values", values, ("N",))
    if values.min() < 0 or values.max() == 0:
        raise ValueError(
            "values: expected numbers of at least 0, not all 0, got "
            f"{values.min()} to {values.max()}"
        )
    share = check_number(
        "share",
        share,
        "above 0 to 1",
        minimum=np.finfo(float).tiny,
        below=math.nextafter(1, 2),
    )
    count = max(1, round(share * len(values)))
    return float(np.sort(values)[-count:].sum() / values.sum())
