"""The figures of backpropagation through time show what they are given."""

import numpy as np
import pytest
from matplotlib.colors import to_hex

from unrolled_book import figures

TABLE = np.array([[0.0, 0, 0], [-0.24, 0.011, 0], [0.058, -0.0049, 0.1]])


def texts(ax):
    return [text.get_text() for text in ax.texts]


def arrows(ax):
    """Colour, start and end of each arrow."""
    return [
        (to_hex(text.arrow_patch.get_edgecolor()), text.xyann, text.xy)
        for text in ax.texts
        if getattr(text, "arrow_patch", None) is not None
    ]


@pytest.mark.parametrize("steps", [2, 3, 4])
def test_unrolled(draw, steps):
    ax = draw(figures.plot_walks_back, steps)
    for t in range(steps):
        for label in (f"$c_{t}$", f"$h_{t}$", f"error {t}", f"gates\nstep {t}"):
            assert texts(ax).count(label) == 1
    back = {
        name: [a for a in arrows(ax) if a[0] == figures.COLORS[name].lower()]
        for name in ("c", "h", "gradient")
    }
    counts = {name: len(found) for name, found in back.items()}
    assert counts == {"c": steps - 1, "h": steps - 1, "gradient": 5 * steps}
    for _, start, end in back["c"] + back["h"]:
        assert end[0] < start[0]  # towards the past
    handles = ax.get_legend().legend_handles
    assert [to_hex(line.get_color()) for line in handles] == [
        figures.COLORS["c"].lower(),
        figures.COLORS["h"].lower(),
    ]


def test_contributions(draw):
    ax = draw(figures.plot_contributions, TABLE)
    shown = {
        (round(text.get_position()[1]), round(text.get_position()[0])): text
        for text in ax.texts
    }
    written = {place: text.get_text() for place, text in shown.items()}
    assert written == {
        (0, 0): "0.0", (0, 3): "0.0",
        (1, 0): "−2.4", (1, 1): "0.1", (1, 3): "−2.3",
        (2, 0): "0.6", (2, 1): "0.0", (2, 2): "1.0", (2, 3): "1.5",
        (3, 0): "−1.8", (3, 1): "0.1", (3, 2): "1.0", (3, 3): "−0.8",
    }  # fmt: skip
    assert ax.get_title() == "contribution, in units of $10^{-1}$"
    assert shown[1, 0].get_color() == "white"
    assert shown[2, 0].get_color() == "black"
    assert shown[3, 0].get_color() == "black"
    assert ax.yaxis_inverted()
    labels = [label.get_text() for label in ax.get_xticklabels()]
    assert labels == ["0", "1", "2", "sum"]
    assert ax.get_xlabel() == "step t at which the weight is used"
    assert ax.get_ylabel() == "step s that errs"


def test_contributions_are_coloured_by_sign_and_size(draw):
    ax = draw(figures.plot_contributions, TABLE)
    (mesh,) = ax.collections
    values = mesh.get_array().reshape(4, 4)
    below = np.tril_indices(3)
    np.testing.assert_allclose(values[:3, :3][below], 10 * TABLE[below])
    assert values.mask.sum() == 16 - 6
    assert mesh.get_clim() == (-2.4, 2.4)
    assert to_hex(mesh.cmap(0.0)) == figures.COLORS["plain"].lower()
    assert to_hex(mesh.cmap(1.0)) == figures.COLORS["gradient"].lower()


def test_cell_paths(draw):
    rng = np.random.default_rng(0)
    names = ("o", "direct", "total", "g")
    norms = {name: rng.uniform(0.1, 2, (7, 5)) for name in names}
    norms["o"][:, 0] = 0.0
    ax = draw(figures.plot_cell_paths, norms)
    drawn = {line.get_label(): line for line in ax.get_lines()}
    assert list(drawn) == [
        "total derivative",
        "direct path",
        "by the candidate g",
        "by the output gate o",
    ]
    for name, line in zip(
        ("total", "direct", "g"), drawn.values(), strict=False
    ):
        np.testing.assert_array_equal(line.get_xdata(), [1, 2, 3, 4, 5])
        np.testing.assert_allclose(
            line.get_ydata(), np.median(norms[name], axis=0)
        )
    output = drawn["by the output gate o"]
    assert output.get_color() == figures.COLORS["o"]
    np.testing.assert_array_equal(output.get_xdata(), [2, 3, 4, 5])
    assert len(ax.collections) == 2
    top = ax.collections[0].get_paths()[0].vertices[:, 1].max()
    assert np.isclose(top, np.quantile(norms["total"], 0.9, axis=0).max())
    assert ax.get_yscale() == "log"
    assert ax.get_xlabel() == "steps back"


def test_bug_losses(draw):
    losses = {"right": [3.0, 2.0, 1.5], "wrong": [3.0, 2.5, 2.0]}
    ax = draw(figures.plot_bug_losses, losses)
    lines = ax.get_lines()
    assert {line.get_label(): [*line.get_ydata()] for line in lines} == losses
    looks = {(line.get_color(), line.get_linestyle()) for line in lines}
    assert len(looks) == 2
    assert ax.get_ylim()[0] == 0
    assert ax.get_ylabel() == "mean squared error"
