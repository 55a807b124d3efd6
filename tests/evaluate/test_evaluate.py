"""From a trained bundle to verdict.json, metrics.json and report.html."""

import math

import numpy as np
import pytest

from artifacts.metrics import MetricsDocument
from artifacts.verdict import Bootstrap
from build.gate.verdict import verdict_problems
from model.bundle.bundle import load
from model.bundle.folder import bundle_digest
from model.errors import BundleError, DataError
from model.files import sha256_of
from tests.evaluate.reports import without_numbers
from tests.evaluate.runs import WITH_SLICES, evaluated, reason, rewritten
from tests.logs import log, replaced, spec_of
from tests.runs import small_run, train_into

FILES = ("metrics.json", "report.html", "verdict.json")


class TestAGoodModel:
    def test_is_promoted_and_the_verdict_is_bound_to_what_was_evaluated(self, portal, evaluation):
        folder, spec = portal
        _, outcome, verdict = evaluation
        assert outcome == verdict.verdict == "promote"
        assert verdict.bundle == bundle_digest(folder / "trained" / "bundle")
        assert verdict.spec_sha256 == spec.spec_sha256
        assert verdict.sql_sha256 == spec.sql_sha256
        assert verdict.test_rows_sha256 == sha256_of(folder / "splits" / "test.parquet")
        assert verdict.bootstrap == Bootstrap(seed=7, draws=1024)
        assert verdict.sha256 == verdict.with_checksum().sha256
        assert verdict.champion is None

    def test_has_a_verdict_that_the_gate_accepts(self, portal, evaluation):
        bundle = load(portal[0] / "trained" / "bundle")
        data = (evaluation[0] / "verdict.json").read_bytes()
        assert verdict_problems(data, digest=bundle.digest, manifest=bundle.manifest) == []

    def test_has_finite_flat_metrics_in_both_files(self, evaluation):
        folder, _, verdict = evaluation
        metrics = MetricsDocument.read(folder)
        assert metrics.scalars == verdict.metrics
        assert all(math.isfinite(value) for value in verdict.metrics.values())
        assert {"ips_lift", "ips_lift_low", "ips_lift_high", "log_loss", "auc", "calibration_ratio"} <= set(
            verdict.metrics
        )
        assert set(metrics.candidates) == {"new", "logistic", "constant", "current_order"}

    def test_expected_conversions_of_the_current_order_are_those_that_happened(self, evaluation):
        metrics = MetricsDocument.read(evaluation[0]).scalars
        assert metrics["ips_conversions_current_order"] == pytest.approx(metrics["conversions"] / metrics["lists"])

    def test_probabilities_are_those_at_the_logged_position(self, evaluation):
        metrics = MetricsDocument.read(evaluation[0]).scalars
        assert 0.8 < metrics["calibration_ratio"] < 1.2

    def test_gives_the_same_bytes_again_on_any_number_of_threads(self, portal, evaluation):
        folder, spec = portal
        evaluated(folder, spec, out="again", threads=2)
        for name in FILES:
            assert (folder / "again" / name).read_bytes() == (evaluation[0] / name).read_bytes()

    def test_declares_its_slices(self, evaluation):
        metrics = MetricsDocument.read(evaluation[0])
        assert {row.value for row in metrics.slices} == {"1K", "2DK", "3LDK"}
        assert {row.reference for row in metrics.slices} == {"the current order"}


class TestAgainstTheModelInService:
    def test_the_same_bundle_is_held(self, portal):
        folder, spec = portal
        outcome, verdict = evaluated(folder, spec, out="same", champion=folder / "trained" / "bundle")
        assert outcome == "hold"
        assert "byte for byte" in reason(verdict, "champion").message

    def test_a_champion_that_is_worse_is_beaten_on_the_same_rows(self, portal, tmp_path):
        folder, spec = portal
        linear = load(folder / "trained" / "bundle").manifest.linear
        one_term = linear.model_copy(update={"terms": linear.terms[-1:]})
        champion = rewritten(folder, tmp_path / "champion", linear=one_term)
        outcome, verdict = evaluated(folder, spec, out="beaten", champion=champion)
        assert outcome in ("promote", "hold")
        assert verdict.champion == bundle_digest(champion)
        assert {"beats champion", "log loss against champion"} <= {reason.rule for reason in verdict.reasons}
        assert "ips_lift_over_champion" in verdict.metrics

    def test_a_model_far_worse_than_the_champion_is_rejected(self, portal, tmp_path):
        folder, spec = portal
        linear = load(folder / "trained" / "bundle").manifest.linear
        worse = rewritten(
            folder, tmp_path / "worse", linear=linear.model_copy(update={"intercept": linear.intercept + 3})
        )
        outcome, verdict = evaluated(folder, spec, out="worse", bundle=worse, champion=folder / "trained" / "bundle")
        assert outcome == "reject"
        failed = {reason.rule for reason in verdict.failed}
        assert {"beats constant", "log loss against champion", "calibration"} <= failed

    def test_a_champion_whose_inputs_are_gone_is_a_reason_with_the_way_out(self, portal, tmp_path):
        folder, spec = portal
        feature = load(folder / "trained" / "bundle").manifest.features[1]
        features = load(folder / "trained" / "bundle").manifest.features
        renamed = (features[0], feature.model_copy(update={"name": "garden"}), *features[2:])
        linear = load(folder / "trained" / "bundle").manifest.linear.model_copy(update={"terms": ()})
        champion = rewritten(folder, tmp_path / "old", features=renamed, linear=linear)
        outcome, verdict = evaluated(folder, spec, out="unscorable", champion=champion)
        assert outcome == "hold"
        message = reason(verdict, "champion").message
        assert "its input(s) garden are missing" in message
        assert "run without a champion to start anew" in message


