"""Every figure of the book: ``plot_*(data, *, ax=None) -> Axes``.

Figures take their look from ``plt.style.use("unrolled.unrolled")``; nothing
here changes matplotlib's settings or shows a figure. One file holds the figures
of one subject.
"""

from unrolled.plots.beyond import plot_costs, plot_reading
from unrolled.plots.bptt import (
    plot_bug_losses,
    plot_cell_paths,
    plot_contributions,
    plot_walks_back,
)
from unrolled.plots.cell_diagram import plot_cell
from unrolled.plots.confidence import plot_margins, plot_reliability
from unrolled.plots.forward import (
    plot_gates,
    plot_nudges,
    plot_predictions,
    plot_prices,
    plot_squashing,
    plot_states,
)
from unrolled.plots.free_running import plot_drift, plot_paired, plot_reads
from unrolled.plots.gates import (
    plot_gate_pairs,
    plot_signal,
    plot_unit_bands,
    plot_units,
)
from unrolled.plots.network import (
    plot_epochs,
    plot_stack,
    plot_tags,
    plot_wiring,
)
from unrolled.plots.overfitting import (
    plot_best_and_last,
    plot_gap,
    plot_loss_of_one,
    plot_scales,
)
from unrolled.plots.palette import CELL_LOOKS, COLORS, GATE_NAMES
from unrolled.plots.recurrent import (
    plot_cliff,
    plot_shrinking,
    plot_two_runs,
    plot_unrolled,
    plot_wall,
)
from unrolled.plots.runs import plot_groups, plot_runs
from unrolled.plots.seeds import plot_seeds
from unrolled.plots.thirty_steps import (
    plot_crossings,
    plot_lengths,
    plot_two_ends,
)
from unrolled.plots.training import (
    plot_forecasts,
    plot_learning_rates,
    plot_losses,
    plot_training_loop,
)
from unrolled.plots.truncation import (
    plot_memory,
    plot_pairs,
    plot_truncation,
    plot_windows,
)

__all__ = [
    "CELL_LOOKS",
    "COLORS",
    "GATE_NAMES",
    "plot_best_and_last",
    "plot_bug_losses",
    "plot_cell",
    "plot_cell_paths",
    "plot_cliff",
    "plot_contributions",
    "plot_costs",
    "plot_crossings",
    "plot_drift",
    "plot_epochs",
    "plot_forecasts",
    "plot_gap",
    "plot_gate_pairs",
    "plot_gates",
    "plot_groups",
    "plot_learning_rates",
    "plot_lengths",
    "plot_loss_of_one",
    "plot_losses",
    "plot_margins",
    "plot_memory",
    "plot_nudges",
    "plot_paired",
    "plot_pairs",
    "plot_predictions",
    "plot_prices",
    "plot_reading",
    "plot_reads",
    "plot_reliability",
    "plot_runs",
    "plot_scales",
    "plot_seeds",
    "plot_shrinking",
    "plot_signal",
    "plot_squashing",
    "plot_stack",
    "plot_states",
    "plot_tags",
    "plot_training_loop",
    "plot_truncation",
    "plot_two_ends",
    "plot_two_runs",
    "plot_unit_bands",
    "plot_units",
    "plot_unrolled",
    "plot_walks_back",
    "plot_wall",
    "plot_windows",
    "plot_wiring",
]
