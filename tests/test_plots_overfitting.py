"""The figures of overfitting and of confidence show what they are given."""

import numpy as np
import pytest
from matplotlib.colors import to_hex

from unrolled.confidence import Reliability
from unrolled_book import figures

RNG = np.random.default_rng(0)
BEST, LAST = figures.COLORS["best"], figures.COLORS["last"]


def named(ax):
    """The lines that the legend names."""
    labels = {text.get_text() for text in ax.get_legend().get_texts()}
    lines = {line.get_label(): line for line in ax.get_lines()}
    return {name: lines[name] for name in lines if name in labels}


def thin(ax):
    """The lines of single runs."""
    return [line for line in ax.get_lines() if line.get_linewidth() == 0.7]


def test_gap(draw):
    train, valid = RNG.uniform(size=(3, 5)), RNG.uniform(1, 2, size=(3, 5))
    ax = draw(figures.plot_gap, train, valid, "loss (nats)", [2, 5, 1])
    drawn = named(ax)
    assert set(drawn) == {"training", "validation", "best epoch"}
    for name, runs in (("training", train), ("validation", valid)):
        assert drawn[name].get_xdata().tolist() == [1, 2, 3, 4, 5]
        np.testing.assert_array_equal(
            drawn[name].get_ydata(), np.median(runs, axis=0)
        )
    for line, run in zip(thin(ax), [*train, *valid], strict=True):
        np.testing.assert_array_equal(line.get_ydata(), run)
    dots = drawn["best epoch"]
    assert dots.get_xdata().tolist() == [2, 5, 1]
    assert [*dots.get_ydata()] == [valid[0, 1], valid[1, 4], valid[2, 0]]
    assert drawn["training"].get_color() != drawn["validation"].get_color()
    assert drawn["training"].get_linestyle() == "--"  # as in plot_runs
    assert drawn["validation"].get_linestyle() == "-"
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("epoch", "loss (nats)")


def test_gap_without_a_choice(draw):
    ax = draw(figures.plot_gap, [[1.0, 2.0]], [[3.0, 4.0]], "accuracy")
    assert set(named(ax)) == {"training", "validation"}


def test_loss_of_one(draw):
    margins = [-20.0, -1.0, 0.0, 3.0]
    ax = draw(figures.plot_loss_of_one, margins)
    loss, errors = named(ax).values()
    want = np.log1p(np.exp(-np.array(margins)))
    np.testing.assert_allclose(loss.get_ydata(), want)
    assert errors.get_ydata().tolist() == [1, 1, 0, 0]
    assert "nats" in ax.get_xlabel()


def test_margins(draw):
    margins = {
        "best": [[-1.5, 0.5, 0.9, 2.2], [0.1, 0.2, 0.3, 0.4]],
        "last": [[-2.5, 2.5, 2.5, 2.5]],
    }
    weights = {
        "best": [[1.0, 2.0, 3.0, 4.0], [1.0, 1.0, 1.0, 1.0]],
        "last": [[0.5, 0.1, 0.1, 0.1]],
    }
    ax = draw(figures.plot_margins, margins, weights, "loss (nats)")
    drawn = named(ax)
    assert set(drawn) == {"best", "last"}
    # Bins from -3 to 3, one nat wide, drawn over their middles.
    middles = [-2.5, -1.5, -0.5, 0.5, 1.5, 2.5]
    assert drawn["best"].get_xdata().tolist() == middles
    assert drawn["best"].get_ydata().tolist() == [0, 0.5, 0, 4.5, 0, 2]
    np.testing.assert_allclose(
        drawn["last"].get_ydata(), [0.5, 0, 0, 0, 0, 0.3]
    )
    rows = [line.get_ydata().tolist() for line in thin(ax)]
    assert rows[:2] == [[0, 1, 0, 5, 0, 4], [0, 0, 0, 4, 0, 0]]
    assert drawn["best"].get_color() == BEST
    assert drawn["last"].get_color() == LAST
    assert ax.get_ylabel() == "loss (nats)"


def test_margins_of_networks_that_say_nothing(draw):
    ax = draw(
        figures.plot_margins, {"last": [[0.0] * 4]}, {"last": [[1.0] * 4]}, "a"
    )
    assert named(ax)["last"].get_ydata().tolist() == [0, 4]


def test_reliability(draw):
    tables = [
        Reliability(np.array([0.6, 0.9]), np.array([0.5, 1.0]), np.array(count))
        for count in ([1, 3], [2, 2])
    ]
    ax = draw(figures.plot_reliability, {"best": tables, "last": tables[:1]})
    (diagonal,) = ax.get_lines()
    assert [*diagonal.get_xdata()] == [*diagonal.get_ydata()] == [0.5, 1]
    best, last = ax.collections
    assert best.get_offsets().tolist() == [[0.6, 0.5], [0.9, 1.0]] * 2
    assert last.get_offsets().tolist() == [[0.6, 0.5], [0.9, 1.0]]
    assert to_hex(best.get_facecolor()[0]) == BEST.lower()
    assert to_hex(last.get_facecolor()[0]) == LAST.lower()
    sizes = best.get_sizes()
    assert sizes[0] < sizes[2] == sizes[3] < sizes[1]


@pytest.mark.usefixtures("only_draws")
def test_reliability_of_more_classes():
    table = Reliability(np.array([0.3]), np.array([0.5]), np.array([1]))
    ax = figures.plot_reliability({"last": [table]}, least=0.25)
    assert [*ax.get_lines()[0].get_xdata()] == [0.25, 1]


def test_scales(draw):
    losses = {"training": [[3.0, 2.0, 1.0]], "unseen": [[3.0, 1.0, 4.0]] * 2}
    ax = draw(figures.plot_scales, [0.5, 1.0, 2.0], losses)
    drawn = named(ax)
    assert set(drawn) == {"training", "unseen"}
    assert drawn["unseen"].get_xdata().tolist() == [0.5, 1.0, 2.0]
    assert drawn["unseen"].get_ydata().tolist() == [3.0, 1.0, 4.0]
    assert len(thin(ax)) == 3
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "log")


@pytest.mark.parametrize("level", [None, 0.4])
def test_best_and_last(draw, level):
    scores = {
        "dropout 0.30": {"best": [0.1, 0.2, 0.6], "last": [0.3]},
        "dropout 0.60": {"best": [0.5, 0.7]},
    }
    ax = draw(figures.plot_best_and_last, scores, "test loss (nats)", level)
    assert [label.get_text() for label in ax.get_yticklabels()] == [*scores]
    dots = [line for line in ax.get_lines() if line.get_linestyle() == "None"]
    assert [dot.get_xdata().tolist() for dot in dots] == [
        [0.1, 0.2, 0.6], [0.3], [0.5, 0.7],
    ]  # fmt: skip
    assert [dot.get_color() for dot in dots] == [BEST, LAST, BEST]
    assert len({dot.get_ydata()[0] for dot in dots}) == 3
    assert [round(dot.get_ydata()[0]) for dot in dots] == [0, 0, 1]
    medians = [bars.get_segments()[0][0, 0] for bars in ax.collections]
    assert medians == [0.2, 0.3, pytest.approx(0.6)]
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert labels == ["best", "last"]
    levels = [line for line in ax.get_lines() if line.get_linestyle() == ":"]
    assert [line.get_xdata()[0] for line in levels] == [level] * bool(level)
    low, high = ax.get_ylim()
    assert low > high  # the first setting on top
