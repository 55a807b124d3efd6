"""Times of a schedule: the 5 fields of cron in UTC, and the days of a backfill."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import groupby, islice

from model.errors import Problem, UsageError

EXAMPLE = "for example '0 18 * * 1-5': minute, hour, day of the month, month, weekday with 0 = Sunday, in UTC"
FIELD = re.compile(r"([0-9*/,-]|[A-Za-z]{3})+")  # what every scheduler understands: no ?, L, W or #
DAYS = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})\.\.([0-9]{4}-[0-9]{2}-[0-9]{2})")
RANGE = re.compile(r"([0-9]+|[A-Z]{3})-([0-9]+|[A-Z]{3})")
MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
WEEKDAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]
ORDER = {name: number for names in (MONTHS, WEEKDAYS) for number, name in enumerate(names)}
MOST_RUNS = 100


@dataclass(frozen=True)
class Cron:
    """An expression of 5 fields, as `read` has checked it."""

    text: str

    @classmethod
    def read(cls, text: str) -> "Cron":
        """Raises UsageError for what is not an expression of 5 fields, or never comes."""
        from croniter import CroniterBadDateError, croniter

        fields = text.split()
        if len(fields) != 5:
            raise UsageError(_problem(text, f"has {len(fields)} fields, not 5"))
        if not all(FIELD.fullmatch(field) for field in fields) or "7" in fields[4]:
            raise UsageError(_problem(text, "uses signs that not every scheduler understands"))
        if any(_number(first) > _number(last) for first, last in RANGE.findall(text.upper())):
            raise UsageError(_problem(text, "has a range that ends before it begins, which not every scheduler takes"))
        if not croniter.is_valid(text):
            raise UsageError(_problem(text, "is not a cron expression"))
        try:
            croniter(text, datetime(2026, 1, 1, tzinfo=UTC)).get_next(datetime)
        except CroniterBadDateError:
            raise UsageError(_problem(text, "never comes")) from None
        return cls(" ".join(fields))

    def after(self, moment: datetime) -> datetime:
        """The next time, strictly later."""
        from croniter import croniter

        following: datetime = croniter(self.text, moment).get_next(datetime)
        return following

    def between(self, days: "Days") -> Iterator[datetime]:
        moment = self.after(days.start - timedelta(microseconds=1))
        while moment < days.end:
            yield moment
            moment = self.after(moment)


@dataclass(frozen=True)
class Days:
    """From midnight `start` until before midnight `end`, in UTC."""

    start: datetime
    end: datetime

    @classmethod
    def read(cls, text: str) -> "Days":
        """FROM..TO, both days inclusive. Raises UsageError."""
        match = DAYS.fullmatch(text)
        try:
            first, last = (date.fromisoformat(day) for day in match.groups()) if match else (date.max, date.min)
        except ValueError:
            first, last = date.max, date.min
        if first > last:
            problem = f"{text!r} is not FROM..TO, two days in order"
            raise UsageError(
                Problem("BACKFILL", problem, "Write it like 2026-06-01..2026-06-30", "backfill-unreadable")
            )
        return cls(_midnight(first), _midnight(last) + timedelta(days=1))

    def until(self, today: date) -> "Days":
        """These days. Raises UsageError where they go on in the future, whose rows are not there yet."""
        if self.end > _midnight(today) + timedelta(days=1):
            problem = f"ends on {(self.end - timedelta(days=1)).date()}, which lies in the future"
            raise UsageError(Problem("BACKFILL", problem, f"End it on {today} or before", "backfill-unreadable"))
        return self


@dataclass(frozen=True)
class Times:
    """When a schedule runs, and the days for which it runs now."""

    cron: Cron
    days: tuple[date, ...] = ()

    @classmethod
    def read(cls, cron: str, days: str, today: date) -> "Times":
        """`days` is FROM..TO, until `today` at the latest, or empty. Raises UsageError with the problems of both."""
        problems = list(_problems(Cron.read, cron))
        if days:
            problems += _problems(lambda text: Days.read(text).until(today), days)
        if problems:
            raise UsageError(*problems)
        expression = Cron.read(cron)
        return cls(expression, backfill(expression, Days.read(days)) if days else ())


def _problems(read: Callable[[str], object], text: str) -> tuple[Problem, ...]:
    try:
        read(text)
    except UsageError as refusal:
        return refusal.problems
    return ()


def backfill(cron: Cron, days: Days) -> tuple[date, ...]:
    """The days on which the schedule would have run. Raises UsageError for none, and for more than a service takes."""
    runs = tuple(islice((day for day, _ in groupby(cron.between(days), datetime.date)), MOST_RUNS + 1))
    if not 1 <= len(runs) <= MOST_RUNS:
        problem = f"has {'no day' if not runs else f'more than {MOST_RUNS} days'} of the schedule in it"
        raise UsageError(Problem("BACKFILL", problem, "Name another range of days", "backfill-unreadable"))
    return runs


def _number(text: str) -> int:
    """Of a number, or of a name among its kind; 0 of a word that is none."""
    return int(text) if text.isdecimal() else ORDER.get(text, 0)


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _problem(text: str, problem: str) -> Problem:
    return Problem("CRON", f"{text!r} {problem}", f"Write 5 fields, {EXAMPLE}", "cron-unreadable")
