"""An interrupt while a command is still importing is not a defect: it ends with exit code 130, without a traceback."""

import os
import signal
from collections.abc import Callable
from types import FrameType

INTERRUPTED = 130  # exit code: 128 + SIGINT


class Interrupted(BaseException):
    """Another signal asked the process to end; like KeyboardInterrupt, it is not an error of the work."""

    def __init__(self, number: int) -> None:
        self.number = number
        super().__init__(f"ended by {signal.Signals(number).name}")


def exit_at_once() -> None:
    """Called before the imports that take a second. Nothing was started yet, so nothing is left behind.

    An interrupt that was held back while Python itself started (the Makefile does that) counts now.
    """
    _handle(lambda *_: os._exit(INTERRUPTED))
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


def raise_from_now_on() -> None:
    """Called when the work begins: an interrupt is a KeyboardInterrupt, and the command cleans up after itself."""
    _handle(signal.default_int_handler)


def _handle(handler: Callable[[int, FrameType | None], object]) -> None:
    """Whoever started the process may have it ignore interrupts, as a shell does in the background."""
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, handler)
