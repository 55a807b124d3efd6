"""Errors of BigQuery only: too many bytes, a lost answer, a failed job, no access."""

import os
import socket

import pyarrow as pa
import pytest
from google.cloud.bigquery import SchemaField

from components.extract.extract import extract
from components.extract.googlesql import types
from components.extract.sources.bigquery import BigQuerySource
from components.extract.sources.open import open_source
from components.extract.sources.options import QueryOptions
from components.extract.window import window
from model.errors import DataError, SpecError
from model.files import parse_json
from tests.contracts.source import ALL, BOUND, WINDOW
from tests.logs import spec_of
from tests.services.bigquery import LOCATION, PROJECT, RestFault
from tests.services.bigquery.sizes import LEAST_BILLED

ENOUGH = 10**9


def source(*, limit=ENOUGH, project=PROJECT, location=LOCATION, **options):
    return BigQuerySource(project, location, dataset="logs", max_bytes_billed=limit, **options)


def rows(reader, sql=ALL):
    return pa.Table.from_batches(reader.fetch(sql, WINDOW)).num_rows


def refusal(work, kind=DataError):
    with pytest.raises(kind) as error:
        work()
    return str(error.value)


def test_a_query_above_the_limit_is_refused_before_it_runs_with_both_figures(service):
    message = refusal(lambda: rows(source(limit=100_000)), SpecError)
    assert "source.max_bytes_billed: is 100,000 bytes, and the query would read 226,203 bytes" in message
    assert "Bound the partition column by @start and @end, select fewer columns, or raise it" in message
    assert (service.dry_runs, service.jobs) == (1, {})


def test_the_bytes_are_those_of_the_columns_that_are_selected(service):
    sql = f"SELECT i.rent FROM impressions AS i {BOUND}"
    message = refusal(lambda: source(limit=1).columns(sql, WINDOW), SpecError)
    assert f"would read {2 * 8 * 3000:,} bytes" in message


def test_a_bill_above_the_limit_that_the_dry_run_did_not_foresee_is_refused_too(service):
    message = refusal(lambda: rows(source(limit=LEAST_BILLED - 1)), SpecError)
    assert "source.max_bytes_billed: is 10,485,759 bytes, and the query would read more" in message


def test_the_lineage_has_the_bytes_billed(service):
    reader = source()
    rows(reader)
    lineage = reader.lineage()
    assert (lineage.backend, lineage.tables, lineage.bytes_billed) == ("bigquery", ("logs.impressions",), LEAST_BILLED)


def test_a_table_that_is_written_again_has_another_version_and_asking_bills_nothing(service):
    path = service.folder / "logs" / "impressions.parquet"
    before = source().data_version(ALL, WINDOW)
    assert before.startswith("3,000 rows, newest 2")
    os.utime(path, (1_800_000_000, 1_800_000_000))
    assert source().data_version(ALL, WINDOW) not in (before, "")
    assert service.jobs == {}


@pytest.mark.usefixtures("service")
def test_an_answer_that_may_be_another_tomorrow_is_not_final():
    with pytest.raises(DataError) as error:
        source(project="no-project").columns(ALL, WINDOW)
    assert [problem.code for problem in error.value.problems] == ["bigquery-denied"]
    assert not error.value.final


def test_a_lost_answer_is_the_same_job_and_is_billed_once(service):
    service.faults.lost_answers = 1
    assert rows(source()) == 3000
    assert len(service.jobs) == 1


def test_a_query_is_one_job_in_one_run_and_another_job_in_another_run(service):
    for run in ("monday", "monday", "tuesday"):
        assert rows(source(run=run)) == 3000
    assert len(service.jobs) == 2
    rows(source(run="monday"), ALL.replace("i.*", "i.rent"))
    assert len(service.jobs) == 3


def test_a_run_that_is_tried_again_on_other_rows_gets_them_also_where_no_step_resolved_their_state(service):
    """As a check of a spec does, which was killed."""
    rows(source(run="monday"))
    path = service.folder / "logs" / "impressions.parquet"
    os.utime(path, (1_800_000_000, 1_800_000_000))
    rows(source(run="monday"))
    assert len(service.jobs) == 2


def test_a_source_without_a_run_never_gets_the_rows_of_another(service):
    assert rows(source()) + rows(source()) == 6000
    assert len(service.jobs) == 2


def test_a_failed_job_is_followed_by_another(service):
    service.faults.failed_jobs = 1
    message = refusal(lambda: rows(source(run="monday")))
    assert "BigQuery project my-project in EU: failed (backendError: The job encountered an error" in message
    assert rows(source(run="monday")) == 3000
    first, second = service.jobs
    assert second == f"{first}-a2"


def test_a_job_that_always_fails_ends_with_its_own_message(service):
    service.faults.failed_jobs = 3
    for _ in range(4):
        assert "backendError" in refusal(lambda: rows(source(run="monday")))
    assert len(service.jobs) == 3


