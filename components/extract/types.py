"""Types in GoogleSQL's words. BigQuery has one integer and one float; DuckDB's many are cast to them.

A decimal comes as FLOAT64 from both sources: DuckDB reads the literal 2.5 as one where GoogleSQL reads a FLOAT64, and
nothing after the query computes in decimals.
"""

import duckdb
import pyarrow as pa

# DuckDB's type -> GoogleSQL's name for what it is loaded as, and the DuckDB type that holds just that.
_SCALARS = {
    **dict.fromkeys(
        ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "HUGEINT"),
        ("INT64", "BIGINT"),
    ),
    **dict.fromkeys(("FLOAT", "DOUBLE", "DECIMAL"), ("FLOAT64", "DOUBLE")),
    **dict.fromkeys(("TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS"), ("DATETIME", "TIMESTAMP")),
    "TIMESTAMP WITH TIME ZONE": ("TIMESTAMP", "TIMESTAMPTZ"),
    "VARCHAR": ("STRING", "VARCHAR"),
    "ENUM": ("STRING", "VARCHAR"),
    "BOOLEAN": ("BOOL", "BOOLEAN"),
    "DATE": ("DATE", "DATE"),
    "TIME": ("TIME", "TIME"),
    "BLOB": ("BYTES", "BLOB"),
    '"NULL"': ("INT64", "BIGINT"),  # GoogleSQL gives a bare NULL this type
}
_LEGACY = {"INTEGER": "INT64", "FLOAT": "FLOAT64", "BOOLEAN": "BOOL", "NUMERIC": "FLOAT64", "BIGNUMERIC": "FLOAT64"}


def of_relation(relation: duckdb.DuckDBPyRelation) -> list[tuple[str, str]]:
    """(name, GoogleSQL type) of each column; a name may stand twice."""
    return [(name, _scalar(str(kind))[0]) for name, kind in zip(relation.columns, relation.types, strict=True)]


def of_bigquery(field_type: str) -> str:
    """The schema of the REST API still uses older names, and a type of its own for decimals."""
    return _LEGACY.get(field_type, field_type)


def loaded(kind: str) -> str:
    """The DuckDB type of a file's column after a load into BigQuery, which widens it. A decimal stays exact there."""
    if kind.endswith("[]"):
        return f"{loaded(kind[:-2])}[]"
    return kind if kind.startswith("DECIMAL") else _scalar(kind)[1]


def cast(relation: duckdb.DuckDBPyRelation) -> duckdb.DuckDBPyRelation:
    """The relation in GoogleSQL's types. An INT64 that overflows fails when its rows are read."""
    columns = []
    for name, kind in zip(relation.columns, relation.types, strict=True):
        quoted = '"' + name.replace('"', '""') + '"'
        wanted = _scalar(str(kind))[1]
        columns.append(f"CAST({quoted} AS {wanted}) AS {quoted}" if wanted != str(kind) else quoted)
    return relation.project(", ".join(columns))


def without_decimals(batch: pa.RecordBatch) -> pa.RecordBatch:
    """NUMERIC and BIGNUMERIC as FLOAT64."""
    fields = [
        pa.field(field.name, pa.float64() if pa.types.is_decimal(field.type) else field.type) for field in batch.schema
    ]
    return batch.cast(pa.schema(fields))


def _scalar(kind: str) -> tuple[str, str]:
    """Arrays and structs keep DuckDB's words: the steps after this one refuse them by name."""
    return (kind, kind) if kind.endswith("]") else _SCALARS.get(kind.split("(")[0], (kind, kind))
