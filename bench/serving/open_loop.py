"""A load that does not wait: requests are due at random moments at a given rate, answered or not.

Each is sent on an idle connection, a new one where there is none, as a mesh does. What an answer took counts from
the moment at which its request was due, also where the client was late.
"""

import select
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import cycle

import numpy as np

from bench.serving.connection import Address, Connection, ProtocolError

MOST_CONNECTIONS = 400
DRAIN_SECONDS = 5.0
SEED = 3
BATCH = 8  # requests that are sent before answers are read again
LONGEST_WAIT = 0.05
SPIN_SECONDS = 0.003  # a shorter wait is none: epoll's are whole milliseconds, and would make bursts of single requests


@dataclass
class OpenLoad:
    """Seconds of the answers with 200 and with 503, and what had neither."""

    seconds: float = 0.0
    accepted: list[float] = field(default_factory=list)
    shed: list[float] = field(default_factory=list)
    lateness: list[float] = field(default_factory=list)
    unsent: int = 0
    failures: dict[str, int] = field(default_factory=dict)

    @property
    def rate(self) -> float:
        """Accepted answers a second."""
        return len(self.accepted) / self.seconds

    def fail(self, reason: str) -> None:
        self.failures[reason] = self.failures.get(reason, 0) + 1


class OpenLoop:
    """The connections of one load."""

    def __init__(self, address: Address, requests: Sequence[bytes]) -> None:
        self._address = address
        self._requests = cycle(requests)
        self._poll = select.epoll()
        self._open: dict[int, Connection] = {}
        self._idle: list[Connection] = []
        self._load = OpenLoad()

    def run(self, *, rate: float, seconds: float) -> OpenLoad:
        """`rate` requests a second, as a Poisson process, for `seconds`; then waits for what is still due."""
        gaps = np.random.default_rng(SEED).exponential(1 / rate, int(rate * seconds))
        due = (time.perf_counter() + np.cumsum(gaps)).tolist()
        began, number = time.perf_counter(), 0
        end = began + seconds + DRAIN_SECONDS
        while (now := time.perf_counter()) < end and (number < len(due) or len(self._idle) < len(self._open)):
            first = number
            while number < len(due) and due[number] <= now and number - first < BATCH:
                self._send(due[number])
                number += 1
            idle = due[number] - now if number < len(due) else LONGEST_WAIT
            for descriptor, events in self._poll.poll(min(idle, LONGEST_WAIT) if idle > SPIN_SECONDS else 0):
                self._event(descriptor, events)
        for _ in range(len(self._open) - len(self._idle)):
            self._load.fail(f"no answer within {DRAIN_SECONDS:g} s of the end")
        for connection in self._open.values():
            connection.close()
        self._poll.close()
        self._load.seconds = seconds
        return self._load

    def _send(self, due: float) -> None:
        while True:
            is_pooled = bool(self._idle)
            connection = self._idle.pop() if is_pooled else self._connect()
            if connection is None:
                self._load.unsent += 1
                return
            connection.began = due
            self._load.lateness.append(time.perf_counter() - due)
            try:
                if not connection.send(next(self._requests)):
                    self._poll.modify(connection.descriptor, select.EPOLLIN | select.EPOLLOUT)
                return
            except OSError as error:
                self._drop(connection)
                if not is_pooled:  # an idle one may have been closed by the server: that is not a failure
                    self._load.fail(repr(error))
                    return

    def _connect(self) -> Connection | None:
        if len(self._open) >= MOST_CONNECTIONS:
            return None
        try:
            connection = Connection(self._address)
        except OSError:
            return None
        self._open[connection.descriptor] = connection
        self._poll.register(connection.descriptor, select.EPOLLIN)
        return connection

    def _event(self, descriptor: int, events: int) -> None:
        connection = self._open.get(descriptor)
        if connection is None:
            return
        try:
            if events & select.EPOLLOUT and connection.flush():
                self._poll.modify(descriptor, select.EPOLLIN)
            answer = connection.receive() if events & ~select.EPOLLOUT else None
        except (OSError, ProtocolError) as error:
            if connection in self._idle:
                self._idle.remove(connection)
            else:
                self._load.fail(repr(error))
            self._drop(connection)
            return
        if answer is None:
            return
        took = time.perf_counter() - connection.began
        if answer.status == 200:
            self._load.accepted.append(took)
        elif answer.status == 503:
            self._load.shed.append(took)
        else:
            self._load.fail(f"status {answer.status}")
        self._idle.append(connection)

    def _drop(self, connection: Connection) -> None:
        del self._open[connection.descriptor]
        connection.close()
