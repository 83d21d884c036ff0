"""Every figure of the book: ``plot_*(data, *, ax=None) -> Axes``.

Figures take their look from ``plt.style.use("unrolled.unrolled")``; nothing
here changes matplotlib's settings or shows a figure. One file holds the figures
of one subject.
"""

from unrolled.plots.cell_diagram import plot_cell
from unrolled.plots.forward import (
    plot_gates,
    plot_nudges,
    plot_predictions,
    plot_prices,
    plot_squashing,
    plot_states,
)
from unrolled.plots.palette import COLORS, GATE_NAMES
from unrolled.plots.training import (
    plot_forecasts,
    plot_learning_rates,
    plot_losses,
    plot_training_loop,
)

__all__ = [
    "COLORS",
    "GATE_NAMES",
    "plot_cell",
    "plot_forecasts",
    "plot_gates",
    "plot_learning_rates",
    "plot_losses",
    "plot_nudges",
    "plot_predictions",
    "plot_prices",
    "plot_squashing",
    "plot_states",
    "plot_training_loop",
]
