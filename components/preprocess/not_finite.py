"""Numbers that are not finite: how many of each column are NaN, which is read as missing, and how many are infinite."""

from collections.abc import Mapping
from dataclasses import dataclass

import duckdb

from components.preprocess.columns import Columns


@dataclass(frozen=True)
class Counts:
    """Rows of one column."""

    nan: int
    infinite: int


@dataclass(frozen=True)
class NotFinite:
    """The columns that have such rows."""

    rows: int
    columns: Mapping[str, Counts]

    @classmethod
    def count(cls, connection: duckdb.DuckDBPyConnection, raw: str, columns: Columns) -> "NotFinite":
        values = columns.not_finite()
        kinds = [f"count(*) FILTER ({test}({value}))" for value in values.values() for test in ("isnan", "isinf")]
        ((rows, *counts),) = connection.execute(f"SELECT {', '.join(['count(*)', *kinds])} FROM {raw}").fetchall()
        pairs = zip(values, counts[::2], counts[1::2], strict=True)
        return cls(rows, {name: Counts(nan, infinite) for name, nan, infinite in pairs if nan or infinite})

    def notes(self) -> list[str]:
        """What people should know of them."""
        return [note for name, counts in self.columns.items() for note in self._notes(name, counts)]

    def _notes(self, name: str, counts: Counts) -> list[str]:
        nan = f"column {name} is NaN in {counts.nan:,} of {self.rows:,} rows: read as missing"
        infinite = (
            f"column {name} is infinite in {counts.infinite:,} of {self.rows:,} rows: the model reads the largest "
            "number there. If it means missing, make it NULL in the SQL"
        )
        return [*([nan] if counts.nan else []), *([infinite] if counts.infinite else [])]

    def to_json(self) -> dict[str, dict[str, int]]:
        return {name: {"nan": counts.nan, "infinite": counts.infinite} for name, counts in self.columns.items()}
