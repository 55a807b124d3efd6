"""A request whose body has arrived, and the answer to it: what handlers take and return."""

from typing import NamedTuple
from urllib.parse import parse_qsl

from serving.asgi import Header, Scope, Send
from serving.metrics import Phases

JSON = b"application/json"
HTML = b"text/html; charset=utf-8"
METRICS = b"text/plain; version=0.0.4; charset=utf-8"  # of Prometheus


class Request:
    """`body` is complete, and empty for a GET."""

    __slots__ = ("_scope", "body")

    def __init__(self, scope: Scope, body: bytes) -> None:
        self._scope = scope
        self.body = body

    @property
    def query(self) -> dict[str, str]:
        """Parameters by name; the last of several equal ones, and "" for one without a value."""
        text: bytes = self._scope["query_string"]
        return dict(parse_qsl(text.decode("latin-1"), keep_blank_values=True)) if text else {}

    def header(self, name: bytes) -> str | None:
        """The first header of this name, which is in lower case; None where there is none."""
        headers: list[Header] = self._scope["headers"]
        for key, value in headers:
            if key == name:
                return value.decode("latin-1")
        return None

    def headers_from(self, prefix: bytes) -> list[Header]:
        """The headers whose names begin so, in lower case."""
        return [header for header in self._scope["headers"] if header[0].startswith(prefix)]

    @property
    def id(self) -> str:
        """The caller's `x-request-id`, or the server's own."""
        name: bytes = self._scope["request_id"]
        return name.decode()

    def took(self, phases: Phases) -> None:
        """For the log."""
        self._scope["phases"] = phases


class Reply(NamedTuple):
    """A status, a body and its type. `headers` are those beside content-type and content-length."""

    body: bytes
    status: int = 200
    content_type: bytes = JSON
    headers: tuple[Header, ...] = ()


async def send_reply(scope: Scope, answer: Reply, send: Send) -> None:
    """In one piece where the server offers that (protocol.py), else as messages."""
    length = str(len(answer.body)).encode()
    headers = [(b"content-type", answer.content_type), (b"content-length", length), *answer.headers]
    send_whole = scope.get("send_whole")
    if send_whole is None or not send_whole(answer.status, headers, answer.body):
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": answer.body})
