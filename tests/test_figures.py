"""Each figure shows the data it is given, in its colours, and nothing else.

One row for each figure: what it is given, what must be drawn (the x and the y
values of lines, or a line's y values), and what must be written.
"""

from itertools import combinations
from types import SimpleNamespace

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib import pyplot as plt
from matplotlib.colors import to_hex

from unrolled import by_hand, data
from unrolled_book import figures
from unrolled_book.figures.free_running import FOUR_DEGREES
from unrolled_book.figures.gates import _apart

RNG = np.random.default_rng(0)
x, y, WEIGHTS = data.anchor()
CACHES = by_hand.lstm.forward(x, WEIGHTS)[1]
STACKED = by_hand.lstm.stack_caches(CACHES)
STEP = {**CACHES[2]._asdict(), "y": -0.9455364}
BACK = {"h": 1.9068187, "c": 0.9346890, "weight_f": [4.67e-5, -2.51e-4]}
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
    "prices": ((data.PRICES,), [[*data.PRICES]], "mean 107.5|?|day|price"),
    "squashing": ((FIVE,), [1 / (1 + np.exp(-FIVE)), np.tanh(FIVE)], ""),
    "gates": ((STACKED,), [getattr(STACKED, n).ravel() for n in "ifgo"],
              "|".join(["step t", "gate value", *GATES])),
    "states": ((STACKED,), [STACKED.c.ravel(), STACKED.h.ravel()],
               "cell state c|hidden state h"),
    "predictions": ((STACKED.h, y), [STACKED.h.ravel(), y.ravel()],
                    "target y|answer h|normalised price"),
    "nudges": ((FIVE, FIVE**2), [(FIVE, FIVE**2)], ""),
    "cell": ((STEP,), [], "−0.5253|0.0098|0.0204|0.5019|0.4903|−0.9455"),
    "two_runs": ((FIVE, -FIVE), [(FIVE, FIVE), (FIVE, -FIVE)], ""),
    "unrolled": (([0.0, 0.664, 0.1951], [1.0, -0.5], [-0.5468, -0.6316]), [],
                 "$h_0$|$h_2$|$x_1$|$x_2$|loss $L$|0.6640|−0.5|−0.6316"),
    "shrinking": (({"one": BANDS, "other": 2 * BANDS}, {"line": FIVE}),
                  [(FIVE, 2 * np.median(BANDS, axis=0)), (FIVE, FIVE)],
                  "one|other|line"),
    "cliff": (([0, 2], [0, 1], TABLE[:2, :2], {"a": TABLE[:, 1:]}),
              [(TABLE[:, 1], TABLE[:, 2])], "a|loss"),
    "wall": ((FIVE, FIVE**2), [(FIVE, FIVE**2)], ""),
    "walks_back": ((3,), [], "$c_0$|$h_2$|error 1|gates\nstep 2"),
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
    "forecasts": (([5.0, 6, 8], [7.0, 9], {"like today": 8.0}),
                  [([1, 2, 3], [5, 6, 8]), ([4, 4], [7, 9]), [8.0]],
                  "price|networks|like today|day"),
    "truncation": ((EARLIER,), [], "0|5|error"),
    "pairs": ((np.tri(4, dtype=bool),), [], "step u reached|error of step s"),
    "memory": ((FIVE, {"a": 1e6 * FIVE}), [(FIVE, FIVE)], "a|steps T"),
    "windows": (({"a": BANDS}, "cosine"),
                [(FIVE, np.median(BANDS, axis=0))], "a|cosine"),
    "wiring": ((list("abst"), ["", "", "t", "e"], 2, True), [], "a|b|s|t|e"),
    "stack": ((2, 2, 3), [], "layer 1 →|layer 2 ←|$x_1$|out$_3$"),
    "tags": (("a(b)", [0, 1, 1, 0], {"one": FIVE[:4]}),
             [([0, 1, 2, 3], FIVE[:4])], "a|(|one|probability of tag 1"),
    "epochs": ((RUNS, "bits", {"low": 0.1}),
               [([1, 2, 3, 4], MIDDLE), *RUNS["LSTM a"], [0.1, 0.1]],
               "LSTM a|LSTM b|low|bits|epoch"),
    "two_ends": (([[1, 2], [-3, 4], [2, -2.5]],),
                 [([1, -3], [2, 4]), ([2], [-2.5])], "wrong|right|answer 1"),
    "runs": ((RUNS, "epoch", "share", {"end": 0.7}, {"B": [[1, 0.3]]}),
             [([1, 2, 3, 4], MIDDLE), *RUNS["LSTM a"], ([1], [0.3])],
             "LSTM a|LSTM b|end|B|epoch|share"),
    "groups": ((SCORES, "share", {"end": 0.7}, SCORES),
               [(SCORES["RNN"], [-0.2] * 3), (SCORES["RNN"], [0.2] * 3)],
               "RNN|GRU|end|share"),
    "crossings": (({"RNN a": [1e-6, 1e-3]}, {"RNN a": [None, 30]}, 40),
                  [([1e-6, 1e-3], [45.2, 30])], "RNN|never|40"),
    "lengths": (({"RNN": {30: SCORES["RNN"], 10: [0.9]}}, "share"),
                [([10, 30], [0.9, 0.72]), ([30] * 3, SCORES["RNN"])],
                "RNN|10|30|share"),
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
    "margins": (({"best": [[-0.5, 0.2, 0.3]]}, {"best": [[1, 2, 4]]}, "loss"),
                [([-0.5, 0.5], [1, 6])], "best|loss"),
    "reliability": (({"best": [BIN], "last": [BIN]},), [], "best|last"),
    "gap": ((RUNS["LSTM a"], RUNS["LSTM a"] + 1, "loss", [1, 2, 2]),
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
    "paired": (({"up": FIVE}, "error"), [(FIVE, np.linspace(-0.2, 0.2, 5))],
               "up|error"),
    "reading": ((np.tri(3), True), [([1, 2], [0.22, 0.98])], "$x_1$|$x_3$"),
    "costs": (({"LSTM": {16: 0.5, 64: 2.0}}, ("n", "s"), {"cross": 40.0}),
              [([16, 64], [0.5, 2.0])], "LSTM|n|s|cross"),
}  # fmt: skip


