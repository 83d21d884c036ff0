"""Chapter 3: one error on its way back through one step."""

import math
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from unrolled.by_hand import lstm
from unrolled_book.explore.drawing import (
    Numbers,
    drawing,
    element,
    join,
    line,
    say,
    short,
    table,
    text,
)
from unrolled_book.explore.page import Control, Explorable, State

ROW = 17  # the height of a line of words


class Box(NamedTuple):
    """A quantity of the diagram: its middle, its name, what it shows."""

    x: float
    y: float
    words: str
    look: str
    values: tuple[str, ...]
    slopes: Mapping[str, int] = MappingProxyType({})
    """The derivatives of the loss by it, each with its phase."""


BOXES = (
    Box(200, 40, "target y", "x", ("y",)),
    Box(418, 44, "answer h", "h", ("h",), {"dh": 1}),
    Box(62, 140, "c₋", "c", ("c_prev",)),
    Box(238, 140, "cell state c", "c", ("c",), {"dc": 2}),
    Box(62, 320, "forget f", "f", ("f",), {"df": 3}),
    Box(178, 320, "input i", "i", ("i",)),
    Box(298, 320, "candidate g", "g", ("g",)),
    Box(418, 320, "output o", "o", ("o",)),
    Box(62, 408, "sum z of f", "f", ("z_f",), {"dz_f": 4}),
    Box(62, 520, "weights of f", "f", ("w_h", "w_x"), {"dw_h": 5, "dw_x": 5}),
    Box(238, 530, "h₋", "h", ("h_prev",)),
    Box(358, 530, "x", "x", ("x",)),
)
SIGNS = (
    (62, 214, "×"),
    (238, 214, "+"),
    (238, 262, "×"),
    (418, 140, "×"),
    (340, 140, "tanh"),
)
FORWARD = (
    ((62, 161), (62, 202)),
    ((62, 290), (62, 226)),
    ((74, 214), (226, 214)),
    ((178, 299), (229, 270)),
    ((298, 299), (247, 270)),
    ((238, 250), (238, 226)),
    ((238, 202), (238, 169)),
    ((286, 140), (322, 140)),
    ((358, 140), (406, 140)),
    ((418, 299), (418, 152)),
    ((418, 128), (418, 74)),
    ((62, 378), (62, 350)),
    ((62, 473), (62, 438)),
    ((238, 509), (238, 468), (140, 468), (140, 408), (110, 408)),
    ((358, 509), (358, 468), (418, 468), (418, 341)),
    ((238, 468), (178, 468), (178, 341)),
    ((238, 468), (298, 468), (298, 341)),
    ((358, 468), (178, 468), (178, 341)),
)
"""What flows from the inputs to the answer, point by point."""
BACK = (
    (1, (300, 56), (368, 56)),
    (2, (430, 75), (430, 126)),
    (2, (404, 151), (362, 151)),
    (2, (318, 151), (288, 151)),
    (3, (250, 171), (250, 201)),
    (3, (224, 225), (78, 225)),
    (3, (74, 228), (74, 288)),
    (4, (74, 352), (74, 376)),
    (5, (74, 440), (74, 471)),
)
"""The way of the error, by its five phases."""
DISCS = ((332, 72), (446, 100), (266, 186), (90, 364), (90, 455))
FACTORS = (
    (1, "output error: 2(h − y)", "dh", "dh"),
    (2, "output gate: o(1 − tanh²c)", "through_o", "dc"),
    (3, "forget gate: c₋", "c_prev", "df"),
    (4, "sigmoid: f(1 − f)", "through_f", "dz_f"),
    (5, "weight of h₋: h₋", "h_prev", "dw_h"),
    (5, "weight of x: x", "x", "dw_x"),
)
"""Of each phase the name, the factor, and what it makes of the error."""


def one_step(
    cache: lstm.StepCache, y: float, params: Mapping[str, np.ndarray]
) -> Explorable:
    """Show one step of an LSTM of one unit, and how its error goes back.

    Args:
        cache: the step to begin with.
        y: its target.
        params: the weights.

    Chapter: 03_one_weight.
    """
    w_h, w_x = (params[name][1, 0] for name in ("weight_hh", "weight_ih"))
    return Explorable(
        name="step",
        alt=(
            "Diagram of one LSTM step with the number of every quantity. Red "
            "arrows in five phases lead from the error through the answer, the "
            "cell state and the forget gate to the gate's two weights."
        ),
        controls=(
            Control("phase", "phases shown", 5, 1, 5, 1),
            Control(
                "c_prev", "cell state before, c₋", cache.c_prev.item(), -3, 3
            ),
            Control(
                "h_prev", "hidden state before, h₋", cache.h_prev.item(), -1, 1
            ),
            Control("x", "input x", cache.x.item(), -3, 3),
            Control("y", "target y", y, -2, 2),
            Control(
                "w_h", "forget gate's weight of h₋", w_h.item(), -10, 10, 0.1
            ),
            Control(
                "w_x", "forget gate's weight of x", w_x.item(), -10, 10, 0.1
            ),
        ),
        data={"params": dict(params)},
        numbers=numbers,
        draw=draw,
        needs=("lstm",),
    )


