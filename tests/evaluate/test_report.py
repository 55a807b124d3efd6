"""report.html: what it shows; how it looks is in test_report_layout.py."""

import html.parser
import itertools
import re

from artifacts.training import Trial
from components.evaluate.report.plots import search
from components.evaluate.report.report import ENGINES, setting
from model.bundle.bundle import load
from model.bundle.predictor import Predictor
from tests.evaluate.runs import WITH_SLICES, evaluated
from tests.logs import log, replaced, spec_of
from tests.runs import train_into


class TestTheReport:
    SECTIONS = (
        "Why", "Against the baselines", "Position bias", "Calibration", "Gain and lift", "Slices",
        "Changes of the order", "Feature importance", "Drift since training", "Rejected rows", "Lineage",
    )  # fmt: skip

    def test_is_one_small_file_that_loads_nothing(self, evaluation):
        page = (evaluation[0] / "report.html").read_text("utf-8")
        assert len(page) < 500_000
        for needle in ("http", "<script", "<link", "<img", "@import", "url(", "src="):
            assert needle not in page

    def test_shows_the_verdict_and_every_section_in_order(self, evaluation):
        page = (evaluation[0] / "report.html").read_text("utf-8")
        assert "<strong>promote</strong>" in page
        positions = [page.index(f"<h2>{section}") for section in self.SECTIONS]
        assert positions == sorted(positions)
        texts = ("sha256:", "Detectable", "biased", "position<sup>", "layout = 2DK", "Kendall", "Trials, best first")
        for text in texts:
            assert text in page

    def test_names_the_engine_that_scored(self, evaluation, portal):
        engine = Predictor(load(portal[0] / "trained" / "bundle")).engine
        assert f"<dt>scored by</dt><dd>{ENGINES[engine]}</dd>" in (evaluation[0] / "report.html").read_text("utf-8")

    def test_closes_what_it_opens(self, evaluation):
        reader = Balance()
        reader.feed((evaluation[0] / "report.html").read_text("utf-8"))
        assert reader.open == []

    def test_writes_no_number_that_is_none(self, evaluation):
        page = (evaluation[0] / "report.html").read_text("utf-8")
        for needle in (">nan", ">None", "NaN", ">inf", "Undefined"):
            assert needle not in page

    def test_writes_settings_as_they_are_typed(self, evaluation):
        page = (evaluation[0] / "report.html").read_text("utf-8")
        settings = re.search(r"<dt>settings</dt><dd><code>(.*?)</code>", page)[1].split()
        assert {"seed=7", "trials=3", "eta=0.1"} <= set(settings)
        values = {12345: "12345", 6.0: "6", 0.001: "0.001", "linear": "linear", None: "-"}
        assert [setting(value) for value in values] == list(values.values())

    def test_explains_its_colours(self, evaluation):
        page = (evaluation[0] / "report.html").read_text("utf-8")
        assert "</span>: predicted lies outside the interval of what was observed" in page
        assert "better: the interval is above 0" in page

    def test_has_a_sentence_for_categories_without_new_values(self, evaluation):
        page = (evaluation[0] / "report.html").read_text("utf-8")
        assert "Training saw every value that a category has in the test split." in page
        assert "no category" not in page

    def test_escapes_texts_of_the_data(self, tmp_path):
        table = log()
        names = ["<b>1K</b>" if value == "1K" else value for value in table["layout"].to_pylist()]
        spec = spec_of(promotion=WITH_SLICES)
        folder = train_into(tmp_path, spec, trials=1, table=replaced(table, "layout", names))
        evaluated(folder, spec)
        page = (folder / "evaluated" / "report.html").read_text("utf-8")
        assert "<b>1K" not in page
        assert "&lt;b&gt;1K&lt;/b&gt;" in page


class Balance(html.parser.HTMLParser):
    """The tags that are still open."""

    ALONE = ("meta", "br")

    def __init__(self):
        super().__init__()
        self.open = []

    def handle_starttag(self, tag, attrs):
        if tag not in self.ALONE:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        pass

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def trial(number, log_loss):
    state = "pruned" if log_loss is None else "complete"
    return Trial(number=number, state=state, log_loss=log_loss, rounds=None, parameters={})


def test_the_best_trial_so_far_is_a_step_and_never_a_slope():
    losses = [0.5, 0.4, 0.45, 0.3, None, 0.35]
    drawn = search([trial(number, loss) for number, loss in enumerate(losses)])
    points = re.search(r'<path class="line new" d="M([^"]*)"', drawn)[1].split("L")
    corners = [tuple(map(float, point.split())) for point in points]
    sides = list(itertools.pairwise(corners))
    assert all(x == next_x or y == next_y for (x, y), (next_x, next_y) in sides)
    assert len({y for _, y in corners}) == 3
    assert corners[-1][0] == max(x for x, _ in corners)
