"""Results as a table; a wide one stacks on a narrow page."""

from html import escape

import pandas as pd

SHORT = 20
"""So many characters stay in one line: a number with its interval does."""

NAME = 10
"""So many characters of a row's name do."""

PHONE = 50
"""So many characters stand side by side on a phone; a gap is like one more."""


class Table:
    """A table to be the last expression of a cell.

    Args:
        frame: its rows and columns; the index is the first column, its name
            that column's title.
        spec: how to format what is no text, as in Python's ``format``.

    Example:
        >>> Table(pd.DataFrame({"loss": [0.84512]}, index=["before"]), ".4f")
                  loss
        before  0.8451
    """

    def __init__(self, frame: pd.DataFrame, spec: str = "") -> None:
        self.frame = frame.map(
            lambda value: value if isinstance(value, str) else f"{value:{spec}}"
        )

    def __repr__(self) -> str:
        """Write the table as text."""
        return self.frame.to_string()

    def _repr_html_(self) -> str:
        """Write it as HTML; each number also knows its column's title."""
        titles = [escape(str(title)) for title in self.frame.columns]
        heads = "".join(f"<th>{title}</th>" for title in titles)
        rows = "".join(
            f"<tr><th>{_unbroken(str(name), NAME)}</th>"
            + "".join(
                f'<td data-title="{title}">{_unbroken(cell)}</td>'
                for title, cell in zip(titles, cells, strict=True)
            )
            + "</tr>\n"
            for name, *cells in self.frame.itertuples()
        )
        corner = escape(str(self.frame.index.name or ""))
        kind = "results stacked" if self._is_wide() else "results"
        return (
            f'<table class="dataframe {kind}">\n'
            f"<thead><tr><th>{corner}</th>{heads}</tr></thead>\n"
            f"<tbody>\n{rows}</tbody>\n</table>"
        )

    def _is_wide(self) -> bool:
        """Tell whether the columns, their titles broken, exceed a phone."""
        names = str(self.frame.index.name or "").split(" ")
        for name in map(str, self.frame.index):
            names += [name] if len(name) <= NAME else name.split(" ")
        columns = [names]
        for title, cells in self.frame.items():
            columns.append([*str(title).split(" "), *cells])
        widths = [1 + max(map(len, pieces)) for pieces in columns]
        return len(widths) > 2 and sum(widths) > PHONE


def _unbroken(cell: str, short: int = SHORT) -> str:
    """Escape a cell for HTML; one that is short does not break."""
    if len(cell) > short:
        return escape(cell)
    return escape(cell).replace(" ", "&nbsp;").replace("–", "–&#8288;")
