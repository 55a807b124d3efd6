"""Queries that cannot be read or run: the problem names the place."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from components.extract.googlesql.syntax_errors import translate_errors
from components.extract.sources.duckdb_files import DuckDbSource
from components.extract.window import window
from model.errors import SpecError
from tests.extract.logs import ALL, END, WINDOW, error_of, read
from tests.logs import spec_of


def test_a_missing_column_comes_with_the_nearest_name(parquet):
    for column in ("l.rnt", "rnt"):
        message = error_of(parquet, f"SELECT {column} FROM impressions AS l {WINDOW}")
        assert "SQL line 1 column 8, column rnt: is in none of its tables. Did you mean rent?" in message


def test_an_alias_that_is_not_in_from_is_named(parquet):
    assert "SQL line 1 column 8, alias x: is not in the query's FROM. FROM has: l" in error_of(
        parquet, f"SELECT x.rent FROM impressions AS l {WINDOW}"
    )


def test_a_parameter_without_a_value_is_named(parquet):
    assert "SQL @least: has no value. Only @start and @end have values" in error_of(
        parquet, f"{ALL} AND l.rent > @least"
    )


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT\n  l.rent,\n  l.area l.layout\nFROM impressions AS l", "SQL line 3 column 11: cannot be read at '.'"),
        ("SELECT 'open FROM impressions AS l", "A quote or a comment may not be closed"),
        ("SELECT 1 FROM a; SELECT 2 FROM b", "SQL line 1 column 18: has 2 statements, not one"),
        ("-- nothing yet", "SQL: has 0 statements, not one"),
        ("", "SQL: has 0 statements, not one"),
        ("SELECT (1", "SQL line 1 column 9: cannot be read at '1'"),
        ("SELECT " + "(" * 2000 + "1" + ")" * 2000, "SQL: is nested too deeply. Give its parts names: WITH"),
        ("DECLARE x INT64; SELECT x", "SQL line 1 column 18: has 2 statements, not one"),
        ("BEGIN SELECT 1; END", "SQL line 1 column 17: has 2 statements, not one"),
        ("CREATE TABLE t AS SELECT 1", "SQL line 1 column 1: is CREATE, not a SELECT"),
        ("SELEC rent", "SQL line 1 column 1: is 'SELEC', not a SELECT"),
        ("CREATE TEMP FUNCTION f(x INT64) AS (x + 1); SELECT f(1)", "SQL line 1 column 45: has 2 statements, not one"),
        ("\ufeffSELECT 1", "SQL: starts with a byte order mark. Save the file as UTF-8 without one"),
        ("SELECT DATE_ADD(l.shown_at) FROM impressions AS l", "Look for a function with too few"),
        ("SELECT REGEXP_EXTRACT('a')", "Look for a function with too few"),
        ("SELECT FORMAT_DATE('%Y')", "Look for a function with too few"),
        ("SELECT MAX_BY(l.rent) FROM impressions AS l", "Look for a function with too few"),
        ("SELECT @@time_zone", "Files have no system variables"),
        ("DELETE FROM impressions AS l WHERE l.rent > 1", "SQL line 1 column 1: is DELETE, not a SELECT"),
        (f"SELECT l.*, l.rent FROM impressions AS l {WINDOW}", "SQL column rent: is 2 times in the result"),
        (f"SELECT l.rent, l.area AS RENT FROM impressions AS l {WINDOW}", "SQL column RENT: is 2 times"),
        ("SELECT l.rent FROM `logs.day_*_x` AS l", "Filter by _TABLE_SUFFIX"),
    ],
)
def test_sql_that_is_not_one_query_is_refused_with_its_place(parquet, sql, expected):
    with pytest.raises(SpecError) as error:
        DuckDbSource(str(parquet)).columns(sql, window(spec_of(), END))
    assert expected in str(error.value)


def test_sqlglot_logs_nothing(parquet, caplog):
    error_of(parquet, "CALL p()", SpecError)
    assert caplog.records == []


def test_a_semicolon_and_a_comment_at_the_end_are_fine(parquet):
    assert read(parquet, f"{ALL};\n-- done").num_rows == 3000


def test_a_value_that_the_query_cannot_take_is_shown(parquet):
    message = error_of(parquet, f"SELECT CAST(l.layout AS INT64) AS layout FROM impressions AS l {WINDOW}")
    assert "SQL: failed (cannot read as INT64: " in message


def test_a_division_by_zero_fails_as_it_does_on_bigquery(parquet):
    message = error_of(parquet, f"SELECT l.rent / (l.position - 1) AS x FROM impressions AS l {WINDOW}")
    assert "division by zero: use SAFE_DIVIDE" in message


def test_a_defect_keeps_its_traceback():
    with pytest.raises(AttributeError, match="a defect of ours"), translate_errors():
        raise AttributeError("a defect of ours")


@pytest.mark.case("a pattern that Python's engine warns of, or does not read")
@pytest.mark.parametrize(("pattern", "answer"), [("[[:alpha:]](b)", ["b"]), (r"\Qa\E(b)", ["b"])])
def test_patterns_are_those_of_re2(tmp_path, outcome, pattern, answer):
    pq.write_table(pa.table({"x": ["ab"]}), tmp_path / "t.parquet")
    rows = read(tmp_path, f"SELECT REGEXP_EXTRACT(x, r'{pattern}') AS y FROM t WHERE @start < @end")["y"].to_pylist()
    outcome(f"{pattern} of ab: {rows}")
    assert rows == answer


@pytest.mark.case("a column that is neither grouped nor aggregated")
def test_a_column_outside_group_by_is_refused_without_the_engines_advice(tmp_path, outcome):
    pq.write_table(pa.table({"x": [1], "y": [2]}), tmp_path / "t.parquet")
    message = error_of(tmp_path, "SELECT x, y, COUNT(*) AS n FROM t WHERE @start < @end GROUP BY x")
    outcome(message)
    assert "SQL column y: is neither in GROUP BY" in message
    assert "ANY_VALUE" not in message


def test_a_repetition_beyond_all_limits_in_a_pattern_is_refused(tmp_path):
    pq.write_table(pa.table({"x": ["ab"]}), tmp_path / "t.parquet")
    sql = "SELECT REGEXP_EXTRACT(x, r'a{99999999999999}') AS y FROM t WHERE @start < @end"
    assert "sql-not-parsed" in error_of(tmp_path, sql, SpecError)
