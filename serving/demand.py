"""How much work is asked for: the requests in progress, and those that were refused because there were too many.

Requests in progress alone end at the limit: an autoscaler that follows them does not see an overload. Demand is how
many requests would be in progress if none had been refused: the time average of those in progress, times all that asked
for a place over those that got one (Little's law: a refused request would have taken as long as the others).
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter

WINDOW = 15  # seconds over which demand is averaged; the autoscaler's own period is about as long


@dataclass(frozen=True)
class _Mark:
    """The sums at one moment. `area` is the integral of the requests in progress over time, in request seconds."""

    time: float
    area: float
    begun: int
    shed: int


class Demand:
    """Counts places taken, given back and refused. On the event loop only."""

    __slots__ = ("_area", "_begun", "_changed", "_clock", "_marks", "in_progress", "shed")

    def __init__(self, clock: Callable[[], float] = perf_counter) -> None:
        self.in_progress = 0
        self.shed = 0
        self._begun = 0
        self._area = 0.0
        self._clock = clock
        self._changed = clock()
        self._marks = deque([_Mark(self._changed, 0.0, 0, 0)], maxlen=WINDOW + 1)

    def begin(self) -> float:
        """A request takes a place. The time, in seconds."""
        now = self._advance()
        self.in_progress += 1
        self._begun += 1
        return now

    def end(self) -> float:
        """It gives the place back. The time."""
        now = self._advance()
        self.in_progress -= 1
        return now

    def mark(self) -> None:
        """Called once a second: the window begins at the oldest mark."""
        now = self._advance()
        self._marks.append(_Mark(now, self._area, self._begun, self.shed))

    def concurrency(self) -> float:
        """The demand in the window, in requests at the same time."""
        now = self._advance()
        oldest = self._marks[0]
        begun, shed = self._begun - oldest.begun, self.shed - oldest.shed
        in_progress = (self._area - oldest.area) / max(now - oldest.time, 1e-9)
        return in_progress * (begun + shed) / begun if begun else in_progress * (1 + shed)

    def _advance(self) -> float:
        now = self._clock()
        self._area += self.in_progress * (now - self._changed)
        self._changed = now
        return now
