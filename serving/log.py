"""The log: a line when the server starts, stops or refuses to start, one per failure, and on demand one per request.

As JSON, or as text for people. No line has a value of a row: of an exception it has the type and the place, not the
message, which may quote one. While the server runs, a thread writes them, so that a reader who stalls stops no request.
"""

import logging
import sys
import traceback
from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from dataclasses import asdict
from time import time
from types import TracebackType
from typing import Any, NamedTuple

import orjson

from model.errors import KamadoError
from serving.asgi import AsgiApp, Header, Message, Receive, Scope, Send
from serving.background import BackgroundWriter
from serving.metrics import OTHER_ROUTES, Phases, scoring_routes
from serving.request_id import trace
from serving.stdout import utc, write_stdout

FORMATS = ("text", "json", "requests")
MAX_WAITING = 50_000  # lines
STDOUT, STDERR = 1, 2
FIELDS = {  # name -> what it is; docs/operations.md has this table
    "time": "UTC, RFC 3339",
    "level": "`info`, `warning` or `error`",
    "event": "`started`, `stopping`, `stopped`, `refused`, `failed`, `request`; `server` is what the HTTP server says",
    "message": "one sentence for people; not of a request",
    "model": "name of the model; not of a refused start",
    "digest": "digest of its bundle; not of a refused start",
    "request_id": "`x-request-id` of the request, or the one that the server has given it",
    "trace_id": "from the request's `traceparent`, where it has one",
    "span_id": "the caller's, from the same header",
    "route": "of the request; `other` for what does not score",
    "status": "HTTP status of its answer; absent where the caller was gone",
    "seconds": "from its head to the end of its answer",
    "phases": "seconds in `queue`, `validate`, `score` and `serialise`; of requests that were scored",
    "problems": "of a refused start: `where`, `problem`, `hint`, `code` of each",
    "exception": "of a failure: the type, never the message, which could quote a value",
    "places": "of a failure: file, line and function of each call, the last one first",
}

in_progress: ContextVar[Scope | None] = ContextVar("in_progress", default=None)  # the request of the running task

LogFields = dict[str, Any]


def with_status(app: AsgiApp) -> AsgiApp:
    """The application, which leaves the status of its answer in the scope."""

    async def call(scope: Scope, receive: Receive, send: Send) -> None:
        async def send_noted(message: Message) -> None:
            if message["type"] == "http.response.start":
                scope["status"] = message["status"]
            await send(message)

        await app(scope, receive, send_noted)

    return call


class _Request(NamedTuple):
    """What its line needs; the whole scope would keep the objects of thousands of requests."""

    time: float
    seconds: float
    request_id: bytes
    headers: Sequence[Header]
    path: str
    status: int | None
    phases: Phases | None

    @classmethod
    def of(cls, scope: Scope, seconds: float) -> "_Request":
        get = scope.get
        request_id, headers, path = scope["request_id"], scope["headers"], scope["path"]
        return cls(time(), seconds, request_id, headers, path, get("status"), get("phases"))

    def fields(self, routes: Mapping[str, str]) -> LogFields:
        """`routes` are those that score, by their path."""
        context = trace(self.headers)
        line: LogFields = {"request_id": self.request_id.decode()}
        if context is not None:
            line |= context._asdict()
        line["route"] = routes.get(self.path, OTHER_ROUTES)
        if self.status is not None:
            line["status"] = self.status
        return line


class _Written(NamedTuple):
    """A line as it is written, and where to."""

    descriptor: int
    line: bytes

    def write(self) -> None:
        write_stdout(self.line, descriptor=self.descriptor)


class ServerLog(logging.Handler):
    """Writes to standard output; as text, refusals and failures go to standard error. Handles what uvicorn logs."""

    def __init__(self, form: str) -> None:
        super().__init__(logging.WARNING)
        self.is_json = form in FORMATS[1:]
        self.has_requests = form == "requests"
        self._identity: Mapping[str, str] = {}
        self._routes: Mapping[str, str] = {}
        self._writer: BackgroundWriter[_Request | _Written] | None = None

    def serves(self, model: str, digest: str) -> None:
        """From now on lines name this model."""
        self._identity = {"model": model, "digest": digest}
        self._routes = scoring_routes(model, digest)

    def start(self) -> None:
        """From now on lines are written by a thread, uvicorn's messages too."""
        self._writer = BackgroundWriter(self._write_all, limit=MAX_WAITING, name="log")
        logger = logging.getLogger("uvicorn.error")
        logger.handlers, logger.propagate = [self], False

    def event(self, event: str, message: str) -> None:
        """Something that happened once: a start, a stop."""
        self._write("info", event, message, {})

    def refused(self, error: KamadoError) -> None:
        """The server does not start."""
        if self.is_json:
            problems = [asdict(problem) for problem in error.problems]
            self._write("error", "refused", error.heading, {"problems": problems})
        else:
            print(error, file=sys.stderr)

    def warning(self, message: str) -> None:
        """Something that an operator should look at. From any thread, but not from the event loop."""
        self._line("warning", "server", message, {}).write()

    def request(self, scope: Scope, seconds: float) -> None:
        """A request is answered. Only where `has_requests`."""
        if self._writer is not None:
            self._writer.append(_Request.of(scope, seconds))

    def emit(self, record: logging.LogRecord) -> None:
        """What uvicorn logs; an exception is a failure of the server."""
        scope = in_progress.get()
        fields = _Request.of(scope, 0.0).fields(self._routes) if scope is not None else {}
        level = "error" if record.levelno >= logging.ERROR else "warning"
        if record.exc_info and record.exc_info[0] is not None:
            kind, _, trace_back = record.exc_info
            fields |= {"exception": kind.__name__, "places": _places(trace_back)}
            self._write(level, "failed", "the server failed; its answer was 500", fields)
        else:
            self._write(level, "server", record.getMessage().strip(), fields)

    def close(self) -> None:
        """Write what waits."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None
        super().close()

    def _write(self, level: str, event: str, message: str, fields: LogFields) -> None:
        line = self._line(level, event, message, fields)
        if self._writer is None:
            line.write()
        else:
            self._writer.append(line)

    def _line(self, level: str, event: str, message: str, fields: LogFields) -> "_Written":
        if not self.is_json:
            return _Written(STDOUT if level == "info" else STDERR, f"{_text(message, fields)}\n".encode())
        line: LogFields = {"level": level, "event": event, "message": message, **self._identity, **fields}
        return _Written(STDOUT, _json({"time": utc(time()), **line}))

    def _write_all(self, lines: list["_Request | _Written"]) -> None:
        for line in lines:
            if isinstance(line, _Written):
                line.write()
        write_stdout(b"".join(self._request_line(line) for line in lines if isinstance(line, _Request)))

    def _request_line(self, request: _Request) -> bytes:
        line: LogFields = {"time": utc(request.time), "level": "info", "event": "request", **self._identity}
        line |= {**request.fields(self._routes), "seconds": request.seconds}
        if request.phases is not None:
            line["phases"] = request.phases._asdict()
        return _json(line)


def _json(line: LogFields) -> bytes:
    return orjson.dumps(line) + b"\n"


def _places(trace_back: TracebackType | None) -> list[str]:
    calls = reversed(traceback.extract_tb(trace_back))
    return [f"{call.filename}:{call.lineno} in {call.name}" for call in calls]


def _text(message: str, fields: LogFields) -> str:
    return "\n  ".join([message, *(f"{name}: {_shown(value)}" for name, value in fields.items())])


def _shown(value: object) -> str:
    return "\n    ".join(map(str, value)) if isinstance(value, list) else str(value)
