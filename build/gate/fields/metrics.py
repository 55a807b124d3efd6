"""Metrics: the range of each, and how they must agree. A metric of an unknown name may be any number."""

import math
import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from build.gate.fields.rule import Violation
from model.files import JSON

MOST_LOG_LOSS = 35.0  # nats: evaluation clips probabilities to 1e-15 from 0 and 1
MOST_ROWS = 10**15
NEARLY = 1e-6  # relative: metrics are written with 10 digits


class MetricRange(NamedTuple):
    """From `low` to `high`, both included; `integer` for counts."""

    low: float
    high: float = math.inf
    integer: bool = False

    def contains(self, value: float) -> bool:
        return self.low <= value <= self.high and (not self.integer or float(value).is_integer())

    def __str__(self) -> str:
        kind = "a whole number" if self.integer else "a number"
        if math.isinf(self.high):
            return f"{kind} of at least {self.low:g}"
        return (
            f"{kind} of at most {self.high:g}" if math.isinf(self.low) else f"{kind} from {self.low:g} to {self.high:g}"
        )


SHARE, COUNT, AMOUNT = MetricRange(0, 1), MetricRange(0, MOST_ROWS, integer=True), MetricRange(0)
SOME = MetricRange(1, MOST_ROWS, integer=True)
LOSS, SAVING, LIFT = MetricRange(0, MOST_LOG_LOSS), MetricRange(-math.inf, 1), MetricRange(-1)

# Names as patterns, matched whole, without the endings _low, _high and _current_order.
RANGES: tuple[tuple[str, MetricRange], ...] = (
    (r"(calibration_split_)?log_loss", LOSS),
    (r"(calibration_split_)?normalised_entropy|calibration_ratio|lift_at_10_percent|ips_conversions|snips", AMOUNT),
    (r"mean_weight|max_weight|ess|examination_decay(_se)?|minimal_detectable_lift|immature_days", AMOUNT),
    (r"calibration_split_rate|auc(_within_cuts)?|pr_auc|group_auc|conversion_rate|mean_probability|ece", SHARE),
    (r"ndcg_at_10_biased|mrr_biased|conversions_at_10_biased|top_10_overlap|lists_changed", SHARE),
    (r"items_ever_in_top_10|attention_gini|unseen_categories|rejected_share", SHARE),
    (r"kendall_tau", MetricRange(-1, 1)),
    (r"rows|conversions|lists|logged_positions|items_shown|trees|booster_bytes", SOME),
    (r"lists_with_conversion|lists_in_group_auc|monotone_violations|rows_without_score", COUNT),
    (r"log_loss_saving_over_\w+", SAVING),
    (r"ips_lift(_over_\w+)?", LIFT),
)
ENDING = re.compile(r"(_low|_high|_current_order)$")
NOT_ABOVE = (  # of two metrics the first is never above the second
    ("conversions", "rows"),
    ("lists", "rows"),
    ("ess", "conversions"),
    ("lists_with_conversion", "lists"),
    ("lists_in_group_auc", "lists_with_conversion"),
    ("mean_weight", "max_weight"),
    ("logged_positions", "rows"),
    ("items_shown", "rows"),
)


def range_of(name: str) -> MetricRange | None:
    plain = ENDING.sub("", name)
    return next((allowed for pattern, allowed in RANGES if re.fullmatch(pattern, plain)), None)


def is_number(value: object) -> bool:
    """A finite number that a float holds; booleans are not numbers."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    try:
        return math.isfinite(float(value))
    except OverflowError:
        return False


def numbers(metrics: Mapping[str, JSON]) -> dict[str, float]:
    """The metrics that are numbers; other values are reported by another rule."""
    return {name: float(value) for name, value in metrics.items() if is_number(value)}  # type: ignore[arg-type]


def out_of_range(metrics: Mapping[str, JSON]) -> Iterator[Violation]:
    for name, value in numbers(metrics).items():
        allowed = range_of(name)
        if allowed is not None and not allowed.contains(value):
            yield Violation(f"metrics.{name}", f"is {value:.10g}, not {allowed}")


def out_of_interval(metrics: Mapping[str, JSON]) -> Iterator[Violation]:
    known = numbers(metrics)
    for name, value in known.items():
        ends = [known.get(f"{name}{end}") for end in ("_low", "_high")]
        if ends == [None, None]:
            continue
        low, high = ends
        if low is None or high is None:
            yield Violation(f"metrics.{name}", "has one end of an interval without the other")
        elif not (low <= high and _reaches(value, low) and _reaches(high, value)):
            yield Violation(f"metrics.{name}", f"is {value:.10g}, outside its interval {low:.10g} to {high:.10g}")


def contradictions(metrics: Mapping[str, JSON]) -> Iterator[Violation]:
    """Counts above their total, and ratios that do not agree with their parts."""
    known = numbers(metrics)
    for part, total in NOT_ABOVE:
        if part in known and total in known and not _reaches(known[total], known[part]):
            yield Violation(
                f"metrics.{part}", f"is {known[part]:.10g}, more than {total}, which is {known[total]:.10g}"
            )
    rows, conversions = known.get("rows"), known.get("conversions")
    if rows and conversions and rows >= conversions:
        yield from _unlike(known, "conversion_rate", conversions / rows, "conversions / rows")
    rate = known.get("conversion_rate", known.get("calibration_split_rate"))
    if rate is not None and 0 < rate < 1:
        prefix = "" if "conversion_rate" in known else "calibration_split_"
        if f"{prefix}log_loss" in known:
            ratio = known[f"{prefix}log_loss"] / _entropy(rate)
            yield from _unlike(known, f"{prefix}normalised_entropy", ratio, "log loss over that of the rate")
        if "mean_probability" in known:
            ratio = known["mean_probability"] / rate
            yield from _unlike(known, "calibration_ratio", ratio, "mean_probability / conversion_rate")


def _unlike(known: Mapping[str, float], name: str, expected: float, formula: str) -> Iterator[Violation]:
    if name in known and not math.isclose(known[name], expected, rel_tol=NEARLY):
        yield Violation(f"metrics.{name}", f"is {known[name]:.10g}, but {formula} is {expected:.10g}")


def _entropy(rate: float) -> float:
    return -(rate * math.log(rate) + (1 - rate) * math.log1p(-rate))


def _reaches(high: float, low: float) -> bool:
    """high >= low, up to the digits that are written."""
    return high >= low or math.isclose(high, low, rel_tol=NEARLY, abs_tol=1e-12)
