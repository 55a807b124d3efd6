"""Every type of GoogleSQL is written as docs/bigquery.md says, from files and from BigQuery, or refused by name."""

from datetime import UTC, date, datetime, time
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from components.extract.sources.column_types import COLUMN_TYPES, refuse_unmapped
from components.extract.sources.duckdb_files import DuckDbSource
from model.errors import SpecError
from tests.contracts.source import WINDOW, fetched
from tests.extract.sources.cloud import rows, source
from tests.services.bigquery import bigquery
from tests.services.bigquery.columns import METADATA, SCALARS

MOMENT = datetime(2026, 6, 1, 10, 0, 0, 123456)
VALUES = {
    "INT64": 7, "FLOAT64": 1.5, "NUMERIC": Decimal("1.5"), "BIGNUMERIC": Decimal("1.5"), "BOOL": True, "STRING": "港区",
    "BYTES": b"\x00\xff", "DATE": date(2026, 6, 1), "DATETIME": MOMENT, "TIMESTAMP": MOMENT.replace(tzinfo=UTC),
    "TIME": time(10, 0, 0, 123456), "ARRAY": [1, 2], "STRUCT": {"a": 1}, "JSON": '{"a": 1}', "GEOGRAPHY": "POINT(1 2)",
    "INTERVAL": (1, 2, 3), "RANGE": {"start": date(2026, 6, 1), "end": date(2026, 6, 2)},
}  # fmt: skip
STORED = SCALARS | {
    "ARRAY": pa.list_(pa.int64()),
    "STRUCT": pa.struct({"a": pa.int64()}),
}
WRITTEN = [kind for kind in COLUMN_TYPES if kind.arrow is not None]
READABLE_IN_FILES = [kind for kind in WRITTEN if kind.name != "BIGNUMERIC"]  # DuckDB has no decimal of 76 digits


def table_of(names) -> pa.Table:
    """A column for each type, with a value and a NULL, named like it."""
    fields = [pa.field(name, STORED[name], metadata=METADATA.get(name)) for name in names]
    columns = [pa.array([VALUES[name], None if name != "ARRAY" else []], STORED[name]) for name in names]
    return pa.table(columns, schema=pa.schema(fields))


@pytest.fixture
def service(tmp_path, monkeypatch):
    (tmp_path / "logs").mkdir()
    with bigquery(tmp_path) as service:
        monkeypatch.setenv("BIGQUERY_EMULATOR_HOST", service.url)
        yield service


@pytest.mark.parametrize("way", ["rest", "storage"])
def test_bigquery_gives_the_types_of_the_page(service, monkeypatch, way):
    if way == "storage":
        monkeypatch.setenv("BIGQUERY_STORAGE_EMULATOR_HOST", service.storage_address)
    names = [kind.name for kind in WRITTEN]
    service.tables.add("logs", "t", table_of(names))
    reader = source()
    sql = "SELECT t.* FROM t"
    expected = {name: "FLOAT64" if name.endswith("NUMERIC") else name for name in names}
    assert reader.columns(sql, WINDOW) == expected
    check(rows(reader, sql), WRITTEN)
    assert reader.lineage().query.reader == way


def test_files_give_the_types_of_the_page(tmp_path):
    pq.write_table(table_of([kind.name for kind in READABLE_IN_FILES]), tmp_path / "t.parquet")
    check(fetched(DuckDbSource(str(tmp_path)), "SELECT t.* FROM t"), READABLE_IN_FILES)


def check(table, kinds):
    assert table.schema.metadata is None
    assert all(field.metadata is None for field in table.schema)
    assert dict(zip(table.column_names, table.schema.types, strict=True)) == {kind.name: kind.arrow for kind in kinds}
    first = table.to_pylist()[0]
    assert first == {name: VALUES[name] for name in first}


@pytest.mark.parametrize("kind", ["JSON", "INTERVAL", "GEOGRAPHY"])
def test_bigquery_refuses_a_column_that_no_step_can_read_before_the_query_runs(service, kind):
    service.tables.add("logs", "t", table_of([kind]))
    with pytest.raises(SpecError) as error:
        source().columns(f"SELECT t.{kind} FROM t", WINDOW)
    [problem] = error.value.problems
    assert (problem.where, problem.code) == (f"SQL column {kind}", "column-type")
    assert problem.problem == f"is {kind}, which the steps cannot read"
    assert service.jobs == {}


def test_every_column_is_named_with_what_to_write():
    with pytest.raises(SpecError) as error:
        refuse_unmapped([("rent", "INT64"), ("place", "GEOGRAPHY"), ("stay", "RANGE"), ("extra.raw", "JSON")])
    assert [problem.where for problem in error.value.problems] == [
        "SQL column place", "SQL column stay", "SQL column extra.raw",
    ]  # fmt: skip
    assert "Write the value that is needed: JSON_VALUE(extra.raw, '$.name'). Or leave the column out" in str(
        error.value
    )


def test_the_page_has_every_type_once():
    assert sorted(VALUES) == sorted(kind.name for kind in COLUMN_TYPES)
