"""FastAPI over the table of routes: the OpenAPI document, and the answers of all routes that do not score."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from fastapi import FastAPI, Response
from fastapi import Request as HttpRequest
from pydantic import JsonValue
from starlette.exceptions import HTTPException

from model.errors import Problem
from serving.errors import RequestError, error_json
from serving.exchange import Reply, Request
from serving.metrics import ServerMetrics
from serving.openapi import with_components
from serving.routes import Handler, Operation, Route


def create_api(
    routes: Sequence[Route],
    metrics: ServerMetrics,
    *,
    title: str,
    version: str,
    description: str,
    not_found: Callable[[str], Reply | None],
) -> FastAPI:
    """The application of these routes; its document has every one with an operation.

    `not_found` may have an answer of its own for a path without a route.
    """

    async def refuse(_: HttpRequest, error: Exception) -> Response:
        assert isinstance(error, RequestError)  # registered for nothing else
        metrics.count_refusal(error.status, error.code)
        return _response(Reply(error_json(error), error.status))

    async def no_route(request: HttpRequest, error: Exception) -> Response:
        assert isinstance(error, HTTPException)  # registered for nothing else
        reply = not_found(request.url.path) if error.status_code == 404 else None
        return _no_route(request, error) if reply is None else _response(reply)

    api = FastAPI(
        title=title,
        version=version,
        description=description,
        openapi_url=None,  # app.py adds it, with the bodies
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,  # the redirect's address would come from the caller's Host header
        exception_handlers={RequestError: refuse, HTTPException: no_route},
    )
    add_routes(api, routes)
    return api


def add_routes(api: FastAPI, routes: Sequence[Route]) -> None:
    """Routes without an operation are not in the document."""
    for route in routes:
        api.add_api_route(
            route.path,
            _endpoint(route.handler),
            methods=[route.method],
            response_class=Response,
            include_in_schema=route.operation is not None,
            **(_description(route.operation) if route.operation else {}),
        )


def _endpoint(handler: Handler) -> Callable[[HttpRequest], Awaitable[Response]]:
    async def endpoint(request: HttpRequest) -> Response:
        return _response(await handler(Request(request.scope, b"")))  # a body would be read without end

    return endpoint


def _response(reply: Reply) -> Response:
    headers = {name.decode(): value.decode() for name, value in reply.headers}
    return Response(reply.body, reply.status, headers=headers, media_type=reply.content_type.decode())


def _description(operation: Operation) -> dict[str, Any]:
    """The arguments of add_api_route that describe it."""
    responses = {
        status: {"description": description, **({"model": model} if model else {})}
        for status, (model, description) in operation.answers.items()
    }
    parameters = [{**parameter} for parameter in operation.parameters]
    return {
        "tags": [operation.tag],
        "summary": operation.summary,
        "description": operation.description,
        "operation_id": operation.id,
        "responses": responses,
        "openapi_extra": {"parameters": parameters} if parameters else None,
    }


def openapi_document(api: FastAPI, routes: Sequence[Route]) -> dict[str, JsonValue]:
    """What FastAPI generates, and the bodies, because it would drop every `null` from their examples."""
    document = api.openapi()
    components = document.setdefault("components", {}).setdefault("schemas", {})
    for route in routes:
        if route.operation is not None and route.operation.body is not None:
            body = with_components(route.operation.body, components)
            document["paths"][route.path][route.method.lower()]["requestBody"] = body
    return document


def _no_route(request: HttpRequest, error: HTTPException) -> Response:
    """An unknown route or method, answered like every other error."""
    where = f"{request.method} {request.url.path}"
    problem = Problem(where, "is not a route of this server", "/docs lists the routes", "route")
    body = error_json(RequestError(problem))
    return Response(body, error.status_code, headers=error.headers, media_type="application/json")
