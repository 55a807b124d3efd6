"""The ASGI application: the routes of one model, typed by its bundle's features."""

from functools import partial

import orjson
from pydantic import BaseModel, Field

from serving.api import add_routes, create_api, openapi_document
from serving.asgi import AsgiApp
from serving.errors import ErrorBody, error_json, stopping
from serving.exchange import METRICS, Reply, Request
from serving.handlers import Handlers
from serving.model_info import ModelInfo, model_info
from serving.oip.errors import not_found
from serving.oip.routes import oip_routes
from serving.openapi import EXPLAIN, batch_body, error_descriptions, row_body
from serving.page.routes import page_routes
from serving.parse import RequestParser
from serving.routes import Answers, Operation, Route, ScoringRoutes, constant
from serving.runtime import Runtime
from serving.score import LoadedModel
from serving.settings import ServerLimits
from serving.types import answer_type, batch_answer_type, describe_target


class Alive(BaseModel):
    """The answer of /healthz."""

    alive: bool


class Readiness(BaseModel):
    """The answer of /readyz."""

    ready: bool
    model: str
    digest: str
    golden_rows: int = Field(description="rows that gave their stored probability at the start")
    largest_difference: float


def create_app(model: LoadedModel, runtime: Runtime) -> AsgiApp:
    """The server of a verified model."""
    predictor = model.scorer.predictor
    manifest = predictor.manifest
    limits, metrics = runtime.limits, runtime.metrics
    info = model_info(model, limits)
    handlers = Handlers(model.scorer, RequestParser(manifest, max_rows=limits.max_rows), runtime)
    routes = [
        *scoring_routes(model, handlers, limits),
        *oip_routes(model.scorer, handlers, runtime),
        _description(info),
        *_probes(model, runtime),
    ]
    api = create_api(
        routes,
        metrics,
        title=manifest.model,
        version=predictor.digest,
        description=describe_target(manifest),
        not_found=partial(not_found, model=manifest.model, version=predictor.digest),
    )
    described = openapi_document(api, routes)
    document = Route("GET", "/openapi.json", constant(Reply(orjson.dumps(described))))
    add_routes(api, [document, *page_routes(model, info, described)])
    return ScoringRoutes(routes, api, limits, metrics)


def scoring_routes(model: LoadedModel, handlers: Handlers, limits: ServerLimits) -> list[Route]:
    """/predict and /predict:batch."""
    predictor = model.scorer.predictor
    manifest = predictor.manifest

    row = Operation(
        id="predict",
        summary="Score one row",
        tag="scoring",
        body=row_body(manifest, predictor.golden),
        answers=scoring_answers(answer_type(manifest), limits),
        parameters=(EXPLAIN,),
    )
    batch = Operation(
        id="predict_batch",
        summary="Score many rows, column by column or row by row",
        tag="scoring",
        body=batch_body(manifest, predictor.golden, limits.max_rows),
        answers=scoring_answers(batch_answer_type(manifest), limits),
    )
    return [
        Route("POST", "/predict", handlers.predict, row),
        Route("POST", "/predict:batch", handlers.predict_batch, batch),
    ]


def scoring_answers(answer: type[BaseModel], limits: ServerLimits) -> Answers:
    """What a route that scores answers: this type, or an error."""
    errors = error_descriptions(limits).items()
    return {200: (answer, "Scored"), **{status: (ErrorBody, description) for status, description in errors}}


def _description(info: ModelInfo) -> Route:
    operation = Operation(
        id="describe_model",
        summary="The model: features, bounds, calibration, lineage, versions",
        tag="model",
        answers={200: (ModelInfo, "Described")},
    )
    return Route("GET", "/model", constant(Reply(orjson.dumps(info.model_dump(mode="json")))), operation)


def _probes(model: LoadedModel, runtime: Runtime) -> list[Route]:
    predictor = model.scorer.predictor
    readiness = Readiness(
        ready=True,
        model=predictor.manifest.model,
        digest=predictor.digest,
        golden_rows=len(predictor.golden),
        largest_difference=model.largest_difference,
    )

    async def export_metrics(_: Request) -> Reply:
        return Reply(runtime.metrics.text().encode(), 200, METRICS)

    def probe(id: str, summary: str, answer: type[BaseModel] | None) -> Operation:
        return Operation(id=id, summary=summary, tag="probes", answers={200: (answer, "Successful")})

    alive = constant(Reply(orjson.dumps(Alive(alive=True).model_dump())))
    ready = Reply(orjson.dumps(readiness.model_dump()))
    error = stopping()
    not_ready = Reply(error_json(error), error.status)

    async def readiness_probe(_: Request) -> Reply:
        """Never false because of load: only when the server is stopping."""
        return not_ready if runtime.lifecycle.is_draining else ready

    readiness_operation = Operation(
        id="readyz",
        summary="The model is loaded and reproduced its golden rows, and the server is not stopping",
        tag="probes",
        answers={200: (Readiness, "Successful"), 503: (ErrorBody, "The server is stopping")},
    )
    return [
        Route("GET", "/healthz", alive, probe("healthz", "The process is alive", Alive)),
        Route("GET", "/readyz", readiness_probe, readiness_operation),
        Route(
            "GET",
            "/metrics",
            export_metrics,
            probe("export_metrics", "Metrics since the start, in Prometheus' text format", None),
        ),
    ]
