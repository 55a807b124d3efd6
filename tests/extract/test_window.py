"""@start and @end: the spec and the SQL must agree on them."""

from datetime import UTC, datetime

import pytest

from components.extract.window import text, window
from model.errors import SpecError
from tests.logs import spec_of

BOUND = "SELECT 1 FROM log AS l WHERE l.t >= @start AND l.t < @end"


def test_the_window_ends_at_midnight_utc_and_reaches_back_its_days():
    bounds = window(spec_of(sql_text=BOUND, source__window_days=60), "2026-07-01")
    assert bounds.start == datetime(2026, 5, 2, tzinfo=UTC)
    assert bounds.end == datetime(2026, 7, 1, tzinfo=UTC)


def test_a_query_without_a_window_still_has_the_day_of_its_data():
    bounds = window(spec_of(sql_text="SELECT 1 FROM log", source__window_days=None), "2026-07-01")
    assert (bounds.start, text(bounds.end)) == (None, "2026-07-01T00:00:00Z")


def test_a_query_with_a_window_needs_its_days():
    with pytest.raises(SpecError, match=r"source.window_days: is missing, but the SQL uses @start or @end"):
        window(spec_of(sql_text=BOUND, source__window_days=None), "2026-07-01")


@pytest.mark.parametrize("sql", ["SELECT 1 FROM log", "SELECT 1 FROM log AS l WHERE l.t >= @start"])
def test_days_without_a_bound_in_the_sql_would_read_everything(sql):
    with pytest.raises(SpecError, match="is 60, but the SQL does not bound its rows by @start and @end"):
        window(spec_of(sql_text=sql, source__window_days=60), "2026-07-01")


def test_a_bound_in_a_comment_is_not_a_bound():
    sql = "SELECT 1 FROM log AS l -- WHERE l.t >= @start AND l.t < @end"
    with pytest.raises(SpecError, match="does not bound its rows"):
        window(spec_of(sql_text=sql, source__window_days=60), "2026-07-01")


def test_moments_are_written_in_iso_format():
    assert text(datetime(2026, 7, 1, tzinfo=UTC)) == "2026-07-01T00:00:00Z"