def test_rows_come_page_by_page(service):
    assert [batch.num_rows for batch in source().fetch(ALL, WINDOW)] == [1000, 1000, 1000]


def test_labels_and_a_limit_go_with_every_job(service):
    options = QueryOptions(model="rent-conversion", team="Listing Site & Co")
    rows(source(run="Run 7", options=options))
    [job] = service.jobs.values()
    configuration = job.resource["configuration"]
    assert configuration["labels"] == {
        "kamado-step": "extract",
        "kamado-model": "rent-conversion",
        "kamado-run": "run-7",
        "kamado-team": "listing-site---co",
    }
    assert configuration["query"]["maximumBytesBilled"] == str(ENOUGH)


def test_a_table_without_its_dataset_is_refused_with_the_form(service):
    message = refusal(
        lambda: BigQuerySource(PROJECT, LOCATION, max_bytes_billed=ENOUGH).columns(ALL, WINDOW), SpecError
    )
    assert "names a table without its dataset" in message
    assert "PROJECT.DATASET@LOCATION" in message


def test_another_location_has_no_such_table(service):
    message = refusal(lambda: source(location="US").columns(ALL, WINDOW))
    assert "table logs.impressions: is not in BigQuery project my-project in US" in message


def test_a_table_of_another_project_is_named_with_that_project(service):
    message = refusal(lambda: source().columns(ALL.replace("impressions", "`others.logs.impressions`"), WINDOW))
    assert "table logs.impressions: is not in BigQuery project others in EU" in message


def test_a_column_that_no_table_has_is_named_with_its_place(service):
    message = refusal(lambda: source().columns("SELECT\n  rnt\nFROM impressions", WINDOW))
    assert "SQL line 2 column 3, column rnt: is in none of its tables" in message


def test_a_project_without_billing_is_told_so(service):
    service.faults.rest.append(RestFault("jobs.insert", "billingNotEnabled"))
    assert "Link a billing account to the project" in refusal(lambda: source().columns(ALL, WINDOW))


def test_a_project_without_access_names_the_roles(service):
    message = refusal(lambda: source(project="others").columns(ALL, WINDOW))
    assert "BigQuery project others in EU: refused the request (Access Denied" in message
    assert "BigQuery Job User and BigQuery Data Viewer" in message


def test_a_service_that_cannot_be_reached_is_named(monkeypatch):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        monkeypatch.setenv("BIGQUERY_EMULATOR_HOST", f"http://127.0.0.1:{closed.getsockname()[1]}")
        message = refusal(lambda: source(connect_seconds=0.2).columns(ALL, WINDOW))
    assert "BigQuery project my-project in EU: cannot be reached" in message


def test_credentials_that_are_not_a_key_file_are_refused(tmp_path, monkeypatch):
    (tmp_path / "key.json").write_text("{}")
    monkeypatch.delenv("BIGQUERY_EMULATOR_HOST", raising=False)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "key.json"))
    message = refusal(source)
    assert "BigQuery project my-project in EU: has no valid credentials" in message
    assert "gcloud auth application-default login" in message


def test_the_whole_step_reads_from_bigquery(service, tmp_path):
    spec = spec_of(sql_text=ALL)
    name = f"bigquery:{PROJECT}.logs@{LOCATION}"
    extract(spec, name, window(spec, "2026-07-01"), tmp_path / "out", progress=lambda *_: None)
    page = parse_json((tmp_path / "out" / "extract.json").read_bytes())
    assert (page["backend"], page["rows"], page["bytes_billed"]) == ("bigquery", 3000, 2 * LEAST_BILLED)
    assert (page["query"]["bytes_processed"], page["query"]["cache_hit"]) == (226_203, False)
    assert (page["tables"], page["columns"]["rent"]) == (["logs.impressions"], "FLOAT64")


def test_a_source_names_project_location_and_optionally_a_dataset(service):
    for name in (f"bigquery:{PROJECT}.logs@EU", f"bigquery:{PROJECT}@EU"):
        sql = ALL.replace("impressions", "logs.impressions")
        assert "rent" in open_source(name, max_bytes_billed=ENOUGH).columns(sql, WINDOW)


@pytest.mark.parametrize(
    ("field", "kind"),
    [
        (SchemaField("tags", "STRING", mode="REPEATED"), "ARRAY"),
        (SchemaField("owner", "RECORD", fields=[SchemaField("name", "STRING")]), "STRUCT"),
        (SchemaField("price", "NUMERIC"), "FLOAT64"),
        (SchemaField("place", "GEOGRAPHY"), "GEOGRAPHY"),
    ],
    ids=lambda value: value if isinstance(value, str) else value.name,
)
def test_the_types_of_its_schema_have_googlesqls_names(field, kind):
    assert types.of_bigquery(field.field_type, field.mode) == kind
