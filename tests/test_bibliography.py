"""The bibliography: complete entries, each of them cited."""

import re
from collections import Counter

import pytest
from pybtex.database import parse_file

import notebooks

BOOK = notebooks.REPO / "book"
ENTRIES = parse_file(str(BOOK / "references.bib"), "bibtex").entries
EXAMINED = {"vasim", "mohapatra", "mohapatra2"}  # their pages bear no year
WAITING: set[str] = set()  # for the chapter that will cite them
CITED = {
    key.strip()
    for path in [*BOOK.glob("*.md"), *BOOK.glob("*.ipynb")]
    for keys in re.findall(r"\{cite:\w+\}`([^`]+)`", path.read_text("utf-8"))
    for key in keys.split(",")
}


@pytest.mark.parametrize("key", ENTRIES)
def test_each_entry_is_complete(key):
    entry = ENTRIES[key]
    assert entry.persons["author"]
    assert entry.fields["title"]
    if key in EXAMINED:
        assert entry.fields["url"].startswith("https://")
    else:
        assert re.fullmatch(r"(18|19|20)\d\d", entry.fields["year"])
        where = {
            "article": "journal",
            "inproceedings": "booktitle",
            "incollection": "booktitle",
        }
        assert where.get(entry.type, "eprint") in entry.fields


@pytest.mark.parametrize("key", ENTRIES)
def test_each_doi_is_one(key):
    fields = ENTRIES[key].fields
    assert re.fullmatch(r"10\.\d{4,}/\S+", fields.get("doi", "10.1000/none"))
    if "eprint" in fields:
        assert fields["doi"] == f"10.48550/arXiv.{fields['eprint']}"


def test_nothing_is_listed_twice():
    for field in ("doi", "title"):
        values = [entry.fields.get(field) for entry in ENTRIES.values()]
        counts = Counter(value.lower() for value in values if value)
        assert [value for value, n in counts.items() if n > 1] == []


def test_each_entry_is_cited():
    assert set(ENTRIES) - CITED <= WAITING


def test_what_is_cited_is_there():
    assert not CITED - set(ENTRIES)
