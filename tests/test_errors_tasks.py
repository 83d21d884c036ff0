"""Bad input to every task: a ValueError, with expected and got."""

import torch

from bad_input import assert_refused, each_call
from unrolled import tasks
from unrolled.tasks import (
    brackets,
    brackets_limit,
    exact_match,
    first_last,
    henon,
    henon_continue,
    henon_next,
    intervals,
    is_sentence,
    oscillations,
    oscillations_best,
    oscillations_limit,
    questions,
    questions_limit,
    reversal,
    sentences,
    sentences_limit,
)

G = torch.Generator()
BAD_WHOLE = [0, -1, 2.0, True, "3", None, float("nan")]
BAD_GENERATORS = [None, 0, "seed"]
SERIES = torch.zeros(2, 3, 1, dtype=torch.float64)
TARGET = torch.tensor([[1, 2], [0, -100]])

# Each call, its numbers, and a good argument for each.
DRAWS = {
    first_last: {"count": 2, "steps": 3, "features": 1},
    brackets: {"count": 2, "steps": 3},
    questions: {"count": 2, "steps": 3},
    sentences: {"count": 2},
    reversal: {"count": 2, "max_steps": 3, "vocabulary": 4},
    oscillations: {"count": 2, "steps": 3},
    henon: {"count": 2, "steps": 3},
    intervals: {"count": 2, "max_interval": 3, "min_interval": 1},
}

TABLE = [
    *[
        (draw.__name__, lambda draw=draw, good=good, name=name, bad=bad:
         draw(**{**good, name: bad}, generator=G),
         rf"{name}: expected a whole number of at least \d, got {bad!r}")
        for draw, good in DRAWS.items() for name in good for bad in BAD_WHOLE
    ],
    *[
        (draw.__name__, lambda draw=draw, good=good, bad=bad:
         draw(**good, generator=bad), f"generator: .*Generator, got {bad!r}")
        for draw, good in DRAWS.items() for bad in BAD_GENERATORS
    ],
    ("first_last", lambda: first_last(2, 1, 3, G),
     "steps: expected a whole number of at least 2, got 1"),
    ("intervals", lambda: intervals(2, 3, G, min_interval=4),
     "min_interval: expected at most 3, as max_interval, got 4"),
    *[
        (limit.__name__, lambda limit=limit, bad=bad: limit(bad),
         f"steps: expected a whole number of at least 1, got {bad!r}")
        for limit in (brackets_limit, questions_limit) for bad in BAD_WHOLE
    ],
    *[
        ("brackets_limit", lambda bad=bad: brackets_limit(3, bad),
         f"window: expected a whole number of at least 1, got {bad!r}")
        for bad in BAD_WHOLE
    ],
    *[
        ("oscillations", lambda bad=bad: oscillations(2, 3, G, bad),
         f"noise: expected a number of at least 0, got {bad!r}")
        for bad in (-0.1, float("nan"), float("inf"), "1", None, True)
    ],
    *[
        (call.__name__, lambda call=call, bad=bad, more=more: call(bad, *more),
         message)
        for call, more in (
            (oscillations_best, ()), (henon_next, ()), (henon_continue, (1,)),
        )
        for bad, message in (
            (None, "x: expected a tensor .*got None"),
            (SERIES.float(), "x: expected torch.float64.*got torch.float32"),
            (SERIES[0], r"x: expected shape .*got \(3, 1\)"),
            (SERIES[:0], r"x: expected shape .*got \(0, 3, 1\)"),
            (SERIES.expand(2, 3, 2), r"x: expected shape .*got \(2, 3, 2\)"),
            (SERIES / 0, "x: expected finite numbers, got nan"),
        )
    ],
    *[
        (call.__name__, lambda call=call, more=more: call(SERIES[:, :1], *more),
         "x: expected two values or more, got 1")
        for call, more in ((henon_next, ()), (henon_continue, (1,)))
    ],
    *[
        ("henon_continue", lambda bad=bad: henon_continue(SERIES, bad),
         f"steps: expected a whole number of at least 1, got {bad!r}")
        for bad in BAD_WHOLE
    ],
    *[
        ("oscillations_best", lambda bad=bad: oscillations_best(SERIES, bad),
         f"memory: expected a whole number of at least 1, got {bad!r}")
        for bad in BAD_WHOLE if bad is not None
    ],
    *[
        ("oscillations_limit", lambda bad=bad: oscillations_limit(bad, [1]),
         f"steps: expected a whole number of at least 1, got {bad!r}")
        for bad in BAD_WHOLE
    ],
    *[
        ("oscillations_limit", lambda bad=bad: oscillations_limit(3, bad),
         "horizons: expected .*whole number.*got ")
        for bad in (None, 3, [], [0], [1, 2.0], "1")
    ],
    ("is_sentence", lambda: is_sentence(None),
     "text: expected a str, got None"),
    ("is_sentence", lambda: is_sentence(b"the cat runs."),
     "text: expected a str, got b'the"),
    *[
        ("sentences_limit", lambda bad=bad: sentences_limit(bad),
         f"remembers_subject: expected a bool, got {bad!r}")
        for bad in (None, 0, "yes")
    ],
    ("exact_match", lambda: exact_match(TARGET.clamp(min=0), None),
     "target: expected a tensor .*got None"),
    ("exact_match", lambda: exact_match([[1, 2]], TARGET),
     r"predicted: expected a tensor .*got \[\[1"),
    ("exact_match", lambda: exact_match(TARGET[:1].clamp(min=0), TARGET),
     r"predicted: expected shape \(2, 2\).*got \(1, 2\)"),
    ("exact_match", lambda: exact_match(TARGET.double(), TARGET),
     "predicted: expected torch.int64, got torch.float64"),
    ("exact_match", lambda: exact_match(TARGET, TARGET),
     "predicted: expected numbers from 0 .*got -100"),
    ("exact_match", lambda: exact_match(TARGET, TARGET - 1),
     "target: expected numbers from -100 .*got -101"),
    ("exact_match", lambda: exact_match(TARGET, TARGET.float()),
     "target: expected torch.int64, got torch.float32"),
    ("exact_match", lambda: exact_match(TARGET[:0], TARGET[:0]),
     r"target: expected shape .*got \(0, 2\)"),
]  # fmt: skip


@each_call(TABLE)
def test_bad_input_is_named(call, message):
    assert_refused(call, message)


def test_every_public_call_is_in_the_table():
    public = {name for name in tasks.__all__ if callable(getattr(tasks, name))}
    assert {name for name, *_ in TABLE} == public
