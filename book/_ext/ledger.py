"""Puts the ledger into the book: its page, and a place at each checking cell.

The directive ``{ledger}`` writes the count, the table or the errata anew at
each build. The transform gives each code cell that calls ``claims.check`` a
name such as ``claim-a05``, to which the table's links lead; a link without a
cell is a warning, and a warning stops the build. Where the cell prints its
verdict, the page says it as prose, with a link back to the row.
``{corrections}`` lists what the book itself had wrong, from CHANGELOG.md.
"""

import re
from pathlib import Path

from docutils import nodes
from sphinx.addnodes import pending_xref
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


class CorrectionsDirective(SphinxDirective):
    """``{corrections}``: what each version of the change log has corrected."""

    def run(self) -> list[nodes.Node]:
        """Write the lists, the newest first."""
        path = Path(self.env.srcdir, "CHANGELOG.md")
        self.env.note_dependency(str(path))
        return self.parse_text_to_nodes(corrections(path.read_text("utf-8")))


def corrections(log: str) -> str:
    """Return the parts called "Corrected", each after its version's name."""
    found = []
    for version in re.split(r"^## ", log, flags=re.MULTILINE)[1:]:
        title = version.partition("\n")[0]
        for part in version.split("\n### ")[1:]:
            name, _, text = part.partition("\n")
            if name == "Corrected":
                found.append(f"**{title}.** {text.strip()}")
    return "\n\n".join(found)


# What `check` prints: a claim's first line, and those that go on with it.
PRINTED = re.compile(r"([AB]\d\d) \w+: .*\n(?: {4}.*\n)*")


class NameCheckingCells(SphinxTransform):
    """Gives each code cell the names of the claims that it checks."""

    default_priority = 300  # before Sphinx collects the names of a page

    def apply(self) -> None:
        """Name the cells of this page."""
        for source in self.document.findall(nodes.container):
            if source.get("nb_element") == "cell_code_source":
                cell, checked = source.parent, CHECK.findall(source.astext())
                for claim_id in checked:
                    self.name(cell, claims_page.anchor(claim_id))
                if checked:
                    for block in [*cell.findall(nodes.literal_block)]:
                        self.say(block)

    def name(self, cell: nodes.Element, name: str) -> None:
        """Give a cell one more name; Docutils itself allows a node one id."""
        cell["ids"].append(name)
        cell["names"].append(name)
        self.document.ids[name] = cell
        self.document.nameids[name] = name
        self.document.nametypes[name] = True  # a name given on purpose

    def say(self, printed: nodes.literal_block) -> None:
        """Put a paragraph in the place of each verdict that was printed."""
        text = printed.astext() + "\n"
        names = PRINTED.findall(text)
        if not names:
            return
        ledger = claims.load()
        told = [self.verdict(ledger[name]) for name in names]
        rest = PRINTED.sub("", text).strip("\n")
        if rest:
            block = nodes.literal_block(rest, rest, **printed.attributes)
            told.insert(0, block)
        printed.replace_self(told)

    def verdict(self, claim: claims.Claim) -> nodes.paragraph:
        """Say what `check` prints, with a link to the claim's row."""
        name = claim.verdict
        sign = f"{claims_page.VERDICTS[name][0]} {name}"
        link = pending_xref(
            "",
            nodes.inline("", claim.id),
            refdoc=self.env.docname,
            refdomain="std",
            reftype="ref",
            reftarget=claims_page.row(claim.id),
            refexplicit=True,
        )
        parts = [
            nodes.Text(f"Source {claim.source} says ("),
            link,
            nodes.Text("): "),
            nodes.emphasis("", claim.says),
            nodes.Text(" "),
            nodes.inline("", sign, classes=["verdict", name]),
        ]
        if name != "confirmed":
            parts.append(nodes.Text(f". We find: {claim.finding}"))
        return nodes.paragraph("", "", *parts, classes=["claim"])


def setup(app: Sphinx) -> dict[str, bool]:
    """Tell Sphinx what is here."""
    app.add_directive("ledger", LedgerDirective)
    app.add_directive("corrections", CorrectionsDirective)
    app.add_transform(NameCheckingCells)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
