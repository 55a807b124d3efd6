"""What a search may use, and what it has used."""

import time
from dataclasses import dataclass, field
from typing import Literal

from artifacts.training import SearchBudget

StoppedBy = Literal["trials", "no_gain", "minutes", "cpu_seconds"]


@dataclass
class Spending:
    """Time and processor time of this process since the search began, and of the trials of an attempt before it."""

    budget: SearchBudget
    earlier: float = 0.0  # processor seconds of an attempt that was ended
    began: float = field(default_factory=time.monotonic)
    cpu_began: float = field(default_factory=time.process_time)

    @property
    def cpu_seconds(self) -> float:
        return self.earlier + time.process_time() - self.cpu_began

    def spent(self) -> Literal["minutes", "cpu_seconds"] | None:
        """What is used up; None while there is some left of both."""
        if time.monotonic() - self.began > 60 * self.budget.minutes:
            return "minutes"
        if self.budget.cpu_seconds is not None and self.cpu_seconds > self.budget.cpu_seconds:
            return "cpu_seconds"
        return None
