"""Limits on what a request costs: bytes and seconds of a body. places.py limits how many there are at once."""

import asyncio

from model.errors import Problem
from serving.asgi import Receive, Scope
from serving.errors import TooLarge, caller_gone, request_timeout
from serving.head import declared_bytes
from serving.settings import ServerLimits

# Answered whatever the load: a readiness probe that failed at the peak would remove the pod just then.
UNLIMITED_PATHS = frozenset({"/healthz", "/readyz", "/metrics"})


async def read_body(scope: Scope, receive: Receive, limits: ServerLimits) -> bytes:
    """The body: at once where it has arrived with its head (protocol.py), as that of nearly every single row.

    Raises TooLarge as soon as it is known to have too many bytes, RequestTimeout when it is late, CallerGone when the
    caller disconnected.
    """
    maximum = limits.max_bytes
    whole: bytes | None = scope.get("body")
    if whole is not None and len(whole) <= maximum:
        return whole
    declared = declared_bytes(scope["headers"])
    if declared > maximum:
        raise _too_large(f"has {declared} bytes", maximum)
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
