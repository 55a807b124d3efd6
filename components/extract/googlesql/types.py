"""Names of GoogleSQL's types. BigQuery has one integer and one float; DuckDB's are cast to them.

A decimal becomes a FLOAT64 in both sources: DuckDB reads the literal 2.5 as a decimal, GoogleSQL as a FLOAT64, and no
later step computes in decimals.
"""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import duckdb
from duckdb.sqltypes import DuckDBPyType
from sqlglot import exp

from model.errors import DataError, Problem
from model.sql import quoted

if TYPE_CHECKING:
    import pyarrow as pa

# DuckDB's type -> GoogleSQL's name for what it is loaded as, and the DuckDB type that holds just that.
_SCALARS = {
    **dict.fromkeys(
        ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "HUGEINT"),
        ("INT64", "BIGINT"),
    ),
    **dict.fromkeys(("FLOAT", "DOUBLE", "DECIMAL"), ("FLOAT64", "DOUBLE")),
    **dict.fromkeys(("TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS"), ("DATETIME", "TIMESTAMP")),
    **dict.fromkeys(("TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ", "TIMESTAMPTZ_NS"), ("TIMESTAMP", "TIMESTAMPTZ")),
    **dict.fromkeys(("VARCHAR", "ENUM", "UUID"), ("STRING", "VARCHAR")),
    "BOOLEAN": ("BOOL", "BOOLEAN"),
    "DATE": ("DATE", "DATE"),
    **dict.fromkeys(("TIME", "TIME_NS"), ("TIME", "TIME")),
    "BLOB": ("BYTES", "BLOB"),
    '"NULL"': ("INT64", "BIGINT"),  # GoogleSQL gives a bare NULL this type
}
GREATEST_EXACT = 2**53
TOO_LONG = "a decimal of more digits than FLOAT64 keeps"
_LEGACY = {
    "INTEGER": "INT64",
    "FLOAT": "FLOAT64",
    "BOOLEAN": "BOOL",
    "NUMERIC": "FLOAT64",
    "BIGNUMERIC": "FLOAT64",
    "RECORD": "STRUCT",
}


def of_relation(relation: duckdb.DuckDBPyRelation) -> list[tuple[str, str]]:
    """(name, GoogleSQL type) of each column; names may repeat."""
    return [(name, _scalar(str(kind))[0]) for name, kind in zip(relation.columns, relation.types, strict=True)]


def of_bigquery(field_type: str, mode: str) -> str:
    """The schema of the REST API has older names, a type for decimals, and a mode for arrays."""
    return "ARRAY" if mode == "REPEATED" else _LEGACY.get(field_type, field_type)


def type_after_load(kind: DuckDBPyType) -> str:
    """The DuckDB type of a file's column after a load into BigQuery, which widens it. A decimal stays exact there."""
    match kind.id:
        case "list" | "array":
            return f"{_parts(kind)['child']}[]"
        case "struct":
            return f"STRUCT({', '.join(f'{quoted(name)} {part}' for name, part in _parts(kind).items())})"
        case "decimal":
            return str(kind)
    return _scalar(str(kind))[1]


def _parts(kind: DuckDBPyType) -> dict[str, str]:
    """The members of a nested type."""
    return {name: type_after_load(part) for name, part in kind.children if isinstance(part, DuckDBPyType)}


def of_view(connection: duckdb.DuckDBPyConnection, dataset: str, name: str) -> dict[str, exp.DataType]:
    """Column -> type, as sqlglot writes it, of a view over a table's files."""
    relation = connection.sql(f"SELECT * FROM {qualified(dataset, name)}")
    return dict(_annotations(relation))


def _annotations(relation: duckdb.DuckDBPyRelation) -> Iterator[tuple[str, exp.DataType]]:
    for name, kind in zip(relation.columns, relation.types, strict=True):
        yield name, exp.DataType.build(str(kind), dialect="duckdb")


def qualified(dataset: str, name: str) -> str:
    """The table in DuckDB's SQL."""
    return ".".join(quoted(part) for part in (dataset, name) if part)


def cast(relation: duckdb.DuckDBPyRelation) -> duckdb.DuckDBPyRelation:
    """The relation in GoogleSQL's types. An INT64 that overflows fails when its rows are read."""
    return relation.project(
        ", ".join(_cast(name, str(kind)) for name, kind in zip(relation.columns, relation.types, strict=True))
    )


def _cast(name: str, kind: str) -> str:
    column, target = quoted(name), _scalar(kind)[1]
    if target == kind:
        return column
    value = f"CAST({column} AS {target})"
    if kind.startswith("DECIMAL"):
        text = name.replace("'", "''")
        failure = f"error('{TOO_LONG}: column {text} has the value ' || CAST({column} AS VARCHAR))"
        value = f"CASE WHEN abs({column}) > {GREATEST_EXACT} THEN {failure} ELSE {value} END"
    return f"{value} AS {column}"


def as_read_from_files(batch: "pa.RecordBatch", columns: Mapping[str, str]) -> "pa.RecordBatch":
    """NUMERIC and BIGNUMERIC as FLOAT64, a TIMESTAMP in UTC, a DATETIME without a zone: a file of Parquet may have the
    one as the other. `columns` are name -> GoogleSQL type. Raises DataError for a decimal of more digits."""
    import pyarrow as pa
    import pyarrow.compute as pc

    for field, values in zip(batch.schema, batch.columns, strict=True):
        if pa.types.is_decimal(field.type) and (greatest := pc.max(pc.abs(values)).as_py() or 0) > GREATEST_EXACT:
            raise too_long(f"column {field.name} has the value {greatest}")
    moments = {"TIMESTAMP": pa.timestamp("us", "UTC"), "DATETIME": pa.timestamp("us")}
    fields = []
    for field in batch.schema:
        kind = pa.float64() if pa.types.is_decimal(field.type) else field.type
        fields.append(pa.field(field.name, moments.get(columns.get(field.name, ""), kind)))
    return batch.cast(pa.schema(fields))


def too_long(value: str) -> DataError:
    hint = "Write ids as texts in the log, or as INT64"
    return DataError(Problem("SQL", f"{value}, {TOO_LONG}", hint, "number-too-large"))


def _scalar(kind: str) -> tuple[str, str]:
    """An array or a struct keeps DuckDB's type: a column of it is refused by name."""
    if kind.endswith("]"):
        return "ARRAY", kind
    name = kind.split("(")[0]
    return _SCALARS.get(name, (name, kind))
