"""Rule 3: the model beats every baseline that the spec names, with or without a model in service."""

from collections.abc import Iterator

from components.evaluate.decide.criteria import Criteria
from components.evaluate.decide.evidence import Evidence
from components.evaluate.decide.gain_text import NAMES, superiority
from components.evaluate.decide.rule_result import RuleResult


def beats_baselines(evidence: Evidence, criteria: Criteria) -> Iterator[RuleResult]:
    """One result per name in `promotion.must_beat`: the order by conversions, the others by log loss."""
    for name in criteria.must_beat:
        measure = "expected conversions per list" if name == "current_order" else "log loss"
        other = f"{NAMES.get(name, name)} by {measure}"
        gain, conversions = evidence.baseline_gains[name], evidence.metrics["conversions"]
        yield superiority(f"beats {name}", gain, other, conversions, evidence.pool)
