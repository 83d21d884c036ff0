"""The picture of the first page, drawn from what chapter 4 computes.

Nine days of a forecast, and below them an arc for each pair of days: how much
the error of the one asks of the network on the other.
"""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patches import Arc

from unrolled import by_hand, data
from unrolled_book.figures import COLORS

LOOK = {
    "svg.fonttype": "none",  # text stays text, in the page's own face
    "svg.hashsalt": "cover",
    "font.family": "sans-serif",
}


def write(path: Path) -> None:
    """Draw it into a file."""
    with plt.rc_context(LOOK):
        figure = cover()
        figure.savefig(path, transparent=True, metadata={"Date": None})
    plt.close(figure)


def cover() -> plt.Figure:
    """Draw it."""
    x, y, weights = data.anchor()
    hs, caches = by_hand.lstm.forward(x, weights)
    _, errors = by_hand.training.squared_error(hs, y, steps="sum")
    table = by_hand.paths.contributions(errors, caches, weights)
    parts = [part.reshape(9, 9, -1) for part in table.values()]
    size = np.linalg.norm(np.concatenate(parts, axis=2), axis=2)  # (T, T)
    figure, ax = plt.subplots(figsize=(8, 4))
    days = np.arange(2, 11)
    ax.plot(days, y[0, :, 0], "o-", color="#8a8a8a", lw=1.5, ms=6)
    ax.plot(days, hs[0, :, 0], "o-", color=COLORS["h"], lw=2, ms=5)
    for day, h, target in zip(days, hs[0, :, 0], y[0, :, 0], strict=True):
        ax.plot([day, day], [h, target], color=COLORS["gradient"], lw=1.2)
    floor = -2.0
    top = np.log10(size.max())
    for s in range(9):
        for t in range(s):
            share = 1 + (np.log10(size[s, t]) - top) / 6  # six powers of ten
            width = 6 * max(share, 0.05) ** 3
            ax.add_patch(
                Arc(
                    ((days[s] + days[t]) / 2, floor),
                    s - t,
                    0.42 * (s - t),
                    theta1=180,
                    theta2=360,
                    lw=width,
                    color=COLORS["gradient"],
                    alpha=0.15 + 0.6 * max(share, 0),
                )
            )
        ax.plot(days[s], floor, "o", color=COLORS["gradient"], ms=5)
    ax.text(
        10.15, y[0, -1, 0], "tomorrow's price", va="center", color="#6a6a6a"
    )
    ax.text(
        10.15,
        hs[0, -1, 0],
        "what the LSTM says",
        va="center",
        color=COLORS["h"],
    )
    ax.text(
        10.15,
        floor - 0.1,
        "its errors, on\ntheir way back",
        va="center",
        color=COLORS["gradient"],
    )
    ax.set(xlim=(1.6, 12.6), ylim=(-3.8, 1.8))
    ax.axis("off")
    figure.subplots_adjust(0, 0, 1, 1)
    return figure
