"""What the site does around its pages: search, kept answers, print."""

import functools
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import venv
from io import BytesIO
from pathlib import Path

import pytest
from pypdf import PdfReader

from test_pages import HERE, HTML, TOC, book, browser, site
from unrolled_book import quiz

__all__ = ["book", "browser", "site"]  # fixtures

EDGES = ("top", "right", "bottom", "left")
FORWARD = "book/02_forward.html"
TAKE_AWAY = HTML / "_static" / "take_away"
# All that the notebooks read beside code, said in one number.
RECORDS = """
import unrolled_lab as lab
from unrolled_book import claims, quiz
found = [str(lab.load_records(name)) for name in lab.CATALOGUE
         if (lab.results_folder() / name).is_dir()]
found += [str(lab.load_measurement(name)) for name in
          ("bench", "transformer", "variants", "widths", "probes/seed0")]
lab.load_model(lab.load_records("published")[0], "best")
lab.load_forecasters("henon")
print(len("".join(found)), len(claims.load()))
"""

# Single words, slips and short ones, and pages that answer them, of which one
# is among the first three found.
ASKED = {
    "yesterday's value": ["deeper/02_worth"],
    "h_n": ["07_network", "symptoms.html#what-is-output"],
    "TBPTT": ["glossary"],
    "forget gate bias": ["glossary"],
    "bias_hh": ["07_network"],
    "validation loss rises accuracy does not fall": ["10_overfitting"],
    "exploding gradients": ["01_vanishing"],
    "gradient cliping": ["deeper/01_limit"],
    "early stopping": ["10_overfitting"],
    "adam vs sgd": ["05_training"],
    "lstm vs gru": ["12_beyond", "symptoms.html#lstm-gru"],
    "transformer or lstm": ["12_training", "symptoms.html#lstm-gru"],
    "batch_first": ["07_network"],
    "perplexity": ["07_network"],
    "overfitting": ["10_overfitting", "symptoms.html#training-accuracy"],
    "exposure bias": ["glossary"],
}
QUERIES = tomllib.loads((HERE / "queries.toml").read_text("utf-8"))["query"]


@pytest.fixture(name="page")
def open_page(browser, site):
    """A page with a memory of its own."""
    context = browser.new_context()
    page = context.new_page()
    page.at = lambda name: page.goto(site + name)
    yield page
    context.close()


def test_search_leads_to_the_section_and_marks_the_words(page):
    page.at("search.html")
    page.fill("main input[name=q]", "forget gate")
    page.press("main input[name=q]", "Enter")
    page.wait_for_url(re.compile(r"\?q=forget\+gate"))
    link = page.locator("#search-results li a").first
    link.wait_for()
    place = link.get_attribute("href")
    assert place.split("?")[0] in TOC
    link.click()
    page.wait_for_url(re.compile(re.escape(place.split("#")[1])))
    page.locator("span.highlighted").first.wait_for()
    words = page.locator("span.highlighted").all_inner_texts()
    assert {"forget", "gate"} <= {word.lower() for word in words}


@pytest.fixture(name="search", scope="module")
def open_search(browser, book):
    """The places that the search finds, best first."""
    page = browser.new_page()
    page.goto((HTML / "search.html").as_uri())  # no server is needed
    yield lambda asked: page.evaluate("asked => bookSearch(asked)", asked)
    page.close()


@pytest.mark.parametrize("asked", ASKED)
def test_search_finds_words(search, asked):
    places = search(asked)[:3]
    assert any(part in each for part in ASKED[asked] for each in places), places


def test_search_finds_in_peoples_words(search):
    """Forty-five questions of fifty have an answer in the first place."""
    assert len({query["asked"] for query in QUERIES}) == 50
    missed = {
        query["asked"]: places[0]
        for query in QUERIES
        if (places := search(query["asked"])[:1] or ["nothing"])
        and not any(part in places[0] for part in query["places"])
    }
    assert len(missed) <= 5, missed


def test_every_answer_to_a_question_is_a_place(book):
    """So that a heading that is changed is changed in the list, too."""
    index = (HTML / "_static" / "search-index.js").read_text("utf-8")
    for query in QUERIES:
        assert all(part in index for part in query["places"]), query["asked"]


def test_search_says_that_nothing_was_found(page):
    page.at("search.html?q=qqzzxx")
    assert "Nothing found" in page.locator("#search-count").inner_text()
    assert page.locator("#search-results li").count() == 0


