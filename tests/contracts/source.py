"""The contract of every Source. The test of a source subclasses it and defines the fixtures. RowsContract is the part
that also holds for each way in which rows come.

`source` has a table `impressions` with the rows of `tests.logs.log()`; `dataset` is the name of the dataset in which
the same table is `dataset.impressions`.
"""

from datetime import UTC, datetime

import pyarrow as pa
import pytest

from components.extract.googlesql.syntax_errors import UnsupportedSqlError
from components.extract.window import Window
from model.errors import KamadoError
from tests.logs import END, log

WINDOW = Window(datetime(2026, 5, 2, tzinfo=UTC), END)
BOUND = "WHERE i.shown_at >= @start AND i.shown_at < @end"
ALL = f"SELECT i.* FROM impressions AS i {BOUND}"
ORDER = [("list_id", "ascending"), ("position", "ascending")]


def fetched(source, sql, window=WINDOW) -> pa.Table:
    columns = source.columns(sql, window)
    table = pa.Table.from_batches(source.fetch(sql, window))
    assert table.column_names == list(columns)
    return table


def refusal(source, sql, window=WINDOW) -> str:
    with pytest.raises(KamadoError) as error:
        fetched(source, sql, window)
    return str(error.value)


class RowsContract:
    def test_columns_come_in_order_with_googlesqls_types(self, source):
        assert list(source.columns(ALL, WINDOW).items()) == [
            ("shown_at", "TIMESTAMP"),
            ("list_id", "INT64"),
            ("listing_id", "INT64"),
            ("user_id", "STRING"),
            ("position", "INT64"),
            ("explore", "INT64"),
            ("rent", "FLOAT64"),
            ("area", "FLOAT64"),
            ("layout", "STRING"),
            ("inquired", "INT64"),
        ]

    def test_every_row_comes_once_with_its_values_and_nulls(self, source):
        table = fetched(source, ALL).sort_by(ORDER)
        assert table.schema.types == list(log().schema.types)
        assert table.cast(log().schema).equals(log().sort_by(ORDER))
        assert table["area"].null_count > 0

    def test_the_window_includes_its_start_and_excludes_its_end(self, source):
        moments = sorted(set(log()["shown_at"].to_pylist()))
        times = set(fetched(source, ALL, Window(moments[3], moments[7]))["shown_at"].to_pylist())
        assert times == set(moments[3:7])

    def test_a_query_needs_no_window(self, source):
        assert fetched(source, "SELECT COUNT(*) AS n FROM impressions AS i").to_pylist() == [{"n": 3000}]

    def test_values_have_one_type_each(self, source):
        sql = f"""
            SELECT
              SUM(i.position) AS whole, 2.5 AS decimal, CAST(2.5 AS INT64) AS rounded, '東京 "港区"' AS text,
              LOGICAL_AND(i.position > 0) AS truth, DATE '2026-01-31' AS day, CAST(NULL AS STRING) AS nothing,
              MAX(TIMESTAMP_ADD(TIMESTAMP '2026-01-31 09:00:00.000001+09:00', INTERVAL 1 SECOND)) AS moment
            FROM impressions AS i {BOUND}
        """
        table = fetched(source, sql)
        moment = datetime(2026, 1, 31, 0, 0, 1, 1, tzinfo=UTC)
        day = moment.date()
        assert list(table.to_pylist()[0].values()) == [9000, 2.5, 3, '東京 "港区"', True, day, None, moment]
        moment_type = pa.timestamp("us", tz="UTC")
        assert table.schema.types == [
            pa.int64(), pa.float64(), pa.int64(), pa.string(), pa.bool_(), pa.date32(), pa.string(), moment_type,
        ]  # fmt: skip

    def test_no_rows_are_not_an_error_and_have_columns(self, source):
        sql = "SELECT i.rent FROM impressions AS i WHERE i.rent < 0"
        assert source.columns(sql, WINDOW) == {"rent": "FLOAT64"}
        assert sum(batch.num_rows for batch in source.fetch(sql, WINDOW)) == 0


class SourceContract(RowsContract):
    def test_a_table_can_be_named_with_its_dataset(self, source, dataset):
        assert fetched(source, ALL.replace("impressions", f"{dataset}.impressions")).num_rows == 3000

    def test_the_same_query_again_gives_the_same_rows(self, source):
        assert fetched(source, ALL).sort_by(ORDER).equals(fetched(source, ALL).sort_by(ORDER))

    def test_the_data_version_is_a_line_that_stays_while_nothing_changes(self, source):
        version = source.data_version(ALL, WINDOW)
        assert "newest 2" in version
        assert version == source.data_version(ALL, WINDOW) == version.splitlines()[0]

    def test_a_data_version_of_a_missing_table_is_refused(self, source):
        with pytest.raises(KamadoError, match="impresions: is not in "):
            source.data_version(ALL.replace("impressions", "impresions"), WINDOW)

    def test_a_missing_table_is_named(self, source, dataset):
        for name in ("impresions", f"{dataset}.impresions"):
            assert "impresions: is not in " in refusal(source, ALL.replace("impressions", name))

    def test_a_missing_column_is_named_with_the_nearest(self, source):
        message = refusal(source, f"SELECT rnt FROM impressions AS i {BOUND}")
        assert "column rnt: is in none of its tables. Did you mean rent?" in message

    def test_sql_that_cannot_be_read_is_refused_with_its_line(self, source):
        assert "SQL line 2 column 11: cannot be read" in refusal(
            source, "SELECT\n  i.rent i.area\nFROM impressions AS i"
        )

    def test_two_columns_of_one_name_are_refused(self, source):
        message = refusal(source, f"SELECT i.rent, i.area AS rent FROM impressions AS i {BOUND}")
        assert "rent" in message
        assert "in the result" in message

    def test_a_parameter_without_a_value_is_named(self, source):
        assert "SQL @least: has no value" in refusal(source, f"{ALL} AND i.rent > @least")

    def test_sql_outside_the_portable_subset_is_refused_before_anything_is_read(self, source):
        with pytest.raises(UnsupportedSqlError, match=r"line 1 column 8, SQRT_OF\(i.rent\): is outside the"):
            source.columns(f"SELECT SQRT_OF(i.rent) AS x FROM impressions AS i {BOUND}", WINDOW)

    @pytest.mark.parametrize(
        "expression",
        ["CAST(i.layout AS INT64)", "i.rent / (i.position - 1)", "SUM(i.position + 9223372036854775000) OVER ()"],
    )
    def test_a_value_that_has_no_answer_fails_the_query(self, source, expression):
        refusal(source, f"SELECT {expression} AS x FROM impressions AS i {BOUND}")

    def test_the_lineage_is_known_after_a_fetch(self, source):
        fetched(source, ALL)
        lineage = source.lineage()
        assert [name.rpartition(".")[2] for name in lineage.tables] == ["impressions"]
        assert lineage.backend in ("duckdb", "bigquery")
