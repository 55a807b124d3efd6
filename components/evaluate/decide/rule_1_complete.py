"""Rule 1: every number that a rule reads is there and finite. Otherwise nothing can be decided."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass

from components.evaluate.decide.criteria import Criteria
from components.evaluate.decide.evidence import ChampionComparison, Evidence
from components.evaluate.decide.gain_text import NAMES
from components.evaluate.decide.rule_6_slices import FEWEST_IN_SLICE
from components.evaluate.decide.rule_result import RuleResult

NEEDED = (
    "rows",
    "conversions",
    "log_loss",
    "normalised_entropy",
    "auc",
    *("auc_within_cuts", "auc_within_cuts_low", "auc_within_cuts_high"),
    "calibration_ratio",
    "calibration_ratio_low",
    "calibration_ratio_high",
    "unseen_categories",
    "monotone_violations",
    "booster_bytes",
    "immature_days",
)
NEEDED_WITH_POSITIONS = (
    *("lists", "logged_positions", "ips_conversions", "ess", "ips_lift", "ips_lift_low", "ips_lift_high"),
)


def incomplete(evidence: Evidence, criteria: Criteria) -> Iterator[RuleResult]:
    """What is missing or not finite; nothing for evidence that the other rules can read."""
    if not criteria.must_beat:
        yield _invalid("rules", "none", "at least one", "promotion.must_beat is empty: a model has to beat something.")
    for name, value in _not_finite("", evidence):
        yield _invalid("finite", str(value), "a finite number", f"{name} is {value}, which is not a finite number.")
    names = (*NEEDED, *(NEEDED_WITH_POSITIONS if criteria.ranked else ()))
    missing = [name for name in names if name not in evidence.metrics]
    if missing:
        yield _missing("a number each", f"Could not be measured: {', '.join(missing)}.")
    for name in criteria.must_beat:
        if name not in evidence.baseline_gains:
            yield _missing("a number", f"The comparison with {NAMES.get(name, name)} could not be made.")
    yield from _missing_slices(evidence, criteria)
    champion = evidence.champion
    if champion and champion.comparable and not champion.too_few and not _compared(champion, criteria):
        yield _missing("a number", "The comparison with the model in service could not be made.")


def _compared(champion: ChampionComparison, criteria: Criteria) -> bool:
    return bool(champion.primary and champion.log_loss and (criteria.by_order or champion.order))


def _missing_slices(evidence: Evidence, criteria: Criteria) -> Iterator[RuleResult]:
    for column in criteria.slices:
        slices = evidence.slices.get(column)
        if not slices:
            yield _missing("a slice", f"The declared slice {column} is not in the test rows.")
        for row in slices or ():
            if row.conversions >= FEWEST_IN_SLICE and (row.change is None or row.p is None):
                message = f"The slice {column} = {row.value} has {row.conversions:.0f} conversions and no comparison."
                yield _missing("a number", message)


def _missing(bound: str, message: str) -> RuleResult:
    return _invalid("present", "missing", bound, message)


def _invalid(rule: str, measured: str, bound: str, message: str) -> RuleResult:
    return RuleResult(rule, measured, bound, False, message, "invalid")


def _not_finite(name: str, value: object) -> Iterator[tuple[str, float]]:
    """Every number within that is NaN or infinite, with its name."""
    if isinstance(value, float) and not math.isfinite(value):
        yield name or "a number", value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _not_finite(f"{name} {key}".strip(), inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _not_finite(name, inner)
    elif is_dataclass(value):
        for part in fields(value):
            yield from _not_finite(f"{name} {part.name}".strip(), getattr(value, part.name))
