"""The pages without code: what they say of the chapters, and of the package."""

import ast
import functools
import pkgutil
import re
from importlib import import_module

import pytest
from markdown_it.renderer import RendererHTML
from markdown_it.tree import SyntaxTreeNode
from myst_parser.config.main import MdParserConfig
from myst_parser.parsers.mdit import create_md_parser
from pybtex.database import parse_file

import notebooks
import unrolled

BOOK = notebooks.REPO / "book"
CHAPTERS = notebooks.chapters()
PAGES = {path.name: path.read_text("utf-8") for path in BOOK.glob("*.md")}
MYST = create_md_parser(
    MdParserConfig(enable_extensions={"colon_fence", "dollarmath"}),
    RendererHTML,
)


def markdown(path):
    """The words of a notebook's cells."""
    cells = notebooks.read(path).cells
    return [cell.source for cell in cells if cell.cell_type == "markdown"]


@functools.cache
def parts(path, boxes=False):
    """What a chapter's words consist of, without headings and code."""
    texts, found = markdown(path), []
    for text in texts:
        for block in SyntaxTreeNode(MYST.parse(text)).children:
            if boxes and block.type == "colon_fence":
                texts.append(block.content)
            if block.type != "heading":
                found += block.walk()
    return found


# Times and numbers of the chapters

MINUTES = re.compile(
    r"^\| \d+. \{doc\}`(\w+)` \|.*?\b(\d+)(?:&nbsp;| )min \|(?: (\d+) min \|)?",
    re.M,
)


def test_teachers_learn_how_long_the_exercises_take():
    found = MINUTES.findall(PAGES["teachers.md"])
    assert {name: int(work) for name, _, work in found} == {
        path.stem: sum(
            int(minutes)
            for text in markdown(path)
            for minutes in re.findall(r" · (\d+) minutes · ", text)
        )
        for path in notebooks.find("solutions")
    }


def test_chapter_numbers_are_those_of_the_files():
    for text in PAGES.values():
        links = re.findall(r"`chapter (\d+) <(\d+)_", text)
        assert not [link for link in links if int(link[0]) != int(link[1])]


def test_the_tests_that_are_named_exist():
    named = set(re.findall(r"\btest_\w+", PAGES["checks.md"]))
    files = [*(notebooks.REPO / "tests").glob("test_*.py")]
    named -= {path.stem for path in files}
    tests = "".join(path.read_text("utf-8") for path in files)
    assert len(named) > 5
    assert not [name for name in named if f"def {name}(" not in tests]


# The pages of the package

API = "".join(path.read_text("utf-8") for path in (BOOK / "api").glob("*.md"))
SHOWN = set(re.findall(r"automodule:: (unrolled\.\S+)", API))


def test_every_public_module_is_on_a_page_of_the_package():
    """Or the package whose door hands on what is in it."""
    walked = pkgutil.walk_packages(unrolled.__path__, "unrolled.")
    public = {module.name for module in walked if "._" not in module.name}
    covered = {
        name
        for name in public - SHOWN
        if name.rpartition(".")[0] in SHOWN
        or any(other.startswith(f"{name}.") for other in SHOWN)
    }
    assert public - covered == SHOWN


@pytest.mark.parametrize("module", sorted(SHOWN))
def test_all_that_is_shown_of_the_package_names_a_chapter(module):
    shown = [
        value
        for name, value in vars(import_module(module)).items()
        if f"{getattr(value, '__module__', '')}.".startswith(f"{module}.")
        and callable(value)
        and not name.startswith("_")
    ]
    assert shown
    for value in shown:
        named = re.findall(r"\d\d_\w+", value.__doc__.partition("Chapter")[2])
        assert named, value
        assert all((BOOK / f"{file}.ipynb").exists() for file in named), value


# The bibliography

ENTRIES = parse_file(str(BOOK / "references.bib"), "bibtex").entries


def test_what_is_listed_is_cited_and_what_is_cited_listed():
    texts = [*PAGES.values()]
    for path in notebooks.find("book"):
        texts += markdown(path)
    assert set(ENTRIES) == {
        key.strip()
        for keys in re.findall(r"\{cite:\w+\}`([^`]+)`", "\n".join(texts))
        for key in keys.split(",")
    }


