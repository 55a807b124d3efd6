"""What identifies a row: whether it is a copy of another, and what its chance and its rank in the order follow from.

Equal rows are not copies as such: two sessions may well be alike in every column that was selected. They are copies
where the spec says what identifies a row, by `columns.key`, or by list, item and time together. All others stay.

Where nothing identifies a row its content does, and of n equal rows the first, second, … each have their own chance:
otherwise all of them would fall into one split. Which of them is the first does not matter, because they are equal.
"""

from dataclasses import dataclass

import duckdb
import numpy as np

from artifacts.typed_rows import RowKey
from components.preprocess.duckdb_session import one_row
from model.errors import DataError, Problem
from model.sql import quoted

ROWS_A_SHARD = 3_000_000
EXAMPLES = 3


@dataclass(frozen=True)
class Copies:
    """`removed` rows equal another one with the same key; `equal` equal another one and stay; `shared` have the key of
    a row with other values."""

    rows: int
    removed: int
    equal: int
    shared: int

    @property
    def share(self) -> float:
        return self.removed / self.rows if self.rows else 0.0


class Identity:
    """The table `repeats` over the query `rows`: rows whose key an earlier row has, numbered from 1 in `row_again`.

    `rows` has `row_key` and `file_row_number`; `content` is SQL of a hash of all of a row's values.
    """

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, key: RowKey, rows: str, *, content: str, count: int
    ) -> None:
        self._connection, self._rows, self._content, self.key = connection, rows, content, key
        self._find_repeated(count)
        self._number()
        self.copies = self._count_copies(count)

    @property
    def repeated(self) -> int:
        """How many rows are in `repeats`."""
        return self.copies.removed + self.copies.equal + self.copies.shared

    def drop(self) -> None:
        """Free the memory of the tables, after which `source` can no longer be read."""
        self._connection.execute("DROP TABLE repeats; DROP TABLE repeated")

    def source(self) -> str:
        """SQL of the rows without copies; `row_key` is now each row's own."""
        if not self.repeated:
            return self._rows
        own = "CASE WHEN row_again > 0 THEN hash(row_key, row_again) ELSE row_key END"
        return (
            f"SELECT * EXCLUDE (row_again, row_copy, row_complete) REPLACE ({own} AS row_key) "
            f"FROM ({self._rows}) LEFT JOIN repeats USING (file_row_number) WHERE row_copy IS NOT true"
        )

    def refuse_over(self, budget: float) -> None:
        """Raises DataError when the key does not identify a row, or more copies were found than the budget allows."""
        copies, names = self.copies, ", ".join(self.key.columns)
        if self.key.declared and copies.shared:
            problem = (
                f"does not identify a row: {copies.shared:,} rows have the {names} of another row and other values"
            )
            hint = "Add the columns that tell these rows apart, or decide in the SQL which of them counts"
            examples = self._examples("row_again > 0 AND NOT row_copy")
            raise DataError(Problem("columns.key", f"{problem}{examples}", hint, "key-not-unique"))
        if copies.share > budget:
            counts = f"{copies.removed:,} of {copies.rows:,} rows ({copies.share:.2%})"
            problem = f"{budget:.2%} is exceeded: {counts} equal another row with the same {names}"
            hint = (
                "Look for a join in the SQL that multiplies rows, or an event that is logged twice. If these are rows "
                "of their own, name what tells them apart in columns.key; if they are copies, raise copies_budget"
            )
            examples = self._examples("row_copy")
            raise DataError(Problem("copies_budget", f"{problem}{examples}", hint, "copies-over-budget"))

    def warnings(self) -> list[str]:
        """About rows that look like copies and stay."""
        rows, equal, shared = self.copies.rows, self.copies.equal, self.copies.shared
        if equal:
            counts = f"{equal:,} of {rows:,} rows equal another row in every column that the spec uses, and stay"
            return [
                f"{counts}: nothing in the spec identifies a row. If they are copies, name what does in columns.key"
            ]
        if shared:
            names = ", ".join(self.key.columns)
            return [f"{shared:,} of {rows:,} rows have the {names} of another row and other values, and stay"]
        return []

    def _find_repeated(self, count: int) -> None:
        """The keys of more than one row, shard by shard so that memory does not grow with the rows."""
        self._connection.execute("CREATE TABLE repeated (row_key UBIGINT)")
        shards = -(-count // ROWS_A_SHARD) or 1
        for shard in range(shards):
            query = f"SELECT row_key FROM ({self._rows}) WHERE row_key % {shards} = {shard}"
            keys = self._connection.execute(query).fetchnumpy()["row_key"]
            keys.sort()  # a third of the time of GROUP BY
            self._connection.register("again", {"row_key": np.unique(keys[1:][keys[1:] == keys[:-1]])})
            self._connection.execute("INSERT INTO repeated FROM again")
            self._connection.unregister("again")

    def _number(self) -> None:
        """Contents of one key are numbered by their hash, equal rows of no key by their row number."""
        complete = self.key.is_complete()
        equal = "row_number() OVER (PARTITION BY row_key, row_content) - 1"
        contents = "dense_rank() OVER (PARTITION BY row_key ORDER BY row_content) - 1" if self.key.columns else "0"
        again = f"CASE WHEN {complete} THEN {contents} ELSE {equal} END"
        repeated = f"SELECT *, {self._content} AS row_content FROM ({self._rows}) SEMI JOIN repeated USING (row_key)"
        flags = f"{complete} AS row_complete, {again} AS row_again, {complete} AND {equal} > 0 AS row_copy"
        query = f"SELECT file_row_number, {flags} FROM ({repeated})"
        self._connection.execute(f"CREATE TABLE repeats AS SELECT * FROM ({query}) WHERE row_again > 0 OR row_copy")

    def _count_copies(self, rows: int) -> Copies:
        kinds = ("row_copy", "NOT row_complete", "row_complete AND NOT row_copy")
        counts = ", ".join(f"count(*) FILTER ({kind})" for kind in kinds)
        removed, equal, shared = one_row(self._connection, f"SELECT {counts} FROM repeats")
        return Copies(rows, removed, equal, shared)

    def _examples(self, which: str) -> str:
        """The keys that most such rows have, with how many."""
        names = [f"CAST({quoted(name)} AS VARCHAR)" for name in self.key.columns]
        query = f"SELECT {', '.join(names)}, count(*) FROM ({self._rows}) JOIN repeats USING (file_row_number)"
        order = f"GROUP BY ALL ORDER BY count(*) DESC, {', '.join(names)} LIMIT {EXAMPLES}"
        rows = self._connection.execute(f"{query} WHERE {which} {order}").fetchall()
        return "".join(f"; {self._describe(values)} in {count:,} more" for *values, count in rows)

    def _describe(self, values: list[str]) -> str:
        return " ".join(f"{name}={value}" for name, value in zip(self.key.columns, values, strict=True))
