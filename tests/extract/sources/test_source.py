"""Files and BigQuery under one contract, over both of its APIs, also the real BigQuery where there is a project:

KAMADO_BIGQUERY_PROJECT=my-project KAMADO_BIGQUERY_LOCATION=EU make test TESTS=tests/extract
"""

import pytest

from components.extract.sources.bigquery import BigQuerySource
from components.extract.sources.duckdb_files import DuckDbSource
from tests.contracts.source import RowsContract, SourceContract
from tests.extract.logs import data

LIMIT = 10**9


class TestDuckDbSource(SourceContract):
    @pytest.fixture
    def dataset(self):
        return "logs"

    @pytest.fixture
    def source(self, tmp_path):
        return DuckDbSource(str(data(tmp_path / "logs")))


@pytest.fixture
def bigquery_source(dataset_address):
    project, location, dataset = dataset_address
    return BigQuerySource(project, location, dataset=dataset, max_bytes_billed=LIMIT)


class TestBigQuerySource(SourceContract):
    @pytest.fixture
    def dataset(self, dataset_address):
        return dataset_address.dataset

    @pytest.fixture
    def source(self, bigquery_source):
        return bigquery_source


class TestBigQueryRowsOverStorage(RowsContract):
    services = ("storage",)  # what is refused is refused before rows are read

    @pytest.fixture
    def source(self, bigquery_source):
        return bigquery_source
