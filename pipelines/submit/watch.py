"""Follow a run until it has ended: one row a step, as the service sees them."""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from rich.console import Console, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from model.text import printable
from pipelines.submit.service import PipelineService, Run, State, Task, UnreachableError

STYLES = {"succeeded": "green", "running": "cyan", "failed": "red", "cancelled": "yellow", "skipped": "dim"}
MOST_SILENCE = 300.0  # seconds without an answer, after which watching ends


@dataclass(frozen=True)
class Pace:
    """Seconds between two questions: `first`, and with every one half as long again, up to `last`."""

    first: float = 0.5
    last: float = 5.0

    def next(self, seconds: float) -> float:
        return min(self.last, seconds * 1.5)


def watch(
    service: PipelineService,
    run: Run,
    console: Console,
    *,
    pace: Pace = Pace(),
    sleep: Callable[[float], None] = time.sleep,
) -> Run:
    """The run once it has ended. Raises SubmitError; one answer that does not come is asked for again for 5 minutes."""
    seconds, silence, states = pace.first, 0.0, dict[str, State]()
    with Live(console=console, transient=False, auto_refresh=False) as live:
        while True:
            if console.is_terminal:
                live.update(_table(run), refresh=True)
            else:
                states = _print_changes(run, states, console)
            if run.has_ended:
                return run
            sleep(seconds)
            try:
                latest = service.run(run.id)
            except UnreachableError:
                silence += seconds
                if silence > MOST_SILENCE:
                    raise
                seconds = pace.next(seconds)
                continue
            silence = 0.0
            seconds = pace.first if latest.tasks != run.tasks else pace.next(seconds)
            run = latest


def _print_changes(run: Run, before: dict[str, State], console: Console) -> dict[str, State]:
    """Where nothing can be drawn: a line for each step that began or ended."""
    states, counts = dict[str, State](), Counter[str]()
    for task in run.tasks:
        counts[task.label] += 1  # where a service does not tell the models of steps with the same name
        key = f"{task.label} {counts[task.label]}"
        states[key] = task.state
        if before.get(key) != task.state and task.state != "pending":
            console.print(printable(f"{task.label:<12} {task.state}  {task.message}".rstrip()), markup=False)
    return states


def _table(run: Run) -> RenderableType:
    table = Table(box=None, show_header=False, pad_edge=False)
    for task in run.tasks:
        state = Text(task.state, STYLES.get(task.state, ""))
        table.add_row(printable(task.label), state, _duration(task), Text(printable(task.message)))
    if not run.tasks:
        table.add_row(f"waiting for the first step; the run is {run.state}")
    return table


def _duration(task: Task) -> str:
    if task.started is None:
        return ""
    return duration(((task.ended or datetime.now(UTC)) - task.started).total_seconds())


def duration(seconds: float) -> str:
    """As 12:05, minutes and seconds."""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02}"
