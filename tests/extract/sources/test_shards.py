"""Tables of one day each: `events_*` is all of them, with _TABLE_SUFFIX."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from components.extract.sources.duckdb_files import DuckDbSource
from components.extract.window import Window
from model.errors import DataError
from tests.logs import END

ANY_DAY = Window(None, END)
ALL = "SELECT _TABLE_SUFFIX AS day, t.* FROM `logs.events_*` AS t"


@pytest.fixture
def days(tmp_path):
    """Two days, of which the second has a column more and one less, and a table with another name."""
    folder = tmp_path / "logs"
    (folder / "events_02").mkdir(parents=True)
    pq.write_table(pa.table({"id": [1], "old": [5]}), folder / "events_01.parquet")
    pq.write_table(pa.table({"id": [2], "tags": [["a"]]}), folder / "events_02" / "part.parquet")
    pq.write_table(pa.table({"id": [9]}), folder / "events.parquet")
    return tmp_path


def rows(folder, sql):
    source = DuckDbSource(str(folder))
    batches = source.fetch(sql, ANY_DAY)
    return sorted((tuple(row.values()) for batch in batches for row in batch.to_pylist()), key=str), source.lineage()


def test_the_columns_are_those_of_the_last_table(days):
    assert rows(days, "SELECT t.id, ARRAY_LENGTH(t.tags) AS n FROM `p.logs.events_*` AS t")[0] == [(1, 0), (2, 1)]
    with pytest.raises(DataError, match="column old: is in none of its tables"):
        rows(days, "SELECT t.old FROM `logs.events_*` AS t")


def test_the_suffix_is_a_column_that_no_star_has(days):
    records, lineage = rows(days, "SELECT _TABLE_SUFFIX AS day, COUNT(*) AS n FROM `logs.events_*` GROUP BY day")
    assert records == [("01", 1), ("02", 1)]
    assert lineage.table_rows == {"logs.events_*": 2}
    columns = DuckDbSource(str(days)).columns("SELECT * FROM `logs.events_*`", ANY_DAY)
    assert columns == {"id": "INT64", "tags": "ARRAY"}


def test_another_file_is_another_version(days):
    source = DuckDbSource(str(days))
    before = source.data_version(ALL, ANY_DAY)
    pq.write_table(pa.table({"id": [3]}), days / "logs" / "events_03.parquet")
    assert source.data_version(ALL, ANY_DAY) != before


@pytest.mark.case("tables of two days with a column of two types")
def test_a_column_of_two_types_is_refused(days, outcome):
    pq.write_table(pa.table({"id": ["x"]}), days / "logs" / "events_03.parquet")
    with pytest.raises(DataError, match=r"table logs.events_\* column id: is BIGINT in 01 and VARCHAR in 03") as error:
        rows(days, ALL)
    outcome(error.value.problems[0])


def test_a_name_that_no_table_starts_with_is_refused_with_the_nearest(days):
    with pytest.raises(DataError, match=r"table logs.event_day_\*: is not in .* Did you mean events_02"):
        rows(days, "SELECT t.id FROM `logs.event_day_*` AS t")
