"""What a run that has ended came to, by its own account: the line of result of each model."""

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

import pydantic

from artifacts.run_result import RunResult
from model.errors import Problem
from model.exit_codes import REFUSED
from model.text import printable
from pipelines.local.summary import EXIT, STYLE
from pipelines.submit.service import PipelineService, Run, RunOutputs, SubmitError, UnreachableError
from pipelines.submit.watch import duration, watch

if TYPE_CHECKING:
    from rich.console import Console

MOST_RETRIES = 3
WAITS = (1.0, 4.0, 10.0)  # seconds before a question that had no answer is asked again
CONCLUDE = ("conclude", "fleet-conclude")  # tasks that turn a run red for what its models came to


@dataclass(frozen=True)
class LostModel:
    """A model of a run of several that came to no outcome, because a step failed; empty where that is not known."""

    model: str
    step: str
    message: str

    def __str__(self) -> str:
        where = f", {self.step} failed ({self.message or 'no reason given'})" if self.step else ""
        return f"{self.model}: no outcome{where}"


@dataclass(frozen=True)
class FinishedRun:
    """A run at its end. `models` are those that came to an outcome; a run that failed before has none."""

    run: Run
    models: tuple[RunResult, ...]

    @classmethod
    def of(cls, run: Run, outputs: RunOutputs) -> "FinishedRun":
        """Raises SubmitError for a result that this version of Kamado cannot read."""
        lines = [values["result"] for values in outputs.parameters.values() if "result" in values]
        try:
            results = [RunResult.of_line(line) for line in lines]
        except pydantic.ValidationError as error:
            hint = "Watch it with the version of Kamado that submitted it"
            problem = f"has a result that cannot be read ({error.errors()[0]['msg']})"
            raise SubmitError(Problem(f"run {run.id}", problem, hint, "run-result")) from error
        return cls(run, tuple(sorted(results, key=lambda result: result.model)))

    @property
    def refused(self) -> tuple[RunResult, ...]:
        """The models that came to an end which turns a run red."""
        return tuple(result for result in self.models if not result.green)

    @property
    def is_final(self) -> bool:
        """Whether the same run would come to the same end: each model came to its own. Where a step of one of several
        models was lost, the run does not come to its last step."""
        return bool(self.refused) and any(task.name in CONCLUDE and task.state == "failed" for task in self.run.tasks)

    @property
    def lost(self) -> tuple[LostModel, ...]:
        """Of a run of several models: those that came to no outcome."""
        ended = {result.model for result in self.models}
        return tuple(_lost(self.run, model) for model in self.run.models if model not in ended)

    @property
    def may_be_retried(self) -> bool:
        """Whether its failed steps may come to another end."""
        return self.run.state == "failed" and not self.is_final and self.run.retries < MOST_RETRIES

    @property
    def exit_code(self) -> int:
        """0 promote, 3 hold or insufficient-data, 1 everything else; of several models the worst."""
        if self.run.state != "succeeded" or not self.models or self.refused:
            return REFUSED
        return max(EXIT[result.outcome] for result in self.models)

    def for_programs(self) -> object:
        return {
            "outcome": "finished",
            "exit_code": self.exit_code,
            "run": run_document(self.run),
            "models": [result.model_dump() for result in self.models],
            "lost": [asdict(model) for model in self.lost],
        }

    def show(self, console: "Console") -> None:
        for result in self.models:
            console.print(result.outcome, style=STYLE.get(result.outcome, "bold red"))
            image = f"image {result.reference}" if result.reference else "no image was built"
            for line in (f"{result.model}: {result.reason}", image):
                console.print(printable(f"  {line}"), markup=False)
        for model in self.lost:
            console.print("lost" if model.step else "no outcome", style="bold red")
            console.print(printable(f"  {model}"), markup=False)
        if self.run.state != "succeeded":
            console.print(f"state of the run: {self.run.state}", style="bold red", markup=False)
            for line in failures(self.run):
                console.print(printable(f"  {line}"), markup=False)
            if self.may_be_retried:
                console.print(f"make pipeline-retry RUN={self.run.id} goes on where it stopped", markup=False)
        elif not self.models:
            console.print("the run succeeded without a result: it is not one of Kamado's trainings", style="bold red")
        if times := _times(self.run):
            console.print(printable(f"time of the steps: {times}"), markup=False)
        console.print(printable(f"run {self.run.link}"), markup=False)


