"""A disk in memory for temporary files of the tests: images and layers, also those of an engine."""

import os
import re
from pathlib import Path

DISK, STATE = Path("/dev/shm"), Path("/proc/meminfo")
MIN_FREE = 16 << 30  # bytes: the tests write about half of it and need the rest to run


def disk_in_memory() -> Path | None:
    """None without such a disk, with one that no program can start from, or with too little memory."""
    try:
        mounted = os.statvfs(DISK)
        available = re.search(r"^MemAvailable: +(\d+) kB$", STATE.read_text(), re.MULTILINE)
    except OSError:
        return None
    free_bytes = min(mounted.f_bavail * mounted.f_frsize, int(available[1]) << 10 if available else 0)
    return DISK if free_bytes >= MIN_FREE and not mounted.f_flag & os.ST_NOEXEC and os.access(DISK, os.W_OK) else None
