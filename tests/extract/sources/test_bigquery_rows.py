"""All rows come, each once, or the fetch fails: over the Storage Read API, and over REST where it is not permitted."""

import contextlib
import threading

import pyarrow as pa
import pytest

from components.extract.sources.bigquery import stream
from components.extract.sources.bigquery.client import Connection
from components.extract.sources.bigquery.reader import ResultReader
from components.extract.sources.bigquery.result import QueryResult
from components.extract.sources.bigquery.row_check import RowCheck
from components.extract.sources.bigquery.storage import StorageReader
from components.extract.sources.options import QueryOptions
from model.errors import DataError
from tests.contracts.source import ALL, BOUND, WINDOW
from tests.extract.sources.cloud import ENOUGH, refused, rows, source
from tests.logs import log
from tests.services.bigquery import LOCATION, PROJECT, StreamFault
from tests.services.bigquery.sizes import LEAST_BILLED

ORDER = [("list_id", "ascending"), ("position", "ascending")]
KEYS = ("list_id", "listing_id", "shown_at")


@pytest.fixture
def service(service, monkeypatch):
    """With the Storage Read API."""
    monkeypatch.setenv("BIGQUERY_STORAGE_EMULATOR_HOST", service.storage_address)
    return service


@contextlib.contextmanager
def reader_of(*, streams):
    """A reader, and the table of all rows."""
    connection = Connection.open(PROJECT, LOCATION, limit=ENOUGH, seconds=5)
    client = connection.storage_client()
    with contextlib.closing(client.transport), contextlib.closing(connection.client):
        table = connection.client.get_table(f"{PROJECT}.logs.impressions").reference
        yield StorageReader(connection, client, streams=streams, first_wait=1e-4), table


def result_of(service) -> tuple[str, str]:
    """Dataset and name of the table with the rows of the first job."""
    table = next(iter(service.jobs.values())).resource["configuration"]["query"]["destinationTable"]
    return table["datasetId"], table["tableId"]


def test_every_row_comes_once_over_several_streams(service):
    reader = source()
    table = rows(reader).sort_by(ORDER)
    assert table.cast(log().schema).equals(log().sort_by(ORDER))
    assert reader.lineage().query.reader == "storage"
    assert "jobs.getQueryResults" in service.calls  # for the job's own count


@pytest.mark.usefixtures("service")
def test_small_messages_become_large_batches():
    assert [batch.num_rows for batch in source().fetch(ALL, WINDOW)] == [3000]


@pytest.mark.parametrize("kind", ["UNAVAILABLE", "INTERNAL", "UNKNOWN", "ABORTED"])
def test_a_stream_that_breaks_is_resumed_at_its_offset(service, kind):
    service.faults.streams += [StreamFault(kind, message) for message in (0, 2, 1)]
    assert rows(source()).sort_by(ORDER).cast(log().schema).equals(log().sort_by(ORDER))


def test_an_end_that_is_too_early_is_an_error_that_may_be_tried_again(service):
    service.faults.streams.append(StreamFault("ends", 1))
    problem = refused(lambda: rows(source(run="monday")))
    assert (problem.where, problem.code) == ("rows of the query", "rows-incomplete")
    assert "are 3,000 by the job's own count, and 2," in problem.problem
    assert rows(source(run="monday")).num_rows == 3000
    assert len(service.jobs) == 1


def test_a_message_without_its_rows_is_an_error(service):
    service.faults.streams.append(StreamFault("torn", 1))
    assert refused(lambda: rows(source())).code == "rows-broken"


def test_an_account_without_read_sessions_gets_its_rows_over_rest(service):
    service.faults.storage_denied = True
    lines = []
    reader = source(lines=lines)
    assert rows(reader).num_rows == 3000
    assert reader.lineage().query.reader == "rest"
    assert any(line.startswith("rows come over REST, which is slower: request failed") for line in lines)


def test_breaks_without_a_row_in_between_come_to_an_end(service):
    service.faults.streams.append(StreamFault("UNAVAILABLE", 0, times=1000))
    with reader_of(streams=1) as (reader, table):
        problem = refused(lambda: list(reader.batches(table)))
    assert problem.code == "rows-broken"
    assert f"broke {stream.MOST_RESUMES + 1} times without a row, after 0 rows" in problem.problem


