"""Each figure shows the data it is given, in its colours, and nothing else.

One row for each figure: what it is given, what must be drawn (the x and the y
values of lines, or a line's y values), and what must be written. The colours
of gates and states are theirs alone: `COLOURS` says who shows which.
"""

from types import SimpleNamespace

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.text import Text

from unrolled import by_hand, data
from unrolled_book import figures

RNG = np.random.default_rng(0)
x, y, WEIGHTS = data.anchor()
STACKED = by_hand.lstm.stack_caches(by_hand.lstm.forward(x, WEIGHTS)[1])
MARGINS = np.array([[-0.5, 0.2, 0.3]])
FIVE = np.array([1.0, 2, 3, 4, 5])
RUNS = {"LSTM a": RNG.uniform(size=(3, 4)), "LSTM b": RNG.uniform(size=(1, 4))}
MIDDLE = np.median(RUNS["LSTM a"], axis=0)
BANDS = RNG.uniform(0.1, 0.9, size=(30, 5))
TABLE = np.array([[0.0, 0, 0], [-0.24, 0.011, 0], [0.058, -0.0049, 0.1]])
SCORES = {"RNN": np.array([0.7, 0.8, 0.72]), "GRU": np.array([0.95, 0.97])}
BIN = SimpleNamespace(
    confidence=np.array([0.6, 0.9]),
    accuracy=np.array([0.5, 0.8]),
    count=np.array([4, 6]),
)
EARLIER = np.arange(6) >= 3
GATES = ["forget gate f", "input gate i", "candidate g", "output gate o"]

