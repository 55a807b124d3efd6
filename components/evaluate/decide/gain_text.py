"""Gains as text: with their interval, and with the number of conversions that would make them significant."""

import math

from artifacts.pool import ONE_CUT, Pool
from components.evaluate.decide.rule_result import RuleResult
from components.evaluate.metrics.bootstrap import Estimate

LEAST_TARGET = 1e-4
ALIKE = 5e-5  # below which a share is written as 0.00 %
MOST_TIMES = 1_000  # the conversions that there are: nobody waits for more
UNKNOWN_CURVE = (
    "Much of this interval is how little is known of how far down people look, which more conversions alone do not "
    "tell: show a small share of pages at random and mark them in columns.explore."
)
NAMES = {
    "new": "the new model",
    "champion": "the model in service",
    "logistic": "the logistic regression",
    "constant": "the constant",
    "current_order": "the current order",
}


def percent(value: float, *, sign: bool = False) -> str:
    """Three significant digits or so: 0.0123 -> 1.23 %."""
    scaled = value * 100
    digits = 0 if abs(scaled) >= 100 else 1 if abs(scaled) >= 10 else 2
    return f"{scaled:{'+' if sign else ''}.{digits}f} %"


def with_interval(value: float, low: float, high: float) -> str:
    """+3.00 % (+1.00 % to +5.00 %)."""
    return f"{percent(value, sign=True)} ({percent(low, sign=True)} to {percent(high, sign=True)})"


def superiority(
    rule: str, gain: Estimate, other: str, conversions: float, pool: Pool = ONE_CUT, *, curve_known: bool = True
) -> RuleResult:
    """Passes with the whole interval above 0. Reject when it lies below 0, but for what is written as 0; else hold.

    `pool` says where more conversions may come from. Where the examination curve of the gain is not known, they would
    not help.
    """
    bound, interval = "interval above 0", with_interval(gain.value, gain.low, gain.high)
    if gain.low > 0:
        return RuleResult(rule, gain.value, bound, True, f"Better than {other}: {interval}.")
    if gain.high < 0 and gain.low <= -ALIKE:
        return RuleResult(rule, gain.value, bound, False, f"Worse than {other}: {interval}.", "reject")
    if gain.low == gain.high == 0:
        message = f"Every row gets the same answer as from {other}: there is no difference."
    elif max(-gain.low, gain.high) < ALIKE:
        message = f"Nearly the same answers as from {other}: the difference is below {percent(LEAST_TARGET)}."
    else:
        needed = _needed(gain, conversions, pool) if curve_known else UNKNOWN_CURVE
        message = f"Cannot be told apart from {other}: {interval}. {needed}"
    return RuleResult(rule, gain.value, bound, False, message, "hold")


def not_worse(
    rule: str, gain: Estimate, margin: float, other: str, conversions: float, *, curve_known: bool = True
) -> RuleResult:
    """Non-inferiority: passes with the interval above -margin and the value not below 0, and where superiority would.

    A margin that is smaller than what these data can detect tells nothing of models that are alike; the message says
    which would.
    """
    bound, interval = f"interval above -{percent(margin)}, value >= 0", with_interval(gain.value, gain.low, gain.high)
    if gain.high < 0:
        return RuleResult(rule, gain.value, bound, False, f"Worse than {other}: {interval}.", "reject")
    if gain.low > 0:
        return RuleResult(rule, gain.value, bound, True, f"Better than {other}: {interval}.")
    if not curve_known and margin < gain.detectable:
        message = f"Cannot tell within {percent(margin)} of {other}: {interval}. {UNKNOWN_CURVE}"
        return RuleResult(rule, gain.value, bound, False, message, "hold")
    shown = f"The smallest margin that {conversions:,.0f} conversions can show is {percent(gain.detectable)}"
    if margin < gain.detectable:
        needed = conversions_for(gain, margin, conversions)
        more = "no number will do for this one"
        if math.isfinite(needed):
            more = f"this one needs {_so_many(needed, conversions)}"
        message = f"Cannot tell within {percent(margin)} of {other}: {interval}. {shown}; {more}."
        return RuleResult(rule, gain.value, bound, False, message, "hold")
    passed = gain.low > -margin and gain.value >= 0
    if gain.low > -margin and not passed:
        message = f"Within {percent(margin)} of {other}, but as measured below it: {interval}. {shown}."
    else:
        finding = "Not worse" if passed else "Not shown to be as good"
        message = f"{finding} within {percent(margin)} of {other}: {interval}. {shown}."
    return RuleResult(rule, gain.value, bound, passed, message, "hold")


def _needed(gain: Estimate, conversions: float, pool: Pool) -> str:
    smallest = f"The smallest difference that {conversions:,.0f} conversions can show is {percent(gain.detectable)}"
    needed = conversions_for(gain, gain.value, conversions)
    if not math.isfinite(needed):
        return f"{smallest}."
    many = _so_many(needed, conversions)
    return f"{smallest}; to show {percent(gain.value)} it needs {many}.{pool.more_for_a_gain(needed)}"


def _so_many(needed: float, conversions: float) -> str:
    if needed > MOST_TIMES * conversions:
        return f"more than {MOST_TIMES:,} times as many, which no log has"
    return f"about {needed:,.0f}"


def conversions_for(gain: Estimate, target: float, conversions: float) -> float:
    """Conversions with which a true difference `target` is detected 8 times in 10: errors shrink as their root.

    Infinite for differences below LEAST_TARGET, which are of no use.
    """
    errors = gain.detectable / target if target > LEAST_TARGET else math.inf
    return float(f"{conversions * min(errors, 1e9) ** 2:.2g}") if math.isfinite(errors) else math.inf