def test_a_fetch_that_is_left_ends_its_streams(service):
    service.sessions.rows_per_message = 1
    with reader_of(streams=2) as (reader, table):
        batches = reader.batches(table)
        assert next(batches).num_rows == 3000
        batches.close()
        assert not [thread for thread in threading.enumerate() if thread.name.startswith("row streams")]


def test_a_result_that_was_deleted_is_asked_for_again(service):
    rows(source(run="monday"))
    service.tables.drop(*result_of(service))
    assert rows(source(run="monday")).num_rows == 3000
    first, second = service.jobs
    assert second == f"{first}-a2"


def test_a_result_that_is_deleted_before_it_is_read_is_an_error_that_may_be_tried_again(service):
    rows(source())
    connection = Connection.open(PROJECT, LOCATION, limit=ENOUGH, seconds=5)
    with contextlib.closing(connection.client):
        result = QueryResult.of(connection.client.get_job(next(iter(service.jobs))), is_paid=True)
        service.tables.drop(*result_of(service))
        problem = refused(lambda: list(ResultReader(connection, QueryOptions(), {}).batches(result)))
    assert problem.code == "rows-gone"


def test_columns_that_change_after_the_dry_run_are_an_error(service):
    service.faults.changed_columns = {"rent": "STRING"}
    problem = refused(lambda: rows(source()))
    assert (problem.where, problem.code) == ("SQL column rent", "source-schema-changed")
    assert problem.problem == "was FLOAT64 in the dry run and is STRING in the result"


class TestChecksum:
    def test_bigquery_and_this_machine_agree(self, service):
        reader = source(keys=(*KEYS, "layout", "user_id"))
        assert rows(reader).num_rows == 3000
        check = list(service.jobs)[-1]
        assert check.startswith("kamado-check-")
        assert reader.lineage().bytes_billed == 2 * LEAST_BILLED == service.billed

    def test_it_covers_every_type_that_a_key_may_have(self, service):
        sql = f"""SELECT i.list_id AS a, i.layout AS b, DATE(i.shown_at) AS c, i.shown_at AS d,
            DATETIME(i.shown_at) AS e, i.inquired > 0 AS f, NULLIF(i.layout, '1K') AS g FROM impressions AS i {BOUND}"""
        assert rows(source(keys=tuple("abcdefg")), sql).num_rows == 3000
        assert len(service.jobs) == 2

    def test_a_run_that_is_tried_again_pays_once_for_it(self, service):
        for _ in range(2):
            rows(source(run="monday", keys=KEYS))
        assert len(service.jobs) == 2

    def test_floats_are_left_out(self, service):
        rows(source(keys=("rent",)))
        assert len(service.jobs) == 1

    def test_other_keys_are_an_error(self, service):
        batches = source(keys=KEYS).fetch(ALL, WINDOW)
        assert next(batches).num_rows == 3000
        table = service.tables.get(*result_of(service)).rows
        other = table.set_column(1, "list_id", pa.array(range(3000), pa.int64()))
        service.tables.add(*result_of(service), other)
        problem = refused(lambda: next(batches))
        assert (problem.where, problem.code) == ("keys (list_id, listing_id, shown_at) of the rows", "rows-altered")

    @pytest.mark.parametrize("value", [0, 5, -1])
    def test_a_number_in_place_of_a_null_is_an_error(self, service, value):
        sql = f"SELECT NULLIF(i.position, 3) AS a FROM impressions AS i {BOUND}"
        batches = source(keys=("a",)).fetch(sql, WINDOW)
        assert next(batches)["a"].null_count == 600
        table = service.tables.get(*result_of(service)).rows
        service.tables.add(*result_of(service), pa.table({"a": table["a"].fill_null(value)}))
        assert refused(lambda: next(batches)).code == "rows-altered"

    def test_another_number_of_rows_is_an_error(self):
        check = RowCheck({})
        check.add(pa.record_batch({"id": [1, 2]}))
        with pytest.raises(DataError, match="are 3 by the job's own count, and 2 came"):
            check.refuse_other_count(3)
        check.refuse_other_count(2)
