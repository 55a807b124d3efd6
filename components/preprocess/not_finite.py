"""Numbers that are not finite: how many of each column are NaN, which is read as missing, and how many are infinite."""

from collections.abc import Mapping
from dataclasses import dataclass

import duckdb

from artifacts.rejection_report import NotFiniteCounts
from artifacts.typed_rows import RAW, TypedRows, raw
from components.preprocess.duckdb_session import one_row
from model.sql import quoted


@dataclass(frozen=True)
class NotFinite:
    """The columns that have such rows, of `rows` rows."""

    rows: int
    columns: Mapping[str, NotFiniteCounts]

    @classmethod
    def count(cls, connection: duckdb.DuckDBPyConnection, rows: str, columns: TypedRows, *, count: int) -> "NotFinite":
        """Of the `count` rows."""
        names = columns.floats_and_texts
        kinds = [f"count(*) FILTER ({kind})" for name in names for kind in (_is_nan(columns, name), _is_infinite(name))]
        if not kinds:
            return cls(count, {})
        counts = one_row(connection, f"SELECT {', '.join(kinds)} FROM {rows} WHERE {RAW} IS NOT NULL")
        pairs = zip(names, counts[::2], counts[1::2], strict=True)
        return cls(count, {name: NotFiniteCounts(nan=nan, infinite=inf) for name, nan, inf in pairs if nan or inf})

    def warnings(self) -> list[str]:
        return [warning for name, counts in self.columns.items() for warning in self._warnings(name, counts)]

    def _warnings(self, name: str, counts: NotFiniteCounts) -> list[str]:
        nan = f"column {name} is NaN in {counts.nan:,} of {self.rows:,} rows: read as missing"
        infinite = (
            f"column {name} is infinite in {counts.infinite:,} of {self.rows:,} rows: the model reads the largest "
            "number there. If it means missing, make it NULL in the SQL"
        )
        return [*([nan] if counts.nan else []), *([infinite] if counts.infinite else [])]


def _is_nan(columns: TypedRows, name: str) -> str:
    """What has a text, was not read as a number, and is not an unreadable text."""
    unreadable = [f"NOT ({rule.broken})" for rule in columns.rules if rule.unreadable == name]
    return " AND ".join([f"{raw(name)} IS NOT NULL", f"NOT {_is_infinite(name)}", *unreadable])


def _is_infinite(name: str) -> str:
    return f"(isinf(TRY_CAST({quoted(name)} AS DOUBLE)) IS true)"
