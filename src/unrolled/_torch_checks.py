"""Checks of tensors, shared by the public functions that use PyTorch."""

from collections.abc import Sequence

import torch
from torch import Tensor

from unrolled._checks import fits


def check_tensor(
    name: str,
    value: Tensor,
    shape: Sequence[int | str],
    like: Tensor | None = None,
) -> Tensor:
    """Return `value` if it is a tensor of finite floating-point numbers.

    Args:
        name: what the caller's argument is called.
        value: the argument.
        shape: one entry per axis: a number is the size that is required, a
            name such as ``"N"`` stands for any size of 1 or more.
        like: a tensor whose dtype and device `value` must have.

    Raises:
        ValueError: no plain tensor, another shape, an empty axis, another
            dtype or device, NaN or infinite.
    """
    _check_shape(name, value, shape)
    if like is not None and value.dtype != like.dtype:
        raise ValueError(
            f"{name}: expected {like.dtype}, as the parameters, "
            f"got {value.dtype}"
        )
    if not value.is_floating_point():
        raise ValueError(
            f"{name}: expected floating-point numbers, got {value.dtype}"
        )
    if like is not None:
        check_device(name, value, like)
    # A sum is finite if every number is, unless it overflows: then look again.
    if not value.detach().sum().isfinite() and not value.isfinite().all():
        bad = value.detach()[~value.isfinite()][0].item()
        raise ValueError(f"{name}: expected finite numbers, got {bad}")
    return value


def check_varies(name: str, value: Tensor) -> None:
    """Insist on numbers that differ.

    It compares them: a variance may be above 0 by rounding alone.

    Raises:
        ValueError: all the same.
    """
    if not value.min() < value.max():
        raise ValueError(
            f"{name}: expected numbers that differ, got {len(value)} times "
            f"{value[0].item()}"
        )


def check_whole_tensor(
    name: str,
    value: Tensor,
    shape: Sequence[int | str],
    minimum: int,
    maximum: int,
    like: Tensor | None = None,
) -> Tensor:
    """Return `value` if it is a tensor of whole numbers in a range.

    Args:
        name: what the caller's argument is called.
        value: the argument: token numbers, lengths, labels; int64.
        shape: as for `check_tensor`.
        minimum: the smallest number allowed.
        maximum: the largest number allowed.
        like: a tensor whose device `value` must have.

    Raises:
        ValueError: no plain tensor, another shape, an empty axis, another
            dtype or device, a number out of range.
    """
    _check_shape(name, value, shape)
    if value.dtype != torch.int64:
        raise ValueError(f"{name}: expected torch.int64, got {value.dtype}")
    if like is not None:
        check_device(name, value, like)
    low, high = value.min().item(), value.max().item()
    if low < minimum or high > maximum:
        raise ValueError(
            f"{name}: expected numbers from {minimum} to {maximum}, "
            f"got {low if low < minimum else high}"
        )
    return value


def check_states(
    names: Sequence[str],
    state: Tensor | Sequence[Tensor],
    shape: Sequence[int | str],
    like: Tensor,
    prefix: str = "",
) -> tuple[Tensor, ...]:
    """Return the parts of a recurrent state: h, or h and c.

    Args:
        names: what the parts are called.
        state: the part itself if there is one, else a tuple of all.
        shape: of each part, as for `check_tensor`.
        like: a tensor whose dtype and device they must have.
        prefix: what stands before a part's name in a message.

    Raises:
        ValueError: another number of parts, or a part that `check_tensor`
            refuses.
    """
    states = state if len(names) > 1 else (state,)
    if not isinstance(states, tuple | list) or len(states) != len(names):
        raise ValueError(
            f"state: expected ({', '.join(names)}), got {state!r:.80}"
        )
    for name, value in zip(names, states, strict=True):
        check_tensor(prefix + name, value, shape, like)
    return tuple(states)


def check_device(name: str, value: Tensor, like: Tensor) -> None:
    """Insist on the same device as `like`.

    Raises:
        ValueError: another device.
    """
    if value.device != like.device:
        raise ValueError(
            f"{name}: expected a tensor on {like.device}, as the parameters, "
            f"got one on {value.device}"
        )


def _check_shape(name: str, value: Tensor, shape: Sequence[int | str]) -> None:
    """Insist on a tensor of this shape, neither nested nor sparse."""
    form = f"shape {tuple(shape)}".replace("'", "")
    if not isinstance(value, Tensor):
        raise ValueError(
            f"{name}: expected a tensor of {form}, got {value!r:.80}"
        )
    if value.is_nested or value.layout != torch.strided:
        got = "a nested one" if value.is_nested else value.layout
        raise ValueError(f"{name}: expected a dense tensor, got {got}")
    if not fits(value.shape, shape):
        raise ValueError(
            f"{name}: expected {form} with no empty axis, "
            f"got {tuple(value.shape)}"
        )
