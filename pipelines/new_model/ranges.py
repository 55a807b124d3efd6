"""Reject rules from quantiles: rare values far from all others, which a model should neither train on nor score."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from pipelines.new_model.names import in_expressions
from pipelines.new_model.profile import ColumnProfile, Profile, Profiler

MANY = 20  # different values from which a number has quantiles worth a rule
REACH = 0.5  # of the distance between the outer quantiles, added on both sides
MOST_RULES = 40
BUDGET = 0.02  # share of rows that all suggested rules together may reject; the spec's own budget is larger
DIGITS = 2


@dataclass(frozen=True)
class SuggestedRange:
    """A rule over one column; `rows` are outside."""

    column: str
    low: float | None
    high: float | None
    rows: int

    @property
    def description(self) -> str:
        return f"{self.rows:,} row{'s are' if self.rows > 1 else ' is'} outside" if self.rows else "no row is outside"


def ranges(profile: Profile, features: Mapping[str, str], profiler: Profiler) -> list[SuggestedRange]:
    """Rules in the order of the features. Of too many, those that reject rows come before those that reject none."""
    columns = [profile.columns[name] for name, kind in features.items() if kind == "number"]
    bounds = {column.name: bound for column in columns if (bound := _bounds(column)) and in_expressions(column.name)}
    rows = profiler.outside(bounds)
    candidates = [SuggestedRange(name, *bound, rows[name]) for name, bound in bounds.items()]
    rules = sorted(candidates, key=lambda rule: rule.rows == 0)[:MOST_RULES]
    while sum(rule.rows for rule in rules) > BUDGET * profile.rows:
        rules.remove(max(rules, key=lambda rule: rule.rows))
    return [rule for rule in candidates if rule in rules]


def _bounds(column: ColumnProfile) -> tuple[float | None, float | None] | None:
    """Rounded outwards to two digits. A number that is never negative has the bound 0; one with few values has none."""
    if column.distinct <= MANY or len(column.quantiles) < 3 or column.low is None or column.high is None:
        return None
    first, _, last = column.quantiles
    reach = REACH * (last - first)
    if reach <= 0:
        return None
    low = 0.0 if column.low >= 0 and first - reach < 0 else rounded(first - reach, up=False)
    high = 0.0 if column.high <= 0 and last + reach > 0 else rounded(last + reach, up=True)
    return (low, high) if math.isfinite(low) and math.isfinite(high) else None


def rounded(value: float, *, up: bool) -> float:
    """To two significant digits, away from the values inside the bounds."""
    if value == 0:
        return 0.0
    unit = Decimal(1).scaleb(math.floor(math.log10(abs(value))) - DIGITS + 1)
    steps = Decimal(value) / unit
    return float((math.ceil(steps) if up else math.floor(steps)) * unit)


def plain_number(value: float) -> str:
    """Digits without an exponent, which YAML would read as a text."""
    text = format(Decimal(repr(value)), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
