"""The pages in a browser: what they do, and how they look.

KAMADO_SCREENSHOTS=FOLDER writes what the browser shows.
"""

import itertools
import json
import os
from pathlib import Path

import pytest

from model.bundle.features import CategoryFeature
from tests.services.chromium import MEASURE
from tests.serving.page.conftest import QUOTES, SCRIPT, WARDS, serving

PAGES = {"model": "/", "api": "/docs"}
WIDTHS = (1400, 800, 360)
SCHEMES = ("light", "dark")
HEIGHT = 900
RESULT = "#answer .probability, #answer .bad"
BARS = """bars => bars.map(bar => ({
  name: bar.querySelector(".name").firstChild.data, number: bar.querySelector(".digits").textContent,
  side: bar.querySelector("i").className, width: bar.querySelector("i").style.width}))"""
FOCUS = """() => ({name: document.activeElement.id || document.activeElement.textContent.trim(),
  outline: getComputedStyle(document.activeElement).outlineStyle})"""
UNLABELLED = """() => [...document.querySelectorAll("input, select, button, a, summary, table, pre, nav, form")].filter(
  element => !(element.labels?.length || element.textContent.trim() || element.ariaLabel)).map(({id}) => id)"""


@pytest.fixture
def visit(chromium, address):
    """`visit(work)` gives `work` the loaded page; afterwards nothing may have been asked elsewhere or gone wrong."""
    requests, problems = [], []

    def run(work, address=address):
        def loaded(page):
            page.on("request", lambda request: requests.append(request.url))
            page.on("pageerror", lambda error: problems.append(str(error)))
            page.on("console", lambda message: problems.append(message.text))
            page.goto(f"{address}/")
            return work(page)

        return chromium.use(loaded)

    yield run
    assert {url.partition("/predict")[0].partition("/metrics")[0].rstrip("/") for url in requests} == {address}
    assert [problem for problem in problems if "422 (Unprocessable" not in problem] == []


def field(page, name):
    return next(
        element for element in page.query_selector_all("[data-input]") if element.get_attribute("data-input") == name
    )


def remark(page, name):
    return page.text_content("#" + field(page, name).get_attribute("id").replace("input", "remark"))


def scored(page):
    """What the page shows after the press of the button: headline, number, and all that stands in the answer."""
    page.click("text=Score")
    page.wait_for_selector(RESULT)
    return page.inner_text("#answer")


def test_a_golden_row_gets_its_stored_probability(visit):
    def work(page):
        stored = page.get_attribute("#example option:checked", "data-probability")
        return stored, scored(page)

    stored, answer = visit(work)
    assert stored in answer
    assert "equals the stored probability" in answer


def test_contributions_are_drawn_and_add_up(visit, info):
    def work(page):
        scored(page)
        bars = page.eval_on_selector_all(".bars li:has(.name)", BARS)
        return json.loads(page.text_content("#exchange details:last-child pre")), bars

    answer, bars = visit(work)
    assert answer["base"] + sum(answer["contributions"].values()) + answer["rounding"] == answer["margin"]
    sizes = [abs(answer["contributions"][bar["name"]]) for bar in bars]
    assert len(bars) == len(info.features) + 1
    assert sizes == sorted(sizes, reverse=True)
    for bar in bars:
        value = answer["contributions"][bar["name"]]
        assert float(bar["number"].replace("\N{MINUS SIGN}", "-")) == pytest.approx(value, abs=5e-5)
        assert bar["side"] == ("lowers" if value < 0 else "raises")
        assert float(bar["width"].rstrip("%")) == pytest.approx(50 * abs(value) / sizes[0], abs=0.01)


def test_an_example_fills_the_form_and_is_scored(visit, rows):
    def work(page):
        page.select_option("#example", str(len(rows) - 3))  # nothing is known
        page.wait_for_selector(RESULT)
        return [element.input_value() for element in page.query_selector_all("[data-input]")], page.inner_text(
            "#answer"
        )

    values, answer = visit(work)
    assert set(values) == {""}
    assert str(rows[-3].probability) in answer


def test_another_row_is_not_compared_with_a_golden_one(visit, number_input):
    def work(page):
        field(page, number_input).fill("12345")
        return scored(page)

    assert "stored probability" not in visit(work)


def test_a_refusal_is_beside_its_field_which_gets_the_focus(visit, number_input):
    def work(page):
        field(page, number_input).fill("much")
        answer = scored(page)
        return (
            answer,
            remark(page, number_input),
            page.evaluate("document.activeElement.dataset.input"),
            page.evaluate("document.activeElement.ariaInvalid"),
        )

    answer, text, focused, invalid = visit(work)
    assert "422" in answer
    assert text == 'is "much". Send a number, or null when it is not known.'
    assert (focused, invalid) == (number_input, "true")


