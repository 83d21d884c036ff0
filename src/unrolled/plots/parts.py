"""Parts that several figures share."""

from matplotlib.axes import Axes


def legend_above(ax: Axes) -> None:
    """Put the legend above the axes, two entries in a row."""
    ax.legend(ncols=2, loc="lower center", bbox_to_anchor=(0.5, 1.0))
