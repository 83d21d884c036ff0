"""Good calls and rules: the ledger, the quizzes, the exercises' checks."""

import numpy as np
import torch
from torch import nn

from bad_input import bad, good
from unrolled_book import claims
from unrolled_book.exercises import oracles, references

N, T, D, H = 2, 4, 3, 5
RNG = np.random.default_rng(0)
X, PARAMS, DHS = oracles.random_lstm(N, T, D, H, RNG)
LAYER = nn.RNN(D, H, batch_first=True)
EXCEPT = {
    # They are made of files, and name them in what they refuse.
    "unrolled_book.claims": "Claim Count Number load verdict",
    "unrolled_book.quiz.page": "show",
    "unrolled_book.quiz.reading": "Answer Choice InWords Number Numeric "
    "Question load",
    "unrolled_book.rows": "Row.read check_once parse",
    # The book's own extension calls them.
    "unrolled_book.claims_page": "anchor errata row summary table",
    # What a student gives fails the check; `test_exercise_checks` has more.
    "unrolled_book.exercises.expect": "CheckFailed expect expect_digits "
    "expect_number",
    "unrolled_book.exercises.run": "call",
}
ROWS = [
    good(claims.check,
         bad("value: expected no numbers, got 1.9", value=1.9),
         bad("value: expected 1 numbers, got None", claim_id="A05"),
         bad("value: expected 1 numbers, got", claim_id="A05",
             value=[1.9068, 1.9068]),
         bad("value: expected finite .*got nan", claim_id="A06",
             value=[0.4902, np.nan]), claim_id="A30", value=None),
    good(oracles.random_lstm, N=1, T=1, D=1, H=1),
    good(oracles.lstm_states, x=X, params=PARAMS, h0=np.zeros((N, H)),
         c0=np.ones((N, H))),
    good(oracles.lstm_gradients,
         bad("k1: expected a divisor of T = 4, got 3", k1=3), x=X,
         params=PARAMS, dhs=DHS, k1=1, k2=1),
    good(oracles.gap_without_dh, x=X, params=PARAMS, dhs=DHS),
    good(oracles.fall_ratio,
         bad("rate: expected a number above 0, got 0", rate=0), x=X, y=DHS,
         params=PARAMS, rate=0.1),
    good(oracles.arrivals,
         bad("layer: expected a RNNBase", layer=nn.RNNCell(D, H)),
         bad("layer: expected batch_first=True", layer=nn.RNN(D, H)),
         layer=LAYER, x=torch.ones(N, T, D, dtype=torch.float64)),
    good(references.kept_pairs,
         bad("k1: expected a divisor", T=3, k1=2), T=1, k1=1, k2=1),
    good(references.steps_until, bad("factor: .*between 0 and 1", factor=1.0),
         bad("left: .*between 0 and 1", left=0.0), factor=0.5, left=0.5),
    good(references.stopped, losses=np.arange(7.0), patience=1),
    good(references.cost_of_patience, losses=np.ones((6, 7)), patience=1),
    good(references.interval_of_five, values=np.arange(5.0)),
]  # fmt: skip
