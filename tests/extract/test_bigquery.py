"""What BigQuery alone can do wrong: cost too much, lose an answer, fail, or not let anybody in."""

import socket

import pyarrow as pa
import pytest
from google.cloud.bigquery import SchemaField

from components.extract.extract import extract
from components.extract.googlesql import types
from components.extract.sources import bigquery as module
from components.extract.sources.bigquery import BigQuery
from components.extract.sources.source import source_of
from components.extract.window import window
from model.errors import DataError, SpecError
from model.files import read_json
from tests.contracts.source import ALL, BOUND, WINDOW
from tests.extract.logs import data
from tests.logs import spec_of
from tests.services.bigquery import LOCATION, PROJECT, bigquery
from tests.services.bigquery_wire import LEAST_BILLED

ENOUGH = 10**9


@pytest.fixture
def service(tmp_path, monkeypatch):
    data(tmp_path / "logs")
    with bigquery(tmp_path) as service:
        monkeypatch.setenv("BIGQUERY_EMULATOR_HOST", service.url)
        yield service


def source(*, limit=ENOUGH, project=PROJECT, location=LOCATION, **options):
    return BigQuery(project, location, dataset="logs", max_bytes_billed=limit, **options)


def rows(place, sql=ALL):
    return pa.Table.from_batches(place.fetch(sql, WINDOW)).num_rows


def refusal(work, kind=DataError):
    with pytest.raises(kind) as refused:
        work()
    return str(refused.value)


def test_a_query_above_the_limit_is_refused_before_it_runs_with_both_figures(service):
    words = refusal(lambda: rows(source(limit=100_000)), SpecError)
    assert "source.max_bytes_billed: is 100,000 bytes, and the query would read 202,203 bytes" in words
    assert "Bound the partition column by @start and @end, select fewer columns, or raise it" in words
    assert (service.dry_runs, service.jobs) == (1, {})


def test_the_bytes_are_those_of_the_columns_that_are_selected(service):
    sql = f"SELECT i.rent FROM impressions AS i {BOUND}"
    words = refusal(lambda: source(limit=1).columns(sql, WINDOW), SpecError)
    assert f"would read {2 * 8 * 3000:,} bytes" in words


def test_a_bill_above_the_limit_that_the_dry_run_did_not_foresee_is_refused_too(service):
    words = refusal(lambda: rows(source(limit=LEAST_BILLED - 1)), SpecError)
    assert "source.max_bytes_billed: is 10,485,759 bytes, and the query would read more" in words


def test_what_was_billed_is_told(service):
    place = source()
    rows(place)
    lineage = place.lineage()
    assert (lineage.backend, lineage.tables, lineage.bytes_billed) == ("bigquery", ("logs.impressions",), LEAST_BILLED)


def test_a_lost_answer_is_the_same_job_and_is_billed_once(service):
    service.answers_to_lose = 1
    assert rows(source()) == 3000
    assert len(service.jobs) == 1


def test_the_same_question_of_one_run_is_one_job_and_of_another_run_another(service):
    for run in ("monday", "monday", "tuesday"):
        assert rows(source(run=run)) == 3000
    assert len(service.jobs) == 2
    rows(source(run="monday"), ALL.replace("i.*", "i.rent"))
    assert len(service.jobs) == 3


def test_a_run_without_a_name_never_gets_another_ones_rows(service):
    assert rows(source()) + rows(source()) == 6000
    assert len(service.jobs) == 2


def test_a_job_that_failed_is_not_asked_again_but_followed_by_another(service):
    service.jobs_to_break = 1
    words = refusal(lambda: rows(source(run="monday")))
    assert "BigQuery project my-project in EU: failed (backendError: The job encountered an error" in words
    assert rows(source(run="monday")) == 3000
    first, second = service.jobs
    assert second == f"{first}-a2"


def test_a_job_that_always_fails_ends_with_its_own_words(service):
    service.jobs_to_break = 3
    for _ in range(4):
        assert "backendError" in refusal(lambda: rows(source(run="monday")))
    assert len(service.jobs) == 3


def test_rows_come_page_by_page(service):
    assert [batch.num_rows for batch in source().fetch(ALL, WINDOW)] == [1000, 1000, 1000]


def test_labels_and_a_limit_go_with_every_job(service):
    rows(source())
    [job] = service.jobs.values()
    configuration = job.resource["configuration"]
    assert configuration["labels"] == {"kamado-step": "extract"}
    assert configuration["query"]["maximumBytesBilled"] == str(ENOUGH)


def test_a_table_without_its_dataset_says_where_to_write_it(service):
    words = refusal(lambda: BigQuery(PROJECT, LOCATION, max_bytes_billed=ENOUGH).columns(ALL, WINDOW), SpecError)
    assert "names a table without its dataset" in words
    assert "bigquery:PROJECT.DATASET@LOCATION" in words


def test_another_location_has_no_such_table(service):
    words = refusal(lambda: source(location="US").columns(ALL, WINDOW))
    assert "table logs.impressions: is not in BigQuery project my-project in US" in words


def test_a_project_of_somebody_else_names_the_roles(service):
    words = refusal(lambda: source(project="others").columns(ALL, WINDOW))
    assert "BigQuery project others in EU: refused the query (Access Denied" in words
    assert "BigQuery Job User and BigQuery Data Viewer" in words


def test_a_service_that_cannot_be_reached_is_told(monkeypatch):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        monkeypatch.setenv("BIGQUERY_EMULATOR_HOST", f"http://127.0.0.1:{closed.getsockname()[1]}")
        monkeypatch.setattr(module, "SECONDS_TO_REACH", 0.2)
        words = refusal(lambda: source().columns(ALL, WINDOW))
    assert "BigQuery project my-project in EU: cannot be reached" in words


def test_credentials_that_are_no_key_file_are_told(tmp_path, monkeypatch):
    (tmp_path / "key.json").write_text("{}")
    monkeypatch.delenv("BIGQUERY_EMULATOR_HOST", raising=False)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "key.json"))
    words = refusal(source)
    assert "BigQuery project my-project in EU: takes no credentials" in words
    assert "gcloud auth application-default login" in words


def test_the_whole_step_reads_from_bigquery(service, tmp_path):
    spec = spec_of(sql_text=ALL)
    place = f"bigquery:{PROJECT}.logs@{LOCATION}"
    extract(spec, place, window(spec, "2026-07-01"), tmp_path / "out", progress=lambda *_: None)
    page = read_json(tmp_path / "out" / "extract.json", made_by="extract")
    assert (page["backend"], page["rows"], page["bytes_billed"]) == ("bigquery", 3000, LEAST_BILLED)
    assert (page["tables"], page["columns"]["rent"]) == (["logs.impressions"], "FLOAT64")


def test_a_source_names_project_location_and_perhaps_a_dataset(service):
    for name in (f"bigquery:{PROJECT}.logs@EU", f"bigquery:{PROJECT}@EU"):
        sql = ALL.replace("impressions", "logs.impressions")
        assert "rent" in source_of(name, max_bytes_billed=ENOUGH).columns(sql, WINDOW)


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
def test_the_types_of_its_schema_are_told_in_the_words_of_the_query(field, kind):
    assert types.of_bigquery(field.field_type, field.mode) == kind
