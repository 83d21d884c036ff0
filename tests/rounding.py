"""How far two right answers may lie apart."""

import torch


def rounding(dtype, operations):
    """The relative difference that rounding can make, whatever the processor.

    A processor sums in an order of its own. Each of the operations rounds by
    at most half an eps; the two orders may err to opposite sides. To first
    order, and relative to the sum of the *sizes* of what is summed: where
    numbers cancel, say how large they are, and compare absolutely.

    Args:
        dtype: of the numbers, such as ``torch.float32``.
        operations: how many, one after another, lead to one number.
    """
    return torch.finfo(dtype).eps * operations
