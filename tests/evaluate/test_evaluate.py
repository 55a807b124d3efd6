"""From a trained bundle to verdict.json, metrics.json and report.html."""

import html.parser
import itertools
import json
import math
import re

import numpy as np
import pyarrow.parquet as pq
import pytest
import xgboost

from components.evaluate.evaluate import evaluate
from components.evaluate.metrics.probability import flat
from components.evaluate.report.plots import search
from components.evaluate.report.report import setting
from components.train.splits import data_sha256
from model.bundle.bundle import load, write
from model.bundle.folder import bundle_digest
from model.errors import BundleError, DataError
from model.files import read_json, sha256_of, write_json
from tests.logs import log, replaced, spec_of
from tests.runs import quiet, small_run, train_into
from tests.services.chromium import laid_out

FILES = ("metrics.json", "report.html", "verdict.json")
WITH_SLICES = {"must_beat": ["constant", "current_order"], "slices": ["layout"], "min_conversions": 50}


def judge(folder, spec=None, *, out="judged", champion=None, bundle=None, threads=1):
    """The verdict's word and its file."""
    word = evaluate(
        spec or spec_of(),
        bundle or folder / "trained" / "bundle",
        folder / "parts",
        folder / "trained",
        folder / "rows",
        folder / out,
        champion=champion,
        progress=quiet,
        threads=threads,
    )
    return word, read_json(folder / out / "verdict.json", made_by="evaluate")


@pytest.fixture(scope="module")
def portal(tmp_path_factory):
    """Lists with places, users and slices; enough conversions to judge."""
    folder = tmp_path_factory.mktemp("portal")
    spec = spec_of(promotion=WITH_SLICES)
    return train_into(folder, spec, table=log(lists=4_000)), spec


@pytest.fixture(scope="module")
def judged(portal):
    folder, spec = portal
    word, verdict = judge(folder, spec, out="first")
    return folder / "first", word, verdict


def rewritten(folder, out, *, booster=None, **manifest):
    """The run's bundle with some of its manifest or its booster replaced, sound in form."""
    bundle = load(folder / "trained" / "bundle")
    write(out, bundle.manifest.model_copy(update=manifest), booster or bundle.booster, bundle.golden)
    return out


class TestAGoodModel:
    def test_is_promoted_and_the_verdict_is_bound_to_what_was_judged(self, portal, judged):
        folder, spec = portal
        _, word, verdict = judged
        assert word == verdict["verdict"] == "promote"
        assert verdict["bundle"] == bundle_digest(folder / "trained" / "bundle")
        assert verdict["spec_sha256"] == spec.spec_sha256
        assert verdict["sql_sha256"] == spec.sql_sha256
        assert verdict["test_rows_sha256"] == sha256_of(folder / "parts" / "test.parquet")
        assert verdict["bootstrap"] == {"seed": 7, "draws": 1000}
        assert verdict["champion"] is None

    def test_has_finite_flat_metrics_in_both_files(self, judged):
        folder, _, verdict = judged
        metrics = read_json(folder / "metrics.json", made_by="evaluate")
        assert flat(metrics) == verdict["metrics"]
        assert all(math.isfinite(value) for value in verdict["metrics"].values())
        assert {"ips_lift", "ips_lift_low", "ips_lift_high", "log_loss", "auc", "calibration_ratio"} <= set(
            verdict["metrics"]
        )
        assert set(metrics["contenders"]) == {"new", "logistic", "constant", "current_order"}

    def test_expected_conversions_of_the_current_order_are_those_that_happened(self, judged):
        metrics = read_json(judged[0] / "metrics.json", made_by="evaluate")
        assert metrics["ips_conversions_current_order"] == pytest.approx(metrics["conversions"] / metrics["lists"])

    def test_probabilities_are_asked_at_the_logged_place(self, judged):
        metrics = read_json(judged[0] / "metrics.json", made_by="evaluate")
        assert 0.8 < metrics["calibration_ratio"] < 1.2

    def test_gives_the_same_bytes_again_on_any_number_of_threads(self, portal, judged):
        folder, spec = portal
        judge(folder, spec, out="again", threads=2)
        for name in FILES:
            assert (folder / "again" / name).read_bytes() == (judged[0] / name).read_bytes()

    def test_declares_its_slices(self, judged):
        metrics = read_json(judged[0] / "metrics.json", made_by="evaluate")
        assert {one["value"] for one in metrics["slices"]} == {"1K", "2DK", "3LDK"}
        assert {one["reference"] for one in metrics["slices"]} == {"the current order"}


