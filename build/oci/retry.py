"""Errors that pass: a busy registry, a lost connection. Waits grow, and are drawn at random."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from random import uniform
from typing import TypeVar

from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt

from build.oci.deadline import Overdue

Result = TypeVar("Result")
BUSY = (408, 429, 500, 502, 503, 504)


class RetryableError(Exception):
    """Worth another attempt, after `wait` seconds at least."""

    def __init__(self, message: str, wait: float = 0.0) -> None:
        super().__init__(message)
        self.wait = wait


@dataclass(frozen=True)
class RetryPolicy:
    """How often and how long. The wait is drawn between 0 and a bound that doubles ("full jitter"), so that builders
    which were turned away together do not come back together."""

    attempts: int = 6
    first: float = 0.25
    longest: float = 20.0
    answer: float = 60.0  # seconds without a byte after which an attempt has failed
    total: float = 180.0  # for all of a small answer, or a megabyte of a large one, however slowly it comes
    listing: float = 600.0  # for all pages of a list
    pages: int = 10_000
    list_bytes: int = 128 << 20  # of all pages of tags: a million of them

    def until_done(self, work: Callable[[], Result]) -> Result:
        """Do `work`, from its start again after each RetryableError. Raises the last one."""
        return Retrying(
            stop=stop_after_attempt(self.attempts),
            wait=self._wait,
            retry=retry_if_exception_type(RetryableError),
            reraise=True,
        )(work)

    def delay(self, attempt: int, least: float = 0.0) -> float:
        """Seconds to wait after the attempt of this number, from 1: `least`, which a server may ask for, or more."""
        drawn = uniform(0, min(self.longest, self.first * 2**attempt))
        return max(min(least, self.longest), drawn)

    def _wait(self, state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        return self.delay(state.attempt_number, error.wait if isinstance(error, RetryableError) else 0.0)


def cause(error: BaseException) -> str:
    """The root cause, in the system's words."""
    root = root_cause(error)
    return str(getattr(root, "strerror", None) or root)


def root_cause(error: BaseException) -> BaseException:
    """What began it: requests wraps urllib3's errors, which wrap those of the system."""
    if isinstance(error, Overdue):
        return error
    within = (getattr(error, "reason", None), error.__cause__, *error.args)
    inner = next((value for value in within if isinstance(value, BaseException)), None)
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
