"""The window of time over which the SQL runs."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from components.extract.googlesql.parse import parameters
from model.errors import Problem, SpecError
from model.spec.types import Spec


@dataclass(frozen=True)
class Window:
    """@start inclusive and @end exclusive, midnight UTC. `start` is None when the query has no window."""

    start: datetime | None
    end: datetime


def window(spec: Spec, end: str) -> Window:
    """The window that ends at the ISO date `end`.

    Raises SpecError when the SQL and source.window_days disagree, and for SQL that cannot be read.
    """
    bounds = parameters(spec.sql_text) & {"start", "end"}
    days = spec.source.window_days
    if bounds and days is None:
        message = "is missing, but the SQL uses @start or @end"
        raise SpecError(Problem("source.window_days", message, "Set the number of days to read", "window-missing"))
    if days is not None and bounds != {"start", "end"}:
        message = f"is {days}, but the SQL does not bound its rows by @start and @end"
        hint = "Filter by both in the SQL, or delete source.window_days"
        raise SpecError(Problem("source.window_days", message, hint, "window-not-used"))
    last = datetime.combine(date.fromisoformat(end), time(), UTC)
    return Window(last - timedelta(days=days) if days else None, last)


def text(moment: datetime) -> str:
    """As extract.json has it: 2026-07-01T00:00:00Z."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
