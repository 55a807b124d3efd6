"""Routes of /v1, errors, and who is let in."""

import contextlib
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qsl, unquote, urlsplit

from fastapi import HTTPException
from google.protobuf import json_format

from tests.services.http import serving
from tests.services.kfp_server.validate import parse_json, refuse
from tests.services.vertex.jobs import Jobs, Step
from tests.services.vertex.schedules import Schedules

STATUS = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    409: "ALREADY_EXISTS",
    503: "UNAVAILABLE",
}
PATH = re.compile(r"/v1/projects/([^/]+)/locations/([^/]+)/(pipelineJobs|schedules)(?:/([^/:]+))?(?::([a-z]+))?")


@dataclass
class Vertex:
    """State and settings. `steps` says what a job's steps come to, from its parameters; `accounts` are the service
    accounts that the caller may run steps as."""

    steps: Callable[[dict], list[Step]]
    project: str = "kamado-test"
    location: str = "europe-west1"
    token: str = "right"
    accounts: tuple[str, ...] = ()
    away: bool = False
    requests: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.parent = f"projects/{self.project}/locations/{self.location}"
        self.jobs = Jobs(self.parent, self.steps, self.accounts)
        self.schedules = Schedules(self.parent, self.jobs)

    def answer(self, method: str, url: str, authorization: str, data: bytes):
        """A protobuf message or a document."""
        parts = urlsplit(url)
        self.requests.append(f"{method} {parts.path}")
        if self.away:
            refuse("The service is currently unavailable.", 503)
        if authorization != f"Bearer {self.token}":
            refuse("Request had invalid authentication credentials.", 401)
        match = PATH.fullmatch(unquote(parts.path)) or refuse("Requested entity was not found.", 404)
        project, location, kind, identifier, verb = match.groups()
        if project != self.project:
            resource = f"//aiplatform.googleapis.com/projects/{project}/locations/{location}"
            refuse(f"Permission denied on resource '{resource}' (or it may not exist).", 403)
        if location != self.location:
            refuse(f"The location {location} is not served here.", 404)
        query = dict(parse_qsl(parts.query))
        if query.pop("$alt", "json;enum-encoding=int") != "json;enum-encoding=int":
            refuse("unknown value of $alt")
        items = self.jobs if kind == "pipelineJobs" else self.schedules
        return items.answer(method, identifier, verb, query, parse_json(data) if data else None)


@contextlib.contextmanager
def vertex_server(steps: Callable[[dict], list[Step]], **settings) -> Iterator[tuple[str, Vertex]]:
    """Its address, and its state."""
    vertex = Vertex(steps, **settings)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            data = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            try:
                message = vertex.answer(self.command, self.path, self.headers.get("Authorization", ""), data)
                status, document = 200, message if isinstance(message, dict) else json_format.MessageToDict(message)
            except HTTPException as error:
                status = error.status_code
                document = {"error": {"code": status, "message": error.detail, "status": STATUS[status]}}
            body = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json; charset=UTF-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_PATCH = do_GET

        def log_message(self, *_) -> None:
            pass

    with serving(Handler) as address:
        yield f"http://{address}", vertex
