"""The figures of gates and states show the data they are given."""

import numpy as np
import pytest
from matplotlib.colors import to_rgba

from unrolled_book import figures
from unrolled_book.figures.gates import _apart

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("gate", "ifgo")
def test_units(draw, gate):
    values = RNG.uniform(size=(9, 5))
    ax = draw(figures.plot_units, gate, values)
    assert len(ax.get_lines()) == 5
    for line, column in zip(ax.get_lines(), values.T, strict=True):
        assert list(line.get_xdata()) == [*range(1, 10)]
        np.testing.assert_array_equal(line.get_ydata(), column)
        assert line.get_color() == figures.COLORS[gate]
    assert [text.get_text() for text in ax.texts] == [*"12345"]
    for text, end in zip(ax.texts, values[-1], strict=True):
        assert text.xy == (9, end)  # where the number's small line leads
    assert ax.get_ylabel() == figures.GATE_NAMES[gate]
    assert ax.get_ylim()[0] < (-1 if gate == "g" else 0)


def test_names_do_not_touch():
    for places in (RNG.uniform(size=8), np.zeros(8), np.linspace(0, 1, 8)):
        moved = _apart(places, 0.1)
        assert np.diff(np.sort(moved)).min() > 0.1 - 1e-9
        order = np.argsort(places, kind="stable")
        assert (np.diff(moved[order]) > 0).all()
        assert moved.mean() == pytest.approx(places.mean())
    wide = np.array([0.9, 0.1, 0.5])
    np.testing.assert_allclose(_apart(wide, 0.1), wide)


def test_unit_bands(draw):
    bands = {"a": RNG.uniform(size=(50, 6)), "b": RNG.uniform(size=(40, 6))}
    single = RNG.uniform(size=6)
    ax = draw(figures.plot_unit_bands, "f", bands, single)
    *lines, dotted = ax.get_lines()
    for line, band, (name, values) in zip(
        lines, ax.collections, bands.items(), strict=True
    ):
        assert line.get_label() == name
        np.testing.assert_allclose(line.get_ydata(), values.mean(axis=0))
        low, high = np.percentile(values, [10, 90], axis=0)
        edge = band.get_paths()[0].vertices
        assert {*low, *high} <= {*edge[:, 1]}
    np.testing.assert_array_equal(dotted.get_ydata(), single)
    colors = [line.get_color() for line in lines]
    assert colors == [figures.COLORS["f"], figures.COLORS["x"]]


def test_a_band_alone(draw):
    ax = draw(figures.plot_unit_bands, "g", {"a": RNG.uniform(-1, 1, (5, 3))})
    assert len(ax.get_lines()) == 1
    assert ax.get_ylim()[0] < -1


def test_gate_pairs(draw):
    pairs = {n: (RNG.uniform(size=7), RNG.uniform(size=7)) for n in "abc"}
    ax = draw(figures.plot_gate_pairs, ("f", "o"), pairs)
    looks = set()
    for line, (name, (one, other)) in zip(
        ax.get_lines(), pairs.items(), strict=True
    ):
        assert line.get_label() == name
        np.testing.assert_array_equal(line.get_xdata(), one)
        np.testing.assert_array_equal(line.get_ydata(), other)
        assert line.get_linestyle() == "None"
        looks.add((line.get_color(), line.get_marker()))
    assert len(looks) == 3
    assert ax.get_xlabel() == figures.GATE_NAMES["f"]
    assert ax.get_ylabel() == figures.GATE_NAMES["o"]


def test_a_pair_with_the_candidate_has_room_below_zero(draw):
    pair = {"a": ([-0.9, 0.9], [0.1, 0.9])}
    ax = draw(figures.plot_gate_pairs, ("g", "o"), pair)
    assert (ax.get_xlim(), ax.get_ylim()) == ((-1, 1), (0, 1))


def test_seeds(draw):
    curves = {n: RNG.normal(size=(5, 4)) for n in "abcd"}
    curves["b"] = curves["b"][:1]  # one seed: no thin lines
    x = [0, 2, 3, 9]
    ax = draw(figures.plot_seeds, x, curves, ("k", "share"), {"half": 0.5})
    lines = iter(ax.get_lines())
    looks = set()
    for name, rows in curves.items():
        thin = [next(lines) for _ in rows] if len(rows) > 1 else []
        thick = next(lines)
        for line, row in zip(thin, rows if thin else [], strict=True):
            np.testing.assert_array_equal(line.get_ydata(), row)
            assert line.get_linewidth() < thick.get_linewidth()
            assert line.get_color() == thick.get_color()
        np.testing.assert_array_equal(thick.get_xdata(), x)
        np.testing.assert_allclose(thick.get_ydata(), np.median(rows, axis=0))
        assert thick.get_label() == name
        looks.add((thick.get_color(), thick.get_linestyle()))
    assert len(looks) == 4
    level = next(lines)
    assert list(level.get_ydata()) == [0.5, 0.5]
    assert [text.get_text() for text in ax.texts] == ["half"]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("k", "share")
    assert next(lines, None) is None


def test_seeds_in_given_colors(draw):
    curves = {n: RNG.normal(size=(2, 3)) for n in "ab"}
    ax = draw(figures.plot_seeds, [1, 2, 3], curves, ("", ""), None, "fi")
    thick = [line for line in ax.get_lines() if line.get_label() in curves]
    colors = [line.get_color() for line in thick]
    assert colors == [figures.COLORS["f"], figures.COLORS["i"]]


def test_signal(only_draws):
    c, signal = RNG.normal(size=(4, 6)), np.array([-2.0, -1e-9, 1.0, 0.5])
    ax = figures.plot_signal(c, signal, "s")
    for line, row in zip(ax.get_lines(), c, strict=True):
        np.testing.assert_array_equal(line.get_ydata(), row)
        assert list(line.get_xdata()) == [*range(1, 7)]
    colors = [to_rgba(line.get_color()) for line in ax.get_lines()]
    red, _, blue, _ = colors[0]
    assert blue > red  # purple below 0
    red, _, blue, _ = colors[2]
    assert red > blue  # orange above
    assert len({*colors}) == 4
    bar = ax.figure.axes[1]
    assert bar.get_ylabel() == "s"
    assert bar.get_ylim() == (-2, 2)  # as much below 0 as above
