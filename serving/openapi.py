"""What the OpenAPI document says beyond the types: bodies with golden rows as examples, and the errors."""

from collections.abc import Mapping, Sequence

import orjson
from pydantic import JsonValue

from model.bundle.golden import GoldenRow
from model.bundle.manifest import BundleManifest
from serving.body_problems import MAX_PROBLEMS
from serving.log_keys import LogKeys
from serving.settings import ServerLimits
from serving.types import columns_type, row_type

MAX_EXAMPLES = 12
BATCH_ROWS = 3

JsonObject = dict[str, JsonValue]
EXPLAIN: JsonObject = {
    "name": "explain",
    "in": "query",
    "schema": {"type": "integer", "enum": [0, 1], "default": 0},
    "description": "1: the answer says what each input adds to the log odds",
}


def row_body(manifest: BundleManifest, golden: Sequence[GoldenRow]) -> JsonObject:
    """Every nth golden row is an example; the API page compares `x-probability` with the answer."""
    step = max(1, len(golden) // MAX_EXAMPLES)
    examples: JsonObject = {
        f"golden-{index}": {
            "summary": f"golden row {index}",
            "value": {**golden[index].input},
            "x-probability": golden[index].probability,
        }
        for index in range(0, len(golden), step)[:MAX_EXAMPLES]
    }
    return json_body(row_type(manifest).model_json_schema(), examples)


def batch_body(manifest: BundleManifest, golden: Sequence[GoldenRow], max_rows: int) -> JsonObject:
    """The first golden rows are the examples, as columns and as rows."""
    rows = golden[:BATCH_ROWS]
    columns: JsonObject = {feature.name: [row.input[feature.name] for row in rows] for feature in manifest.inputs}
    listed: JsonValue = [{**row.input} for row in rows]
    log: JsonObject = {"anyOf": [LogKeys.model_json_schema(), {"type": "null"}]}
    forms: dict[str, JsonObject] = {
        "columns": columns_type(manifest).model_json_schema(),
        "rows": {"type": "array", "minItems": 1, "items": row_type(manifest).model_json_schema()},
    }
    schema: JsonObject = {
        "title": "Batch",
        "description": f"Up to {max_rows} rows, column by column or row by row.",
        "oneOf": [
            {
                "type": "object",
                "properties": {form: rows_schema, "log": log},
                "required": [form],
                "additionalProperties": False,
            }
            for form, rows_schema in forms.items()
        ],
    }
    examples: JsonObject = {
        "columns": {"summary": f"{len(rows)} golden rows as columns", "value": {"columns": columns}},
        "rows": {"summary": f"{len(rows)} golden rows", "value": {"rows": listed}},
    }
    return json_body(schema, examples)


def json_body(schema: JsonObject, examples: JsonObject) -> JsonObject:
    """An OpenAPI request body."""
    return {"required": True, "content": _json(schema, examples)}


def _json(schema: JsonObject, examples: Mapping[str, JsonValue] | None = None) -> JsonObject:
    return {"application/json": {"schema": schema, **({"examples": {**examples}} if examples else {})}}


def with_components(body: Mapping[str, JsonValue], components: JsonObject) -> JsonObject:
    """The body for a document with these components, to which the definitions of its schemas are added.

    In a document a reference begins at its root, not at the schema.
    """
    text = orjson.dumps(body).replace(b'"#/$defs/', b'"#/components/schemas/')
    moved = orjson.loads(text)
    for content in moved["content"].values():
        components.update(content["schema"].pop("$defs", {}))
    return {**moved}


def error_descriptions(limits: ServerLimits) -> dict[int, str]:
    """HTTP status -> when it is the answer."""
    return {
        408: "Head or body did not arrive in time",
        413: f"More than {limits.max_bytes:,} bytes, or more than {limits.max_rows:,} rows",
        415: "The body is declared as something else than JSON",
        422: f"The body does not match this model's inputs; the first {MAX_PROBLEMS} problems are listed",
        500: "The model gives no finite probability for a row, or the server failed; nothing was scored",
        503: f"More than {limits.concurrency} concurrent requests; nothing was read, retry later",
    }
