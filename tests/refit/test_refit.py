"""From a promoted bundle to the one that ships, and the verdict on both."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from artifacts.checksum import with_checksum
from artifacts.metrics import MetricsDocument
from artifacts.split import REST, SplitSummary
from artifacts.verdict import Verdict
from build.gate.gate import verify
from build.gate.verdict import verdict_problems
from components.evaluate.candidates import BundleCandidate
from components.evaluate.inputs import EvaluationInputs, InputFolders
from components.evaluate.left_out import left_out_by
from components.evaluate.metrics.candidate_names import CHAMPION
from components.evaluate.metrics.probability import losses
from components.evaluate.new_rows import new_to_champion
from components.evaluate.score_candidates import score_candidates
from components.evaluate.scoring import score
from components.evaluate.test_set import read_rows
from components.preprocess.preprocess import preprocess
from components.refit.rows import read_refit_rows
from model.bundle.bundle import load
from model.bundle.folder import bundle_digest
from model.bundle.merged_booster import member
from model.errors import DataError
from model.files import dump_json
from tests.evaluate.runs import evaluated, reason, rewritten
from tests.logs import log, replaced, spec_of
from tests.refit.runs import refitted, with_search
from tests.runs import extracted, quiet, train_into

RULES = ["order", "level", "log loss", "slices", "directions", "golden rows", "size"]

FORGED = {
    "of another judged model": lambda v: v.update(bundle="sha256:" + "f" * 64),
    "of more rows": lambda v: v["refit"].update(rows=v["refit"]["rows"] + 1),
    "of older rows": lambda v: v["refit"].update(until="2026-01-01T00:00:00Z"),
    "of more trees": lambda v: v["refit"]["metrics"].update(trees=10_000.0),
    "without a split": lambda v: v["refit"].update(checked_on="all"),
    "with a metric that is no number": lambda v: v["refit"]["metrics"].update(level_ratio="1"),
    "without a reason": lambda v: v["reasons"].pop(),
    "with another measure than its reason": lambda v: v["refit"]["metrics"].update(order_agreement=0.95),
    "which is the model in service": lambda v: v.update(champion=v["refit"]["bundle"]),
    "beyond its bound": lambda v: (
        v["reasons"][-5].update(measured=0.5),
        v["refit"]["metrics"].update(log_loss_change=0.5),
    ),
}


def problems(bundle, verdict):
    loaded = load(bundle)
    return {problem.code for problem in verdict_problems(verdict, digest=loaded.digest, manifest=loaded.manifest)}


class TestPromoted:
    def test_the_verdict_names_two_digests_and_the_gate_accepts_the_refit_alone(self, run, shipped):
        folder, _ = run
        verdict = shipped.verdict
        assert shipped.outcome == verdict.verdict == "promote"
        assert verdict.bundle == bundle_digest(folder / "trained" / "bundle")
        assert verdict.refit.bundle == verdict.ships == bundle_digest(shipped.bundle) != verdict.bundle
        assert verify(shipped.bundle, shipped.decision / "verdict.json") == []
        final = (shipped.decision / "verdict.json").read_bytes()
        assert "verdict-other-bundle" in problems(folder / "trained" / "bundle", final)
        first = (folder / "evaluated" / "verdict.json").read_bytes()
        assert {"verdict-other-bundle", "verdict-refit"} <= problems(shipped.bundle, first)

    @pytest.mark.parametrize("name", FORGED)
    def test_a_forged_refit_is_refused_although_the_checksum_is_right(self, shipped, name):
        document = json.loads((shipped.decision / "verdict.json").read_text())
        FORGED[name](document)
        assert problems(shipped.bundle, json.dumps(with_checksum(document)).encode()) & {
            *("verdict-refit", "verdict-counts", "verdict-bound", "verdict-champion"),
        }

    def test_it_learned_from_every_mature_row_and_says_until_when(self, run, shipped):
        folder, _ = run
        summary, judged = SplitSummary.read(folder / "splits"), load(folder / "trained" / "bundle").manifest
        refit = shipped.verdict.refit
        assert refit.rows == sum(summary.rows.values()) + summary.gap + summary.purged
        assert summary.gap > 0.2 * refit.rows
        assert refit.rows > 1.8 * judged.lineage.rows["train"]
        lineage = load(shipped.bundle).manifest.lineage
        assert lineage.refit_of == shipped.verdict.bundle
        assert lineage.trained_until == refit.until > judged.lineage.trained_until
        assert refit.until > summary.splits.test.last.replace(" ", "T")
        assert judged.lineage.trained_until < summary.splits.test.first.replace(" ", "T")
        assert judged.lineage.refit_of is None

    def test_its_reasons_are_behind_those_of_the_judged_model(self, run, shipped):
        first = Verdict.read(run[0] / "evaluated").reasons
        reasons = shipped.verdict.reasons
        assert reasons[: len(first)] == first
        assert [reason.rule for reason in reasons[len(first) :]] == [f"refit agrees: {name}" for name in RULES]
        assert MetricsDocument.read(shipped.decision) == MetricsDocument.read(run[0] / "evaluated")

    def test_the_report_has_both_side_by_side(self, shipped):
        report, verdict = (shipped.decision / "report.html").read_text(), shipped.verdict
        assert "What was judged, and what ships" in report
        assert verdict.bundle[:19] in report
        assert verdict.refit.bundle[:19] in report

    def test_the_same_inputs_give_the_same_bytes_on_any_number_of_threads(self, run, shipped, tmp_path):
        again = refitted(*run, tmp_path, threads=2)
        for folder in ("shipped", "decision"):
            before, after = getattr(shipped, folder), getattr(again, folder)
            names = sorted(path.relative_to(before) for path in before.rglob("*") if path.is_file())
            assert names == sorted(path.relative_to(after) for path in after.rglob("*") if path.is_file())
            assert [(after / name).read_bytes() for name in names] == [(before / name).read_bytes() for name in names]


class TestNoRefit:
    @pytest.mark.parametrize(("outcome", "wanted"), [("hold", True), ("promote", False)])
    def test_what_was_judged_is_passed_on_as_it_is(self, run, tmp_path, outcome, wanted):
        folder, _ = run
        spec = spec_of(training={"trials": 1, "folds": 3, "refit": wanted})
        shutil.copytree(folder / "evaluated", tmp_path / "evaluated")
        verdict = Verdict.read(folder / "evaluated").model_copy(update={"verdict": outcome}).with_checksum()
        verdict.write(tmp_path / "evaluated")
        done = refitted(tmp_path, spec, tmp_path, splits=folder / "splits", trained=folder / "trained")
        assert (done.outcome, done.verdict) == (outcome, verdict)
        assert done.verdict.ships == bundle_digest(done.bundle) == bundle_digest(folder / "trained" / "bundle")
        assert sorted(path.name for path in done.decision.iterdir()) == [
            *("extract.json", "metrics.json", "rejections.json", "report.html", "verdict.json"),
        ]

    def test_a_spec_without_it_writes_no_rows_for_it(self, tmp_path):
        spec = spec_of(training={"trials": 1, "folds": 2, "refit": False})
        train_into(tmp_path, spec, trials=1, table=log(lists=200))
        assert not (tmp_path / "splits" / REST).exists()

    def test_damaged_rows_are_refused_and_nothing_is_left(self, run, tmp_path):
        folder, spec = run
        shutil.copytree(folder / "splits", tmp_path / "splits")
        (tmp_path / "splits" / "test.parquet").write_bytes(b"PAR1")
        with pytest.raises(DataError):
            refitted(folder, spec, tmp_path, splits=tmp_path / "splits")
        assert [path.name for path in tmp_path.iterdir()] == ["splits"]


class TestDisagreement:
    def is_held(self, done, *rules):
        assert done.outcome == done.verdict.verdict == "hold"
        failed = {reason.rule.removeprefix("refit agrees: ") for reason in done.verdict.failed}
        assert set(rules) <= failed, done.verdict.failed
        assert "verdict-not-promote" in problems(done.bundle, (done.decision / "verdict.json").read_bytes())
        report = (done.decision / "report.html").read_text()
        assert "hold" in report
        assert "which does not ship" in report

    def test_rows_whose_labels_say_the_opposite_end_in_hold(self, run, tmp_path):
        """They are of the gaps: no rule before looked at them."""
        folder, spec = run
        shutil.copytree(folder / "splits", tmp_path / "splits")
        rows = pq.read_table(folder / "splits" / REST)
        opposite = 1 - rows["inquired"].to_numpy()
        pq.write_table(replaced(rows, "inquired", opposite), tmp_path / "splits" / REST)
        done = refitted(folder, spec, tmp_path, splits=tmp_path / "splits")
        self.is_held(done, "log loss")
        assert done.reason("log loss").measured > 0.015

    def test_a_recipe_that_learns_the_rows_by_heart_ends_in_hold(self, run, tmp_path):
        folder, spec = run
        learned = {
            "kind": "trees",
            "start": "trees",
            "rounds": 60,
            "eta": 0.5,
            "max_depth": 8,
            "min_child_weight": 0.5,
            "gamma": 0.0,
            "lambda": 0.01,
        }
        done = refitted(folder, spec, tmp_path, trained=with_search(folder, tmp_path / "trained", **learned))
        self.is_held(done, "log loss")


class TestWithoutATime:
    def test_it_learned_from_the_test_rows_too(self, timeless, tmp_path):
        folder, spec = timeless
        done = refitted(folder, spec, tmp_path)
        rows, refit = SplitSummary.read(folder / "splits").rows, done.verdict.refit
        assert (refit.checked_on, refit.until) == ("test", None)
        assert refit.rows == sum(rows.values())
        assert verdict_problems(
            (done.decision / "verdict.json").read_bytes(),
            digest=refit.bundle,
            manifest=load(done.bundle).manifest,
        ) == []  # fmt: skip

    def test_the_next_evaluation_asks_for_each_row_the_member_that_has_not_seen_it(self, timeless, tmp_path):
        folder, spec = timeless
        trees = with_search(folder, tmp_path / "trained", kind="trees", start="trees", rounds=20, eta=0.3, max_depth=4)
        done = refitted(folder, spec, tmp_path, trained=trees)
        judged = folder / "trained" / "bundle"
        folders = InputFolders(judged, folder / "splits", folder / "trained", folder / "rows", done.bundle)
        inputs = EvaluationInputs.read(spec, folders, threads=1)
        test = read_rows(spec, [inputs.test])
        scored = score_candidates(inputs, test, lambda _: None)
        assert scored.new.all()
        champion = inputs.champion.bundle
        by = left_out_by(spec, inputs.test, inputs.champion.columns, len(champion.manifest.trees.members))
        assert all(len(np.unique(by[test.list == number])) == 1 for number in range(5))
        models = {"second": BundleCandidate(member(champion, 1), threads=1), "whole": inputs.champion}
        of_models = score(models, inputs.test, test, lambda _: None)
        unseen = scored.scores[CHAMPION]
        assert (unseen.order[by == 1] == of_models["second"].order[by == 1]).all()
        whole = losses(test.label, of_models["whole"].probability).mean()
        assert losses(test.label, unseen.probability).mean() > whole  # which has seen these rows

    def test_its_score_is_that_of_the_refit_also_where_settings_of_two_starts_were_as_good(self, timeless, tmp_path):
        folder, spec = timeless
        first = {"kind": "trees on a logistic regression", "start": "linear", "rounds": 20, "eta": 0.3, "max_depth": 2}
        second = {"2.start": "trees", "2.rounds": 30, "2.eta": 0.3, "2.max_depth": 4}
        done = refitted(folder, spec, tmp_path, trained=with_search(folder, tmp_path / "trained", **first, **second))
        assert (
            load(done.bundle).manifest.trees.members == (24 + 35,) * 5
        )  # rounds times 1.15, and the position; ten models
        judged = folder / "trained" / "bundle"
        folders = InputFolders(judged, folder / "splits", folder / "trained", folder / "rows", done.bundle)
        inputs = EvaluationInputs.read(spec, folders, threads=1)
        test = read_rows(spec, [inputs.test])
        unseen = score_candidates(inputs, test, lambda _: None).scores[CHAMPION]
        out_of_fold = done.verdict.refit.metrics["log_loss"]
        assert losses(test.label, unseen.probability).mean() == pytest.approx(out_of_fold, rel=1e-5)


class TestTheNextEvaluation:
    def test_a_champion_that_learned_from_all_test_rows_is_not_compared(self, run, shipped):
        folder, spec = run
        outcome, verdict = evaluated(folder, spec, out="all seen", champion=shipped.bundle)
        assert outcome == "insufficient-data"
        left_out = reason(verdict, "rows new to champion")
        assert (left_out.passed, left_out.measured) == (False, 0)
        rows = int(verdict.metrics["rows"])
        assert f"learned from {rows:,} of the {rows:,} test rows" in left_out.message
        assert verdict.metrics["rows_seen_by_champion"] == rows
        assert "log_loss_saving_over_champion" not in verdict.metrics

    def test_a_champion_that_is_no_refit_has_seen_no_row_of_a_split_by_hash(self, run, shipped):
        folder, spec = run
        by_hash = spec_of(split={"by": "random", "test_share": 0.3, "calibration_share": 0.2})
        judged = folder / "trained" / "bundle"
        seen = {}
        for name, champion in (("judged", judged), ("refit", shipped.bundle)):
            folders = InputFolders(judged, folder / "splits", folder / "trained", folder / "rows", champion)
            inputs = replace(EvaluationInputs.read(spec, folders, threads=1), spec=by_hash)
            seen[name] = int((~new_to_champion(inputs, read_rows(spec, [inputs.test]))).sum())
        assert seen == {"judged": 0, "refit": SplitSummary.read(folder / "splits").rows["test"]}

    @pytest.mark.parametrize(
        ("by", "has_time", "until", "refit", "seen"),
        [
            ("random", False, "2026-06-20T00:00:00Z", True, "all"),  # the spec had a time, and has none now
            ("random", False, "2026-06-20T00:00:00Z", False, "none"),
            ("random", False, None, True, "none"),  # a member has not seen the row
            ("time", True, None, True, "all"),  # it had no time, and was divided by a hash: its window's end tells
            ("time", True, None, False, "all"),
            ("time", True, "2026-06-01T00:00:00Z", True, "none"),
        ],
    )
    def test_a_spec_that_divides_the_rows_otherwise_takes_no_row_for_new(self, run, tmp_path, by, has_time, until,
                                                                        refit, seen):  # fmt: skip
        folder, spec = run
        columns = {"label": "inquired", "list": "list_id", **({"time": "shown_at"} if has_time else {})}
        shares = {"test_share": 0.3, "calibration_share": 0.2}
        now = spec if by == "time" else spec_of(columns=columns, split={"by": by, **shares})
        judged = folder / "trained" / "bundle"
        lineage = load(judged).manifest.lineage
        changed = lineage.model_copy(
            update={"trained_until": until, "refit_of": "sha256:" + 64 * "0" if refit else None}
        )
        champion = rewritten(folder, tmp_path / "champion", lineage=changed)
        folders = InputFolders(judged, folder / "splits", folder / "trained", folder / "rows", champion)
        inputs = replace(EvaluationInputs.read(spec, folders, threads=1), spec=now)
        new = new_to_champion(inputs, read_rows(now, [inputs.test]))
        assert (not new.any(), new.all()) == (seen == "all", seen == "none")

    def test_test_rows_that_it_has_seen_are_left_out_and_that_is_said(self, run, shipped, tmp_path):
        folder, spec = run
        rows = pq.read_table(folder / "splits" / "test.parquet")
        times = sorted(rows["shown_at"].to_pylist())
        middle = times[len(times) // 2].strftime("%Y-%m-%dT%H:%M:%SZ")
        manifest = json.loads((shipped.bundle / "manifest.json").read_text())
        manifest["lineage"]["trained_until"] = middle
        shutil.copytree(shipped.bundle, tmp_path / "champion")
        (tmp_path / "champion" / "manifest.json").write_bytes(dump_json(manifest))
        _, verdict = evaluated(folder, spec, out="half seen", champion=tmp_path / "champion")
        left_out = reason(verdict, "rows new to champion")
        seen = sum(time.strftime("%Y-%m-%dT%H:%M:%SZ") < middle for time in times)
        assert verdict.metrics["rows_seen_by_champion"] == seen
        assert left_out.passed
        assert 0 < left_out.measured < verdict.metrics["conversions"]
        assert reason(verdict, "beats champion").measured == verdict.metrics["ips_lift_over_champion"]
        slices = MetricsDocument.read(folder / "half seen").slices
        assert {row.reference for row in slices} == {"the model in service"}
        assert sum(row.rows for row in slices) == len(times) - seen
        report = (folder / "half seen" / "report.html").read_text()
        assert f"The model in service learned from {seen:,} of the {len(times):,} test rows" in report


class TestLeftOut:
    def test_a_fold_follows_from_the_row_itself_also_where_more_rows_are_added(self, tmp_path):
        spec = spec_of(
            columns={"label": "inquired"}, split={"by": "random", "test_share": 0.3, "calibration_share": 0.2}
        )
        rent = np.repeat(np.arange(40.0), 5)  # five equal rows each, which are rows of their own
        table = pa.table({"rent": rent, "inquired": np.zeros(200)})
        files = tmp_path / "before.parquet", tmp_path / "after.parquet"
        pq.write_table(table, files[0])
        pq.write_table(
            pa.concat_tables([pa.table({"rent": np.arange(40.0, 60), "inquired": np.zeros(20)}), table]), files[1]
        )
        before, after = (left_out_by(spec, file, ["rent"], 4) for file in files)
        assert before.tolist() == after[20:].tolist()
        assert np.bincount(before, minlength=4).min() > 30
        assert len({tuple(before[rent == value]) for value in range(40)}) > 30

    @pytest.mark.parametrize("ids", [{}, {"user": "user_id"}, {"list": "list_id"}], ids=str)
    def test_the_next_run_has_no_test_row_that_a_member_would_score_after_learning_from_it(self, tmp_path, ids):
        """A third of the ids are missing, but for lists. Rents tell the rows apart."""
        spec = spec_of(
            columns={"label": "inquired", **ids},
            split={"by": "random", "test_share": 0.3, "calibration_share": 0.2},
            reject=[],
        )
        later = log(lists=300)
        later = replaced(later, "rent", np.arange(later.num_rows) + 200.0)
        users = [None if number % 3 == 0 else user for number, user in enumerate(later["user_id"].to_pylist())]
        later = replaced(later, "user_id", users)
        folds: list[dict[float, int]] = []
        others: list[set[float]] = []
        for name, table in (("before", later.slice(0, 1_000)), ("after", later.take(np.arange(later.num_rows)[::-1]))):
            rows = extracted(tmp_path / name / "rows", spec, table)
            preprocess(spec, rows, tmp_path / name / "splits", progress=quiet)
            paths = {part: tmp_path / name / "splits" / f"{part}.parquet" for part in ("train", "calibration", "test")}
            rents = {part: pq.read_table(path)["rent"].to_pylist() for part, path in paths.items()}
            fold = left_out_by(spec, paths["test"], ["rent", "area", "layout"], 5)
            folds.append(dict(zip(rents["test"], fold.tolist(), strict=True)))
            others.append({*rents["train"], *rents["calibration"]})
        before, after = folds
        assert 150 < len(before) < len(after)
        assert before == {rent: after[rent] for rent in before}
        assert not others[0] & after.keys()

    def test_sampled_rows_keep_the_fold_of_their_test_row(self, tmp_path):
        spec = spec_of(
            columns={"label": "inquired", "list": "list_id", "item": "listing_id", "position": "position"},
            split={"by": "random", "test_share": 0.3, "calibration_share": 0.2},
            training={"trials": 1, "folds": 2, "keep_negatives": 0.5},
        )
        rows = extracted(tmp_path / "rows", spec, log(lists=200))
        preprocess(spec, rows, tmp_path / "splits", progress=quiet)
        summary = SplitSummary.read(tmp_path / "splits")
        read = read_refit_rows(spec, tmp_path / "splits", summary, threads=1, temporary=tmp_path)
        left_out = read.fold >= 0
        newest = read.sampled.label[left_out]
        assert newest.sum() == read.newest.label.sum() == summary.positives["test"]
        assert 0.4 < (newest == 0).sum() / (read.newest.label == 0).sum() < 0.6
        groups = dict(zip(read.newest.group.values().tolist(), read.newest_fold.tolist(), strict=True))
        assert [groups[group] for group in read.sampled.group.values()[left_out].tolist()] == read.fold[
            left_out
        ].tolist()
