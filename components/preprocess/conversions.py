"""What the query's own conversions turned to NULL before a row came here, in words for people."""

from collections.abc import Mapping
from typing import Any

MOST_SHOWN = 40  # characters of an example in a sentence


def conversion_notes(extracted: Mapping[str, Any]) -> list[str]:
    """One for each SAFE_ conversion that lost values. `extracted` is extract.json; on BigQuery nothing is counted."""
    return [_note(loss) for loss in extracted.get("losses") or () if loss["nulls"]]


def _note(loss: Mapping[str, Any]) -> str:
    example = f", for example {loss['example'][:MOST_SHOWN]!r}" if loss["example"] is not None else ""
    counts = f"{loss['nulls']:,} of {loss['values']:,} values of table {loss['table']}"
    return f"{loss['expression']} turns {counts} to NULL{example}: if they mean something, convert them in the SQL"
