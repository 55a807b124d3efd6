"""The contract of every PipelineService. The test of a service subclasses it and defines the fixture.

`service` is a service where pipelines of any name may be made; `experiment` is where its runs go, and `image` what its
steps run in. Runs are of the graph
in tests/pipelines/submit/tiny.py.
"""

import io
import socket
import uuid
from contextlib import contextmanager

import pytest
from rich.console import Console

from model.errors import UsageError
from pipelines.submit.package import CompiledPipeline
from pipelines.submit.service import Run, RunRequest, ScheduleRequest, SubmitError, UnreachableError
from pipelines.submit.watch import Pace, watch
from tests.pipelines.submit.tiny import IMAGE, compile_tiny

COMMIT = "0123456789abcdef0123456789abcdef01234567"
QUICK = Pace(0.1, 0.3)


def finished(service, run: Run) -> Run:
    return watch(service, run, Console(file=io.StringIO()), pace=QUICK)


def codes(error) -> list[str]:
    return [problem.code for problem in error.value.problems]


def refusal(service, request: RunRequest) -> list[str]:
    """The codes with which the service refuses the request."""
    with pytest.raises((SubmitError, UsageError)) as error:
        service.submit(request)
    assert all(problem.hint for problem in error.value.problems)
    return codes(error)


@contextmanager
def nobody_listens():
    """An address at which nobody answers."""
    with socket.socket() as listener:  # bound, and no more
        listener.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


class PipelineServiceContract:
    experiment = "kamado-contract"
    image = IMAGE  # of the steps; the stand-ins know it by its name alone

    @pytest.fixture(scope="class")
    @classmethod
    def compiled(cls, tmp_path_factory) -> CompiledPipeline:
        name = f"kamado-contract-{uuid.uuid4().hex[:8]}"
        return CompiledPipeline(compile_tiny(tmp_path_factory.mktemp("tiny"), name, image=cls.image))

    @pytest.fixture(scope="class")
    @classmethod
    def package(cls, compiled):
        return compiled.package("contract", COMMIT, allow_dirty=False)

    @classmethod
    def request_of(cls, package, outcome="promote", wait=0.0) -> RunRequest:
        return RunRequest(package, f"contract {outcome}", cls.experiment, {"outcome": outcome, "wait": wait})

    @pytest.fixture(scope="class")
    @classmethod
    def promoted(cls, service, package) -> Run:
        return finished(service, service.submit(cls.request_of(package)))

    @pytest.fixture(scope="class")
    @classmethod
    def failed(cls, service, package, promoted) -> Run:
        return finished(service, service.submit(cls.request_of(package, "broken")))

    def test_a_pipeline_that_was_never_submitted_has_no_runs(self, service):
        assert list(service.runs(f"kamado-{uuid.uuid4().hex}", 5)) == []

    def test_a_run_ends_with_its_steps_in_their_order(self, promoted, package):
        assert (promoted.state, promoted.pipeline) == ("succeeded", package.pipeline)
        assert [(task.name, task.state) for task in promoted.tasks] == [
            ("build-image", "succeeded"),
            ("conclude", "succeeded"),
        ]
        assert promoted.id in promoted.link
        assert promoted.created <= promoted.ended
        assert all(task.started <= task.ended for task in promoted.tasks)

    def test_outputs_are_parameters_and_artifacts_of_steps(self, service, promoted):
        outputs = service.outputs(promoted.id)
        assert outputs.parameter("build-image", "outcome") == "promote"
        assert outputs.parameter("build-image", "digest") == "sha256:1"
        assert outputs.parameter("conclude", "outcome") == ""
        (image,) = outputs.artifacts
        assert (image.task, image.name) == ("build-image", "image")
        assert image.metadata["reference"] == "registry.example/tiny:1@sha256:1"
        assert image.uri

    def test_runs_are_listed_newest_first(self, service, package, promoted, failed):
        newest = list(service.runs(package.pipeline, 2))
        assert [run.id for run in newest] == [failed.id, promoted.id]
        assert [run.id for run in service.runs(package.pipeline, 1)] == [failed.id]

    def test_a_version_with_other_content_is_refused(self, service, compiled, promoted, tmp_path):
        other = CompiledPipeline(compile_tiny(tmp_path, compiled.name, seconds=1.0, image=self.image))
        with pytest.raises(SubmitError) as error:
            service.submit(self.request_of(other.package("contract", COMMIT, allow_dirty=False)))
        assert codes(error) == ["version-exists"]

    def test_a_failed_run_has_its_reason_and_can_be_retried(self, service, failed):
        assert failed.state == "failed"
        assert [(task.name, task.state) for task in failed.tasks][:1] == [("build-image", "failed")]
        assert service.outputs(failed.id).parameter("build-image", "outcome") == ""
        assert failed.retries == 0
        service.retry(failed.id)
        again = finished(service, service.run(failed.id))
        assert (again.state, again.retries) == ("failed", 1)

    def test_a_run_that_has_not_failed_is_not_retried(self, service, promoted):
        with pytest.raises(SubmitError) as error:
            service.retry(promoted.id)
        assert codes(error) == ["run-state"]

    def test_a_run_is_stopped_once(self, service, package, promoted):
        run = service.submit(self.request_of(package, wait=300.0))
        service.stop(run.id)
        assert finished(service, run).state == "cancelled"
        with pytest.raises(SubmitError) as error:
            service.stop(run.id)
        assert codes(error) == ["run-state"]

    def test_a_schedule_is_idempotent_by_name(self, service, package):
        request = self.request_of(package)
        name = f"{package.pipeline}-nightly"
        first = service.schedule(ScheduleRequest(name, "0 18 * * 1-5", request))
        assert (first.change, first.cron, first.enabled, first.name) == ("created", "0 18 * * 1-5", True, name)
        same = service.schedule(ScheduleRequest(name, "0 18 * * 1-5", request))
        assert (same.change, same.id) == ("unchanged", first.id)
        other = service.schedule(ScheduleRequest(name, "30 6 * * *", request, catch_up=True))
        assert (other.change, other.cron) == ("replaced", "30 6 * * *")
        assert service.schedule(ScheduleRequest(name, "30 6 * * *", request, catch_up=True)).id == other.id

    def test_a_schedule_of_the_same_name_that_starts_another_pipeline_is_left_alone(self, service, package, tmp_path):
        other = CompiledPipeline(compile_tiny(tmp_path, f"{package.pipeline}-other", image=self.image))
        name, request = f"{package.pipeline}-shared", self.request_of(package)
        theirs = ScheduleRequest(name, "0 6 * * *", self.request_of(other.package("other", COMMIT, allow_dirty=False)))
        first = service.schedule(theirs)
        for cron, change in (("0 18 * * *", "created"), ("0 19 * * *", "replaced")):
            assert service.schedule(ScheduleRequest(name, cron, request)).change == change
        again = service.schedule(theirs)
        assert (again.change, again.id) == ("unchanged", first.id)

    def test_a_run_that_is_not_there_is_refused(self, service):
        for ask in (service.run, service.retry, service.stop):
            with pytest.raises(SubmitError):
                ask(str(uuid.uuid4()))


class LoopbackContract(PipelineServiceContract):
    """Of a service on a stand-in. `service_at(address)` is one at another address, and `unreachable` the code with
    which it says that nobody answers there."""

    unreachable = ""

    @staticmethod
    def service_at(address: str):
        raise NotImplementedError

    def test_a_host_that_does_not_answer(self, package):
        with nobody_listens() as address, pytest.raises(UnreachableError) as error:
            self.service_at(address).submit(self.request_of(package))
        assert codes(error) == [self.unreachable]
