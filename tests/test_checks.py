"""The binder of shapes: how it says what it refuses.

That it binds, and refuses what does not fit, all doors hold that ask it: see
test_bad_input.py.
"""

import numpy as np
import pytest
import torch

from unrolled._checks import check, check_float, check_int

ONES = np.ones((2, 3))
REFUSED = [
    ({"x": (ONES, "N N")}, r"x: .*\(N, N\).*, got \(2, 3\)"),
    ({"w": (np.ones(6), "4*H")}, r"w: .*\(4\*H,\).*, got \(6,\)"),
    ({"w": (np.ones(8), "4*H"), "u": (ONES, "4*H H")},
     r"u: expected shape \(8, 2\) with no empty axis, got \(2, 3\)"),
    ({"x": ([0, 1, 2], "N", range(2))}, "x: .*from 0 to 1, got 2"),
    ({"x": ([0.5], "N", range(2))}, "x: .*from 0 to 1, got 0.5"),
    ({"x": ([1, -np.inf], "N")}, "x: expected finite .*, got -inf"),
]  # fmt: skip


@pytest.mark.parametrize(("arguments", "message"), REFUSED)
def test_what_does_not_fit_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        check(**arguments)


def test_numbers_come_back_as_python_s_own():
    assert type(check_int("n", np.int32(2))) is int
    assert check_float("p", 0, "from 0", minimum=0) == 0.0
    with pytest.raises(ValueError, match="p: expected a number that is fin"):
        check_float("p", -np.inf, "that is finite")


def test_large_tensors_are_finite():
    huge = torch.full((3,), 3e38)  # their sum is not
    assert check(like=huge, x=(huge, "N")) is huge
