"""Chapter 6: which pairs of an error and a step survive truncation."""

from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any

from unrolled_book.explore.drawing import (
    Numbers,
    Panel,
    drawing,
    element,
    fixed,
    join,
    legend,
    say,
    table,
    text,
    trace,
)
from unrolled_book.explore.page import Control, Explorable, State

GRID = Panel("grid", (0, 1), (1, 0), (62, 32, 362, 332))
"""From the first step to the last, as parts of the sequence."""
TOLD = {
    "pairs": "pairs kept, of error and step",
    "all": "pairs in all",
    "share": "share kept of a long sequence, by the rule",
    "cost": "steps back for each step forward",
}


def chunk_and_window(T: int, k1: int, k2: int, f: float) -> Explorable:
    """Show the pairs that a scheme of truncation keeps, and what it costs.

    Args:
        T: steps of the sequence to begin with.
        k1, k2: after how many steps to go back, and how many.
        f: the forget gate, by which an error counts less for each step back.

    Chapter: 06_truncated.
    """
    return Explorable(
        name="chunk",
        alt=(
            "Square with a row for each error and a column for each step. Of "
            "the triangle of all pairs, those that the scheme keeps are red: "
            "a band along the diagonal, or small triangles on it."
        ),
        controls=(
            Control("k1", "go back after k₁ steps", k1, 1, 100, 1),
            Control("k2", "through k₂ steps", k2, 1, 100, 1),
            Control("f", "forget gate f", f, 0.01, 0.99),
            Control("T", "steps T of the sequence", T, 1, 200, 1),
        ),
        data={},
        numbers=numbers,
        draw=draw,
    )


def reaches(T: int, k1: int, k2: int) -> Iterator[tuple[int, int]]:
    """Run a sequence as the chapter's `stream` does, and count.

    Each error that is used comes with how many steps it reaches.
    """
    recent: deque[int] = deque(maxlen=k2)
    for t in range(T):
        recent.append(t)
        if (t + 1) % k1 == 0:
            for s in list(recent)[-k1:]:
                yield s, sum(u <= s for u in recent)


def numbers(state: State, data: Mapping[str, Any]) -> Numbers:
    """Count pairs, and what is kept of a gradient in a long sequence."""
    T, k1, k2 = (int(state[name]) for name in ("T", "k1", "k2"))
    found = dict(reaches(T, k1, k2))
    # The last pass of a sequence that is long enough for all of k2.
    long = k1 * (1 + -(-k2 // k1))
    last = [r for s, r in reaches(long, k1, k2) if s >= long - k1]
    return {
        "reach": [found.get(s, 0) for s in range(T)],
        "pairs": sum(found.values()),
        "all": T * (T + 1) // 2,
        "share": sum(1 - state["f"] ** r for r in last) / k1,
        "cost": k2 / k1,
    }


def draw(state: State, found: Numbers) -> str:
    """Draw the pairs, and the table of what is kept and paid."""
    T = len(found["reach"])
    kept = ""
    for s, reach in enumerate(found["reach"]):
        if reach:
            ends = ((s + 1 - reach) / T, (s + 1) / T)
            kept += GRID.band(ends, (s / T,) * 2, ((s + 1) / T,) * 2)
    triangle = join((62, 362, 62), (32, 332, 332)) + "Z"
    parts = [
        GRID.axes({}, {}, "error of a step (down), a step it reaches (across)"),
        element("path", d=triangle, look="lost"),
        trace("kept", kept, look="positive"),
        legend(300, 60, "kept", "gradient"),
        legend(300, 82, "lost", "hair"),
        text(56, 44, "first", look="tick end"),
        text(56, 332, "last", look="tick end"),
        text(62, 350, "first", look="tick"),
        text(362, 350, "last", look="tick end"),
    ]
    digits = {"share": 4, "cost": 2}
    rows = {
        words: [say(name, fixed(found[name], digits.get(name, 0)), "td")]
        for name, words in TOLD.items()
    }
    return drawing(358, *parts) + table(rows)
