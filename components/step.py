"""What every step tells while it runs: when it starts, how far it is, and why it refused.

A step's words go to its log, which is what Kubeflow shows. Where KAMADO_EVENTS names a file, the same goes there as
JSON lines, so that `make run` can draw progress and repeat a refusal without reading logs.
"""

import errno
import json
import os
import sys
from dataclasses import asdict
from pathlib import Path
from types import TracebackType

from model.errors import KamadoError, OutputError, Problem

NO_ROOM = {errno.ENOSPC: "Free some space", errno.EDQUOT: "Free some of the quota", errno.EFBIG: "Raise the file limit"}
NO_ACCESS = {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST, errno.ENOTEMPTY}


class Step:
    """`with Step("train") as step:` around a step's logic.

    A refusal ends the process with exit code 1 and its own words, without a traceback. Anything else that is raised is
    a defect, and keeps its traceback.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._events = os.environ.get("KAMADO_EVENTS")

    def __enter__(self) -> "Step":
        self._tell("started", {})
        return self

    def progress(self, done: int, total: int, says: str) -> None:
        """`says` is one short line, for example "12 trials, best log loss 0.0312"."""
        self._tell("progress", {"done": done, "total": total, "says": says})

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, OSError):
            error = _refusal(error) or error
        if isinstance(error, KamadoError):
            self._tell("refused", {"says": str(error), "problems": [asdict(problem) for problem in error.problems]})
            print(error, file=sys.stderr, flush=True)
            raise SystemExit(1) from None
        if error is not None:
            self._tell("failed", {"says": f"{type(error).__name__}: {error}"})
        else:
            self._tell("finished", {})

    def _tell(self, event: str, details: dict[str, object]) -> None:
        # What a refusal or a defect says goes to stderr, by itself.
        shown = " ".join(str(value) for value in details.values()) if event == "progress" else ""
        print(f"[{self.name}] {event} {shown}".rstrip(), flush=True)
        if self._events:
            line = json.dumps({"step": self.name, "event": event, **details}) + "\n"
            with Path(self._events).open("ab", buffering=0) as file:  # one write, so that lines are never mixed
                file.write(line.encode())


def _refusal(error: OSError) -> OutputError | None:
    """A full disk and a closed folder are told as what they are; other system errors are defects."""
    where = str(error.filename2 or error.filename or "the output folder")  # of a rename, its target
    found = f"cannot be written ({error.strerror})"
    if error.errno in NO_ROOM:
        return OutputError(Problem(where, found, f"{NO_ROOM[error.errno]} and run again", "disk-full"))
    if error.errno in NO_ACCESS:
        return OutputError(Problem(where, found, "Choose another OUT or fix its rights", "out-unwritable"))
    return None
