"""Puts the ledger into the book: its page, and a place at each checking cell.

The directive ``{ledger}`` writes the count, the table or the errata anew at
each build. The transform gives each code cell that calls ``claims.check`` a
name such as ``claim-a05``, to which the table's links lead; a link without a
cell is a warning, and a warning stops the build.
"""

import re

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform
from sphinx.util.docutils import SphinxDirective

from unrolled_book import claims, claims_page

PARTS = {
    "summary": claims_page.summary,
    "table": claims_page.table,
    "errata": claims_page.errata,
}
CHECK = re.compile(r"""\bcheck\(\s*["']([AB]\d+)["']""")


class LedgerDirective(SphinxDirective):
    """``{ledger} summary``, ``{ledger} table A`` or ``{ledger} errata A``."""

    required_arguments = 1
    optional_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Write the part from the ledger as it is now."""
        self.env.note_dependency(str(claims.LEDGER))
        part, *source = self.arguments
        if part not in PARTS:
            raise self.error(f"expected one of {', '.join(PARTS)}, got {part}")
        text = PARTS[part](claims.load(), *source)
        return self.parse_text_to_nodes(text)


class NameCheckingCells(SphinxTransform):
    """Gives each code cell the names of the claims that it checks."""

    default_priority = 300  # before Sphinx collects the names of a page

    def apply(self) -> None:
        """Name the cells of this page."""
        for source in self.document.findall(nodes.container):
            if source.get("nb_element") == "cell_code_source":
                for claim_id in CHECK.findall(source.astext()):
                    self.name(source.parent, claims_page.anchor(claim_id))

    def name(self, cell: nodes.Element, name: str) -> None:
        """Give a cell one more name; Docutils itself allows a node one id."""
        cell["ids"].append(name)
        cell["names"].append(name)
        self.document.ids[name] = cell
        self.document.nameids[name] = name
        self.document.nametypes[name] = True  # a name given on purpose


def setup(app: Sphinx) -> dict[str, bool]:
    """Tell Sphinx what is here."""
    app.add_directive("ledger", LedgerDirective)
    app.add_transform(NameCheckingCells)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