FIGURES = {
    "squashing": ((FIVE,), [1 / (1 + np.exp(-FIVE)), np.tanh(FIVE)], ""),
    "gates": ((STACKED,), [(1 + np.arange(9), getattr(STACKED, n).ravel())
                           for n in "ifgo"],
              "|".join(["step t", "gate value", *GATES])),
    "states": ((STACKED,), [STACKED.c.ravel(), STACKED.h.ravel()],
               "cell state c|hidden state h"),
    "predictions": ((STACKED.h, y), [STACKED.h.ravel(), y.ravel()],
                    "target y|answer h|normalised price"),
    "chain": (({"W": ("f", 0.5), "h": ("h", 0.2), "L": ("plain", 4.0)},
               {"2(h − y)": -4.0, "x": 0.0001}), [],
              "−4.0000|−4.00e−04|× x = 1.00e−04|1|2"),
    "nudges": ((FIVE, {"64 bits": FIVE**2}), [(FIVE, FIVE**2)], "64 bits"),
    "cell": ((), [], "$h_{t-1}$|forget $f$|$(h_t - y_t)^2$"),
    "unrolled": (([0.0, 0.664, 0.1951], [1.0, -0.5], [-0.5468, -0.6316],
                  [-0.3057, 0.3038]), [],
                 "$h_0$|$h_2$|$x_1$|$w_2$|loss $L$|0.6640|−0.5|−0.6316|0.3038"),
    "shrinking": (({"one": BANDS, "other": 2 * BANDS}, {"line": FIVE},
                   (0.1, 9)),
                  [(FIVE, 2 * np.median(BANDS, axis=0)), (FIVE, FIVE)],
                  "one|other|line"),
    "cliff": (([0, 2], [0, 1], TABLE[:2, :2], {"a": TABLE[:, 1:]}),
              [(TABLE[:, 1], TABLE[:, 2])], "a|loss"),
    "wall": ((FIVE, FIVE**2), [(FIVE, FIVE**2)], "bias b|loss"),
    "ellipses": (({"one": np.eye(2), "two": 2 * np.eye(2)},),
                 [], "one|two"),
    "walks_back": ((), [], "$c_1$|$h_3$|error 2|gates\nstep 3"),
    "contributions": ((TABLE,), [],
                      "−2.4|−2.3|0.6|1.5|−1.8|−0.8|"
                      "contribution, in units of $10^{-1}$"),
    "cell_paths": (({"o": BANDS, "total": BANDS / 2},),
                   [(FIVE, np.median(BANDS / 2, axis=0))],
                   "total derivative|by the output gate o"),
    "bug_losses": (({"right": FIVE, "drops δc": FIVE**2},),
                   [FIVE, FIVE**2], "right|drops δc|updates"),
    "training_loop": (({4, 5},), [], "next epoch|4  go backward: the gradient"),
    "losses": (({"Adam": RUNS["LSTM a"]}, {"floor": 0.5}, 10),
               [([0, 10, 20, 30], MIDDLE), *RUNS["LSTM a"], [0.5, 0.5]],
               "Adam|floor|updates|MSE"),
    "learning_rates": (({"SGD": [0.1, 1.0]},
                        {"SGD": [[0.2, 0.4, 0.3], [300.0, 0.5, 1e160]]}),
                       [([0.1, 1.0], [0.3, 1.0])], "SGD|final MSE"),
    "truncation": ((EARLIER,), [], "1|6|error"),
    "pairs": ((np.tri(4, dtype=bool),), [], "step reached|error of step"),
    "memory": ((FIVE, {"a": 1e6 * FIVE}), [(FIVE, FIVE)], "a|steps T"),
    "windows": (({"a": BANDS},), [(FIVE, np.median(BANDS, axis=0))],
                "a|window k (steps)"),
    "wiring": ((list("abst"), ["", "", "t", "e"], 2, True), [], "a|b|s|t|e"),
    "stack": ((2, 2), [], "layer 1 →|layer 2 ←|$x_1$|out$_4$"),
    "tags": (("a(b)", [0, 1, 1, 0], {"one": FIVE[:4]}),
             [([0, 1, 2, 3], FIVE[:4])], "a|(|one|probability of tag 1"),
    "epochs": ((RUNS, "bits", {"low": 0.1}),
               [([1, 2, 3, 4], MIDDLE), *RUNS["LSTM a"], [0.1, 0.1]],
               "LSTM a|LSTM b|low|bits|epoch"),
    "two_ends": ((np.array([[1, 2], [-3, 4], [2, -2.5]]),),
                 [([1, -3], [2, 4]), ([2], [-2.5])], "wrong|right|answer 1"),
    "runs": ((RUNS, "epoch", "share", {"end": 0.7}, {"B": [[1, 0.3]]}),
             [([1, 2, 3, 4], MIDDLE), *RUNS["LSTM a"], ([1], [0.3])],
             "LSTM a|LSTM b|end|B|epoch|share"),
    "groups": ((SCORES, "share", {"end": 0.7}, SCORES),
               [(SCORES["RNN"], [-0.2] * 3), (SCORES["RNN"], [0.2] * 3)],
               "RNN|GRU|end|share"),
    "crossings": (({"RNN a": [1e-6, 1e-3]}, {"RNN a": [None, 30]}, 40),
                  [([1e-6, 1e-3], [45.2, 30])], "RNN|never|40"),
    "lengths": (({"RNN": {30: SCORES["RNN"], 10: [0.9]}}, "share",
                 {"end": 0.7}),
                [([10, 30], [0.9, 0.72]), ([30] * 3, SCORES["RNN"])],
                "RNN|10|30|share|end"),
    "units": (("f", BANDS), [(1 + np.arange(30), BANDS[:, 4])],
              "1|5|forget gate f"),
    "unit_bands": (("f", {"a": BANDS}, FIVE), [BANDS.mean(axis=0), FIVE],
                   GATES[0]),
    "gate_pairs": ((("g", "o"), {"a": (BANDS[0], BANDS[1])}),
                   [(BANDS[0], BANDS[1])], "a|candidate g|output gate o"),
    "signal": ((BANDS[:4], np.array([-2, -1e-9, 1, 0.5])),
               [(FIVE, BANDS[0])], ""),
    "seeds": ((FIVE, {"a": BANDS, "b": BANDS[:1]}, ("k", "share"), {"u": 0.5}),
              [(FIVE, np.median(BANDS, axis=0)), (FIVE, BANDS[0]), [0.5, 0.5]],
              "a|b|u|k|share"),
    "margins": (({"best": MARGINS}, {"best": [[1, 2, 4]]}, "loss"),
                [([-0.5, 0.5], [1, 6])], "best|loss"),
    "reliability": (({"best": [BIN], "last": [BIN]},), [], "best|last"),
    "gap": ((RUNS["LSTM a"], RUNS["LSTM a"] + 1, "loss", np.array([1, 2, 2])),
            [([1, 2, 3, 4], MIDDLE), ([1, 2, 3, 4], MIDDLE + 1)], "loss"),
    "scales": ((FIVE, {"training": BANDS, "unseen": 2 * BANDS}),
               [(FIVE, np.median(BANDS, axis=0))], "training|unseen"),
    "best_and_last": (({"usual": {"best": FIVE, "last": -FIVE}}, "score", 3.5),
                      [(FIVE, [-0.16] * 5), (-FIVE, [0.16] * 5)],
                      "usual|score|best|last"),
    "reads": (({"truth": [0, 0, 0], "alone": [0, 1, 1]},), [],
              "truth|alone|1|3"),
    "drift": ((np.arange(6.0), {"one": [[1.0, 2], [3, 4]]}, 4),
              [(1 + np.arange(6), np.arange(6)), ([5, 6], [3, 4])],
              "truth|one|step t"),
    "forecasts": ((FIVE, FIVE**2, {"one": [(FIVE[:2], [3, 4]), (FIVE, -FIVE)]},
                   ("day", "value")),
                  [(FIVE, FIVE**2), ([1, 2], [3, 4]), (FIVE, -FIVE)],
                  "truth|one|day|value"),
    "paired": (({"up": FIVE}, "error"), [(FIVE, np.linspace(-0.2, 0.2, 5))],
               "up|error"),
    "reading": ((np.tri(3), True), [([1, 2], [0.22, 0.98])], "$x_1$|$x_3$"),
    "costs": (({"LSTM": {16: 0.5, 64: 2.0}}, ("n", "s")),
              [([16, 64], [0.5, 2.0])], "LSTM|n|s"),
}  # fmt: skip
COLOURS = {
    "gates": "figo", "states": "ch", "units": "f", "bug_losses": "c",
    "squashing": "", "training_loop": "", "memory": "",
    "tags": "", "epochs": "", "losses": "",
}  # fmt: skip


