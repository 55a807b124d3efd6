"""Parquet's types are those of a load into BigQuery."""

from datetime import UTC, date, datetime, time
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from components.extract.sources.duckdb_files import DuckDbSource
from components.extract.window import window
from model.errors import SpecError
from tests.extract.logs import END, WINDOW, data, error_of, read
from tests.logs import log, replaced, spec_of

NAN = float("nan")
MORNING = datetime(2026, 6, 1, 10, 0, 0, 123456)


def test_a_column_with_a_dot_has_the_name_that_a_load_into_bigquery_gives_it(tmp_path):
    folder = data(tmp_path, replaced(log(), "rate.of.year", [1.5] * 3000))
    assert read(folder, f"SELECT l.rate_of_year FROM impressions AS l {WINDOW}")[0][0].as_py() == 1.5


@pytest.mark.parametrize(
    ("narrow", "value", "expression", "answer"),
    [
        (pa.int32(), 2**31 - 1, "t.x + 1", 2**31),
        (pa.int8(), 127, "t.x * t.x", 16129),
        (pa.uint8(), 1, "t.x - 2", -1),
        (pa.float32(), 16777216.0, "t.x + 1", 16777217.0),
        (pa.float32(), 0.1, "t.x = 0.1", False),
        (pa.list_(pa.int32()), [2**31 - 1], "(SELECT SUM(x + 1) FROM UNNEST(t.x) AS x)", 2**31),
    ],
)
def test_numbers_are_as_wide_as_after_a_load_into_bigquery(tmp_path, narrow, value, expression, answer):
    pq.write_table(pa.table({"x": pa.array([value], narrow)}), tmp_path / "t.parquet")
    assert read(tmp_path, f"SELECT {expression} AS y FROM t WHERE @start < @end")["y"].to_pylist() == [answer]


@pytest.mark.parametrize(
    ("values", "table"),
    [
        (pa.array([1.5, NAN, 3.0]), "t"),
        (pa.array([1.5, NAN, 3.0], pa.float32()), "t"),
        (pa.array([[1.5, NAN, 3.0]]), "(SELECT y AS x FROM t, UNNEST(t.x) AS y)"),
    ],
)
@pytest.mark.parametrize(
    ("expression", "answer"),
    [
        ("COUNTIF(IS_NAN(t.x))", 1),
        ("COUNTIF(t.x < 1000)", 2),
        ("COUNTIF(t.x <> 1000)", 3),
        ("COUNTIF(IF(IS_NAN(t.x), NULL, t.x) > 2)", 1),
    ],
)
def test_a_nan_is_found_although_parquets_bounds_leave_it_out(tmp_path, values, table, expression, answer):
    pq.write_table(pa.table({"x": values}), tmp_path / "t.parquet")
    sql = f"SELECT {expression} AS n FROM {table} AS t WHERE @start < @end"
    assert read(tmp_path, sql)["n"].to_pylist() == [answer]


def test_a_comparison_of_a_nan_fails_with_a_hint(tmp_path):
    pq.write_table(pa.table({"x": [1.5, NAN]}), tmp_path / "t.parquet")
    message = error_of(tmp_path, "SELECT t.x > 1 AS y FROM t WHERE @start < @end")
    assert "(a NaN is compared, which has another answer on BigQuery). Write IF(IS_NAN(x), NULL, x)" in message


