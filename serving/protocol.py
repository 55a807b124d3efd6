"""Uvicorn's HTTP protocol with limits per connection: bytes of a head, and the time of a request.

httptools accepts a head of any length and waits for its end forever. It does the same with chunk extensions and
trailers: it keeps every line behind the last chunk. A request over these limits is answered here, because the
application has not seen it yet or still waits for its body.
"""

import asyncio
from asyncio.events import TimerHandle
from typing import ClassVar

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from model.errors import Problem
from serving.errors import HeadTooLarge, Overloaded, RequestError, error_json, request_timeout
from serving.metrics import ServerMetrics
from serving.settings import ServerLimits

MAX_HEAD_BYTES = 32_768
MAX_PIPELINED = 64  # requests of one connection that wait behind the one in progress
LINGER_SECONDS = 1.0
# A request must end within this multiple of the seconds for a head, even when it has been answered before its end.
REQUEST_TIME_FACTOR = 3


class HeadError(Exception):
    """Ends the parser's work within one of its callbacks."""


def bounded_protocol(limits: ServerLimits, metrics: ServerMetrics) -> type[HttpToolsProtocol]:
    """The class for uvicorn, which creates an instance for each connection."""
    return type("ServerProtocol", (BoundedProtocol,), {"seconds": float(limits.seconds), "metrics": metrics})


class BoundedProtocol(HttpToolsProtocol):
    """One connection. A request that arrives in one piece, as nearly all do, starts no timer."""

    seconds: ClassVar[float]  # for a head
    metrics: ClassVar[ServerMetrics]

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        super().connection_made(transport)
        self._in_head = self._incomplete = self._is_overdue = self._refused = False
        self._chunk = 0  # bytes that are being parsed
        self._framing = 0  # bytes behind the head, in chunks of data since the last with some of the body
        self._has_body = self._has_begin = False  # whether the chunk has some of the body, and the begin of a request
        self._head_bytes = 0  # of an unfinished head, in earlier chunks
        self._open: list[RequestResponseCycle] = []  # requests that are not completely answered, the oldest first
        self._timer: TimerHandle | None = None
        self._error: RequestError | None = None  # why the parser was stopped
        # A new connection on which nothing is sent is closed like an idle one.
        self.timeout_keep_alive_task = self.loop.call_later(self.timeout_keep_alive, self.timeout_keep_alive_handler)

    def connection_lost(self, exc: Exception | None) -> None:
        self._cancel_timer()
        self._unset_keepalive_if_required()
        self._mark_disconnected()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._refused:
            return
        was_in_head = self._in_head
        self._chunk, self._has_body, self._has_begin = len(data), False, False
        super().data_received(data)
        if self._refused or self.transport.is_closing():
            return
        if not self._incomplete:
            self._cancel_timer()
        elif self._timer is None:
            self._timer = self.loop.call_later(self.seconds, self._on_timeout)
        if self._in_head:
            self._head_bytes += self._chunk if was_in_head and not self._has_begin else 0
            if max(self._head_bytes, self._parsed_bytes()) > MAX_HEAD_BYTES:
                self._refuse(head_too_large())
        elif self._incomplete and not was_in_head:
            self._framing = 0 if self._has_body else self._framing + self._chunk
            if self._framing > MAX_HEAD_BYTES:
                self._refuse_framing()

    # the parser's callbacks

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._cancel_timer()
        self._in_head = self._incomplete = self._has_begin = True
        self._is_overdue = False
        self._head_bytes = self._framing = 0

    def on_headers_complete(self) -> None:
        self._in_head = False
        if self._head_bytes + self._chunk > MAX_HEAD_BYTES and self._parsed_bytes() > MAX_HEAD_BYTES:
            self._error = head_too_large()
            raise HeadError
        if len(self.pipeline) >= MAX_PIPELINED:
            self._error = too_many_pipelined()
            raise HeadError
        super().on_headers_complete()
        self._open = [*(cycle for cycle in self._open if not cycle.response_complete), self.cycle]

    def on_body(self, body: bytes) -> None:
        self._has_body = True
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._incomplete = False
        super().on_message_complete()

    # refusals

    def send_400_response(self, msg: str) -> None:
        """Uvicorn's answer to whatever ends the parser's work."""
        if self._error is None:
            self.metrics.count_refusal(400, "http")
            super().send_400_response(msg)
        else:
            self._refuse(self._error)

    def _refuse(self, error: RequestError, *, has_begun: bool = False) -> None:
        """`has_begun`: the application already has the head of this request and waits for its body."""
        self.metrics.count_refusal(error.status, error.code)
        is_working = self.cycle is not None and not self.cycle.response_complete
        if self.pipeline or (is_working and not has_begun):  # earlier requests are not answered yet
            self._refused = True
            self._cancel_timer()
            self._mark_disconnected()
            self.transport.abort()
            return
        body = error_json(error)
        headers = [
            *self.server_state.default_headers,
            (b"content-type", b"application/json"),
            (b"content-length", str(len(body)).encode()),
            (b"connection", b"close"),
        ]
        lines = [b"%s: %s\r\n" % header for header in headers]
        self.transport.write(b"".join([STATUS_LINE[error.status], *lines, b"\r\n", body]))
        # Closing a connection while its caller still sends resets it, and the answer would be lost.
        self._refused = True
        self.transport.write_eof()
        self._cancel_timer()
        self._timer = self.loop.call_later(LINGER_SECONDS, self.transport.abort)

    def _refuse_framing(self) -> None:
        """The request may have been answered already, before its end."""
        if self.cycle.response_started:
            self.transport.abort()
        else:
            self._mark_disconnected()
            self._refuse(framing_too_large(), has_begun=True)

    def _mark_disconnected(self) -> None:
        """Tell every open request that its caller is gone. Uvicorn tells only the newest one."""
        for cycle in self._open:
            cycle.disconnected = True
            cycle.message_event.set()

    # time

    def timeout_keep_alive_handler(self) -> None:
        """Aborts where the caller has not read its last answer: closing would wait for that."""
        if self.transport.get_write_buffer_size():
            self.transport.abort()
        else:
            super().timeout_keep_alive_handler()

    def _on_timeout(self) -> None:
        """A body has more time than a head: read_body refuses one that is late, and this ends a longer request."""
        self._timer = None
        if self._is_overdue or self.transport.is_closing():
            self.transport.abort()
        elif self._in_head:
            self._refuse(request_timeout("head", self.seconds))
        else:
            self._is_overdue = True
            self._timer = self.loop.call_later((REQUEST_TIME_FACTOR - 1) * self.seconds, self._on_timeout)

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _parsed_bytes(self) -> int:
        return len(self.url) + sum(len(name) + len(value) + len(": \r\n") for name, value in self.headers)


def head_too_large() -> HeadTooLarge:
    problem = f"has more than {MAX_HEAD_BYTES} bytes"
    return HeadTooLarge(Problem("head", problem, "Send fewer and shorter headers", "head-bytes"))


def too_many_pipelined() -> Overloaded:
    problem = f"has {MAX_PIPELINED} requests that wait for their answers"
    return Overloaded(Problem("connection", problem, "Read the answers first", "busy"))


def framing_too_large() -> HeadTooLarge:
    problem = f"has more than {MAX_HEAD_BYTES} bytes around its chunks"
    return HeadTooLarge(Problem("body", problem, "Send it without chunk extensions and trailers", "head-bytes"))
