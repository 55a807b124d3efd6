"""The file of typed rows is the same whatever the rows come from, and none is lost on the way."""

import signal
import threading
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from artifacts.typed_rows import TypedRows
from components.extract.row_files import write_rows
from components.extract.sources.duckdb_files import DuckDbSource
from components.extract.sources.scan import scan_of, stream
from components.extract.sources.source import QueryLineage
from components.extract.window import window
from model.errors import DataError, Problem
from tests.extract.logs import ALL, END, data
from tests.extract.logs import read as fetched
from tests.logs import log, replaced, spec_of

TYPES = {
    **dict.fromkeys(("list_id", "listing_id", "position", "explore", "inquired"), "INT64"),
    **dict.fromkeys(("rent", "area"), "FLOAT64"),
    **dict.fromkeys(("layout", "user_id"), "STRING"),
    "shown_at": "TIMESTAMP",
}


class Batches:
    """A source that sends batches, as BigQuery does."""

    def __init__(self, batches):
        self._batches = batches

    def columns(self, _sql, _window):
        return TYPES

    def data_version(self, _sql, _window, /):
        return "1"

    def fetch(self, _sql, _window):
        return iter(self._batches)

    def lineage(self):
        return QueryLineage("batches", ("log",))


def written(path: Path, first, others) -> list[dict]:
    with stream(first, iter(others)) as scan:
        rows = write_rows(scan, TypedRows(spec_of(), TYPES), path, lambda _: None)
    table = pq.read_table(path)
    assert rows == table.num_rows
    return sorted(table.to_pylist(), key=lambda row: (row["shown_at"], row["position"]))


@pytest.mark.parametrize("sizes", [[1], [1, 1], [3, 40, 1, 7], [1] * 30, [2999, 1]], ids=len)
def test_batches_of_any_sizes_give_every_row_once(tmp_path, sizes):
    batch = log().combine_chunks().to_batches()[0].slice(0, sum(sizes))
    starts = [sum(sizes[:index]) for index in range(len(sizes))]
    first, *others = [batch.slice(start, size) for start, size in zip(starts, sizes, strict=True)]
    assert written(tmp_path / "some.parquet", first, others) == written(tmp_path / "one.parquet", batch, [])


def test_a_source_of_batches_and_one_over_files_give_the_same_file(tmp_path):
    data(tmp_path / "data")
    query = spec_of(sql_text=ALL)
    batches = fetched(tmp_path / "data").to_batches()
    files = {}
    for name, source in (("batches", Batches(batches)), ("files", DuckDbSource(str(tmp_path / "data")))):
        with scan_of(source, ALL, window(query, END)) as scan:
            write_rows(scan, TypedRows(query, TYPES), tmp_path / f"{name}.parquet", lambda _: None)
        rows = pq.read_table(tmp_path / f"{name}.parquet").to_pylist()
        files[name] = sorted(rows, key=lambda row: (row["row_key"], row["rent"]))
    assert files["batches"] == files["files"]


def test_a_source_without_a_batch_has_no_rows():
    with scan_of(Batches([]), ALL, window(spec_of(sql_text=ALL), END)) as scan:
        assert scan is None


def test_an_error_of_the_source_among_the_rows_comes_through_as_it_is(tmp_path):
    def failing():
        yield from log().to_batches()
        raise DataError(Problem("stream", "broke", "Run again", "query-failed"))

    with pytest.raises(DataError, match="stream: broke"):
        written(tmp_path / "rows.parquet", log().to_batches()[0], failing())


def test_what_the_caller_raises_among_the_rows_ends_the_copy(tmp_path):
    def report(_share):
        raise KeyboardInterrupt

    rows = TypedRows(spec_of(), TYPES)
    with pytest.raises(KeyboardInterrupt), stream(log().to_batches()[0], iter(log().to_batches())) as scan:
        write_rows(scan, rows, tmp_path / "rows.parquet", report)


def test_an_interrupt_reaches_a_source_that_waits_for_its_service(tmp_path):
    ended = []

    def hanging(*_):
        try:
            yield from log().to_batches()
            signal.raise_signal(signal.SIGINT)
            threading.Event().wait()
        finally:
            ended.append(True)

    query, source = spec_of(sql_text=ALL), Batches([])
    source.fetch = hanging
    with pytest.raises(KeyboardInterrupt), scan_of(source, ALL, window(query, END)) as scan:
        write_rows(scan, TypedRows(query, TYPES), tmp_path / "rows.parquet", lambda _: None)
    assert ended == [True]


def test_a_source_ends_where_its_rows_cannot_be_written(tmp_path):
    ended = []

    def endless(*_):
        try:
            while True:
                yield from log().to_batches()
        finally:
            ended.append(True)

    query, source = spec_of(sql_text=ALL), Batches([])
    source.fetch = endless
    with pytest.raises(OSError, match="absent"), scan_of(source, ALL, window(query, END)) as scan:
        write_rows(scan, TypedRows(query, TYPES), tmp_path / "absent" / "rows.parquet", lambda _: None)
    assert ended == [True]


def test_a_file_that_cannot_be_written_is_named(tmp_path):
    path = tmp_path / "absent" / "rows.parquet"
    with pytest.raises(OSError, match="absent") as error:
        written(path, log().to_batches()[0], [])
    assert error.value.filename == str(path)


def test_only_what_is_not_a_finite_number_keeps_its_text(tmp_path):
    rent = log()["rent"].to_pylist()
    rent[:3] = [float("nan"), float("inf"), None]
    area = ["about 30", " NaN ", " 30 ", "", *["31"] * 2996]
    table = replaced(replaced(log(), "rent", rent), "area", area).slice(0, 5)
    types = {**TYPES, "area": "STRING"}
    with stream(table.to_batches()[0], iter(())) as scan:
        write_rows(scan, TypedRows(spec_of(), types), tmp_path / "rows.parquet", lambda _: None)
    with duckdb.connect() as connection:
        query = f"SELECT rent, area, \"raw texts\" FROM '{tmp_path / 'rows.parquet'}' ORDER BY file_row_number"
        rows = connection.execute(query).fetchall()
    expected = [
        (None, None, {"area": "about 30", "rent": "nan"}),
        (float("inf"), None, {"area": " NaN ", "rent": "inf"}),
        (None, 30.0, None),
        (rent[3], None, None),
        (rent[4], 31.0, None),
    ]
    assert sorted(rows, key=_finite_values) == sorted(expected, key=_finite_values)


def _finite_values(row):
    return str(row[:2])
