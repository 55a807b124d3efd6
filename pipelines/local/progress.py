"""A run as a person watches it: one row a step, with a bar where a step can say how far it is."""

from types import TracebackType

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars

from pipelines.local.events import Event


class ProgressDisplay:
    """Takes the steps' events. On a terminal it draws; elsewhere it prints a line when a step starts and ends."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._bars = Bars(
            TextColumn("{task.fields[step]:<12}"),
            BarColumn(bar_width=24),
            TimeElapsedColumn(),
            TextColumn("{task.description}"),
            console=console,
        )
        self._rows: dict[str, TaskID] = {}
        self._messages: dict[str, str] = {}

    def __enter__(self) -> "ProgressDisplay":
        if self._console.is_terminal:
            self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bars.stop()

    def take(self, event: Event) -> None:
        if event.kind == "started":
            self._rows[event.step] = self._bars.add_task("", step=event.step, total=None)
        elif event.kind == "progress":
            self._messages[event.step] = event.message
            row, total = self._rows[event.step], event.total or None
            self._bars.update(row, total=total, completed=event.done, description=escape(event.message))
        elif event.kind == "finished":
            self._bars.update(self._rows[event.step], total=1, completed=1)
            self._bars.stop_task(self._rows[event.step])
        if not self._console.is_terminal and event.kind in ("started", "finished"):
            last = self._messages.get(event.step, "") if event.kind == "finished" else ""
            self._console.print(f"{event.step:<12} {event.kind}  {last}".rstrip(), markup=False)
