"""Limits on what the server accepts: concurrent requests, and bytes and seconds of a body."""

import asyncio

from model.errors import Problem
from serving.asgi import AsgiApp, Receive, Scope, Send
from serving.errors import TooLarge, caller_gone, error_json, overloaded, request_timeout
from serving.metrics import ServerMetrics
from serving.settings import ServerLimits

UNLIMITED_PATHS = frozenset({"/healthz", "/readyz", "/metrics"})


class ConcurrencyLimit:
    """The outermost ASGI layer: above `limit` concurrent requests it answers 503. Probes and metrics always pass.

    A limit on connections would count idle ones too, and fail the probes when the server is busiest.
    """

    def __init__(self, app: AsgiApp, *, limit: int, metrics: ServerMetrics) -> None:
        self._app = app
        self._limit = limit
        self._metrics = metrics
        self._overloaded = error_json(overloaded(limit))
        self._demand = metrics.demand

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in UNLIMITED_PATHS:
            await self._app(scope, receive, send)
        elif self._demand.in_progress >= self._limit:
            await self._refuse(send)
        else:
            begun = self._demand.begin()
            try:
                # A short request ends within one turn of the event loop. Without yielding once, the others are
                # only seen after it is done: the count never exceeds one, and the queue grows in the sockets.
                await asyncio.sleep(0)
                await self._app(scope, receive, send)
            finally:
                self._metrics.observe_request(scope["path"], self._demand.end() - begun)

    async def _refuse(self, send: Send) -> None:
        self._demand.shed += 1
        self._metrics.count_refusal(503, "busy")
        length = str(len(self._overloaded)).encode()
        headers = [(b"retry-after", b"1"), (b"content-type", b"application/json"), (b"content-length", length)]
        await send({"type": "http.response.start", "status": 503, "headers": headers})
        await send({"type": "http.response.body", "body": self._overloaded})


async def read_body(scope: Scope, receive: Receive, limits: ServerLimits) -> bytes:
    """The body.

    Raises TooLarge as soon as it is known to have too many bytes, RequestTimeout when it is late, CallerGone when the
    caller disconnected.
    """
    maximum = limits.max_bytes
    declared = next((value for name, value in scope["headers"] if name == b"content-length"), b"")
    if declared.isdigit() and int(declared) > maximum:
        raise _too_large(f"has {int(declared)} bytes", maximum)
    chunks, size, is_complete = [], 0, False
    try:
        async with asyncio.timeout(limits.seconds):
            while not is_complete:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise caller_gone()
                chunks.append(message["body"])
                size += len(message["body"])
                if size > maximum:
                    raise _too_large("has more bytes", maximum)
                is_complete = not message["more_body"]
    except TimeoutError:
        raise request_timeout("body", limits.seconds) from None
    return b"".join(chunks)


def _too_large(problem: str, maximum: int) -> TooLarge:
    hint = f"Send less than that in one request, or raise KAMADO_MAX_BYTES, now {maximum}"
    return TooLarge(Problem("body", f"{problem}, the limit is {maximum}", hint, "bytes"))