def drawn(ax):
    """The x and y values of all lines, and of points and steps."""
    return [line.get_data() for line in ax.get_lines()]


def written(ax):
    """Every word of a figure."""
    found = [*ax.texts, ax.title, ax.xaxis.label, ax.yaxis.label]
    found += [*ax.get_xticklabels(), *ax.get_yticklabels()]
    found += ax.get_legend().get_texts() if ax.get_legend() else []
    found += [t for a in ax.figure.axes for t in [a.yaxis.label]]
    return [text.get_text() for text in found]


def test_every_figure_has_a_row():
    names = {n.removeprefix("plot_") for n in dir(figures) if "plot_" in n}
    assert names == set(FIGURES)


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_shows_its_data(draw, name):
    arguments, data_, words = FIGURES[name]
    ax = draw(getattr(figures, f"plot_{name}"), *arguments)
    lines = drawn(ax)
    assert lines or ax.patches or ax.texts or ax.collections or ax.images
    for wanted in data_:
        values = wanted if isinstance(wanted, tuple) else (None, wanted)
        assert any(
            all(
                want is None
                or (np.shape(got) == np.shape(want) and np.allclose(got, want))
                for got, want in zip(line, values, strict=True)
            )
            for line in lines
        ), wanted
    for word in filter(None, words.split("|")):
        assert any(word in (text, *text.split(", ")) for text in written(ax)), (
            word
        )


