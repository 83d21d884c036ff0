"""Each figure shows the data it is given, and changes nothing else."""

import re
from itertools import combinations

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib import pyplot as plt

from unrolled import by_hand, data
from unrolled_book import figures

PRICES = np.array(data.PRICES)


@pytest.fixture(name="anchor")
def make_anchor():
    """Source A's nine steps: stacked caches, targets, the third step."""
    x, y, weights = data.anchor()
    _, caches = by_hand.lstm.forward(x, weights)
    return by_hand.lstm.stack_caches(caches), y, caches[2]


def texts(ax):
    return [text.get_text() for text in ax.texts]


def lines(ax):
    """The lines' values by label."""
    return {line.get_label(): line.get_ydata() for line in ax.get_lines()}


def test_prices(draw):
    ax = draw(figures.plot_prices, data.PRICES)
    line, mean = ax.get_lines()
    np.testing.assert_array_equal(line.get_xdata(), np.arange(1, 11))
    np.testing.assert_array_equal(line.get_ydata(), PRICES)
    assert set(mean.get_ydata()) == {107.5}
    assert "mean 107.5" in texts(ax)
    (unknown,) = (text for text in ax.texts if text.get_text() == "?")
    assert unknown.xy == (11, 113)
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("day", "price")


def test_squashing(draw):
    z = np.linspace(-3, 4, 20)
    sigmoid, tanh = draw(figures.plot_squashing, z).get_lines()
    np.testing.assert_array_equal(sigmoid.get_xdata(), z)
    np.testing.assert_array_equal(tanh.get_xdata(), z)
    np.testing.assert_allclose(sigmoid.get_ydata(), 1 / (1 + np.exp(-z)))
    np.testing.assert_array_equal(tanh.get_ydata(), np.tanh(z))
    assert "sigmoid" in sigmoid.get_label()
    assert "tanh" in tanh.get_label()


def test_gates(draw, anchor):
    stacked, _, _ = anchor
    ax = draw(figures.plot_gates, stacked)
    drawn = {line.get_label(): line for line in ax.get_lines()}
    assert list(drawn) == list(figures.GATE_NAMES.values())
    for gate, label in figures.GATE_NAMES.items():
        values = getattr(stacked, gate).ravel()
        np.testing.assert_array_equal(drawn[label].get_ydata(), values)
        assert drawn[label].get_color() == figures.COLORS[gate]
    assert ax.get_xlabel() == "step t"
    assert ax.get_ylabel() == "gate value"
    assert ax.get_legend() is not None


def test_states(draw, anchor):
    stacked, _, _ = anchor
    ax = draw(figures.plot_states, stacked)
    drawn = lines(ax)
    assert set(drawn) == {"cell state c", "hidden state h"}
    np.testing.assert_array_equal(drawn["cell state c"], stacked.c.ravel())
    np.testing.assert_array_equal(drawn["hidden state h"], stacked.h.ravel())
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("step t", "state")


def test_predictions(draw, anchor):
    stacked, targets, _ = anchor
    ax = draw(figures.plot_predictions, stacked.h, targets)
    drawn = lines(ax)
    assert set(drawn) == {"target y", "answer h"}
    np.testing.assert_array_equal(drawn["target y"], targets.ravel())
    np.testing.assert_array_equal(drawn["answer h"], stacked.h.ravel())
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("step t", "normalised price")


def test_nudges(draw):
    nudges, errors = np.logspace(-9, 0, 10), np.logspace(-3, -6, 10)
    ax = draw(figures.plot_nudges, nudges, errors)
    (line,) = ax.get_lines()
    np.testing.assert_array_equal(line.get_xdata(), nudges)
    np.testing.assert_array_equal(line.get_ydata(), errors)
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "log")
    assert "nudge" in ax.get_xlabel()
    assert "error" in ax.get_ylabel()


def test_cell_without_numbers(draw):
    shown = texts(draw(figures.plot_cell))
    for label in ("forget $f$", "input $i$", "candidate $g$", "output $o$"):
        assert shown.count(label) == 1
    assert "$z_f$" not in shown
    assert not [text for text in shown if re.search(r"\d\.\d", text)]


def values(step):
    """What the diagram shows of a step."""
    return {**step._asdict(), "y": -0.9455364}


GRADIENTS = {"h": 1.9068187, "c": 0.9346890, "weight_f": [4.67e-5, -2.51e-4]}


def test_cell_with_the_numbers_of_a_step(draw, anchor):
    _, _, step = anchor
    shown = texts(draw(figures.plot_cell, values(step)))
    for number in ("−0.5253", "0.0098", "0.0204", "0.5019", "0.4903"):
        assert shown.count(number) == 1
    for number in ("0.0161", "0.0079", "−0.9455"):
        assert shown.count(number) == 1
    assert "$z_f$" not in shown


def test_cell_with_the_way_back(draw, anchor):
    _, _, step = anchor
    weights = {"z_f": 0.007746, "weight_f": [0.049671, -0.013826]}
    ax = draw(figures.plot_cell, values(step) | weights, GRADIENTS)
    colors = {
        line: text.get_color()
        for text in ax.texts
        for line in re.split(r", *|\n", text.get_text())
    }
    for number in ("1.9068", "0.9347", "4.67e−05", "−2.51e−04"):
        assert colors[number] == figures.COLORS["gradient"]
    for number in ("0.0079", "0.0161", "0.0077", "0.0497", "−0.0138"):
        assert colors[number] == "black"
    assert {"$z_f$", "$W_f$"} <= set(colors)
    # The five phases are numbered.
    phases = [text for text in texts(ax) if re.fullmatch(r"\d", text)]
    assert phases == list("12345")


def test_the_book_s_style_is_valid():
    with plt.style.context("unrolled_book.unrolled"):
        assert mpl.rcParams["figure.figsize"] == [4.8, 3.2]
        ax = figures.plot_prices(data.PRICES)
        ax.figure.draw_without_rendering()


@pytest.fixture(name="cell", params=["bare", "numbers", "way back"])
def make_cell(request, anchor):
    """The diagram as the book shows it, laid out: its Axes."""
    _, _, step = anchor
    weights = {"z_f": 0.0077, "weight_f": [0.049671, -0.013826]}
    arguments = {
        "bare": (),
        "numbers": (values(step),),
        "way back": (values(step) | weights, GRADIENTS),
    }
    with plt.style.context("unrolled_book.unrolled"):
        ax = figures.plot_cell(*arguments[request.param])
        ax.figure.draw_without_rendering()
    return ax


def test_the_cell_s_texts_stay_inside_their_boxes(cell):
    boxes = [patch.get_window_extent() for patch in cell.patches]
    loss = "$(h_t - y_t)^2$"  # stands on its line, outside all boxes
    written = [t for t in cell.texts if t.get_text() not in ("", loss)]
    assert len(written) > len(figures.GATE_NAMES)
    for text in written:
        extent = text.get_window_extent()
        assert any(
            box.x0 <= extent.x0
            and extent.x1 <= box.x1
            and box.y0 <= extent.y0
            and extent.y1 <= box.y1
            for box in boxes
        ), text.get_text()


def test_the_cell_s_boxes_do_not_overlap(cell):
    boxes = [patch.get_window_extent() for patch in cell.patches]
    assert len(boxes) > len(figures.GATE_NAMES)
    for one, other in combinations(boxes, 2):
        assert not one.overlaps(other), (one, other)
