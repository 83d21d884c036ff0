"""The built book as a reader meets it: every page, in a real browser.

The pages are served from this machine alone. Headless Chromium opens each once,
answers its quiz, shows it on a laptop and on a phone, in light and dark mode;
the tests read what was found there. `BOOK_HTML` names another built book,
`CHROMIUM` another browser.
"""

import functools
import json
import os
import re
import shutil
import threading
from collections import Counter
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright
from sphinx_external_toc.parsing import parse_toc_yaml

from unrolled_book import claims, claims_page, quiz

HERE = Path(__file__).resolve().parent
REPO = HERE.parent
HTML = Path(os.environ.get("BOOK_HTML", REPO / "_build" / "html")).resolve()
BROWSERS = "chromium chromium-browser google-chrome google-chrome-stable"
FLAGS = """--no-sandbox --disable-gpu --disable-quic --no-first-run
--disable-background-networking --disable-component-update --disable-sync"""
MODES = ("light", "dark")
WIDTHS = (1300, 400, 360)  # px: a laptop, a phone, a narrow one
PAPER = 642  # px: A4 within margins of 20 mm
PAGE_LIMIT = 1_000_000  # bytes: a page with the images that it alone shows
AXE = {
    "resultTypes": ["violations"],
    "preload": False,  # fetch nothing
    # A bibliography is a list of bibliography entries to docutils; Axe would
    # have plain list items.
    "rules": {"aria-required-children": {"enabled": False}},
}
OF_COLOUR = ["color-contrast", "link-in-text-block"]
BUT_COLOUR = {name: {"enabled": False} for name in OF_COLOUR}


TOC = [f"{name}.html" for name in parse_toc_yaml(REPO / "_toc.yml")]
PAGES = [
    path.relative_to(HTML).as_posix()
    for path in sorted([*HTML.glob("*.html"), *HTML.glob("[!_]*/**/*.html")])
    if path != HTML / "index.html"  # the redirect has a test of its own
] or TOC
QUIZZES = [
    f"book/{path.stem}.html"
    for path in sorted(quiz.reading.QUESTIONS.glob("*.json"))
]
LEDGER = claims.load()
each_page = pytest.mark.parametrize("name", PAGES)


class QuietHandler(SimpleHTTPRequestHandler):
    """Serves files without a line of log for each."""

    def log_message(self, *args):
        """Say nothing."""


@pytest.fixture(scope="session", autouse=True)
def book():
    """Fail, not skip, where there is no book to look at."""
    if not (HTML / "index.html").is_file():
        pytest.fail(f"No book in {HTML}: build it first (make book).")


@pytest.fixture(scope="session")
def site(book):
    """The address under which the book is served."""
    handler = functools.partial(QuietHandler, directory=HTML)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture(scope="session")
def browser(book):
    """One headless Chromium for all tests."""
    with sync_playwright() as playwright:
        found = [*map(shutil.which, BROWSERS.split())]
        found.append(playwright.chromium.executable_path)
        path = os.environ.get("CHROMIUM") or next(filter(None, found))
        if not Path(path).is_file():
            stop = pytest.fail if os.environ.get("CI") else pytest.skip
            stop("No Chromium found: install one or set CHROMIUM.")
        browser = playwright.chromium.launch(
            executable_path=path, args=FLAGS.split()
        )
        yield browser
        browser.close()


def new_page(browser, site, name, mode="light", width=WIDTHS[0]):
    """A page that has settled, and a list of what goes wrong on it."""
    context = browser.new_context(viewport={"width": width, "height": 900})
    context.add_init_script(f"localStorage.mode = '{mode}'")
    context.add_init_script(f"localStorage.theme = '{mode}'")
    context.add_init_script(path=HERE / "pages.js")
    elsewhere = re.compile(rf"^(?!{re.escape(site)}|data:|blob:)")
    context.route(elsewhere, lambda route: route.abort())
    page = context.new_page()
    trouble = []
    add = trouble.append
    page.on("response", lambda r: r.ok or add(f"{r.status} {r.url}"))
    page.on("requestfailed", lambda r: add(f"failed: {r.url}"))
    page.on("console", lambda m: m.type != "error" or add(m.text))
    page.on("pageerror", lambda error: add(str(error)))
    page.goto(site + name)
    page.evaluate("reader.settle()")
    return page, trouble


def axe(page, context=None, **options):
    """What Axe finds in a page, or in a part of it."""
    found = Axe().run(page, context, AXE | options).response["violations"]
    return [
        (rule["impact"], rule["id"], [node["html"] for node in rule["nodes"]])
        for rule in found
    ]


