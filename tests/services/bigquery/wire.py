"""How BigQuery's REST API writes schemas, rows and sizes; from its public reference."""

import base64
import math

import duckdb
import pyarrow as pa
from sqlglot import exp

LEGACY = {"INT64": "INTEGER", "FLOAT64": "FLOAT", "BOOL": "BOOLEAN"}
EMPTY_TEXT = 2  # bytes of a STRING beside those of its characters
MEBIBYTE = 1 << 20
LEAST_BILLED = 10 * MEBIBYTE  # for each table


def schema(columns: dict[str, str]) -> dict:
    return {
        "fields": [{"name": name, "type": LEGACY.get(kind, kind), "mode": "NULLABLE"} for name, kind in columns.items()]
    }


def rows(table: pa.Table) -> list[dict]:
    columns = [[{"v": value(cell)} for cell in column.to_pylist()] for column in table.columns]
    return [{"f": list(cells)} for cells in zip(*columns, strict=True)]


def value(cell):
    """One cell. Moments are whole microseconds, as formatOptions.useInt64Timestamp asks for."""
    if cell is None:
        return None
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float) and not math.isfinite(cell):
        return "NaN" if math.isnan(cell) else "Infinity" if cell > 0 else "-Infinity"
    if isinstance(cell, bytes):
        return base64.b64encode(cell).decode()
    if hasattr(cell, "tzinfo") and hasattr(cell, "year"):
        return str(pa.scalar(cell, pa.timestamp("us", tz="UTC")).value) if cell.tzinfo else cell.isoformat()
    return cell.isoformat() if hasattr(cell, "isoformat") else str(cell)


def bytes_of(pattern: str, names: set[str] | None) -> int:
    """What a full scan of these columns (None: all) is counted as: 8 a number, 1 a BOOL, 2 and its length a text."""
    with duckdb.connect() as connection:
        relation = connection.sql(f"SELECT * FROM '{pattern}'")
        sizes = [
            _size(name, str(kind))
            for name, kind in zip(relation.columns, relation.types, strict=True)
            if names is None or name.casefold() in names
        ]
        return int(connection.sql(f"SELECT {' + '.join(sizes) or '0'} FROM '{pattern}'").fetchall()[0][0] or 0)


def _size(name: str, kind: str) -> str:
    quoted = f'"{name}"'
    if kind == "VARCHAR":
        return f"COALESCE(SUM({EMPTY_TEXT} + strlen({quoted})), 0)"
    return f"COUNT({quoted}) * {1 if kind == 'BOOLEAN' else 8}"


def columns_read(query: exp.Expr) -> set[str] | None:
    """Names of all columns in the query; None when a star selects all."""
    if any(not isinstance(star.parent, exp.Count) for star in query.find_all(exp.Star)):
        return None
    return {column.name.casefold() for column in query.find_all(exp.Column)}


def bytes_billed(processed: int, tables: int) -> int:
    """Rounded up to whole MiB, at least 10 MiB a table."""
    return max(-(-processed // MEBIBYTE) * MEBIBYTE, tables * LEAST_BILLED)
