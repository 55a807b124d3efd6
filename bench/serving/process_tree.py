"""What a server and the processes that it started use, from /proc."""

import os
from dataclasses import dataclass
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")
USER, SYSTEM, ENDED_USER, ENDED_SYSTEM = 11, 12, 13, 14  # in /proc/PID/stat, counted behind the command's name


@dataclass(frozen=True)
class ProcessTree:
    """A process and all that descend from it."""

    root: int

    def processes(self) -> list[int]:
        """Those that run now. Empty when the root has ended."""
        seen, waiting = [], [self.root]
        while waiting:
            process = waiting.pop()
            try:
                tasks = list(Path(f"/proc/{process}/task").iterdir())
            except OSError:
                continue
            waiting.extend(child for task in tasks for child in _children(task))
            seen.append(process)
        return seen

    def cpu_seconds(self) -> float:
        """User and system time of all of them, ended ones included."""
        return sum(_ticks(process) for process in self.processes()) / TICKS

    def resident_bytes(self) -> int:
        """Resident memory, summed: pages that two of them share count twice."""
        return sum(_resident_pages(process) for process in self.processes()) * PAGE

    def forget_peak(self) -> None:
        """What `peak_bytes` says counts from now."""
        for process in self.processes():
            Path(f"/proc/{process}/clear_refs").write_text("5")

    def peak_bytes(self) -> int:
        """The largest resident memory of each, summed."""
        return sum(_peak_kilobytes(process) for process in self.processes()) << 10


def _children(task: Path) -> list[int]:
    """None of a thread that has ended since."""
    try:
        return [int(child) for child in (task / "children").read_text().split()]
    except OSError:
        return []


def _ticks(process: int) -> int:
    """Of a process and of its children that have ended."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0
    return sum(int(fields[index]) for index in (USER, SYSTEM, ENDED_USER, ENDED_SYSTEM))


def _resident_pages(process: int) -> int:
    try:
        return int(Path(f"/proc/{process}/statm").read_text().split()[1])
    except OSError:
        return 0


def _peak_kilobytes(process: int) -> int:
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("VmHWM:")), 0)
