"""The end of a run as a message in a chat."""

from collections.abc import Callable, Mapping

from components.notify.answers import RunTask
from components.notify.kubeflow import ApiError, tasks_of
from components.notify.message import EndOfRun, message
from components.notify.webhook import WebhookError, post


def notify(end: EndOfRun, api: str, environ: Mapping[str, str], *, report: Callable[[str], None]) -> None:
    """Post the end of the run to KAMADO_WEBHOOK. What goes wrong is reported, and changes nothing about the run."""
    webhook = environ.get("KAMADO_WEBHOOK", "").strip()  # a Secret made of a file ends with a new line
    if not webhook:
        report("KAMADO_WEBHOOK is not set: nothing was posted")
        return
    try:
        post(webhook, message(end, _tasks(end, api, environ, report)))
        report("posted")
    except WebhookError as error:
        report(f"nothing was posted: {error}")


def _tasks(end: EndOfRun, api: str, environ: Mapping[str, str], report: Callable[[str], None]) -> tuple[RunTask, ...]:
    """None where the API does not tell: the message then has the status alone."""
    if not api:
        return ()
    try:
        return tasks_of(api, end.run, environ)
    except ApiError as error:
        report(f"the message has the status alone: {error}")
        return ()
