"""Who is who in the logs: the id of a request, and the trace that its caller says it belongs to."""

import itertools
import re
import secrets
from collections.abc import Iterable
from typing import NamedTuple

from serving.asgi import Header

_ID = re.compile(rb"[!-~]{1,128}")
_TRACEPARENT = re.compile(rb"00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-[0-9a-f]{2}")
_prefix = secrets.token_hex(6)  # of this process: pods must not make the same ids
_number = itertools.count(1)


def request_id(headers: Iterable[Header]) -> bytes:
    """The caller's `x-request-id`, or a new one where it has sent none, or one that no log should hold."""
    for name, value in headers:
        if name == b"x-request-id":
            if _ID.fullmatch(value):
                return value
            break
    return b"%s-%x" % (_prefix.encode(), next(_number))


class Trace(NamedTuple):
    """The caller's span, as lower-case hexadecimal digits."""

    trace_id: str
    span_id: str


def trace(headers: Iterable[Header]) -> Trace | None:
    """The W3C trace context in `traceparent`; None without one, or with one that is not of version 00."""
    match = next((_TRACEPARENT.fullmatch(value) for name, value in headers if name == b"traceparent"), None)
    return Trace(match[1].decode(), match[2].decode()) if match else None
