"""BigQuery sources over the stand-in on loopback, and what they give."""

import pyarrow as pa
import pytest

from components.extract.sources.bigquery import BigQuerySource
from components.extract.sources.options import QueryOptions
from model.errors import DataError
from tests.contracts.source import ALL, WINDOW
from tests.services.bigquery import LOCATION, PROJECT

ENOUGH = 10**9


def source(*, limit=ENOUGH, run=None, lines=None, **options):
    """`lines` gets what is reported."""
    report = {} if lines is None else {"report": lines.append}
    return BigQuerySource(
        PROJECT, LOCATION, dataset="logs", max_bytes_billed=limit, run=run, options=QueryOptions(**options, **report)
    )


def rows(reader, sql=ALL, window=WINDOW) -> pa.Table:
    return pa.Table.from_batches(reader.fetch(sql, window))


def refused(work, kind=DataError):
    """The one problem with which it is refused."""
    with pytest.raises(kind) as error:
        work()
    [problem] = error.value.problems
    return problem
