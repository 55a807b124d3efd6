"""The protocol's routes for one model, and what the OpenAPI document says of them.

A path may name the version, which is the bundle's digest; the document has the paths without it.
"""

from collections.abc import Sequence

from pydantic import BaseModel, JsonValue

from model.bundle.golden import GoldenRow
from model.bundle.manifest import BundleManifest
from serving.exchange import Reply, Request
from serving.handlers import Handlers
from serving.lifecycle import Lifecycle
from serving.oip.binary import HEADER
from serving.oip.errors import INVALID, refusal
from serving.oip.inference import InferenceHandler
from serving.oip.metadata import input_metadata, model_metadata, server_metadata
from serving.oip.paths import infer_paths, model_paths
from serving.oip.request import InferenceReader
from serving.oip.types import (
    InferenceError,
    InferenceRequest,
    InferenceResponse,
    ModelMetadata,
    ModelReady,
    ServerLive,
    ServerMetadata,
    ServerReady,
)
from serving.openapi import error_descriptions, json_body
from serving.routes import Answers, Handler, Operation, Route, constant
from serving.runtime import Runtime
from serving.score import Scorer
from serving.settings import ServerLimits

TAG = "Open Inference Protocol"
EXAMPLE_ROWS = 3
NOT_READY = 503
BINARY_HEADER: dict[str, JsonValue] = {
    "name": HEADER,
    "in": "header",
    "schema": {"type": "integer"},
    "description": "length of the JSON object, when tensors in binary form follow it",
}


def oip_routes(scorer: Scorer, handlers: Handlers, runtime: Runtime) -> list[Route]:
    """All routes under /v2."""
    manifest, digest, limits = scorer.predictor.manifest, scorer.predictor.digest, runtime.limits
    plain, versioned = model_paths(manifest.model, digest)
    reader = InferenceReader(manifest, digest, max_rows=limits.max_rows)
    infer_path, versioned_infer = infer_paths(manifest.model, digest)
    infer = InferenceHandler(handlers, scorer, reader, infer_path).infer
    metadata = constant(_reply(model_metadata(manifest, digest)))
    name, lifecycle = manifest.model, runtime.lifecycle
    ready = _readiness(lifecycle, ModelReady(name=name, ready=True), ModelReady(name=name, ready=False))
    scored = Operation(
        id="oip_infer",
        summary="Score rows, one tensor for each input",
        tag=TAG,
        answers={200: (InferenceResponse, "Scored"), **_errors(limits)},
        body=_infer_body(manifest, scorer.predictor.golden),
        parameters=(BINARY_HEADER,),
    )
    described = _operation("oip_model", "Inputs, outputs and version of the model", ModelMetadata)
    return [
        *_server_routes(lifecycle),
        Route("POST", infer_path, infer, scored, refusal, takes_any_type=True),
        Route("GET", plain, metadata, described),
        Route("GET", f"{plain}/ready", ready, _operation("oip_model_ready", "The model is loaded", ModelReady)),
        Route("POST", versioned_infer, infer, None, refusal, takes_any_type=True),
        Route("GET", versioned, metadata),
        Route("GET", f"{versioned}/ready", ready),
    ]


def _server_routes(lifecycle: Lifecycle) -> list[Route]:
    metadata = constant(_reply(server_metadata()))
    live = constant(_reply(ServerLive(live=True)))
    ready = _readiness(lifecycle, ServerReady(live=True, ready=True), ServerReady(live=True, ready=False))
    return [
        Route("GET", "/v2", metadata, _operation("oip_server", "The server and its extensions", ServerMetadata)),
        Route("GET", "/v2/", metadata),  # as the specification's own OpenAPI document has it
        Route("GET", "/v2/health/live", live, _operation("oip_live", "The process is alive", ServerLive)),
        Route("GET", "/v2/health/ready", ready, _operation("oip_ready", "The model is loaded", ServerReady)),
    ]


def _readiness(lifecycle: Lifecycle, ready: BaseModel, stopping: BaseModel) -> Handler:
    """As /readyz: not ready only when the server is stopping."""
    replies = _reply(ready), _reply(stopping, NOT_READY)

    async def handler(_: Request) -> Reply:
        return replies[lifecycle.is_draining]

    return handler


def _reply(document: BaseModel, status: int = 200) -> Reply:
    return Reply(document.model_dump_json().encode(), status)


def _operation(id: str, summary: str, answer: type[BaseModel]) -> Operation:
    return Operation(id=id, summary=summary, tag=TAG, answers={200: (answer, "Successful")})


def _errors(limits: ServerLimits) -> Answers:
    """As of the other routes that score, but for the status of a body that does not fit the model."""
    descriptions = error_descriptions(limits)
    descriptions[INVALID] = descriptions.pop(422)
    del descriptions[415]  # with the binary extension the type is another one
    return {status: (InferenceError, description) for status, description in sorted(descriptions.items())}


def _infer_body(manifest: BundleManifest, golden: Sequence[GoldenRow]) -> dict[str, JsonValue]:
    """The first golden rows are the example."""
    rows = golden[:EXAMPLE_ROWS]
    inputs: list[JsonValue] = [
        {
            "name": tensor.name,
            "shape": [len(rows)],
            "datatype": tensor.datatype,
            "data": [row.input[tensor.name] for row in rows],
        }
        for tensor in input_metadata(manifest)
    ]
    example: JsonValue = {"summary": f"{len(rows)} golden rows", "value": {"id": "golden", "inputs": inputs}}
    return json_body(InferenceRequest.model_json_schema(), {"golden": example})
