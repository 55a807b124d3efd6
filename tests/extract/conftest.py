"""DATA with one small table, and the same table in BigQuery: in a stand-in on loopback, and in the real service where
KAMADO_BIGQUERY_PROJECT names a project. There it is in a dataset of its own, which is deleted afterwards.

Rows come from the stand-in over REST. A class of tests names other ways in `services`.
"""

import contextlib
import io
import os
import uuid
from typing import NamedTuple

import pyarrow.parquet as pq
import pytest

from tests.extract.logs import data
from tests.logs import log
from tests.services.bigquery import LOCATION, PROJECT, bigquery

PROJECT_VARIABLE = "KAMADO_BIGQUERY_PROJECT"  # a real project to run the contract tests against as well


class DatasetAddress(NamedTuple):
    project: str
    location: str
    dataset: str


@pytest.fixture
def parquet(tmp_path):
    """DATA with impressions.parquet."""
    return data(tmp_path / "data")


def pytest_generate_tests(metafunc):
    if "dataset_address" in metafunc.fixturenames:
        real = ["real"] if os.environ.get(PROJECT_VARIABLE) else []
        services = [*getattr(metafunc.cls, "services", ["rest"]), *real]
        metafunc.parametrize("dataset_address", services, indirect=True, scope="module")


@pytest.fixture(scope="module")
def dataset_address(request, tmp_path_factory):
    """The dataset that has the table."""
    with contextlib.ExitStack() as stack:
        if request.param == "real":
            yield stack.enter_context(real_dataset())
        else:
            folder = tmp_path_factory.mktemp("bigquery")
            data(folder / "logs")
            service = stack.enter_context(bigquery(folder))
            environment = stack.enter_context(pytest.MonkeyPatch.context())
            environment.setenv("BIGQUERY_EMULATOR_HOST", service.url)
            if request.param == "storage":
                environment.setenv("BIGQUERY_STORAGE_EMULATOR_HOST", service.storage_address)
            yield DatasetAddress(PROJECT, LOCATION, "logs")


@contextlib.contextmanager
def real_dataset():
    from google.cloud import bigquery as google

    location = os.environ.get("KAMADO_BIGQUERY_LOCATION", "EU")
    project = os.environ[PROJECT_VARIABLE]
    client = google.Client(project=project, location=location)
    name = f"kamado_contract_{uuid.uuid4().hex[:12]}"
    file = io.BytesIO()
    pq.write_table(log(), file)
    file.seek(0)
    client.create_dataset(name)
    try:
        config = google.LoadJobConfig(source_format="PARQUET")
        client.load_table_from_file(file, f"{project}.{name}.impressions", job_config=config).result()
        yield DatasetAddress(project, location, name)
    finally:
        client.delete_dataset(name, delete_contents=True)