def contrast(page, seen):
    """What Axe finds in the colours of words that look like none before.

    It takes long, and code has thousands of words of a dozen colours.
    """
    added = page.evaluate("reader.fresh", [*seen])
    seen.update(added)
    fresh = {"include": [["[data-fresh]"]]}
    return axe(page, fresh, runOnly=OF_COLOUR) if added else []


def give(page, box, answer):
    """Answer a question by the keyboard alone; return the feedback."""
    if "value" in answer:
        box.get_by_label("Your number").focus()
        page.keyboard.type(f"{answer['value']:.6g}")
    else:
        text = page.evaluate("reader.text", answer["answer"])
        box.get_by_role("button", name=text, exact=True).focus()
        assert box.locator(".MCButton:focus-within").count() == 1
    page.keyboard.press("Enter")
    return box.get_by_role("status").text_content()


def answer_all(page, name):
    """Answer each question wrongly and then rightly: what is said, and wanted.

    None if nothing is asked.
    """
    if name not in QUIZZES:
        return None
    feedback = []
    boxes = page.locator(".unrolled-quiz").get_by_role("group")
    for number, question in enumerate(quiz.load(Path(name).stem)):
        answers = question.model_dump()["answers"]
        for is_right, word in ((False, "Not quite. "), (True, "Right. ")):
            answer = next(a for a in answers if a["correct"] is is_right)
            text = page.evaluate("reader.text", answer["feedback"])
            feedback.append(
                (give(page, boxes.nth(number), answer), word + text)
            )
    return feedback


@pytest.fixture(scope="session")
def look(browser, site):
    """A function that opens a page, once, and says what it found."""
    looks = {mode: set() for mode in MODES}

    @functools.cache
    def open_page(name):
        page, trouble = new_page(browser, site, name)
        facts = page.evaluate("reader.facts()")
        facts["quiz"] = answer_all(page, name)
        facts["overflow"] = {}
        for width in reversed(WIDTHS):
            page.set_viewport_size({"width": width, "height": 900})
            facts["overflow"][width] = page.evaluate("reader.overflow()")
        rules = AXE["rules"] | BUT_COLOUR
        facts["axe"] = axe(page, rules=rules)
        if facts["quiz"]:
            facts["axe_of_quiz"] = axe(page, ".unrolled-quiz", rules=rules)
        for mode in MODES:
            facts[mode] = page.evaluate("reader.colours", mode)
            facts[mode]["axe"] = contrast(page, looks[mode])
        page.emulate_media(media="print")
        page.set_viewport_size({"width": PAPER, "height": 900})
        facts["too_tall"] = page.evaluate("reader.tooTall()")
        facts["trouble"] = trouble + facts["elsewhere"]
        page.context.close()
        return facts

    return open_page


@each_page
def test_loads_alone(look, name):
    """Each page loads without an error and without any other host.

    Each formula is typeset: no error, no TeX left to read. Each image loads,
    with words for those who cannot see it, and a caption.
    """
    facts = look(name)
    faults = ("trouble", "not_typeset", "misset", "tex", "without_caption")
    assert not {fault: facts[fault] for fault in faults if facts[fault]}
    assert facts["icons"] == ["_static/favicon.svg"]
    assert (HTML / "_static/favicon.svg").is_file()
    # Sphinx writes the file's name where an author gave no words.
    no_words = re.compile(r"$|.*\.(png|svg|jpe?g|gif)$")
    for image in facts["images"]:
        assert image["width"], image["file"]
        assert not no_words.match(image["alt"]), image["file"]


@each_page
def test_fits_the_window(look, name):
    """Only boxes of their own scroll sideways, on a laptop and on a phone."""
    assert look(name)["overflow"] == {width: [] for width in WIDTHS}


@each_page
def test_figures_leave_room_on_paper(look, name):
    """Else each asks for a sheet of its own; the one before stays empty."""
    assert look(name)["too_tall"] == []


@each_page
def test_accessible(look, name):
    """Axe finds nothing serious: contrast, alternative text, link names."""
    facts = look(name)
    found = [*facts["axe"], *(f for m in MODES for f in facts[m]["axe"])]
    assert not [rule for rule in found if rule[0] in ("serious", "critical")]


@each_page
@pytest.mark.parametrize("mode", MODES)
def test_modes(look, name, mode):
    """Dark is dark, figures too, none is dimmed; one wordmark, its own."""
    facts = look(name)[mode]
    assert facts["mode"] == mode
    red, green, blue = map(int, re.findall(r"\d+", facts["ground"]))
    if mode == "dark":
        assert max(red, green, blue) < 64
    else:
        assert min(red, green, blue) > 240
    assert not facts["dimmed"]
    assert facts["logos"] == [f"_static/logo-{mode}.svg"]


