"""The one thread for large bodies, from their bytes to those of their answers, and how many may wait for it.

Beside the event loop, probes and single rows do not wait for a batch. One thread, because a second would only share the
processor. The bodies that wait are bounded: each may have megabytes, and what waits longer than its caller is wasted.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from serving.errors import overloaded

INLINE_BYTES = 16_384  # a shorter body is scored in less time than handing it to a thread and back would take
MAX_BULK = 4  # in the thread and waiting; never more than a quarter of the requests that may be in progress

T = TypeVar("T")


class BulkThread:
    """Runs work in its thread, in order. Used from the event loop only."""

    def __init__(self, concurrency: int) -> None:
        self.limit = max(1, min(MAX_BULK, concurrency // 4))
        self._waiting = 0
        self._thread = ThreadPoolExecutor(1, "bulk")

    @property
    def is_full(self) -> bool:
        return self._waiting >= self.limit

    async def run(self, work: Callable[[], T]) -> T:
        """The result of the work. Raises Overloaded at once when too much waits already."""
        if self.is_full:
            raise overloaded(self.limit, "large bodies")
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, work)
        finally:
            self._waiting -= 1
