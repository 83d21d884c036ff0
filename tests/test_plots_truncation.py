"""The figures of truncation show the data they are given."""

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from unrolled_book import figures

RED = figures.COLORS["gradient"]
RNG = np.random.default_rng(0)


def arrows(ax):
    """Colour, tail and head of each arrow."""
    return [
        (text.arrow_patch.get_edgecolor()[:3], text.xyann, text.xy)
        for text in ax.texts
        if getattr(text, "arrow_patch", None)
    ]


@pytest.mark.parametrize("window", [1, 3, 6])
def test_truncation(draw, window):
    ax = draw(figures.plot_truncation, np.arange(6) >= 6 - window)
    filled = [box.get_facecolor()[:3] != (1, 1, 1) for box in ax.patches]
    assert filled == [False] * (6 - window) + [True] * window
    red = [a for a in arrows(ax) if a[0] == to_rgb(RED)]
    grey = [a for a in arrows(ax) if a[0] != to_rgb(RED)]
    # Forward through all steps, back through the kept, and the error itself.
    assert [(tail[0], head[0]) for _, tail, head in grey] == [
        (t, t + 1) for t in range(5)
    ]
    assert [(tail[0], head[0]) for _, tail, head in red] == [
        *[(t, t - 1) for t in range(7 - window, 6)],
        (5, 5),
    ]
    assert [t.get_text() for t in ax.texts if t.get_text()] == [
        *map(str, range(6)),
        "error",
    ]


def test_pairs(draw):
    kept = np.tri(4, dtype=bool) & ~np.tri(4, k=-2, dtype=bool)
    ax = draw(figures.plot_pairs, kept)
    image = ax.images[0].get_array()
    red = np.isclose(image, to_rgb(RED)).all(axis=2)
    white = (image == 1).all(axis=2)
    np.testing.assert_array_equal(red, kept)
    np.testing.assert_array_equal(white, ~np.tri(4, dtype=bool))
    assert ax.get_ylabel() == "error of step s"  # rows
    assert ax.get_xlabel() == "step u reached"


def test_memory(draw):
    held = {"a": [1e6, 2e6], "b": [3e6, 4e6], "c": [5e6, 5e6]}
    ax = draw(figures.plot_memory, [10, 20], held)
    assert [line.get_label() for line in ax.get_lines()] == [*held]
    for line, values in zip(ax.get_lines(), held.values(), strict=True):
        assert list(line.get_xdata()) == [10, 20]
        assert list(line.get_ydata()) == [value / 1e6 for value in values]
    looks = {(a.get_color(), a.get_linestyle()) for a in ax.get_lines()}
    assert len(looks) == 3
    assert "MB" in ax.get_ylabel()
    assert ax.get_ylim()[0] == 0


def test_windows(draw):
    values = {"a": RNG.uniform(size=(30, 5)), "b": RNG.uniform(size=(30, 9))}
    ax = draw(figures.plot_windows, values, "cosine")
    styles = {line.get_linestyle() for line in ax.get_lines()}
    assert len(styles) == 2
    for line, band, (label, draws) in zip(
        ax.get_lines(), ax.collections, values.items(), strict=True
    ):
        low, middle, high = np.percentile(draws, [10, 50, 90], axis=0)
        assert line.get_label() == label
        assert list(line.get_xdata()) == [*range(1, draws.shape[1] + 1)]
        np.testing.assert_array_equal(line.get_ydata(), middle)
        edge = band.get_paths()[0].vertices
        assert {*low, *high} <= {*edge[:, 1]}
    assert ax.get_ylabel() == "cosine"
    assert ax.get_xscale() == "log"
