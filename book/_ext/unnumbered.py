"""Leave exercises and solutions without numbers of their own.

They stand beneath their chapter in the table of contents, where Sphinx would
number them as it does the chapter's sections and deeper pages.
"""

from docutils import nodes
from sphinx.addnodes import compact_paragraph
from sphinx.application import Sphinx

FOLDERS = ("exercises/", "solutions/")


def leave_out(app: Sphinx, doctree: nodes.document) -> None:
    """Mark the title of such a page, as Sphinx marks what it does not count."""
    if app.env.docname.startswith(FOLDERS):
        title = app.env.tocs[app.env.docname].next_node(compact_paragraph)
        title["skip_section_number"] = True


def setup(app: Sphinx) -> dict[str, bool]:
    """Join Sphinx after it has noted a page's headings."""
    app.connect("doctree-read", leave_out, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
