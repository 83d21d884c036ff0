"""The figures of free running show what they are given."""

import numpy as np
import pytest
from matplotlib.colors import same_color
from matplotlib.text import Annotation

from unrolled_book import figures
from unrolled_book.figures.free_running import FOUR_DEGREES, OWN, TRUTH


def test_reads(draw):
    ways = {"truth": [0, 0, 0, 0], "alone": [0, 0, 1, 1]}
    ax = draw(figures.plot_reads, ways)
    words = [text.get_text() for text in ax.texts]
    assert [word for word in words if word in ways] == [*ways]
    filled = [same_color(c.get_facecolor(), OWN) for c in ax.patches]
    assert filled == [False] * 4 + [False, False, True, True]
    from_truth = [
        text
        for text in ax.texts
        if isinstance(text, Annotation)
        and same_color(text.arrow_patch.get_edgecolor(), TRUTH)
    ]
    assert len(from_truth) == 6  # one for each step that reads it


def test_drift(draw):
    truth, runs = np.arange(6.0), {"one": [[1.0, 2], [3, 4]], "two": [[5.0, 6]]}
    ax = draw(figures.plot_drift, truth, runs, 4)
    lines = ax.get_lines()
    assert lines[0].get_ydata().tolist() == truth.tolist()
    assert lines[0].get_xdata().tolist() == [1, 2, 3, 4, 5, 6]
    assert [line.get_ydata().tolist() for line in lines[1:4]] == [
        [1, 2],
        [3, 4],
        [5, 6],
    ]
    assert all(line.get_xdata().tolist() == [5, 6] for line in lines[1:4])
    assert lines[4].get_xdata() == [4.5, 4.5]
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert labels == ["truth", "one", "two"]


def test_paired(draw):
    five = np.array([1.0, 2, 3, 4, 5])
    ax = draw(figures.plot_paired, {"up": five, "none": -five}, "error")
    bars = [c.get_segments()[0] for c in ax.collections]
    half = FOUR_DEGREES * np.sqrt(2.5 / 5)
    assert bars[0].tolist() == [[3 - half, 0], [3 + half, 0]]
    assert bars[1].tolist() == [[-3 - half, 1], [-3 + half, 1]]
    dots = [line for line in ax.get_lines() if line.get_marker() == "o"]
    assert [dot.get_xdata().tolist() for dot in dots] == [[*five], [*-five]]
    names = [text.get_text() for text in ax.get_yticklabels()]
    assert names == ["up", "none"]


def test_the_interval_holds_the_mean_as_often_as_it_says():
    """Of normal differences whose true mean is 0."""
    draws = np.random.default_rng(0).normal(size=(20_000, 5))
    half = FOUR_DEGREES * draws.std(axis=1, ddof=1) / np.sqrt(5)
    share = np.mean(np.abs(draws.mean(axis=1)) < half)
    assert share == pytest.approx(0.95, abs=0.006)
