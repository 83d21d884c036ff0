"""The figures that one can touch, touched: in the built pages, in a browser.

Each is held against its Python twin, which computes with the package, and is
moved by mouse and keyboard, on a phone, on paper, without JavaScript.
"""

import functools
import importlib
import json
import re
from pathlib import Path
from urllib.parse import parse_qsl

import numpy as np
import pytest

from test_pages import (
    HERE,
    HTML,
    OF_COLOUR,
    REPO,
    axe,
    book,
    browser,
    new_page,
    site,
)
from unrolled.by_hand import lstm
from unrolled.gates import Clamp, run_clamped
from unrolled_book import explore, figures
from unrolled_book.explore.page import HERE as SCRIPTS
from unrolled_lab import CATALOGUE, load_model, load_records, make_data

__all__ = ["book", "browser", "site"]  # fixtures

SHARED = {"explore", "lstm", "two_layers"}
NAMES = sorted({p.stem for p in SCRIPTS.glob("*.js")} - SHARED)
ANSWER = 50  # ms
SMALLEST = 9.5  # px, of words on the screen
each = pytest.mark.parametrize("name", NAMES)


def keeps_and_cannot_learn(state, found):
    """The gap stays, and the gradient dies."""
    rates = [found["up_rates"][-1], found["down_rates"][-1]]
    return found["gap"] > 1 and max(rates) < 1e-8


def holds_its_price(state, found):
    """Day 1's entry is kept whole until day 6, and said only then."""
    is_kept = abs(found["held"] - found["entry"]) < 1e-12
    is_said = abs(found["said"] - np.tanh(found["entry"])) < 1e-12
    return is_kept and is_said and found["before"] == 0


def has_something_to_forget(state, found):
    """The red number at the forget gate is above 1."""
    return found["df"] > 1


def is_nearer_than_a_window_of_one(state, found):
    """This window is, and none below it."""
    off = np.abs(np.subtract(found["sums"], found["sums"][-1]))
    return state["window"] == 1 + np.argmax(off < off[0])


def keeps_as_much_by_chunks(state, found):
    """Nine tenths are kept, and one step less would not do."""
    are_chunks = state["k1"] == state["k2"] and state["f"] == 0.9
    return are_chunks and 0.9 <= found["share"] < 0.901


def has_the_count_of_the_text(state, found):
    """Source B's text says so many parameters."""
    return found["total"] == 197_378


def steps_beyond_its_rate(state, found):
    """Adam takes a step of more than two learning rates."""
    return found["adam_times"] > 2


def shares_the_work(state, found):
    """The Transformer is ahead at the start's sizes, with a tenth it is not."""
    is_start = (state["power"], state["N"], state["d"]) == (10, 1, 96)
    LSTM, rival = found["LSTM_ticks"], found["Transformer_ticks"]
    work = found["Transformer_work"] - found["LSTM_work"]
    saved = found["LSTM_chain"] - found["Transformer_chain"]
    fewer = 10 ** (state["hands"] - 1)
    return is_start and rival < LSTM and work / fewer > saved


def is_loud_no_more(state, found):
    """The last weights' validation loss is lower than along the curve."""
    is_lowest = found["valid_loss"] < min(found["valid_curve"])
    return state["weights"] == 0 and is_lowest


def finds_no_bias(state, found):
    """No network errs by a quarter more on its own values than on right."""
    return state["series"] == 1 and max(found["right"][2::3]) < 1.25


def does_harm(state, found):
    """With half of a kept, the answers are worse than by b alone."""
    return state["s"] == 0.5 and found["expected"] < 75


def has_got_worse(state, found):
    """With the last weights below the line, with the best ones on it."""
    return state["weights"] == 1 and found["best"] > 74 and found["last"] < 70


def loses_fifty_at_one_step(state, found):
    """The cell state of layer 2 is erased, once, and the answers suffer."""
    is_one = (state["layer"], state["first"]) == (1, state["last"])
    is_erased = (state["gate"], state["value"], state["units"]) == (0, 0, 128)
    free = importlib.import_module("unrolled_book.explore.bench")
    lost = sum(free.answers({"units": 0})["trained"]) - sum(found["trained"])
    return is_one and is_erased and lost > 50


