"""The plain RNN's figures show the data that they are given."""

from itertools import combinations

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib import pyplot as plt

from unrolled_book import figures

STATES, INPUTS = [0.0, 0.6640, 0.1951, 0.5195], [1.0, -0.5, 0.5]
GRADIENTS = [-0.5468, -0.6316, -0.9611]


def texts(ax):
    return [text.get_text() for text in ax.texts]


def by_label(ax):
    return {line.get_label(): line for line in ax.lines}


def test_two_runs(draw):
    one, other = np.array([0.5, 0.25, 0.125]), np.array([-0.5, -0.25, 0.125])
    ax = draw(figures.plot_two_runs, one, other)
    assert [line.get_ydata().tolist() for line in ax.lines] == [
        one.tolist(),
        other.tolist(),
    ]
    assert ax.lines[0].get_xdata().tolist() == [1, 2, 3]
    assert ax.get_xlabel()
    assert ax.get_ylabel()


@pytest.mark.parametrize("back", [False, True])
def test_unrolled(draw, back):
    ax = draw(
        figures.plot_unrolled, STATES, INPUTS, GRADIENTS if back else None
    )
    shown = texts(ax)
    for name in ("$h_0$", "$h_3$", "$x_1$", "$x_3$", "loss $L$"):
        assert shown.count(name) == 1
    for number in ("0.6640", "0.1951", "0.5195", "−0.5"):
        assert shown.count(number) == 1
    assert shown.count("$u$") == shown.count("$w$") == 3
    red = [
        text.get_text()
        for text in ax.texts
        if text.get_color() == figures.COLORS["gradient"]
    ]
    assert red == ["−0.5468", "−0.6316", "−0.9611"] * back


@pytest.mark.parametrize("T", [2, 3, 4])
@pytest.mark.parametrize("back", [False, True])
def test_unrolled_has_room_for_its_texts(T, back):
    values = np.linspace(-0.87654, 0.4321, T + 1)
    with plt.style.context("unrolled_book.unrolled"):
        gradients = values[1:] if back else None
        ax = figures.plot_unrolled(values, values[1:], gradients)
        ax.figure.draw_without_rendering()
    boxes = [patch.get_window_extent() for patch in ax.patches]
    assert len(boxes) == 2 * T + 1
    for one, other in combinations(boxes, 2):
        assert not one.overlaps(other)
    outside = ("$u$", "$w$", "loss $L$", "")
    for text in ax.texts:
        extent = text.get_window_extent()
        inside = [
            box.x0 <= extent.x0
            and extent.x1 <= box.x1
            and box.y0 <= extent.y0
            and extent.y1 <= box.y1
            for box in boxes
        ]
        assert any(inside) == (text.get_text() not in outside)


def test_shrinking(draw):
    rng = np.random.default_rng(0)
    sizes = np.exp(rng.normal(size=(20, 7)))
    curves = {"one": sizes, "other": 2 * sizes}
    ax = draw(figures.plot_shrinking, curves, {"line": 0.5 ** np.arange(7)})
    lines = by_label(ax)
    assert [*lines] == ["one", "other", "line"]
    np.testing.assert_allclose(
        lines["other"].get_ydata(), 2 * np.median(sizes, axis=0)
    )
    assert lines["one"].get_xdata().tolist() == [1, 2, 3, 4, 5, 6, 7]
    assert ax.get_yscale() == "log"
    colors = {mpl.colors.to_hex(line.get_color()) for line in ax.lines}
    assert len(colors) == 3
    band = ax.collections[0].get_paths()[0].vertices[:, 1]
    assert band.min() == pytest.approx(np.percentile(sizes, 10, axis=0).min())
    assert band.max() == pytest.approx(np.percentile(sizes, 90, axis=0).max())


def test_shrinking_needs_no_lines(draw):
    ax = draw(figures.plot_shrinking, {"one": [[1.0, 0.5]]})
    assert [*by_label(ax)] == ["one"]


def test_cliff(draw):
    u, b = np.linspace(0, 2, 5), np.linspace(-1, 1, 4)
    loss = np.add.outer(b, u) ** 2
    path = np.array([[1.0, 0.0], [0.5, 0.5], [90.0, 90.0]])
    ax = draw(figures.plot_cliff, u, b, loss, {"a": path, "b": path[:2]})
    lines = by_label(ax)
    np.testing.assert_array_equal(lines["a"].get_xydata(), path)
    np.testing.assert_array_equal(lines["b"].get_xydata(), path[:2])
    # The map keeps its edges, whatever the descents do.
    assert ax.get_xlim() == (0, 2)
    assert ax.get_ylim() == (-1, 1)
    looks = {(lines[n].get_marker(), lines[n].get_linestyle()) for n in "ab"}
    assert len(looks) == 2


def test_cliff_without_descents(draw):
    ax = draw(figures.plot_cliff, [0, 1], [0, 1], [[0, 1], [2, 3]])
    assert not ax.lines
    assert ax.get_legend() is None


def test_wall(draw):
    ax = draw(figures.plot_wall, [0.0, 0.1, 0.2], [1.0, 0.0, 0.5])
    assert ax.lines[0].get_xdata().tolist() == [0.0, 0.1, 0.2]
    assert ax.lines[0].get_ydata().tolist() == [1.0, 0.0, 0.5]
