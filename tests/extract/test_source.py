"""Files and BigQuery under one contract, the real BigQuery too where there is a project to use:

KAMADO_BIGQUERY_PROJECT=my-project KAMADO_BIGQUERY_LOCATION=EU make test TESTS=tests/extract
"""

import pytest

from components.extract.sources.bigquery import BigQuery
from components.extract.sources.duckdb_files import Files
from tests.contracts.source import SourceContract
from tests.extract.logs import data

LIMIT = 10**9


class TestFiles(SourceContract):
    @pytest.fixture
    def dataset(self):
        return "logs"

    @pytest.fixture
    def source(self, tmp_path):
        return Files(str(data(tmp_path / "logs")))


class TestBigQuery(SourceContract):
    @pytest.fixture
    def dataset(self, place):
        return place[2]

    @pytest.fixture
    def source(self, place):
        project, location, dataset = place
        return BigQuery(project, location, dataset=dataset, max_bytes_billed=LIMIT)