# What a figure's task asks for, which the first link in its fold shows.
TASKS = {
    "bench": loses_fifty_at_one_step,
    "chunk": keeps_as_much_by_chunks,
    "costs": shares_the_work,
    "count": has_the_count_of_the_text,
    "ends": does_harm,
    "kick": finds_no_bias,
    "memory": keeps_and_cannot_learn,
    "optimisers": steps_beyond_its_rate,
    "runs": has_got_worse,
    "sandbox": holds_its_price,
    "step": has_something_to_forget,
    "table": is_nearer_than_a_window_of_one,
    "temperature": is_loud_no_more,
}


class Touched:
    """A figure on its opened page."""

    def __init__(self, page, name, anchor):
        self.page, self.name, self.anchor = page, name, anchor
        self.figure = page.locator(f"unrolled-figure[data-figure={name}]")
        self.twin = importlib.import_module(f"unrolled_book.explore.{name}")
        told = self.figure.locator("script[type]").text_content()
        self.controls, self.data = json.loads(told).values()
        self.start = {c["name"]: c["start"] for c in self.controls}
        page.add_script_tag(path=HERE / "explore.js")

    def ask(self, question, *more):
        """Ask ``explore.js``."""
        call = f"(told) => toucher.{question}(...told)"
        return self.page.evaluate(call, [self.name, *more])

    def until(self, condition):
        """Wait until this is true in the page."""
        figure = f"const figure = toucher.figure('{self.name}')"
        told = f"() => {{ {figure}; return {condition} }}"
        self.page.wait_for_function(told, polling=50)  # in ms

    def ours(self, state):
        """The numbers that Python has for these settings."""
        return self.twin.numbers(state, self.data)

    def draws(self, count):
        """Random settings, each on a step of its control."""
        rng = np.random.default_rng(0)
        return [
            {
                c["name"]: c["low"] + c["step"] * rng.integers(1 + steps).item()
                for c in self.controls
                if (steps := round((c["high"] - c["low"]) / c["step"]))
            }
            for _ in range(count)
        ]


@pytest.fixture(scope="session")
def where(book):
    """The page of each figure, and the name that it has there."""
    found = {}
    for path in sorted(HTML.glob("book/**/*.html")):
        text = path.read_text("utf-8")
        for match in re.finditer(
            r"<unrolled-figure.*? data-figure=.(\w+)", text
        ):
            before = text[: match.start()]
            anchor = re.findall(r'<figure[^>]* id="([\w-]+)"', before)[-1]
            assert match[1] not in found
            found[match[1]] = path.relative_to(HTML).as_posix(), anchor
    return found


@pytest.fixture(scope="session")
def pages(browser, site, where):
    """A function that opens a page, the same one whenever it is asked for."""

    @functools.cache
    def open_page(name, width):
        file, anchor = where[name]
        page, trouble = new_page(browser, site, file, width=width)
        return Touched(page, name, anchor), trouble

    return open_page


@pytest.fixture
def touch(pages):
    """A function that opens a figure as it starts; nothing may go wrong."""
    opened = []

    def open_figure(name, width=1300):
        figure, trouble = pages(name, width)
        figure.page.bring_to_front()
        figure.page.emulate_media(media="screen")
        figure.ask("at", [figure.start])
        opened.append(trouble)
        return figure

    yield open_figure
    assert not any(opened)


def apart(these, those):
    """The largest difference, relative to sizes above 1."""
    assert set(these) == set(those)
    pairs = [
        (np.array(these[k], float), np.array(those[k], float)) for k in those
    ]
    assert all(a.shape == b.shape for a, b in pairs)
    return max(
        np.max(np.abs(a - b) / np.maximum(1, np.abs(b)), initial=0)
        for a, b in pairs
    )


