"""The state of a query's tables, from which one sees whether they have changed since."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

NO_TABLE = "no table"  # of a query that reads none


@dataclass(frozen=True)
class TableState:
    """A table or one of its files: its size in rows or bytes, and when it was last written."""

    name: str
    size: int
    modified: datetime


def version_of(states: Sequence[TableState], unit: str) -> str:
    """One line for people and for the cache: another line where any name, size or moment is another."""
    ordered = sorted(states, key=lambda state: state.name)
    lines = [f"{state.name}\0{state.size}\0{state.modified.astimezone(UTC).isoformat()}\n" for state in ordered]
    digest = hashlib.sha256("".join(lines).encode()).hexdigest()[:16]
    newest = max(state.modified for state in states).astimezone(UTC)
    return f"{sum(state.size for state in states):,} {unit}, newest {newest:%Y-%m-%dT%H:%M:%SZ}, {digest}"
