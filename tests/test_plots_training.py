"""The figures of the training loop show the data they are given."""

import numpy as np
import pytest
from matplotlib.colors import to_hex

from unrolled_book import figures


def named(ax):
    """The lines that the legend names."""
    return {
        line.get_label(): line
        for line in ax.get_lines()
        if not line.get_label().startswith("_")
    }


@pytest.mark.parametrize("missing", [set(), {4, 5}, [1]])
def test_training_loop(draw, missing):
    ax = draw(figures.plot_training_loop, missing)
    boxes = {
        int(text.get_text()[0]): text
        for text in ax.texts
        if text.get_text()[:1].isdigit()
    }
    assert [*boxes] == [1, 2, 3, 4, 5, 6]
    for number, text in boxes.items():
        lacks = number in missing
        box = text.get_bbox_patch()
        assert to_hex(box.get_edgecolor()) == figures.COLORS["plain"].lower()
        assert (box.get_facecolor()[:3] != (1, 1, 1)) == lacks
        assert box.get_linestyle() == ("--" if lacks else "-")


def test_losses(draw):
    rng = np.random.default_rng(0)
    losses = {"Adam": rng.uniform(1, 2, (3, 5)), "SGD 0.1": [[4.0, 3.0]]}
    ax = draw(figures.plot_losses, losses, {"floor": 0.5}, 10)
    drawn = named(ax)
    assert set(drawn) == set(losses)
    median = drawn["Adam"]
    np.testing.assert_array_equal(median.get_xdata(), [0, 10, 20, 30, 40])
    np.testing.assert_array_equal(
        median.get_ydata(), np.median(losses["Adam"], axis=0)
    )
    assert drawn["SGD 0.1"].get_ydata().tolist() == [4.0, 3.0]
    assert median.get_color() == figures.COLORS["adam"]
    assert drawn["SGD 0.1"].get_color() == figures.COLORS["sgd"]
    thin = [line for line in ax.get_lines() if line.get_linewidth() == 0.7]
    for line, run in zip(thin, losses["Adam"], strict=True):
        np.testing.assert_array_equal(line.get_ydata(), run)
    assert "floor" in [text.get_text() for text in ax.texts]
    (level,) = (li for li in ax.get_lines() if 0.5 in [*li.get_ydata()])
    assert level.get_linestyle() == ":"
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("updates", "MSE")
    assert ax.get_yscale() == "log"


def test_losses_without_levels(draw):
    ax = draw(figures.plot_losses, {"a": [[3.0, 2.0, 1.0]]})
    (line,) = ax.get_lines()
    assert line.get_xdata().tolist() == [0, 1, 2]
    assert line.get_color() == figures.COLORS["x"]


def test_learning_rates(draw):
    rates = {"SGD": [0.1, 1.0], "Adam": [0.01, 0.1, 1.0]}
    losses = {
        "SGD": np.array([[0.2, 0.4, 0.3], [300.0, 0.5, 1e160]]),
        "Adam": np.array([[0.1, 0.2, 0.3]] * 3),
    }
    ax = draw(figures.plot_learning_rates, rates, losses)
    drawn = named(ax)
    assert set(drawn) == {"SGD", "Adam"}
    for name, line in drawn.items():
        assert line.get_xdata().tolist() == rates[name]
        assert line.get_color() == figures.COLORS[name.lower()]
    # Failed runs are drawn at 1.
    assert drawn["SGD"].get_ydata().tolist() == [0.3, 1.0]
    dots = [li for li in ax.get_lines() if li.get_linestyle() == "None"]
    assert len(dots) == 6
    assert max(dot.get_ydata().max() for dot in dots) == 1.0
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "log")
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("learning rate", "final MSE")


def test_forecasts(draw):
    ax = draw(
        figures.plot_forecasts,
        [5.0, 6.0, 8.0],
        [7.0, 9.0],
        {"like today": 8.0, "mean": 19 / 3},
    )
    drawn = named(ax)
    assert set(drawn) == {"price", "networks", "like today", "mean"}
    assert drawn["price"].get_xdata().tolist() == [1, 2, 3]
    assert drawn["price"].get_ydata().tolist() == [5.0, 6.0, 8.0]
    assert drawn["networks"].get_xdata().tolist() == [4, 4]
    assert drawn["networks"].get_ydata().tolist() == [7.0, 9.0]
    assert [*drawn["like today"].get_ydata()] == [8.0]
    assert [*drawn["mean"].get_ydata()] == [19 / 3]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("day", "price")
