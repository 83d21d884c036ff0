"""Bad input to the forecaster and its trainings: with expected and got."""

import pytest
import torch

from bad_input import assert_refused, public_calls
from unrolled.lstm import LSTM, LSTMCell
from unrolled.models import (
    Forecaster,
    OwnForecasts,
    ScheduledSampling,
    forecast,
)

N, T, D, H = 2, 4, 3, 5
NAN = float("nan")
X = torch.zeros(N, T, D)
OWN = torch.zeros(N, T, dtype=torch.bool)
MODEL = Forecaster(LSTM(D, H))
SCHEDULED, ALONE = ScheduledSampling(MODEL, 3), OwnForecasts(MODEL, 2)
BAD_WHOLE = [0, -1, 2.0, True, "3", None, NAN]
BAD_MODELS = [None, LSTM(D, H), torch.nn.Linear(D, D), Forecaster]
BAD_X = [
    (None, "expected a tensor .*got None"),
    (X[0], r"expected shape .*got \(4, 3\)"),
    (X[:0], r"expected shape .*got \(0, 4, 3\)"),
    (X[:, :0], r"expected shape .*got \(2, 0, 3\)"),
    (X / 0, "expected finite numbers, got nan"),
]
BAD_FOR_MODEL = [
    *BAD_X,
    (X[..., :2], r"expected shape .*got \(2, 4, 2\)"),
    (X.double(), "expected torch.float32.*got torch.float64"),
]


def rows():
    """Each call's name, the call, and what its message must say."""
    for bad in (None, torch.nn.LSTM(D, H), LSTMCell(D, H), LSTM):
        yield "Forecaster", lambda b=bad: Forecaster(b), "recurrent: .*Recurr"
    yield (
        "Forecaster",
        lambda: Forecaster(LSTM(D, H, bidirectional=True)),
        "recurrent: expected one direction.*got a bidirectional",
    )
    for bad in (0, "seed"):
        yield (
            "Forecaster",
            lambda b=bad: Forecaster(LSTM(D, H), generator=b),
            "generator: expected a Generator, got",
        )
    for name, call in {
        "Forecaster.forward": MODEL,
        "Forecaster.free_run": lambda x: MODEL.free_run(x, 2),
        "Forecaster.mixed": lambda x: MODEL.mixed(x, OWN),
        "ScheduledSampling.forward": SCHEDULED,
        "OwnForecasts.forward": ALONE,
    }.items():
        for bad, words in BAD_FOR_MODEL:
            yield name, lambda c=call, b=bad: c(b), f"x: {words}"
    for bad in BAD_WHOLE:
        words = f"expected a whole number of at least 1, got {bad!r}"
        yield (
            "Forecaster.free_run",
            lambda b=bad: MODEL.free_run(X, b),
            f"steps: {words}",
        )
        yield (
            "ScheduledSampling",
            lambda b=bad: ScheduledSampling(MODEL, b),
            f"updates: {words}",
        )
        yield (
            "OwnForecasts",
            lambda b=bad: OwnForecasts(MODEL, b),
            f"warm_up: {words}",
        )
    for bad, words in (
        (None, "expected a bool tensor, got None"),
        (OWN.float(), "expected a bool tensor, got tensor"),
        (OWN[:, :2], r"expected shape \(2, 4\), got \(2, 2\)"),
        (OWN[..., None], r"expected shape \(2, 4\), got \(2, 4, 1\)"),
    ):
        yield (
            "Forecaster.mixed",
            lambda b=bad: MODEL.mixed(X, b),
            f"own: {words}",
        )
    for bad in BAD_MODELS:
        words = "model: expected a Forecaster, got"
        yield (
            "ScheduledSampling",
            lambda b=bad: ScheduledSampling(b, 3),
            words,
        )
        yield "OwnForecasts", lambda b=bad: OwnForecasts(b, 3), words
    for bad in (-0.1, 1.1, NAN, "1", None, True):
        yield (
            "ScheduledSampling",
            lambda b=bad: ScheduledSampling(MODEL, 3, b),
            f"most: expected a number from 0 to 1, got {bad!r}",
        )
    yield (
        "OwnForecasts.forward",
        lambda: ALONE(X[:, :2]),
        "x: expected more than 2 steps, got 2",
    )


TABLE = [*rows()]


@pytest.mark.parametrize(
    ("call", "message"), [row[1:] for row in TABLE], ids=[r[0] for r in TABLE]
)
def test_bad_input_is_named(call, message):
    assert_refused(call, message)


def test_good_input_is_not_refused():
    assert MODEL(X).shape == SCHEDULED(X).shape == ALONE(X).shape == X.shape
    assert MODEL.mixed(X, OWN).shape == X.shape
    assert MODEL.free_run(X, 7).shape == (N, 7, D)


def test_every_public_call_is_in_the_table():
    public = public_calls([forecast])
    assert {name for name, *_ in TABLE} == {
        name.partition(".")[2] for name in public
    }