@each
def test_the_page_computes_what_the_package_does(touch, name):
    it = touch(name)
    # The bench answers a thousand sequences at each: seconds, not milliseconds.
    settings = [it.start, *it.draws(4 if name == "bench" else 20)]
    answer = it.ask("at", settings)
    for wanted, (state, found) in zip(settings, answer["found"], strict=True):
        assert state == pytest.approx(wanted, abs=1e-9)
        assert apart(found, it.ours(state)) < 1e-12
    assert np.median(answer["times"]) < ANSWER


@each
def test_the_page_draws_what_python_drew(browser, site, where, touch, name):
    still = browser.new_context(java_script_enabled=False).new_page()
    still.goto(site + where[name][0])
    figure = still.locator(f"unrolled-figure[data-figure={name}]")
    drawn = figure.locator(".still").inner_html()
    assert figure.locator("svg").is_visible()
    assert not figure.get_by_text("Run this cell").is_visible()
    assert not figure.locator("input, button").count()
    still.context.close()

    it = touch(name)
    drawn = it.ask("plain", drawn)
    assert it.ask("redrawn") == drawn
    it.ask("at", it.draws(1))
    moved = it.ask("still")
    assert moved != drawn
    state = it.ask("state")
    ours = it.twin.draw(state, it.ours(state))
    assert moved == it.ask("plain", ours)
    it.figure.get_by_role("button", name="Reset").click()
    assert it.ask("still") == drawn


@each
def test_each_control_moves_by_mouse_and_keyboard(touch, name):
    it = touch(name)
    for control in it.controls:
        key, low, high = control["name"], control["low"], control["high"]
        is_choice = control["kind"] == "choice"
        slider = it.figure.get_by_role(
            "combobox" if is_choice else "slider",
            name=control["words"],
            exact=True,
        )
        before, drawn = it.ask("state")[key], it.ask("still")
        slider.focus()
        is_up = (before < high) != is_choice  # a choice's first is on top
        it.page.keyboard.press("ArrowUp" if is_up else "ArrowDown")
        by_keys = it.ask("state")[key]
        assert by_keys != before
        assert it.ask("still") != drawn
        if is_choice:
            for number, words in enumerate(control["choices"]):
                slider.select_option(label=words)
                assert it.ask("state")[key] == number
            if control["choices"][0] == "all":  # let all through again
                slider.select_option(label="all")
            continue
        box = slider.bounding_box()
        share = 0.8 if by_keys < (low + high) / 2 else 0.2
        is_bar = control["kind"] == "bar"
        across, down = (0.5, 1 - share) if is_bar else (share, 0.5)
        x, y = box["x"], box["y"]
        it.page.mouse.move(x + box["width"] / 2, y + box["height"] / 2)
        it.page.mouse.down()
        it.page.mouse.move(x + across * box["width"], y + down * box["height"])
        it.page.mouse.up()
        by_mouse = it.ask("state")[key]
        assert (by_mouse - by_keys) * (share - 0.5) > 0
        if not is_bar:
            typed = it.figure.get_by_label(
                f"{control['words']}, as a number", exact=True
            )
            for text in (f"{high:g}", ""):  # nothing is refused
                typed.fill(text)
                assert it.ask("state")[key] == high
            it.page.keyboard.press("Tab")
            assert typed.input_value() == f"{high:g}"
    for part in it.figure.locator("[data-set]").all()[-1:]:
        part.click()
        wanted = parse_qsl(part.get_attribute("data-set"))
        assert all(it.ask("state")[k] == float(v) for k, v in wanted)


@each
def test_the_address_holds_the_settings(touch, name):
    it = touch(name)
    key, low, high = (it.controls[0][k] for k in ("name", "low", "high"))
    other = high if it.start[key] == low else low
    go = "(hash) => { location.hash = hash }"
    it.page.evaluate(go, f"{it.anchor}?{key}={high}&no=1&other=%")
    it.until(f"figure.state.{key} === {high}")
    it.page.evaluate(go, f"{it.anchor}?{key}=none")
    it.until(f"figure.state.{key} === {it.start[key]}")
    it.ask("at", [{key: other}])
    it.until(f"location.hash === '#{it.anchor}?{key}={other}'")
    it.figure.get_by_role("button", name="Reset").click()
    it.until(f"location.hash === '#{it.anchor}'")
    it.ask("at", [{key: other}])
    it.page.evaluate(go, "exercises")  # a link is not overwritten
    it.page.wait_for_timeout(600)
    assert it.page.url.endswith("#exercises")


