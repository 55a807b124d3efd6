"""What a run came to: exit codes, what can be retried, and how it is watched."""

import io
from datetime import UTC, datetime, timedelta

import pytest
from rich.console import Console

from artifacts.run_result import RunResult
from model.errors import Problem
from pipelines.submit.outcome import FinishedRun, finish, follow, refuse_retry
from pipelines.submit.service import Run, RunOutputs, SubmitError, Task, UnreachableError
from pipelines.submit.watch import watch
from tests.contracts.pipeline_service import codes

START = datetime(2026, 7, 1, tzinfo=UTC)


def run_in(state, *tasks, retries=0) -> Run:
    return Run("1", "tiny", "kamado-tiny", state, "http://host/#/runs/details/1", tasks=tasks, retries=retries)


def finished(state, *outcomes, tasks=(), retries=0) -> FinishedRun:
    results = [RunResult(model=f"m{index}", outcome=word, reason="why") for index, word in enumerate(outcomes)]
    parameters = {f"loop-{index}/build-image": {"result": result.line()} for index, result in enumerate(results)}
    return FinishedRun.of(run_in(state, *tasks, retries=retries), RunOutputs(parameters))


@pytest.mark.parametrize(
    ("state", "outcomes", "code"),
    [
        ("succeeded", ["promote"], 0),
        ("succeeded", ["hold"], 3),
        ("succeeded", ["insufficient-data"], 3),
        ("failed", ["reject"], 1),
        ("failed", ["invalid"], 1),
        ("failed", ["refused"], 1),
        ("failed", ["promote"], 1),
        ("failed", [], 1),
        ("cancelled", [], 1),
        ("succeeded", [], 1),
        ("succeeded", ["promote", "hold", "promote"], 3),
        ("failed", ["promote", "hold", "refused"], 1),
    ],
)
def test_the_exit_code_is_the_runs_own(state, outcomes, code):
    end = finished(state, *outcomes)
    assert end.exit_code == code
    screen = io.StringIO()
    end.show(Console(file=screen))
    assert all(word in screen.getvalue() for word in outcomes)
    assert "http://host/#/runs/details/1" in screen.getvalue()


def test_the_end_names_the_time_of_each_step_because_pods_are_paid_by_it():
    """Steps of several models add up; a step that is running has none yet."""
    minute = START + timedelta(minutes=1)
    tasks = [
        Task("resolve", "succeeded", START, START + timedelta(milliseconds=300)),
        Task("train", "succeeded", START, minute),
        Task("evaluate", "succeeded", START, START + timedelta(seconds=12)),
        Task("train", "succeeded", minute, minute + timedelta(seconds=65)),
        Task("conclude", "running", START),
    ]
    end, screen = finished("succeeded", "promote", tasks=tasks), io.StringIO()
    end.show(Console(file=screen))
    assert "time of the steps: train 2:05, evaluate 0:12\n" in screen.getvalue()
    assert end.run.seconds_by_step == {"resolve": 0.3, "train": 125.0, "evaluate": 12.0, "conclude": 0.0}


def test_a_refusal_is_final_and_retries_have_an_end():
    for end, code in (
        (finished("failed", "refused", tasks=[Task("conclude", "failed")]), "run-final"),
        (finished("failed", "promote", "reject", tasks=[Task("fleet-conclude", "failed")]), "run-final"),
        (finished("failed", retries=3), "run-retries"),
    ):
        with pytest.raises(SubmitError) as error:
            refuse_retry(end)
        assert codes(error) == [code]
    refuse_retry(finished("failed", retries=2))


def test_a_run_with_a_refused_model_and_a_lost_step_of_another_can_be_retried():
    refuse_retry(finished("failed", "refused", tasks=[Task("train", "failed"), Task("for-loop-1", "failed")]))


def test_one_answer_that_does_not_come_does_not_change_what_a_run_came_to():
    waits = []

    class Service:
        def outputs(self, run_id):
            if len(waits) < 2:
                raise UnreachableError(Problem("host", "answered 503", "Wait", "kfp-unavailable"))
            line = RunResult(model="m", outcome="promote", reason="why").line()
            return RunOutputs({"build-image": {"result": line}})

    assert finish(Service(), run_in("succeeded"), sleep=waits.append).exit_code == 0
    assert waits == [1.0, 4.0]


def test_a_result_of_another_version_is_not_guessed():
    with pytest.raises(SubmitError) as error:
        FinishedRun.of(run_in("succeeded"), RunOutputs({"build-image": {"result": '{"outcome": "better"}'}}))
    assert codes(error) == ["run-result"]


