"""Trouble that passes by itself: a busy registry, a lost connection. Waiting longer each time, never in step."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TypeVar

from build.oci.deadline import Overdue

Done = TypeVar("Done")
BUSY = (408, 429, 500, 502, 503, 504)


class RetryableError(Exception):
    """Worth another attempt, after `wait` seconds at least."""

    def __init__(self, found: str, wait: float = 0.0) -> None:
        super().__init__(found)
        self.wait = wait


@dataclass(frozen=True)
class RetryPolicy:
    """How often and how long. The wait is drawn between 0 and a bound that doubles ("full jitter"), so that builders
    which were turned away together do not come back together."""

    attempts: int = 6
    first: float = 0.25
    longest: float = 20.0
    answer: float = 60.0  # seconds without a byte after which an attempt has failed
    whole: float = 180.0  # for all of a small answer, or a megabyte of a large one: it comes, and never ends
    listing: float = 600.0  # for all pages of a list
    pages: int = 10_000

    def until_done(self, work: Callable[[], Done]) -> Done:
        """Do `work`, from its start again after each Passing. Raises the last one."""
        for attempt in range(1, self.attempts + 1):
            try:
                return work()
            except RetryableError as trouble:
                if attempt == self.attempts:
                    raise
                self.pause(attempt, trouble.wait)
        raise AssertionError("at least one attempt is made")

    def pause(self, attempt: int, least: float = 0.0) -> None:
        """Wait after the attempt of this number, from 1."""
        drawn = random.uniform(0, min(self.longest, self.first * 2**attempt))
        time.sleep(max(min(least, self.longest), drawn))


def why(error: BaseException) -> str:
    """The innermost reason, in the system's words."""
    inner = root_cause(error)
    return str(getattr(inner, "strerror", None) or inner)


def root_cause(error: BaseException) -> BaseException:
    """What began it: requests wraps urllib3's errors, which wrap those of the system."""
    if isinstance(error, Overdue):
        return error
    within = (getattr(error, "reason", None), error.__cause__, *error.args)
    inner = next((one for one in within if isinstance(one, BaseException)), None)
    return error if inner is None else root_cause(inner)


def retry_after(header: str) -> float:
    """Seconds of a Retry-After header, which holds a number or a moment; 0 for anything else."""
    try:
        return max(0.0, float(header))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(header).timestamp() - time.time())
    except ValueError:
        return 0.0