@pytest.mark.case("types that Parquet has and BigQuery has not")
@pytest.mark.parametrize(
    ("kind", "value", "loaded", "answer"),
    [
        (pa.timestamp("ns", "UTC"), MORNING.replace(tzinfo=UTC), "TIMESTAMP", MORNING.replace(tzinfo=UTC)),
        (pa.timestamp("ns", "Asia/Tokyo"), MORNING.replace(tzinfo=UTC), "TIMESTAMP", MORNING.replace(tzinfo=UTC)),
        (pa.timestamp("ms", "UTC"), datetime(2026, 6, 1, tzinfo=UTC), "TIMESTAMP", datetime(2026, 6, 1, tzinfo=UTC)),
        (pa.timestamp("ns"), MORNING, "DATETIME", MORNING),
        (pa.time64("ns"), time(1, 2, 3, 4), "TIME", time(1, 2, 3, 4)),
        (pa.date64(), date(2026, 6, 1), "DATE", date(2026, 6, 1)),
        (pa.uint64(), 2**63 - 1, "INT64", 2**63 - 1),
        (pa.float16(), 1.5, "FLOAT64", 1.5),
        (pa.decimal128(10, 2), Decimal("1.25"), "FLOAT64", 1.25),
        (pa.dictionary(pa.int8(), pa.string()), "a", "STRING", "a"),
        (pa.large_string(), "a", "STRING", "a"),
    ],
    ids=str,
)
def test_parquets_types_are_those_of_a_load(tmp_path, outcome, kind, value, loaded, answer):
    pq.write_table(pa.table({"x": pa.array([value, None]).cast(kind)}), tmp_path / "t.parquet")
    sql = "SELECT t.x FROM t WHERE @start < @end"
    columns = DuckDbSource(str(tmp_path)).columns(sql, window(spec_of(sql_text=sql), END))
    rows = read(tmp_path, sql)["x"].to_pylist()
    outcome(f"{columns['x']} {rows[0]}")
    assert columns == {"x": loaded}
    assert rows == [answer, None]


@pytest.mark.case("pandas' default, timestamp[ns, UTC], compared with @start and truncated")
def test_nanoseconds_are_a_timestamp_wherever_one_is_needed(tmp_path, outcome):
    moments = pa.array([MORNING]).cast(pa.timestamp("ns")).cast(pa.timestamp("ns", "UTC"))
    pq.write_table(pa.table({"at": moments, "s": [{"at": MORNING}]}), tmp_path / "t.parquet")
    sql = (
        "SELECT DATE(t.`at`) AS day, EXTRACT(HOUR FROM t.`at`) AS hour FROM t WHERE t.`at` >= @start AND t.`at` < @end"
    )
    rows = read(tmp_path, sql).to_pylist()
    outcome(rows)
    assert rows == [{"day": date(2026, 6, 1), "hour": 10}]


@pytest.mark.case("a naive Parquet timestamp (DATETIME) compared with @start (TIMESTAMP)")
def test_a_datetime_is_not_compared_with_the_window(tmp_path, outcome):
    pq.write_table(pa.table({"at": [MORNING]}), tmp_path / "t.parquet")
    message = error_of(tmp_path, "SELECT t.`at` FROM t WHERE t.`at` >= @start AND t.`at` < @end", SpecError)
    outcome(message)
    assert "mixes DATETIME and TIMESTAMP, which GoogleSQL does not. Write TIMESTAMP(t.`at`)" in message
    assert read(tmp_path, "SELECT t.`at` FROM t WHERE TIMESTAMP(t.`at`) >= @start AND @end > @start").num_rows == 1


@pytest.mark.case("ids beyond INT64, and decimals of more digits than FLOAT64 keeps")
@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (
            pa.array([2**64 - 1], pa.uint64()),
            "column t.id: has the value 18,446,744,073,709,551,615, and",
        ),
        (
            pa.array([Decimal(10) ** 20], pa.decimal128(38, 0)),
            "column id has the value 100000000000000000000, a decimal",
        ),
    ],
    ids=["uint64", "decimal"],
)
@pytest.mark.parametrize("sql", ["SELECT t.id FROM t", "SELECT t.id, COUNT(*) AS n FROM t GROUP BY t.id"])
def test_ids_that_would_lose_digits_are_refused(tmp_path, outcome, values, expected, sql):
    pq.write_table(pa.table({"id": values}), tmp_path / "t.parquet")
    message = error_of(tmp_path, f"{sql.replace('FROM t', 'FROM t WHERE @start < @end', 1)}")
    outcome(message)
    assert expected in message
