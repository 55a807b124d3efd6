"""One typed HTTP server for one bundle: `python -m serving.server`, set up by KAMADO_* variables (settings.py).

It starts only when the bundle's golden rows come out as they were stored. Requests and answers are typed by the
bundle's features; the page at /docs needs no internet.
"""

from model import interrupt

if __name__ == "__main__":
    interrupt.exit_at_once()

import os
import signal
import socket
import sys
from pathlib import Path
from typing import Any

import orjson
import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi.responses import HTMLResponse, PlainTextResponse, RedirectResponse
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp

from model.bundle.manifest import Manifest
from model.errors import KamadoError, Problem
from serving.concurrency_limit import Limiter
from serving.errors import RequestError, body_of
from serving.metrics import Counts
from serving.model_info import card
from serving.openapi import batch_body, document_bodies, refusals, row_body
from serving.protocol import bounded_protocol
from serving.request_parser import Reader
from serving.schema import answer_type, batch_answer_type, meaning
from serving.scorer import Ready, ready
from serving.service import Service
from serving.settings import PORT, Limits, Settings, SettingsError, usage

BACKLOG = 2048
SECONDS_TO_FINISH = 20
KEEP_ALIVE_SECONDS = 65  # longer than load balancers hold an idle connection, so that they are the ones to close it
PAGE = Path(__file__).with_name("page.html")
PAGE_MAY = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; img-src data:"
)


def application(ready: Ready, limits: Limits, counts: Counts) -> ASGIApp:
    """The server of a model whose golden rows came out right."""
    predictor = ready.scorer.predictor
    reader = Reader(predictor.manifest, max_rows=limits.max_rows)
    service = Service(ready.scorer, reader, limits, counts)
    api = FastAPI(
        title=predictor.manifest.model,
        version=predictor.digest,
        description=meaning(predictor.manifest),
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,  # to an address that the caller's Host makes up
        exception_handlers={RequestError: service.refuse, HTTPException: not_here, Exception: service.fail},
    )
    _add_scoring(api, service, predictor.manifest, limits)
    _add_description(api, ready, limits)
    _add_probes(api, ready, counts)
    bodies = {
        "/predict": row_body(reader.row_schema, predictor.golden),
        "/predict:batch": batch_body(reader.batch_schema, predictor.golden, predictor.manifest),
    }
    document_bodies(api, bodies)
    return Limiter(api, limit=limits.concurrency, counts=counts)


async def not_here(request: Request, error: Exception) -> Response:
    """A route or method that there is not, told like every other refusal."""
    assert isinstance(error, HTTPException)  # registered for nothing else
    where = f"{request.method} {request.url.path}"
    problem = Problem(where, "is not answered here", "/docs lists what is", "route")
    body = body_of(RequestError(problem))
    return Response(body, error.status_code, headers=error.headers, media_type="application/json")


def _add_scoring(api: FastAPI, service: Service, manifest: Manifest, limits: Limits) -> None:
    common: dict[str, Any] = {"methods": ["POST"], "tags": ["scoring"], "response_class": Response}
    api.add_api_route(
        "/predict",
        service.predict,
        summary="Score one row",
        operation_id="predict",
        responses={200: {"model": answer_type(manifest), "description": "Scored"}, **refusals(limits)},
        **common,
    )
    api.add_api_route(
        "/predict:batch",
        service.predict_batch,
        summary="Score many rows, column by column",
        operation_id="predict_batch",
        responses={200: {"model": batch_answer_type(manifest), "description": "Scored"}, **refusals(limits)},
        **common,
    )


def _add_description(api: FastAPI, ready: Ready, limits: Limits) -> None:
    described, html = orjson.dumps(card(ready, limits)), PAGE.read_text("utf-8")

    @api.get("/model", tags=["model"], summary="The model: features, bounds, calibration, lineage, versions")
    async def model() -> Response:
        return Response(described, media_type="application/json")

    @api.get("/docs", include_in_schema=False)
    async def docs() -> Response:
        return HTMLResponse(html, headers={"content-security-policy": PAGE_MAY})

    @api.get("/", include_in_schema=False)
    async def start() -> Response:
        return RedirectResponse("docs")


def _add_probes(api: FastAPI, ready: Ready, counts: Counts) -> None:
    predictor = ready.scorer.predictor
    name = {"model": predictor.manifest.model, "digest": predictor.digest}
    proof = {"golden_rows": len(predictor.golden), "largest_difference": ready.difference}

    @api.get("/healthz", tags=["probes"], summary="The process answers")
    async def healthz() -> Response:
        return Response(b'{"alive":true}', media_type="application/json")

    @api.get("/readyz", tags=["probes"], summary="The model is loaded and its golden rows came out as stored")
    async def readyz() -> Response:
        return Response(orjson.dumps({"ready": True, **name, **proof}), media_type="application/json")

    @api.get("/metrics", tags=["probes"], summary="Counts since the start, in Prometheus' text format")
    async def metrics() -> Response:
        return PlainTextResponse(counts.text(**name))


def listen(host: str, port: int) -> socket.socket:
    """A listening socket. Raises SettingsError when there can be none."""
    try:
        family, _, _, _, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except (socket.gaierror, UnicodeError) as error:
        problem = Problem("KAMADO_HOST", f"is {host!r}, which is no address ({error})", "Example: KAMADO_HOST=0.0.0.0")
        raise SettingsError(problem) from None
    try:
        return socket.create_server(place[:2], family=family, backlog=BACKLOG)
    except OSError as error:
        another = f"KAMADO_PORT={port + 1 if port < PORT.most else PORT.default}"
        found = f"cannot listen on {host}:{port} ({os.strerror(error.errno or 0)})"
        hint = f"Stop what listens there, or choose another: {another}"
        raise SettingsError(Problem("KAMADO_PORT", found, hint)) from None


def address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def serve(app: ASGIApp, listener: socket.socket, limits: Limits, counts: Counts, *, announcement: str) -> None:
    """Print the announcement and answer until SIGTERM or SIGINT, then finish what was begun."""
    config = uvicorn.Config(
        app,
        loop="uvloop",
        http=bounded_protocol(limits, counts),
        ws="none",
        lifespan="off",
        log_level="warning",
        access_log=False,
        server_header=False,
        headers=[("X-Content-Type-Options", "nosniff")],  # on every answer, uvicorn's own too
        proxy_headers=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=SECONDS_TO_FINISH,
    )
    server = uvicorn.Server(config)

    def stop(*_: object) -> None:
        server.should_exit = True

    # Uvicorn has handlers of its own while it runs. Before that these keep a signal from being lost; afterwards it
    # raises the signal once more, and a stop that was asked for is a success.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    print(announcement, flush=True)
    server.run(sockets=[listener])


def main(arguments: list[str]) -> int:
    """0 after a stop that was asked for, 1 with every reason when it cannot start, 2 for arguments."""
    if arguments:
        print(usage())
        return 0 if arguments == ["--help"] else 2
    try:
        settings = Settings.read(os.environ)
        model = ready(settings.bundle)
        counts = Counts()
        app = application(model, settings.limits, counts)
        listener = listen(settings.host, settings.port)
    except KamadoError as refusal:
        print(refusal, file=sys.stderr)
        return 1
    predictor = model.scorer.predictor
    proof = f"({len(predictor.golden)} golden rows as stored)"
    line = f"{address(listener)} serves {predictor.manifest.model} {predictor.digest} {proof}"
    serve(app, listener, settings.limits, counts, announcement=line)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
