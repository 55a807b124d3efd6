"""GoogleSQL's types, as the Storage Read API has them in Arrow and the REST API in a schema."""

from collections.abc import Mapping

import pyarrow as pa

EXTENSION = b"ARROW:extension:name"
SCALARS: Mapping[str, pa.DataType] = {
    "INT64": pa.int64(),
    "FLOAT64": pa.float64(),
    "BOOL": pa.bool_(),
    "STRING": pa.string(),
    "BYTES": pa.binary(),
    "DATE": pa.date32(),
    "TIME": pa.time64("us"),
    "DATETIME": pa.timestamp("us"),
    "TIMESTAMP": pa.timestamp("us", tz="UTC"),
    "NUMERIC": pa.decimal128(38, 9),
    "BIGNUMERIC": pa.decimal256(76, 38),
    "JSON": pa.string(),
    "GEOGRAPHY": pa.string(),
    "INTERVAL": pa.month_day_nano_interval(),
}
# Types that share an Arrow type are told apart by the field's metadata.
METADATA: Mapping[str, dict[bytes, bytes]] = {
    "DATETIME": {EXTENSION: b"google:sqlType:datetime"},
    "JSON": {EXTENSION: b"google:sqlType:json"},
    "GEOGRAPHY": {EXTENSION: b"google:sqlType:geography", b"ARROW:extension:metadata": b'{"encoding": "WKT"}'},
}
LEGACY = {"INT64": "INTEGER", "FLOAT64": "FLOAT", "BOOL": "BOOLEAN", "STRUCT": "RECORD"}
_OF_EXTENSION = {metadata[EXTENSION]: kind for kind, metadata in METADATA.items()}
_OF_ARROW = {kind: name for name, kind in SCALARS.items() if name not in METADATA} | {pa.timestamp("us"): "DATETIME"}


def scalar(name: str, kind: str) -> pa.Field:
    """The Arrow field of a GoogleSQL type."""
    return pa.field(name, SCALARS[kind], metadata=METADATA.get(kind))


def as_stored(field: pa.Field) -> pa.Field:
    """The field of the table into which a file or a result with `field` is written.

    A decimal that is not NUMERIC comes from a literal, which is a FLOAT64 in GoogleSQL, or is DuckDB's sum of integers.
    """
    kind = field.type
    if pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
        return pa.field(field.name, pa.list_(as_stored(kind.value_field).with_name("item")))
    if pa.types.is_struct(kind):
        return pa.field(field.name, pa.struct([as_stored(kind.field(index)) for index in range(kind.num_fields)]))
    if extension := _OF_EXTENSION.get((field.metadata or {}).get(EXTENSION)):
        return scalar(field.name, extension)
    return scalar(field.name, _scalar_of(kind))


def _scalar_of(kind: pa.DataType) -> str:
    if kind in _OF_ARROW:
        return _OF_ARROW[kind]
    if pa.types.is_decimal256(kind):
        return "BIGNUMERIC"
    if pa.types.is_integer(kind) or pa.types.is_null(kind) or (pa.types.is_decimal(kind) and kind.scale == 0):
        return "INT64"
    if pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return "FLOAT64"
    if pa.types.is_timestamp(kind):
        return "TIMESTAMP" if kind.tz else "DATETIME"
    if pa.types.is_date(kind):
        return "DATE"
    if pa.types.is_time(kind):
        return "TIME"
    if pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind):
        return "BYTES"
    return "STRING"


def kind_of(field: pa.Field) -> str:
    """GoogleSQL's name of a stored field's type; ARRAY and STRUCT without their members."""
    if pa.types.is_list(field.type):
        return "ARRAY"
    if pa.types.is_struct(field.type):
        return "STRUCT"
    return _OF_EXTENSION.get((field.metadata or {}).get(EXTENSION)) or _OF_ARROW[field.type]


def googlesql(field: pa.Field) -> str:
    """The whole type, as INFORMATION_SCHEMA writes it."""
    if pa.types.is_list(field.type):
        return f"ARRAY<{googlesql(field.type.value_field)}>"
    if pa.types.is_struct(field.type):
        members = (field.type.field(index) for index in range(field.type.num_fields))
        return f"STRUCT<{', '.join(f'{member.name} {googlesql(member)}' for member in members)}>"
    return kind_of(field)


def rest_schema(schema: pa.Schema) -> dict:
    return {"fields": [_rest_field(field) for field in schema]}


def _rest_field(field: pa.Field) -> dict:
    is_array = pa.types.is_list(field.type)
    element = field.type.value_field if is_array else field
    kind = kind_of(element)
    resource = {
        "name": field.name,
        "type": LEGACY.get(kind, kind),
        "mode": "REPEATED" if is_array else "NULLABLE",
    }
    if kind == "STRUCT":
        members = [element.type.field(index) for index in range(element.type.num_fields)]
        resource["fields"] = [_rest_field(member) for member in members]
    return resource


def arrow_schema(resource: dict) -> pa.Schema:
    """Of a schema of the REST API."""
    return pa.schema([_arrow_field(field) for field in resource["fields"]])


def _arrow_field(resource: dict) -> pa.Field:
    name, kind = resource["name"], resource["type"]
    kind = {legacy: standard for standard, legacy in LEGACY.items()}.get(kind, kind)
    if kind == "STRUCT":
        field = pa.field(name, pa.struct([_arrow_field(member) for member in resource["fields"]]))
    else:
        field = scalar(name, kind)
    return pa.field(name, pa.list_(field.with_name("item"))) if resource.get("mode") == "REPEATED" else field
