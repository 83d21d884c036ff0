"""What a cell returns: a figure that the reader can touch."""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from html import escape
from pathlib import Path
from typing import Any

import numpy as np

from unrolled_book.explore.drawing import Numbers

HERE = Path(__file__).parent / "scripts"

State = Mapping[str, float]
"""The settings of a figure, by name."""


@dataclass(frozen=True)
class Control:
    """What the reader changes: a number from low to high, in steps.

    `kind` is "slider", with its number beside it, "bar", drawn in the figure
    and moved there, or "choice", the number of one of the `choices`. `start`
    may lie between two steps.
    """

    name: str
    words: str
    start: float
    low: float
    high: float
    step: float = 0.01
    kind: str = "slider"
    choices: tuple[str, ...] = ()

    def written(self) -> dict[str, Any]:
        """Return what the page reads."""
        return {k: v for k, v in asdict(self).items() if v != ()}


def choice(name: str, words: str, *choices: str, start: int = 0) -> Control:
    """Return a control that takes one of these words, by its number."""
    last = len(choices) - 1
    return Control(name, words, start, 0, last, 1, "choice", choices)


@dataclass(frozen=True)
class Explorable:
    """A figure to touch: Python draws it, and its script draws it again.

    Attributes:
        name: of its script, ``scripts/<name>.js``.
        alt: words for those who cannot see it, without numbers.
        controls: what the reader changes.
        data: what the numbers are made from, beside the settings.
        numbers: makes them, from the settings and the data.
        draw: makes the drawing, from the settings, the numbers and the data.
        needs: other scripts that its own one needs.
    """

    name: str
    alt: str
    controls: tuple[Control, ...]
    data: Mapping[str, Any]
    numbers: Callable[[State, Mapping[str, Any]], Numbers]
    draw: Callable[[State, Numbers], str]
    needs: tuple[str, ...] = ()

    def __repr__(self) -> str:
        """Say the single numbers that it starts with."""
        return "\n".join(
            f"{name}: {value:.4g}"
            for name, value in self.start()[1].items()
            if np.ndim(value) == 0
        )

    def start(self) -> tuple[State, Numbers]:
        """Return the settings to begin with, and the numbers there."""
        controls, data = self._written()
        state = {control["name"]: control["start"] for control in controls}
        return state, self.numbers(state, data)

    def _written(self) -> tuple[list[dict[str, Any]], dict[str, Any]]:
        """Return controls and data as the page reads them."""
        controls = [control.written() for control in self.controls]
        return ten_digits(controls), ten_digits(dict(self.data))

    def _repr_html_(self) -> str:
        """Write all that the figure needs; it loads nothing.

        Each figure carries the style and the scripts that all share, as any
        cell may be the first to run; the book drops what a page has already.
        What is hidden without the style is a notebook that nobody trusts yet.
        """
        controls, data = self._written()
        described = f'<svg aria-label="{escape(self.alt)}"'
        drawn = self.draw(*self.start()).replace("<svg", described, 1)
        told = json.dumps({"controls": controls, "data": data})
        scripts = "\n".join(
            f"<script>\n{_read(f'{name}.js')}</script>"
            for name in ("explore", *self.needs, self.name)
        )
        return (
            f"<style>\n{_read('explore.css')}</style>\n"
            f'<unrolled-figure class="mathjax_ignore" '
            f'data-figure="{self.name}">\n'
            '<p class="waiting">Run this cell to see the figure.</p>\n'
            f'<div class="still" style="display: none">\n{drawn}\n</div>\n'
            f'<script type="application/json">{told}</script>\n'
            f"</unrolled-figure>\n{scripts}"
        )


def ten_digits(value: Any) -> Any:
    """Round the numbers in lists and dicts: the same text on any processor."""
    if isinstance(value, dict):
        return {key: ten_digits(inside) for key, inside in value.items()}
    if isinstance(value, list | tuple | np.ndarray):
        return [ten_digits(inside) for inside in value]
    is_real = isinstance(value, float | np.floating)
    return float(f"{value:.10g}") if is_real else value


def _read(file: str) -> str:
    """Read a script or the style, with nothing in it that ends a script."""
    return (HERE / file).read_text(encoding="utf-8").replace("</", r"<\/")
