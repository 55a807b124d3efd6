"""The corpus: GoogleSQL as people write it, each query with the answer that BigQuery's reference documents.

A file of `corpus/` starts with comments: `features`, then `columns` with their types and a `row` (JSON) for each row
of the answer, or `refused` with the place and a part of the hint.
"""

import json
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa

from components.extract.sources.duckdb_files import DuckDbSource
from components.extract.window import Window
from model.errors import KamadoError

FOLDER = Path(__file__).parent / "corpus"
WINDOW = Window(datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 4, tzinfo=UTC))
TYPES = {
    "int64": "INT64", "double": "FLOAT64", "string": "STRING", "bool": "BOOL", "date32[day]": "DATE",
    "timestamp[us, tz=UTC]": "TIMESTAMP", "timestamp[us]": "DATETIME",
}  # fmt: skip


@dataclass(frozen=True)
class CorpusQuery:
    """A query with its documented answer: types and rows, or why it is refused."""

    name: str
    sql: str
    features: tuple[str, ...]
    columns: dict[str, str] = field(default_factory=dict)
    rows: tuple[str, ...] = ()
    refused: str = ""


@dataclass(frozen=True)
class Result:
    """What came out: `columns` and `rows` as in a CorpusQuery, or the refusal."""

    columns: dict[str, str] = field(default_factory=dict)
    rows: tuple[str, ...] = ()
    refusal: KamadoError | None = None

    def status(self, query: CorpusQuery) -> str:
        """accepted, refused (with a hint of its own) or wrong."""
        if self.refusal is not None:
            has_hints = all(problem.hint and problem.code != "query-failed" for problem in self.refusal.problems)
            return "refused" if has_hints else "wrong"
        return "accepted" if (self.columns, self.rows) == (query.columns, query.rows) else "wrong"


def queries() -> list[CorpusQuery]:
    return [_read(path) for path in sorted(FOLDER.glob("*.sql"))]


def run(source: DuckDbSource, query: CorpusQuery) -> Result:
    try:
        table = pa.Table.from_batches(source.fetch(query.sql, WINDOW))
    except KamadoError as refusal:
        return Result(refusal=refusal)
    columns = {column.name: TYPES[str(column.type)] for column in table.schema}
    return Result(columns, _sorted(list(row.values()) for row in table.to_pylist()))


def _read(path: Path) -> CorpusQuery:
    text = path.read_text("utf-8")
    notes = [line[3:].split(": ", 1) for line in text.splitlines() if line.startswith("-- ")]
    values = {key: [value for name, value in notes if name == key] for key, _ in notes}
    columns = dict(column.split(" ") for column in ", ".join(values.get("columns", [])).split(", ") if column)
    rows = _sorted(json.loads(row) for row in values.get("row", []))
    sql = "".join(line for line in text.splitlines(keepends=True) if not line.startswith("-- "))
    return CorpusQuery(
        path.stem, sql, tuple(values["features"][0].split(", ")), columns, rows, "".join(values.get("refused", []))
    )


def _sorted(rows) -> tuple[str, ...]:
    """The rows as JSON, in one order: a table has none."""
    return tuple(sorted(json.dumps([_json(value) for value in row], ensure_ascii=False) for row in rows))


def _json(value):
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    return value.isoformat() if isinstance(value, date) else value