def test_answers_are_kept_and_forgotten(page):
    name = "02_forward"
    count = len(quiz.load(name))
    question = page.locator(".Quiz:has(.MCButton)").first
    said = question.locator(".Feedback")
    page.at(f"book/{name}.html")
    question.locator(".MCButton").first.click()
    before = said.inner_text()
    assert before
    page.at(f"book/{name}.html")
    forget = page.locator(".unrolled-quiz .Forget")
    forget.wait_for()
    assert said.inner_text() == before
    assert page.evaluate("scrollY") == 0  # nothing took the focus
    page.at("book/index.html")
    note = page.locator(".progress-note")
    assert note.inner_text().strip().endswith(f"of {count}")
    page.at(f"book/{name}.html")
    forget.click()
    page.wait_for_function("!localStorage.getItem('unrolled quiz_02_forward')")
    question.locator(".MCButton").first.wait_for()
    assert said.inner_text() == ""


COMMAS = {
    "0,25": "0.25", "−3,7": "-3.7", "204,290": "204290", "0,123": "0.123",
    "1.5": "1.5", "4.67e-05": "4.67e-05",
}  # fmt: skip


@pytest.mark.parametrize("typed", COMMAS)
def test_a_comma_is_read_as_what_it_must_be(page, typed):
    page.at("book/03_one_weight.html")
    field = page.locator(".unrolled-quiz .Input-text").first
    field.click()
    page.keyboard.type(typed)
    page.keyboard.press("Enter")
    assert field.input_value() == COMMAS[typed]


@pytest.mark.parametrize("width, is_seen", [(1300, False), (400, True)])
@pytest.mark.parametrize(
    "name, title",
    [
        ("notation", "Meaning: "),  # a table of sentences
        ("claims", "We found: "),  # made from the ledger
        ("02_forward", "h"),  # what a cell of code has printed
    ],
)
def test_a_cell_says_its_column_on_a_phone_only(
    page, name, title, width, is_seen
):
    page.set_viewport_size({"width": width, "height": 800})
    page.at(f"book/{name}.html")
    cell = page.locator(f'table.stacked td[data-title="{title}"]').first
    said = cell.evaluate("e => getComputedStyle(e, '::before').content")
    assert said == (f'"{title}"' if is_seen else "none")


def test_a_message_wraps_on_a_phone_and_columns_scroll(page):
    page.set_viewport_size({"width": 400, "height": 800})
    page.at("book/symptoms.html")
    of = "found => found.map((e) => e.scrollWidth > e.clientWidth)"
    for places, scrolls in (
        (".message pre", {False}),
        (".cell_output :not(.message) > .highlight > pre", {True, False}),
    ):
        assert {*page.locator(places).evaluate_all(of)} == scrolls


def test_a_fold_is_found_by_what_its_code_is_of(page):
    """By eye and by ear; and on paper, where it cannot open, not at all."""
    page.at("book/05_training.html")
    folds = page.locator("details.hide > summary")
    names = [*map(str.strip, folds.all_inner_texts())]
    assert {
        "Show the imports", "Show the code of the figure",
        "Show the code of the table", "Show the code of gradients, train",
    } <= {*names}  # fmt: skip
    assert "Show the code" not in names
    fold = page.get_by_text("Show the code of gradients, train", exact=True)
    assert folds.and_(page.locator("[aria-label]")).count() == 0
    assert fold.is_visible()
    page.emulate_media(media="print")
    assert not fold.is_visible()


def test_paper_has_no_answers(page):
    """And no button; the field stays, for a pencil."""
    folds = page.locator(".admonition.dropdown > :not(.admonition-title)")
    buttons = page.locator(".toggle-button, .Check")
    page.at("book/02_forward.html")
    page.locator(".toggle-button").first.wait_for()
    page.emulate_media(media="print")
    for found in (folds, buttons):
        assert found.count()
        assert not any(each.is_visible() for each in found.all())
    assert page.locator(".Input-text").first.is_visible()


