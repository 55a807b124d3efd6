"""The reasons of a verdict: each complete, each passed, none outside its own bound."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping

from build.gate.fields.context import VerdictContext
from build.gate.fields.metrics import is_number
from build.gate.fields.rule import Violation
from model.files import JSON

TEXTS = ("rule", "bound", "message")
ALWAYS, BEATS = ("conversions", "calibration", "size"), "beats "
# What a reason measured is a metric of the same verdict.
MEASURED = {
    "conversions": "conversions",
    "maturity": "immature_days",
    "positions": "logged_positions",
    "effective sample": "ess",
    "discrimination": "auc_within_cuts",
    "calibration": "calibration_ratio",
    "unseen categories": "unseen_categories",
    "declared directions": "monotone_violations",
    "size": "booster_bytes",
}
NUMBER = r"(-?[\d,]*\.?\d+)( %)?"
COMPARED = re.compile(rf"(<=|>=|<|>|interval above) ?{NUMBER}")
EXACTLY = re.compile(r"(\d+)( harmed)?")
REACHES = re.compile(rf"interval reaches {NUMBER} to {NUMBER}")


def promotes(context: VerdictContext) -> bool:
    return context.document.get("verdict") == "promote"


def _reasons(context: VerdictContext) -> list[JSON]:
    reasons = context.document.get("reasons")
    return reasons if isinstance(reasons, list) and promotes(context) else []


def absent(context: VerdictContext) -> Iterator[Violation]:
    if promotes(context) and not _reasons(context):
        yield Violation("reasons", "are absent")


def not_passed(context: VerdictContext) -> Iterator[Violation]:
    for reason in _reasons(context):
        if not isinstance(reason, dict) or reason.get("passed") is not True:
            message = reason.get("message") if isinstance(reason, dict) else reason
            yield Violation("reasons", f"hold one that did not pass ({message!r:.120})")


def incomplete(context: VerdictContext) -> Iterator[Violation]:
    """An empty text explains nothing; a measured value is a finite number or a text."""
    for number, reason in enumerate(objects(context)):
        for name in TEXTS:
            text = reason.get(name)
            if not isinstance(text, str) or not text.strip():
                yield Violation(f"reasons.{number}.{name}", f"is {text!r:.60}, not a text")
        measured = reason.get("measured")
        if not is_number(measured) and not (isinstance(measured, str) and measured.strip()):
            yield Violation(f"reasons.{number}.measured", f"is {measured!r:.60}, neither a finite number nor a text")


def twice(context: VerdictContext) -> Iterator[Violation]:
    rules = Counter(reason["rule"] for reason in objects(context) if isinstance(reason.get("rule"), str))
    for rule, times in rules.items():
        if times > 1:
            yield Violation("reasons", f"hold the rule {rule!r:.80} {times} times")


def unexplained(context: VerdictContext) -> Iterator[Violation]:
    """No evaluation promotes without these, nor without a baseline or champion that was beaten."""
    if not _reasons(context):
        return
    rules = [str(reason.get("rule")) for reason in objects(context)]
    for name in ALWAYS:
        if name not in rules:
            yield Violation("reasons", f"have none about {name!r}")
    if not any(rule.startswith(BEATS) for rule in rules):
        yield Violation("reasons", "have none about what the model beats")


def about_champion(context: VerdictContext) -> Iterator[Violation]:
    """A reason compares with a champion exactly if there is one."""
    if not _reasons(context):
        return
    compared = any(str(reason.get("rule")).endswith("champion") for reason in objects(context))
    if compared != (context.document.get("champion") is not None):
        problem = "is null, but a reason compares with one" if compared else "is named, but no reason compares with it"
        yield Violation("champion", problem)


def beyond_bound(context: VerdictContext) -> Iterator[Violation]:
    """A reason that passed although its measured value is outside its bound."""
    for reason in objects(context):
        rule, bound, measured = (reason.get(name) for name in ("rule", "bound", "measured"))
        if isinstance(bound, str) and is_number(measured) and not _within(float(str(measured)), bound):
            yield Violation(f"reasons {rule!r:.80}", f"passed with {measured:.10g} against the bound {bound!r:.80}")
        elif isinstance(bound, str) and (match := REACHES.fullmatch(bound)):
            yield from _reached(context, rule, match)


def unlike_metric(context: VerdictContext) -> Iterator[Violation]:
    metrics = context.document.get("metrics")
    for reason in objects(context):
        rule = reason.get("rule")
        name = MEASURED.get(rule) if isinstance(rule, str) else None
        if name is None or not isinstance(metrics, Mapping) or not is_number(metrics.get(name)):
            continue
        if reason.get("measured") != metrics[name]:
            problem = f"measured {reason.get('measured')!r:.40}, metrics.{name} is {metrics[name]:.10g}"
            yield Violation(f"reasons {rule!r:.80}", problem)


def objects(context: VerdictContext) -> list[dict[str, JSON]]:
    """The reasons of a verdict that promotes, as far as they are objects."""
    return [reason for reason in _reasons(context) if isinstance(reason, dict)]


def _within(measured: float, bound: str) -> bool:
    """Whether the value is within every comparison of the bound.

    A bound is written rounded: half of its last digit is allowed.
    """
    if match := EXACTLY.fullmatch(bound):
        return measured == float(match[1])
    for sign, number, percent in COMPARED.findall(bound):
        limit, last = _value(number, percent)
        above, below = measured >= limit - last / 2, measured <= limit + last / 2
        if sign in (">", "interval above"):
            above = measured > limit
        if not (below if sign.startswith("<") else above):
            return False
    return True


def _value(number: str, percent: str) -> tuple[float, float]:
    """The number, and the size of one unit of its last digit, which is 0 for plain integers."""
    unit = 0.01 if percent else 1.0
    digits = len(number.partition(".")[2])
    value = float(number.replace(",", ""))
    return value * unit, unit * 10.0**-digits if percent or digits or "," in number else 0.0


def _reached(context: VerdictContext, rule: object, match: re.Match[str]) -> Iterator[Violation]:
    metrics = context.document.get("metrics")
    name = MEASURED.get(str(rule))
    if name is None or not isinstance(metrics, Mapping):
        return
    low, high = (metrics.get(f"{name}{end}") for end in ("_low", "_high"))
    least, most = _value(match[1], match[2])[0], _value(match[3], match[4])[0]
    if is_number(low) and is_number(high) and not (float(str(low)) <= most and float(str(high)) >= least):
        problem = f"passed with an interval of {low} to {high} against the bound {match[0]!r}"
        yield Violation(f"reasons {rule!r:.80}", problem)
