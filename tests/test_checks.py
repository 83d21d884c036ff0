"""The binder of shapes: what it binds, returns and refuses."""

import numpy as np
import pytest
import torch

from unrolled._checks import check, check_float, check_int

X, LIKE = torch.ones(2, 3, 4), torch.ones(1)


def test_values_come_back_in_their_order():
    assert check(like=LIKE, x=(X, "N T D")) is X
    x, h = check(x=([[1, 2, 3]], "N D"), h=([[True]], "N H"))
    assert (x.dtype, h.dtype) == (np.float64, np.float64)
    labels = check(labels=([0.0, 1.0], "N", range(2)))
    assert labels.dtype == np.int64
    given = np.ones(3)
    assert not np.shares_memory(check(x=(given, "N")), given)
    assert check(z=(2, "...")).shape == ()


ONES = np.ones((2, 3))
REFUSED = [
    ({"x": (np.ones((2, 4)), "N 3")}, r"x: .*\(N, 3\).*, got \(2, 4\)"),
    ({"x": (np.ones((2, 4)), (2, 3))}, r"x: .*\(2, 3\).*, got \(2, 4\)"),
    ({"x": (np.ones(2), "N D")}, r"x: .*\(N, D\).*, got \(2,\)"),
    ({"x": (ONES, "N N")}, r"x: .*\(N, N\).*, got \(2, 3\)"),
    ({"x": (np.ones((0, 3)), "N D")}, r"x: .*no empty axis, got \(0, 3\)"),
    ({"x": ([], "...")}, r"x: .*no empty axis, got \(0,\)"),
    ({"w": (np.ones(6), "4*H")}, r"w: .*\(4\*H,\).*, got \(6,\)"),
    ({"w": (np.ones(8), "4*H"), "u": (np.ones((8, 3)), "4*H H")},
     r"u: expected shape \(8, 2\) with no empty axis, got \(8, 3\)"),
    ({"x": (ONES, "N D"), "h": (np.ones((3, 5)), "N H")},
     r"h: expected shape \(2, H\) with no empty axis, got \(3, 5\)"),
    ({"x": ([0, 1, 2], "N", range(2))}, "x: .*from 0 to 1, got 2"),
    ({"x": ([0.5], "N", range(2))}, "x: .*from 0 to 1, got 0.5"),
    ({"x": ([np.nan], "N", range(2))}, "x: .*from 0 to 1, got nan"),
    ({"x": ([1, -np.inf], "N")}, "x: expected finite .*, got -inf"),
]  # fmt: skip


@pytest.mark.parametrize(("arguments", "message"), REFUSED)
def test_what_does_not_fit_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        check(**arguments)


def test_numbers_come_back_as_python_s_own():
    """What is none, all doors refuse: see test_bad_input.py."""
    assert type(check_int("n", np.int32(2))) is int
    assert check_float("p", 0, "from 0", minimum=0) == 0.0
    with pytest.raises(ValueError, match="p: expected a number that is fin"):
        check_float("p", -np.inf, "that is finite")


def test_tensors_of_any_float_or_like_the_parameters():
    assert check({"D": 4}, like=LIKE, x=(X, "N T D")) is X
    with pytest.raises(ValueError, match=r"x: expected shape \(N, T, 3\)"):
        check({"D": 3}, like=LIKE, x=(X, "N T D"))
    double = check(like=torch.Tensor, x=(X.double(), "..."))
    assert double.dtype == torch.float64
    with pytest.raises(ValueError, match=r"x: .*float32.*float64"):
        check(like=LIKE, x=(X.double(), "N T D"))
    huge = torch.full((3,), 3e38)  # its sum is infinite, no number is
    assert check(like=LIKE, x=(huge, "N")) is huge
    tokens = torch.tensor([1, 4])
    assert check(like=LIKE, tokens=(tokens, "N", range(1, 5))) is tokens
    with pytest.raises(ValueError, match="from 0 to 3, got 4"):
        check(like=LIKE, tokens=(tokens, "N", range(4)))
