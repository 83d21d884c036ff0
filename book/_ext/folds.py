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


def functions(code: str) -> list[str]:
    """List the functions and classes that a cell defines."""
    kinds = ast.FunctionDef | ast.ClassDef
    parts = ast.parse(code).body
    return [part.name for part in parts if isinstance(part, kinds)]


def variables(code: str) -> list[str]:
    """List the variables that a cell defines."""
    return [
        name.id
        for part in ast.parse(code).body
        if isinstance(part, ast.Assign)
        for target in part.targets
        for name in ast.walk(target)
        if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Store)
    ]


def of_names(names: list[str]) -> str:
    """Say "of" and the first three names."""
    names = [name for name in dict.fromkeys(names) if name != "_"]
    more = " and more" if len(names) > 3 else ""
    return f"of {', '.join(names[:3])}{more}" if names else ""


def subject(cell: nodes.Element) -> str:
    """Say what the code of a cell is of."""
    shown = [node.astext() for node in cell.findall(nodes.raw)]
    if any('class="dataframe' in html for html in shown):
        return "of the table"
    if shown or any(cell.findall(nodes.image)):
        return "of the figure"
    if len(cell.children) > 1:
        return "of what is printed"
    code = cell.astext()
    return of_names(functions(code) or variables(code))


class NameFolds(SphinxPostTransform):
    """Give each fold its name before myst-nb makes it."""

    default_priority = 198
    formats = ("html",)

    def run(self, **_: object) -> None:
        """Change what its line says, closed and open."""
        for cell in self.document.findall(nodes.container):
            if cell.get("nb_element") == "cell_code" and cell.get("hide_mode"):
                if cell["prompt_show"] == self.config.nb_code_prompt_show:
                    of = subject(cell)
                elif "imports" in cell["prompt_show"]:
                    of = ""
                else:  # what it shows has a name; a solution's function, too
                    of = of_names(functions(cell.children[0].astext()))
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
