"""What every step reports while it runs: when it starts, how far it is, and why it refused.

A step prints to its log, which is what Kubeflow shows: a line for each event, with all problems as JSON when they end
it. Where KAMADO_EVENTS names a file, every event goes there as a JSON line too, so that `kamado run` can draw progress
and repeat a refusal with all parts of its problems.

KAMADO_REFUSALS=pass-on, which a pipeline for a cluster sets, makes a final refusal a value: the step succeeds with
`refusal.json` in its output folders, and every later step passes that on at once. Without it a refusal fails the step.
"""

import errno
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from types import TracebackType

from artifacts.refusal import Refusal
from model.errors import KamadoError, OutputError, Problem
from model.files import empty

NO_SPACE = {
    errno.ENOSPC: "Free some space",
    errno.EDQUOT: "Free some of the quota",
    errno.EFBIG: "Raise the file limit",
}
NO_ACCESS = {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST, errno.ENOTEMPTY}
DEFECT = "It is a defect of Kamado and not of your input: report it with the log"


class PassedOn(Exception):
    """An input holds a refusal, so that the step has nothing to do."""

    def __init__(self, refusal: Refusal) -> None:
        self.refusal = refusal
        super().__init__(refusal.step)


class Step:
    """`with Step("train", outputs=[trained.path]) as step:` around a step's logic.

    A refusal ends the process with exit code 1, without a traceback; a final one where refusals are passed on ends the
    block, with `refusal` set and written into the output folders. Anything else that is raised is a defect, and keeps
    its traceback. What an earlier attempt left in an output folder is removed first.
    """

    def __init__(self, name: str, *, outputs: Sequence[str | Path] = ()) -> None:
        self.name = name
        self.refusal: Refusal | None = None
        self._outputs = [Path(output) for output in outputs]
        self._events = os.environ.get("KAMADO_EVENTS")
        self._passes_on = os.environ.get("KAMADO_REFUSALS") == "pass-on"

    def __enter__(self) -> "Step":
        self._report("started")
        for folder in self._outputs:
            if folder.exists():
                empty(folder)
        return self

    def pass_on(self, *inputs: str | Path, value: str = "") -> None:
        """End the block where one of these folders holds a refusal, or `value` is one as JSON."""
        refusal = Refusal.parse(value.encode(), name="refusal") if value else Refusal.first_in(map(Path, inputs))
        if refusal is not None:
            raise PassedOn(refusal)

    def progress(self, done: int, total: int, message: str) -> None:
        """`message` is one short line, for example "12 trials, best log loss 0.0312"."""
        self._report("progress", f" {done} {total} {message}", done=done, total=total, message=message)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if isinstance(error, OSError):
            error = _refusal(error) or error
        if error is None:
            self._report("finished")
            return False
        if isinstance(error, PassedOn):
            self._report("passed-on", f" the refusal of {error.refusal.step}")
            self._write(error.refusal)
            return True
        if isinstance(error, KamadoError):
            self._report_problems("refused", str(error), error.problems)
            print(error, file=sys.stderr, flush=True)
            if not (self._passes_on and error.final):
                raise SystemExit(1) from None
            self._write(Refusal.of(self.name, error))
            return True
        problem = Problem(self.name, f"failed with {type(error).__name__}: {error}", DEFECT, "step-failed")
        self._report_problems("failed", f"{type(error).__name__}: {error}", [problem])
        return False

    def _write(self, refusal: Refusal) -> None:
        self.refusal = refusal
        for folder in self._outputs:
            folder.mkdir(parents=True, exist_ok=True)
            empty(folder)
            refusal.write(folder)

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