def test_who_has_chosen_the_dark_gets_it_at_once(browser, site):
    page, trouble = new_page(browser, site, TOC[0], "dark")
    assert page.locator("html").get_attribute("data-theme") == "dark"
    assert not trouble
    page.context.close()


@each_page
def test_links(look, name):
    """Each link inside the book leads to a file and to a place in it."""
    dead = []
    for link in look(name)["links"]:
        target, place = link["file"], link["place"]
        if not (HTML / target).is_file():
            dead.append(target)
        elif place and place not in look(target)["ids"]:
            dead.append(f"{target}#{place}")
    assert not dead


@pytest.mark.parametrize(
    "name", [name for name in TOC if name.startswith("exercises/")]
)
def test_solutions_stay_folded(browser, site, look, name):
    """Whoever goes from an exercise to its solution sees the heading only."""
    solutions = name.replace("exercises/", "solutions/")
    places = [
        link["place"]
        for link in look(name)["links"]
        if link["file"] == solutions and link["place"]
    ]
    assert len(places) == len(set(places)) >= 3
    page = browser.new_page()
    page.route("**/mathjax/**", lambda route: route.abort())  # it takes long
    page.goto(f"{site}{solutions}#{places[-1]}", wait_until="networkidle")
    text = ".admonition.dropdown > p:not(.admonition-title)"
    for folded in (".tag_hide-cell pre", text):
        seen = page.locator(folded).evaluate_all(
            "found => found.map((e) => e.checkVisibility("
            "{ visibilityProperty: true }))"
        )
        assert seen
        assert not any(seen)
    page.close()


@pytest.mark.parametrize("claim_id", LEDGER)
def test_ledger_links(look, claim_id):
    """Each claim links to the one cell of code that checks it, and back."""
    place = claims_page.anchor(claim_id)
    files = {
        link["file"]
        for link in look("book/claims.html")["links"]
        if link["place"] == place
    }
    assert files == {f"book/{LEDGER[claim_id].page}.html"}
    code = look(*files)["code_at"][place]
    end = "," if LEDGER[claim_id].measured else ")"  # no value if untested
    assert f'check("{claim_id}"{end}' in "".join(code.split())
    # What it prints is said there as prose, with a link back to the row.
    back = "book/claims.html", claims_page.row(claim_id)
    assert back in [(o["file"], o["place"]) for o in look(*files)["links"]]


@each_page
def test_notebook_download(look, name):
    """A page made from a notebook offers that notebook."""
    facts = look(name)
    if facts["has_code"]:
        path = Path("_static/take_away", name).with_suffix(".ipynb")
        assert path.as_posix() in [link["file"] for link in facts["links"]]
        assert json.loads((HTML / path).read_text("utf-8"))["cells"]


@pytest.mark.parametrize("name", TOC)
def test_previous_and_next(look, name):
    """Previous and next follow the table of contents."""
    at = TOC.index(name)
    wanted = {"left-prev": TOC[:at][-1:], "right-next": TOC[at + 1 :][:1]}
    links = look(name)["links"]
    assert wanted == {
        kind: [link["file"] for link in links if kind in link["kind"]]
        for kind in wanted
    }


@each_page
def test_page_size(look, name):
    """A page and the images that it alone shows stay under one megabyte."""
    shown = {
        page: {image["file"] for image in look(page)["images"]}
        for page in PAGES
    }
    shows = Counter(image for images in shown.values() for image in images)
    own = [image for image in shown[name] if image and shows[image] == 1]
    size = sum((HTML / path).stat().st_size for path in [name, *own])
    assert size < PAGE_LIMIT


@pytest.mark.parametrize("name", QUIZZES)
def test_quiz(look, name):
    """Each question, answered wrongly and then rightly, says so and why."""
    facts = look(name)
    assert len(facts["quiz"]) == 2 * len(quiz.load(Path(name).stem))
    for said, wanted in facts["quiz"]:
        assert said.startswith(wanted)
    assert facts["axe_of_quiz"] == []


@pytest.mark.parametrize("name", QUIZZES)
def test_quiz_leads_somewhere(look, name):
    """Each link in a quiz's feedback leads to a place of the page."""
    file = quiz.reading.QUESTIONS / f"{Path(name).stem}.json"
    links = set(re.findall(r"href='#(.*?)'", file.read_text("utf-8")))
    assert links
    assert links <= set(look(name)["ids"])


def test_first_page(browser, site):
    """The address of the site itself leads to the first page."""
    page = browser.new_page()
    page.goto(site)
    page.wait_for_url(site + TOC[0])
    page.close()
