"""A disk in memory for what the tests write: images, their layers and an engine's, which nobody reads afterwards."""

import os
import re
from pathlib import Path

DISK, STATE = Path("/dev/shm"), Path("/proc/meminfo")
ROOM = 16 << 30  # bytes that have to be free: about half of it is written, and the tests need the rest to run in


def disk_in_memory() -> Path | None:
    """None where there is none that programs can be started from, or too little memory."""
    try:
        mounted = os.statvfs(DISK)
        free = re.search(r"^MemAvailable: +(\d+) kB$", STATE.read_text(), re.MULTILINE)
    except OSError:
        return None
    room = min(mounted.f_bavail * mounted.f_frsize, int(free[1]) << 10 if free else 0)
    return DISK if room >= ROOM and not mounted.f_flag & os.ST_NOEXEC and os.access(DISK, os.W_OK) else None
