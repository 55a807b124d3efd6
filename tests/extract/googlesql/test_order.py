"""The same rows every time: sums of floats, and orders that do not decide."""

import hashlib

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from components.extract.sources.duckdb_files import DuckDbSource
from components.extract.window import Window
from model.errors import DataError
from tests.logs import END

ANY_DAY = Window(None, END)
MEANS = """
    WITH m AS (SELECT seg, AVG(price) AS mean, STDDEV(price) AS spread, SUM(price) AS total FROM t GROUP BY seg)
    SELECT t.id, m.mean, m.spread, m.total, SUM(t.price) OVER (PARTITION BY t.seg ORDER BY t.id) AS running
    FROM t JOIN m ON m.seg = t.seg
"""

NUMBERED = "SELECT t.id, ROW_NUMBER() OVER (ORDER BY IF(t.id = 7, 0, 1)) AS n FROM t"


@pytest.fixture(scope="module")
def prices(tmp_path_factory):
    """200,000 prices of very different sizes, whose sum depends on the order in which they are added."""
    folder = tmp_path_factory.mktemp("data")
    random = np.random.default_rng(7)
    price = np.exp(random.normal(0, 6, 200_000))
    table = pa.table({"id": np.arange(200_000), "seg": random.integers(0, 5, 200_000), "price": price})
    pq.write_table(table, folder / "t.parquet", row_group_size=10_000)
    return str(folder)


def digest(folder):
    table = pa.Table.from_batches(DuckDbSource(folder).fetch(MEANS, ANY_DAY)).sort_by("id")
    return hashlib.sha256(b"".join(bytes(buffer) for name in table.column_names for buffer in [
        memoryview(table[name].combine_chunks().to_numpy(zero_copy_only=False)).cast("B")
    ])).hexdigest()  # fmt: skip


@pytest.mark.case("means and sums of floats over 200,000 rows, joined back, three times")
def test_sums_of_floats_are_the_same_to_the_last_bit_every_time(prices, outcome):
    digests = {digest(prices) for _ in range(3)}
    outcome(digests)
    assert len(digests) == 1


@pytest.mark.case("rows that are tied in the order that decides")
@pytest.mark.parametrize(
    "sql",
    [
        "SELECT t.id, ROW_NUMBER() OVER (PARTITION BY t.seg ORDER BY t.seg) AS n FROM t",
        "SELECT t.id FROM t QUALIFY ROW_NUMBER() OVER (PARTITION BY t.seg ORDER BY t.seg) <= 2",
        "SELECT q.id FROM (SELECT t.id, ROW_NUMBER() OVER (ORDER BY t.seg) AS n FROM t) AS q WHERE q.n = 1",
        f"SELECT q.id FROM ({NUMBERED}) AS q WHERE q.n = 2",
        f"SELECT q.id FROM ({NUMBERED}) AS q WHERE q.n = 1 OR q.id = 3",
        f"WITH q AS ({NUMBERED}) SELECT a.id FROM q AS a JOIN q AS b ON a.n = b.n WHERE a.n = 1",
        "SELECT t.id, LAG(t.price) OVER w AS x FROM t WINDOW w AS (ORDER BY t.seg)",
        "SELECT t.id FROM t ORDER BY t.seg LIMIT 10",
        "SELECT MAX_BY(t.id, t.seg) AS id FROM t",
    ],
)
def test_tied_rows_fail_the_query_with_the_way_out(prices, outcome, sql):
    with pytest.raises(DataError, match="rows are tied in an order") as error:
        list(DuckDbSource(prices).fetch(sql, ANY_DAY))
    outcome(error.value.problems[0])
    assert "Add a column that differs between such rows as the last key" in str(error.value)


@pytest.mark.parametrize(
    ("sql", "count"),
    [
        ("SELECT t.id FROM t QUALIFY ROW_NUMBER() OVER (PARTITION BY t.seg ORDER BY t.seg, t.id) <= 2", 10),
        ("SELECT t.seg FROM t ORDER BY t.seg LIMIT 10", 10),  # tied rows are equal in all that is selected
        ("SELECT t.id FROM t ORDER BY t.seg, t.id LIMIT 10 OFFSET 5", 10),
        ("SELECT t.seg, COUNT(*) AS n FROM t GROUP BY t.seg ORDER BY t.seg LIMIT 3", 3),
        (f"SELECT q.id FROM ({NUMBERED}) AS q WHERE q.n = 1 AND q.id >= 0", 1),  # ties behind the first one
        (f"WITH q AS ({NUMBERED}) SELECT q.* FROM q WHERE q.n = 1", 1),
        ("SELECT t.id, LAG(t.seg) OVER (ORDER BY t.seg) AS x FROM t", 200_000),
    ],
)
def test_an_order_that_decides_passes(prices, sql, count):
    assert sum(batch.num_rows for batch in DuckDbSource(prices).fetch(sql, ANY_DAY)) == count
