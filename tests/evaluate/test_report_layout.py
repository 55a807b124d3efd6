"""How the report of every outcome looks: in Kubeflow's pane, on a telephone and on wide screens, light and dark.

KAMADO_SCREENSHOTS=FOLDER writes what the browser shows there.
"""

import os
from pathlib import Path

import pytest

from tests.evaluate.reports import reports
from tests.services.chromium import HEIGHT

TELEPHONE, PANE, TABLET, DIALOG, DESK = 360, 477, 870, 1200, 1400
WIDTHS = (PANE, TELEPHONE, DIALOG)
MORE_WIDTHS = (*WIDTHS, TABLET, DESK)  # for the report in which there is most to see
STATES = ("opened", "dark", "unfolded")
OUTCOMES = ("promote", "hold", "reject", "invalid", "insufficient-data")


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """The HTML of a report by its outcome."""
    return reports(tmp_path_factory.mktemp("reports"))


@pytest.fixture(scope="module")
def looks(pages, chromium):
    """What the browser made of each of them."""
    folder = os.environ.get("KAMADO_SCREENSHOTS")
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
    return {
        name: chromium.look(page, MORE_WIDTHS if name == "promote" else WIDTHS, Path(folder, name) if folder else None)
        for name, page in pages.items()
    }


def test_there_is_a_report_of_every_outcome(pages):
    assert set(pages) == set(OUTCOMES)


@pytest.mark.parametrize("outcome", OUTCOMES)
class TestEveryReport:
    def test_a_sandboxed_frame_shows_it_without_an_error(self, looks, outcome):
        assert looks[outcome].errors == []

    @pytest.mark.parametrize("state", STATES)
    def test_nothing_is_cut_off_or_has_to_be_pushed_sideways(self, looks, outcome, state):
        for width, measured in getattr(looks[outcome], state).items():
            assert measured["beyond"] == [], width
            assert measured["pushed"] == [], width

    @pytest.mark.parametrize("width", [PANE, DIALOG])
    def test_verdict_deciding_numbers_and_a_reason_are_seen_at_once(self, looks, outcome, width):
        bottoms = looks[outcome].opened[width]["bottoms"]
        assert set(bottoms) == {".banner strong", ".tiles", *([] if outcome == "promote" else [".failed li"])}
        assert max(bottoms.values()) <= HEIGHT

    @pytest.mark.parametrize("state", STATES)
    def test_every_text_stands_out_from_what_is_behind_it(self, looks, outcome, state):
        assert getattr(looks[outcome], state)[PANE]["faint"] == []

    def test_a_narrow_page_shows_all_that_a_wide_one_shows(self, looks, outcome):
        telephone, dialog = (
            [" ".join(text.split()) for text in looks[outcome].unfolded[width]["shown"]]
            for width in (TELEPHONE, DIALOG)
        )
        assert [text for text in telephone if text] == [text for text in dialog if text]


@pytest.mark.parametrize("width", MORE_WIDTHS)
def test_the_text_of_every_chart_is_neither_tiny_nor_huge(looks, width):
    texts = looks["promote"].unfolded[width]["texts"]
    assert set(texts) >= {"Search", "Calibration", "Examination", "Gain"}
    for chart, size in texts.items():
        assert 9 <= size <= 15, chart


def test_what_can_be_unfolded_is_reached_and_opened_by_the_keyboard(pages, chromium):
    *reached, opened, next_one = chromium.press(pages["promote"], PANE, ["Tab"] * 4 + ["Enter", "Tab"])
    assert [element["text"] for element in reached] == [
        "All metrics", "The bins in numbers", "Trials, best first", "The query",
    ]  # fmt: skip
    assert all(element["outline"] != "none" for element in reached)
    assert (reached[-1]["open"], opened["open"]) == (False, True)
    assert next_one["text"] != "The query"