def test_hostile_texts_do_nothing_and_are_shown(visit):
    def work(page):
        field(page, QUOTES).fill(SCRIPT + "?")
        answer = scored(page)
        page.click("text=The same in a shell")
        return answer, remark(page, QUOTES), page.inner_text("#exchange"), page.evaluate("window.attacked ?? false")

    answer, text, exchange, attacked = visit(work)
    assert f"unknown categories: {QUOTES}" in answer
    assert text == "training did not know this value"
    assert SCRIPT.replace("'", "'\\''") in exchange
    assert not attacked


def test_categories_are_offered(visit, info):
    def work(page):
        list_ = field(page, QUOTES).get_attribute("list")
        return page.eval_on_selector_all(f"#{list_} option", "options => options.map(option => option.value)")

    assert tuple(visit(work)) == WARDS
    assert sum(isinstance(feature, CategoryFeature) for feature in info.features) == 2


def test_counters_move_until_they_are_paused(visit):
    def rows_scored(page):
        return int(page.text_content("[data-live=rows]").replace(",", ""))

    def work(page):
        page.wait_for_selector("#pulse:text-is('live')")
        before = rows_scored(page)
        scored(page)
        page.wait_for_selector(f"[data-live=rows]:text-is('{before + 1}')")
        page.click("text=Pause")
        scored(page)
        shown = [page.text_content(f"#{name}") for name in ("phases", "probabilities")]
        return page.text_content("#pulse"), page.text_content("[data-live=median]"), rows_scored(page) - before, shown

    pulse, median, growth, (phases, probabilities) = visit(work)
    assert all(f"{phase}" in phases for phase in ("queue", "validate", "score", "serialise"))
    assert "0.1 to 0.3 %" in probabilities
    assert (pulse, growth) == ("paused", 1)
    assert median.endswith(" ms")


def test_a_server_that_has_gone_is_noticed(chromium, hostile):
    def work(page):
        with serving(hostile) as address:
            page.goto(f"{address}/")
        page.click("text=Score")
        page.wait_for_selector(RESULT)
        page.wait_for_selector("#pulse:text-is('no answer')")
        return page.inner_text("#answer")

    assert "The server does not answer" in chromium.use(work)


def test_the_keyboard_is_enough(visit):
    def work(page):
        page.keyboard.press("Tab")
        skip = page.evaluate(FOCUS)
        page.keyboard.press("Enter")
        reached = []
        while not reached or reached[-1]["name"] != "pause":
            page.keyboard.press("Tab")
            reached.append(page.evaluate(FOCUS))
        for _ in range(4):
            page.keyboard.press("Shift+Tab")
        page.keyboard.press("Control+A")
        page.keyboard.type("7")
        page.keyboard.press("Enter")
        page.wait_for_selector(RESULT)
        return skip, reached

    skip, reached = visit(work)
    assert skip["name"] == "Skip to the content"
    names = [element["name"] for element in reached]
    assert names == ["example", "Score", "clear", *(f"input-{index}" for index in range(6)), "pause"]
    assert all(element["outline"] != "none" for element in [skip, *reached])


def test_everything_has_a_name(visit):
    assert visit(lambda page: scored(page) and page.evaluate(UNLABELLED)) == []


@pytest.fixture(scope="module")
def looks(chromium, address):
    """What the browser made of the pages, that of the model with an answer, by page, scheme and width."""
    folder = os.environ.get("KAMADO_SCREENSHOTS")

    def measured(page, name, scheme, width):
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size({"width": width, "height": HEIGHT})
        if folder:
            page.screenshot(path=Path(folder, f"{name}-{width}-{scheme}.png"), full_page=True)
        return page.evaluate(MEASURE), page.evaluate("document.documentElement.scrollWidth")

    def work(page):
        seen = {}
        for name, path in PAGES.items():
            page.goto(f"{address}{path}")
            if name == "model":
                scored(page)
                page.evaluate("document.querySelectorAll('details').forEach(details => details.open = true)")
            seen |= {(name, *look): measured(page, name, *look) for look in itertools.product(SCHEMES, WIDTHS)}
        return seen

    return chromium.use(work)


@pytest.mark.parametrize("look", [*itertools.product(PAGES, SCHEMES, WIDTHS)], ids=str)
class TestLooks:
    def test_nothing_is_cut_off_or_has_to_be_pushed_sideways(self, looks, look):
        measured, scroll_width = looks[look]
        assert scroll_width <= look[-1]
        assert measured["beyond"] == []
        assert measured["pushed"] == []

    def test_every_text_stands_out_from_what_is_behind_it(self, looks, look):
        assert looks[look][0]["faint"] == []
