"""The stand-in for BigQuery, with one small table."""

import pytest

from tests.extract.logs import data
from tests.services.bigquery import bigquery


@pytest.fixture
def service(tmp_path, monkeypatch):
    """On loopback over REST: its table is logs.impressions."""
    data(tmp_path / "logs")
    with bigquery(tmp_path) as service:
        monkeypatch.setenv("BIGQUERY_EMULATOR_HOST", service.url)
        yield service
