"""The figures of layers and models show the data they are given."""

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from unrolled_book import figures

RED = to_rgb(figures.COLORS["h"])
GREY = to_rgb(figures.COLORS["x"])
RNG = np.random.default_rng(0)


def arrows(ax, color=None, style="-|>"):
    """Tail and head of each arrow of a colour, rounded."""
    return [
        tuple(round(float(number), 2) for number in (*text.xyann, *text.xy))
        for text in ax.texts
        if getattr(text, "arrow_patch", None)
        and text.arrowprops["arrowstyle"] == style
        and color in (None, text.arrow_patch.get_edgecolor()[:3])
    ]


def words(ax):
    return [text.get_text() for text in ax.texts if text.get_text()]


def filled(ax):
    return [box.get_facecolor()[:3] != (1, 1, 1) for box in ax.patches]


def test_wiring(draw):
    ax = draw(figures.plot_wiring, ["a", "b", "", "c"], ["", "x", "", "y"])
    assert words(ax) == ["a", "b", "x", "c", "y"]
    assert filled(ax) == [False] * 4
    reads = [tail for tail, *_ in arrows(ax, GREY)]
    assert reads == [0, 1, 3]
    red = arrows(ax, RED)
    states = [(x, to) for x, y, to, above in red if y == above]
    assert states == [(0.32, 0.68), (1.32, 1.68), (2.32, 2.68)]
    assert [x for x, y, _, above in red if y != above] == [1, 3]  # answers
    assert not ax.lines


def test_wiring_of_two_layers_that_feed_back(draw):
    ax = draw(figures.plot_wiring, list("abst"), ["", "", "t", "e"], 2, True)
    assert filled(ax) == [False, False, True, True]
    (dashed,) = ax.lines  # of two answers, the last is read by nobody
    assert (dashed.get_xdata()[0], dashed.get_xdata()[-1]) == (2.3, 2.6)
    fed_back = [a for a in arrows(ax, GREY) if a[1] == a[3]]
    assert fed_back == [(2.6, -1.3, 2.8, -1.3)]


@pytest.mark.parametrize("layers", [1, 2, 3])
def test_stack(draw, layers):
    ax = draw(figures.plot_stack, layers, 1, 3)
    assert filled(ax) == [False] * (3 * layers)
    sideways = [a for a in arrows(ax, RED) if a[1] == a[3]]
    assert len(sideways) == 2 * layers
    assert all(tail < head for tail, _, head, _ in sideways)
    upward = [a for a in arrows(ax, RED) if a[0] == a[2]]
    assert len(upward) == 3 * layers  # one head for each way up
    assert len(arrows(ax, GREY)) == 3  # only the first layer reads x
    named = [f"layer {number + 1} →" for number in range(layers)]
    assert words(ax)[:layers] == named
    assert words(ax)[layers:][:2] == ["$x_1$", "out$_1$"]


def test_stack_of_two_directions(draw):
    ax = draw(figures.plot_stack, 2, 2, 3)
    assert filled(ax) == 2 * ([False] * 3 + [True] * 3)
    sideways = [a for a in arrows(ax, RED) if a[1] == a[3]]
    assert words(ax)[:4] == [
        f"layer {number} {arrow}" for number in (1, 2) for arrow in "→←"
    ]
    to_the_left = [a for a in sideways if a[0] > a[2]]
    assert len(sideways) == 8
    assert {y for _, y, *_ in to_the_left} == {
        round(box.get_y() + 0.18, 2)
        for box in ax.patches
        if box.get_facecolor()[:3] != (1, 1, 1)
    }
    joined = [a for a in arrows(ax, RED, "-") if a[1] == a[3]]
    assert [(x, to) for x, _, to, _ in joined] == [
        (t - 0.2, t + 0.2) for t in range(3)
    ]


def test_tags(draw):
    chances = {"one": RNG.uniform(size=4), "two": RNG.uniform(size=4)}
    ax = draw(figures.plot_tags, "a(b)", [0, 1, 1, 0], chances)
    grounds = [patch.get_x() + 0.5 for patch in ax.patches]
    assert grounds == [1, 2]
    assert [t.get_text() for t in ax.get_xticklabels()] == list("a(b)")
    half, *lines = ax.get_lines()
    assert list(half.get_ydata()) == [0.5, 0.5]
    for line, (name, values) in zip(lines, chances.items(), strict=True):
        assert line.get_label() == name
        assert list(line.get_xdata()) == [0, 1, 2, 3]
        np.testing.assert_array_equal(line.get_ydata(), values)
    assert len({line.get_linestyle() for line in lines}) == 2


def test_epochs(draw):
    curves = {"one": RNG.uniform(size=(3, 5)), "two": RNG.uniform(size=(1, 7))}
    ax = draw(figures.plot_epochs, curves, "bits", {"low": 0.1, "high": 0.9})
    lines = ax.get_lines()
    assert len(lines) == 3 + 1 + 1 + 2  # one run alone is its own median
    named = {line.get_label(): line for line in lines}
    for name, runs in curves.items():
        epochs = [*range(1, runs.shape[1] + 1)]
        assert list(named[name].get_xdata()) == epochs
        middle = np.median(runs, axis=0)
        np.testing.assert_array_equal(named[name].get_ydata(), middle)
    thin = np.array([line.get_ydata() for line in lines[:3]])
    np.testing.assert_array_equal(thin, curves["one"])
    assert list(named["low"].get_ydata()) == [0.1, 0.1]
    assert list(named["high"].get_ydata()) == [0.9, 0.9]
    shown = [text.get_text() for text in ax.get_legend().get_texts()]
    assert shown == ["one", "two", "low", "high"]
    assert ax.get_ylabel() == "bits"
