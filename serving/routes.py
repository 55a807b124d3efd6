"""The routes of the server, as one table: what answers them, and what the OpenAPI document says of them.

It is an ASGI application of its own. A web framework would add its own cost to each request and to the start, and the
routes of one model are a fixed table. `app.py` fills it; another module gives its routes as a list of `Route`.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from pydantic import BaseModel, JsonValue

from model.errors import Problem
from serving.asgi import Receive, Scope, Send
from serving.errors import RequestError, error_json, server_failed
from serving.exchange import Reply, Request, send_reply
from serving.limit import read_body
from serving.metrics import ServerMetrics
from serving.settings import ServerLimits

Handler = Callable[[Request], Awaitable[Reply]]
Answers = Mapping[int, tuple[type[BaseModel] | None, str]]  # HTTP status -> type and description


def json_refusal(error: RequestError) -> Reply:
    return Reply(error_json(error), error.status)


def constant(reply: Reply) -> Handler:
    """The handler of a route whose answer never changes."""

    async def handler(_: Request) -> Reply:
        return reply

    return handler


@dataclass(frozen=True, kw_only=True)
class Operation:
    """What the OpenAPI document says of a route. What it answers is by HTTP status."""

    id: str
    summary: str
    tag: str
    answers: Answers
    body: Mapping[str, JsonValue] | None = None  # an OpenAPI request body
    parameters: tuple[Mapping[str, JsonValue], ...] = ()  # OpenAPI parameters, of the query and of headers
    description: str = ""


@dataclass(frozen=True)
class Route:
    """Answers requests of one method and path. Without an operation it is not in the OpenAPI document.

    A handler raises RequestError for a request that gets no score.
    """

    method: str
    path: str
    handler: Handler
    operation: Operation | None = None
    refusal: Callable[[RequestError], Reply] = json_refusal


@dataclass(frozen=True)
class Routes:
    """The ASGI application of a table of routes."""

    table: Sequence[Route]
    limits: ServerLimits
    metrics: ServerMetrics
    not_found: Callable[[str], Reply | None] = lambda _: None  # for a path without a route; None is the general answer
    _by_path: dict[str, dict[str, Route]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        for route in self.table:
            self._by_path.setdefault(route.path, {})[route.method] = route

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        methods = self._by_path.get(scope["path"], {})
        route = methods.get(scope["method"])
        if route is None:
            own = None if methods else self.not_found(scope["path"])
            await send_reply(own or _no_route(scope, methods), send)
            return
        try:
            body = b"" if route.method == "GET" else await read_body(scope, receive, self.limits)
            answer = await route.handler(Request(scope, body))
        except RequestError as error:
            answer = self._refused(route, error)
        except BaseException:  # uvicorn logs it
            await send_reply(self._refused(route, server_failed()), send)
            raise
        await send_reply(answer, send)

    def _refused(self, route: Route, error: RequestError) -> Reply:
        self.metrics.count_refusal(error.status, error.code)
        return route.refusal(error)


def _no_route(scope: Scope, methods: Mapping[str, Route]) -> Reply:
    """An unknown path, or else an unknown method, answered like every other error."""
    where = f"{scope['method']} {scope['path']}"
    problem = Problem(where, "is not a route of this server", "/docs lists the routes", "route")
    body = error_json(RequestError(problem))
    if not methods:
        return Reply(body, 404)
    return Reply(body, 405, headers=((b"allow", ", ".join(sorted(methods)).encode()),))
