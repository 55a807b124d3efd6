"""Both models on the newest rows, which the refit is calibrated on and the judged model has not learned from."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from artifacts.split import split_file
from components.evaluate.candidates import BundleCandidate
from components.evaluate.decide.rule_6_slices import FEWEST_IN_SLICE, holm
from components.evaluate.metrics.bootstrap import Estimate, Sums
from components.evaluate.metrics.directions import direction_checks
from components.evaluate.metrics.probability import losses
from components.evaluate.metrics.slice_results import RowValues, slice_results
from components.evaluate.metrics.slices import slicing
from components.evaluate.samples import sample, thinned
from components.evaluate.scoring import score
from components.evaluate.test_set import Rows, read_rows
from components.refit.rows import NEWEST
from model.arrays import Floats
from model.bundle.bundle import Bundle
from model.spec.types import Spec

DIRECTION_ROWS = 200
CONFIDENCE = 0.99
JUDGED, REFIT = "judged", "refit"


@dataclass(frozen=True)
class Comparison:
    """`order` is the rank correlation of what both would serve, `level` the ratio of their mean probabilities.

    `change` is the relative change of log loss by the refit, above 0 = worse, where each row is scored by the member
    that has not seen it. `harmed` are slices that are significantly worse by it; `against` counts steps against a
    declared direction, `golden` rows of the bundle that it does not answer as stored.
    """

    order: float
    level: float
    log_loss: float
    judged_log_loss: float
    change: Estimate
    harmed: tuple[str, ...]
    slices: int
    against: int
    golden: int
    booster_bytes: int
    trees: int

    def metrics(self) -> Mapping[str, float]:
        """For the verdict, by name."""
        return {
            "order_agreement": self.order,
            "level_ratio": self.level,
            "log_loss": self.log_loss,
            "log_loss_judged": self.judged_log_loss,
            "log_loss_change": self.change.value,
            "log_loss_change_low": self.change.low,
            "log_loss_change_high": self.change.high,
            "slices_harmed": float(len(self.harmed)),
            "monotone_violations": float(self.against),
            "golden_rows_off": float(self.golden),
            "booster_bytes": float(self.booster_bytes),
            "trees": float(self.trees),
        }


def compare(spec: Spec, splits: Path, judged: Bundle, refit: Bundle, unseen: Floats, *, threads: int) -> Comparison:
    """`unseen` are the refit's probabilities by members that have not seen the rows, in their order."""
    path = split_file(splits, NEWEST)
    newest = read_rows(spec, [path])
    candidates = {JUDGED: BundleCandidate(judged, threads=threads), REFIT: BundleCandidate(refit, threads=threads)}
    scores = score(candidates, path, newest, lambda _: None)
    loss = {JUDGED: losses(newest.label, scores[JUDGED].probability), REFIT: losses(newest.label, unseen)}
    columns = {**loss, "rows": np.ones(len(newest.label))}
    sums = Sums(newest.unit, columns, confidence=CONFIDENCE)
    harmed, slices = _harmed(spec, path, newest, loss)
    checks = direction_checks(candidates[REFIT].predictor, thinned(sample(candidates[REFIT], path), DIRECTION_ROWS))
    return Comparison(
        order=_rank_correlation(scores[JUDGED].order, scores[REFIT].order),
        level=float(scores[REFIT].probability.mean() / scores[JUDGED].probability.mean()),
        log_loss=float(loss[REFIT].mean()),
        judged_log_loss=float(loss[JUDGED].mean()),
        change=sums.gain(REFIT, JUDGED),
        harmed=harmed,
        slices=slices,
        against=int(sum(check.violations for check in checks)),
        golden=_golden_rows_off(candidates[REFIT]),
        booster_bytes=len(refit.booster),
        trees=refit.manifest.trees.trees,
    )


def _rank_correlation(first: Floats, second: Floats) -> float:
    """Spearman's; 0 where one of them is the same everywhere, and so orders nothing."""
    if not (np.ptp(first) > 0 and np.ptp(second) > 0):
        return 0.0
    return float(np.corrcoef(_ranks(first), _ranks(second))[0, 1])


def _ranks(values: Floats) -> Floats:
    """Equal values have the mean of their ranks."""
    _, number, count = np.unique(values, return_inverse=True, return_counts=True)
    ranks: Floats = (np.cumsum(count) - (count - 1) / 2)[number]
    return ranks


def _harmed(spec: Spec, path: Path, rows: Rows, loss: Mapping[str, Floats]) -> tuple[tuple[str, ...], int]:
    """Slices whose log loss rose significantly, as `column = value`, and how many were tested."""
    values = RowValues(loss[REFIT], loss[JUDGED], rows.unit, rows.label, less_is_better=True)
    cuts = [cut for column in spec.promotion.slices if (cut := slicing([path], column, rows.label))]
    results = [result for cut in cuts for result in slice_results(cut, values)]
    tested = [result for result in results if result.conversions >= FEWEST_IN_SLICE]
    rejected = holm([1.0 if result.p is None else result.p for result in tested], level=1 - CONFIDENCE)
    harmed = [f"{result.column} = {result.value}" for result, harm in zip(tested, rejected, strict=True) if harm]
    return tuple(harmed), len(tested)


def _golden_rows_off(refit: BundleCandidate) -> int:
    golden = refit.bundle.golden
    columns = {name: [row.input[name] for row in golden] for name in golden[0].input}
    answers = refit.predictor.probability(refit.predictor.encode(columns))
    return int(np.sum(answers != np.array([row.probability for row in golden])))
