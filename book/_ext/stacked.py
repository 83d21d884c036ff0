"""Says in each cell of a stacked table what its column is: seen on a phone.

A table of the class "stacked" has its cells below each other where the page is
narrow, and its head is not to be seen there.
"""

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform


def label(table: nodes.table) -> None:
    """Put each column's title before what stands in it.

    Cells span neither rows nor columns. The first of a row needs none, unless
    it is a bare number: "Week 1".
    """
    head, *rows = table.findall(nodes.row)
    titles = [entry.next_node(nodes.paragraph) for entry in head]
    for row in rows:
        for k, (title, entry) in enumerate(zip(titles, row, strict=True)):
            text, place = entry.astext(), entry.next_node(nodes.paragraph)
            if title and place and text and (k or text.isdigit()):
                said = nodes.inline(classes=["column-title"])
                said += title.deepcopy().children
                said += nodes.Text(": " if k else " ")
                place.insert(0, said)


class Stacked(SphinxPostTransform):
    """Label all but the ledger, whose cells have titles of their own."""

    default_priority = 500
    formats = ("html",)

    def run(self, **_: object) -> None:
        """Change the tables of a page."""
        for table in self.document.findall(nodes.table):
            if (
                "stacked" in table["classes"]
                and "claims" not in table["classes"]
            ):
                label(table)


def setup(app: Sphinx) -> dict[str, bool]:
    """Join Sphinx."""
    app.add_post_transform(Stacked)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
