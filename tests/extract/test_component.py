"""The step as a pipeline runs it: one query for all attempts in one run, another for each other run."""

from types import SimpleNamespace

import pytest

from components.extract.component import extract
from tests.contracts.source import ALL
from tests.extract.logs import data
from tests.logs import spec_of
from tests.services.bigquery import LOCATION, PROJECT, bigquery

KUBEFLOW = "minio://mlpipeline/v2/artifacts/kamado-small/{}/extract/{}/rows"
VERTEX = "gs://bucket/root/1234567890/{}/extract_-58219045/rows"


@pytest.fixture
def attempt(tmp_path, monkeypatch):
    """One attempt of the step; gives the metadata of its rows."""
    data(tmp_path / "logs")
    spec_of(sql_text=ALL).write(tmp_path)
    with bigquery(tmp_path) as service:
        monkeypatch.setenv("BIGQUERY_EMULATOR_HOST", service.url)

        def run(uri, run_of_the_pod="", data_version="3,000 rows"):
            monkeypatch.setenv("KAMADO_RUN", run_of_the_pod)
            rows = SimpleNamespace(path=str(tmp_path / "rows"), uri=uri, metadata={})
            spec = SimpleNamespace(path=str(tmp_path))
            source = f"bigquery:{PROJECT}.logs@{LOCATION}"
            extract.python_func(
                spec=spec, source=source, end="2026-07-01", data_version=data_version, refusal="", rows=rows
            )
            return rows.metadata

        yield run


@pytest.mark.usefixtures("capsys")
def test_attempts_of_a_run_have_one_job_and_other_runs_have_their_own(attempt):
    first = attempt(KUBEFLOW.format("monday", 1), "monday")
    assert attempt(KUBEFLOW.format("monday", 2), "monday")["job_id"] == first["job_id"]
    assert attempt(KUBEFLOW.format("tuesday", 1), "tuesday")["job_id"] != first["job_id"]
    assert attempt(KUBEFLOW.format("monday", 3), "monday", "3,001 rows")["job_id"] != first["job_id"]
    assert (first["rows"], first["bytes_processed"], first["cache_hit"]) == (3000, 226_203, False)


@pytest.mark.usefixtures("capsys")
def test_on_vertex_the_run_is_in_the_address_of_the_rows(attempt):
    first = attempt(VERTEX.format("kamado-small-1"))
    assert attempt(VERTEX.format("kamado-small-1-retry-1"))["job_id"] == first["job_id"]
    assert attempt(VERTEX.format("kamado-small-2"))["job_id"] != first["job_id"]
