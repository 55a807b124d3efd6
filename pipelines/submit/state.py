"""What can be done with a run in its state."""

from model.errors import Problem
from pipelines.submit.service import Run, State, SubmitError

GOES_ON: frozenset[State] = frozenset({"pending", "running", "paused"})


def refuse_unless_failed(run: Run) -> None:
    """Raises SubmitError."""
    if run.state != "failed":
        raise _error(run, "has not failed", "Only a failed run can be retried")


def refuse_unless_going_on(run: Run) -> None:
    """Raises SubmitError."""
    if run.state not in GOES_ON:
        raise _error(run, "has ended or is ending", "Only a run that goes on can be stopped")


def _error(run: Run, problem: str, hint: str) -> SubmitError:
    return SubmitError(Problem(f"run {run.id}", f"{problem}: it is {run.state}", hint, "run-state"))
