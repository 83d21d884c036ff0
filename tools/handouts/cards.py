"""The glossary and the questions as a deck for Anki."""

import re
from collections.abc import Iterator
from pathlib import Path

import genanki

import course

ENTRY = re.compile(r"^(\S.*)\n((?:  .+\n?)+)", re.MULTILINE)
# Anki knows a deck by its number, and a card by its guid: who imports a newer
# deck keeps what was learned.
DECK = 1_997_111_508


def plain(text: str) -> str:
    """MyST as HTML on one line, with formulas as Anki writes them."""
    text = re.sub(r" *\(\{doc\}`[^`]*`\)", "", text)  # where it is explained
    text = " ".join(text.split())
    text = course.ROLE.sub(r"\1", text).replace("<", "&lt;")
    text = re.sub(r"\$(.+?)\$", r"\\(\1\\)", text)
    text = re.sub(r"\*\*(.+?)\*\*|\*(.+?)\*", r"<em>\1\2</em>", text)
    return re.sub(r"`(.+?)`", r"<code>\1</code>", text)


def cards() -> Iterator[tuple[str, str, str, str]]:
    """Front, back, tag and name of each card."""
    glossary = (course.BOOK / "glossary.md").read_text(encoding="utf-8")
    for term, meaning in ENTRY.findall(glossary.split(":sorted:")[1]):
        yield plain(term), plain(meaning), "glossary", term
    for name, question in course.questions():
        if question.asks != "figure":  # that would need the page
            sides = map(course.unlinked, both_sides(question))
            yield *sides, name, f"{name} {question.id}"


def both_sides(question: course.Question) -> tuple[str, str]:
    """A question with its choices, and what is right with the reasons."""
    right = [a for a in question.answers if a.correct]
    reasons = "<br><br>".join(answer.feedback for answer in right)
    if question.type == "numeric":
        return question.question, f"{right[0].value:.4g}<br><br>{reasons}"
    choices = sorted(answer.answer for answer in question.answers)
    front = "".join(f"<li>{choice}</li>" for choice in choices)
    back = "<br>".join(answer.answer for answer in right)
    return f"{question.question}<ul>{front}</ul>", f"{back}<br><br>{reasons}"


def write(to: Path) -> None:
    """Write the deck."""
    deck = genanki.Deck(DECK, "Unrolled")
    for front, back, tag, name in cards():
        guid = genanki.guid_for("unrolled", name)
        note = {"fields": [front, back], "tags": [tag], "guid": guid}
        deck.add_note(genanki.Note(genanki.BASIC_MODEL, **note))
    deck.write_to_file(to)
