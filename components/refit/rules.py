"""What must agree between the judged model and its refit. One that does not hold makes the outcome `hold`.

The bounds were measured (docs/decisions/0041-the-refit-ships.md): honest refits keep them at least 99 times in 100.
"""

from collections.abc import Iterator

from components.evaluate.decide.gain_text import percent, with_interval
from components.evaluate.decide.rule_5_guards import MOST_BYTES
from components.evaluate.decide.rule_6_slices import FEWEST_IN_SLICE
from components.evaluate.decide.rule_result import RuleResult
from components.refit.comparison import Comparison

LEAST_ORDER = 0.75
LEAST_LEVEL, MOST_LEVEL = 0.67, 1.50
MOST_RISE = 0.015  # of log loss


def agreement(compared: Comparison) -> Iterator[RuleResult]:
    """One result for each rule, all about the newest rows."""
    order = (
        f"Rank correlation of both orders on the newest rows: {compared.order:.3f}; at least {LEAST_ORDER} is asked."
    )
    yield _rule("order", compared.order, f">= {LEAST_ORDER:.2f}", compared.order >= LEAST_ORDER, order)
    level = (
        f"Mean probability of the refit over that of the judged model: {compared.level:.3f}; "
        f"allowed: {LEAST_LEVEL} to {MOST_LEVEL}."
    )
    within = LEAST_LEVEL <= compared.level <= MOST_LEVEL
    yield _rule("level", compared.level, f">= {LEAST_LEVEL:.2f}, <= {MOST_LEVEL:.2f}", within, level)
    yield _log_loss(compared)
    yield _slices(compared)
    against = f"{compared.against:,} steps of the refit against a declared direction."
    yield _rule("directions", float(compared.against), "0", compared.against == 0, against)
    golden = f"{compared.golden:,} golden rows that the refit's bundle does not answer as they are stored."
    yield _rule("golden rows", float(compared.golden), "0", compared.golden == 0, golden)
    size = (
        f"The refit's booster has {compared.booster_bytes / 1e6:.1f} MB; at most {MOST_BYTES / 1e6:.0f} MB are allowed."
    )
    fits = compared.booster_bytes <= MOST_BYTES
    yield _rule("size", float(compared.booster_bytes), f"<= {MOST_BYTES:,}", fits, size)


def _rule(name: str, measured: float, bound: str, passed: bool, message: str) -> RuleResult:
    return RuleResult(f"refit agrees: {name}", measured, bound, passed, message, "hold")


def _log_loss(compared: Comparison) -> RuleResult:
    change = compared.change
    message = (
        "Log loss of the refit, by members that have not seen the row, against the judged model: "
        f"{with_interval(change.value, change.low, change.high)}; at most {percent(MOST_RISE)} is allowed."
    )
    return _rule("log loss", change.value, f"<= {percent(MOST_RISE)}", change.value <= MOST_RISE, message)


def _slices(compared: Comparison) -> RuleResult:
    scope = f"{compared.slices} slice(s) with at least {FEWEST_IN_SLICE} conversions against the judged model"
    if compared.harmed:
        message = f"The refit is significantly worse in {'; '.join(compared.harmed)} ({scope})."
    else:
        message = f"The refit is significantly worse in no slice: {scope}."
    return _rule("slices", float(len(compared.harmed)), "0 harmed", not compared.harmed, message)
