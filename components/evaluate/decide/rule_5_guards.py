"""Rule 5: calibration, unseen categories, declared directions and the size of the model."""

from collections.abc import Iterator, Mapping

from components.evaluate.decide.criteria import Criteria
from components.evaluate.decide.evidence import Evidence, UnseenCategories
from components.evaluate.decide.gain_text import percent
from components.evaluate.decide.rule_result import RuleResult

CALIBRATION_RATIO = (0.9, 1.1)  # predicted over observed conversions
MOST_BYTES = 50_000_000


def guards(evidence: Evidence, criteria: Criteria) -> Iterator[RuleResult]:
    metrics = evidence.metrics
    yield _calibration(metrics)
    yield _unseen_categories(metrics["unseen_categories"], evidence.unseen, criteria.max_unseen)
    violations = metrics["monotone_violations"]
    message = f"{violations:,.0f} steps against a declared direction, over a grid of every such input."
    yield RuleResult("declared directions", violations, "0", violations == 0, message, "reject")
    size = metrics["booster_bytes"]
    message = f"The booster has {size / 1e6:.1f} MB; at most {MOST_BYTES / 1e6:.0f} MB are allowed."
    yield RuleResult("size", size, f"<= {MOST_BYTES:,}", size <= MOST_BYTES, message)


def _calibration(metrics: Mapping[str, float]) -> RuleResult:
    """Fails when the ratio is shown to be off: at 500 conversions its own error is near 5 %, and a bound on the value
    alone would refuse one well calibrated model in twenty."""
    ratio, low, high = (metrics[f"calibration_ratio{end}"] for end in ("", "_low", "_high"))
    least, most = CALIBRATION_RATIO
    message = f"Predicted over observed conversions: {ratio:.3f} ({low:.3f} to {high:.3f}); allowed: {least} to {most}."
    bound = f"interval reaches {least} to {most}"
    return RuleResult("calibration", ratio, bound, low <= most and high >= least, message)


def _unseen_categories(excess: float, worst: UnseenCategories | None, most: float) -> RuleResult:
    passed = excess <= most
    return RuleResult("unseen categories", excess, f"<= {percent(most)}", passed, _unseen_message(worst, passed))


def _unseen_message(worst: UnseenCategories | None, passed: bool) -> str:
    if worst is None:
        return "The model has no category as an input."
    if worst.unseen == 0:
        return "Training saw every value that a category has in the test split."
    unseen = f"{percent(worst.unseen)} of the test rows have a value of {worst.column} that training never saw"
    pool = f"; {percent(worst.pooled)} of its rows have values so rare that the model pools them with the unseen"
    hint = (
        ". Train on newer rows, give the column coarser values in the SQL, leave it out, or raise promotion.max_unseen"
    )
    return f"{unseen}{pool if worst.pooled else ''}{'' if passed else hint}."
