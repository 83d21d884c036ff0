"""Chapter 4: which error asks which use of a weight for what."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from unrolled.by_hand import lstm, paths
from unrolled_book.explore.drawing import (
    Numbers,
    Panel,
    drawing,
    element,
    legend,
    line,
    power,
    say,
    short,
    table,
    text,
    trace,
)
from unrolled_book.explore.page import Control, Explorable, State

STEPS = range(1, 10)
WINDOWS = range(1, 10)
GRID = Panel("grid", (0.5, 9.5), (9.5, 0.5), (62, 32, 359, 329))
SUMS = Panel("sums", (0.7, 9.3), (-1, 1.5), (62, 396, 462, 496))
KINDS = {
    "up": "positive",
    "down": "negative",
    "up-out": "positive out",
    "down-out": "negative out",
}
"""The looks of the entries, by their sign and whether the window has them."""
TOLD = {
    "error": "error of step s",
    "arrives": "what arrives of it at c of step t",
    "by_gates": "what arrives by the forget gates alone",
    "use": "what the weight does to this c",
    "entry": "the entry, what arrives times use",
}
SUMMED = {
    "kept": "gradient with this window",
    "full": "gradient with all steps",
}


def error_times_use(
    x: ArrayLike, y: ArrayLike, params: Mapping[str, np.ndarray]
) -> Explorable:
    """Show the gradient of one weight, by the errors and by the uses.

    Args:
        x, y: inputs and targets of nine steps, (1, 9, 1).
        params: the weights of an LSTM of one unit.

    Chapter: 04_bptt.
    """
    return Explorable(
        name="table",
        alt=(
            "Triangular table of nine by nine squares, one for each error and "
            "each use of the weight before it; the larger the square, the "
            "larger the entry. Below, the gradient against the window."
        ),
        controls=(
            Control("window", "window, in steps", 9, 1, 9, 1),
            Control("s", "row: the error of step s", 3, 1, 9, 1),
            Control("t", "column: the use at step t", 3, 1, 9, 1),
        ),
        data={"x": np.ravel(x), "y": np.ravel(y), "params": dict(params)},
        numbers=numbers,
        draw=draw,
        needs=("lstm",),
    )


def numbers(state: State, data: Mapping[str, Any]) -> Numbers:
    """Split the gradient, and follow one error back to one use."""
    params = data["params"]
    x, y = (np.array(data[name])[None, :, None] for name in ("x", "y"))
    hs, caches = lstm.forward(x, params)
    errors = 2 * (hs - y)
    split = paths.contributions(errors, caches, params)
    entries = split["weight_ih"][:, :, 1, 0]
    back = np.subtract.outer(STEPS, STEPS)  # s − t
    s, t = int(state["s"]) - 1, int(state["t"]) - 1
    at = caches[t]
    dh, dc = errors[:, s], np.zeros((1, 1))
    for cache in caches[s:t:-1]:
        _, dh, dc, _ = lstm.cell_backward(dh, dc, cache, params)
    arrives = dc + dh * at.o * (1 - np.tanh(at.c) ** 2)
    by_gates = errors[:, s] * caches[s].o * (1 - np.tanh(caches[s].c) ** 2)
    for cache in caches[s:t:-1]:
        by_gates = by_gates * cache.f
    reaches = float(t <= s)
    return {
        "entries": entries.ravel().tolist(),
        "sums": [entries[back < window].sum().item() for window in WINDOWS],
        "error": errors[0, s].item(),
        "arrives": reaches * arrives.item(),
        "by_gates": reaches * by_gates.item(),
        "use": (at.c_prev * at.f * (1 - at.f) * at.x).item(),
        "entry": entries[s, t].item(),
    }


def squares(window: float, entries: Sequence[float]) -> dict[str, str]:
    """Write the path of all squares of each kind."""
    made = dict.fromkeys(KINDS, "")
    largest = max(map(abs, entries)) or 1.0
    for place, entry in enumerate(entries):
        s, t = (1 + number for number in divmod(place, 9))
        half = 0.48 * (abs(entry) / largest) ** 0.5
        if half > 0.01:
            kind = ("up" if entry > 0 else "down") + "-out" * (s - t >= window)
            made[kind] += square(s, t, half)
    return made


def square(s: float, t: float, half: float) -> str:
    """Write the path round a square in the table."""
    ends = (t - half, t + half)
    return GRID.band(ends, (s - half,) * 2, (s + half,) * 2)


def draw(state: State, found: Numbers) -> str:
    """Draw the table, and the gradient against the window below it."""
    window = int(state["window"])
    cells = {(s, t): square(s, t, 0.5) for s in STEPS for t in range(1, s + 1)}
    parts = [
        GRID.axes({}, {}, "error of step s (down), use at step t (across)"),
        element("path", d="".join(cells.values()), look="hair"),
        legend(300, 60, "positive", "gradient"),
        legend(300, 82, "negative", "plain"),
    ]
    for step in STEPS:
        at = GRID.up(step) + 4
        parts.append(text(50, at, str(step), look="tick end"))
        at = GRID.across(step)
        parts.append(text(at, 347, str(step), look="tick middle"))
    made = squares(window, found["entries"])
    parts += [trace(kind, made[kind], look=KINDS[kind]) for kind in KINDS]
    chosen = square(state["s"], state["t"], 0.5)
    parts.append(trace("chosen", chosen, look="c"))
    parts += [
        element("path", d=cell, data_set=f"s={s}&t={t}", look="pick")
        for (s, t), cell in cells.items()
    ]
    ticks = {width: str(width) for width in WINDOWS}
    levels = {1: "1", 0: "0", -1: "−1"}
    title = "gradient with a window, in thousandths"
    parts.append(SUMS.axes(ticks, levels, title, "window"))
    sums = [1000 * value for value in found["sums"]]
    full = SUMS.up(sums[-1])
    parts.append(line(62, full, 462, full, look="flow dashed"))
    parts.append(trace("sums", SUMS.curve(WINDOWS, sums), look="gradient"))
    parts.append(trace("now", dot(window, sums[window - 1]), look="positive"))
    rows = {
        words: [say(name, short(found[name]), "td")]
        for name, words in TOLD.items()
    }
    for name, at in (("kept", window), ("full", len(WINDOWS))):
        value = power(found["sums"][at - 1], 3)
        rows[SUMMED[name]] = [say(name, value, "td")]
    return drawing(534, *parts) + table(rows)


def dot(window: float, value: float) -> str:
    """Write the path round the point of a window."""
    ends = (window - 0.08, window + 0.08)
    return SUMS.band(ends, (value - 0.1,) * 2, (value + 0.1,) * 2)
