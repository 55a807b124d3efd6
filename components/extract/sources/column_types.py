"""The types that a query's columns may have, and what the steps get of each, from files and from BigQuery alike.

docs/bigquery.md has the table, and the tests run over it.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import pyarrow as pa

from model.errors import Problems, SpecError


@dataclass(frozen=True)
class ColumnType:
    """`name` is GoogleSQL's. `arrow` is what is written to Parquet, None where a column of the type is refused.

    `note` says what becomes of it, or what to write in the SQL instead; `{}` is the column.
    """

    name: str
    arrow: pa.DataType | None
    note: str


EXACT = "a FLOAT64; beyond 2^53 the fetch fails: write ids as texts or as INT64"
NESTED = "as it is, but no role, feature, rule or slice can be one"
COLUMN_TYPES = (
    ColumnType("INT64", pa.int64(), "as it is"),
    ColumnType("FLOAT64", pa.float64(), "as it is"),
    ColumnType("NUMERIC", pa.float64(), EXACT),
    ColumnType("BIGNUMERIC", pa.float64(), EXACT),
    ColumnType("BOOL", pa.bool_(), "as it is"),
    ColumnType("STRING", pa.string(), "as it is"),
    ColumnType("BYTES", pa.binary(), "as it is; as a category write TO_HEX({})"),
    ColumnType("DATE", pa.date32(), "as it is"),
    ColumnType("DATETIME", pa.timestamp("us"), "in microseconds, without a time zone"),
    ColumnType("TIMESTAMP", pa.timestamp("us", tz="UTC"), "in microseconds, UTC"),
    ColumnType("TIME", pa.time64("us"), "as it is; as a number write EXTRACT(HOUR FROM {})"),
    ColumnType("ARRAY", pa.list_(pa.int64()), f"{NESTED}: write ARRAY_LENGTH({{}}) or one element"),
    ColumnType("STRUCT", pa.struct({"a": pa.int64()}), f"{NESTED}: write one field, {{}}.name"),
    ColumnType("JSON", None, "Write the value that is needed: JSON_VALUE({}, '$.name')"),
    ColumnType("INTERVAL", None, "Write a number: TIMESTAMP_DIFF of its two ends, or EXTRACT(DAY FROM {})"),
    ColumnType("GEOGRAPHY", None, "Store numbers beside it: ST_X({}) and ST_Y({}), in a view or another table"),
    ColumnType("RANGE", None, "Write its ends: RANGE_START({}) and RANGE_END({}), in a view or another table"),
)
_REFUSED = {kind.name: kind.note for kind in COLUMN_TYPES if kind.arrow is None}


def refuse_unmapped(columns: Iterable[tuple[str, str]]) -> None:
    """Raises SpecError for every column of a type that no step can use. `columns` are (name, GoogleSQL type)."""
    problems = Problems()
    for name, kind in columns:
        if kind in _REFUSED:
            hint = f"{_REFUSED[kind].replace('{}', name)}. Or leave the column out"
            problems.add(f"SQL column {name}", f"is {kind}, which the steps cannot read", hint, "column-type")
    problems.raise_if_any(SpecError)
