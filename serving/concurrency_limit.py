"""Limits on what is taken on: requests at once, bytes of a body."""

import asyncio

from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Receive, Scope, Send

from model.errors import Problem
from serving.errors import TooLarge, body_of, busy, gone, too_slow
from serving.metrics import Counts
from serving.settings import Limits

ALWAYS_OPEN = frozenset({"/healthz", "/readyz", "/metrics"})


class Limiter:
    """The outermost layer: above `limit` requests at once it answers 503 itself. Probes and metrics always pass.

    A limit on connections would count idle ones too, and fail the probes when the server is busiest.
    """

    def __init__(self, app: ASGIApp, *, limit: int, counts: Counts) -> None:
        self._app = app
        self._limit = limit
        self._counts = counts
        self._busy = body_of(busy(limit))
        self._now = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in ALWAYS_OPEN:
            await self._app(scope, receive, send)
        elif self._now >= self._limit:
            await self._shed(send)
        else:
            self._now += 1
            try:
                # A short request ends within one turn of the loop. Unless it gives way once, others are only seen
                # after it is done, the count never exceeds one, and the queue grows unseen in the sockets.
                await asyncio.sleep(0)
                await self._app(scope, receive, send)
            finally:
                self._now -= 1

    async def _shed(self, send: Send) -> None:
        self._counts.refused["503"] += 1
        length = str(len(self._busy)).encode()
        headers = [(b"retry-after", b"1"), (b"content-type", b"application/json"), (b"content-length", length)]
        await send({"type": "http.response.start", "status": 503, "headers": headers})
        await send({"type": "http.response.body", "body": self._busy})


async def read_body(request: Request, limits: Limits) -> bytes:
    """The body. Raises TooLarge as soon as it is known to have too many bytes, TooSlow when it stalls,
    CallerGone when the rest will never come."""
    most = limits.max_bytes
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > most:
        raise _too_large(f"has {declared} bytes", most)
    pieces, size = [], 0
    try:
        async with asyncio.timeout(limits.seconds):
            async for piece in request.stream():
                size += len(piece)
                if size > most:
                    raise _too_large("has more bytes", most)
                pieces.append(piece)
    except TimeoutError:
        raise too_slow("body", limits.seconds) from None
    except ClientDisconnect:
        raise gone() from None
    return b"".join(pieces)


def _too_large(found: str, most: int) -> TooLarge:
    hint = f"Send less than that in one request, or raise KAMADO_MAX_BYTES, now {most}"
    return TooLarge(Problem("body", f"{found}, the limit is {most}", hint, "bytes"))
