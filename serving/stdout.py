"""Standard output, written by the threads of the logs: whole lines, one writer at a time."""

import os
import threading
from datetime import UTC, datetime

_lock = threading.Lock()  # a line that does not fit into the pipe is written in pieces


def write_stdout(data: bytes, *, descriptor: int = 1) -> bool:
    """Write everything, however long the reader takes. False when there is no reader any more: no reason to fail."""
    rest = memoryview(data)
    with _lock:
        try:
            while rest:
                rest = rest[os.write(descriptor, rest) :]
        except OSError:
            return False
    return True


def utc(seconds: float) -> str:
    """Unix time as RFC 3339, to the millisecond."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
