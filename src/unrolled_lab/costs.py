"""What a network costs, counted where it can be, and timed where it cannot."""

import math
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from torch import Tensor
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from unrolled._checks import check, check_int, insist
from unrolled.data import ArrayLike


def longest_chain(result: Tensor) -> int:
    """Count the operations in a row that a result had to wait for.

    Walks through the notes that autograd keeps: each operation that made the
    result, those that made what it needed, and so on. The longest way through
    them is what no number of processors can shorten, as each operation on it
    waits for the one before. An operation counts as one, however large it is:
    a sum of n numbers, too, though n processors need log2 n additions in a row.

    Args:
        result: what a network gave, with gradients on.

    Returns:
        The operations on the longest way; a parameter counts as one.

    Example:
        >>> import torch
        >>> a = torch.ones(3, requires_grad=True)
        >>> longest_chain((a * 2).exp() + a)
        4

    Chapter: 12_beyond.
    """
    has_notes = isinstance(result, Tensor) and result.grad_fn is not None
    insist("result", has_notes, "a tensor with autograd's notes", result)
    end: Any = result.grad_fn
    depth, stack = {}, [end]
    while stack:  # depth first, without recursion: chains are long
        node = stack[-1]
        below = [parent for parent, _ in node.next_functions if parent]
        missing = [parent for parent in below if parent not in depth]
        if missing:
            stack += missing
        else:
            depth[node] = 1 + max((depth[p] for p in below), default=0)
            stack.pop()
    return depth[end]


def multiplications(call: Callable[[], object]) -> int:
    """Count the multiplications in the matrix products of a call.

    Half of what PyTorch's counter says, which counts the additions as well.
    The rest, squashing and norms, is not counted: it is far less. Attention is
    done the plain way meanwhile, as two products, of which the counter knows;
    of a causal one, the half that is not used is done and counted, too.

    Args:
        call: what is to be counted; it is called once.

    Example:
        >>> import torch
        >>> multiplications(lambda: torch.ones(2, 3) @ torch.ones(3, 5))
        30

    Chapter: 12_beyond.
    """
    insist("call", callable(call), "a function", call)
    plainly = sdpa_kernel(SDPBackend.MATH)
    with plainly, FlopCounterMode(display=False) as counter:
        call()
    return counter.get_total_flops() // 2


def held_bytes(state: Any) -> int:
    """Count the bytes of the tensors in a state, however they are nested.

    Args:
        state: a tensor, or lists and tuples of such.

    Example:
        >>> import torch
        >>> held_bytes([(torch.zeros(2, 3), torch.zeros(5))])
        44

    Chapter: 12_beyond.
    """
    if isinstance(state, Tensor):
        return state.numel() * state.element_size()
    is_nest = isinstance(state, list | tuple)
    insist("state", is_nest, "tensors in lists or tuples", state)
    return sum(map(held_bytes, state))


def growth(x: ArrayLike, y: ArrayLike) -> np.ndarray:
    r"""Measure how y grows with x, from each point to the next.

    .. math:: \frac{\ln y_{j+1} - \ln y_j}{\ln x_{j+1} - \ln x_j}

    0 is flat, 1 proportional to x, 2 to its square.

    Args:
        x: n rising numbers above 0, (n,), two or more.
        y: numbers above 0, (n,).

    Returns:
        The exponents, (n - 1,).

    Example:
        >>> growth([1, 2, 4], [3, 3, 12]).tolist()
        [0.0, 2.0]

    Chapter: 12_beyond.
    """
    x, y = _logarithms(x=x, y=y)
    return np.diff(y) / np.diff(x)


def crossing(x: ArrayLike, one: ArrayLike, other: ArrayLike) -> float | None:
    """Find where one curve begins to lie above another, and stays there.

    Between two points both are taken to be straight on logarithmic axes.

    Args:
        x: n rising numbers above 0, (n,).
        one: numbers above 0, (n,).
        other: numbers above 0, (n,).

    Returns:
        The place; x's first if `one` is above from the start, None if it is
        not above at the end.

    Example:
        >>> round(crossing([1, 10, 100], [1, 1, 100], [2, 2, 2]), 1)
        14.1

    Chapter: 12_beyond.
    """
    x, one, other = _logarithms(x=x, one=one, other=other)
    ahead = one - other  # (n,)
    if ahead[-1] <= 0:
        return None
    if (ahead > 0).all():
        return float(np.exp(x[0]))
    last = np.flatnonzero(ahead <= 0)[-1]
    share = -ahead[last] / (ahead[last + 1] - ahead[last])
    return float(np.exp(x[last] + share * (x[last + 1] - x[last])))


def _logarithms(**series: ArrayLike) -> list[np.ndarray]:
    """Take the logarithms of numbers above 0, of which the first rise."""
    arrays = check(**{name: (each, "n") for name, each in series.items()})
    for name, values in zip(series, arrays, strict=True):
        least = float(values.min())
        insist(name, least > 0, "numbers above 0", least)
    x = arrays[0]
    rises = len(x) > 1 and bool((np.diff(x) > 0).all())
    insist("x", rises, "two or more rising numbers", x)
    return [np.log(values) for values in arrays]


def least_seconds(
    calls: dict[str, Callable[[], object]], rounds: int
) -> dict[str, float]:
    """Time calls by turns, and keep the shortest time of each.

    Whatever else a machine does makes a call longer, never shorter: so the
    least of several times is the nearest to what the call itself takes.

    Args:
        calls: by name, what is to be timed. At each turn it is called twice,
            and only the second call counts: the first finds the processor's
            fast memory full of what the one before it has left.
        rounds: how often each is timed, 1 or more.

    Returns:
        Seconds, by name.

    Example:
        >>> times = least_seconds({"sort": lambda: sorted(range(9))}, 3)
        >>> 0 < times["sort"] < 1
        True

    Chapter: 12_beyond.
    """
    is_dict = isinstance(calls, dict) and calls != {}
    is_right = is_dict and all(map(callable, calls.values()))
    insist("calls", is_right, "a dict of functions by name", calls)
    best = dict.fromkeys(calls, math.inf)
    for _ in range(check_int("rounds", rounds)):
        for name, call in calls.items():
            call()
            start = time.perf_counter()
            call()
            best[name] = min(best[name], time.perf_counter() - start)
    return best
