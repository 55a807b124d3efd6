"""The day at which the window of a run ends."""

from datetime import UTC, date, datetime

from model.errors import Problem, UsageError
from model.spec.end_day import AHEAD, EXAMPLE, NO_DAY, end_day


def resolved_end(named: str, spec_end: date | None, *, scheduled: str, created: str, today: date) -> date:
    """The day that is named, else the spec's, else the day for which the run was scheduled, else that of its creation.

    `scheduled` and `created` are moments in ISO 8601. A backend that does not know one leaves the placeholder as it
    is; without both it is `today`. Raises UsageError for a day that cannot be read or lies in the future.
    """
    end = _day(named) if named else spec_end or _moment(scheduled) or _moment(created) or today
    if end > today + AHEAD:
        hint = f"Name a day in the past, for example {today}"
        raise UsageError(Problem("end", f"is {end}, which lies in the future", hint, "end-future"))
    return end


def _day(text: str) -> date:
    day = end_day(text)
    if day is None:
        raise UsageError(Problem("end", f"{text!r} {NO_DAY}", f"Write it like {EXAMPLE}", "end-unreadable"))
    return day


def _moment(text: str) -> date | None:
    try:
        return datetime.fromisoformat(text).astimezone(UTC).date()
    except ValueError:
        return None