class Answers:
    """A service that gives one answer after the other; None is none."""

    def __init__(self, *answers):
        self.answers = list(answers)

    def run(self, run_id):
        answer = self.answers.pop(0)
        if answer is None:
            raise UnreachableError(Problem("host", "does not answer", "Wait", "kfp-unreachable"))
        return answer


def test_watching_prints_each_change_once_and_survives_silence():
    first, second = Task("build-image", "running", START), Task("build-image", "succeeded", START, START)
    failed = Task("conclude", "failed", START, START, "exit\x1b code 1")
    service = Answers(run_in("running", first), None, run_in("running", second), run_in("failed", second, failed))
    screen = io.StringIO()
    end = watch(service, run_in("pending"), Console(file=screen, width=200), sleep=lambda _: None)
    assert end.state == "failed"
    assert [line.split() for line in screen.getvalue().splitlines() if line.strip()] == [
        ["build-image", "running"],
        ["build-image", "succeeded"],
        ["conclude", "failed", "exit\\x1b", "code", "1"],
    ]


def test_watching_several_models_names_the_model_of_each_step():
    """Where the service does not know it yet, the step alone is named."""
    ended = [Task("train", "succeeded", START, START, model=model) for model in ("rent", "sale")]
    service = Answers(run_in("running", Task("train", "running", START)), run_in("succeeded", *ended))
    for terminal in (False, True):
        screen, answers = io.StringIO(), Answers(*service.answers)
        console = Console(file=screen, width=200, force_terminal=terminal)
        watch(answers, run_in("pending"), console, sleep=lambda _: None)
        assert "rent train" in screen.getvalue()
        assert "sale train" in screen.getvalue()


class Retried:
    """A service whose run has one end after the other."""

    def __init__(self, *ends):
        self.ends, self.retried = list(ends), 0

    def run(self, run_id):
        return self.ends[min(self.retried, len(self.ends) - 1)]

    def retry(self, run_id):
        self.retried += 1

    def outputs(self, run_id):
        return RunOutputs(OUTCOMES.get(self.run(run_id).state, {}))


OUTCOMES = {
    "succeeded": {"build-image": {"result": RunResult(model="m", outcome="promote", reason="why").line()}},
    "cancelled": {},
}
LOST = run_in("failed", Task("train", "failed", START, START, "pod deleted"))


@pytest.mark.parametrize(
    ("ends", "retries", "retried", "state"),
    [
        ([LOST, run_in("succeeded")], 1, 1, "succeeded"),
        ([LOST, LOST, run_in("succeeded")], 1, 1, "failed"),
        ([LOST, LOST, run_in("succeeded")], 2, 2, "succeeded"),
        ([LOST, run_in("succeeded")], 0, 0, "failed"),
        ([run_in("failed", *LOST.tasks, retries=3), run_in("succeeded")], 2, 0, "failed"),
        ([run_in("cancelled"), run_in("succeeded")], 2, 0, "cancelled"),
        ([run_in("failed"), run_in("succeeded")], 1, 1, "succeeded"),  # a driver's pod or Argo itself: no step failed
    ],
)
def test_a_run_that_no_refusal_ended_is_retried_a_few_times(ends, retries, retried, state):
    service, lines = Retried(*ends), []
    end = follow(service, ends[0], Console(file=io.StringIO()), retries=retries, report=lines.append)
    assert (service.retried, end.run.state) == (retried, state)
    assert sum("its failed steps run again" in line for line in lines) == retried


def test_a_refusal_is_not_retried():
    """The run's outcome is its own."""
    refused = run_in("failed", Task("conclude", "failed"))
    service = Retried(refused)
    line = RunResult(model="m", outcome="refused", reason="why").line()
    service.outputs = lambda _: RunOutputs({"build-image": {"result": line}})
    end = follow(service, refused, Console(file=io.StringIO()), retries=3, report=lambda _: None)
    assert (service.retried, end.exit_code) == (0, 1)


def test_watching_ends_when_the_service_stays_silent():
    slept = []
    with pytest.raises(UnreachableError):
        watch(Answers(*[None] * 200), run_in("running"), Console(file=io.StringIO()), sleep=slept.append)
    assert 300 < sum(slept) < 310


def test_on_a_terminal_the_steps_are_a_table():
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, width=100)
    watch(
        Answers(run_in("succeeded", Task("train", "succeeded", START, START))),
        run_in("pending"),
        console,
        sleep=lambda _: None,
    )
    assert "waiting for the first step" in screen.getvalue()
    assert "train" in screen.getvalue()
