"""How far the rows of a result are, for people."""

import time
from collections.abc import Callable

from components.extract.sources.bigquery.cost import readable

SECONDS = 5.0  # between two lines


class Progress:
    """Lines like "1,200,000 of 20,000,000 rows, 130.1 MB, 45.2 MB/s", now and then; `total` rows come."""

    def __init__(self, total: int, report: Callable[[str], None]) -> None:
        self._total, self._report = total, report
        self._start = self._last = time.monotonic()

    def update(self, rows: int, size: int) -> None:
        """`size` are bytes in Arrow."""
        if time.monotonic() - self._last >= SECONDS:
            self._last = time.monotonic()
            self._report(self.line(rows, size))

    def line(self, rows: int, size: int) -> str:
        """What is reported."""
        rate = size / max(time.monotonic() - self._start, 1e-3)
        return f"{rows:,} of {self._total:,} rows, {readable(size)}, {readable(rate)}/s"
