"""Lets a message wrap where the page is narrow; printed columns scroll.

What a cell has printed keeps its lines, as columns must stand. A single line
has no columns, and neither has an error: they get the class "message".
"""

import re

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform

ERROR = re.compile(r"\w+(Error|Warning): ")


def is_message(block: nodes.literal_block) -> bool:
    """Tell whether what was printed is one line, or an error."""
    text = block.astext().strip("\n")
    is_error = "traceback" in block["classes"] or ERROR.match(text)
    return bool(is_error or "\n" not in text)


class Wrapped(SphinxPostTransform):
    """Mark what may wrap."""

    default_priority = 500
    formats = ("html",)

    def run(self, **_: object) -> None:
        """Look at what the cells of a page have printed."""
        for block in self.document.findall(nodes.literal_block):
            if "output" in block["classes"] and is_message(block):
                block["classes"].append("message")


def setup(app: Sphinx) -> dict[str, bool]:
    """Join Sphinx."""
    app.add_post_transform(Wrapped)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