class TestAgainstTheModelInService:
    def test_the_same_bundle_is_held(self, portal):
        folder, spec = portal
        word, verdict = judge(folder, spec, out="same", champion=folder / "trained" / "bundle")
        assert word == "hold"
        assert "byte for byte" in next(one["says"] for one in verdict["reasons"] if one["rule"] == "champion")

    def test_a_champion_that_is_worse_is_beaten_on_the_same_rows(self, portal, tmp_path):
        folder, spec = portal
        linear = load(folder / "trained" / "bundle").manifest.linear
        flat_model = linear.model_copy(update={"terms": linear.terms[-1:]})
        champion = rewritten(folder, tmp_path / "champion", linear=flat_model)
        word, verdict = judge(folder, spec, out="beaten", champion=champion)
        assert word in ("promote", "hold")
        assert verdict["champion"] == bundle_digest(champion)
        assert {"beats champion", "log loss against champion"} <= {one["rule"] for one in verdict["reasons"]}
        assert "ips_lift_over_champion" in verdict["metrics"]

    def test_a_model_far_worse_than_the_champion_is_rejected(self, portal, tmp_path):
        folder, spec = portal
        linear = load(folder / "trained" / "bundle").manifest.linear
        worse = rewritten(
            folder, tmp_path / "worse", linear=linear.model_copy(update={"intercept": linear.intercept + 3})
        )
        word, verdict = judge(folder, spec, out="worse", bundle=worse, champion=folder / "trained" / "bundle")
        assert word == "reject"
        broken = {one["rule"] for one in verdict["reasons"] if not one["passed"]}
        assert {"beats constant", "log loss against champion", "calibration"} <= broken

    def test_a_champion_whose_inputs_are_gone_is_a_reason_with_the_way_out(self, portal, tmp_path):
        folder, spec = portal
        feature = load(folder / "trained" / "bundle").manifest.features[1]
        features = load(folder / "trained" / "bundle").manifest.features
        renamed = (features[0], feature.model_copy(update={"name": "garden"}), *features[2:])
        linear = load(folder / "trained" / "bundle").manifest.linear.model_copy(update={"terms": ()})
        champion = rewritten(folder, tmp_path / "old", features=renamed, linear=linear)
        word, verdict = judge(folder, spec, out="unscorable", champion=champion)
        assert word == "hold"
        said = next(one["says"] for one in verdict["reasons"] if one["rule"] == "champion")
        assert "they lack its input(s) garden" in said
        assert "run without a champion to start anew" in said


class TestTheReport:
    SECTIONS = (
        "Why", "Against the baselines", "How far down people look", "Calibration", "Gain and lift", "Slices",
        "What moves", "What the model goes by", "What changed since training", "Rejected rows", "Where it comes from",
    )  # fmt: skip

    def test_is_one_small_file_that_asks_nobody_for_anything(self, judged):
        page = (judged[0] / "report.html").read_text("utf-8")
        assert len(page) < 500_000
        for needle in ("http", "<script", "<link", "<img", "@import", "url(", "src="):
            assert needle not in page

    def test_shows_the_verdict_and_every_section_in_order(self, judged):
        page = (judged[0] / "report.html").read_text("utf-8")
        assert "<strong>promote</strong>" in page
        places = [page.index(f"<h2>{section}") for section in self.SECTIONS]
        assert places == sorted(places)
        for word in ("sha256:", "Detectable", "biased", "place<sup>", "layout = 2DK", "Kendall", "Trials, best first"):
            assert word in page

    def test_closes_what_it_opens(self, judged):
        reader = Balance()
        reader.feed((judged[0] / "report.html").read_text("utf-8"))
        assert reader.open == []

    def test_writes_no_number_that_is_none(self, judged):
        page = (judged[0] / "report.html").read_text("utf-8")
        for needle in (">nan", ">None", "NaN", ">inf", "Undefined"):
            assert needle not in page

    def test_writes_settings_as_they_would_be_typed(self, judged):
        page = (judged[0] / "report.html").read_text("utf-8")
        settings = re.search(r"<dt>settings</dt><dd><code>(.*?)</code>", page)[1].split()
        assert {"seed=7", "trials=3", "eta=0.05"} <= set(settings)
        values = {12345: "12345", 6.0: "6", 0.001: "0.001", "linear": "linear", None: "-"}
        assert [setting(value) for value in values] == list(values.values())

    def test_says_what_its_colours_mean(self, judged):
        page = (judged[0] / "report.html").read_text("utf-8")
        assert "</span>: predicted lies outside the interval of what was observed" in page
        assert "better: the interval is above 0" in page

    def test_says_in_words_that_no_category_was_new(self, judged):
        page = (judged[0] / "report.html").read_text("utf-8")
        assert "Training saw every value that a category has in the test part." in page
        assert "no category" not in page

    def test_escapes_what_the_data_say(self, tmp_path):
        table = log()
        names = ["<b>1K</b>" if value == "1K" else value for value in table["layout"].to_pylist()]
        spec = spec_of(promotion=WITH_SLICES)
        folder = train_into(tmp_path, spec, trials=1, table=replaced(table, "layout", names))
        judge(folder, spec)
        page = (folder / "judged" / "report.html").read_text("utf-8")
        assert "<b>1K" not in page
        assert "&lt;b&gt;1K&lt;/b&gt;" in page


