"""The message at the end of a run, in the JSON that Slack's incoming webhooks take, and those that copy them."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from artifacts.run_result import RunResult
from components.notify.kubeflow import RunTask

MOST_CHARACTERS = 2400  # before the link; Slack takes 3,000 in one block
MOST_REASON = 600  # characters of one error
MOST_STEPS = 5  # whose time is shown
# By the states of KFP's own class and, before Kubeflow 3, those of ML Metadata.
ENDS = {
    **dict.fromkeys(("SUCCEEDED", "COMPLETE", "CACHED"), "succeeded"),
    "FAILED": "failed",
    **dict.fromkeys(("CANCELLED", "CANCELED"), "was stopped"),
}


@dataclass(frozen=True)
class EndOfRun:
    """What an exit task knows by itself. `state` is that of the group around all steps; `error` is empty where there
    was none."""

    model: str
    run: str
    state: str
    error: str
    ui: str

    @property
    def link(self) -> str:
        """To the run's page; empty where the address is not known."""
        return f"{self.ui.rstrip('/')}/#/runs/details/{self.run}" if self.ui else ""


@dataclass(frozen=True)
class ChatMessage:
    """`title` is for a list of messages, `text` is the whole of it in Slack's Markdown."""

    title: str
    text: str

    def dump(self) -> bytes:
        section = {"type": "section", "text": {"type": "mrkdwn", "text": self.text}}
        return json.dumps({"text": self.title, "blocks": [section]}).encode()


def message(end: EndOfRun, tasks: Sequence[RunTask]) -> ChatMessage:
    """`tasks` is empty where they could not be read: then the message has the status alone."""
    results = [task.result for task in tasks if task.result is not None]
    outcome = results[0].outcome if len(results) == 1 else _end(end, tasks)
    title = f"{end.model}: {outcome}"
    lines = [f"*{_escaped(title)}*", *map(_result, results), *_errors(end, tasks), *_time(tasks)]
    link = [f"<{end.link}|Open the run>"] if end.link else []
    text = "\n".join(["\n".join(lines)[:MOST_CHARACTERS], *link])
    return ChatMessage(title, text)


def _end(end: EndOfRun, tasks: Sequence[RunTask]) -> str:
    """Kubeflow before 3 may still call the group running, whatever became of its steps."""
    return ENDS.get(end.state) or ("failed" if any(task.failed for task in tasks) else "ended")


def _result(result: RunResult) -> str:
    image = f"\n`{_escaped(result.reference)}`" if result.reference else ""
    return f"{_escaped(result.model)}: {result.outcome}, {_escaped(result.reason)}{image}"


def _errors(end: EndOfRun, tasks: Sequence[RunTask]) -> list[str]:
    failed = [f"{task.title}: {task.error.message}" for task in tasks if task.failed and task.error]
    return [_escaped(line[:MOST_REASON]) for line in failed or ([end.error] if end.error else [])]


def _time(tasks: Sequence[RunTask]) -> list[str]:
    """The steps that took longest: what a run costs follows from them."""
    longest = sorted((task for task in tasks if task.minutes >= 1), key=lambda task: -task.minutes)[:MOST_STEPS]
    total = sum(task.minutes for task in tasks)
    if not longest:
        return []
    steps = ", ".join(f"{task.title} {task.minutes:,.0f} min" for task in longest)
    return [_escaped(f"Pods: {total / 60:,.1f} h ({steps})")]


def _escaped(text: str) -> str:
    """As Slack wants it: nothing in a reason becomes a link or a mention."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