@each
def test_the_fold_answers_the_task(touch, name):
    it = touch(name)
    assert not TASKS[name](it.start, it.ours(it.start))
    link = it.page.locator(f'a[href^="#{it.anchor}?"]').first
    wanted = dict(re.findall(r"(\w+)=([-\d.]+)", link.get_attribute("href")))
    link.press("Enter")  # wherever the page has moved meanwhile
    for key, value in wanted.items():
        it.until(f"figure.state.{key} === {value}")
    ((state, found),) = it.ask("at", [{}])["found"]
    assert TASKS[name](state, found)


@each
def test_on_a_phone(touch, name):
    it = touch(name, width=360)
    it.page.emulate_media(reduced_motion="reduce")
    assert it.ask("smallest") > SMALLEST
    assert it.ask("crowded") == []
    assert it.ask("moving") == 0
    assert not it.page.evaluate("reader.overflow()")
    assert not axe(it.page, "unrolled-figure")
    assert it.page.evaluate("reader.colours", "dark")["mode"] == "dark"
    assert not axe(it.page, "unrolled-figure", runOnly=OF_COLOUR)


@each
def test_on_paper(touch, name):
    it = touch(name)
    it.page.emulate_media(media="print")
    assert it.figure.locator("svg").is_visible()
    inputs = it.figure.locator("button, [type=range]").all()
    assert inputs
    assert not any(each.is_visible() for each in inputs)
    assert it.ask("crowded") == []


@each
def test_opened_as_a_file_with_the_network_off(browser, where, name):
    context = browser.new_context(offline=True)
    page, trouble = context.new_page(), []
    page.on("pageerror", lambda error: trouble.append(str(error)))
    file, anchor = where[name]
    page.goto((HTML / file).as_uri())
    it = Touched(page, name, anchor)
    (found,) = it.ask("at", [{c["name"]: c["high"] for c in it.controls}])[
        "found"
    ]
    assert apart(found[1], it.ours(found[0])) < 1e-12
    it.until(f"location.hash.startsWith('#{anchor}?')")
    assert it.ask("state") == {c["name"]: c["high"] for c in it.controls}
    assert not trouble
    context.close()


@each
def test_a_cell_run_again_and_a_second_view(touch, name):
    it = touch(name)
    assert it.ask("again") == [1, 1, 2]  # sliders' boxes in each


def test_the_little_lstm_is_the_packages(touch):
    it = touch("step")
    rng = np.random.default_rng(0)
    params = lstm.init_params(2, 3, rng)
    x, errors = rng.normal(size=(1, 5, 2)), rng.normal(size=(1, 5, 3))
    hs, caches = lstm.forward(x, params)
    dx, grads = lstm.bptt(errors, caches, params)
    sent = {name: value.tolist() for name, value in params.items()}
    theirs = it.ask("train", x[0].tolist(), sent, errors[0].tolist())
    ours = {"hs": hs[0], "dx": dx[0], **grads}
    assert apart(theirs, ours) < 1e-12


def test_the_bench_answers_as_recorded(touch):
    """To the sequence: with nothing held, and as the chapter holds gates."""
    it = touch("bench")
    seed_0 = load_records("published")[0]
    nets = {m: load_model(seed_0, m) for m in ("best", "initial")}
    x, labels = (part[:500] for part in make_data(seed_0.config).test.tensors)
    everywhere = {"units": 128, "first": 1, "last": 30}
    settings = [
        ({"units": 0}, []),
        (it.start, [Clamp(1, "f", 0.5)]),
        ({**everywhere, "layer": 1, "gate": 1, "value": 1}, [Clamp(1, "i", 1)]),
        ({**it.start, "layer": 0, "gate": 1, "value": 0, "last": 1},
         [Clamp(0, "i", 0, [0])]),
        ({**it.start, "gate": 2, "units": 32, "first": 9},
         [Clamp(1, "o", 0.5, range(8, 30), range(32))]),
    ]  # fmt: skip
    told = it.ask("at", [state for state, _ in settings])["found"]
    for (_, clamps), (_, found) in zip(settings, told, strict=True):
        for name, moment in (("trained", "best"), ("twin", "initial")):
            said = run_clamped(nets[moment], x, clamps).argmax(dim=1)
            assert found[name] == (said == labels).int().tolist()


