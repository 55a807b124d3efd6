"""A load of callers who wait for each answer before they send again."""

import select
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle

from bench.serving.connection import Address, Connection

EPOLLIN_OUT = select.EPOLLIN | select.EPOLLOUT


@dataclass(frozen=True)
class Load:
    """What was answered: all of it with 200."""

    seconds: float
    latencies: list[float]

    @property
    def requests(self) -> int:
        return len(self.latencies)

    @property
    def rate(self) -> float:
        """Answers a second."""
        return self.requests / self.seconds


def closed_loop(
    address: Address,
    requests: Sequence[bytes],
    *,
    connections: int,
    seconds: float = float("inf"),
    limit: int | None = None,
) -> Load:
    """Sends `requests` in turn until the seconds are over or `limit` are sent, then waits for what is due.

    Raises RuntimeError for an answer that is not 200, ProtocolError and OSError for a connection that breaks.
    """
    turn = cycle(requests)
    callers = {caller.descriptor: caller for caller in (Connection(address) for _ in range(connections))}
    latencies: list[float] = []
    clock, poll = time.perf_counter, select.epoll()

    def begin(caller: Connection) -> None:
        caller.began = clock()
        if not caller.send(next(turn)):
            poll.modify(caller.descriptor, EPOLLIN_OUT)

    began = clock()
    end, most = began + seconds, limit or float("inf")
    for caller in callers.values():
        poll.register(caller.descriptor, select.EPOLLIN)
        begin(caller)
    waiting = len(callers)
    try:
        while waiting:
            for descriptor, events in poll.poll(1):
                caller = callers[descriptor]
                if events & select.EPOLLOUT and caller.flush():
                    poll.modify(descriptor, select.EPOLLIN)
                if events & ~select.EPOLLOUT and (answer := caller.receive()):
                    now = clock()
                    latencies.append(now - caller.began)
                    if answer.status != 200:
                        raise RuntimeError(f"status {answer.status}: {answer.body[:500]!r}")
                    if now < end and len(latencies) + waiting <= most:
                        begin(caller)
                    else:
                        waiting -= 1
        return Load(clock() - began, latencies)
    finally:
        poll.close()
        for caller in callers.values():
            caller.close()
