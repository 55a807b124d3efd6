"""Models with one query share one scan: its result is a table with an expiry."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.contracts.source import ALL
from tests.extract.sources.cloud import refused, rows, source
from tests.services.bigquery import RestFault
from tests.services.bigquery.sizes import LEAST_BILLED

SHARED = {"materialize": "shared", "data_version": "3,000 rows"}


@pytest.fixture
def service(service, tmp_path):
    """With a dataset for tables that models share."""
    (tmp_path / "shared").mkdir()
    return service


def tables(service):
    return [table.name for table in service.tables.in_dataset("shared")]


def test_a_second_model_finds_the_table_and_bills_nothing(service):
    first, second = source(model="a", **SHARED), source(model="b", **SHARED)
    assert rows(first).sort_by("listing_id").equals(rows(second).sort_by("listing_id"))
    [name] = tables(service)
    assert len(service.jobs) == 1
    assert (first.lineage().bytes_billed, second.lineage().bytes_billed) == (LEAST_BILLED, 0)
    assert first.lineage().query.table == second.lineage().query.table == f"shared.{name}"


def test_a_run_that_is_tried_again_is_billed_for_its_own_table(service):
    for _ in range(2):
        reader = source(run="monday", **SHARED)
        rows(reader)
        assert reader.lineage().bytes_billed == LEAST_BILLED
    assert len(service.jobs) == 1


def test_another_query_or_state_of_the_tables_is_another_table(service):
    rows(source(**SHARED))
    rows(source(**SHARED), ALL.replace("i.*", "i.rent"))
    rows(source(**(SHARED | {"data_version": "3,001 rows"})))
    rows(source(materialize="shared"))  # it looks at the tables itself
    assert len(tables(service)) == len(service.jobs) == 4


def test_each_dataset_has_a_table_of_its_own(service, tmp_path):
    (tmp_path / "team").mkdir()
    names = []
    for dataset in ("shared", "team"):
        reader = source(**(SHARED | {"materialize": dataset}))
        rows(reader)
        names.append(reader.lineage().query.table.partition(".")[0])
    assert names == ["shared", "team"]
    assert len(service.jobs) == 2


def test_the_table_has_an_expiry(service):
    rows(source(materialize_days=2, **SHARED))
    [table] = service.tables.in_dataset("shared")
    assert abs(table.options.expires - datetime.now(UTC) - timedelta(days=2)) < timedelta(hours=1)


def test_a_table_without_one_gets_it_from_the_next_that_reads_it(service):
    service.faults.rest.append(RestFault("tables.patch", "accessDenied"))
    assert refused(lambda: rows(source(**SHARED))).code == "bigquery-denied"
    rows(source(**SHARED))
    [table] = service.tables.in_dataset("shared")
    assert table.options.expires is not None


def test_a_table_that_has_expired_is_written_again(service):
    rows(source(**SHARED))
    service.tables.drop("shared", tables(service)[0])
    reader = source(**SHARED)
    assert rows(reader).num_rows == 3000
    first, second = service.jobs
    assert second == f"{first}-a2"
    assert reader.lineage().bytes_billed == LEAST_BILLED


def test_a_table_without_its_job_is_not_read(service):
    rows(source(**SHARED))
    [table] = service.tables.in_dataset("shared")
    service.jobs.clear()
    service.tables.add("shared", table.name, table.rows.slice(0, 10))  # half written
    assert rows(source(**SHARED)).num_rows == 3000


def test_a_job_that_failed_wrote_nothing(service):
    service.faults.failed_jobs = 1
    assert refused(lambda: rows(source(**SHARED))).code == "bigquery-failed"
    assert tables(service) == []
    assert rows(source(**SHARED)).num_rows == 3000


def test_a_dataset_that_does_not_exist_is_named(service):
    problem = refused(lambda: rows(source(materialize="elsewhere", data_version="x")))
    assert (problem.where, problem.code) == ("source.materialize", "dataset-missing")
    assert problem.problem == "is elsewhere, which is not a dataset of my-project"
    assert problem.hint == "Create it in EU: bq mk --location=EU elsewhere"
    assert service.jobs == {}
