"""The reasons of a verdict: each complete, each passed, and none against its own bound."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from build.gate.fields.metrics import is_number
from build.gate.fields.rule import Broken
from build.gate.fields.subject import Judged

TEXTS = ("rule", "bound", "message")
ALWAYS, BEATS = ("conversions", "calibration", "size"), "beats "
# What a reason measured is a metric that stands in the same verdict.
MEASURED = {
    "conversions": "conversions",
    "maturity": "immature_days",
    "places": "logged_places",
    "effective sample": "ess",
    "calibration": "calibration_ratio",
    "unseen categories": "unseen_categories",
    "declared directions": "monotone_violations",
    "size": "booster_bytes",
}
NUMBER = r"(-?[\d,]*\.?\d+)( %)?"
COMPARED = re.compile(rf"(<=|>=|<|>|interval above) ?{NUMBER}")
EXACTLY = re.compile(r"(\d+)( harmed)?")
REACHES = re.compile(rf"interval reaches {NUMBER} to {NUMBER}")


def promotes(judged: Judged) -> bool:
    return judged.said.get("verdict") == "promote"


def _reasons(judged: Judged) -> list[Any]:
    reasons = judged.said.get("reasons")
    return reasons if isinstance(reasons, list) and promotes(judged) else []


def absent(judged: Judged) -> Iterator[Broken]:
    if promotes(judged) and not _reasons(judged):
        yield Broken("reasons", "are absent")


def not_passed(judged: Judged) -> Iterator[Broken]:
    for reason in _reasons(judged):
        if not isinstance(reason, dict) or reason.get("passed") is not True:
            message = reason.get("message") if isinstance(reason, dict) else reason
            yield Broken("reasons", f"hold one that did not pass ({message!r:.120})")


def incomplete(judged: Judged) -> Iterator[Broken]:
    """An empty text explains nothing; a measured value is a finite number or a text."""
    for number, reason in enumerate(_objects(judged)):
        for name in TEXTS:
            if not isinstance(reason.get(name), str) or not reason[name].strip():
                yield Broken(f"reasons.{number}.{name}", f"is {reason.get(name)!r:.60}, not a text")
        measured = reason.get("measured")
        if not is_number(measured) and not (isinstance(measured, str) and measured.strip()):
            yield Broken(f"reasons.{number}.measured", f"is {measured!r:.60}, neither a finite number nor a text")


def twice(judged: Judged) -> Iterator[Broken]:
    rules = Counter(reason["rule"] for reason in _objects(judged) if isinstance(reason.get("rule"), str))
    for rule, times in rules.items():
        if times > 1:
            yield Broken("reasons", f"hold the rule {rule!r:.80} {times} times")


def unexplained(judged: Judged) -> Iterator[Broken]:
    """No evaluation promotes without these, nor without having beaten something."""
    if not _reasons(judged):
        return
    rules = [str(reason.get("rule")) for reason in _objects(judged)]
    for name in ALWAYS:
        if name not in rules:
            yield Broken("reasons", f"say nothing of {name!r}")
    if not any(rule.startswith(BEATS) for rule in rules):
        yield Broken("reasons", "name nothing that the model beats")


def about_champion(judged: Judged) -> Iterator[Broken]:
    """A champion was compared with exactly if one was there."""
    if not _reasons(judged):
        return
    compared = any(str(reason.get("rule")).endswith("champion") for reason in _objects(judged))
    if compared != (judged.said.get("champion") is not None):
        problem = "is null, and a reason compares with one" if compared else "is one, and no reason compares with it"
        yield Broken("champion", problem)


def beyond_bound(judged: Judged) -> Iterator[Broken]:
    """A reason that passed although what it measured lies outside of the bound that it names."""
    for reason in _objects(judged):
        rule, bound, measured = (reason.get(name) for name in ("rule", "bound", "measured"))
        if isinstance(bound, str) and is_number(measured) and not _within(float(str(measured)), bound):
            yield Broken(f"reasons {rule!r:.80}", f"passed with {measured:.10g} against the bound {bound!r:.80}")
        elif isinstance(bound, str) and (match := REACHES.fullmatch(bound)):
            yield from _reached(judged, rule, match)


def unlike_metric(judged: Judged) -> Iterator[Broken]:
    metrics = judged.said.get("metrics")
    for reason in _objects(judged):
        rule = reason.get("rule")
        name = MEASURED.get(rule) if isinstance(rule, str) else None
        if name is None or not isinstance(metrics, Mapping) or not is_number(metrics.get(name)):
            continue
        if reason.get("measured") != metrics[name]:
            problem = f"measured {reason.get('measured')!r:.40}, while metrics.{name} is {metrics[name]:.10g}"
            yield Broken(f"reasons {rule!r:.80}", problem)


def _objects(judged: Judged) -> list[dict[str, Any]]:
    return [reason for reason in _reasons(judged) if isinstance(reason, dict)]


def _within(measured: float, bound: str) -> bool:
    """Whether the value is within every comparison that the words of the bound make.

    A bound is written with the digits that people read: half of its last digit is allowed.
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
    """The number, and how much one of its last digit is; whole numbers mean themselves, up to rounding."""
    unit = 0.01 if percent else 1.0
    digits = len(number.partition(".")[2])
    value = float(number.replace(",", ""))
    return value * unit, unit * 10.0**-digits if percent or digits or "," in number else 0.0


def _reached(judged: Judged, rule: object, match: re.Match[str]) -> Iterator[Broken]:
    metrics = judged.said.get("metrics")
    name = MEASURED.get(str(rule))
    if name is None or not isinstance(metrics, Mapping):
        return
    low, high = (metrics.get(f"{name}{end}") for end in ("_low", "_high"))
    least, most = _value(match[1], match[2])[0], _value(match[3], match[4])[0]
    if is_number(low) and is_number(high) and not (float(str(low)) <= most and float(str(high)) >= least):
        problem = f"passed with an interval of {low} to {high} against the bound {match[0]!r}"
        yield Broken(f"reasons {rule!r:.80}", problem)
