"""DATA with one small table, and the same table in BigQuery: in a stand-in on loopback, and in the real service where
KAMADO_BIGQUERY_PROJECT names a project. There it is in a dataset of its own, which is deleted afterwards.
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

REAL = os.environ.get("KAMADO_BIGQUERY_PROJECT")


class DatasetAddress(NamedTuple):
    project: str
    location: str
    dataset: str


@pytest.fixture
def parquet(tmp_path):
    """DATA with impressions.parquet."""
    return data(tmp_path / "data")


@pytest.fixture(scope="module", params=["loopback", *(["real"] if REAL else [])])
def dataset_address(request, tmp_path_factory):
    """The dataset that has the table."""
    with contextlib.ExitStack() as stack:
        if request.param == "real":
            yield stack.enter_context(real_dataset())
        else:
            folder = tmp_path_factory.mktemp("bigquery")
            data(folder / "logs")
            service = stack.enter_context(bigquery(folder))
            stack.enter_context(pytest.MonkeyPatch.context()).setenv("BIGQUERY_EMULATOR_HOST", service.url)
            yield DatasetAddress(PROJECT, LOCATION, "logs")


@contextlib.contextmanager
def real_dataset():
    from google.cloud import bigquery as google

    location = os.environ.get("KAMADO_BIGQUERY_LOCATION", "EU")
    client = google.Client(project=REAL, location=location)
    name = f"kamado_contract_{uuid.uuid4().hex[:12]}"
    file = io.BytesIO()
    pq.write_table(log(), file)
    file.seek(0)
    client.create_dataset(name)
    try:
        config = google.LoadJobConfig(source_format="PARQUET")
        client.load_table_from_file(file, f"{REAL}.{name}.impressions", job_config=config).result()
        yield DatasetAddress(REAL, location, name)
    finally:
        client.delete_dataset(name, delete_contents=True)
