"""Chapter 5: one row of gradients, and what three optimisers make of it."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch

from unrolled import by_hand
from unrolled_book.explore.drawing import (
    Numbers,
    Panel,
    drawing,
    fixed,
    grip,
    legend,
    say,
    table,
    trace,
)
from unrolled_book.explore.page import Control, Explorable, State

UPDATES = range(1, 9)
BARS = Panel("gradients", (0.5, 8.5), (-1, 1), (40, 32, 472, 120))
WEIGHT = Panel("weight", (0, 8.5), (0, 1.2), (40, 186, 472, 346))
NAMES = {
    "sgd": (110, "SGD", "sgd"),
    "momentum": (190, "with momentum", "h"),
    "adam": (330, "Adam", "adam"),
}
"""Where the name of each curve stands, its name, and its look."""
TOLD = {
    "weight θ after update 3": "third",
    "weight θ after update 8": "last",
    "longest step": "longest",
    "longest step / learning rate": "times",
}


def three_optimisers(
    gradients: Sequence[float], lr: float, betas: tuple[float, float]
) -> Explorable:
    """Show how three optimisers move one weight by the same gradients.

    Args:
        gradients: of the first updates; the rest of eight are 0.
        lr: the learning rate of all three.
        betas: Adam's; the momentum begins as the first of them.

    Chapter: 05_training.
    """
    row = [*gradients, *[0.0] * (len(UPDATES) - len(gradients))]
    return Explorable(
        name="optimisers",
        alt=(
            "A row of eight bars, one for the gradient of each update. Below "
            "it three curves that begin at one point: the weight after each "
            "update by SGD, by SGD with momentum, and by Adam."
        ),
        controls=(
            Control("scale", "gradients times 10 to the", 0, -3, 3, 1),
            Control("lr", "learning rate η", lr, 0.01, 0.5),
            Control("mu", "momentum μ", betas[0], 0, 0.99),
            Control("beta_1", "Adam's β₁", betas[0], 0, 0.99),
            Control("beta_2", "Adam's β₂", betas[1], 0.5, 0.999, 0.001),
            *(
                Control(
                    f"g{update}",
                    f"gradient of update {update}",
                    *(value, -1, 1, 0.05),
                    kind="bar",
                )
                for update, value in zip(UPDATES, row, strict=True)
            ),
        ),
        data={},
        numbers=numbers,
        draw=draw,
    )


def numbers(state: State, data: Mapping[str, Any]) -> Numbers:
    """Let the three move a weight that begins at 1."""
    scale = 10.0 ** state["scale"]
    row = [scale * state[f"g{update}"] for update in UPDATES]
    betas = state["beta_1"], state["beta_2"]
    made: dict[str, Any] = {
        "sgd": follow(by_hand.training.SGD(state["lr"]), row),
        "momentum": roll(state["lr"], state["mu"], row),
        "adam": follow(by_hand.training.Adam(state["lr"], betas), row),
    }
    for name in NAMES:
        longest = max(np.abs(np.diff(made[name])).tolist())
        made[f"{name}_longest"] = longest
        made[f"{name}_times"] = longest / state["lr"]
    return made


def follow(optimiser: Any, row: Sequence[float]) -> list[float]:
    """Return the weight at the start and after each update."""
    params, made = {"w": np.ones(1)}, [1.0]
    for gradient in row:
        params = optimiser.step(params, {"w": np.array([gradient])})
        made.append(params["w"].item())
    return made


def roll(lr: float, mu: float, row: Sequence[float]) -> list[float]:
    """Do the same with PyTorch's momentum."""
    weight, made = torch.ones(1, dtype=torch.float64), [1.0]
    optimiser = torch.optim.SGD([weight], lr=lr, momentum=mu)
    for gradient in row:
        weight.grad = torch.tensor([gradient], dtype=torch.float64)
        optimiser.step()
        made.append(weight.item())
    return made


def draw(state: State, found: Numbers) -> str:
    """Draw the gradients, and what each optimiser makes of them."""
    ticks = {update: str(update) for update in UPDATES}
    title = "gradient of each update (drag)"
    parts = [BARS.axes({}, {1: "1", 0: "0", -1: "−1"}, title)]
    grips = []
    for update in UPDATES:
        name, at = f"g{update}", BARS.across(update)
        value = state[name]
        ends = (update - 0.28, update + 0.28)
        bar = BARS.band(ends, (0, 0), (value, value))
        parts.append(trace(name, bar, look="positive"))
        words = fixed(value, 2)
        parts.append(say(name, words, x=at, y=140, look="tick middle"))
        grips.append(grip(BARS, name, update - 0.5, update + 0.5))
    levels = {1: "1", 0.5: "0.5", 0: "≤ 0"}
    parts.append(
        WEIGHT.axes({0: "start", **ticks}, levels, "weight θ", "update")
    )
    for name, (at, words, look) in NAMES.items():
        parts.append(legend(at, 170, words, look))
        curve = WEIGHT.curve(range(9), found[name])
        parts.append(trace(name, curve, look=look))
    rows = {
        words: [
            say(f"{name}-{what}", fixed(shown(found, name)[what]), "td")
            for name in NAMES
        ]
        for words, what in TOLD.items()
    }
    columns = [words for _, words, _ in NAMES.values()]
    return drawing(386, *parts, grips=grips) + table(rows, columns)


def shown(found: Numbers, name: str) -> dict[str, float]:
    """Return what the table says of one optimiser."""
    return {
        "third": found[name][3],
        "last": found[name][-1],
        "longest": found[f"{name}_longest"],
        "times": found[f"{name}_times"],
    }