# The table of notation

ROWS = [
    cells
    for line in PAGES["notation.md"].splitlines()
    if line.startswith("| $")
    and len(cells := [c.strip() for c in line.strip("|").split("|")]) == 5
]
SYMBOLS = [
    (symbol, re.search(r"<(.+)>", cells[4])[1])
    for cells in ROWS
    for symbol in re.findall(r"\$([^$]+)\$", cells[0])
]
NAMES = sorted({n for cells in ROWS for n in re.findall(r"`(.+?)`", cells[3])})


@functools.cache
def mathematics(path):
    """All formulas in a chapter's words, with single blanks."""
    found = parts(path, boxes=True)
    formulas = [each.content for each in found if "math_" in each.type]
    return " ; ".join(" ".join(formula.split()) for formula in formulas)


def test_each_name_is_in_the_packages():
    """Be it a variable, a function or a key."""
    known = {
        name
        for path in (notebooks.REPO / "src").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        for name in vars(node).values()
        if isinstance(name, str)
    }
    assert len(ROWS) > 30
    assert {"weight_ih", "dh", "lr"} <= set(NAMES) <= known


@pytest.mark.parametrize(("symbol", "chapter"), SYMBOLS)
def test_each_symbol_first_stands_in_its_chapter(symbol, chapter):
    whole = re.escape(symbol)
    if symbol[0].isalpha():
        whole = r"(?<![A-Za-z\\])" + whole
    if symbol[-1].isalpha():
        whole += "(?![A-Za-z])"
    first, *_ = [p.stem for p in CHAPTERS if re.search(whole, mathematics(p))]
    assert first == chapter


# The glossary: each term is linked from where it is first used

EVERYDAY = {
    "attention",  # as it is paid
    "bit",  # of a number, in the title of a deeper page
    "cell",  # of a notebook
    "error",  # linked where the book narrows its meaning
    "leak",  # of a memory that is not wiped
    "stack",  # what libraries do with the gates
    "unit",  # of loss
}
"""Words that are used in another sense too, before they are terms."""


def glossary():
    """The terms, each with the chapter that explains it."""
    text = PAGES["glossary.md"].partition(":sorted:")[2]
    for block in re.split(r"\n\n(?=\S)", text.strip()):
        if block != ":::":
            term, _, explained = block.partition("\n")
            chapter = re.search(r"\(\{doc\}`chapter \d+ <(\w+)>`", explained)
            assert chapter, term
            yield term, chapter[1]


def first_uses():
    """The first link of all chapters to each term.

    With the chapter, and the words that a reader has read by then.
    """
    found, read = {}, ""
    for path in CHAPTERS:
        for part in parts(path):
            read += part.content if part.type == "text" else " "
            if part.meta.get("name") == "term":
                term = re.sub(".*<(.*)>", r"\1", part.content)
                found.setdefault(term, (path.stem, read))
    return found


GLOSSARY = list(glossary())
TERMS = [term for term, _ in GLOSSARY]
USES = first_uses()


def use(term, text):
    """The first use of a term in a text, with the words around it."""
    longer = [other for other in TERMS if term in other and term != other]
    for other in longer:  # a forget gate is no use of "gate"
        text = re.sub(re.escape(other), " ", text, flags=re.I)
    match = re.search(rf"(?<![\w-]){re.escape(term)}s?(?![\w-])", text, re.I)
    return match and text[max(0, match.start() - 40) : match.end() + 40]


def test_all_terms_are_found():
    """That each is there once, and what is linked is one, Sphinx sees."""
    assert len(TERMS) > 100
    assert set(USES) == set(TERMS)


@pytest.mark.parametrize(("term", "chapter"), GLOSSARY)
def test_each_term_is_linked_where_its_chapter_first_uses_it(term, chapter):
    first, before = USES[term]
    assert first == chapter
    if term not in EVERYDAY:
        assert not use(term, before)
