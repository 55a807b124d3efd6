"""Batches on their way from their source to DuckDB.

The source runs in the thread that calls `send`, which an interrupt reaches while a service says nothing. DuckDB reads
in another one.
"""

import itertools
import queue
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

WAITING = 2  # batches
POLL_SECONDS = 0.1


class BatchFeed:
    """Sends each batch once. `batches` are of one schema."""

    def __init__(self, batches: Iterable["pa.RecordBatch"]) -> None:
        self._batches = batches
        self._waiting: queue.Queue[pa.RecordBatch | None] = queue.Queue(WAITING)
        self._stopped = threading.Event()

    def send(self, reading: "Future[int]") -> None:
        """All batches and their end, unless `reading` is done before. Raises what the source raises."""
        for batch in itertools.chain(self._batches, [None]):
            while not reading.done():
                try:
                    self._waiting.put(batch, timeout=POLL_SECONDS)
                except queue.Full:
                    continue
                break
            else:
                return

    def stop(self) -> None:
        """No more batches come: who receives them fails."""
        self._stopped.set()

    def received(self) -> Iterator["pa.RecordBatch"]:
        """The batches, for the other thread. Raises EOFError after `stop`."""
        while not self._stopped.is_set():
            try:
                batch = self._waiting.get(timeout=POLL_SECONDS)
            except queue.Empty:
                continue
            if batch is None:
                return
            yield batch
        raise EOFError("the source has stopped")
