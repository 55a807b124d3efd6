"""One assessment of a model: score the test rows, measure, decide."""

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass

import numpy as np

from artifacts.examination.estimate import SETTLED, conversions_needed, is_identified
from artifacts.metrics import CutRow, DirectionCheck, Gain, MetricsDocument, MetricTables
from components.evaluate.decide.criteria import Criteria
from components.evaluate.decide.decide import decide, decide_without_classes
from components.evaluate.decide.evidence import Evidence, UnseenCategories
from components.evaluate.decide.rule_result import Decision
from components.evaluate.decide.sensitivity import CurveKnowledge, implausible_curve, sensitivity
from components.evaluate.gather_evidence import GatheredEvidence, Measurements, gather_evidence
from components.evaluate.inputs import EvaluationInputs
from components.evaluate.metrics import tables
from components.evaluate.metrics.candidate_names import CHAMPION, CONSTANT, ESTIMATED, LOGISTIC, NEW
from components.evaluate.metrics.cut_results import cut_row
from components.evaluate.metrics.directions import direction_checks
from components.evaluate.metrics.drift import drift
from components.evaluate.metrics.examination_source import examination_curve
from components.evaluate.metrics.importance import importance
from components.evaluate.metrics.off_policy import in_random_order
from components.evaluate.metrics.paired_comparison import PairedComparison
from components.evaluate.metrics.probability_curves import calibration_bins, gain_curve, pr_points, roc_points
from components.evaluate.metrics.scalars import champion_metrics, order_metrics, probability_metrics
from components.evaluate.metrics.slices import Slicing, slicing
from components.evaluate.samples import sample, sample_weight, thinned
from components.evaluate.score_candidates import ScoredRows, blocks, score_candidates
from components.evaluate.scoreless_metrics import scoreless_metrics, unseen_categories
from components.evaluate.test_set import read_rows
from model.arrays import Matrix
from model.progress import ReportProgress

STEPS = 4
DIRECTION_ROWS = 200
Compare = Callable[[ScoredRows, float], PairedComparison]  # with the widening of errors


@dataclass(frozen=True)
class Assessment:
    """The decision on a model, and metrics.json."""

    decision: Decision
    metrics: MetricsDocument


def assess(inputs: EvaluationInputs, progress: ReportProgress) -> Assessment:
    """The decision on the new model and every number behind it. Raises DataError for damaged splits."""
    rows = read_rows(inputs.spec, [cut.test for cut in inputs.cuts])
    total, conversions = len(rows.label), float(rows.label.sum())
    progress(0, STEPS, f"{total:,} test rows, {conversions:,.0f} conversions")
    unseen = unseen_categories(inputs)
    scalars = {"rows": float(total), "conversions": conversions} | scoreless_metrics(inputs, unseen)
    if conversions in (0, total):
        return Assessment(
            decide_without_classes(conversions, inputs.criteria, inputs.pool),
            MetricsDocument.of(scalars, MetricTables()),
        )
    scored = score_candidates(inputs, rows, lambda done: progress(1, STEPS, f"{done:,} of {total:,} rows scored"))
    scalars["rows_without_score"] = float(np.sum(~scored.scores[NEW].finite))
    if scalars["rows_without_score"]:
        evidence = Evidence(scalars | {"log_loss": np.nan}, {})
        return Assessment(decide(evidence, inputs.criteria), MetricsDocument.of(scalars, MetricTables()))
    return _Measurement(inputs, scored, unseen, sample(inputs.new, inputs.test)).assess(scalars, progress)