def written(ax):
    """Every word of a figure."""
    texts = [text.get_text() for text in ax.figure.findobj(Text)]
    return {*texts, *(part for text in texts for part in text.split(", "))}


def is_drawn(wanted, line):
    """Whether a line has these x and y values, or these y values."""
    drawn = line.get_ydata()
    if isinstance(wanted, tuple):
        wanted, drawn = np.column_stack(wanted), line.get_xydata()
    return np.shape(drawn) == np.shape(wanted) and np.allclose(drawn, wanted)


def test_every_figure_has_a_row_and_every_colour_one_meaning():
    names = {n.removeprefix("plot_") for n in dir(figures) if "plot_" in n}
    assert names == set(FIGURES)
    kinds = figures.CELL_LOOKS.values()
    colors = [*figures.COLORS.values(), *(color for color, _ in kinds)]
    assert len({color.upper() for color in colors}) == len(colors)
    assert len({marker for _, marker in kinds}) == len(kinds)


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_shows_its_data_in_its_colours(draw, name):
    arguments, data_, words = FIGURES[name]
    ax = draw(getattr(figures, f"plot_{name}"), *arguments)
    lines = ax.get_lines()
    assert lines or ax.patches or ax.texts or ax.collections or ax.images
    for wanted in data_:
        assert any(is_drawn(wanted, line) for line in lines), wanted
    assert {*filter(None, words.split("|"))} <= written(ax)
    if name in COLOURS:
        found = [line.get_color() for line in lines]
        patches = [text.get_bbox_patch() for text in ax.texts]
        found += [patch.get_edgecolor() for patch in patches if patch]
        shown = {to_hex(color).upper() for color in found}
        known = {kind for kind in "cfghio" if figures.COLORS[kind] in shown}
        # That of c is the colour of LSTMs, too.
        assert shown and {*COLOURS[name]} <= known <= {*COLOURS[name], "c"}
