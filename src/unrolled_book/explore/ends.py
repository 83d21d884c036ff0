"""Chapter 8: what lies between forgetting one end and knowing both."""

from collections.abc import Mapping, Sequence

import numpy as np

from unrolled_book.explore.drawing import (
    Numbers,
    Panel,
    drawing,
    fixed,
    join,
    legend,
    line,
    say,
    table,
    trace,
)
from unrolled_book.explore.page import Control, Explorable, State

PLANE = Panel("plane", (-3, 3), (-3, 3), (44, 52, 234, 242))
SCALE = Panel("scale", (0, 1), (50, 100), (296, 52, 470, 242))
SHARES = [k / 50 for k in range(51)]
"""Where the accuracy is drawn."""
DOT = "stroke-width: 5; stroke-linecap: round"


def two_ends(
    a: Sequence[float], b: Sequence[float], blur: Sequence[float]
) -> Explorable:
    """Show how often a network is right that knows a part of the first number.

    Of a it knows ``k = s a + sqrt(s (1 - s)) blur``, its best guess from a
    share s of the variance. It answers by the sign of ``b + w k``.

    Args:
        a, b: the two ends of some sequences, normal and independent.
        blur: what is mixed into a, normal too.

    Chapter: 08_thirty_steps.
    """
    return Explorable(
        name="ends",
        alt=(
            "Two charts. At the left, sequences as points of their first and "
            "their last number, marked where the answer is wrong. At the "
            "right, the share of right answers against the share of the first "
            "number that is kept."
        ),
        controls=(
            Control("s", "share of a kept, s", 0, 0, 1),
            Control("w", "weight of the memory, w", 1, 0, 6, 0.1),
        ),
        data={"a": a, "b": b, "blur": blur},
        numbers=numbers,
        draw=draw,
    )


def numbers(state: State, data: Mapping[str, Sequence[float]]) -> Numbers:
    """Answer all sequences, and say how often one expects to be right."""
    s, w = state["s"], state["w"]
    a, b, blur = (np.array(data[name]) for name in ("a", "b", "blur"))
    known = s * a + np.sqrt(s * (1 - s)) * blur
    is_right = (b + w * known > 0) == (a + b > 0)
    return {
        "expected": expected(s, w),
        "counted": 100 * is_right.mean().item(),
        "curve": [expected(share, w) for share in SHARES],
        "a": a.tolist(),
        "b": b.tolist(),
        "right": is_right.astype(int).tolist(),
    }


def expected(s: float, w: float) -> float:
    """Return the share of right answers, in %, by Sheppard's formula."""
    r = (1 + w * s) / np.sqrt(2 * (1 + w * w * s))
    return float(50 + 100 * np.arcsin(min(r, 1.0)) / np.pi)


def dots(found: Numbers, right: int) -> str:
    """Write a dot for each sequence that is answered right, or wrong."""
    points = zip(found["a"], found["b"], found["right"], strict=True)
    return "".join(
        f"{join([PLANE.across(a)], [PLANE.up(b)])}h0"
        for a, b, this in points
        if this == right
    )


def draw(state: State, found: Numbers) -> str:
    """Draw the sequences, the scale, and the table of both shares."""
    ticks = {-3: "−3", 0: "0", 3: "3"}
    best = SCALE.curve(SHARES, [expected(share, 1) for share in SHARES])
    s, (low, high) = state["s"], SCALE.y
    here = join([SCALE.across(s)], [SCALE.up(found["expected"])])
    parts = [
        legend(44, 12, "right", "plain"),
        legend(122, 12, "wrong", "gradient"),
        legend(296, 12, "weight 1", "plain dashed"),
        PLANE.axes(ticks, ticks, "last number b", "first number a"),
        SCALE.axes(
            {0: "0", 0.5: "0.5", 1: "1"},
            {50: "50", 75: "75", 100: "100"},
            "right answers, in %",
            "share s",
        ),
        line(44, 52, 234, 242, look="hair"),
        trace("right", dots(found, 1), look="plain", style=DOT),
        trace("wrong", dots(found, 0), look="gradient", style=DOT),
        line(296, 147, 470, 147, look="flow dashed"),
        f'<path d="{best}" class="plain dashed"></path>',
        trace("scale", SCALE.curve(SHARES, found["curve"]), look="h"),
        trace("share", SCALE.curve((s, s), (low, high)), look="flow dashed"),
        trace("here", f"{here}h0", look="h", style=f"{DOT}; stroke-width: 9"),
    ]
    rows = {
        "right answers, in %": [
            say("expected", fixed(found["expected"], 2), "td"),
            say("counted", fixed(found["counted"], 1), "td"),
        ]
    }
    columns = ("expected", f"of these {len(found['a'])}")
    return drawing(284, *parts) + table(rows, columns)
