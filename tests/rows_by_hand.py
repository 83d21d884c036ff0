"""Good calls and rules: data, by_hand, confidence and tasks."""

import numpy as np
import torch

from bad_input import bad, fine, good
from unrolled import confidence, tasks
from unrolled.by_hand import lstm, paths, rnn, training
from unrolled.by_hand.training import SGD, Adam, clip_grad_norm, squared_error
from unrolled.data import Normalization, minibatches, windows

N, T, D, H, F, C = 2, 4, 3, 5, 6, 7
RNG, G = np.random.default_rng(0), torch.Generator()
X, H0, C0 = RNG.normal(size=(N, T, D)), RNG.random((N, H)), RNG.random((N, H))
LSTM = lstm.init_params(D, H, RNG)
HS, CACHES = lstm.forward(X, LSTM, H0, C0)
RNN = {
    "weight_ih": RNG.normal(size=(H, D)),
    "weight_hh": RNG.normal(size=(H, H)),
    "bias": RNG.normal(size=H),
}
STATES, STEPS = rnn.forward(X, RNN, H0)
READOUT = {"weight": RNG.normal(size=(F, H)), "bias": RNG.normal(size=F)}
ERRORS = RNG.normal(size=(N, T, F))
W = {"w": np.ones(7), "v": np.ones((7, 3))}
ADAM = Adam()
ADAM.step(W, W)
SERIES = np.arange(9.0)
LOGITS, LABELS = RNG.normal(size=(9, C)), np.arange(9) % C
LOGITS[np.arange(8), LABELS[:8]] += 2.0
SCORED = {"logits": LOGITS, "labels": LABELS}
# Each is right once and wrong once; only rounding says otherwise.
TWICE = [*np.random.default_rng(2).normal(size=(7, 2))] * 2
TIED = [[0.0, 0.0], [0.0, 1.0]]  # none is wrong
TELL_NOTHING = {"logits": TWICE, "labels": [0] * 7 + [1] * 7}
WAVES = tasks.oscillations(N, T, G)
TAGS = torch.tensor([[1, 2, 0], [0, -100, -100]])

ANY_SHAPE = "(an axis (more|fewer)|a number)"
TWO_CLASSES = bad("logits: .*two classes or more", logits=LOGITS[:, :1])
NO_LABEL = [
    bad(
        f"labels: .*whole numbers from 0 to {C - 1}, got {k}", labels=LABELS + k
    )
    for k in (-1, C)
]
OUTSIDE = bad("hs: .*from -1 to 1, got 1.5", hs=np.full((N, T, H), 1.5))
FEW = bad("x: .*2 values or more, got 1", x=WAVES[:, :1])

ROWS = [
    good(Normalization.of,
         bad("series: .*that differ, got", series=[0.1] * 10),
         series=SERIES),
    good(Normalization(1.0, 2.0).apply, series=SERIES),
    good(Normalization(1.0, 2.0).undo, series=SERIES),
    good(windows, bad("steps: .*at most 8.*got 9", steps=9),
         bad("series: .*at least two values, got 1", series=[1.0]),
         series=SERIES, steps=1),
    good(minibatches, fine("count: 8"), count=9, size=1),
    good(lstm.sigmoid, fine(f"z: {ANY_SHAPE}"), z=X[0, 0]),
    good(lstm.init_params, fine("forget_bias: -0.1"), input_size=1,
         hidden_size=1, forget_bias=0.0),
    good(lstm.cell_forward, x_t=X[:, 0], h=H0, c=C0, params=LSTM),
    good(lstm.cell_backward, dh=H0, dc=C0, cache=CACHES[0], params=LSTM),
    good(lstm.forward, x=X, params=LSTM, h0=H0, c0=C0),
    good(lstm.stack_caches, caches=CACHES),
    good(lstm.bptt, dhs=HS, caches=CACHES, params=LSTM, window=1),
    good(paths.contributions, dhs=HS, caches=CACHES, params=LSTM),
    good(paths.cell_jacobian, caches=CACHES, params=LSTM),
    good(rnn.forward, x=X, params=RNN, h0=H0),
    good(rnn.bptt, dhs=STATES, caches=STEPS, params=RNN),
    good(rnn.jacobians, OUTSIDE, hs=STATES, params=RNN),
    good(training.readout_forward, hs=HS, params=READOUT),
    good(training.readout_backward, errors=ERRORS, hs=HS, params=READOUT),
    good(squared_error, prediction=HS, target=HS, steps="last"),
    good(clip_grad_norm,
         fine(f"grads: (no .|another name|.: ({ANY_SHAPE}|axis . (lon|of).*))"),
         bad("max_norm: .*above 0", max_norm=0.0),
         bad("grads: .*at least one", grads={}),
         bad("grads: .*finite length, got inf", grads={"w": [1.5e308] * 2}),
         grads=W, max_norm=1.0),
    good(SGD, lr=0.1),
    good(SGD(0.1).step, params=W, grads=W),
    good(Adam, bad("eps: .*above 0", eps=0.0),
         bad("betas: .*from 0 to below 1", betas=(0.9, 1.0)), lr=0.1,
         betas=(0.9, 0.99)),
    good(ADAM.step,
         bad("grads: .*'w', 'v'", params={"w": W["w"]}, grads={"w": W["w"]}),
         params=W, grads=W),
    good(confidence.wilson, bad("k: .*at most 1, got 2", k=2), k=0, n=1),
    good(confidence.margins, TWO_CLASSES, *NO_LABEL, **SCORED),
    good(confidence.losses, TWO_CLASSES, *NO_LABEL, **SCORED),
    good(confidence.reliability, TWO_CLASSES, *NO_LABEL, **SCORED, bins=1),
    good(confidence.fit_temperature, TWO_CLASSES, *NO_LABEL,
         bad("logits: .*margins from 0.5 on", logits=np.eye(C)[LABELS] / 2),
         bad("logits: .*no minimum, got .*mean lead of", **TELL_NOTHING),
         bad("logits: .*margins from 0 on", logits=TIED, labels=[0, 1]),
         bad("logits: .*mean lead of -0.5", logits=-np.eye(2), labels=[0, 1]),
         **SCORED),
    good(tasks.first_last, count=1, steps=2, features=1),
    good(tasks.reversal, fine("vocabulary: 8"), count=1, max_steps=1,
         vocabulary=9),
    good(tasks.intervals,
         bad("min_interval: .*at most 1, got 2", min_interval=2),
         count=1, max_interval=1),
    good(tasks.exact_match,
         bad("predicted: .*from 0 .*got -1", predicted=-TAGS.abs()),
         bad("target: .*from -100 .*got -101", target=TAGS - 1),
         predicted=TAGS.abs(), target=TAGS),
    good(tasks.brackets, count=1, steps=1),
    good(tasks.brackets_limit, steps=1),
    good(tasks.questions, count=1, steps=1),
    good(tasks.questions_limit, steps=1),
    good(tasks.sentences, count=1),
    good(tasks.is_sentence, fine("text: another word"), text="the cow eats."),
    good(tasks.oscillations, count=1, steps=1),
    good(tasks.oscillations_best, x=WAVES, memory=1),
    good(tasks.oscillations_limit, steps=1, horizons=[2, 1]),
    good(tasks.henon, count=1, steps=1),
    good(tasks.henon_next, FEW, x=WAVES),
    good(tasks.henon_continue, FEW, x=WAVES, steps=1),
]  # fmt: skip
