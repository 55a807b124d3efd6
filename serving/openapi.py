"""What the OpenAPI document says beyond the types: bodies with golden rows as examples, and the refusals."""

from collections.abc import Sequence
from typing import Any

from fastapi import FastAPI

from model.bundle.golden import GoldenRow
from model.bundle.manifest import Manifest
from serving.body_problems import MAX_PROBLEMS
from serving.errors import ErrorBody
from serving.settings import Limits

EXAMPLES = 12
BATCH_ROWS = 3

Document = dict[str, Any]


def row_body(schema: Document, golden: Sequence[GoldenRow]) -> Document:
    """Rows from all over the golden ones; the API page compares `x-probability` with what it is answered."""
    step = max(1, len(golden) // EXAMPLES)
    examples = {
        f"golden-{place}": {
            "summary": f"golden row {place}",
            "value": golden[place].input,
            "x-probability": golden[place].probability,
        }
        for place in range(0, len(golden), step)[:EXAMPLES]
    }
    return _body(schema, examples)


def batch_body(schema: Document, golden: Sequence[GoldenRow], manifest: Manifest) -> Document:
    rows = golden[:BATCH_ROWS]
    columns = {one.name: [row.input[one.name] for row in rows] for one in manifest.inputs}
    return _body(schema, {"golden": {"summary": f"{len(rows)} golden rows", "value": {"columns": columns}}})


def _body(schema: Document, examples: Document) -> Document:
    return {"required": True, "content": {"application/json": {"schema": schema, "examples": examples}}}


def document_bodies(api: FastAPI, bodies: Document) -> None:
    """Add bodies by path to the finished document: FastAPI would leave every `null` out of the examples."""
    document = api.openapi()
    for path, body in bodies.items():
        document["paths"][path]["post"]["requestBody"] = body
    api.openapi_schema = document


def refusals(limits: Limits) -> dict[int | str, Document]:
    told = {
        408: "Head or body did not arrive in time",
        413: f"More than {limits.max_bytes:,} bytes, or more than {limits.max_rows:,} rows",
        422: f"Not what this model asks for; the first {MAX_PROBLEMS} problems are listed",
        500: "The model gives no finite probability for a row, or the server failed; nothing was scored",
        503: f"More than {limits.concurrency} requests at once; nothing was read, ask again",
    }
    return {status: {"model": ErrorBody, "description": description} for status, description in told.items()}
