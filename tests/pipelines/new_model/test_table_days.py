"""The days of a partitioned table, and the rows that are read of a large one."""

import itertools
from datetime import date, timedelta

import pytest

from pipelines.new_model.bigquery_table import PIECES, SAMPLE, pieces
from pipelines.new_model.table_days import TableDays

LAST = date(2026, 6, 30)


def days(*sizes):
    """The oldest first; None is a day without a partition."""
    dates = [LAST - timedelta(days=age) for age in reversed(range(len(sizes)))]
    return TableDays("shown_at", {day: size for day, size in zip(dates, sizes, strict=True) if size is not None})


@pytest.mark.parametrize(
    ("sizes", "limit", "expected"),
    [
        ((5, 5, 5), 100, 3),
        ((5, 5, 5), 10, 2),
        ((5, None, 5), 9, 2),
        ((5, 5, 50), 10, 1),
    ],
    ids=str,
)
def test_the_newest_days_that_a_limit_allows_are_at_least_one(sizes, limit, expected):
    table = days(*sizes)
    assert table.within(limit) == expected
    assert (table.end, table.total) == (date(2026, 7, 1), len(sizes))


@pytest.mark.parametrize("rows", [0, 1, SAMPLE])
def test_a_small_table_is_read_whole(rows):
    assert pieces(rows, SAMPLE) == [(0, rows)]


@pytest.mark.parametrize("rows", [SAMPLE + 1, 10**9])
def test_a_large_table_is_read_from_its_first_row_to_its_last_and_no_row_twice(rows):
    parts = pieces(rows, SAMPLE)
    assert len(parts) == PIECES
    assert sum(count for _, count in parts) == SAMPLE
    assert parts[0][0] == 0
    assert sum(parts[-1]) == rows
    assert all(start + count <= after for (start, count), (after, _) in itertools.pairwise(parts))
