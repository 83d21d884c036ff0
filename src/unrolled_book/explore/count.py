"""Chapter 7: where the parameters of a classifier are."""

from collections.abc import Iterator, Mapping
from typing import Any

import torch

import unrolled
from unrolled import models
from unrolled_book.explore.drawing import (
    Numbers,
    drawing,
    join,
    say,
    text,
    trace,
)
from unrolled_book.explore.page import Control, Explorable, State, choice

LAYERS = range(1, 5)
GATES = "ifgo"
LEFT, TOP, SLOT = 78, 34, 92
"""Where the drawing begins, and the height of a layer's place in it."""
PARTS = {"x": "W of x", "h": "W of h", "b": "biases"}


def parameter_count(D: int, H: int, L: int, biases: int) -> Explorable:
    """Show the parameters of an LSTM classifier of two classes, by term.

    Args:
        D, H, L: inputs, units and layers to begin with.
        biases: of each gate and unit: 0, 1 or 2.

    Chapter: 07_network.
    """
    return Explorable(
        name="count",
        alt=(
            "A block for each layer, as wide as its four gates have rows and "
            "as high as they have columns: one for each input, each unit and "
            "each bias. Beside it the numbers of parameters."
        ),
        controls=(
            Control("D", "inputs D", D, 1, 128, 1),
            Control("H", "units H", H, 1, 256, 1),
            Control("L", "layers L", L, 1, 4, 1),
            Control("biases", "biases of each gate", biases, 0, 2, 1),
            choice("all", "the head reads", "last layer", "all", start=1),
        ),
        data={},
        numbers=numbers,
        draw=draw,
    )


def numbers(state: State, data: Mapping[str, Any]) -> Numbers:
    """Make the model and count."""
    D, H, L, biases = (int(state[name]) for name in ("D", "H", "L", "biases"))
    own = torch.Generator()  # nobody else's is drawn from
    kind = {"bias": biases > 0, "two_biases": biases > 1}
    layer = unrolled.LSTM(D, H, L, generator=own, **kind)
    reads = "all" if state["all"] else "last"
    model = models.Classifier(layer, 2, layers=reads, generator=own)
    made = {f"{part}{n}": 0 for n in LAYERS for part in PARTS} | {"head": 0}
    for name, parameter in model.named_parameters():
        *_, where, what = name.split(".")
        part = {"weight_ih": "x", "weight_hh": "h"}.get(what, "b")
        term = "head" if where == "head" else f"{part}{int(where) + 1}"
        made[term] += parameter.numel()
    return made | {"total": sum(made.values())}


def blocks(state: State) -> Iterator[tuple[int, float, float, float]]:
    """Give each gate's blocks: its number, its top, its height and width."""
    D, H, L, biases = (int(state[name]) for name in ("D", "H", "L", "biases"))
    highest = H + biases + max(D, H * (L > 1))
    unit = min(200 / (4 * H), (SLOT - 20) / highest)
    for layer in range(L):
        top = TOP + SLOT * layer
        for rows in (H if layer else D, H, biases):
            for gate in range(4 * (rows > 0)):
                yield gate, top, unit * rows, unit * H
            top += unit * rows + 3


def draw(state: State, found: Numbers) -> str:
    """Draw a block for each weight and bias of each gate and layer."""
    paths = dict.fromkeys(GATES, "")
    for gate, top, height, width in blocks(state):
        left = LEFT + gate * width
        xs = (left, left, left + width, left + width)
        ys = (top, top + height, top + height, top)
        paths[GATES[gate]] += join(xs, ys) + "Z"
    parts = [
        text(
            8,
            18,
            "a block for each matrix, by its gates i, f, g, o",
            look="title",
        )
    ]
    parts += [trace(gate, paths[gate], look=f"bar {gate}") for gate in GATES]
    for layer in LAYERS:
        top = TOP + SLOT * (layer - 1)
        parts.append(text(8, top + 12, f"layer {layer}", look="tick"))
        for row, (part, words) in enumerate(PARTS.items()):
            name, at = f"{part}{layer}", top + 12 + 18 * row
            parts.append(text(318, at, words, look="tick"))
            number = f"{found[name]:,}"
            parts.append(say(name, number, x=472, y=at, look="end"))
    for row, (name, words) in enumerate((("head", "head"), ("total", "all"))):
        at = TOP + SLOT * 4 + 4 + 22 * row
        parts.append(text(318, at, words, look="tick"))
        parts.append(say(name, f"{found[name]:,}", x=472, y=at, look="end"))
    return drawing(434, *parts)
