"""The figures of the memory experiment show the data they are given."""

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from unrolled_book import figures

RNG = np.random.default_rng(0)
LOOKS = figures.CELL_LOOKS


def lines(ax, **wanted):
    """The lines of some look: colour, marker, thin or not."""
    return [
        line
        for line in ax.get_lines()
        if all(getattr(line, f"get_{k}")() == v for k, v in wanted.items())
    ]


def words(ax):
    return [text.get_text() for text in ax.texts]


def legend(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def test_two_ends(draw):
    points = np.array([[1, 2], [-1, 0.5], [-3, 4], [2, -2.5]])
    ax = draw(figures.plot_two_ends, points)
    ones, zeros = ax.get_lines()
    assert (ones.get_label(), zeros.get_label()) == ("answer 1", "answer 0")
    np.testing.assert_array_equal(ones.get_xydata(), points[[0, 2]])
    np.testing.assert_array_equal(zeros.get_xydata(), points[[1, 3]])
    assert words(ax).count("wrong") == 2
    assert words(ax).count("right") == 6


def test_a_sector_is_wrong_where_the_last_number_misleads(draw):
    ax = draw(figures.plot_two_ends, [[0.0, 1.0]])
    for wedge, text in zip(ax.patches, ax.texts, strict=True):
        a, b = text.get_position()
        is_wrong = (b > 0) != (a + b > 0)
        assert (text.get_text() == "wrong") == is_wrong
        assert (wedge.get_facecolor()[:3] != (1, 1, 1)) == is_wrong
        assert wedge.theta1 < np.degrees(np.arctan2(b, a)) % 360 < wedge.theta2


def test_runs(draw):
    curves = {
        "LSTM, forget bias 0": RNG.uniform(size=(3, 4)),
        "LSTM, forget bias 1": RNG.uniform(size=(2, 4)),
        "RNN": RNG.uniform(size=(1, 6)),
        "something": RNG.uniform(size=(2, 3)),
    }
    points = {"source B": [[1, 0.3], [4, 0.6]]}
    ax = draw(figures.plot_runs, curves, "epoch", "share", {"end": 0.7}, points)
    drawn = {line.get_label(): line for line in ax.get_lines()}
    for name, runs in curves.items():
        at = [*range(1, runs.shape[1] + 1)]
        assert list(drawn[name].get_xdata()) == at
        middle = np.median(runs, axis=0)
        np.testing.assert_array_equal(drawn[name].get_ydata(), middle)
        thin = [
            line.get_ydata()
            for line in lines(ax, linewidth=0.7, color=color_of(name))
            if line.get_linestyle() == drawn[name].get_linestyle()
        ]
        for run in runs:  # a single one is drawn once, thick
            is_thin = any(np.array_equal(run, line) for line in thin)
            assert is_thin == (len(runs) > 1)
    zero, one = (drawn[f"LSTM, forget bias {bias}"] for bias in (0, 1))
    assert zero.get_color() == one.get_color()
    assert zero.get_linestyle() != one.get_linestyle()
    assert drawn["RNN"].get_linestyle() == zero.get_linestyle()
    np.testing.assert_array_equal(
        drawn["source B"].get_xydata(), points["source B"]
    )
    assert legend(ax) == [*curves, *points]
    assert words(ax) == ["end"]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("epoch", "share")


def test_runs_that_start_before_the_first_epoch(only_draws):
    ax = figures.plot_runs({"a": [[1.0, 2.0]]}, "epoch", "share", start=0)
    assert list(ax.get_lines()[-1].get_xdata()) == [0, 1]


def color_of(name):
    return LOOKS.get(name.replace(",", "").split()[0], ("#000000",))[0]


def test_groups(draw):
    scores = {"RNN a": RNG.uniform(size=3), "GRU": RNG.uniform(size=5)}
    beside = {name: values / 2 for name, values in scores.items()}
    ax = draw(figures.plot_groups, scores, "share", {"end": 0.7}, beside)
    assert [t.get_text() for t in ax.get_yticklabels()] == [*scores]
    assert ax.yaxis_inverted()  # the first group is on top
    level, *dots = ax.get_lines()
    assert list(level.get_xdata()) == [0.7, 0.7]
    shown = {"none": {}, "filled": {}}
    for line in dots:
        kind = "none" if line.get_markerfacecolor() == "none" else "filled"
        row = round(line.get_ydata().mean())
        shown[kind][row] = line
    for row, name in enumerate(scores):
        color, marker = LOOKS[name.split()[0]]
        for kind, values in (("filled", scores), ("none", beside)):
            line = shown[kind][row]
            np.testing.assert_array_equal(line.get_xdata(), values[name])
            assert (line.get_color(), line.get_marker()) == (color, marker)
    bars = [bar.get_segments()[0][0, 0] for bar in ax.collections]
    assert bars == [np.median(values) for values in scores.values()]


def test_groups_without_a_second_score(draw):
    ax = draw(figures.plot_groups, {"LSTM": [0.2, 0.4]}, "share")
    (dots,) = ax.get_lines()
    assert list(dots.get_ydata()) == [0, 0]


def test_crossings(draw):
    ratios = {"RNN a": [1e-6, 1e-3], "RNN b": [0.1, 2.0], "LSTM": [0.5]}
    epochs = {"RNN a": [None, 30], "RNN b": [7, 9], "LSTM": [2]}
    ax = draw(figures.plot_crossings, ratios, epochs, 40)
    for line, name in zip(ax.get_lines(), ratios, strict=True):
        assert list(line.get_xdata()) == ratios[name]
        color, marker = LOOKS[name.split()[0]]
        assert (line.get_color(), line.get_marker()) == (color, marker)
        for height, epoch in zip(line.get_ydata(), epochs[name], strict=True):
            assert height == epoch or (epoch is None and height > 40)
    assert legend(ax) == ["RNN", "LSTM"]
    assert ax.get_xscale() == "log"
    ticks = [t.get_text() for t in ax.get_yticklabels()]
    assert ticks == ["0", "10", "20", "30", "40", "never"]
    assert ax.get_yticks()[-1] > 40
    assert ax.get_ylim()[1] > 40


def test_lengths(draw):
    scores = {
        "RNN": {30: [0.7, 0.8, 0.72], 10: [0.9]},
        "GRU": {10: [0.95, 0.97]},
    }
    ax = draw(figures.plot_lengths, scores, "share", {"end": 0.75})
    _, *shown = ax.get_lines()
    for name, by_length in scores.items():
        color, _ = LOOKS[name]
        own = [line for line in shown if line.get_color() == color]
        *dots, middles = own
        assert middles.get_label() == name
        assert list(middles.get_xdata()) == sorted(by_length)
        assert list(middles.get_ydata()) == [
            np.median(by_length[T]) for T in sorted(by_length)
        ]
        for line, T in zip(dots, sorted(by_length), strict=True):
            assert set(line.get_xdata()) == {T}
            assert list(line.get_ydata()) == by_length[T]
    assert [t.get_text() for t in ax.get_xticklabels()] == ["10", "30"]
    assert legend(ax) == ["RNN", "GRU"]


def test_lengths_of_two_starts_of_one_kind(only_draws):
    scores = {"GRU": {10: [0.9]}, "GRU, open": {10: [0.8]}, "RNN": {10: [0.7]}}
    ax = figures.plot_lengths(scores, "share")
    drawn = {line.get_label(): line for line in ax.get_lines()}
    usual, opened, other = (drawn[name] for name in scores)
    assert usual.get_color() == opened.get_color() != other.get_color()
    assert usual.get_linestyle() != opened.get_linestyle()
    assert usual.get_linestyle() == other.get_linestyle()


def test_the_colours_of_the_networks_differ_and_are_no_gate_s():
    colors = [color for color, _ in LOOKS.values()]
    assert len({to_rgb(color) for color in colors}) == len(LOOKS)
    assert len({marker for _, marker in LOOKS.values()}) == len(LOOKS)
    gates = {to_rgb(figures.COLORS[name]) for name in "ifgoch"}
    assert not gates & {to_rgb(color) for color in colors}


@pytest.mark.parametrize("ends", [3, 4, 5])
def test_points_far_out_are_inside(only_draws, ends):
    ax = figures.plot_two_ends([[ends, -ends]])
    assert ax.get_xlim()[1] >= ends
