"""Rule 2: there is enough data, old enough, for any verdict."""

import math
from collections.abc import Iterator

from artifacts.pool import Pool
from components.evaluate.decide.criteria import Criteria
from components.evaluate.decide.evidence import Evidence
from components.evaluate.decide.rule_result import RuleResult

LEAST_ESS_SHARE = 0.25  # of promotion.min_conversions; measured: docs/decisions/0049-rules-that-hold-by-themselves.md


def validity(evidence: Evidence, criteria: Criteria) -> Iterator[RuleResult]:
    """Conversions, their age, and, for an order, positions and the effective sample."""
    metrics = evidence.metrics
    yield enough_conversions(metrics["conversions"], criteria, evidence.pool)
    yield _mature(metrics["immature_days"])
    if criteria.ranked:
        yield _several_positions(metrics["logged_positions"])
        yield _effective_sample(metrics["ess"], metrics["conversions"], criteria)


def enough_conversions(conversions: float, criteria: Criteria, pool: Pool) -> RuleResult:
    """At least `promotion.min_conversions` of the spec, over all cuts."""
    needed = criteria.min_conversions
    passed = conversions >= needed
    rows = f"The test splits of {pool.cuts} cuts have" if pool.cuts > 1 else "The test split has"
    advice = "" if passed else pool.advice(needed)
    message = f"{rows} {conversions:,.0f} conversions; {needed:,} are needed for any verdict.{advice}"
    return RuleResult("conversions", conversions, f">= {needed}", passed, message, "insufficient-data")


def _mature(days: float) -> RuleResult:
    message = (
        "All test rows are old enough for their conversions to have arrived."
        if days <= 0
        else f"The youngest test rows are {days:.1f} days too young for all their conversions to have arrived."
    )
    return RuleResult("maturity", days, "<= 0 days", days <= 0, message, "insufficient-data")


def _several_positions(positions: float) -> RuleResult:
    message = f"The test lists were logged at {positions:.0f} different positions; an order needs at least 2."
    return RuleResult("positions", positions, ">= 2", positions >= 2, message, "insufficient-data")


def _effective_sample(ess: float, conversions: float, criteria: Criteria) -> RuleResult:
    """The number of conversions that the off-policy weights are worth (Kish's effective sample size)."""
    least = math.ceil(LEAST_ESS_SHARE * criteria.min_conversions)  # as it is written in the bound
    message = (
        f"The weights of the new order leave {ess:,.0f} of {conversions:,.0f} conversions; {least:,} are needed. Few "
        "are left where it puts at the top what was shown at the bottom."
    )
    return RuleResult("effective sample", ess, f">= {least:,}", ess >= least, message, "insufficient-data")
