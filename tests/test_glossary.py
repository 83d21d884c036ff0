r"""The glossary: each term is linked from where it is first used.

A term is linked by the role ``{term}`` in a chapter's words.
"""

import re
from typing import NamedTuple

import pytest

import notebooks

PAGE = notebooks.REPO / "book" / "glossary.md"
CHAPTERS = notebooks.find("book")
EVERYDAY = {
    "attention",  # as it is paid
    "cell",  # of a notebook
    "error",  # linked where the book narrows its meaning
    "leak",  # of a memory that is not wiped
    "stack",  # what libraries do with the gates
}
"""Words that are used in another sense too, before they are terms."""

ROLE = re.compile(r"\{term\}`([^`<]+?)(?: <([^`>]+)>)?`")
NOT_WORDS = re.compile(
    r"""
      ^(?::{3,}|`{3,}).*?^(?::{3,}|`{3,})$   # boxes and blocks of code
    | ^\#.*$                                 # headings
    | \$\$.*?\$\$ | \$[^$\n]+\$              # formulas
    | \{[a-z:]+\}`[^`]*`                     # roles
    | ^\([\w.-]+\)=$                         # names of places
    | `[^`]+`                                # code
    """,
    re.VERBOSE | re.MULTILINE | re.DOTALL,
)


class Entry(NamedTuple):
    """A term of the glossary."""

    term: str
    chapter: str
    """The chapter that explains it."""


class Use(NamedTuple):
    """A link from a chapter to the glossary."""

    chapter: str
    before: str
    """The words that a reader has read by then, in all chapters."""


def entries():
    """The terms, as the page has them."""
    text = PAGE.read_text("utf-8").partition(":sorted:")[2]
    for block in re.split(r"\n\n(?=\S)", text.strip()):
        if block != ":::":
            term, _, words = block.partition("\n")
            chapter = re.search(r"\(\{doc\}`chapter (\d+) <(\w+)>`", words)
            assert chapter, term
            assert int(chapter[1]) == int(chapter[2][:2]), term
            yield Entry(term, chapter[2])


def words(text):
    """What is left of a text without code, formulas, boxes and links."""
    return NOT_WORDS.sub(" ", text)


def uses():
    """The links of all chapters, by term and in order."""
    found, read = {}, ""
    for path in CHAPTERS:
        for cell in notebooks.read(path).cells:
            if cell.cell_type == "markdown":
                for role in ROLE.finditer(cell.source):
                    before = read + words(cell.source[: role.start()])
                    use = Use(path.stem, before)
                    found.setdefault(role[2] or role[1], []).append(use)
                read += words(cell.source) + "\n"
    return found


ENTRIES = list(entries())
TERMS = [entry.term for entry in ENTRIES]
USES = uses()


def place(term, text):
    """The first use of a term in a text, with the words around it."""
    longer = [other for other in TERMS if term in other and term != other]
    for other in longer:  # a forget gate is no use of "gate"
        text = re.sub(re.escape(other), " ", text, flags=re.I)
    match = re.search(rf"(?<![\w-]){re.escape(term)}s?(?![\w-])", text, re.I)
    if match:
        start, end = match.span()
        return " ".join(text[max(0, start - 40) : end + 40].split())
    return None


def test_terms_are_unique_and_in_order():
    assert len(TERMS) > 100
    assert len(set(map(str.lower, TERMS))) == len(TERMS)
    assert sorted(TERMS, key=str.lower) == TERMS


def test_every_link_leads_to_a_term():
    assert not set(USES) - set(TERMS)


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.term)
def test_each_term_is_first_linked_in_its_chapter(entry):
    chapters = [use.chapter for use in USES.get(entry.term, [])]
    assert chapters[:1] == [entry.chapter]


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.term)
def test_each_term_is_linked_where_it_is_first_used(entry):
    if entry.term not in EVERYDAY:
        assert not place(entry.term, USES[entry.term][0].before)


@pytest.mark.parametrize(
    ("term", "text", "found"),
    [
        ("gate", "three gates", True),
        ("gate", "a Gate", True),
        ("gate", "investigate", False),
        ("gate", "forget gates", False),
        ("gate", "gate-wise", False),
        ("bias", "biased", False),
    ],
)
def test_uses_are_found(term, text, found):
    assert bool(place(term, text)) == found


def test_code_formulas_headings_and_boxes_are_no_use():
    text = "# Gates\n`gates` $gates$\n:::{tip}\ngates\n:::\n{term}`gates`"
    assert not place("gate", words(text))
