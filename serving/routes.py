"""The routes of the server, as one table: what answers them, and what the OpenAPI document says of them.

FastAPI has them all (api.py): it writes the document and answers whatever is asked now and then. The routes that score
are answered before it, as bare ASGI: decision 36. `app.py` fills the table; another module gives a list of `Route`.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from pydantic import BaseModel, JsonValue

from serving.asgi import AsgiApp, Header, Receive, Scope, Send
from serving.errors import RequestError, error_json, server_failed, wrong_type
from serving.exchange import JSON, Reply, Request, send_reply
from serving.limit import read_body
from serving.metrics import ServerMetrics
from serving.settings import ServerLimits

Handler = Callable[[Request], Awaitable[Reply]]
Answers = Mapping[int, tuple[type[BaseModel] | None, str]]  # HTTP status -> type and description


def json_refusal(error: RequestError) -> Reply:
    return Reply(error_json(error), error.status, headers=error.headers)


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
    takes_any_type: bool = False  # else a body that is declared as something else than JSON is refused


def refuse_other_type(headers: Iterable[Header]) -> None:
    """Raises WrongType. Without a declaration a body is JSON."""
    for name, value in headers:
        if name == b"content-type" and value != JSON and value.partition(b";")[0].strip().lower() != JSON:
            raise wrong_type(value)


class ScoringRoutes:
    """The ASGI application in front of FastAPI's: the routes with a body, which are those that score."""

    def __init__(self, table: Sequence[Route], others: AsgiApp, limits: ServerLimits, metrics: ServerMetrics) -> None:
        self._routes = {route.path: route for route in table if route.method == "POST"}
        self._others = others
        self._limits = limits
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        route = self._routes.get(scope["path"]) if scope["method"] == "POST" else None
        if route is None:
            await self._others(scope, receive, send)
            return
        try:
            if not route.takes_any_type:
                refuse_other_type(scope["headers"])
            answer = await route.handler(Request(scope, await read_body(scope, receive, self._limits)))
        except RequestError as error:
            answer = self._refused(scope, route, error)
        except BaseException:  # uvicorn logs it
            await send_reply(scope, self._refused(scope, route, server_failed()), send)
            raise
        await send_reply(scope, answer, send)

    def _refused(self, scope: Scope, route: Route, error: RequestError) -> Reply:
        reply = route.refusal(error)
        if "is_refused" not in scope:  # else the connection has answered and counted it (protocol.py)
            self._metrics.count_refusal(reply.status, error.code)
        return reply
