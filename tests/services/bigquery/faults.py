"""What goes wrong, as a test sets it. A fault that there is not is a ValueError or an AttributeError."""

import threading
from dataclasses import dataclass, field

CODES = {
    "accessDenied": 403,
    "authError": 401,
    "backendError": 503,
    "billingNotEnabled": 403,
    "internalError": 500,
    "quotaExceeded": 403,
    "rateLimitExceeded": 403,
}
LOST = "lost"
METHODS = (
    "datasets.get", "jobs.get", "jobs.getQueryResults", "jobs.insert", "tabledata.list", "tables.delete", "tables.get",
    "tables.insert", "tables.list", "tables.patch",
)  # fmt: skip
STATUSES = (
    "ABORTED", "CANCELLED", "DEADLINE_EXCEEDED", "INTERNAL", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED",
    "UNAUTHENTICATED", "UNAVAILABLE", "UNKNOWN",
)  # fmt: skip
ENDS, TORN, EXPIRES = "ends", "torn", "expires"


@dataclass(frozen=True)
class RestFault:
    """What the next `times` requests of a method ("*": of any) come to: an error of this reason, or `LOST`: it is done,
    and the connection breaks before its answer. `spares_dry_runs` leaves dry runs alone."""

    method: str
    reason: str
    times: int = 1
    spares_dry_runs: bool = False

    def __post_init__(self) -> None:
        if self.method not in (*METHODS, "*") or self.reason not in (*CODES, LOST) or self.times < 1:
            raise ValueError(f"{self} is no fault of the REST API")


@dataclass(frozen=True)
class StreamFault:
    """What the next `times` calls of ReadRows come to before their message of this number, from 0, or before their end.

    A status: the call fails with it, INTERNAL as a reset of the connection. ENDS: it ends without an error, too early.
    TORN: the message has half of the rows that it announces. EXPIRES: so does its session.
    """

    kind: str
    message: int = 0
    times: int = 1

    def __post_init__(self) -> None:
        if self.kind not in (*STATUSES, ENDS, TORN, EXPIRES) or self.message < 0 or self.times < 1:
            raise ValueError(f"{self} is no fault of a stream")


@dataclass(slots=True)
class Faults:
    """lost_answers   so many queries run, but the connection breaks before the answer to their insertion
    failed_jobs      so many jobs fail inside the service
    running_polls    so many looks at each job find it running
    changed_columns  column -> GoogleSQL type that it has when a job runs, another than in the dry run
    storage_denied   the account may not create read sessions
    sessions         statuses of the next requests for a read session
    """

    lost_answers: int = 0
    failed_jobs: int = 0
    running_polls: int = 0
    storage_denied: bool = False
    changed_columns: dict[str, str] = field(default_factory=dict)
    sessions: list[str] = field(default_factory=list)
    rest: list[RestFault] = field(default_factory=list)
    streams: list[StreamFault] = field(default_factory=list)
    _taken: dict[int, int] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, name: str) -> bool:
        """Whether the next one of a counted fault goes wrong; it is then used up."""
        with self._lock:
            count = getattr(self, name)
            setattr(self, name, max(count - 1, 0))
            return count > 0

    def take_rest(self, method: str, *, is_dry_run: bool) -> str:
        """The reason for which this request fails, or ""."""
        if method == "jobs.insert" and not is_dry_run and self.take("lost_answers"):
            return LOST
        with self._lock:
            for fault in self.rest:
                if fault.method in (method, "*") and not (is_dry_run and fault.spares_dry_runs):
                    self._use(self.rest, fault)
                    return fault.reason
        return ""

    def take_stream(self) -> StreamFault | None:
        """What happens to this call of ReadRows."""
        with self._lock:
            fault = self.streams[0] if self.streams else None
            if fault is not None:
                self._use(self.streams, fault)
            return fault

    def take_session(self) -> str:
        """The status with which this request for a session fails, or ""."""
        with self._lock:
            return self.sessions.pop(0) if self.sessions else ""

    def _use(self, faults: list, fault: RestFault | StreamFault) -> None:
        used = self._taken.get(id(fault), 0) + 1
        if used < fault.times:
            self._taken[id(fault)] = used
        else:
            self._taken.pop(id(fault), None)
            del faults[next(index for index, other in enumerate(faults) if other is fault)]
