"""What a run that has ended came to, by its own account: the outputs of the step build-image."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from model.errors import Problem
from model.text import printable
from pipelines.local.summary import EXIT, STYLE
from pipelines.submit.service import PipelineService, Run, RunOutputs, SubmitError

if TYPE_CHECKING:
    from rich.console import Console

FAILED = 1
REFUSALS = ("refused", "reject", "invalid")  # of the input or the model: the same again would come to the same
MOST_RETRIES = 3


@dataclass(frozen=True)
class ModelOutcome:
    """Of one model: its verdict or `refused`, and the image where there is one. `result` is the line that the run's
    table has for it."""

    task: str
    outcome: str
    reference: str
    tag: str
    digest: str
    result: object

    @classmethod
    def of(cls, task: str, values: Mapping[str, str]) -> "ModelOutcome":
        try:
            result = json.loads(values.get("result", "") or "null")
        except ValueError:
            result = values["result"]
        reference, tag, digest = (values.get(name, "") for name in ("reference", "tag", "digest"))
        return cls(task, values["outcome"], reference, tag, digest, result)

    @property
    def exit_code(self) -> int:
        return EXIT.get(self.outcome, FAILED)

    @property
    def reasons(self) -> tuple[str, ...]:
        """Of its result, for people."""
        reasons = self.result.get("reasons", ()) if isinstance(self.result, dict) else ()
        return tuple(map(str, reasons)) if isinstance(reasons, list) else ()


@dataclass(frozen=True)
class RunOutcome:
    """A run at its end. `models` are those that came to an outcome; a run that failed before has none."""

    run: Run
    models: tuple[ModelOutcome, ...]

    @classmethod
    def of(cls, run: Run, outputs: RunOutputs) -> "RunOutcome":
        outcomes = [ModelOutcome.of(task, values) for task, values in outputs.parameters.items() if "outcome" in values]
        return cls(run, tuple(sorted(outcomes, key=lambda outcome: outcome.task)))

    @property
    def is_refusal(self) -> bool:
        return any(model.outcome in REFUSALS for model in self.models)

    @property
    def exit_code(self) -> int:
        """0 promote, 3 hold or insufficient-data, 1 everything else; of several models the worst."""
        codes = {model.exit_code for model in self.models}
        if self.run.state != "succeeded" or not codes or FAILED in codes:
            return FAILED
        return max(codes)

    def for_programs(self) -> object:
        return {
            "outcome": "finished",
            "exit_code": self.exit_code,
            "run": run_document(self.run),
            "models": [asdict(model) for model in self.models],
        }

    def show(self, console: "Console") -> None:
        for model in self.models:
            console.print(model.outcome, style=STYLE.get(model.outcome, "bold red"))
            for line in (
                *model.reasons,
                *([f"image {model.reference}"] if model.reference else ["no image was built"]),
            ):
                console.print(printable(f"  {line}"), markup=False)
        if self.run.state != "succeeded":
            console.print(f"the run is {self.run.state}", style="bold red", markup=False)
            for line in failures(self.run):
                console.print(printable(f"  {line}"), markup=False)
        elif not self.models:
            console.print("the run succeeded without an outcome: it is not one of Kamado's trainings", style="bold red")
        console.print(printable(f"run {self.run.link}"), markup=False)


def failures(run: Run) -> list[str]:
    lines = [f"{task.name}: {task.message or 'failed'}" for task in run.tasks if task.state == "failed"]
    return lines or ([run.message] if run.message else [])


def run_document(run: Run) -> dict[str, str | int | None]:
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
    }


def refuse_retry(run: Run, outcome: RunOutcome) -> None:
    """Raises SubmitError for a run that would come to the same end, and for one that was retried often enough."""
    if outcome.is_refusal:
        words = ", ".join(sorted({model.outcome for model in outcome.models if model.outcome in REFUSALS}))
        hint = "Fix what the run's summary names, and submit again"
        raise SubmitError(Problem(f"run {run.id}", f"ended with {words}, which is final", hint, "run-final"))
    if run.retries >= MOST_RETRIES:
        problem = f"was retried {run.retries} times already"
        hint = "Look at what fails in the run's page, then submit again"
        raise SubmitError(Problem(f"run {run.id}", problem, hint, "run-retries"))


def outcome_of(service: PipelineService, run: Run) -> RunOutcome:
    """Raises SubmitError where the service does not give the run's outputs."""
    return RunOutcome.of(run, service.outputs(run.id))
