"""A large result is read from files in Cloud Storage, which do not outlive the fetch."""

import pytest

from components.extract.sources.bigquery.export import Export
from model.errors import SpecError
from tests.extract.sources.cloud import refused, rows, source
from tests.logs import log
from tests.services.object_storage import BUCKET, object_storage

LARGE = {"export": f"gs://{BUCKET}/models/", "export_above_bytes": 1000}
ORDER = [("list_id", "ascending"), ("position", "ascending")]


@pytest.fixture
def service(service, monkeypatch):
    """With a bucket in Cloud Storage."""
    with object_storage() as objects:
        service.buckets[BUCKET] = objects
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", objects.url)
        yield service


def test_every_row_comes_once_and_the_files_are_deleted(service):
    reader = source(keys=("list_id", "listing_id", "shown_at"), **LARGE)
    table = rows(reader).sort_by(ORDER)
    assert table.schema.types == list(log().schema.types)
    assert table.cast(log().schema).equals(log().sort_by(ORDER))
    assert reader.lineage().query.reader == "export"
    assert service.buckets[BUCKET] == {}


def test_a_small_result_needs_no_files(service):
    reader = source(export=f"gs://{BUCKET}/models", export_above_bytes=10**9)
    assert rows(reader).num_rows == 3000
    assert reader.lineage().query.reader == "rest"


@pytest.mark.usefixtures("service")
def test_a_large_result_without_a_bucket_is_refused():
    problem = refused(lambda: rows(source(export_above_bytes=1000)), SpecError)
    assert (problem.where, problem.code) == ("result of the SQL", "rows-too-many")
    assert "more than source.export_above_bytes (1,000)" in problem.problem
    assert "name a bucket for files in source.export" in problem.hint


@pytest.mark.usefixtures("service")
def test_a_bucket_that_does_not_exist_is_named():
    problem = refused(lambda: rows(source(export="gs://others/models", export_above_bytes=1000)))
    assert (problem.where, problem.code) == ("source.export", "export-denied")
    assert problem.problem.startswith("is gs://others/models, which is refused (")


def test_a_file_that_is_missing_or_damaged_is_an_error_and_the_rest_is_deleted(service):
    class Losing(dict):
        """Loses what is written second."""

        def __setitem__(self, name, content):
            if not name.endswith("1.parquet"):
                objects[name] = content

    objects = service.buckets[BUCKET]
    service.buckets[BUCKET] = Losing()
    problem = refused(lambda: rows(source(**LARGE)))
    assert problem.code == "rows-broken"
    assert problem.problem == "has 2 files, and BigQuery wrote 3"
    assert objects == {}


def test_each_attempt_has_a_folder_of_its_own(service):
    assert Export(None, "gs://b/p/")._folder != Export(None, "gs://b/p/")._folder