def numbers(state: State, data: Mapping[str, Any]) -> Numbers:
    """Compute the step and its five phases."""
    params = {name: np.array(value) for name, value in data["params"].items()}
    params["weight_hh"][1, 0], params["weight_ih"][1, 0] = (
        state["w_h"],
        state["w_x"],
    )
    x, h_prev, c_prev = ([[state[name]]] for name in ("x", "h_prev", "c_prev"))
    h, c, cache = lstm.cell_forward(x, h_prev, c_prev, params)
    dh = 2 * (h - state["y"])
    *_, grads = lstm.cell_backward(dh, np.zeros((1, 1)), cache, params)
    through_o = cache.o * (1 - np.tanh(c) ** 2)
    made = {
        "i": cache.i,
        "f": cache.f,
        "g": cache.g,
        "o": cache.o,
        "c": c,
        "h": h,
        "z_f": state["w_h"] * state["h_prev"]
        + state["w_x"] * state["x"]
        + params["bias"][1],
        "dh": dh,
        "through_o": through_o,
        "dc": dh * through_o,
        "df": dh * through_o * state["c_prev"],
        "through_f": cache.f * (1 - cache.f),
        "dz_f": grads["bias"][1],
        "dw_h": grads["weight_hh"][1],
        "dw_x": grads["weight_ih"][1],
    }
    return {name: np.asarray(value).item() for name, value in made.items()}


def draw(state: State, found: Numbers) -> str:
    """Draw the cell, the way back in red, and the table of the factors."""
    shown = {**state, **found}

    def mark(phase: int) -> dict[str, object]:
        is_pale = state["phase"] < phase
        return {"data_mark": phase, "look": f"phase{' pale' * is_pale}"}

    parts = [arrow(points, "flow") for points in FORWARD]
    parts.append(line(248, 40, 370, 40, look="flow dashed"))
    parts.append(text(309, 30, "(h − y)²", look="middle"))
    for x, y, sign in SIGNS:
        parts.append(
            element("circle", cx=x, cy=y, r=12 if len(sign) < 2 else 18)
        )
        parts.append(text(x, y + 4, sign, look="tick middle"))
    for box in BOXES:
        height = ROW * (1 + len(box.values) + len(box.slopes)) + 8
        top = box.y - height / 2
        rect = {"width": 96, "height": height, "rx": 7, "look": box.look}
        parts.append(element("rect", x=box.x - 48, y=top, **rect))
        place = {"x": box.x, "text_anchor": "middle"}
        lines = [text(y=top + ROW, words=box.words, **place)]
        for row, name in enumerate((*box.values, *box.slopes), start=2):
            at: dict[str, Any] = place | {"y": top + ROW * row}
            if name in box.slopes:
                at |= mark(box.slopes[name])
            lines.append(say(name, short(shown[name]), **at))
        parts += lines
    for phase, *points in BACK:
        parts.append(element("g", arrow(points, "gradient"), **mark(phase)))
    for phase, (x, y) in enumerate(DISCS, start=1):
        disc = element("circle", cx=x, cy=y, r=10)
        number = text(x, y + 4, str(phase), look="tick middle")
        parts.append(element("g", disc + number, **mark(phase)))
    rows = {
        f"{phase} {words}": [
            say(f"{kind}-of-{result}", short(shown[name]), "td", **mark(phase))
            for kind, name in (("factor", factor), ("result", result))
        ]
        for phase, words, factor, result in FACTORS
    }
    return drawing(576, *parts) + table(rows, ("new factor", "result"))


def arrow(points: Sequence[tuple[float, float]], look: str) -> str:
    """Draw a line through these points, with a head at its end."""
    (x, y), (end_x, end_y) = points[-2:]
    length = math.hypot(end_x - x, end_y - y)
    back_x, back_y = (x - end_x) / length, (y - end_y) / length
    wings = [
        (end_x + 6 * back_x + side * back_y, end_y + 6 * back_y - side * back_x)
        for side in (3.5, -3.5)
    ]
    head = (wings[0], (end_x, end_y), wings[1])
    path = "".join(join(*zip(*part, strict=True)) for part in (points, head))
    return element("path", d=path, look=look)