class TestOtherData:
    def test_a_table_without_lists_or_positions_is_compared_by_log_loss(self, tmp_path):
        spec = spec_of(columns={"label": "inquired", "time": "shown_at"}, promotion={"min_conversions": 50})
        folder = train_into(tmp_path, spec, table=log(lists=1_500))
        outcome, verdict = evaluated(folder, spec)
        assert outcome in ("promote", "hold")
        assert "log_loss" in verdict.metrics
        assert not [name for name in verdict.metrics if name.startswith("ips") or "biased" in name]
        page = (folder / "evaluated" / "report.html").read_text("utf-8")
        assert "there is no order to compare" in page
        assert "Position bias" not in page

    def test_too_little_data_is_an_outcome_with_a_report(self, tmp_path):
        folder = small_run(tmp_path)
        outcome, verdict = evaluated(folder)
        assert outcome == "insufficient-data"
        assert "200 are needed" in reason(verdict, "conversions").message
        assert "insufficient-data" in (folder / "evaluated" / "report.html").read_text("utf-8")

    def test_lists_in_random_order_give_the_curve_where_there_are_enough(self, tmp_path):
        table = log(lists=4_000)
        spec = spec_of(columns__explore="explore", promotion=WITH_SLICES)
        folder = train_into(tmp_path, spec, trials=1, table=replaced(table, "explore", np.ones(table.num_rows, int)))
        evaluated(folder, spec)
        metrics = MetricsDocument.read(folder / "evaluated")
        assert "random order" in metrics.examination.source

    def test_conversions_that_are_all_logged_at_the_top_are_held_with_where_to_look(self, tmp_path):
        table = log(lists=2_000)
        top = (table["position"].to_numpy() == 1) & (np.random.default_rng(1).random(table.num_rows) < 0.3)
        table = replaced(replaced(table, "explore", np.ones(table.num_rows, int)), "inquired", top.astype(int))
        spec = spec_of(columns__explore="explore", promotion=WITH_SLICES)
        _, verdict = evaluated(train_into(tmp_path, spec, trials=1, table=table), spec)
        assert not reason(verdict, "examination").passed
        assert "how a conversion finds its position" in reason(verdict, "examination").message
        assert "sensitivity" not in [reason.rule for reason in verdict.reasons]


class TestBadModels:
    def test_a_score_that_is_not_a_number_is_invalid_and_not_a_crash(self, portal, tmp_path):
        folder, spec = portal
        bundle = rewritten(folder, tmp_path / "nan", booster=without_numbers(folder / "trained" / "bundle"))
        outcome, verdict = evaluated(folder, spec, out="nan", bundle=bundle)
        assert outcome == "invalid"
        assert any("log_loss is nan" in reason.message for reason in verdict.reasons)
        assert verdict.metrics["rows_without_score"] > 0
        assert "Why" in (folder / "nan" / "report.html").read_text("utf-8")

    def test_a_bundle_of_another_spec_is_refused(self, tmp_path):
        folder = small_run(tmp_path)
        with pytest.raises(DataError, match="another spec"):
            evaluated(folder, spec_of(model="other"))
        assert not (folder / "evaluated").exists()

    def test_a_damaged_bundle_is_refused(self, tmp_path):
        folder = small_run(tmp_path)
        (folder / "trained" / "bundle" / "booster.ubj").write_bytes(b"not a booster")
        with pytest.raises(BundleError, match=r"booster\.ubj"):
            evaluated(folder)
