"""Numbers and names for people."""

import re

from serving.page.markup import Child, Html, code, join

QUOTED = re.compile(r"`([^`]*)`")
NOTHING = "-"


def number(value: float | None) -> str:
    """Five significant digits, whole numbers in full."""
    if value is None:
        return NOTHING
    if float(value).is_integer() or abs(value) >= 1e5:
        return f"{value:,.0f}"
    return f"{value:,.5g}"


def percent(share: float) -> str:
    return f"{100 * share:.4g} %"


def plural(count: int, noun: str) -> str:
    """1 number, 2 numbers."""
    return f"{count:,} {noun}" + ("" if count == 1 else "s")


def words(name: str) -> str:
    """The name of a metric or rule without underscores."""
    return name.replace("_", " ")


def quoted(sentence: str) -> Html:
    """A sentence whose `names` are set as code."""
    parts: list[Child] = [code(part) if index % 2 else part for index, part in enumerate(QUOTED.split(sentence))]
    return join(*parts)
