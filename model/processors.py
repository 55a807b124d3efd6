"""The processors that this process may use."""

import math
import os
from pathlib import Path

CGROUP = Path("/sys/fs/cgroup")


def processor_count(cgroup: Path = CGROUP) -> int:
    """At least 1: those of the machine, less those that the process may not run on, and no more than its container's
    quota of time is worth, rounded up.

    XGBoost and DuckDB would start a thread for each processor of a large node, whatever the pod may use of it.
    """
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(usable, _quota(cgroup) or usable)


def _quota(cgroup: Path) -> int | None:
    """In processors, of cgroup v2 ("QUOTA PERIOD" in microseconds, or "max PERIOD"), else of v1; None without one."""
    if (limit := cgroup / "cpu.max").exists():
        words = limit.read_text("ascii").split()
    elif (limit := cgroup / "cpu/cpu.cfs_quota_us").exists():
        words = [limit.read_text("ascii"), (cgroup / "cpu/cpu.cfs_period_us").read_text("ascii")]
    else:
        return None
    quota, period = (0 if word.strip() == "max" else int(word) for word in words)
    return math.ceil(quota / period) if quota > 0 and period > 0 else None
