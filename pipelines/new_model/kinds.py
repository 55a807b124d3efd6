"""The kind of feature of a column, or why it is not a feature."""

from dataclasses import dataclass
from typing import Literal

from pipelines.new_model.names import one_line, words_of
from pipelines.new_model.profile import ColumnProfile, Profile

_CODES = """
    browser brand branch category channel city class code country currency device district gender group kind
    language locale market neighborhood neighbourhood os platform postcode prefecture region segment sex source state
    status store system systems traffic type vendor ward zip zone id
"""
CODES = frozenset(_CODES.split())
COUNTS = frozenset({"count", "num", "n", "number"})
FEW_CODES = 50  # different whole numbers that may be codes
MAYBE_CODES = 3, 12  # different whole numbers that may be codes, whatever the name
TEXT_IS_NUMBER = 0.99  # share of texts that are numbers
OWN_VALUE = 0.9  # different values a row, from which a column is an id, a counter or free text
ROWS_A_VALUE = 5  # of a category, on average
LISTED = 100  # a category of so few values needs no more rows
CHANCE = 1e-9  # that a group of rows converts to the last one


@dataclass(frozen=True)
class FeatureDecision:
    """A feature of a kind, or none; `why` is a short sentence about the column. `as_text` needs a CAST in the SQL."""

    kind: Literal["number", "category"] | None
    why: str = ""
    as_text: bool = False


def decide(column: ColumnProfile, profile: Profile) -> FeatureDecision:
    """From the column's values. Of leaks only rows that always convert are found here, others by the leak guard."""
    if column.present == 0:
        return FeatureDecision(None, "is missing in every row")
    if column.distinct <= 1 and column.present == profile.rows:
        return FeatureDecision(None, "is the same in every row")
    if reason := always_converts(column, profile):
        return FeatureDecision(None, reason)
    if column.kind == "BOOL":
        return FeatureDecision("number", "false is 0, true is 1")
    return _of_text(column) if column.kind == "STRING" else _of_number(column)


def always_converts(column: ColumnProfile, profile: Profile) -> str | None:
    """A leak of the label: a group of rows that all convert, too large for chance."""
    for group in column.groups:
        if group.conversions == group.rows < profile.rows and profile.rate**group.rows < CHANCE:
            share = f"{profile.rate:.1%} of all"
            return f"leaks the label: all {group.rows:,} rows where {one_line(group.description)} convert, {share} do"
    return None


def _of_text(column: ColumnProfile) -> FeatureDecision:
    if column.readable >= TEXT_IS_NUMBER * column.present and not column.padded:
        if column.readable == column.present:
            return FeatureDecision("number", "numbers stored as text")
        unread = column.present - column.readable
        return FeatureDecision(
            "number", f"numbers that are stored as text; {unread:,} other texts are rejected and counted"
        )
    if column.distinct > LISTED and column.present < ROWS_A_VALUE * column.distinct:
        return FeatureDecision(
            None, f"has about {column.distinct:,} different values, few rows each: an id or free text"
        )
    return FeatureDecision("category", f"{_about(column)} texts")


def _of_number(column: ColumnProfile) -> FeatureDecision:
    words = set(words_of(column.name))
    if column.kind == "FLOAT64":
        return FeatureDecision("number")
    if column.distinct >= OWN_VALUE * column.present and column.distinct > LISTED and _is_counter(column):
        return FeatureDecision(None, "counts the rows: later rows have other numbers")
    if 2 < column.distinct <= FEW_CODES and words & CODES and not words & COUNTS:
        return FeatureDecision("category", f"{_about(column)} whole numbers, and by the name they are codes", True)
    least, most = MAYBE_CODES
    if least <= column.distinct <= most:
        return FeatureDecision("number", f"{_about(column)} whole numbers: if they are codes, make it a category")
    return FeatureDecision("number")


def _is_counter(column: ColumnProfile) -> bool:
    low, high = column.low or 0.0, column.high or 0.0
    return high - low < 2 * column.distinct


def _about(column: ColumnProfile) -> str:
    return f"{column.distinct:,}" if column.distinct <= LISTED else f"about {column.distinct:,}"
