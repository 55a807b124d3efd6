"""A thread that writes what the event loop hands over, in batches. Handing over never blocks and never fails."""

import threading
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

PERIOD = 0.2  # seconds between two batches: waking a thread for each item would cost more than the item
CLOSE_SECONDS = 2  # how long the end of the process waits for a reader that does not read

T = TypeVar("T")


class BackgroundWriter(Generic[T]):
    """Calls `write` with what has come since the last call, also with nothing, from its own thread, and
    `finish` at the end.

    At most `limit` rows wait; what comes then is dropped and counted. Neither of the two may raise.
    """

    def __init__(
        self, write: Callable[[list[T]], None], *, limit: int, name: str, finish: Callable[[], None] = lambda: None
    ) -> None:
        self.dropped = 0
        self._write = write
        self._finish = finish
        self._limit = limit
        self._items: deque[tuple[T, int]] = deque()
        self._appended = 0  # rows; changed by the event loop alone
        self._taken = 0  # changed by the thread alone
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def append(self, item: T, rows: int = 1) -> None:
        """Called on the event loop. The item, of so many rows, is written soon, or dropped when too much waits."""
        if self._appended - self._taken + rows > self._limit:
            self.dropped += rows
            return
        self._appended += rows
        self._items.append((item, rows))

    def close(self) -> None:
        """Write what waits, and end; what a stuck reader keeps from being written within 2 seconds is lost."""
        self._closing.set()
        self._thread.join(CLOSE_SECONDS)

    def _run(self) -> None:
        while not self._closing.wait(PERIOD):
            self._write(self._take())
        self._write(self._take())
        self._finish()

    def _take(self) -> list[T]:
        taken = [self._items.popleft() for _ in range(len(self._items))]
        self._taken += sum(rows for _, rows in taken)
        return [item for item, _ in taken]
