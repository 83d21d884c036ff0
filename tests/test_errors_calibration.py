"""Bad input to what measures confidence: a ValueError, expected and got."""

from functools import partial

import numpy as np

from bad_input import assert_refused, each_call, public_calls
from unrolled import confidence
from unrolled.confidence import (
    fit_temperature,
    isotonic,
    losses,
    reliability,
    share_of_worst,
)

LOGITS, LABELS = np.array([[0.0, 2.0], [1.0, 0.0], [0.0, 3.0]]), [1, 1, 1]
NAN = np.array([[0.0, 2.0], [np.nan, 0.0], [0.0, 3.0]])

BY_LOGITS = {
    "margins.margins": confidence.margins,
    "margins.losses": losses,
    "calibration.reliability": reliability,
    "calibration.fit_temperature": fit_temperature,
}
BAD_LOGITS = [
    (NAN, LABELS, "logits: expected finite numbers, got nan"),
    (np.full((3, 2), -np.inf), LABELS, "logits: expected finite.*-inf"),
    ("abc", LABELS, "logits: expected numbers.*got 'abc'"),
    (None, LABELS, "logits: expected numbers.*got None"),
    (LOGITS[0], LABELS, r"logits: expected shape \(N, C\).*got \(2,\)"),
    (LOGITS[:0], LABELS, r"logits: expected .*no empty axis, got \(0, 2\)"),
    (LOGITS[:, :1], LABELS, "logits: expected two classes or more, got 1"),
    (LOGITS, [1, 1], r"labels: expected shape \(3,\).*got \(2,\)"),
    (LOGITS, [[1], [1], [1]], r"labels: expected shape .*got \(3, 1\)"),
    (LOGITS, [1, 2, 1], "labels: expected whole .* from 0 to 1, got 1 to 2"),
    (LOGITS, [1, -1, 1], "labels: expected whole .* 0 to 1, got -1 to 1"),
    (LOGITS, [1, 0.5, 1], "labels: expected whole .* 0 to 1, got 0.5 to 1"),
    (LOGITS, [1, np.nan, 1], "labels: expected finite numbers, got nan"),
    (LOGITS, "101", "labels: expected numbers.*got '101'"),
    (LOGITS, None, "labels: expected numbers.*got None"),
]
TABLE = [
    *[
        (name, partial(call, logits, labels), message)
        for name, call in BY_LOGITS.items()
        for logits, labels, message in BAD_LOGITS
    ],
    *[
        (
            "calibration.reliability",
            partial(reliability, LOGITS, LABELS, bad),
            "bins: expected a whole number of at least 1, got ",
        )
        for bad in [0, -1, 2.5, 2.0, True, "3", None, np.nan]
    ],
    *[
        (
            "calibration.fit_temperature",
            partial(fit_temperature, logits, labels),
            f"logits: expected some wrong answers.*got {worst} .*, and {lead} ",
        )
        for logits, labels, worst, lead in [
            (LOGITS, [1, 0, 1], "1", "1"),  # all right
            (LOGITS, [0, 1, 0], "-3", "-1"),  # all wrong
            ([[0, 1], [0, 1]], [0, 1], "-1", "0"),  # right half of the time
            ([[1, 1], [2, 2]], [0, 1], "0", "0"),  # says nothing
            ([[1, 1, 0], [0, 3, 0]], [0, 1], "0", "1.17"),  # at worst a tie
        ]
    ],
    *[
        ("margins.share_of_worst", partial(share_of_worst, *bad), message)
        for bad, message in [
            (([], 0.5), r"values: expected shape \(N,\).*got \(0,\)"),
            (([[1.0]], 0.5), r"values: expected shape .*got \(1, 1\)"),
            (([1.0, np.inf], 0.5), "values: expected finite .*got inf"),
            (([1.0, -1.0], 0.5), "values: expected .*got -1.0 to 1.0"),
            (([0.0, 0.0], 0.5), "values: expected .*not all 0.*got 0.0 to 0"),
            (("a", 0.5), "values: expected numbers.*got 'a'"),
        ]
    ],
    *[
        (
            "margins.share_of_worst",
            partial(share_of_worst, [1.0], bad),
            "share: expected a number above 0 to 1, got ",
        )
        for bad in [0, 0.0, -0.1, 1.1, np.nan, None, "0.5", [0.5], True]
    ],
    *[
        ("calibration.isotonic", partial(isotonic, *bad), message)
        for bad, message in [
            (([], []), r"scores: expected shape \(N,\).*got \(0,\)"),
            (([[1.0]], [1]), r"scores: expected shape .*got \(1, 1\)"),
            (([np.nan], [1]), "scores: expected finite numbers, got nan"),
            (("a", [1]), "scores: expected numbers.*got 'a'"),
            (([1.0], [1, 0]), r"labels: expected shape \(1,\).*got \(2,\)"),
            (([1.0], [2]), "labels: expected .* from 0 to 1, got 2 to 2"),
            (([1.0], [0.5]), "labels: expected .* 0 to 1, got 0.5 to 0.5"),
            (([1.0], None), "labels: expected numbers.*got None"),
        ]
    ],
]


@each_call(TABLE)
def test_bad_input_is_named(call, message):
    assert_refused(call, message)


def test_every_public_call_is_in_the_table():
    made_by_reliability = {"confidence.Reliability"}
    public = public_calls([confidence]) - made_by_reliability
    assert {name for name, *_ in TABLE} == public
