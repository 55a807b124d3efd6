"""The tasks of a run, by Kubeflow's API: their end, their time and, from Kubeflow 3, their outputs."""

import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import pydantic
import requests
from pydantic import BaseModel, ConfigDict

from artifacts.run_result import RunResult

SECONDS = 20.0  # for one answer
PAGE = 200
BUILD = ("build-image", "Build the image")  # name and title of the task whose output `result` has a model's outcome
# What Kubeflow lists beside the steps, with the same time and errors again: drivers, pods, of which a step that may be
# tried again has a numbered one for each attempt, groups, the run itself.
INNER = re.compile(r".*(-driver|executor|root)(\([0-9]+\))?|(exit-handler-|for-loop-|iteration-|kamado-).*")


class ApiError(Exception):
    """The API cannot be asked, or answers otherwise than it should."""


class _Answer(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class _Error(_Answer):
    message: str = ""


class _Parameter(_Answer):
    parameter_key: str = ""
    value: object = None


class _Outputs(_Answer):
    parameters: tuple[_Parameter, ...] = ()


class RunTask(_Answer):
    """One task; lines before Kubeflow 3 say `state`, have no name beside the title, and no outputs."""

    name: str = ""
    display_name: str = ""
    state: str = ""
    status: str = ""
    start_time: datetime | None = None
    end_time: datetime | None = None
    error: _Error | None = None
    outputs: _Outputs | None = None

    @property
    def title(self) -> str:
        return self.display_name or self.name

    @property
    def failed(self) -> bool:
        return "FAILED" in (self.state, self.status)

    @property
    def minutes(self) -> float:
        """From start to end; 0 where one of them is not known."""
        if self.start_time is None or self.end_time is None:
            return 0.0
        return max(0.0, (self.end_time - self.start_time).total_seconds() / 60)

    @property
    def inner(self) -> bool:
        return INNER.fullmatch(self.title) is not None

    @property
    def result(self) -> RunResult | None:
        """Of the task that builds the image."""
        parameters = self.outputs.parameters if self.outputs else ()
        values = [parameter.value for parameter in parameters if parameter.parameter_key == "result"]
        if not values or not ({self.name, self.display_name} & set(BUILD)):
            return None
        try:
            return RunResult.of_line(str(values[0]))
        except pydantic.ValidationError:
            return None


class _Tasks(_Answer):
    tasks: tuple[RunTask, ...] = ()


class _Details(_Answer):
    task_details: tuple[RunTask, ...] = ()


class _Run(_Answer):
    run_details: _Details = _Details()


def tasks_of(api: str, run: str, environ: Mapping[str, str]) -> tuple[RunTask, ...]:
    """Every task of the run, those that Kubeflow adds left out. Raises ApiError."""
    address = f"{api.rstrip('/')}/apis/v2beta1/runs/{run}"
    headers = _headers(environ)
    try:
        answer = requests.get(f"{address}/tasks", {"page_size": PAGE}, headers=headers, timeout=SECONDS)
        if answer.ok:
            return _without_inner(_Tasks.model_validate_json(answer.content).tasks)
        answer = requests.get(address, headers=headers, timeout=SECONDS)  # before Kubeflow 3
        if not answer.ok:
            raise ApiError(f"{address} answers {answer.status_code}")
        return _without_inner(_Run.model_validate_json(answer.content).run_details.task_details)
    except requests.RequestException as error:
        raise ApiError(f"{address} cannot be reached ({type(error).__name__})") from error
    except pydantic.ValidationError as error:
        raise ApiError(f"{address} answers with something else than a run") from error


def _headers(environ: Mapping[str, str]) -> dict[str, str]:
    """The pod's token for the API, where Kubeflow's PodDefault mounts one."""
    path = environ.get("KF_PIPELINES_SA_TOKEN_PATH")
    return {"Authorization": f"Bearer {Path(path).read_text('utf-8').strip()}"} if path and Path(path).is_file() else {}


def _without_inner(tasks: tuple[RunTask, ...]) -> tuple[RunTask, ...]:
    return tuple(task for task in tasks if not task.inner)
