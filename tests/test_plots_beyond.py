"""The figures of an LSTM beside a Transformer show the data they are given."""

import numpy as np
from matplotlib.colors import to_rgb
from matplotlib.patches import FancyArrowPatch

from unrolled_book import figures

GREY = to_rgb(figures.COLORS["x"])


def test_reading(draw):
    sees = np.array([[1, 0, 0], [1, 1, 0], [0, 1, 1]])
    ax = draw(figures.plot_reading, sees, True)
    lines = [tuple(line.get_xdata()) for line in ax.get_lines()]
    assert lines == [(s, t) for t, s in np.argwhere(sees)]
    arrows = [p for p in ax.patches if isinstance(p, FancyArrowPatch)]
    assert len(arrows) == 2
    assert [text.get_text() for text in ax.texts] == [
        "$x_1$",
        "$x_2$",
        "$x_3$",
    ]


def test_reading_without_waiting(draw):
    ax = draw(figures.plot_reading, np.tri(4), False)
    assert len(ax.get_lines()) == 10
    assert not [p for p in ax.patches if isinstance(p, FancyArrowPatch)]


def test_costs(draw):
    costs = {
        "LSTM": {16: 0.5, 64: 2.0},
        "Transformer, cache": {16: 1.0, 64: 1.5, 256: 3.0},
        "Transformer, no cache": {16: 2.0, 64: 9.0},
    }
    labels = ("tokens n", "seconds")
    ax = draw(figures.plot_costs, costs, labels, {"crossing": 40.0})
    drawn = {line.get_label(): line for line in ax.get_lines()}
    for name, row in costs.items():
        np.testing.assert_array_equal(drawn[name].get_xydata(), [*row.items()])
        color, marker = figures.CELL_LOOKS[name.partition(",")[0]]
        assert drawn[name].get_color() == color
        assert drawn[name].get_marker() == marker
    two = [drawn[name] for name in costs if name[0] == "T"]
    assert two[0].get_linestyle() != two[1].get_linestyle()
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "log")
    assert (ax.get_xlabel(), ax.get_ylabel()) == labels
    assert [text.get_text() for text in ax.texts] == ["crossing"]
    shown = [text.get_text() for text in ax.get_legend().get_texts()]
    assert shown == list(costs)
