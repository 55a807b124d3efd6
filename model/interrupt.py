"""An interrupt while a command is still importing is not a defect: it ends with exit code 130, without a traceback."""

import os
import signal

INTERRUPTED = 130  # exit code: 128 + SIGINT


def exit_at_once() -> None:
    """Called before the imports that take a second. Nothing was started yet, so nothing is left behind.

    An interrupt that was held back while Python itself started (the Makefile does that) counts now.
    """
    signal.signal(signal.SIGINT, lambda *_: os._exit(INTERRUPTED))
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


def raise_from_now_on() -> None:
    """Called when the work begins: an interrupt is a KeyboardInterrupt, and the command cleans up after itself."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
