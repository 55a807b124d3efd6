"""Evaluate: is the new model good enough to serve? A bad model is a verdict with its reasons, not a failure."""

import functools
from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from artifacts.checksum import with_checksum
from components.evaluate.candidates import (
    BundleContender,
    Contender,
    Scores,
    encode,
    inputs_of,
    missing_inputs,
    read_baselines,
    score,
)
from components.evaluate.decide.decide import (
    Evidence,
    Opponent,
    Rules,
    Unseen,
    Verdict,
    decide,
    decide_without_classes,
    sensitivity,
)
from components.evaluate.metrics import compute_metrics as measure
from components.evaluate.metrics.bootstrap import DRAWS, SEED
from components.evaluate.metrics.drift import drift
from components.evaluate.metrics.examination_source import examination
from components.evaluate.metrics.explain import directions, importance
from components.evaluate.metrics.paired_comparison import CHAMPION, LOGISTIC, NEW, Comparison
from components.evaluate.metrics.probability import flat
from components.evaluate.metrics.slices import slicing
from components.evaluate.report.report import Told, render
from components.evaluate.test_set import Rows, batches, query, read_rows, require
from model.bundle.bundle import Bundle, load
from model.bundle.features import CategoryFeature
from model.bundle.predictor import Predictor
from model.errors import DataError, Problem
from model.files import dump_json, new_folder, read_json, sha256_of
from model.spec.types import Spec
from model.sql import quoted

Report = Callable[[int, int, str], None]
SAMPLE, DIRECTION_ROWS, CURVE_ROWS = 20_000, 200, 2_000
NOTHING_COMPARED: dict[str, Any] = {"contenders": {}, "floors": {}}
DIGITS = 10  # significant; sums on another number of threads may differ in the digits behind


def evaluate(
    spec: Spec,
    bundle: Path,
    parts: Path,
    training: Path,
    extracted: Path,
    out: Path,
    *,
    champion: Path | None = None,
    progress: Report,
    threads: int | None = None,
) -> str:
    """Judge `bundle` on the test part; returns the verdict's word.

    Writes `verdict.json`, `metrics.json` and `report.html` into `out`, whole or not at all. The same inputs give the
    same bytes. Raises DataError or BundleError for inputs that are missing or damaged, the champion's among them.
    """
    run = _Run(spec, bundle, parts, training, extracted, threads or joblib.cpu_count())
    verdict, document = run.judge(load(champion) if champion else None, progress)
    document = rounded(document)
    told = run.verdict_json(verdict, document, champion)
    progress(4, 4, f"{verdict.word}")
    with new_folder(out) as folder:
        (folder / "metrics.json").write_bytes(dump_json(document))
        (folder / "report.html").write_text(render(verdict, document, run.told(told)), "utf-8")
        (folder / "verdict.json").write_bytes(dump_json(told))
    return verdict.word