@pytest.mark.parametrize("there", ["nothing", "another page"])
def test_the_bench_loads_when_touched_and_says_where_it_cannot(
    browser, site, where, there
):
    file, anchor = where["bench"]
    assert (HTML / file).stat().st_size < 1e6
    page = browser.new_context().new_page()
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    if there == "nothing":
        page.route("**/bench.js", lambda route: route.abort())
    else:
        page.route("**/bench.js", lambda route: route.fulfill(body="<p>"))
    page.goto(site + file)
    it = Touched(page, "bench", anchor)
    assert not [url for url in asked if url.endswith("bench.js")]
    it.ask("at", [{"units": 1}])
    assert [url for url in asked if url.endswith("bench.js")]
    assert it.figure.get_by_text("are in the built book").is_visible()
    it.figure.get_by_role("button", name="Reset").click()
    assert it.ask("numbers")["trained"] == it.ours(it.start)["trained"]
    page.context.close()


def test_costs_of_few_tokens_foretell_those_of_many():
    """Of a Transformer and an LSTM, all four, as counted at 64 tokens."""
    twin = importlib.import_module("unrolled_book.explore.costs")
    for name in twin.LOOKS:
        foretold = twin.count(name, 64, 64).tolist()
        assert foretold == twin.counted(name, 64, 64).tolist()


def test_the_runs_to_touch_are_what_the_records_say():
    """Each number of each run, in %."""
    names = [name for name in CATALOGUE if name != "trial"]
    records = [record for name in names for record in load_records(name)]
    packed = explore.runs.packed(records)
    for n, record in enumerate(records):
        config = record.config
        bias = {"LSTM": config.forget_bias, "GRU": config.update_bias}
        assert packed["bias"][n] == bias.get(config.cell)
        for key in ("cell", "init", "steps", "seed"):
            assert packed[key][n] == getattr(config, key)
        assert packed["best_epoch"][n] == record.best_epoch
        for kind in ("best", "last"):
            right = 100 * getattr(record, f"test_{kind}").accuracy
            assert packed[kind][n] == pytest.approx(right, abs=1e-9)
        valid = 100 * np.array(record.history.column("valid_accuracy"))
        assert packed["valid"][n] == pytest.approx(valid, abs=1e-9)


def test_every_figure_has_its_place_once(where):
    assert set(where) == set(NAMES)
    assert len(explore.__all__) == len(NAMES)
    cells = {
        path.stem: json.loads(path.read_text("utf-8"))["cells"]
        for path in (REPO / "book").glob("**/*.ipynb")
    }
    captions = [
        (figure["name"], figure["caption"])
        for notebook in cells.values()
        for cell in notebook
        if (figure := cell["metadata"].get("mystnb", {}).get("figure"))
    ]
    for page, anchor in where.values():
        (caption,) = (words for name, words in captions if name == anchor)
        assert len(caption) > 40
        text = [c["source"] for c in cells[Path(page).stem]]
        assert f"{{numref}}`{anchor}`" in str(text)


def test_no_script_comes_twice(where):
    for page in {page for page, _ in where.values()}:
        text = (HTML / page).read_text("utf-8")
        assert text.count("customElements.define(") == 1


def test_the_colours_are_those_of_the_book():
    style = (SCRIPTS / "explore.css").read_text("utf-8")
    colours = dict(re.findall(r"--(\w+): (#\w{6});", style.split("@media")[0]))
    for name in [*"figochx", "gradient", "plain", "sgd", "adam"]:
        assert colours[name].upper() == figures.COLORS[name].upper()
    for name in ("LSTM", "Transformer"):
        assert colours[name.lower()].upper() == figures.CELL_LOOKS[name][0]
