"""Slides for each meeting that the teachers' page plans, and other chapters.

Shown is what a class looks at: headings, the first sentence under each, lists,
formulas, code, tables, figures, questions. The text itself is in the speaker's
notes (key S). nbconvert makes the slides; all that they load lies beside them.
"""

import re
import shutil
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from nbconvert import SlidesExporter
from nbformat import v4

import course

HERE = Path(__file__).parent
SKIPPED = ("Check yourself", "Exercises", "Deeper", "Where it comes from")
MEETING = re.compile(r"^\| (\d) \| (.*?) \| \d+ min \| (.+?) \|$", re.MULTILINE)
PART = re.compile(r"\{doc\}`[^`]*<(\w+)>`(?:, (to|from) “(.+?)”)?")
FENCE = re.compile(r"^(:{3,}|`{3,})\{[\w-]+\}.*?^\1$", re.MULTILINE | re.DOTALL)
TARGET = re.compile(r"^\(.+\)=\n", re.MULTILINE)
HEADING = re.compile(r"^(#{1,3}) (.+)$")
SENTENCE = re.compile(r"\S.*?[.:?!][*)]*(?= +[^a-z ]|$)")
CITED = re.compile(r" ?\{cite:\w\}`([^`]+)`")


def slide(text: str, kind: str = "subslide"):
    """A cell of words: a slide, a subslide, more of it ("-"), or "notes"."""
    return v4.new_markdown_cell(
        text, metadata={"slideshow": {"slide_type": kind}}
    )


def plain(text: str) -> str:
    """MyST without its own marks, links and citations."""
    text = CITED.sub("", TARGET.sub("", FENCE.sub("", text)))
    text = re.sub(r"\{numref\}`[^`]*`", "the figure", text)
    text = re.sub(r"\[([^]]+)\]\([^)]*\)", r"\1", course.ROLE.sub(r"\1", text))
    return course.unlinked(text).strip()


def told(title: str, paragraphs: list[str]) -> str:
    """What of a text is shown: its first sentences, lists and formulas."""
    shown, is_first = [], True
    for paragraph in paragraphs:
        sentences = SENTENCE.findall(" ".join(paragraph.split()))
        if paragraph.startswith(("- ", "1. ", "$$", "|")):
            shown.append(paragraph)
        elif "in five sentences" in title:
            shown += [f"- {sentence}" for sentence in sentences]
        elif paragraph.startswith("**"):  # a word, and what it is about
            shown.append(" ".join(sentences[:2]))
        elif is_first and sentences:
            shown.append(sentences[0])
        is_first = False
    return "\n\n".join(shown)


def sections(name: str) -> Iterator[tuple[str, list]]:
    """The chapter, cut at its headings: each with the cells beneath."""
    title, beneath = "", []
    for cell in course.cells(course.CHAPTERS[name]):
        if cell.cell_type != "markdown":
            beneath.append(cell)
            continue
        if not title:  # the box at the top: what one can do afterwards
            box = re.search(r"^- .*?(?=\n\n)", cell.source, re.M | re.DOTALL)
            beneath.append(v4.new_markdown_cell(box[0] if box else ""))
        for paragraph in plain(cell.source).split("\n\n"):
            heading = HEADING.match(paragraph)
            if not heading:
                beneath.append(v4.new_markdown_cell(paragraph))
            elif heading[1] == "#":
                title = paragraph
            else:
                yield title, beneath
                title, beneath = paragraph, []
    yield title, beneath


def of_section(title: str, cells: list) -> Iterator:
    """The slides of one section: a new one after each result."""
    kind = "subslide" if title.startswith("###") else "slide"
    text, is_full, holds, words = [], True, False, "## " + title.lstrip("# ")
    for cell in [*cells, None]:
        if cell and cell.cell_type == "markdown":
            text.append(cell.source)
            continue
        result = cell and visible(cell)
        if cell and not result:
            continue
        shown = told(title if kind == "slide" else "", text)
        # What only leads from one result to the next is for the notes.
        is_figure = result and "caption" in result.metadata
        is_next = is_full or (holds and is_figure)
        if (result and is_next) or kind == "slide" or "\n" in shown:
            yield slide(f"{words}\n\n{shown}", kind)
            kind, is_full, holds = "subslide", False, False
            if is_figure and "\n- " in shown:
                yield slide(words)
        if text:
            yield slide("\n\n".join(text), "notes")
            text = []
        if result:
            yield result
            is_full, holds = bool(result.outputs), True


