"""A search over sections, in place of Sphinx's over pages.

Sphinx wants every word of a question and leads to the top of a page. Here
MiniSearch ranks what has some of the words, forgives slips, and leads to the
section. It reads a script, so that it works by ``file://``, too: each section's
place, its title, its page's title and its words; and each term of the glossary.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

ELSEWHERE = (
    nodes.section,
    nodes.raw,
    nodes.comment,
    nodes.math,
    nodes.math_block,
    addnodes.glossary,
)
ALSO = re.compile(r"Asked for as: (.*?)\.(?: |$)")
"""What people call a term of the glossary or a symptom, as its entry has it."""


def words(node: nodes.Node) -> str:
    """The words in it: no section below it, no code, no formula."""
    if isinstance(node, nodes.Text):
        return str(node)
    parts = [
        words(child)
        for child in node.children
        if isinstance(child, nodes.Text)
        or not (isinstance(child, ELSEWHERE) or "cell" in child["classes"])
    ]
    return ("" if isinstance(node, nodes.TextElement) else " ").join(parts)


def sections(doctree: nodes.document) -> Iterator[tuple[str, str, str]]:
    """The place, the title and the words of each section, and of each term."""
    for section in doctree.findall(nodes.section):
        title = section.next_node(nodes.title).astext()
        text = " ".join(words(section).split()).removeprefix(title)
        yield section["ids"][0], title, text
    for glossary in doctree.findall(addnodes.glossary):
        for entry in glossary.findall(nodes.definition_list_item):
            term, meaning = entry.children[0], entry.children[-1]
            text = " ".join(words(meaning).split())
            yield term["ids"][0], term.astext(), text


def collect(app: Sphinx, doctree: nodes.document) -> None:
    """Keep what a page says until all are there."""
    pages = _pages(app.env)
    found = list(sections(doctree))
    if "nosearch" in app.env.metadata[app.env.docname]:
        found = found[:1]  # a page that sums up is found by its title
    pages[app.env.docname] = found


def forget(app: Sphinx, env: BuildEnvironment, name: str) -> None:
    """Drop a page that is read anew, or gone."""
    _pages(env).pop(name, None)


def merge(
    app: Sphinx,
    env: BuildEnvironment,
    names: set[str],
    other: BuildEnvironment,
) -> None:
    """Take over what another process has read."""
    _pages(env).update({name: _pages(other)[name] for name in names})


def _pages(env: BuildEnvironment) -> dict[str, list[tuple[str, str, str]]]:
    """What each page says."""
    if not hasattr(env, "search_pages"):
        env.search_pages = {}
    return env.search_pages


def replace(app: Sphinx) -> None:
    """Leave Sphinx's own index and search page out."""
    if app.builder.format == "html":
        app.builder.search = False


def pages(app: Sphinx) -> Iterator[tuple[str, dict, str]]:
    """The page that searches."""
    yield "search", {"title": "Search"}, "search.html"


def write(app: Sphinx, error: Exception | None) -> None:
    """Write the index as a script."""
    if error or app.builder.format != "html":
        return
    rows, also = [], {}
    for name, found in sorted(_pages(app.env).items()):
        page = app.builder.get_target_uri(name)
        of = app.env.titles[name].astext()
        for place, title, text in found:
            asked = ", ".join(ALSO.findall(text))
            rows.append([f"{page}#{place}", title, of, text, asked])
            if asked and place.startswith("term"):
                also |= {each: title for each in asked.split(", ")}
    index = json.dumps({"rows": rows, "also": also}, ensure_ascii=False)
    path = Path(app.outdir, "_static", "search-index.js")
    path.write_text(f"window.bookIndex = {index};\n", encoding="utf-8")


def setup(app: Sphinx) -> dict[str, bool | int]:
    """Join Sphinx."""
    app.connect("builder-inited", replace)
    app.connect("doctree-read", collect)
    app.connect("env-purge-doc", forget)
    app.connect("env-merge-info", merge)
    app.connect("html-collect-pages", pages)
    app.connect("build-finished", write)
    return {
        "env_version": 1,
        "parallel_read_safe": True,
        "parallel_write_safe": True,
    }
