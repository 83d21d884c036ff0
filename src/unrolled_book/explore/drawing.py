"""What figures to touch are drawn with: SVG, numbers and their text.

Each function that makes a path or a number's text has a twin of the same name
in ``scripts/explore.js``, which writes the same characters.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

Numbers = Mapping[str, Any]
"""What a figure shows, by name: numbers, or sequences of numbers."""

_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def place(value: float) -> str:
    """Write a coordinate, with one decimal at most."""
    return f"{math.floor(10 * value + 0.5) / 10:g}"


def fixed(value: float, decimals: int = 4) -> str:
    """Write a number with so many decimals.

    Example:
        >>> fixed(-0.00981), fixed(-0.00001)
        ('−0.0098', '0.0000')
    """
    text = f"{abs(value):.{decimals}f}"
    return f"−{text}" if value < 0 and float(text) else text


def grouped(value: float) -> str:
    """Write a whole number, its digits in groups of three.

    Example:
        >>> grouped(9218.7)
        '9,219'
    """
    return f"{math.floor(value + 0.5):,}"


def power(value: float, decimals: int = 1) -> str:
    """Write a number with a power of ten.

    Example:
        >>> power(-4.67e-5, 2)
        '−4.67×10⁻⁵'
    """
    if not value:
        return "0"
    digits, exponent = f"{abs(value):.{decimals}e}".split("e")
    raised = str(int(exponent)).translate(_RAISED)
    return f"{'−' if value < 0 else ''}{digits}×10{raised}"


def short(value: float) -> str:
    """Write four decimals, or a power of ten for a tiny number."""
    tiny = 0 < abs(value) < 0.001
    return power(value, 2) if tiny else fixed(value)


def say(name: str, text: str, tag: str = "text", **attributes: Any) -> str:
    """Write a number's text, which the page changes by its name."""
    return element(tag, escape(text), data_say=name, **attributes)


def trace(name: str, path: str, **attributes: Any) -> str:
    """Draw a path, which the page changes by its name."""
    return element("path", data_trace=name, d=path, **attributes)


def text(x: Any, y: Any, words: str, **attributes: Any) -> str:
    """Write words into a drawing."""
    return element("text", escape(words), x=x, y=y, **attributes)


def line(x1: float, y1: float, x2: float, y2: float, **look: Any) -> str:
    """Draw a straight line."""
    return element("path", d=join([x1, x2], [y1, y2]), **look)


def legend(x: float, y: float, words: str, look: str) -> str:
    """Draw a piece of a curve, and its name beside it."""
    return line(x, y, x + 22, y, look=look) + text(
        x + 27, y + 4, words, look="tick"
    )


def join(xs: Sequence[float], ys: Sequence[float]) -> str:
    """Write the path that joins these points of the drawing."""
    points = zip(xs, ys, strict=True)
    return "M" + "L".join(f"{place(x)} {place(y)}" for x, y in points)


def element(tag: str, inside: str = "", **attributes: object) -> str:
    """Write an element; `look` is its class, `data_x` its data-x."""
    written = "".join(
        f" {'class' if key == 'look' else key.replace('_', '-')}"
        f'="{escape(str(value))}"'
        for key, value in attributes.items()
    )
    return f"<{tag}{written}>{inside}</{tag}>"


def drawing(height: float, *parts: str, grips: Sequence[str] = ()) -> str:
    """Join parts to a drawing; its page gives it words for who cannot see."""
    inside = element("g", "\n".join(parts), aria_hidden="true")
    return element(
        "svg",
        inside + "".join(grips),
        viewBox=f"0 0 480 {height}",
        role="group" if grips else "img",
    )


def table(
    rows: Mapping[str, Sequence[str]], columns: Sequence[str] = ()
) -> str:
    """Write a table of numbers, each made by `say` with the tag "td"."""
    head = "".join(f'<th scope="col">{name}</th>' for name in columns)
    body = "".join(
        f'<tr><th scope="row">{name}</th>{"".join(cells)}</tr>'
        for name, cells in rows.items()
    )
    if head:
        head = f"<thead><tr><td></td>{head}</tr></thead>"
    return (
        f'<div class="numbers"><table>{head}<tbody>{body}</tbody></table></div>'
    )


@dataclass(frozen=True)
class Panel:
    """A part of a drawing with axes of its own.

    Attributes:
        name: by which the page finds it.
        x, y: the ranges of the data, first to last.
        box: left, top, right and bottom in the drawing.
    """

    name: str
    x: tuple[float, float]
    y: tuple[float, float]
    box: tuple[float, float, float, float]

    def across(self, x: float) -> float:
        """Say where in the drawing this x is; what is outside, at the edge."""
        left, _, right, _ = self.box
        return left + _share(x, *self.x) * (right - left)

    def up(self, y: float) -> float:
        """Say where in the drawing this y is."""
        _, top, _, bottom = self.box
        return bottom - _share(y, *self.y) * (bottom - top)

    def curve(self, xs: Sequence[float], ys: Sequence[float]) -> str:
        """Write the path that joins these points of the data."""
        return join([self.across(x) for x in xs], [self.up(y) for y in ys])

    def band(
        self, xs: Sequence[float], low: Sequence[float], high: Sequence[float]
    ) -> str:
        """Write the path round what lies between two curves."""
        there_and_back = [*high, *low[::-1]]
        return self.curve([*xs, *xs[::-1]], there_and_back) + "Z"

    def axes(
        self,
        x_ticks: Mapping[Any, str],
        y_ticks: Mapping[Any, str],
        title: str,
        x_title: str = "",
    ) -> str:
        """Draw hairlines at the ticks of y, and the words at both axes."""
        left, top, right, bottom = self.box
        parts = [text(left - 36, top - 12, title, look="title")]
        for y, words in y_ticks.items():
            at = self.up(y)
            parts.append(line(left, at, right, at, look="hair"))
            parts.append(text(left - 6, place(at + 4), words, look="tick end"))
        for x, words in x_ticks.items():
            at = place(self.across(x))
            parts.append(text(at, bottom + 18, words, look="tick middle"))
        if x_title:
            parts.append(text(right, bottom + 36, x_title, look="tick end"))
        ranges = {
            f"data_{key}": " ".join(f"{value:.10g}" for value in values)
            for key, values in (("x", self.x), ("y", self.y), ("box", self.box))
        }
        return element("g", "".join(parts), data_panel=self.name, **ranges)


def grip(panel: Panel, name: str, left: float, right: float) -> str:
    """Lay what the hand can take over a bar; its page makes it a slider."""
    _, top, _, bottom = panel.box
    x = panel.across(left)
    return element(
        "rect",
        data_grip=name,
        data_in=panel.name,
        x=place(x),
        y=top - 8,
        width=place(panel.across(right) - x),
        height=bottom - top + 16,
        fill="none",
        pointer_events="all",
    )


def _share(value: float, first: float, last: float) -> float:
    """Say how far from first to last a value is, from 0 to 1."""
    return min(1.0, max(0.0, (value - first) / (last - first)))
