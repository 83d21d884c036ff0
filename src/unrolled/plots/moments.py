"""What figures share that compare a run's best weights with its last ones."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike

from unrolled._checks import check_array

MOMENTS = {"best": "o", "last": "s"}
"""The marker of each; its colour is in `unrolled.plots.palette`."""

THIN = {"linewidth": 0.7, "alpha": 0.4}
"""How one run of several is drawn."""


def check_moment_names(name: str, value: Mapping[str, object]) -> None:
    """Insist on a dict with ``"best"``, ``"last"``, or both."""
    is_dict = isinstance(value, dict) and bool(value)
    if not is_dict or not {*value} <= {*MOMENTS}:
        got = [*value] if isinstance(value, dict) else value
        raise ValueError(
            f"{name}: expected a dict with some of {[*MOMENTS]}, "
            f"got {got!r:.80}"
        )


def check_moments(
    name: str, arrays: Mapping[str, ArrayLike], shape: Sequence[int | str]
) -> dict[str, np.ndarray]:
    """Return arrays by moments of a run."""
    check_moment_names(name, arrays)
    return {
        key: check_array(f"{name}[{key!r}]", value, shape)
        for key, value in arrays.items()
    }
