"""Who computes where: a client on the server's core would take the time that it measures."""

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PRIORITY = -15  # of 20 to -20
AUTOGROUP = Path("/proc/self/autogroup")


def take_priority() -> bool:
    """Whether this session, with all that it starts, comes before other work of the machine: root alone may."""
    try:
        os.setpriority(os.PRIO_PROCESS, 0, PRIORITY)
        # Where it is, priorities count within a session only, and sessions have one of their own.
        if AUTOGROUP.exists():
            AUTOGROUP.write_text(str(PRIORITY))
    except OSError:
        return False
    return True


@dataclass(frozen=True)
class Cores:
    """One core for the server, and another for what loads it; the same where there is only one."""

    client: int
    server: int

    @classmethod
    def split(cls) -> "Cores":
        available = sorted(os.sched_getaffinity(0))
        return cls(available[0], available[-1])

    def take_client(self) -> None:
        """This process computes on the client's core from now on."""
        os.sched_setaffinity(0, {self.client})

    @contextlib.contextmanager
    def of_server(self) -> Iterator[None]:
        """Processes that are started within are on the server's core."""
        before = os.sched_getaffinity(0)
        os.sched_setaffinity(0, {self.server})
        try:
            yield
        finally:
            os.sched_setaffinity(0, before)

    def __str__(self) -> str:
        if self.client == self.server:
            return f"client and server share core {self.server}: this machine has one, wall times mean little"
        return f"client on core {self.client}, server on core {self.server}"
