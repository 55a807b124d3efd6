"""Trouble that passes by itself: a busy registry, a lost connection. Waiting longer each time, never in step."""

import random
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TypeVar

import requests
import urllib3

Done = TypeVar("Done")
WORDS = 300  # bytes of a body that are told
BUSY = (408, 429, 500, 502, 503, 504)


class Passing(Exception):
    """Worth another attempt, after `wait` seconds at least."""

    def __init__(self, found: str, wait: float = 0.0) -> None:
        super().__init__(found)
        self.wait = wait


@dataclass(frozen=True)
class Patience:
    """How often and how long. The wait is drawn between 0 and a bound that doubles ("full jitter"), so that builders
    which were turned away together do not come back together."""

    attempts: int = 6
    first: float = 0.25
    longest: float = 20.0
    answer: float = 60.0  # seconds without a byte after which an attempt has failed

    def until_done(self, work: Callable[[], Done]) -> Done:
        """Do `work`, from its start again after each Passing. Raises the last one."""
        for attempt in range(1, self.attempts + 1):
            try:
                return work()
            except Passing as trouble:
                if attempt == self.attempts:
                    raise
                self.pause(attempt, trouble.wait)
        raise AssertionError("at least one attempt is made")

    def pause(self, attempt: int, least: float = 0.0) -> None:
        """Wait after the attempt of this number, from 1."""
        drawn = random.uniform(0, min(self.longest, self.first * 2**attempt))
        time.sleep(max(min(least, self.longest), drawn))


def why(error: BaseException) -> str:
    """The innermost reason, in the system's words: requests wraps urllib3's errors, which wrap those of the system."""
    while True:
        within = (getattr(error, "reason", None), error.__cause__, *error.args)
        inner = next((one for one in within if isinstance(one, BaseException)), None)
        if inner is None:
            return str(getattr(error, "strerror", None) or error)
        error = inner


def refuse_busy(answer: requests.Response, doing: str) -> None:
    """Raises Passing for an answer that another attempt may better."""
    if answer.status_code in BUSY:
        wait = asked_wait(answer.headers.get("Retry-After", ""))
        raise Passing(f"answered {answer.status_code} to {doing}: {beginning(answer)}", wait)


def beginning(answer: requests.Response, most: int = WORDS) -> str:
    """The first bytes of an answer that is streamed. It is then done with, however much more it would send."""
    with closing(answer):
        try:
            data: bytes = answer.raw.read(most, decode_content=True) or b""
        except urllib3.exceptions.HTTPError as error:
            raise Passing(f"broke off while answering {answer.status_code} ({why(error)})") from error
    return data.decode(errors="replace").strip()


def asked_wait(header: str) -> float:
    """Seconds of a Retry-After header, which holds a number or a moment; 0 for anything else."""
    try:
        return max(0.0, float(header))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(header).timestamp() - time.time())
    except ValueError:
        return 0.0
