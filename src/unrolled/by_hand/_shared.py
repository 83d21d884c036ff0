"""What both networks share: their parameters' form, and what is asked of it."""

from collections.abc import Sequence

import numpy as np

from unrolled._checks import check, check_names, check_type, insist

Params = dict[str, np.ndarray]
"""Parameters, or gradients by parameter: name to array."""


def check_params(params: Params, gates: int) -> tuple[Params, int, int]:
    """Return a copy of the parameters, D and H; a gate has H rows of each."""
    names = ("weight_hh", "weight_ih", "bias")  # H comes first, then D
    check_names("params", params, names)
    shapes = (f"{gates}*H H", f"{gates}*H D", f"{gates}*H")
    weight_hh, weight_ih, bias = check(
        **{
            n: (params[n], shape)
            for n, shape in zip(names, shapes, strict=True)
        }
    )
    params = {"weight_ih": weight_ih, "weight_hh": weight_hh, "bias": bias}
    return params, weight_ih.shape[1], weight_hh.shape[1]


def check_cache(cache: tuple, kind: type, sizes: dict[str, int]) -> tuple:
    """Return a copy of one step's cache, if it is of this kind and sizes."""
    return kind(*check(sizes, **_arrays("cache", cache, kind)))


def check_caches(
    caches: Sequence[tuple], kind: type, sizes: dict[str, int] | None = None
) -> list[tuple]:
    """Return a copy of the caches, one of this kind for each of the steps."""
    is_right = isinstance(caches, Sequence) and len(caches) > 0
    insist("caches", is_right, "a list of one cache per step", caches)
    arrays = {}
    for t, cache in enumerate(caches):
        arrays |= _arrays(f"caches[{t}]", cache, kind)
    values = iter(check(sizes, **arrays))
    return [kind(*(next(values) for _ in kind._fields)) for _ in caches]


def _arrays(name: str, cache: tuple, kind: type) -> dict[str, tuple]:
    """List the arrays of a cache by their names, with their shapes."""
    check_type(name, cache, kind)
    return {
        f"{name}.{field}": (value, "N D" if field == "x" else "N H")
        for field, value in cache._asdict().items()
    }
