"""The message at the end of a run, in the JSON that Slack's incoming webhooks take, and those that copy them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from artifacts.run_result import RunResult
from components.notify.answers import RunTask, iterations_of

MOST_CHARACTERS = 2400  # before the link; Slack takes 3,000 in one block
MOST_REASON = 600  # characters of one error
MOST_STEPS = 5  # whose time is shown
# By the states of KFP's own class and, up to Kubeflow 2.17, those of ML Metadata.
ENDS = {
    **dict.fromkeys(("SUCCEEDED", "COMPLETE", "CACHED"), "succeeded"),
    "FAILED": "failed",
    **dict.fromkeys(("CANCELLED", "CANCELED"), "was stopped"),
}


@dataclass(frozen=True)
class EndOfRun:
    """What an exit task knows by itself. `state` is that of the group around all steps; `error` is empty where there
    was none; `models` are those of a run of several, in the order of its loop."""

    model: str
    run: str
    state: str
    error: str
    ui: str
    models: tuple[str, ...] = ()

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
    """`tasks` are all that Kubeflow lists; none where they could not be read: then the message has the status alone."""
    steps = [task for task in tasks if not task.inner]
    models = _models(end, tasks)
    results = [task.result for task in steps if task.result is not None]
    outcome = results[0].outcome if len(results) == 1 and len(end.models) < 2 else _end(end, steps)
    title = f"{end.model}: {outcome}"
    lines = [f"*{_escaped(title)}*", *map(_result, results), *_finished(steps, models, results)]
    lines += [*_errors(end, steps, models), *_retry(end, steps), *_time(steps)]
    link = [f"<{end.link}|Open the run>"] if end.link else []
    text = "\n".join(["\n".join(lines)[:MOST_CHARACTERS], *link])
    return ChatMessage(title, text)


def _models(end: EndOfRun, tasks: Sequence[RunTask]) -> dict[str, str]:
    """Ids of tasks with the model that they are of, in a run of several."""
    if len(end.models) < 2:
        return {}
    numbers = iterations_of(tasks)
    return {task_id: end.models[number] for task_id, number in numbers.items() if number < len(end.models)}


def _end(end: EndOfRun, tasks: Sequence[RunTask]) -> str:
    """Kubeflow up to 2.17 may still call the group running, whatever became of its steps."""
    return ENDS.get(end.state) or ("failed" if any(task.failed for task in tasks) else "ended")


def _finished(tasks: Sequence[RunTask], models: Mapping[str, str], results: Sequence[RunResult]) -> list[str]:
    """The models that came to their end, where Kubeflow does not tell to which one."""
    ended = {models[task.task_id] for task in tasks if task.builds and task.ended_well and task.task_id in models}
    without_result = sorted(ended - {result.model for result in results})
    return [_escaped(f"came to their end: {', '.join(without_result)}")] if without_result else []


def _result(result: RunResult) -> str:
    image = f"\n`{_escaped(result.reference)}`" if result.reference else ""
    return f"{_escaped(result.model)}: {result.outcome}, {_escaped(result.reason)}{image}"


def _errors(end: EndOfRun, tasks: Sequence[RunTask], models: Mapping[str, str]) -> list[str]:
    """Of each step that failed, with its model."""
    failed = [(models.get(task.task_id, ""), task) for task in tasks if task.failed]
    lines = [f"{model + ', ' if model else ''}{task.title}: {task.message or 'failed'}" for model, task in failed]
    return [_escaped(line[:MOST_REASON]) for line in lines or ([end.error] if end.error else [])]


def _retry(end: EndOfRun, tasks: Sequence[RunTask]) -> list[str]:
    """What to do where a step of one model was lost: the run then ends before its last step."""
    lost = len(end.models) > 1 and any(task.failed for task in tasks)
    if not lost or any(task.concludes for task in tasks):
        return []
    return [_escaped(f"make pipeline-retry RUN={end.run} goes on with what was lost")]


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
