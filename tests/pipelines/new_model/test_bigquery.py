"""A first spec from a table in BigQuery, on a stand-in that counts what is billed."""

from dataclasses import replace
from datetime import date

import pytest
from rich.console import Console

from components.extract.extract import extract
from components.extract.window import window
from model.errors import DataError, UsageError
from model.spec.reader import read_spec
from pipelines.new_model.find_table import find_table
from pipelines.new_model.make import draft_of, write
from pipelines.new_model.new_model import new_model
from tests.logs import log, replaced
from tests.runs import quiet
from tests.services.bigquery import LOCATION, PROJECT, bigquery
from tests.services.bigquery.sizes import LEAST_BILLED
from tests.services.bigquery.tables import TableOptions

NAME = f"{PROJECT}.shop.impressions"


@pytest.fixture
def service(tmp_path, monkeypatch):
    """A dataset with a log that is partitioned by day and has a column that no query can select."""
    (tmp_path / "shop").mkdir()
    with bigquery(tmp_path) as service:
        monkeypatch.setenv("BIGQUERY_EMULATOR_HOST", service.url)
        rows = log(lists=2_000)
        nested = replaced(rows, "photos", [["a", "b"]] * rows.num_rows)
        service.tables.add("shop", "impressions", nested, TableOptions(partitioned_by="shown_at"))
        yield service


def new(tmp_path, table=NAME, label="inquired", model="small"):
    return new_model(model, table, label, tmp_path / "specs", (), Console(quiet=True))


def test_the_spec_runs_on_bigquery_as_it_stands(service, tmp_path):
    result = new(tmp_path)
    spec = read_spec(tmp_path / "specs" / "small")
    assert result.for_programs()["bigquery"] == f"{PROJECT}.shop@{LOCATION}"
    assert (spec.source.window_days, spec.source.end) == (60, date(2026, 7, 1))
    assert "photos" not in spec.features
    assert "  # photos: is of type ARRAY" in (tmp_path / "specs" / "small" / "spec.yaml").read_text("utf-8")
    source = f"bigquery:{PROJECT}.shop@{LOCATION}"
    document = extract(spec, source, window(spec, "2026-07-01"), tmp_path / "rows", progress=quiet)
    assert document.rows == 10_000


def test_no_job_reads_the_table_and_its_size_is_billed_once(service, tmp_path):
    new(tmp_path)
    [job] = service.jobs.values()
    query = job.resource["configuration"]["query"]
    assert f"FROM `{PROJECT}.shop.INFORMATION_SCHEMA.PARTITIONS`" in query["query"]
    assert service.billed == LEAST_BILLED < int(query["maximumBytesBilled"])


@pytest.mark.usefixtures("service")
def test_of_a_large_table_rows_from_all_over_it_are_read_and_the_spec_says_so(tmp_path):
    table = replace(find_table(NAME), sample=6_000)
    draft, _ = draft_of("small", table, "inquired", today=date(2026, 7, 1), progress=lambda _: None)
    write(draft, tmp_path / "small")
    assert "(6,000 of its 10,000 rows, " in (tmp_path / "small" / "spec.yaml").read_text("utf-8")
    assert read_spec(tmp_path / "small").source.window_days == 60


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (f"{PROJECT}.shop.absent", "table shop.absent: is not in BigQuery project my-project. Fix its"),
        ("others.shop.impressions", "BigQuery project others: refused the request"),
        (f"{PROJECT}.shop.impressions_*", f"for example {PROJECT}.shop.impressions_20260701"),
    ],
)
@pytest.mark.usefixtures("service")
def test_a_table_that_is_not_there_is_refused_by_name(table, words):
    with pytest.raises(DataError) as refusal:
        find_table(table)
    assert words in str(refusal.value)


@pytest.mark.usefixtures("service")
def test_a_wrong_table_is_reported_with_the_other_arguments(tmp_path):
    with pytest.raises(UsageError) as refusal:
        new(tmp_path, f"{PROJECT}.shop.absent", label="", model="My Model")
    assert [problem.code for problem in refusal.value.problems] == ["model-name", "table-missing", "label-missing"]
