"""Labels of a job, by which a bill is split up."""

import re

LONGEST = 63


def labels(**values: str) -> dict[str, str]:
    """`kamado-NAME` -> value, of those that are not empty, within BigQuery's rules."""
    return {f"kamado-{name}": label_value(value) for name, value in values.items() if value}


def label_value(text: str) -> str:
    """Lower case letters, digits, _ and -, at most 63 of them; each other character becomes a -."""
    return re.sub(r"[^a-z0-9_-]", "-", text.lower())[:LONGEST]
