"""Good calls and rules: data, by_hand, confidence and tasks."""

import numpy as np

from bad_input import bad, fine, good
from unrolled.by_hand import lstm, paths, rnn, training
from unrolled.by_hand.training import SGD, Adam, clip_grad_norm, squared_error
from unrolled.data import Normalization, minibatches, next_step_pairs, windows

N, T, D, H, F = 2, 4, 3, 5, 6
RNG = np.random.default_rng(0)
X, H0, C0 = RNG.normal(size=(N, T, D)), RNG.random((N, H)), RNG.random((N, H))
PARAMS = lstm.init_params(D, H, RNG)
HS, CACHES = lstm.forward(X, PARAMS, H0, C0)
RNN = {
    "weight_ih": RNG.normal(size=(H, D)),
    "weight_hh": RNG.normal(size=(H, H)),
    "bias": RNG.normal(size=H),
}
STATES = rnn.forward(X, RNN, H0)
W = {"w": np.ones(7), "v": np.ones((7, 3))}
READOUT = {"weight": RNG.normal(size=(F, H)), "bias": RNG.normal(size=F)}
ERRORS = RNG.normal(size=(N, T, F))
OUTSIDE = STATES + 2.0

MODULES = ("unrolled.data", "unrolled.by_hand")
EXCEPT = {
    "unrolled.by_hand.lstm.StepCache": "forward makes it",
    "unrolled.data.anchor": "takes nothing",
    "unrolled.data.source_a_weights": "takes nothing",
}
ROWS = [
    good(lstm.sigmoid, fine("z: a number", "z: .*axis.*"), z=X[0, 0]),
    good(
        lstm.init_params, input_size=1, hidden_size=1, rng=RNG, forget_bias=0.0
    ),
    good(lstm.cell_forward, x_t=X[:, 0], h=H0, c=C0, params=PARAMS),
    good(lstm.cell_backward, dh=H0, dc=C0, cache=CACHES[0], params=PARAMS),
    good(lstm.forward, x=X, params=PARAMS, h0=H0, c0=C0),
    good(lstm.stack_caches, caches=CACHES),
    good(lstm.bptt, dhs=HS, caches=CACHES, params=PARAMS, window=1),
    good(paths.contributions, dhs=HS, caches=CACHES, params=PARAMS),
    good(paths.cell_jacobian, caches=CACHES, params=PARAMS),
    good(rnn.forward, x=X, params=RNN, h0=H0),
    good(
        rnn.bptt,
        bad("hs: expected states from -1 to 1", hs=OUTSIDE),
        dhs=HS,
        x=X,
        hs=STATES,
        params=RNN,
        h0=H0,
    ),
    good(
        rnn.jacobians,
        bad("hs: expected states from -1 to 1", hs=OUTSIDE),
        hs=STATES,
        params=RNN,
    ),
    good(training.readout_forward, hs=HS, params=READOUT),
    good(training.readout_backward, errors=ERRORS, hs=HS, params=READOUT),
    good(squared_error, prediction=HS, target=HS, steps="last"),
    good(
        clip_grad_norm,
        fine("grads: (no .|another name|.: (.*axis.*|a number))"),
        bad("max_norm: expected a number above 0", max_norm=0.0),
        grads=W,
        max_norm=1.0,
    ),
    good(SGD, lr=0.1),
    good(SGD(0.1).step, params=W, grads=W),
    good(Adam, lr=0.1, betas=(0.9, 0.99), eps=1e-8),
    good(Adam().step, params=W, grads=W),
    good(Normalization, mean=1.0, std=2.0),
    good(Normalization.of, series=np.arange(9.0)),
    good(Normalization(1.0, 2.0).apply, series=np.arange(9.0)),
    good(Normalization(1.0, 2.0).undo, series=np.arange(9.0)),
    good(next_step_pairs, series=np.arange(9.0)),
    good(
        windows,
        bad("steps: .*at most 8.*got 9", steps=9),
        series=np.arange(9.0),
        steps=1,
    ),
    good(minibatches, count=1, size=1, rng=RNG),
]
