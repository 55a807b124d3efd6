"""Whether all rows came, each once: their number against the job's own, a checksum of keys against BigQuery's.

Keys are whole numbers: ids, microseconds, days, and the first 60 bits of the MD5 of a text. The keys of a row are one
number modulo a prime, and the checksum is a sum over rows that is not linear in it. Both sides compute it over whole
columns. BigQuery reads the key columns of the result for it, and bills 10 MB at least.
"""

from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pyarrow as pa
from duckdb import DuckDBPyConnection

from components.extract.googlesql.duckdb_macros import connect
from components.extract.sources.bigquery.client import Connection
from components.extract.sources.bigquery.errors import SourceUnavailableError
from components.extract.sources.bigquery.jobs import StartedJob, start
from components.extract.sources.bigquery.result import has_table
from model.errors import Problem
from model.sql import quoted

# GoogleSQL type -> the value as a whole number, in GoogleSQL and in DuckDB. Floats have none that is exact.
NUMBERS: Mapping[str, tuple[str, str]] = {
    "INT64": ("{}", "{}"),
    "BOOL": ("CAST({} AS INT64)", "CAST({} AS BIGINT)"),
    "DATE": ("UNIX_DATE({})", "CAST({} AS DATE) - DATE '1970-01-01'"),
    "TIMESTAMP": ("UNIX_MICROS({})", "epoch_us({})"),
    "DATETIME": ("UNIX_MICROS(TIMESTAMP({}))", "epoch_us({})"),
    "STRING": (
        "CAST(CONCAT('0x', SUBSTR(TO_HEX(MD5({})), 1, 15)) AS INT64)",
        "CAST('0x' || substr(md5({}), 1, 15) AS BIGINT)",
    ),
}
PRIME = 2**31 - 1  # products of two remainders are INT64s
FACTOR, START = 1_000_003, 17
NULL = 1_618_033_988  # no position or other small number that a lost value might become
HINT = "Run again: the query itself is not billed again"


class RowCheck:
    """Takes the batches of a result as they pass. `keys` are name -> GoogleSQL type; those of other types are left
    out, and without any there is no checksum. It is computed in a thread of its own, one batch behind."""

    def __init__(self, keys: Mapping[str, str]) -> None:
        self._keys = {name: kind for name, kind in keys.items() if kind in NUMBERS}
        self._connection = connect() if self._keys else None
        self._thread = ThreadPoolExecutor(1, "row check")
        self._computing: Future[int] | None = None
        self._checksum = 0
        self.rows = self.size = 0

    def add(self, batch: pa.RecordBatch) -> None:
        self.rows += batch.num_rows
        self.size += batch.nbytes
        if self._connection is not None and batch.num_rows:
            self._collect()
            self._computing = self._thread.submit(self._checksum_of, self._connection, batch)

    def refuse_other_count(self, total: int) -> None:
        """Raises SourceUnavailableError where not `total` rows came."""
        if self.rows != total:
            message = f"are {total:,} by the job's own count, and {self.rows:,} came"
            raise SourceUnavailableError(Problem("rows of the query", message, HINT, "rows-incomplete"))

    def compare(self, connection: Connection, table: Any, job_id: str, labels: dict[str, str]) -> StartedJob | None:
        """Has BigQuery compute the same over a TableReference; None where there is nothing to compare.

        Raises SourceUnavailableError where rows or keys are not the same, and what the client raises.
        """
        if self._connection is None or table is None:
            return None
        self._collect()
        from google.cloud.bigquery import QueryJobConfig

        config = QueryJobConfig(labels=labels, maximum_bytes_billed=connection.limit)
        sql = self._sql(0, f"`{table.project}.{table.dataset_id}.{table.table_id}`", "`{}`".format)
        started = start(connection, sql, config, job_id, has_rows=lambda job: has_table(connection, job))
        [row] = list(started.job.result(job_retry=None))
        self.refuse_other_count(row["kamado_rows"])
        if (row["kamado_checksum"] or 0) != self._checksum:
            message = f"have another checksum than that of BigQuery, over {self.rows:,} rows"
            where = f"keys ({', '.join(self._keys)}) of the rows"
            raise SourceUnavailableError(Problem(where, message, HINT, "rows-altered"))
        return started

    def _collect(self) -> None:
        """The checksum of the batch that is being computed becomes part of the whole."""
        if self._computing is not None:
            self._checksum += self._computing.result()
            self._computing = None

    def _checksum_of(self, connection: DuckDBPyConnection, batch: pa.RecordBatch) -> int:
        connection.register("keys", pa.Table.from_batches([batch.select(list(self._keys))]))
        [(_, checksum)] = connection.execute(self._sql(1, "keys", quoted)).fetchall()
        return int(checksum)

    def _sql(self, side: int, table: str, name: Callable[[str], str]) -> str:
        """Number of rows and checksum; `side` 0 is GoogleSQL, 1 is DuckDB."""
        row = str(START)
        for key, kind in self._keys.items():
            number = NUMBERS[kind][side].format(name(key))
            row = f"MOD({row} * {FACTOR} + COALESCE(MOD({number}, {PRIME}), {NULL}), {PRIME})"
        terms = f"SELECT {row} AS kamado_row FROM {table}"
        checksum = f"SUM(MOD(kamado_row * (kamado_row + 1), {PRIME}))"
        return f"SELECT COUNT(*) AS kamado_rows, {checksum} AS kamado_checksum FROM ({terms})"

    def close(self) -> None:
        self._thread.shutdown()
        if self._connection is not None:
            self._connection.close()
