"""A run as a person watches it: one row a step, with a bar where a step can say how far it is."""

from pathlib import Path
from types import TracebackType
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars


class Progress:
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
        self._says: dict[str, str] = {}
        self.refusal: str | None = None
        self.defect = "a step ended without a word: it was killed, or the machine ran out of memory"

    def __enter__(self) -> "Progress":
        if self._console.is_terminal:
            self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bars.stop()

    def take(self, event: dict[str, Any]) -> None:
        step, says = event["step"], event.get("says", "")
        if event["event"] == "started":
            self._rows[step] = self._bars.add_task("", step=step, total=None)
        elif event["event"] == "progress":
            self._says[step] = says
            self._bars.update(self._rows[step], total=event["total"] or None, completed=event["done"], description=says)
        elif event["event"] == "finished":
            self._bars.update(self._rows[step], total=1, completed=1)
            self._bars.stop_task(self._rows[step])
        elif event["event"] == "refused":
            self.refusal = says
        elif event["event"] == "failed":
            self.defect = f"{step} failed, which is a defect of Kamado and not of your input: {says}"
        if not self._console.is_terminal and event["event"] in ("started", "finished"):
            said = self._says.get(step, "") if event["event"] == "finished" else ""
            self._console.print(f"{step:<12} {event['event']}  {said}".rstrip(), markup=False)

    def tell_failure(self, log: Path) -> None:
        """The step's own refusal; else what is known of how it died, and where its log is."""
        self._console.print(self.refusal or f"{self.defect}\nthe whole log is {log}", style="red", markup=False)
