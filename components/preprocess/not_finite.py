"""Numbers that are not finite: how many of each column are NaN, which is read as missing, and how many are infinite."""

from collections.abc import Mapping
from dataclasses import dataclass

import duckdb

from artifacts.rejection_report import NotFiniteCounts
from components.preprocess.columns import SqlColumns
from components.preprocess.duckdb_session import one_row


@dataclass(frozen=True)
class NotFinite:
    """The columns that have such rows, of `rows` rows."""

    rows: int
    columns: Mapping[str, NotFiniteCounts]

    @classmethod
    def count(cls, connection: duckdb.DuckDBPyConnection, raw: str, columns: SqlColumns) -> "NotFinite":
        values = columns.not_finite()
        kinds = [f"count(*) FILTER ({test}({value}))" for value in values.values() for test in ("isnan", "isinf")]
        rows, *counts = one_row(connection, f"SELECT {', '.join(['count(*)', *kinds])} FROM {raw}")
        pairs = zip(values, counts[::2], counts[1::2], strict=True)
        return cls(rows, {name: NotFiniteCounts(nan=nan, infinite=inf) for name, nan, inf in pairs if nan or inf})

    def warnings(self) -> list[str]:
        return [warning for name, counts in self.columns.items() for warning in self._warnings(name, counts)]

    def _warnings(self, name: str, counts: NotFiniteCounts) -> list[str]:
        nan = f"column {name} is NaN in {counts.nan:,} of {self.rows:,} rows: read as missing"
        infinite = (
            f"column {name} is infinite in {counts.infinite:,} of {self.rows:,} rows: the model reads the largest "
            "number there. If it means missing, make it NULL in the SQL"
        )
        return [*([nan] if counts.nan else []), *([infinite] if counts.infinite else [])]
