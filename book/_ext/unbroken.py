"""Keeps in one line a formula and its full stop, or "Fig." and its number.

MathJax sets a formula as a box, and a browser may break a line after a box.
"""

import re

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform

LONGEST = 40
"""Signs of TeX: what is longer may be wider than a phone and has to scroll."""


class Unbroken(SphinxPostTransform):
    """Join each short formula with the signs that follow it."""

    default_priority = 500
    formats = ("html",)

    def run(self, **_: object) -> None:
        """Join them, by an element that does not break, or a hard space."""
        for math in list(self.document.findall(nodes.math)):
            text = math.next_node(descend=False, siblings=True)
            if not isinstance(text, nodes.Text) or len(math.astext()) > LONGEST:
                continue
            signs = re.match(r"(’s)?[.,;:!?)…”’]*", text)[0]
            if signs:
                parent, k = math.parent, math.parent.index(math)
                joined = nodes.inline(classes=["unbroken"])
                parent[k : k + 2] = [joined, nodes.Text(text[len(signs) :])]
                joined += [math, nodes.Text(signs)]
        # A link's whole text: "chapter 3", "Fig. 3.1".
        for text in list(self.document.findall(nodes.Text)):
            if re.fullmatch(r"(chapter|Fig\.) [\d.]+", text):
                unbroken = nodes.Text(text.replace(" ", "\u00a0"))
                text.parent.replace(text, unbroken)


def setup(app: Sphinx) -> dict[str, bool]:
    """Join Sphinx."""
    app.add_post_transform(Unbroken)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
