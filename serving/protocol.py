"""Uvicorn's HTTP protocol with an end to what one connection may hold: bytes of a head, and time for all of a request.

httptools takes a head of any length and waits for its end without end, and so it does with what stands around the
chunks of a body: it keeps every line behind the last one. What is cut off there is answered here: the application has
not been asked yet, or waits for the rest.
"""

import asyncio
from asyncio.events import TimerHandle
from typing import ClassVar

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from model.errors import Problem
from serving.errors import Busy, HeadTooLarge, RequestError, body_of, too_slow
from serving.metrics import Counts
from serving.settings import Limits

HEAD_BYTES = 32_768
MOST_WAITING = 64  # requests of one connection, behind the one that is worked on
LINGER_SECONDS = 1.0
WHOLE = 3  # times the seconds of a head: until the last byte of a request, whatever has been answered meanwhile


class HeadError(Exception):
    """Ends the parser's work within one of its callbacks."""


def bounded_protocol(limits: Limits, counts: Counts) -> type[HttpToolsProtocol]:
    """The class for uvicorn, which makes an object of it for each connection."""
    return type("ServerProtocol", (BoundedProtocol,), {"seconds": float(limits.seconds), "counts": counts})


class BoundedProtocol(HttpToolsProtocol):
    """One connection. A request that arrives in one piece, as nearly all do, sets no timer."""

    seconds: ClassVar[float]  # for a head
    counts: ClassVar[Counts]

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        super().connection_made(transport)
        self._in_head = self._incomplete = self._late_once = self._refused = False
        self._piece = 0  # bytes that are being parsed
        self._framing = 0  # bytes behind the head, in pieces since the last that had some of the body
        self._has_body = self._began = False  # whether the piece has some, and the begin of a request
        self._head_bytes = 0  # of an unfinished head, in earlier pieces
        self._open: list[RequestResponseCycle] = []  # requests without their whole answer, the oldest first
        self._timer: TimerHandle | None = None
        self._refusal: RequestError | None = None  # why the parser was stopped
        # A connection on which nothing is ever sent ends like one on which nothing more is sent.
        self.timeout_keep_alive_task = self.loop.call_later(self.timeout_keep_alive, self.timeout_keep_alive_handler)

    def connection_lost(self, exc: Exception | None) -> None:
        self._unset_timer()
        self._unset_keepalive_if_required()
        self._let_go()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._refused:
            return
        was_in_head = self._in_head
        self._piece, self._has_body, self._began = len(data), False, False
        super().data_received(data)
        if self._refused or self.transport.is_closing():
            return
        if not self._incomplete:
            self._unset_timer()
        elif self._timer is None:
            self._timer = self.loop.call_later(self.seconds, self._be_late)
        if self._in_head:
            self._head_bytes += self._piece if was_in_head and not self._began else 0
            if max(self._head_bytes, self._parsed_bytes()) > HEAD_BYTES:
                self._refuse(head_too_large())
        elif self._incomplete and not was_in_head:
            self._framing = 0 if self._has_body else self._framing + self._piece
            if self._framing > HEAD_BYTES:
                self._refuse_framing()

    # the parser's callbacks

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._unset_timer()
        self._in_head = self._incomplete = self._began = True
        self._late_once = False
        self._head_bytes = self._framing = 0

    def on_headers_complete(self) -> None:
        self._in_head = False
        if self._head_bytes + self._piece > HEAD_BYTES and self._parsed_bytes() > HEAD_BYTES:
            self._refusal = head_too_large()
            raise HeadError
        if len(self.pipeline) >= MOST_WAITING:
            self._refusal = too_many_waiting()
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
        if self._refusal is None:
            self.counts.refused["400"] += 1
            super().send_400_response(msg)
        else:
            self._refuse(self._refusal)

    def _refuse(self, refusal: RequestError, *, has_begun: bool = False) -> None:
        """`has_begun`: the application has the head of this request already, and waits for its body."""
        self.counts.refused[str(refusal.status)] += 1
        is_working = self.cycle is not None and not self.cycle.response_complete
        if self.pipeline or (is_working and not has_begun):  # what comes before it is not answered yet
            self._refused = True
            self._unset_timer()
            self._let_go()
            self.transport.abort()
            return
        body = body_of(refusal)
        headers = [
            *self.server_state.default_headers,
            (b"content-type", b"application/json"),
            (b"content-length", str(len(body)).encode()),
            (b"connection", b"close"),
        ]
        lines = [b"%s: %s\r\n" % header for header in headers]
        self.transport.write(b"".join([STATUS_LINE[refusal.status], *lines, b"\r\n", body]))
        # A connection that is closed while its caller still sends is reset, and the answer is lost on its way.
        self._refused = True
        self.transport.write_eof()
        self._unset_timer()
        self._timer = self.loop.call_later(LINGER_SECONDS, self.transport.abort)

    def _refuse_framing(self) -> None:
        """Of a request that may have been answered already, without its end."""
        if self.cycle.response_started:
            self.transport.abort()
        else:
            self._let_go()
            self._refuse(framing_too_large(), has_begun=True)

    def _let_go(self) -> None:
        """Nobody reads what is answered from here on. Uvicorn tells this to the newest request alone."""
        for cycle in self._open:
            cycle.disconnected = True
            cycle.message_event.set()

    # time

    def timeout_keep_alive_handler(self) -> None:
        """Also of a caller that never took its last answer: closing would wait for him."""
        if self.transport.get_write_buffer_size():
            self.transport.abort()
        else:
            super().timeout_keep_alive_handler()

    def _be_late(self) -> None:
        """A body has more time than a head: read_body tells when it stalls, and this ends what goes on after that."""
        self._timer = None
        if self._late_once or self.transport.is_closing():
            self.transport.abort()
        elif self._in_head:
            self._refuse(too_slow("head", self.seconds))
        else:
            self._late_once = True
            self._timer = self.loop.call_later((WHOLE - 1) * self.seconds, self._be_late)

    def _unset_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _parsed_bytes(self) -> int:
        return len(self.url) + sum(len(name) + len(value) + len(": \r\n") for name, value in self.headers)


def head_too_large() -> HeadTooLarge:
    found = f"has more than {HEAD_BYTES} bytes"
    return HeadTooLarge(Problem("head", found, "Send fewer and shorter headers", "head-bytes"))


def too_many_waiting() -> Busy:
    found = f"has {MOST_WAITING} requests that wait for their answers"
    return Busy(Problem("connection", found, "Read the answers first", "busy"))


def framing_too_large() -> HeadTooLarge:
    found = f"has more than {HEAD_BYTES} bytes around its chunks"
    return HeadTooLarge(Problem("body", found, "Send it without chunk extensions and trailers", "head-bytes"))
