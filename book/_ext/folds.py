"""Says in the line of a folded cell what its code is of.

A page has many folds; with names of their own, a reader who looks for one
finds it, by eye or by ear. myst-nb would call each "Toggle hidden content".
"""

import ast

from docutils import nodes
from myst_nb.sphinx_ import (
    HideCodeCellNode,
    depart_HideCellInput,
    visit_HideCellInput,
)
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform

UNNAMED = ' aria-label="Toggle hidden content"'


def names(code: str) -> str:
    """List what a cell defines: its functions, or else its variables."""
    body = ast.parse(code).body
    kinds = ast.FunctionDef | ast.ClassDef
    found = [part.name for part in body if isinstance(part, kinds)] or [
        name.id
        for part in body
        if isinstance(part, ast.Assign)
        for target in part.targets
        for name in ast.walk(target)
        if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Store)
    ]
    return ", ".join(dict.fromkeys(found))


def subject(cell: nodes.Element) -> str:
    """Say what the code of a cell is of."""
    shown = [node.astext() for node in cell.findall(nodes.raw)]
    if any('class="dataframe' in html for html in shown):
        return "of the table"
    if shown or any(cell.findall(nodes.image)):
        return "of the figure"
    if len(cell.children) > 1:
        return "of what is printed"
    found = names(cell.astext())
    return f"of {found}" if found else ""  # imports say what they are


class NameFolds(SphinxPostTransform):
    """Give each fold its name before myst-nb makes it."""

    default_priority = 198
    formats = ("html",)

    def run(self, **_: object) -> None:
        """Change what its line says, closed and open."""
        for cell in self.document.findall(nodes.container):
            if cell.get("nb_element") == "cell_code" and cell.get("hide_mode"):
                of = subject(cell)
                for state in ("prompt_show", "prompt_hide"):
                    cell[state] = f"{cell[state]} {of}".strip()


def visit(self, node: HideCodeCellNode) -> None:
    """Write the fold, so that its line is its name."""
    start = len(self.body)
    visit_HideCellInput(self, node)
    self.body[start:] = [s.replace(UNNAMED, "") for s in self.body[start:]]


def setup(app: Sphinx) -> dict[str, bool]:
    """Join Sphinx, after myst-nb."""
    app.setup_extension("myst_nb")
    app.add_post_transform(NameFolds)
    app.add_node(
        HideCodeCellNode, override=True, html=(visit, depart_HideCellInput)
    )
    return {"parallel_read_safe": True, "parallel_write_safe": True}
