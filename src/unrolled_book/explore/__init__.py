"""Figures that the reader can touch, one for each chapter.

A figure shows the chapter's own numbers at the start. Python draws all of it;
in the page, its script computes the numbers anew from the reader's settings and
changes the paths and the numbers of that drawing, and nothing else.
"""

from unrolled_book.explore.bench import intervention_bench
from unrolled_book.explore.chunk import chunk_and_window
from unrolled_book.explore.costs import what_it_costs
from unrolled_book.explore.count import parameter_count
from unrolled_book.explore.ends import two_ends
from unrolled_book.explore.kick import kick_and_control
from unrolled_book.explore.memory import memory_or_gradient
from unrolled_book.explore.optimisers import three_optimisers
from unrolled_book.explore.runs import all_runs
from unrolled_book.explore.sandbox import gate_sandbox
from unrolled_book.explore.step import one_step
from unrolled_book.explore.table import error_times_use
from unrolled_book.explore.temperature import loud_not_wrong

__all__ = [
    "all_runs",
    "chunk_and_window",
    "error_times_use",
    "gate_sandbox",
    "intervention_bench",
    "kick_and_control",
    "loud_not_wrong",
    "memory_or_gradient",
    "one_step",
    "parameter_count",
    "three_optimisers",
    "two_ends",
    "what_it_costs",
]
