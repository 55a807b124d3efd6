"""Uvicorn's server with a stop in order: readiness off, the drain, the requests in progress, the end.

A balancer needs a moment until it has seen that a server is not ready, and sends requests until then: they are
answered, each as the last of its connection. Then the listener and idle connections are closed, and what is in progress
is finished. The whole takes at most STOP_SECONDS. A second signal ends it at once.
"""

import asyncio
import signal
import socket
from collections.abc import Callable
from time import monotonic
from types import FrameType

import uvicorn

from serving.background import CLOSE_SECONDS
from serving.runtime import Runtime

STOP_SECONDS = 20  # of the whole stop
LOG_SECONDS = 2 * CLOSE_SECONDS  # of it, for two logs whose reader is stuck, or whose disk
TICKS_PER_SECOND = 10  # uvicorn's


class GracefulServer(uvicorn.Server):
    """Stops by SIGTERM after the drain, by SIGINT without one."""

    def __init__(self, config: uvicorn.Config, runtime: Runtime, *, drain_seconds: int) -> None:
        super().__init__(config)
        self._runtime = runtime
        self._drain_seconds = drain_seconds
        self._stop_at = 0.0
        self._signal: signal.Signals | None = None  # that began the drain, until the log has it
        self._abort: Callable[[], object] | None = None

    def handle_exit(self, sig: int, _frame: FrameType | None) -> None:
        """The first signal begins the drain. A second one drops what is in progress."""
        if self._runtime.lifecycle.is_draining:
            self.should_exit = self.force_exit = True
            if self._abort is not None:
                self._abort()
            return
        self._runtime.lifecycle.is_draining = True
        self._stop_at = monotonic() + (self._drain_seconds if sig == signal.SIGTERM else 0)
        self._signal = signal.Signals(sig)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        loop = asyncio.get_running_loop()
        self._abort = lambda: loop.call_soon_threadsafe(self._abort_connections)
        await super().startup(sockets)

    async def on_tick(self, counter: int) -> bool:
        """Ten times a second."""
        if counter % TICKS_PER_SECOND == 0:
            self._runtime.metrics.demand.mark()
        if self._signal is not None:
            self._runtime.log.event("stopping", f"not ready any more: {self._signal.name}")
            self._signal = None
        if self._runtime.lifecycle.is_draining and monotonic() >= self._stop_at:
            self.should_exit = True
        return await super().on_tick(counter)

    def _abort_connections(self) -> None:
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        for task in self.server_state.tasks:
            task.cancel()
