r"""Reading the numbers in a text, each as it is written.

A number counts if it has a decimal point, a power of ten or a percent sign.
It is kept as a text with its sign and all its digits, in one spelling:
``4.67e-05``, ``4.67×10⁻⁵`` and ``4.67\times10^{-5}`` are all ``4.67e-5``.
"""

import html
import re
import tomllib
from collections.abc import Iterable
from typing import NamedTuple

import notebooks
from unrolled_book import claims

# What a reader does not read as a number. Replaced by blanks.
NOT_PROSE = re.compile(
    r"""
      <!--.*?-->                             # comments
    | \{(?:cite|numref|doc|ref|eq|term|download)(?::\w+)?\}`[^`]*`  # a role
    | (?<=\])\([^()\s]*(?:\s"[^"]*")?\)      # the target of a link
    | </?[a-z][a-z0-9]*(?:\s+[\w-]+="[^"]*")*\s*/?>   # HTML tags
    | \b(?:https?|mailto|doi):[^\s)>\]]+     # addresses
    | ^\([\w.-]+\)=                          # the name of a place
    | ^[ ]*:(?:name|width|height|figwidth|scale|target):.*$
    | \b\d+(?:\.\d+){2,}                     # versions
    | \b(?:Python|CC[ ]BY(?:-SA)?)[ ]\d+\.\d+
    """,
    re.VERBOSE | re.MULTILINE | re.DOTALL,
)

_SPACE = r"(?:\s|~|\\[,;:! ])"
_SEPARATOR = r"(?:,|\{,\}|\\,|[\u202f\u2009\u00a0])"
NUMBER = re.compile(
    rf"""
    # A sign belongs to the number if nothing stands before it to take it from.
    (?:(?<![\w)\]}}\u2212-])(?P<sign>[\u2212-]))?
    (?:
        (?P<grouped>(?<![\d.])\d{{1,3}}(?:{_SEPARATOR}\d{{3}})+(?!\d))
      | (?P<whole>(?<![\d.])\d+)
      | (?<![\w.)\]}}])(?=\.\d+(?![\d.]*[A-Za-z%]))   # .5, but not a .4f
    )
    (?P<point>\.(?P<decimals>\d*))?
    (?:
        [eE](?P<e>[\u2212+-]?\d+)
      | {_SPACE}*(?:\\times|\\cdot|×|·){_SPACE}*10
        (?:\^\{{(?P<braced>[\u2212+-]?\d+)\}}|\^(?P<bare>[\u2212+-]?\d+)
          |(?P<raised>[⁺⁻]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+))
    )?
    (?P<percent>{_SPACE}*\\?%)?
    """,
    re.VERBOSE,
)
_PLAIN = str.maketrans("−⁺⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-+-0123456789")


class Number(NamedTuple):
    """A number in a text."""

    value: str
    """The number in the one spelling, such as ``-2.510e-3`` or ``59%``."""

    place: str
    """The words around it."""


def numbers(text: str) -> list[Number]:
    """Find each number with a point, a power of ten or a percent sign."""
    text = html.unescape(text)
    text = NOT_PROSE.sub(lambda match: " " * len(match[0]), text)
    found = []
    for match in NUMBER.finditer(text):
        value = _spell(match)
        if re.search(r"[.e%]", value):
            start, end = match.span()
            place = " ".join(text[max(0, start - 40) : end + 40].split())
            found.append(Number(value, place))
    return found


def printed(text: str) -> set[str]:
    """The numbers that an output backs, whole ones such as NumPy's ``0.`` too.

    ``0.`` backs 0.0: that is how NumPy writes it.
    """
    text = re.sub(r"(?<![\w.])(\d+)\.(?=[\s,\])]|$)", r"\1.0", text)
    return {number.value for number in numbers(text)}


def outputs(notebook) -> set[str]:
    """Every number in a notebook's outputs."""
    cells = [cell for _, cell in notebooks.code_cells(notebook)]
    return set().union(*(printed(notebooks.output_text(c)) for c in cells))


def unbacked(texts: Iterable[str], backed: set[str]) -> list[Number]:
    """The numbers in the texts that nothing backs."""
    found = [number for text in texts for number in numbers(text)]
    return [number for number in found if number.value not in backed]


def ledger() -> set[str]:
    """The numbers that the ledger backs, each as it is written there."""
    text = claims.LEDGER.read_text(encoding="utf-8")
    backed = set()
    for row in tomllib.loads(text, parse_float=str)["claim"]:
        given = (each.get("given", "") for each in row.get("measured", ()))
        for words in (row["says"], row["finding"], *map(str, given)):
            backed |= {number.value for number in numbers(words)}
    return backed


def _spell(match: re.Match) -> str:
    """Write a number in the one spelling."""
    whole = re.sub(r"\D", "", match["grouped"] or match["whole"] or "0")
    value = "-" if match["sign"] else ""
    value += whole.lstrip("0") or "0"
    if match["decimals"]:
        value += f".{match['decimals']}"
    power = match["e"] or match["braced"] or match["bare"] or match["raised"]
    if power:
        value += f"e{int(power.translate(_PLAIN))}"
    if match["percent"]:
        value += "%"
    return value
