"""The days of a table that is partitioned by time, and how many of them a run may read."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta


@dataclass(frozen=True)
class TableDays:
    """`column` has the time by which the table is partitioned; None where it is not. `bytes` are those of each day."""

    column: str | None
    bytes: Mapping[date, int]

    @property
    def end(self) -> date:
        """The day after the newest one."""
        return max(self.bytes) + timedelta(days=1)

    @property
    def total(self) -> int:
        """Calendar days from the first one to `end`."""
        return (self.end - min(self.bytes)).days

    def within(self, limit: int) -> int:
        """The newest days, at least one, whose bytes are at most `limit`."""
        bytes_read = 0
        for days in range(1, self.total + 1):
            bytes_read += self.bytes.get(self.end - timedelta(days=days), 0)
            if bytes_read > limit:
                return max(days - 1, 1)
        return self.total