def test_the_style_and_the_figures_hold_all_they_write():
    """No box of a diagram overlaps another, no text leaves its box."""
    weights = {"z_f": 0.0077, "weight_f": [0.049671, -0.013826]}
    states = np.linspace(-0.87654, 0.4321, 5)
    with plt.style.context("unrolled_book.unrolled"):
        assert mpl.rcParams["figure.figsize"] == [4.8, 3.2]
        shown = [
            figures.plot_cell(),
            figures.plot_cell(STEP),
            figures.plot_cell(STEP | weights, BACK),
            figures.plot_unrolled(states, states[1:], states[1:]),
        ]
        for ax in shown:
            ax.figure.draw_without_rendering()
    outside = ("$(h_t - y_t)^2$", "$u$", "$w$", "loss $L$", "")
    for ax in shown:
        boxes = [patch.get_window_extent() for patch in ax.patches]
        assert len(boxes) > 4
        assert not any(a.overlaps(b) for a, b in combinations(boxes, 2))
        for text in ax.texts:
            here = text.get_window_extent()
            inside = [
                box.x0 <= here.x0 and here.x1 <= box.x1
                and box.y0 <= here.y0 and here.y1 <= box.y1
                for box in boxes
            ]  # fmt: skip
            assert any(inside) or text.get_text() in outside, text
    plt.close("all")


def test_the_way_back_is_red_and_numbered(draw):
    weights = {"z_f": 0.007746, "weight_f": [0.049671, -0.013826]}
    ax = draw(figures.plot_cell, STEP | weights, BACK)
    red = {
        text.get_text()
        for text in ax.texts
        if text.get_color() == figures.COLORS["gradient"]
    }
    assert {"1.9068", "0.9347"} <= red
    assert any("4.67e−05" in text for text in red)
    phases = [t.get_text() for t in ax.texts if t.get_text().isdigit()]
    assert phases == list("12345")


def test_contributions_are_coloured_by_sign_and_size(draw):
    ax = draw(figures.plot_contributions, TABLE)
    (mesh,) = ax.collections
    values = mesh.get_array().reshape(4, 4)
    below = np.tril_indices(3)
    np.testing.assert_allclose(values[:3, :3][below], 10 * TABLE[below])
    assert values.mask.sum() == 16 - 6
    assert mesh.get_clim() == (-2.4, 2.4)
    ends = [to_hex(mesh.cmap(end)).upper() for end in (0.0, 1.0)]
    assert ends == [figures.COLORS[name] for name in ("plain", "gradient")]


def test_names_do_not_touch():
    for places in (RNG.uniform(size=8), np.zeros(8), np.linspace(0, 1, 8)):
        moved = _apart(places, 0.1)
        assert np.diff(np.sort(moved)).min() > 0.1 - 1e-9
        assert moved.mean() == pytest.approx(places.mean())


def test_the_interval_holds_the_mean_as_often_as_it_says(draw):
    ax = draw(figures.plot_paired, {"up": FIVE}, "error")
    half = FOUR_DEGREES * np.sqrt(2.5 / 5)
    (bar,) = ax.collections[0].get_segments()
    np.testing.assert_allclose(bar, [[3 - half, 0], [3 + half, 0]])
    draws = np.random.default_rng(0).normal(size=(20_000, 5))
    half = FOUR_DEGREES * draws.std(axis=1, ddof=1) / np.sqrt(5)
    share = np.mean(np.abs(draws.mean(axis=1)) < half)
    assert share == pytest.approx(0.95, abs=0.006)


# The colours of gates and states are theirs alone: who shows which.

COLOURS = {
    "gates": "figo", "states": "ch", "units": "f", "bug_losses": "c",
    "squashing": "", "training_loop": "", "forecasts": "", "memory": "",
    "tags": "", "epochs": "", "losses": "",
}  # fmt: skip


def test_no_colour_stands_for_two_things():
    kinds = figures.CELL_LOOKS.values()
    colors = [*figures.COLORS.values(), *(color for color, _ in kinds)]
    assert len({color.upper() for color in colors}) == len(colors)
    assert len({marker for _, marker in kinds}) == len(kinds)


@pytest.mark.parametrize("name", COLOURS)
def test_what_is_shown_has_its_own_colour(draw, name):
    ax = draw(getattr(figures, f"plot_{name}"), *FIGURES[name][0])
    found = [line.get_color() for line in ax.get_lines()]
    patches = [text.get_bbox_patch() for text in ax.texts]
    found += [patch.get_edgecolor() for patch in patches if patch]
    shown = {to_hex(color).upper() for color in found}
    assert shown
    known = {kind for kind in "cfghio" if figures.COLORS[kind] in shown}
    # That of c is the colour of LSTMs, too.
    assert {*COLOURS[name]} <= known <= {*COLOURS[name], "c"}