def test_paper_shows_the_solutions(page):
    """On their own pages; the code of the checks stays folded."""
    for name in TOC:
        text = (HTML / name).read_text("utf-8")
        is_known = re.search(r'<section[^>]* id="solutions-', text)
        assert bool(is_known) == name.startswith("solutions/")
    page.at("solutions/04_bptt.html")
    page.locator(".toggle-button").first.wait_for()
    page.emulate_media(media="print")
    texts = ".admonition.dropdown > :not(.admonition-title)"
    for places, seen in (
        (f".tag_hide-cell pre, {texts}", True),
        (".tag_hide-input details pre, .toggle-button, summary", False),
    ):
        found = page.locator(f"article :is({places})").evaluate_all(
            "found => found.map((e) => e.checkVisibility("
            "{ visibilityProperty: true, opacityProperty: true }))"
        )
        assert {*found} == {seen}


@pytest.mark.parametrize("where", ["by http", "by file"])
def test_a_notebook_comes_as_a_file(page, site, where):
    """Whatever the server calls it, and where there is no server."""
    page.route("**/*.ipynb", as_json)
    page.goto((site if where == "by http" else f"{HTML.as_uri()}/") + FORWARD)
    page.click(".dropdown-download-buttons > button")
    with page.expect_download() as download:
        page.click(".dropdown-download-buttons a")
    assert download.value.suggested_filename == "02_forward.ipynb"
    cells = json.loads(download.value.path().read_text("utf-8"))["cells"]
    assert "%pip install" in "".join(cells[0]["source"])
    assert not any(cell.get("outputs") for cell in cells)


def as_json(route):
    """Let the server say that it is JSON, which browsers show."""
    answer = route.fetch()
    kind = {"content-type": "application/json"}
    route.fulfill(response=answer, headers=answer.headers | kind)


def test_a_notebook_runs_alone(tmp_path, capfd):
    """In an empty folder beside the wheel, with nothing of the repository."""
    venv.create(tmp_path / "env")
    python = tmp_path / "env" / "bin" / "python"
    (home,) = (tmp_path / "env").glob("lib/python*/site-packages")
    for path in Path(sysconfig.get_path("purelib")).iterdir():
        if "unrolled" not in path.name:  # all that is installed otherwise
            (home / path.name).symlink_to(path)
    folder = tmp_path / "empty"
    folder.mkdir()
    for path in (
        TAKE_AWAY / "book" / "02_forward.ipynb",
        *TAKE_AWAY.glob("*.whl"),
    ):
        shutil.copy(path, folder)
    clean = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    run = functools.partial(subprocess.check_output, cwd=folder, env=clean)
    execute = "-m nbconvert --to=notebook --execute --inplace 02_forward.ipynb"
    run([python, *execute.split()], stderr=subprocess.STDOUT)
    assert "0.8451\\n" in (folder / "02_forward.ipynb").read_text("utf-8")
    capfd.readouterr()
    exec(RECORDS, {})
    assert run([python, "-c", RECORDS], text=True) == capfd.readouterr().out


def test_one_file_to_print(tmp_path):
    """Each chapter begins on the page that the contents say."""
    path = tmp_path / "two.pdf"
    pages = [HTML / "book" / f"{name}.html" for name in ("glossary", "claims")]
    tool = [sys.executable, "tools/handouts/pdf.py"]
    program = [*tool, "--to", path, "--only", *pages]
    subprocess.run(program, check=True, cwd=HTML.parents[1])
    sheets = [sheet.extract_text() for sheet in PdfReader(path).pages]
    for title in ("Glossary", "What is true in the sources?"):
        (start,) = re.findall(
            rf"{re.escape(title)}\s+(\d+)\n", sheets[0] + "\n"
        )
        assert title in sheets[int(start) - 1].splitlines()[0]
        assert sheets[int(start) - 1].split()[-1] == start


@pytest.mark.parametrize("name", ["cheatsheet", "checklist"])
def test_a_sheet_is_one_page_of_paper(page, name):
    page.at(f"book/{name}.html")
    page.wait_for_load_state("networkidle")
    paper = {"format": "A4", "margin": dict.fromkeys(EDGES, "20mm")}
    printed = PdfReader(BytesIO(page.pdf(**paper)))
    assert len(printed.pages) == 1


def test_the_api_shows_fields_without_machinery(page):
    page.at("book/api/train.html")
    text = page.locator("article").inner_text()
    assert "patience: int | None" in text
    assert "Adam’s learning rate: about how far" in " ".join(text.split())
    assert not re.search("Annotated|FieldInfo|model_config|Type:", text)
