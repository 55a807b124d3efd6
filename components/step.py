"""What every step reports while it runs: when it starts, how far it is, and why it refused.

A step prints to its log, which is what Kubeflow shows: a line for each event, with all problems as JSON when they end
it. Where KAMADO_EVENTS names a file, every event goes there as a JSON line too, so that `kamado run` can draw progress
and repeat a refusal with all parts of its problems.
"""

import errno
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from types import TracebackType

from model.errors import KamadoError, OutputError, Problem

NO_SPACE = {
    errno.ENOSPC: "Free some space",
    errno.EDQUOT: "Free some of the quota",
    errno.EFBIG: "Raise the file limit",
}
NO_ACCESS = {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST, errno.ENOTEMPTY}
DEFECT = "It is a defect of Kamado and not of your input: report it with the log"


class Step:
    """`with Step("train") as step:` around a step's logic.

    A refusal ends the process with exit code 1, without a traceback. Anything else that is raised is a defect, and
    keeps its traceback.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._events = os.environ.get("KAMADO_EVENTS")

    def __enter__(self) -> "Step":
        self._report("started")
        return self

    def progress(self, done: int, total: int, message: str) -> None:
        """`message` is one short line, for example "12 trials, best log loss 0.0312"."""
        self._report("progress", f" {done} {total} {message}", done=done, total=total, message=message)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, OSError):
            error = _refusal(error) or error
        if isinstance(error, KamadoError):
            self._report_problems("refused", str(error), error.problems)
            print(error, file=sys.stderr, flush=True)
            raise SystemExit(1) from None
        if error is not None:
            problem = Problem(self.name, f"failed with {type(error).__name__}: {error}", DEFECT, "step-failed")
            self._report_problems("failed", f"{type(error).__name__}: {error}", [problem])
        else:
            self._report("finished")

    def _report_problems(self, event: str, message: str, problems: Sequence[Problem]) -> None:
        parts = [asdict(problem) for problem in problems]
        self._report(event, f" {json.dumps({'problems': parts})}", message=message, problems=parts)

    def _report(self, event: str, text: str = "", **details: object) -> None:
        print(f"[{self.name}] {event}{text}", flush=True)
        if self._events:
            line = json.dumps({"step": self.name, "event": event, **details}) + "\n"
            with Path(self._events).open("ab", buffering=0) as file:  # one write, so that lines are never mixed
                file.write(line.encode())


def _refusal(error: OSError) -> OutputError | None:
    """A full disk and a folder without access are the user's to fix; other system errors are defects."""
    where = str(error.filename2 or error.filename or "the output folder")  # of a rename, its target
    problem = f"cannot be written ({error.strerror})"
    if error.errno in NO_SPACE:
        return OutputError(Problem(where, problem, f"{NO_SPACE[error.errno]} and run again", "disk-full"))
    if error.errno in NO_ACCESS:
        return OutputError(Problem(where, problem, "Choose another OUT or fix its rights", "out-unwritable"))
    return None
