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


def check_caches(
    caches: Sequence[tuple], kind: type, sizes: dict[str, int] | None = None
) -> None:
    """Insist on a cache of this kind for each of one or more steps."""
    is_right = isinstance(caches, Sequence) and len(caches) > 0
    insist("caches", is_right, "a list of one cache per step", caches)
    arrays = {}
    for t, cache in enumerate(caches):
        check_type("caches", cache, kind)
        for name, value in cache._asdict().items():
            shape = "N D" if name == "x" else "N H"
            arrays[f"caches[{t}].{name}"] = (value, shape)
    check(sizes, **arrays)
