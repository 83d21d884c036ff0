"""The colours of gates and states are theirs alone."""

import numpy as np
import pytest
from matplotlib.colors import to_hex, to_rgb

from unrolled_book import figures

OF_THE_CELL = {figures.COLORS[name].lower() for name in "ifgoh"}
CURVES = {"one": np.ones((2, 3)), "two": np.ones((2, 3))}
LINES = {"one": [0.1, 0.2], "two": [0.3, 0.4]}

OTHER_THINGS = {
    "plot_squashing": (np.linspace(-1, 1, 5),),
    "plot_training_loop": ({4, 5},),
    "plot_forecasts": ([1.0, 2.0], [3.0], {"like today": 2.0}),
    "plot_memory": ([1, 2], LINES),
    "plot_tags": ("ab", [0, 1], LINES),
    "plot_epochs": (CURVES, "bits", {"bound": 0.5}),
    "plot_contributions": (np.tri(3),),
}
"""Figures of what is neither a gate nor a state, with something to draw."""


def drawn_colors(ax):
    """The colours of all lines, boxes, markers and maps of a figure."""
    lines = ax.get_lines()
    found = [line.get_color() for line in lines]
    found += [line.get_markerfacecolor() for line in lines]
    patches = [text.get_bbox_patch() for text in ax.texts]
    found += [patch.get_edgecolor() for patch in patches if patch]
    for mesh in ax.collections:
        found += [mesh.cmap(0.0), mesh.cmap(1.0)]
    return {to_hex(color) for color in found if color != "none"}


def test_no_colour_stands_for_two_things():
    kinds = [color for color, _ in figures.CELL_LOOKS.values()]
    colors = [*map(to_rgb, [*figures.COLORS.values(), *kinds])]
    assert len(set(colors)) == len(colors)


@pytest.mark.parametrize("name", OTHER_THINGS)
def test_other_things_have_other_colours(draw, name):
    colors = drawn_colors(draw(getattr(figures, name), *OTHER_THINGS[name]))
    assert colors and not colors & OF_THE_CELL


def test_a_dropped_error_has_the_colour_of_its_state(draw):
    losses = {"right": [3.0], "drops δc": [3.0], "drops δh": [3.0]}
    lines = draw(figures.plot_bug_losses, losses).get_lines()
    expected = [figures.COLORS[name] for name in ("pale", "c", "h")]
    assert [line.get_color() for line in lines] == expected
