"""The stand-in's REST API and types, by the real client: what it refuses, counts and writes."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import pyarrow as pa
import pytest
from google.api_core import exceptions
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery as google

from tests.logs import log
from tests.services.bigquery import LOCATION, PROJECT, RestFault, StreamFault, TableOptions, columns

DAYS = 60
MIB = 1 << 20
BOUND = "l.shown_at >= TIMESTAMP '2026-06-01' AND l.shown_at < TIMESTAMP '2026-06-03'"


@pytest.fixture
def client(service):
    return google.Client(project=PROJECT, location=LOCATION, credentials=AnonymousCredentials())


def dry_run(client, sql):
    return client.query(sql, job_config=google.QueryJobConfig(dry_run=True), job_retry=None)


def answers(client, sql, **config):
    job = client.query(sql, job_config=google.QueryJobConfig(**config), job_retry=None)
    return [dict(row) for row in job.result(job_retry=None, page_size=1000)]


def types() -> pa.Table:
    """One row of each type, and one of NULLs."""
    values = {
        "INT64": -(2**63),
        "FLOAT64": 0.1,
        "BOOL": True,
        "STRING": "東京",
        "BYTES": b"\x00\xff",
        "DATE": date(2026, 1, 31),
        "TIME": time(1, 2, 3, 4),
        "DATETIME": datetime(2026, 1, 31, 1, 2, 3, 4),
        "TIMESTAMP": datetime(2026, 1, 31, 1, 2, 3, 4, tzinfo=UTC),
        "NUMERIC": Decimal("-99999999999999999999999999999.999999999"),
        "BIGNUMERIC": Decimal("1234567890123456789012345678901234567.5"),
        "JSON": '{"a": [1]}',
        "GEOGRAPHY": "POINT(139.7 35.6)",
        "INTERVAL": pa.MonthDayNano([14, -3, 3_723_000_004_000]),
    }
    fields = [columns.scalar(f"a_{kind.lower()}", kind) for kind in values]
    arrays = [pa.array([value, None], columns.SCALARS[kind]) for kind, value in values.items()]
    nested = pa.array([[{"key": "k", "value": [1, 2]}], []])
    fields.append(columns.as_stored(pa.field("params", nested.type)))
    return pa.Table.from_arrays([*arrays, nested.cast(fields[-1].type)], schema=pa.schema(fields))


def test_every_type_comes_back_as_it_was_written(service, client):
    service.tables.add("logs", "types", types())
    job = client.query("SELECT t.* FROM logs.types AS t")
    rows = list(job.result(page_size=10))
    stored = service.tables.get(job.destination.dataset_id, job.destination.table_id)
    assert stored.rows.equals(types())
    assert [field.metadata for field in stored.schema] == [field.metadata for field in types().schema]
    assert [field.field_type for field in job.schema][:5] == ["INTEGER", "FLOAT", "BOOLEAN", "STRING", "BYTES"]
    assert (job.schema[-1].field_type, job.schema[-1].mode) == ("RECORD", "REPEATED")
    assert rows[0]["a_interval"].months == 2
    plain = {name: value for name, value in rows[0].items() if name not in ("a_interval", "a_json")}
    expected = types().drop_columns(["a_interval", "a_json"]).to_pylist()[0]
    assert plain == expected
    assert rows[0]["a_json"] == {"a": [1]}
    assert [rows[1][name] for name in stored.schema.names] == [None] * 14 + [[]]


def test_the_bytes_of_a_dry_run_are_those_of_the_partitions_that_the_filter_keeps(service, client):
    service.tables.options["logs.impressions"] = TableOptions(partitioned_by="shown_at")
    whole = dry_run(client, "SELECT l.rent FROM logs.impressions AS l").total_bytes_processed
    pruned = dry_run(client, f"SELECT l.rent FROM logs.impressions AS l WHERE {BOUND}").total_bytes_processed
    rows = answers(client, f"SELECT COUNT(*) AS n FROM logs.impressions AS l WHERE {BOUND}")[0]["n"]
    assert whole == 3000 * 8
    assert pruned == rows * (8 + 8)
    outside = "SELECT l.rent FROM logs.impressions AS l WHERE l.rent < 0"
    assert dry_run(client, outside).total_bytes_processed == 3000 * 8


def test_a_table_that_requires_a_filter_refuses_a_query_without_one(service, client):
    service.tables.options["logs.impressions"] = TableOptions(partitioned_by="shown_at", requires_filter=True)
    with pytest.raises(exceptions.BadRequest, match=r"without a filter over column\(s\) 'shown_at'"):
        dry_run(client, "SELECT l.rent FROM logs.impressions AS l WHERE l.rent > 0")
    assert dry_run(client, f"SELECT l.rent FROM logs.impressions AS l WHERE {BOUND}").total_bytes_processed
    table = client.get_table("logs.impressions")
    assert (table.time_partitioning.field, table.require_partition_filter) == ("shown_at", True)


def test_sharded_tables_are_read_by_their_suffix(service, client):
    for day in ("20260601", "20260602", "20260603"):
        service.tables.add("shop", f"events_{day}", pa.table({"day": [day] * 10, "n": range(10)}))
    sql = "SELECT e.day, COUNT(*) AS n FROM `my-project.shop.events_*` AS e {} GROUP BY e.day ORDER BY e.day"
    bound = "WHERE e._TABLE_SUFFIX BETWEEN '20260602' AND '20260603'"
    assert answers(client, sql.format(bound)) == [{"day": "20260602", "n": 10}, {"day": "20260603", "n": 10}]
    whole, pruned = (dry_run(client, sql.format(where)) for where in ("", bound))
    assert (whole.total_bytes_processed, pruned.total_bytes_processed) == (30 * 10, 20 * 10)
    assert [table.table_id for table in pruned.referenced_tables] == ["events_*"]
    assert [item.table_id for item in client.list_tables("shop")][-1] == "events_20260603"
    star = answers(client, f"SELECT e.* FROM `shop.events_*` AS e {bound} AND e.n = 0")
    assert star == [{"day": "20260602", "n": 0}, {"day": "20260603", "n": 0}]


def test_a_result_can_be_a_table_with_an_expiry(service, client):
    sql, target = "SELECT l.rent FROM logs.impressions AS l", f"{PROJECT}.logs.rents"
    assert len(answers(client, sql, destination=target)) == 3000
    with pytest.raises(exceptions.GoogleAPICallError, match=r"Already Exists: Table my-project:logs.rents"):
        answers(client, sql, destination=target)
    assert len(answers(client, sql, destination=target, write_disposition="WRITE_APPEND")) == 6000
    assert len(answers(client, sql, destination=target, write_disposition="WRITE_TRUNCATE")) == 3000
    table = client.get_table(target)
    table.expires = datetime.now(UTC) + timedelta(days=1)
    client.update_table(table, ["expires"])
    assert client.get_table(target).expires is not None
    service.tables.options["logs.rents"] = TableOptions(expires=datetime.now(UTC))
    with pytest.raises(exceptions.NotFound):
        client.get_table(target)
    with pytest.raises(exceptions.NotFound, match="Dataset my-project:nowhere"):
        answers(client, sql, destination=f"{PROJECT}.nowhere.rents")


def test_a_result_that_was_dropped_cannot_be_read_again(service, client):
    job = client.query("SELECT l.rent FROM logs.impressions AS l", job_id="once", job_retry=None)
    assert job.result().total_rows == 3000
    service.tables.drop(job.destination.dataset_id, job.destination.table_id)
    with pytest.raises(exceptions.NotFound):
        client.get_job("once").result(job_retry=None)


def test_a_table_is_described_without_a_scan(service, client):
    service.tables.options["logs.impressions"] = TableOptions(partitioned_by="shown_at")
    table = client.get_table("logs.impressions")
    assert (table.num_rows, table.schema[0].name, table.schema[0].field_type) == (3000, "shown_at", "TIMESTAMP")
    assert table.num_bytes == dry_run(client, "SELECT l.* FROM logs.impressions AS l").total_bytes_processed
    preview = list(client.list_rows(table, max_results=5, page_size=5))
    assert [row["list_id"] for row in preview] == log()["list_id"].to_pylist()[:5]
    assert service.jobs == {}
    described = answers(client, "SELECT c.column_name, c.data_type FROM logs.INFORMATION_SCHEMA.COLUMNS AS c")
    assert described[0] == {"column_name": "shown_at", "data_type": "TIMESTAMP"}
    [storage] = answers(client, "SELECT s.total_rows FROM `my-project.logs.INFORMATION_SCHEMA.TABLE_STORAGE` AS s")
    assert storage == {"total_rows": 3000}
    sql = "SELECT SUM(p.total_rows) AS n, COUNT(*) AS days FROM logs.INFORMATION_SCHEMA.PARTITIONS AS p"
    assert answers(client, sql) == [{"n": 3000, "days": DAYS}]


def test_what_is_outside_our_subset_runs_all_the_same(client):
    digest = "CAST(CONCAT('0x', SUBSTR(TO_HEX(MD5(CAST(l.list_id AS STRING))), 1, 15)) AS INT64)"
    [row] = answers(client, f"SELECT BIT_XOR({digest}) AS k FROM logs.impressions AS l WHERE l.list_id = 1")
    assert row == {"k": int("c4ca4238a0b923820dcc509a6f75849b"[:15], 16)}  # five rows


@pytest.mark.parametrize(
    ("reason", "error"),
    [
        ("quotaExceeded", exceptions.Forbidden),
        ("rateLimitExceeded", exceptions.Forbidden),
        ("backendError", exceptions.ServiceUnavailable),
        ("internalError", exceptions.InternalServerError),
    ],
)
def test_a_refused_request_has_the_services_status_and_reason(service, client, reason, error):
    service.faults.rest.append(RestFault("tables.get", reason))
    with pytest.raises(error) as raised:
        client.get_table("logs.impressions", retry=None)
    assert raised.value.errors[0]["reason"] == reason
    assert client.get_table("logs.impressions", retry=None).num_rows == 3000


def test_a_job_is_running_for_some_polls(service, client):
    service.faults.running_polls = 2
    job = client.query("SELECT l.rent FROM logs.impressions AS l", job_id="slow", job_retry=None)
    assert job.state == "RUNNING"
    assert not client.get_job("slow").done(reload=False)
    assert job.done()
    assert job.result().total_rows == 3000


def test_a_job_has_one_location(client):
    client.query("SELECT 1 AS one", job_id="here", job_retry=None).result()
    with pytest.raises(exceptions.NotFound, match=r"Not found: Job my-project:US.here"):
        client.get_job("here", location="US", retry=None)


@pytest.mark.parametrize(
    "work",
    [
        lambda: RestFault("jobs.remove", "quotaExceeded"),
        lambda: RestFault("jobs.get", "quota"),
        lambda: StreamFault("OK"),
        lambda: StreamFault("UNAVAILABLE", -1),
        lambda: TableOptions(requires_filter=True),
        lambda: TableOptions("shown_at", "WEEK"),
    ],
)
def test_a_fault_that_there_is_not_is_refused(work):
    with pytest.raises(ValueError, match=r"is no|no such"):
        work()