def failures(run: Run) -> list[str]:
    """A line for each step that failed, or the run's own message."""
    lines = [f"{task.label}: {task.message or 'failed'}" for task in run.tasks if task.state == "failed"]
    return lines or ([run.message] if run.message else [])


def _lost(run: Run, model: str) -> LostModel:
    failed = next((task for task in reversed(run.tasks) if task.model == model and task.state == "failed"), None)
    return LostModel(model, failed.name, failed.message) if failed is not None else LostModel(model, "", "")


def _times(run: Run) -> str:
    """Of the steps that took a second at least, longest first: pods are paid for by it."""
    longest = sorted(run.seconds_by_step.items(), key=lambda item: -item[1])
    return ", ".join(f"{name} {duration(seconds)}" for name, seconds in longest if seconds >= 1)


def run_document(run: Run) -> dict[str, str | int | dict[str, float] | None]:
    return {
        "id": run.id,
        "name": run.name,
        "pipeline": run.pipeline,
        "state": run.state,
        "link": run.link,
        "created": run.created.isoformat() if run.created else None,
        "ended": run.ended.isoformat() if run.ended else None,
        "message": run.message,
        "retries": run.retries,
        "seconds_by_step": run.seconds_by_step,
    }


def finish(service: PipelineService, run: Run, *, sleep: Callable[[float], None] = time.sleep) -> FinishedRun:
    """Raises SubmitError where the service does not give the run's outputs; one answer that does not come does not
    change what a long run came to."""
    for seconds in WAITS:
        with suppress(UnreachableError):
            return FinishedRun.of(run, service.outputs(run.id))
        sleep(seconds)
    return FinishedRun.of(run, service.outputs(run.id))


def follow(
    service: PipelineService,
    run: Run,
    console: "Console",
    *,
    retries: int,
    report: Callable[[str], None],
    sleep: Callable[[float], None] = time.sleep,
) -> FinishedRun:
    """The run at its end, watched. Where it failed by none of its models' outcomes, its failed steps are run again, at
    most `retries` times. Raises SubmitError."""
    finished = finish(service, watch(service, run, console))
    for number in range(1, retries + 1):
        if not finished.may_be_retried:
            break
        for line in failures(finished.run):
            report(f"  {line}")
        report(f"run {run.id} failed, and by no refusal: its failed steps run again ({number} of {retries})")
        finished = finish(service, watch(service, _run_again(service, finished.run, sleep), console))
    return finished


def _run_again(service: PipelineService, run: Run, sleep: Callable[[float], None]) -> Run:
    """The failed run, going on. Raises SubmitError. Without an answer it may go on all the same: the run tells."""
    try:
        service.retry(run.id)
    except UnreachableError:
        for seconds in WAITS:
            sleep(seconds)
            with suppress(UnreachableError):
                latest = service.run(run.id)
                if latest.state != "failed" or latest.retries > run.retries:
                    return latest
        raise
    return replace(run, state="pending", ended=None, message="", tasks=())


def refuse_retry(finished: FinishedRun) -> None:
    """Raises SubmitError for a run that would come to the same end, and for one that was retried often enough."""
    run = finished.run
    if finished.is_final:
        words = ", ".join(f"{result.model} {result.outcome}" for result in finished.refused)
        hint = "Fix what the run's summary names, and submit again"
        raise SubmitError(Problem(f"run {run.id}", f"ended with {words}, which is final", hint, "run-final"))
    if run.retries >= MOST_RETRIES:
        problem = f"was retried {run.retries} times already"
        hint = "Look at what fails in the run's page, then submit again"
        raise SubmitError(Problem(f"run {run.id}", problem, hint, "run-retries"))