TELEPHONE, PANE, TABLET, DESK = 360, 477, 870, 1400
WIDTHS = (TELEPHONE, PANE, TABLET, DESK)


@pytest.fixture(scope="module")
def seen(judged, tmp_path_factory):
    """Width -> measures of the report, with one value of the data that is 90 letters long."""
    folder = tmp_path_factory.mktemp("seen")
    page = folder / "report.html"
    page.write_text((judged[0] / "report.html").read_text("utf-8").replace("layout = 2DK", "W" * 90), "utf-8")
    return laid_out(page, WIDTHS, folder)


class TestTheReportAsItIsSeen:
    """On a telephone, in Kubeflow's pane and on a desk, with everything unfolded."""

    @pytest.mark.parametrize("width", WIDTHS)
    def test_nothing_is_cut_off_or_has_to_be_pushed_sideways(self, width, seen):
        assert seen[width]["beyond"] == []
        assert seen[width]["pushed"] == []

    @pytest.mark.parametrize("width", WIDTHS)
    def test_the_text_of_every_chart_can_be_read_and_is_no_headline(self, width, seen):
        assert set(seen[width]["texts"]) >= {"Search", "Calibration", "Examination", "Gain"}
        for chart, size in seen[width]["texts"].items():
            assert 9 <= size <= 15, chart

    def test_a_narrow_page_shows_all_that_a_wide_one_shows(self, seen):
        telephone, desk = ([" ".join(text.split()) for text in seen[width]["shown"]] for width in (TELEPHONE, DESK))
        assert [text for text in telephone if text] == [text for text in desk if text]


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


def test_the_best_trial_so_far_is_a_step_and_never_a_slope():
    losses = [0.5, 0.4, 0.45, 0.3, None, 0.35]
    drawn = search([{"number": number, "log_loss": loss} for number, loss in enumerate(losses)])
    points = re.search(r'<path class="line new" d="M([^"]*)"', drawn)[1].split("L")
    places = [tuple(map(float, point.split())) for point in points]
    sides = list(itertools.pairwise(places))
    assert all(x == next_x or y == next_y for (x, y), (next_x, next_y) in sides)
    assert len({y for _, y in places}) == 3
    assert places[-1][0] == max(x for x, _ in places)


class TestOtherData:
    def test_a_table_without_lists_or_places_is_judged_by_log_loss(self, tmp_path):
        spec = spec_of(columns={"label": "inquired", "time": "shown_at"}, promotion={"min_conversions": 50})
        folder = train_into(tmp_path, spec, table=log(lists=1_500))
        word, verdict = judge(folder, spec)
        assert word in ("promote", "hold")
        assert "log_loss" in verdict["metrics"]
        assert not [name for name in verdict["metrics"] if name.startswith("ips") or "biased" in name]
        page = (folder / "judged" / "report.html").read_text("utf-8")
        assert "there is no order to compare" in page
        assert "How far down" not in page

    def test_too_little_data_is_said_and_still_has_a_report(self, tmp_path):
        folder = small_run(tmp_path)
        word, verdict = judge(folder)
        assert word == "insufficient-data"
        assert "200 are needed" in next(one["says"] for one in verdict["reasons"] if one["rule"] == "conversions")
        assert "insufficient-data" in (folder / "judged" / "report.html").read_text("utf-8")

    def test_lists_in_random_order_give_the_curve_where_there_are_enough(self, tmp_path):
        table = log(lists=4_000)
        spec = spec_of(columns__explore="explore", promotion=WITH_SLICES)
        folder = train_into(tmp_path, spec, trials=1, table=replaced(table, "explore", np.ones(table.num_rows, int)))
        judge(folder, spec)
        metrics = read_json(folder / "judged" / "metrics.json", made_by="evaluate")
        assert "random order" in metrics["examination"]["source"]