class _Run:
    """One evaluation: its files, read once."""

    def __init__(self, spec: Spec, bundle: Path, parts: Path, training: Path, extracted: Path, threads: int) -> None:
        self.spec, self.parts, self.threads = spec, parts, threads
        self.test = parts / "test.parquet"
        self.rules = Rules.of(spec)
        self.bundle = load(bundle)
        _refuse_other_spec(spec, self.bundle, bundle)
        self.predictor = Predictor(self.bundle, threads=threads)
        self.challenger = BundleContender(self.bundle, threads=threads)
        self.baselines = read_baselines(training, place=spec.columns.position)
        self.search = read_json(training / "training.json", made_by="train")
        self.ledger = read_json(parts / "ledger.json", made_by="preprocess")
        self.split = read_json(parts / "split.json", made_by="preprocess")
        self.extract = read_json(extracted / "extract.json", made_by="extract")
        require(self.test, [*inputs_of(self.challenger), *inputs_of(self.baselines.logistic)])

    def judge(self, champion: Bundle | None, progress: Report) -> tuple[Verdict, dict[str, Any]]:
        rows = read_rows(self.spec, self.test)
        progress(0, 4, f"{len(rows.label):,} test rows, {rows.label.sum():,.0f} conversions")
        if rows.label.min() == rows.label.max():
            counts = self._counts(rows) | self._plain_metrics()
            return decide_without_classes(counts["conversions"], self.rules), counts | NOTHING_COMPARED
        scores, opponent = self._score(rows, champion, progress)
        unscored = int(np.sum(~np.isfinite(scores[NEW].probability) | ~np.isfinite(scores[NEW].order)))
        plain = self._plain_metrics() | {"rows_without_score": float(unscored)}
        if unscored:
            counts = self._counts(rows) | plain
            return decide(Evidence(counts | {"log_loss": np.nan}, {}), self.rules), counts | NOTHING_COMPARED
        sample = self._sample(self.test)
        curve = self._curve(rows, sample) if self.rules.ranked else None
        progress(2, 4, f"examination falls as place^-{curve.decay:.2f}" if curve else "scored")
        compared = Comparison(
            rows,
            scores,
            constant=self.baselines.constant.probability,
            curve=curve,
            confidence=self.rules.confidence,
        )
        walked = directions(self.bundle, self.predictor, sample[:: max(1, len(sample) // DIRECTION_ROWS)])
        metrics = measure.probability_metrics(compared) | measure.order_metrics(compared) | plain
        metrics["monotone_violations"] = float(sum(float(one["violations"]) for one in walked))
        progress(3, 4, f"log loss {metrics['log_loss']:.5f}, AUC {metrics['auc']:.4f}")
        slicings = [slicing(self.test, column, rows.label) for column in self.rules.slices]
        seen = measure.judged(
            compared, self.rules, metrics, [one for one in slicings if one], opponent, unseen=self.unseen
        )
        verdict = decide(seen.evidence, self.rules)
        if seen.bent and verdict.word != "invalid":
            note = sensitivity(verdict, {name: decide(one, self.rules) for name, one in seen.bent.items()})
            verdict = replace(verdict, reasons=(*verdict.reasons, note))
        tables = {
            "contenders": measure.contenders_table(compared),
            "floors": {name: asdict(one) for name, one in seen.evidence.floors.items()},
            "comparisons": measure.comparisons_table(compared),
            "examination": measure.examination_table(compared) if curve else None,
            "slices": seen.slices,
            "pages": measure.pages_table(compared),
            "importance": importance(self.bundle, sample, threads=self.threads),
            "directions": walked,
            "drift": drift(self.bundle.manifest.features, *self._training_sample(), sample),
            "unit": rows.unit_name,
        }
        return verdict, metrics | tables | measure.curves_table(compared)

    def _score(
        self, rows: Rows, champion: Bundle | None, progress: Report
    ) -> tuple[dict[str, Scores], Opponent | None]:
        contenders: dict[str, Contender] = {NEW: self.challenger, LOGISTIC: self.baselines.logistic}
        opponent = None
        if champion:
            rival = BundleContender(champion, threads=self.threads)
            missing = missing_inputs(rival, self.test)
            lacks = f"they lack its input(s) {', '.join(missing)}" if missing else ""
            if rival.held and rows.place is None:
                lacks = "; ".join(filter(None, [lacks, "they have no places, which it reads"]))
            opponent = Opponent(champion.digest == self.bundle.digest, lacks)
            if not lacks and not opponent.same_bundle:
                contenders[CHAMPION] = rival
        total = len(rows.label)
        scores = score(
            contenders,
            self.test,
            rows.place,
            rows=total,
            told=lambda done: progress(1, 4, f"{done:,} of {total:,} rows scored"),
        )
        if CHAMPION in scores and not np.isfinite(scores[CHAMPION].probability).all():
            del scores[CHAMPION]
            opponent = Opponent(False, "it gives no finite probability for some of them")
        return scores, opponent

    def _sample(self, path: Path) -> NDArray[np.float32]:
        """At most about SAMPLE rows of a part, evenly spread, as the new model reads them at their logged place."""
        held = self.challenger.held
        columns = [*inputs_of(self.challenger), *([str(self.spec.columns.position)] if held else [])]
        step = _step(path)
        start, found = 0, []
        for batch in batches(path, columns):
            chosen = batch.take(np.arange(-start % step, batch.num_rows, step))
            place = chosen[columns[-1]].to_numpy().astype(np.int64) if held else None
            found.append(encode(self.challenger, chosen, place))
            start += batch.num_rows
        return np.concatenate(found)

    def _training_sample(self) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
        """Rows of the train part, and how many rows before sampling each stands for."""
        path = self.parts / "train.parquet"
        kept = self.bundle.manifest.sampling.kept_negatives
        label = [batch[0].to_numpy() for batch in batches(path, [self.spec.columns.label])]
        return self._sample(path), np.where(np.concatenate(label)[:: _step(path)] > 0, 1.0, 1 / kept)

    def _curve(self, rows: Rows, sample: NDArray[np.float32]) -> Any:
        assert rows.place is not None
        return examination(
            self.spec,
            self.parts,
            kept_negatives=self.bundle.manifest.sampling.kept_negatives,
            predictor=self.predictor,
            features=self.bundle.manifest.features,
            sample=sample[:: max(1, len(sample) // CURVE_ROWS)],
            places=int(rows.place.max()),
        )

    def _counts(self, rows: Rows) -> dict[str, float]:
        return {"rows": float(len(rows.label)), "conversions": float(rows.label.sum())}

    def _plain_metrics(self) -> dict[str, float]:
        """Metrics that need no score."""
        return {
            "unseen_categories": self.unseen.excess if self.unseen else 0.0,
            "booster_bytes": float(len(self.bundle.booster)),
            "trees": float(self.bundle.manifest.trees.trees),
            "immature_days": self._immature_days(),
            "rejected_share": float(self.ledger["rejected_share"]),
        }

    @functools.cached_property
    def unseen(self) -> Unseen | None:
        """The category with most test rows of a value that the model can know nothing of; None without a category."""
        categories = [one for one in self.bundle.manifest.features if isinstance(one, CategoryFeature)]
        shares = [self._unseen_values(feature) for feature in categories]
        return max(shares, key=lambda one: (one.excess, one.unseen), default=None)

    def _unseen_values(self, feature: CategoryFeature) -> Unseen:
        """Training rows count as many as they stand for: negatives were sampled."""
        name, label = quoted(feature.name), quoted(self.spec.columns.label)
        weight = f"case when {label} = 1 then 1.0 else {1 / self.bundle.manifest.sampling.kept_negatives!r} end"
        known = f"select {name} from read_parquet($train) where {name} is not null"
        pooled = f"{name} is not null and {name} not in (select unnest(cast($categories as varchar[])))"
        unseen = f"count(*) filter ({name} is not null and {name} not in ({known})) / count(*)"
        pool = f"coalesce(sum({weight}) filter ({pooled}), 0) / sum({weight})"
        shares = query(
            f"select (select {unseen} from read_parquet($test)) as unseen, "
            f"(select {pool} from read_parquet($train)) as pooled",
            train=str(self.parts / "train.parquet"),
            test=str(self.test),
            categories=list(feature.categories),
        )
        return Unseen(feature.name, float(shares["unseen"][0]), float(shares["pooled"][0]))

    def _immature_days(self) -> float:
        """By how many days the youngest test row is too young; 0 if it is not, and for data without time."""
        last = self.split["parts"]["test"]["last"]
        if last is None:
            return 0.0
        end = datetime.fromisoformat(self.split["cutoff"]).replace(tzinfo=None)
        ripe = datetime.fromisoformat(last).replace(tzinfo=None) + timedelta(days=self.spec.source.conversion_days)
        return max(0.0, (ripe - end) / timedelta(days=1))

    def verdict_json(self, verdict: Verdict, document: dict[str, Any], champion: Path | None) -> dict[str, Any]:
        told = {
            "verdict": verdict.word,
            "reasons": rounded([reason.to_json() for reason in verdict.reasons]),
            "metrics": flat(document),
            "bundle": self.bundle.digest,
            "champion": load(champion).digest if champion else None,
            "spec_sha256": self.spec.spec_sha256,
            "sql_sha256": self.spec.sql_sha256,
            "test_rows_sha256": sha256_of(self.test),
            "bootstrap": {"seed": SEED, "draws": DRAWS},
        }
        return with_checksum(told)

    def told(self, verdict: dict[str, Any]) -> Told:
        return Told(self.spec, self.bundle, self.search, self.ledger, self.split, self.extract, verdict)


def _refuse_other_spec(spec: Spec, bundle: Bundle, path: Path) -> None:
    lineage = bundle.manifest.lineage
    if (lineage.spec_sha256, lineage.sql_sha256) != (spec.spec_sha256, spec.sql_sha256):
        raise DataError(
            Problem(
                str(path),
                "was trained from another spec or SQL",
                "Train it again with this spec",
                "bundle-of-another-spec",
            )
        )


def _step(path: Path) -> int:
    rows: int = pq.read_metadata(path).num_rows
    return max(1, rows // SAMPLE)


def rounded(value: Any) -> Any:
    """Floats with DIGITS significant digits, everywhere within."""
    if isinstance(value, float):
        return float(f"{value:.{DIGITS}g}")
    if isinstance(value, dict):
        return {name: rounded(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [rounded(inner) for inner in value]
    return value
