"""Posting to a webhook. Its address is a secret: it is in no message."""

import time
from collections.abc import Callable

import requests

from components.notify.message import ChatMessage

JSON = {"Content-Type": "application/json"}
TRIES = 3
SECONDS = 20.0  # for one answer
WAIT, LONGEST_WAIT = 2.0, 60.0  # seconds between two tries


class WebhookError(Exception):
    """Nothing was posted. The text says why, without the address."""


def post(address: str, message: ChatMessage, *, wait: Callable[[float], None] = time.sleep) -> None:
    """Raises WebhookError once the address cannot be reached, or does not take the message, for the third time."""
    for attempt in range(1, TRIES + 1):
        try:
            answer = requests.post(address, message.dump(), headers=JSON, timeout=SECONDS, allow_redirects=False)
            if answer.status_code < 300:
                return
            problem = f"answers {answer.status_code}"
            busy = answer.status_code == 429 or answer.status_code >= 500
            pause = _pause(answer.headers.get("Retry-After", ""), attempt)
        except requests.RequestException as error:
            problem, busy, pause = f"cannot be reached ({type(error).__name__})", True, WAIT * attempt
        if not busy or attempt == TRIES:
            raise WebhookError(f"the webhook {problem}")
        wait(pause)


def _pause(retry_after: str, attempt: int) -> float:
    return min(float(retry_after), LONGEST_WAIT) if retry_after.isdecimal() else WAIT * attempt