class TestBadModels:
    def test_a_score_that_is_no_number_is_invalid_never_a_crash(self, portal, tmp_path):
        folder, spec = portal
        booster = xgboost.Booster({"nthread": 1})
        booster.load_model(bytearray(load(folder / "trained" / "bundle").booster))
        model = json.loads(bytes(booster.save_raw("json")))
        for tree in model["learner"]["gradient_booster"]["model"]["trees"]:
            leaves = np.asarray(tree["left_children"]) == -1
            tree["split_conditions"] = np.where(leaves, np.nan, tree["split_conditions"]).tolist()
        damaged = xgboost.Booster({"nthread": 1})
        damaged.load_model(bytearray(json.dumps(model).encode()))
        bundle = rewritten(folder, tmp_path / "nan", booster=bytes(damaged.save_raw("ubj")))
        word, verdict = judge(folder, spec, out="nan", bundle=bundle)
        assert word == "invalid"
        assert any("log_loss is nan" in one["says"] for one in verdict["reasons"])
        assert verdict["metrics"]["rows_without_score"] > 0
        assert "Why" in (folder / "nan" / "report.html").read_text("utf-8")

    def test_a_bundle_of_another_spec_is_refused(self, tmp_path):
        folder = small_run(tmp_path)
        with pytest.raises(DataError, match="another spec"):
            judge(folder, spec_of(model="other"))
        assert not (folder / "judged").exists()

    def test_a_damaged_bundle_is_refused(self, tmp_path):
        folder = small_run(tmp_path)
        (folder / "trained" / "bundle" / "booster.ubj").write_bytes(b"not a booster")
        with pytest.raises(BundleError, match=r"booster\.ubj"):
            judge(folder)


class TestDamagedParts:
    def test_a_truncated_test_part_is_named(self, tmp_path):
        folder = small_run(tmp_path)
        path = folder / "parts" / "test.parquet"
        path.write_bytes(path.read_bytes()[:-200])
        with pytest.raises(DataError, match=r"test\.parquet.*is not Parquet"):
            judge(folder)
        assert not (folder / "judged").exists()

    def test_a_damaged_page_is_named(self, tmp_path):
        folder = small_run(tmp_path)
        path = folder / "parts" / "test.parquet"
        data = bytearray(path.read_bytes())
        data[40 : len(data) // 2] = bytes(len(data) // 2 - 40)
        path.write_bytes(bytes(data))
        with pytest.raises(DataError, match="cannot be read"):
            judge(folder)

    def test_every_missing_column_is_named(self, tmp_path):
        folder = small_run(tmp_path)
        path = folder / "parts" / "test.parquet"
        pq.write_table(pq.read_table(path).drop_columns(["rent", "area"]), path)
        with pytest.raises(DataError) as refusal:
            judge(folder)
        assert len(refusal.value.problems) == 2

    def test_a_label_that_never_changes_is_too_little_data(self, tmp_path):
        folder = small_run(tmp_path)
        path = folder / "parts" / "test.parquet"
        table = pq.read_table(path)
        pq.write_table(replaced(table, "inquired", np.zeros(table.num_rows, np.int8)), path)
        word, verdict = judge(folder)
        assert word == "insufficient-data"
        assert verdict["reasons"][0]["says"].startswith("All test rows have one label, with 0 conversions")

    @pytest.mark.parametrize("name", ["parts/split.json", "parts/ledger.json", "trained/baselines.json"])
    def test_a_missing_file_is_named_with_the_step_that_makes_it(self, tmp_path, name):
        folder = small_run(tmp_path)
        (folder / name).unlink()
        with pytest.raises(DataError, match=f"{name.split('/')[1]}: is missing. Run the step that makes it"):
            judge(folder)

    def test_baselines_of_another_form_are_refused_field_by_field(self, tmp_path):
        folder = small_run(tmp_path)
        path = folder / "trained" / "baselines.json"
        write_json(path, read_json(path, made_by="train") | {"constant": {"probability": 2}})
        with pytest.raises(DataError, match=r"constant\.probability"):
            judge(folder)

    def test_nothing_is_written_over(self, tmp_path):
        folder = small_run(tmp_path)
        judge(folder)
        before = data_sha256(folder / "parts"), (folder / "judged" / "verdict.json").read_bytes()
        with pytest.raises(OSError, match=r".+"):
            judge(folder)
        assert before == (data_sha256(folder / "parts"), (folder / "judged" / "verdict.json").read_bytes())