def visible(cell):
    """A code cell as the page shows it, or None where all is folded."""
    tags = set(cell.metadata.get("tags", ()))
    figure = cell.metadata.get("mystnb", {}).get("figure", {})
    cell = v4.new_code_cell(cell.source, outputs=cell.outputs)
    cell.metadata["slideshow"] = {"slide_type": "-"}
    if tags & {"hide-cell", "remove-cell"}:
        return None
    if tags & {"hide-input", "remove-input"}:
        cell.metadata["transient"] = {"remove_source": True}
        if not cell.outputs:
            return None
    if figure:
        html = f'<p class="caption">{plain(figure["caption"])}</p>'
        cell.metadata["caption"] = html
        caption = v4.new_output("display_data", {"text/html": html})
        cell.outputs = [*cell.outputs, caption]
    return cell


def of_chapter(name: str, edge: str = "", heading: str = "") -> list:
    """A chapter's slides, all or to or from a heading."""
    parts = list(sections(name))
    if edge:
        at = [n for n, (title, _) in enumerate(parts) if heading in title]
        parts = parts[: at[0]] if edge == "to" else parts[at[0] :]
    slides = []
    for title, cells in parts:
        if not title.endswith(SKIPPED):
            slides += of_section(title, cells)
    return slides


def of_quiz(name: str) -> Iterator:
    """A slide for each question; what is right, and why, in the notes."""
    for question in course.quiz.load(name):
        numeric = question.type == "numeric"
        lines = [] if numeric else [a.answer for a in question.answers]
        words = [question.question, *(f"- {x}" for x in sorted(lines))]
        yield slide("## A question\n\n" + "\n".join(map(plain, words)))
        right = [a for a in question.answers if a.correct]
        notes = [
            f"{a.value if numeric else a.answer}: {a.feedback}" for a in right
        ]
        yield slide("\n\n".join(map(plain, notes)), "notes")


def decks() -> Iterator[tuple[str, list]]:
    """Each deck by its name: the meetings, then what no meeting reads."""
    plan = (course.BOOK / "teachers.md").read_text(encoding="utf-8")
    plan = plan.partition("## In two weeks")[2].partition("## ")[0]
    left = dict.fromkeys(course.CHAPTERS)
    for number, read, together in MEETING.findall(plan):
        parts = [p for p in PART.findall(read) if p[0] in course.CHAPTERS]
        points = "\n".join(f"- {p.strip()}" for p in together.split(";"))
        slides = [slide(f"# Meeting {number}\n\n{plain(points)}", "slide")]
        for name, edge, heading in parts:
            left.pop(name, None)
            slides += of_chapter(name, edge, heading)
            if edge != "to":
                slides += of_quiz(name)
        yield f"meeting_{number}", slides
    for name in left:
        yield name, [*of_chapter(name), *of_quiz(name)]


def write(to: Path) -> None:
    """Write the slides, and beside them what they load."""
    exporter = SlidesExporter(
        template_name="template",
        extra_template_basedirs=[str(HERE)],
        reveal_url_prefix="reveal",
        reveal_theme="unrolled",
    )
    for name, slides in decks():
        book = v4.new_notebook(cells=slides, metadata={"title": name})
        html, _ = exporter.from_notebook_node(book)
        (to / f"{name}.html").write_text(html, encoding="utf-8")
    reveal = package("sphinx_revealjs") / "_static" / "revealjs"
    mathjax = package("sphinx-mathjax-offline") / "static" / "mathjax"
    for source, name in (
        (reveal / "dist" / "reveal.js", "reveal/reveal.js"),
        (reveal / "dist" / "reveal.css", "reveal/dist/reveal.css"),
        (reveal / "plugin" / "notes" / "notes.js", "reveal/notes.js"),
        (mathjax / "tex-svg.js", "mathjax/tex-svg.js"),
        (HERE / "template" / "slides.css", "reveal/dist/theme/unrolled.css"),
    ):
        (to / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, to / name)
    fonts = course.BOOK / "_static" / "fonts"
    shutil.copytree(fonts, to / "fonts", dirs_exist_ok=True)


def package(name: str) -> Path:
    """The folder of an installed package."""
    return Path(find_spec(name).origin).parent
