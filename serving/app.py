"""The ASGI application: the routes of one model, typed by its bundle's features."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import orjson
from fastapi import FastAPI, Request, Response
from fastapi.responses import HTMLResponse, PlainTextResponse, RedirectResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp

from model.errors import Problem
from serving.errors import ErrorBody, RequestError, error_json
from serving.handlers import Handlers
from serving.limit import ConcurrencyLimit
from serving.metrics import ServerMetrics
from serving.model_info import ModelInfo, model_info
from serving.openapi import batch_body, document_bodies, error_descriptions, row_body
from serving.parse import RequestParser
from serving.score import LoadedModel
from serving.settings import ServerLimits
from serving.types import answer_type, batch_answer_type, describe_target

PAGE = Path(__file__).with_name("page.html")
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; img-src data:"
)


def create_app(model: LoadedModel, limits: ServerLimits, metrics: ServerMetrics) -> ASGIApp:
    """The server of a verified model."""
    predictor = model.scorer.predictor
    manifest = predictor.manifest
    parser = RequestParser(manifest, max_rows=limits.max_rows)
    handlers = Handlers(model.scorer, parser, limits, metrics)
    api = FastAPI(
        title=manifest.model,
        version=predictor.digest,
        description=describe_target(manifest),
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,  # the redirect's address would come from the caller's Host header
        exception_handlers={RequestError: handlers.refuse, HTTPException: no_route, Exception: handlers.fail},
    )
    routes = (
        ScoringRoute("/predict", handlers.predict, "Score one row", "predict", answer_type(manifest)),
        ScoringRoute(
            "/predict:batch",
            handlers.predict_batch,
            "Score many rows, column by column",
            "predict_batch",
            batch_answer_type(manifest),
        ),
    )
    for route in routes:
        _add_scoring(api, route, limits)
    _add_description(api, model, limits)
    _add_probes(api, model, metrics)
    bodies = {
        "/predict": row_body(parser.row_schema, predictor.golden),
        "/predict:batch": batch_body(parser.batch_schema, predictor.golden, manifest),
    }
    document_bodies(api, bodies)
    return ConcurrencyLimit(api, limit=limits.concurrency, metrics=metrics)


async def no_route(request: Request, error: Exception) -> Response:
    """An unknown route or method, answered like every other error."""
    assert isinstance(error, HTTPException)  # registered for nothing else
    where = f"{request.method} {request.url.path}"
    problem = Problem(where, "is not a route of this server", "/docs lists the routes", "route")
    body = error_json(RequestError(problem))
    return Response(body, error.status_code, headers=error.headers, media_type="application/json")


@dataclass(frozen=True)
class ScoringRoute:
    """A route that scores, and the type of its answer."""

    path: str
    handler: Callable[[Request], Awaitable[Response]]
    summary: str
    operation_id: str
    answer: type[BaseModel]


def _add_scoring(api: FastAPI, route: ScoringRoute, limits: ServerLimits) -> None:
    errors = error_descriptions(limits).items()
    api.add_api_route(
        route.path,
        route.handler,
        methods=["POST"],
        tags=["scoring"],
        summary=route.summary,
        operation_id=route.operation_id,
        response_class=Response,
        responses={
            200: {"model": route.answer, "description": "Scored"},
            **{status: {"model": ErrorBody, "description": description} for status, description in errors},
        },
    )


def _add_description(api: FastAPI, model: LoadedModel, limits: ServerLimits) -> None:
    info = orjson.dumps(model_info(model, limits).model_dump(mode="json"))
    html = PAGE.read_text("utf-8")

    @api.get(
        "/model",
        tags=["model"],
        summary="The model: features, bounds, calibration, lineage, versions",
        response_class=Response,
        responses={200: {"model": ModelInfo, "description": "Described"}},
    )
    async def describe_model() -> Response:
        return Response(info, media_type="application/json")

    @api.get("/docs", include_in_schema=False)
    async def docs() -> Response:
        return HTMLResponse(html, headers={"content-security-policy": CONTENT_SECURITY_POLICY})

    @api.get("/", include_in_schema=False)
    async def start() -> Response:
        return RedirectResponse("docs")


def _add_probes(api: FastAPI, model: LoadedModel, metrics: ServerMetrics) -> None:
    predictor = model.scorer.predictor
    readiness = {
        "ready": True,
        "model": predictor.manifest.model,
        "digest": predictor.digest,
        "golden_rows": len(predictor.golden),
        "largest_difference": model.largest_difference,
    }

    @api.get("/healthz", tags=["probes"], summary="The process is alive")
    async def healthz() -> Response:
        return Response(b'{"alive":true}', media_type="application/json")

    @api.get("/readyz", tags=["probes"], summary="The model is loaded and reproduced its golden rows")
    async def readyz() -> Response:
        return Response(orjson.dumps(readiness), media_type="application/json")

    @api.get("/metrics", tags=["probes"], summary="Metrics since the start, in Prometheus' text format")
    async def export_metrics() -> Response:
        return PlainTextResponse(metrics.text())
