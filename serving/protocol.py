"""Uvicorn's HTTP protocol with limits: requests at a time (places.py), bytes of a head, and the time of a request.

httptools accepts a head of any length and waits for its end forever. It does the same with chunk extensions and
trailers: it keeps every line behind the last chunk. A request over these limits is answered here, because the
application has not seen it yet or still waits for its body.
"""

import asyncio
from asyncio.events import TimerHandle
from typing import ClassVar

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from serving.errors import (
    RequestError,
    error_json,
    framing_too_large,
    head_too_large,
    overloaded,
    request_timeout,
    too_many_pipelined,
)
from serving.head import MAX_HEAD_BYTES, parsed_bytes
from serving.overload import ReadyAnswer, answer_head
from serving.places import PlacesProtocol
from serving.request_id import request_id
from serving.runtime import Runtime

MAX_PIPELINED = 64  # requests of one connection that wait behind the one in progress
LINGER_SECONDS = 1.0
# A request must end within this multiple of the seconds for a head, even when it has been answered before its end.
REQUEST_TIME_FACTOR = 3


class HeadError(Exception):
    """Ends the parser's work within one of its callbacks."""


def bounded_protocol(runtime: Runtime) -> type[HttpToolsProtocol]:
    """The class for uvicorn, which creates an instance for each connection."""
    limits = runtime.limits
    busy = overloaded(limits.concurrency)
    attributes = {"runtime": runtime, "seconds": float(limits.seconds), "busy": busy, "busy_answer": ReadyAnswer(busy)}
    return type("ServerProtocol", (BoundedProtocol,), attributes)


class BoundedProtocol(PlacesProtocol):
    """One connection. A request that arrives in one piece, as nearly all do, starts no timer."""

    seconds: ClassVar[float]  # for a head

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        super().connection_made(transport)
        # Every answer is sent when it is ready. With a buffer uvloop sends all answers of a turn at its end.
        transport.set_write_buffer_limits(high=0)
        self._in_head = self._is_overdue = self._refused = False
        self._chunk = 0  # bytes that are being parsed
        self._framing = 0  # bytes behind the head, in chunks of data since the last with some of the body
        self._has_body = self._has_begin = False  # whether the chunk has some of the body, and the begin of a request
        self._head_bytes = 0  # of an unfinished head, in earlier chunks
        self._open: list[RequestResponseCycle] = []  # requests that are not completely answered, the oldest first
        self._timer: TimerHandle | None = None
        self._error: RequestError | None = None  # why the parser was stopped

    def connection_lost(self, exc: Exception | None) -> None:
        self._cancel_timer()
        self._mark_disconnected()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._refused or self._is_shed_unparsed(data):
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
            if max(self._head_bytes, parsed_bytes(self.url, self.headers)) > MAX_HEAD_BYTES:
                self._refuse(head_too_large(MAX_HEAD_BYTES))
        elif self._incomplete and not was_in_head:
            self._framing = 0 if self._has_body else self._framing + self._chunk
            if self._framing > MAX_HEAD_BYTES:
                self._refuse_framing()

    # the parser's callbacks

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._cancel_timer()
        self._in_head = self._incomplete = self._has_begin = True
        self._is_overdue = self._is_shed = False
        self._head_bytes = self._framing = 0

    def on_headers_complete(self) -> None:
        if self.has_offer:  # it comes again
            return
        if self._head_bytes + self._chunk > MAX_HEAD_BYTES and parsed_bytes(self.url, self.headers) > MAX_HEAD_BYTES:
            self._error = head_too_large(MAX_HEAD_BYTES)
            raise HeadError
        if len(self.pipeline) >= MAX_PIPELINED:
            self._error = too_many_pipelined(MAX_PIPELINED)
            raise HeadError
        if self._is_idle():
            if self._is_above_limit():
                self._in_head = False
                self._shed()
                return
            super().on_headers_complete()
            self._open = [self.cycle]
        else:
            super().on_headers_complete()
            self._open = [*(cycle for cycle in self._open if not cycle.response_complete), self.cycle]
        self._in_head = False
        name = self.scope["request_id"] = request_id(self.headers)  # type: ignore[typeddict-unknown-key]
        self.cycle.default_headers = [*self.server_state.default_headers, (b"x-request-id", name)]
        if self.runtime.lifecycle.is_draining:
            self.cycle.keep_alive = False

    def on_body(self, body: bytes) -> None:
        self._has_body = True
        if not self._is_shed:
            super().on_body(body)

    def on_message_complete(self) -> None:
        if self.has_offer:
            return
        self._incomplete = False
        if not self._is_shed:
            super().on_message_complete()
            if self._has_begin:  # the application has not seen it yet
                self.scope["body"] = bytes(self.cycle.body)  # type: ignore[typeddict-unknown-key]

    # refusals

    def send_400_response(self, msg: str) -> None:
        """Called for whatever ends the parser's work. No request gets the answer to another one, or two answers."""
        if self._error is not None:
            self._refuse(self._error)
            return
        self.runtime.metrics.count_refusal(400, "http")
        is_body = self._incomplete and not self._in_head
        earlier = [cycle for cycle in self._open if not cycle.response_complete]
        if is_body and not self._is_shed and self.cycle in earlier:  # it is this request's own
            earlier.remove(self.cycle)
            self.scope["is_refused"] = True  # type: ignore[typeddict-unknown-key]
            if self.pipeline:
                self.pipeline.popleft()
        if earlier:
            earlier[-1].keep_alive = False
            self._refused, self._incomplete = True, False
            self._cancel_timer()
        elif is_body and (self._is_shed or self.cycle.response_started):
            self.transport.close()
        else:
            super().send_400_response(msg)

    def _refuse(self, error: RequestError, *, has_begun: bool = False) -> None:
        """`has_begun`: the application already has the head of this request and waits for its body."""
        self.runtime.metrics.count_refusal(error.status, error.code)
        is_working = self.cycle is not None and not self.cycle.response_complete
        if self.pipeline or (is_working and not has_begun):  # earlier requests are not answered yet
            self._refused = True
            self._cancel_timer()
            self._mark_disconnected()
            self.transport.abort()
            return
        body = error_json(error)
        headers = [*self.server_state.default_headers, (b"connection", b"close")]
        self.transport.write(answer_head(error, len(body), headers) + body)
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
            self.scope["is_refused"] = True  # type: ignore[typeddict-unknown-key]
            self._mark_disconnected()
            self._refuse(framing_too_large(MAX_HEAD_BYTES), has_begun=True)

    def _mark_disconnected(self) -> None:
        """Tell every open request that its caller is gone. Uvicorn tells only the newest one."""
        for cycle in self._open:
            cycle.disconnected = True
            cycle.message_event.set()

    # time

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
