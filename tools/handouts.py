"""`make handouts`: quizzes, cards, figures and a summary to take to class.

- ``quizzes.xml``: all questions as Moodle XML, with feedback; computed keys.
- ``cards.txt``: the glossary and the questions of one answer that need no
  figure, for Anki: import it as it is.
- ``figures.zip``: each figure of the core, by its name.
- ``keep.md``: what to keep of each chapter.
"""

import base64
import re
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

import nbformat

from unrolled_book import quiz

REPO = Path(__file__).resolve().parents[1]
TO = REPO / "_build" / "handouts"
CHAPTERS = sorted((REPO / "book").glob("[0-9][0-9]_*.ipynb"))
NAMES = [path.stem for path in CHAPTERS]
ROLE = re.compile(r"\{[\w:]+\}`([^`<]*?)(?: *<[^>`]*>)?`")
LINK = re.compile(r"<a href='[^']*'>(.*?)</a>")
KEEP = re.compile(r"^## What to keep\n+(.+?)\n+## ", re.MULTILINE | re.DOTALL)
ENTRY = re.compile(r"^(\S.*)\n((?:  .+\n?)+)", re.MULTILINE)


def within(parent: ET.Element, tag: str, text: object, **more: str) -> None:
    """Add an element that holds its text in another, as Moodle wants it."""
    ET.SubElement(ET.SubElement(parent, tag, more), "text").text = str(text)


def words(text: str) -> str:
    """Leave out links to places on a page."""
    return LINK.sub(r"<em>\1</em>", text)


def as_moodle(chapter: str, question: quiz.reading.Question) -> ET.Element:
    """One question in Moodle's XML."""
    is_number = question.type == "numeric"
    kind = "numerical" if is_number else "multichoice"
    root = ET.Element("question", type=kind)
    within(root, "name", f"{chapter} {question.id}")
    within(root, "questiontext", words(question.question), format="html")
    right = sum(answer.correct for answer in question.answers)
    wrong = len(question.answers) - right
    for answer in question.answers:
        share = 100 / right if answer.correct else 0
        if question.type == "many_choice" and not answer.correct:
            share = -100 / wrong  # who ticks all gets nothing
        text = answer.value if is_number else words(answer.answer)
        form = {"fraction": f"{share:.5f}", "format": "html"}
        node = ET.SubElement(root, "answer", form)
        ET.SubElement(node, "text").text = str(text)
        within(node, "feedback", words(answer.feedback), format="html")
        if is_number:
            ET.SubElement(node, "tolerance").text = str(answer.within)
    if is_number:
        node = ET.SubElement(root, "answer", fraction="0", format="html")
        ET.SubElement(node, "text").text = "*"
        within(node, "feedback", words(question.otherwise), format="html")
    else:
        is_single = question.type == "multiple_choice"
        ET.SubElement(root, "single").text = str(is_single).lower()
        ET.SubElement(root, "shuffleanswers").text = "true"
        ET.SubElement(root, "answernumbering").text = "none"
    return root


def quizzes() -> ET.ElementTree:
    """All questions, in a category for each chapter."""
    root = ET.Element("quiz")
    for name in NAMES:
        category = ET.SubElement(root, "question", type="category")
        within(category, "category", f"$course$/top/Unrolled/{name}")
        root.extend(as_moodle(name, question) for question in quiz.load(name))
    ET.indent(root)
    return ET.ElementTree(root)


def plain(text: str) -> str:
    """MyST as HTML on one line, with formulas as Anki writes them."""
    text = re.sub(r" *\(\{doc\}`[^`]*`\)", "", text)  # where it is explained
    text = ROLE.sub(r"\1", " ".join(text.split())).replace("<", "&lt;")
    text = re.sub(r"\$(.+?)\$", r"\\(\1\\)", text)
    text = re.sub(r"\*\*(.+?)\*\*|\*(.+?)\*", r"<em>\1\2</em>", text)
    return re.sub(r"`(.+?)`", r"<code>\1</code>", text)


def cards() -> Iterator[tuple[str, str, str]]:
    """Front, back and tag of each card."""
    glossary = (REPO / "book" / "glossary.md").read_text(encoding="utf-8")
    for term, meaning in ENTRY.findall(glossary.split(":sorted:")[1]):
        yield plain(term), plain(meaning), "glossary"
    for name in NAMES:
        for question in quiz.load(name):
            needs_page = question.asks == "figure"
            if question.type == "multiple_choice" and not needs_page:
                (best,) = (a for a in question.answers if a.correct)
                back = f"{best.answer}<br><br>{best.feedback}"
                yield words(question.question), words(back), name


def figures() -> Iterator[tuple[str, bytes]]:
    """Name and picture of each figure."""
    for path in CHAPTERS:
        for cell in nbformat.read(path, nbformat.NO_CONVERT).cells:
            name = cell.metadata.get("mystnb", {}).get("figure", {}).get("name")
            for output in cell.get("outputs", ()) if name else ():
                if png := output.get("data", {}).get("image/png"):
                    yield f"{path.stem}/{name}.png", base64.b64decode(png)


def keep() -> Iterator[str]:
    """What to keep of each chapter, below its title."""
    for path in CHAPTERS:
        cells = nbformat.read(path, nbformat.NO_CONVERT).cells
        text = "\n\n".join(
            cell.source for cell in cells if cell.cell_type == "markdown"
        )
        title = text.split("\n")[0].removeprefix("# ")
        (lines,) = KEEP.findall(text)
        number = int(path.name[:2])
        yield f"## {number}. {title}\n\n" + ROLE.sub(r"\1", lines) + "\n"


def make(to: Path) -> None:
    """Write all hand-outs into a folder."""
    to.mkdir(parents=True, exist_ok=True)
    quizzes().write(to / "quizzes.xml", "utf-8", xml_declaration=True)
    head = "#separator:tab\n#html:true\n#tags column:3\n"
    rows = "".join("\t".join(card) + "\n" for card in cards())
    (to / "cards.txt").write_text(head + rows, encoding="utf-8")
    with zipfile.ZipFile(to / "figures.zip", "w") as bundle:
        for name, picture in figures():
            bundle.writestr(name, picture)
    text = "# Unrolled: what to keep\n\n" + "\n".join(keep())
    (to / "keep.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    make(Path(sys.argv[1]) if sys.argv[1:] else TO)
