"""Every figure of the book: ``plot_*(data, *, ax=None) -> Axes``.

Figures take their look from ``plt.style.use("unrolled_book.unrolled")``;
nothing here changes matplotlib's settings or shows a figure. One file holds the
figures of one subject. Each draws into the Axes ``ax``, or without them into a
new figure.
"""

from unrolled_book.figures.beyond import plot_costs, plot_reading
from unrolled_book.figures.bptt import (
    plot_bug_losses,
    plot_cell_paths,
    plot_contributions,
    plot_walks_back,
)
from unrolled_book.figures.cell_diagram import plot_cell
from unrolled_book.figures.forward import (
    plot_gates,
    plot_predictions,
    plot_squashing,
    plot_states,
)
from unrolled_book.figures.free_running import (
    plot_drift,
    plot_paired,
    plot_reads,
)
from unrolled_book.figures.gates import (
    plot_gate_pairs,
    plot_signal,
    plot_unit_bands,
    plot_units,
)
from unrolled_book.figures.network import (
    plot_epochs,
    plot_stack,
    plot_tags,
    plot_wiring,
)
from unrolled_book.figures.one_weight import plot_chain, plot_nudges
from unrolled_book.figures.overfitting import (
    plot_best_and_last,
    plot_gap,
    plot_margins,
    plot_reliability,
    plot_scales,
)
from unrolled_book.figures.real_series import plot_forecasts
from unrolled_book.figures.shared import plot_groups, plot_runs, plot_seeds
from unrolled_book.figures.style import CELL_LOOKS, COLORS, GATE_NAMES
from unrolled_book.figures.thirty_steps import (
    plot_crossings,
    plot_lengths,
    plot_two_ends,
)
from unrolled_book.figures.training import (
    plot_learning_rates,
    plot_losses,
    plot_training_loop,
)
from unrolled_book.figures.truncated import (
    plot_memory,
    plot_pairs,
    plot_truncation,
    plot_windows,
)
from unrolled_book.figures.vanishing import (
    plot_cliff,
    plot_ellipses,
    plot_shrinking,
    plot_unrolled,
    plot_wall,
)
