"""The places for requests in progress, as a part of the protocol of a connection: who has one, and who is answered 503.

Requests are counted when their head is complete. All that have arrived are read before any of them is worked on, so the
count is of what really waits. An ASGI application counts too late: a short request ends within one turn of the event
loop, the count never exceeds one, and the queue grows in the sockets. A request above the limit costs its bytes, one
pattern (head.py; the parser where that does not match) and one write.
"""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any, ClassVar

from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from serving.asgi import AsgiApp, Header, Receive, Scope, Send
from serving.bulk import INLINE_BYTES
from serving.errors import Overloaded, error_json
from serving.exchange import Reply, send_reply
from serving.head import declared_bytes, plain_post_path
from serving.keep_alive import KeepAliveProtocol
from serving.log import in_progress
from serving.overload import ReadyAnswer
from serving.runtime import Runtime
from serving.whole_answer import send_whole


class PlacesProtocol(KeepAliveProtocol):
    """One connection."""

    runtime: ClassVar[Runtime]
    busy: ClassVar[Overloaded]
    busy_answer: ClassVar[ReadyAnswer]

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        super().connection_made(transport)
        self._demand = self.runtime.metrics.demand
        self._is_shed = False  # the newest request

    def _is_above_limit(self) -> bool:
        is_full = self._demand.in_progress >= self.runtime.limits.concurrency
        if not is_full and (not self.runtime.bulk.is_full or declared_bytes(self.headers) <= INLINE_BYTES):
            return False
        return self.url.partition(b"?")[0].decode("latin-1") not in self.runtime.unlimited

    def _is_shed_unparsed(self, data: bytes) -> bool:
        """Whether `data` is a plain request above the limit, which has been answered. The parser never sees it."""
        if self._demand.in_progress < self.runtime.limits.concurrency or self._incomplete or not self._is_idle():
            return False
        if self.flow.write_paused or self.runtime.lifecycle.is_draining or self.transport.is_closing():
            return False
        path = plain_post_path(data)
        is_limited = path is not None and path not in self.runtime.unlimited
        if is_limited:
            self._answer_busy_now(self.busy_answer.whole)
        return is_limited

    def _shed(self) -> None:
        """Answer 503 without asking the application. What arrives of the body is dropped."""
        self._is_shed = True
        if self.flow.write_paused:  # the caller does not read the answers
            self.runtime.metrics.count_refusal(self.busy.status, self.busy.code)
            self.transport.abort()
            return
        self._answer_busy_now(self.busy_answer.head if self.parser.get_method() == b"HEAD" else self.busy_answer.whole)
        # A caller who was going to wait for "100 Continue" may or may not send its body now.
        if not self.parser.should_keep_alive() or self.expect_100_continue or self.runtime.lifecycle.is_draining:
            self.transport.close()

    def _answer_busy_now(self, answer: Callable[[list[Header]], bytes]) -> None:
        self.runtime.metrics.count_refusal(self.busy.status, self.busy.code)
        self.transport.write(answer(self.server_state.default_headers))
        self._idle_since = self.loop.time()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:  # as uvicorn's own
        """Give a request its place. Only one that waited behind another of its connection may find none."""
        if cycle.scope["path"] in self.runtime.unlimited:
            super()._start_asgi_task(cycle, app)
        elif self._demand.in_progress >= self.runtime.limits.concurrency:
            self.runtime.metrics.count_refusal(self.busy.status, self.busy.code)
            super()._start_asgi_task(cycle, self._answer_busy)  # type: ignore[arg-type]  # as below
        else:
            task = self.loop.create_task(self._run(cycle, app, self._demand.begin()))
            task.add_done_callback(self.tasks.discard)
            self.tasks.add(task)

    async def _run(self, cycle: RequestResponseCycle, app: AsgiApp, begun: float) -> None:
        scope: Scope = cycle.scope  # type: ignore[assignment]  # uvicorn has a type for each kind of scope and message
        scope["send_whole"] = partial(send_whole, cycle)
        in_progress.set(scope)
        try:
            await cycle.run_asgi(app)  # type: ignore[arg-type]  # the same
        finally:
            del scope["send_whole"]  # which refers to the scope itself: only the collector would find it
            seconds = self._demand.end() - begun
            self.runtime.metrics.observe_request(scope["path"], seconds)
            if self.runtime.log.has_requests:
                self.runtime.log.request(scope, seconds)

    async def _answer_busy(self, scope: Scope, _receive: Receive, send: Send) -> None:
        await send_reply(scope, Reply(error_json(self.busy), self.busy.status, headers=self.busy.headers), send)
