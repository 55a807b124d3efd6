"""Rule 3: the model beats every baseline that the spec names, with or without a model in service."""

from collections.abc import Iterator
from dataclasses import replace

from components.evaluate.decide.criteria import Criteria
from components.evaluate.decide.evidence import Evidence
from components.evaluate.decide.gain_text import NAMES, not_worse, superiority
from components.evaluate.decide.rule_result import RuleResult
from components.evaluate.metrics.discrimination import CHANCE


def beats_baselines(evidence: Evidence, criteria: Criteria) -> Iterator[RuleResult]:
    """One result per name in `must_beat`: the order by conversions, the others by log loss; and without an order to
    compare, one on whether the model orders rows at all.

    The current order is that of the model in service where there is one: the spec's rule for it holds for both.
    """
    for name in criteria.must_beat:
        measure = "expected conversions per list" if name == "current_order" else "log loss"
        other = f"{NAMES.get(name, name)} by {measure}"
        gain, conversions = evidence.baseline_gains[name], evidence.metrics["conversions"]
        known = name != "current_order" or evidence.curve_known
        if name == "current_order" and evidence.champion and criteria.rule == "non-inferiority":
            margin = criteria.margin or 0.0
            result = not_worse("not worse than current_order", gain, margin, other, conversions, curve_known=known)
        else:
            result = superiority(f"beats {name}", gain, other, conversions, evidence.pool, curve_known=known)
        yield _explained(result) if name == "current_order" and not result.passed else result
    if not criteria.ranked:
        yield _discriminates(evidence)


def _explained(refusal: RuleResult) -> RuleResult:
    always = "Where the data have positions, every model is compared with it, whatever promotion.must_beat lists."
    return replace(refusal, message=f"{refusal.message} {always}")


def _discriminates(evidence: Evidence) -> RuleResult:
    """A model that knows today's level and nothing of the rows beats a constant of older rows by log loss."""
    auc, low, high = (evidence.metrics[f"auc_within_cuts{end}"] for end in ("", "_low", "_high"))
    passed = low > CHANCE
    finding = "The model tells conversions from other rows" if passed else "The model may know no more than the level"
    message = f"{finding}: AUC {auc:.3f} ({low:.3f} to {high:.3f}), where chance has {CHANCE}."
    return RuleResult("discrimination", auc, f"interval above {CHANCE}", passed, message)