@dataclass(frozen=True)
class _Measurement:
    """What is measured once all test rows have a score. `sample` are test rows as the new model reads them."""

    inputs: EvaluationInputs
    scored: ScoredRows
    unseen: UnseenCategories | None
    sample: Matrix

    def assess(self, scalars: dict[str, float], progress: ReportProgress) -> Assessment:
        criteria = self.inputs.criteria
        compare = self._comparison(criteria, progress)
        compared, against = _compared(self.scored, lambda scored: compare(scored, self.inputs.pool.widening))
        directions = tuple(direction_checks(self.inputs.new.predictor, thinned(self.sample, DIRECTION_ROWS)))
        scalars = probability_metrics(compared) | order_metrics(compared) | champion_metrics(against) | scalars
        champion = self.scored.champion
        if champion and champion.seen:
            scalars["rows_seen_by_champion"] = float(champion.seen)
        scalars["monotone_violations"] = float(sum(check.violations for check in directions))
        progress(3, STEPS, f"log loss {scalars['log_loss']:.5f}, AUC {scalars['auc']:.4f}")
        slicings = list(self._slicings(criteria))
        if against is not compared:
            slicings = [slicing.chosen(self.scored.new) for slicing in slicings]
        measured = Measurements(compared, against, scalars, slicings, champion, self.unseen, self.inputs.pool)
        gathered = gather_evidence(measured, criteria)
        tables = self._tables(measured, gathered, directions)
        metrics = MetricsDocument.of(scalars, tables.model_copy(update={"cuts": tuple(self._cuts(compare))}))
        return Assessment(self._decision(gathered, compared, criteria), metrics)

    def _decision(self, gathered: GatheredEvidence, compared: PairedComparison, criteria: Criteria) -> Decision:
        """With a note on how much it depends on the examination curve, where that can be one of people."""
        decision = decide(gathered.evidence, criteria)
        if not gathered.sensitivity or decision.outcome == "invalid":
            return decision
        under = {name: decide(evidence, criteria) for name, evidence in gathered.sensitivity.items()}
        curve, rows = compared.curves[ESTIMATED], compared.rows
        assert rows.list is not None
        assert rows.position is not None
        per_list = in_random_order(rows.label, curve.of(rows.position), rows.list)
        known = CurveKnowledge(
            identified=is_identified(curve),
            ordered=self.inputs.champion is not None,
            lists=conversions_needed(curve, SETTLED) / per_list,
            decay=curve.decay,
            decay_se=curve.decay_se,
        )
        about_curve = tuple(implausible_curve(known)) or (sensitivity(decision, under, known),)
        if all(result.passed for result in about_curve):
            return Decision.of(*decision.results, *about_curve)
        return Decision.of(*about_curve, *decision.results)  # first, because gains by this curve are not to be trusted

    def _comparison(self, criteria: Criteria, progress: ReportProgress) -> Compare:
        """How scored rows are compared, with one examination curve for all."""
        rows, curve = self.scored.rows, None
        if criteria.ranked:
            assert rows.position is not None
            curve = examination_curve(self.inputs, int(rows.position.max()))
        progress(2, STEPS, f"examination falls as position^-{curve.decay:.2f}" if curve else "scored")
        return lambda scored, widening: PairedComparison(
            scored.rows,
            scored.scores,
            constant=scored.constant,
            curve=curve,
            confidence=criteria.confidence,
            widening=widening,
        )

    def _cuts(self, compare: Compare) -> Iterator[CutRow]:
        """Each cut by itself, where there are several."""
        if len(self.inputs.cuts) > 1:
            for cut, block in blocks(self.inputs.cuts):
                yield cut_row(cut, *_compared(self.scored.chosen(block), lambda scored: compare(scored, 1.0)))

    def _slicings(self, criteria: Criteria) -> Iterator[Slicing]:
        """Of the declared columns that the test rows have; rule 1 names the others."""
        paths = [cut.test for cut in self.inputs.cuts]
        for column in criteria.slices:
            if sliced := slicing(paths, column, self.scored.rows.label):
                yield sliced

    def _tables(
        self, measured: Measurements, gathered: GatheredEvidence, directions: tuple[DirectionCheck, ...]
    ) -> MetricTables:
        inputs, compared = self.inputs, measured.compared
        label = compared.rows.label
        manifest = inputs.bundle.manifest
        weight = sample_weight(inputs.train, inputs.spec.columns.label, kept_negatives=manifest.sampling.kept_negatives)
        models = {name: p for name, p in compared.probability.items() if name != CONSTANT}
        gains = gathered.evidence.baseline_gains
        return MetricTables(
            candidates=tables.candidates(compared),
            baseline_gains={name: Gain(**asdict(gain)) for name, gain in gains.items()},
            comparisons=tables.comparisons(compared, measured.against),
            examination=tables.examination(compared, measured.against),
            slices=gathered.slices,
            pages=tables.list_examples(compared),
            importance=importance(inputs.new.predictor, self.sample, threads=inputs.threads),
            directions=directions,
            drift=drift(manifest.features, sample(inputs.new, inputs.train), weight, self.sample),
            unit=compared.rows.unit_name,
            calibration={name: calibration_bins(label, p) for name, p in models.items() if name != LOGISTIC},
            gain={name: gain_curve(label, p) for name, p in models.items()},
            roc={name: roc_points(label, p) for name, p in models.items()},
            pr={name: pr_points(label, p) for name, p in models.items()},
        )


def _compared(
    scored: ScoredRows, compare: Callable[[ScoredRows], PairedComparison]
) -> tuple[PairedComparison, PairedComparison]:
    """On all rows, and with the model in service on those that it has not learned from."""
    if scored.new.all():
        compared = compare(scored)
        return compared, compared
    compared = compare(scored.without(CHAMPION))
    if (scored.champion and scored.champion.too_few) or CHAMPION not in scored.scores or not scored.new.any():
        return compared, compared
    return compared, compare(scored.chosen(scored.new))
