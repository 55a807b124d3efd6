"""Cron expressions and the days of a backfill."""

from datetime import UTC, date, datetime

import pytest

from model.errors import UsageError
from pipelines.submit.cron import Cron, Times

TODAY = date(2026, 7, 1)


@pytest.mark.parametrize(
    "text", ["0 18 * * 1-5", "*/15 0-6,20 1 JAN-JUN *", "30 6 * * MON", "0 6 * MAR-DEC SUN-SAT", " 0  0 1 * * "]
)
def test_five_fields_are_taken(text):
    assert Cron.read(text).text == " ".join(text.split())


@pytest.mark.case("cron nonsense")
@pytest.mark.parametrize(
    "text",
    [
        *("", "x", "0 18 * *", "0 0 18 * * 1-5", "@daily", "61 * * * *", "* 24 * * *", "0 0 30 2 *", "0 0 * * 7"),
        *("0 0 L * *", "0 0 * * 5L", "0 0 * * 1#2", "0 0 ? * *", "H H * * *", "0 0 * * 6-1x", "*/0 * * * *"),
        "\N{ARABIC-INDIC DIGIT ZERO} 0 * * *",
        *("0 22-2 * * *", "0 18 * * 5-1", "0 18 * * fri-mon", "0 0 1 NOV-FEB *"),
    ],
)
def test_nonsense_is_refused(text, outcome):
    with pytest.raises(UsageError) as error:
        Cron.read(text)
    assert [problem.code for problem in error.value.problems] == ["cron-unreadable"]
    outcome(error.value.problems[0])


def test_the_next_time_is_in_utc_and_later():
    assert Cron.read("0 18 * * 1-5").after(datetime(2026, 7, 3, 18, tzinfo=UTC)) == datetime(2026, 7, 6, 18, tzinfo=UTC)


def test_a_backfill_has_the_days_of_the_schedule_both_ends_included():
    assert Times.read("0 18 * * 1", "2026-06-01..2026-06-15", TODAY).days == tuple(
        date(2026, 6, day) for day in (1, 8, 15)
    )
    assert Times.read("0 */6 * * *", "2026-06-01..2026-06-02", TODAY).days == (date(2026, 6, 1), date(2026, 6, 2))
    assert Times.read("0 18 * * 1", "", TODAY).days == ()


@pytest.mark.case("BACKFILL nonsense")
@pytest.mark.parametrize(
    "days",
    [
        "x",
        "2026-06-01",
        "2026-06-02..2026-06-01",
        "2026-02-30..2026-03-01",
        "2026-06-02..2026-06-03",
        "2026-06-02..2026-07-02",
        "2020-01-01..2026-01-01",
    ],
)
def test_a_backfill_of_no_day_or_of_too_many_is_refused(days, outcome):
    with pytest.raises(UsageError) as error:
        Times.read("0 18 * * 1", days, TODAY)
    assert [problem.code for problem in error.value.problems] == ["backfill-unreadable"]
    outcome(error.value.problems[0])


def test_both_problems_are_reported():
    with pytest.raises(UsageError) as error:
        Times.read("x", "y", TODAY)
    assert [problem.code for problem in error.value.problems] == ["cron-unreadable", "backfill-unreadable"]
