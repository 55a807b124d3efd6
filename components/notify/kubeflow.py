"""The tasks of a run, asked of Kubeflow's API: their end, their time and, after Kubeflow 2.17, their outputs."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pydantic
import requests

from components.notify.answers import RunAnswer, RunTask, TaskPage

SECONDS = 20.0  # for one answer
PAGE, MOST_PAGES = 200, 50


class ApiError(Exception):
    """The API cannot be asked, or answers otherwise than it should."""


def tasks_of(api: str, run: str, environ: Mapping[str, str]) -> tuple[RunTask, ...]:
    """Every task of the run, also those that Kubeflow adds. Raises ApiError."""
    address = f"{api.rstrip('/')}/apis/v2beta1/runs/{run}"
    headers = _headers(environ)
    try:
        first = requests.get(f"{address}/tasks", {"page_size": PAGE}, headers=headers, timeout=SECONDS)
        if first.ok:
            return tuple(_all_pages(address, TaskPage.model_validate_json(first.content), headers))
        answer = requests.get(address, headers=headers, timeout=SECONDS)  # up to Kubeflow 2.17
        _refuse_failed(address, answer)
        return RunAnswer.model_validate_json(answer.content).run_details.task_details
    except requests.RequestException as error:
        raise ApiError(f"{address} cannot be reached ({type(error).__name__})") from error
    except pydantic.ValidationError as error:
        raise ApiError(f"{address} answers with something else than a run") from error


def _all_pages(address: str, page: TaskPage, headers: Mapping[str, str]) -> Iterator[RunTask]:
    for _ in range(MOST_PAGES):
        yield from page.tasks
        if not page.next_page_token:
            return
        query = {"page_size": str(PAGE), "page_token": page.next_page_token}
        answer = requests.get(f"{address}/tasks", query, headers=headers, timeout=SECONDS)
        _refuse_failed(address, answer)
        page = TaskPage.model_validate_json(answer.content)


def _refuse_failed(address: str, answer: requests.Response) -> None:
    if not answer.ok:
        raise ApiError(f"{address} answers {answer.status_code}")


def _headers(environ: Mapping[str, str]) -> dict[str, str]:
    """The pod's token for the API, where Kubeflow's PodDefault mounts one."""
    path = environ.get("KF_PIPELINES_SA_TOKEN_PATH")
    return {"Authorization": f"Bearer {Path(path).read_text('utf-8').strip()}"} if path and Path(path).is_file() else {}
