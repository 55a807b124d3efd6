"""What kind of feature a column is, or why it is none."""

from dataclasses import dataclass
from typing import Literal

from pipelines.new_model.names import shown, words_of
from pipelines.new_model.profile import Column, Profile

_CODES = """
    browser brand branch category channel city class code country currency device district gender group kind
    language locale market neighborhood neighbourhood os platform postcode prefecture region segment sex source state
    status store system systems traffic type vendor ward zip zone id
"""
CODES = frozenset(_CODES.split())
COUNTS = frozenset({"count", "num", "n", "number"})
FEW_CODES = 50  # different whole numbers that may be codes
A_FEW_NUMBERS = 3, 12  # different whole numbers that are worth a look
TEXT_IS_NUMBER = 0.99  # share of texts that are numbers
OWN_VALUE = 0.9  # different values a row, from which a column is an id, a counter or free text
ROWS_A_VALUE = 5  # of a category, on average
LISTED = 100  # a category of so few values needs no more rows
CHANCE = 1e-9  # that a group of rows converts to the last one


@dataclass(frozen=True)
class Decision:
    """A feature of a kind, or none; `why` is a short sentence about the column. `as_text` wants a CAST in the SQL."""

    kind: Literal["number", "category"] | None
    why: str = ""
    as_text: bool = False


def decide(column: Column, profile: Profile) -> Decision:
    """From what the column holds; whether it is a leak is looked for elsewhere, but for what no chance explains."""
    if column.present == 0:
        return Decision(None, "is missing in every row")
    if column.distinct <= 1 and column.present == profile.rows:
        return Decision(None, "is the same in every row")
    if only := always_converts(column, profile):
        return Decision(None, only)
    if column.kind == "BOOL":
        return Decision("number", "false is 0, true is 1")
    return _of_text(column) if column.kind == "STRING" else _of_number(column)


def always_converts(column: Column, profile: Profile) -> str | None:
    """An outcome in disguise: rows that all convert, and too many of them for chance."""
    for group in column.groups:
        if group.conversions == group.rows < profile.rows and profile.rate**group.rows < CHANCE:
            share = f"{profile.rate:.1%} of all"
            return f"knows the answer: all {group.rows:,} rows in which {shown(group.what)} convert, {share} do"
    return None


def _of_text(column: Column) -> Decision:
    if column.readable >= TEXT_IS_NUMBER * column.present and not column.padded:
        if column.readable == column.present:
            return Decision("number", "numbers that are stored as text")
        unread = column.present - column.readable
        return Decision("number", f"numbers that are stored as text; {unread:,} that are not are rejected and counted")
    if column.distinct > LISTED and column.present < ROWS_A_VALUE * column.distinct:
        return Decision(None, f"has about {column.distinct:,} different values, few rows each: an id or free text")
    return Decision("category", f"{_about(column)} texts")


def _of_number(column: Column) -> Decision:
    words = set(words_of(column.name))
    if column.kind == "FLOAT64":
        return Decision("number")
    if column.distinct >= OWN_VALUE * column.present and column.distinct > LISTED and _is_counter(column):
        return Decision(None, "counts the rows: a number that no later row will have")
    if 2 < column.distinct <= FEW_CODES and words & CODES and not words & COUNTS:
        return Decision("category", f"{_about(column)} whole numbers, and the name says that they are codes", True)
    least, most = A_FEW_NUMBERS
    if least <= column.distinct <= most:
        return Decision("number", f"{_about(column)} whole numbers: if they are codes, make it a category")
    return Decision("number")


def _is_counter(column: Column) -> bool:
    low, high = column.low or 0.0, column.high or 0.0
    return high - low < 2 * column.distinct


def _about(column: Column) -> str:
    return f"{column.distinct:,}" if column.distinct <= LISTED else f"about {column.distinct:,}"
