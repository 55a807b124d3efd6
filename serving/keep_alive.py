"""Idle connections: one timer for a connection, where uvicorn starts and stops one for each answer."""

import asyncio

from serving.plain_http import PlainHttpProtocol


class KeepAliveProtocol(PlainHttpProtocol):
    """One connection. It is idle between two requests, and when it is new."""

    _incomplete: bool  # a request has begun, and has not arrived completely
    _idle_since: float

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        super().connection_made(transport)
        self._incomplete = False
        self._idle_since = self.loop.time()
        # A new connection on which nothing is sent is closed like an idle one.
        self._wait_for_idleness(self.timeout_keep_alive)

    def connection_lost(self, exc: Exception | None) -> None:
        super()._unset_keepalive_if_required()
        super().connection_lost(exc)

    def _is_idle(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def on_response_complete(self) -> None:
        """As uvicorn's, without a timer for each answer: `timeout_keep_alive_handler` looks when the last one was."""
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
        else:
            self._idle_since = self.loop.time()

    def _unset_keepalive_if_required(self) -> None:
        """Uvicorn calls this whenever data arrives; the timer goes on."""

    def timeout_keep_alive_handler(self) -> None:
        """Closes an idle connection, or aborts it when its last answer was not read: closing would wait for that."""
        is_busy = self._incomplete or not self._is_idle()
        idle_seconds = 0.0 if is_busy else self.loop.time() - self._idle_since
        if idle_seconds < self.timeout_keep_alive:
            self._wait_for_idleness(self.timeout_keep_alive - idle_seconds)
        elif self.transport.get_write_buffer_size():
            self.transport.abort()
        else:
            super().timeout_keep_alive_handler()

    def _wait_for_idleness(self, seconds: float) -> None:
        self.timeout_keep_alive_task = self.loop.call_later(seconds, self.timeout_keep_alive_handler)
