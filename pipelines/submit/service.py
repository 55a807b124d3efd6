"""The seam between Kamado and a service that runs pipelines: Kubeflow Pipelines, Vertex AI Pipelines.

Every backend passes the contract in tests/contracts/pipeline_service.py.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar, Literal, Protocol

from model.errors import KamadoError, Problem

State = Literal["pending", "running", "succeeded", "skipped", "failed", "cancelling", "cancelled", "paused"]
ENDED: frozenset[State] = frozenset({"succeeded", "skipped", "failed", "cancelled"})
Change = Literal["created", "unchanged", "replaced"]
ParameterValue = str | int | float | bool


class SubmitError(KamadoError):
    """The service refused or cannot be reached."""

    heading: ClassVar[str] = "the pipeline service refused"


class UnreachableError(SubmitError):
    """The service does not answer now; it may in a minute."""

    heading: ClassVar[str] = "the pipeline service does not answer"


@dataclass(frozen=True)
class Package:
    """A compiled pipeline as it is submitted.

    `text` is the compiled file; `version` names its content, for example by the git commit; `tags` are short texts for
    search: model and commit.
    """

    pipeline: str
    version: str
    text: str
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def model(self) -> str:
        """That is trained; fleet for several."""
        return self.pipeline.removeprefix("kamado-")


@dataclass(frozen=True)
class RunRequest:
    """A run of a package. `name` is for people and may repeat; the caller has checked `parameters` against the package.
    `service_account` is the identity of the steps; empty = the service's default."""

    package: Package
    name: str
    experiment: str
    parameters: Mapping[str, ParameterValue] = field(default_factory=dict)
    service_account: str = ""


@contextmanager
def starting(request: RunRequest) -> Iterator[None]:
    """Around the one call that starts a run. Raises UnreachableError that says what it means without an answer."""
    try:
        yield
    except UnreachableError as error:
        hint = f"Look at make pipeline-runs MODEL={request.package.model} before you submit it again"
        unknown = Problem(f"run {request.name}", "may have been started all the same", hint, "run-unknown")
        raise UnreachableError(*error.problems, unknown) from error


@dataclass(frozen=True)
class Task:
    """A step of a run as the service sees it. `message` is why it failed, where the service knows; times are in UTC;
    `model` is the one that the step is of in a run of several, empty where that is not known."""

    name: str
    state: State
    started: datetime | None = None
    ended: datetime | None = None
    message: str = ""
    model: str = ""

    @property
    def label(self) -> str:
        """The step and, in a run of several models, its model."""
        return f"{self.model} {self.name}" if self.model else self.name

    @property
    def seconds(self) -> float:
        """From its start to its end; 0 until it has ended."""
        return (self.ended - self.started).total_seconds() if self.started and self.ended else 0.0


@dataclass(frozen=True)
class Run:
    """A run at one moment. `link` is its page for people; `tasks` are in the order of their start, those alone that the
    service has begun; `retries` is how often its failed steps were run again; `models` are those that a run of several
    trains, and none for a run of one."""

    id: str
    name: str
    pipeline: str
    state: State
    link: str
    created: datetime | None = None
    ended: datetime | None = None
    message: str = ""
    tasks: tuple[Task, ...] = ()
    retries: int = 0
    models: tuple[str, ...] = ()

    @property
    def has_ended(self) -> bool:
        return self.state in ENDED

    @property
    def seconds_by_step(self) -> dict[str, float]:
        """Of the tasks that have ended; those of several models that are the same step add up."""
        seconds = dict[str, float]()
        for task in self.tasks:
            seconds[task.name] = seconds.get(task.name, 0.0) + task.seconds
        return seconds


@dataclass(frozen=True)
class Artifact:
    """An output artifact: which task wrote it, under which output name, and where it is stored. The metadata are texts,
    JSON where they are more."""

    task: str
    name: str
    uri: str
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class RunOutputs:
    """What the steps of a run wrote so far: output parameters by task and name, as text (JSON for what is not a text),
    and artifacts. Tasks have the names of the compiled graph, for example `build-image`, or on older versions of
    Kubeflow, whose driver records these alone, their titles; a task in a loop has before
    it what it is in, as in `for-loop-1-0/build-image`, so that each iteration is another one."""

    parameters: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    artifacts: tuple[Artifact, ...] = ()

    def parameter(self, task: str, name: str) -> str:
        """Empty where the task has not written it."""
        return self.parameters.get(task, {}).get(name, "")


@dataclass(frozen=True)
class ScheduleRequest:
    """`cron` has the 5 fields minute, hour, day, month and weekday, in UTC. Without `catch_up`, times that pass while
    the service is down are not made up for. `request.name` names the runs."""

    name: str
    cron: str
    request: RunRequest
    catch_up: bool = False


@dataclass(frozen=True)
class Schedule:
    """A schedule that exists. `change` is what was done to make it so; `cron` has 5 fields."""

    id: str
    name: str
    cron: str
    enabled: bool
    link: str
    change: Change


class PipelineService(Protocol):
    """Where pipelines run. Every method raises SubmitError, with a hint, when the service refuses or is not reachable.

    A refused call leaves nothing half-created: a run, a version or a schedule is there as a whole or not at all.
    """

    def submit(self, request: RunRequest) -> Run:
        """Start a run. The package's version is uploaded once; one that exists with other content is refused, and so is
        a pipeline of this name that Kamado did not make."""

    def run(self, run_id: str) -> Run:
        """With its tasks."""

    def runs(self, pipeline: str, newest: int) -> Sequence[Run]:
        """Newest first, without tasks; empty for a pipeline that was never submitted."""

    def outputs(self, run_id: str) -> RunOutputs:
        """Of the steps that have ended. A failed step has none."""

    def schedule(self, request: ScheduleRequest) -> Schedule:
        """Idempotent by name: the same request again changes nothing, another one replaces the schedule."""

    def retry(self, run_id: str) -> None:
        """Run the failed steps of a failed run again, in the same run where the service can."""

    def stop(self, run_id: str) -> None:
        """Ask a run to end; it is then cancelled. Stopping one that has ended is refused."""
