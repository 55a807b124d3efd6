"""One typed HTTP server for one bundle: `python -m serving.server`, configured by KAMADO_* variables (settings.py).

It starts only when the bundle's golden rows give their stored probabilities. Requests and answers are typed by the
bundle's features; the page at /docs needs no internet.
"""

from model import interrupt

if __name__ == "__main__":
    interrupt.exit_at_once()

import gc
import os
import signal
import socket
import sys
from collections.abc import Mapping

import uvicorn

from model.bundle.predictor import Predictor
from model.errors import KamadoError, Problem
from serving.app import create_app
from serving.asgi import AsgiApp
from serving.graceful import LOG_SECONDS, STOP_SECONDS, GracefulServer
from serving.log import ServerLog, with_status
from serving.prediction_log.open_log import open_prediction_log
from serving.protocol import bounded_protocol
from serving.runtime import Runtime
from serving.score import load_and_verify
from serving.settings import LOG, PORT, Settings, SettingsError, usage

BACKLOG = 2048
# Uvloop accepts one connection of a listener in each turn of its loop. A turn is long under load: probes, which connect
# anew, would wait for seconds. Each duplicate of the listener is one more.
ACCEPTS_A_TURN = 32
KEEP_ALIVE_SECONDS = 65  # longer than load balancers keep an idle connection, so that they are the ones to close it


def listen(host: str, port: int) -> socket.socket:
    """A listening socket. Raises SettingsError for an unknown host or a port that is taken."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except (socket.gaierror, UnicodeError) as error:
        problem = f"is {host!r}, which is not an address ({error})"
        raise SettingsError(
            Problem("KAMADO_HOST", problem, "Example: KAMADO_HOST=0.0.0.0", "address-unusable")
        ) from None
    try:
        return socket.create_server(address[:2], family=family, backlog=BACKLOG)
    except OSError as error:
        example = f"KAMADO_PORT={port + 1 if port < PORT.maximum else PORT.default}"
        problem = f"cannot listen on {host}:{port} ({os.strerror(error.errno or 0)})"
        hint = f"Stop the process that listens there, or choose another port: {example}"
        raise SettingsError(Problem("KAMADO_PORT", problem, hint, "address-unusable")) from None


def url_of(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def serve(app: AsgiApp, listener: socket.socket, runtime: Runtime, *, drain_seconds: int, announcement: str) -> None:
    """Log the announcement and answer until SIGTERM or SIGINT, then stop in order (graceful.py)."""
    config = uvicorn.Config(
        with_status(app) if runtime.log.has_requests else app,
        loop="uvloop",
        http=bounded_protocol(runtime),
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        headers=[("X-Content-Type-Options", "nosniff")],  # on every answer, uvicorn's own too
        proxy_headers=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=STOP_SECONDS - LOG_SECONDS - drain_seconds - 1,  # a second for the rest
    )
    server = GracefulServer(config, runtime, drain_seconds=drain_seconds)
    # Uvicorn installs its own handlers while it runs. These keep a signal that arrives before that from being lost.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, server.handle_exit)
    runtime.log.event("started", announcement)
    runtime.log.start()
    gc.freeze()  # modules, types and the model are never garbage; a full collection would look at all of them
    server.run(sockets=[listener, *(listener.dup() for _ in range(ACCEPTS_A_TURN - 1))])
    if runtime.prediction_log is not None:
        runtime.prediction_log.close()
    runtime.log.event("stopped", f"stopped after {server.server_state.total_requests} answers")
    runtime.log.close()


def started_line(url: str, predictor: Predictor) -> str:
    """What is said at the start; which engine scores, where it is the slower one."""
    verified = f"({len(predictor.golden)} golden rows reproduced)"
    line = f"{url} serves {predictor.manifest.model} {predictor.digest} {verified}"
    return line if predictor.engine == "kernel" else f"{line}, scored by XGBoost: {predictor.engine_reason}"


def main(arguments: list[str], environ: Mapping[str, str]) -> int:
    """The exit code: 0 after a requested stop, 1 with every reason when it cannot start, 2 for arguments."""
    if arguments:
        print(usage())
        return 0 if arguments == ["--help"] else 2
    log = ServerLog(environ.get(LOG, ""))
    try:
        settings = Settings.read(environ)
        model = load_and_verify(settings.bundle)
        predictor = model.scorer.predictor
        prediction_log = open_prediction_log(settings.prediction_log, predictor.manifest.model, predictor.digest, log)
        runtime = Runtime.of(predictor.manifest, predictor.digest, settings.limits, log, prediction_log)
        app = create_app(model, runtime)
        listener = listen(settings.host, settings.port)
    except KamadoError as error:
        log.refused(error)
        return 1
    log.serves(predictor.manifest.model, predictor.digest)
    line = started_line(url_of(listener), predictor)
    serve(app, listener, runtime, drain_seconds=settings.drain_seconds, announcement=line)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
