"""Says in each cell of a stacked table what its column is: seen on a phone.

A table of the class "stacked" has its cells below each other where the page is
narrow, and its head is not to be seen there. The title is an attribute of the
cell, as in `unrolled_book.table`, and custom.css shows it.
"""

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform

TITLE = "data-title"


def label(table: nodes.table) -> None:
    """Give each cell its column's title.

    Cells span neither rows nor columns. The first of a row needs none, unless
    it is a bare number: "Week 1".
    """
    head, *rows = table.findall(nodes.row)
    for row in rows:
        for k, (title, entry) in enumerate(zip(head, row, strict=True)):
            name, text = title.astext(), entry.astext()
            if name and text and (k or text.isdigit()):
                entry[TITLE] = name + (": " if k else " ")


class Stacked(SphinxPostTransform):
    """Label what is stacked."""

    default_priority = 500
    formats = ("html",)

    def run(self, **_: object) -> None:
        """Change the tables of a page."""
        for table in self.document.findall(nodes.table):
            if "stacked" in table["classes"]:
                label(table)


def visit(self, node: nodes.entry) -> None:
    """Write the start of a cell, with its title."""
    type(self).visit_entry(self, node)
    if TITLE in node:
        title = f'<td {TITLE}="{self.attval(node[TITLE])}"'
        self.body[-1] = self.body[-1].replace("<td", title, 1)


def depart(self, node: nodes.entry) -> None:
    """Write its end."""
    type(self).depart_entry(self, node)


def setup(app: Sphinx) -> dict[str, bool]:
    """Join Sphinx."""
    app.add_post_transform(Stacked)
    app.add_node(nodes.entry, override=True, html=(visit, depart))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
