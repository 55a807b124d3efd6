"""run.log: what each step did and when, a line for each of its events. The runner's own output is in kfp.log."""

from datetime import UTC, datetime
from pathlib import Path

from pipelines.local.events import Event


class RunLog:
    """Appends to one file, a line at a time, so that a run that is killed leaves what it came to."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def take(self, event: Event) -> None:
        self.write(event.step, f"{event.kind} {event.message}".rstrip())

    def write(self, step: str, text: str) -> None:
        """Further lines of `text` are indented below the first."""
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        lines = text.replace("\n", "\n    ")
        with self._path.open("a", encoding="utf-8") as file:
            file.write(f"{now} {step:<12} {lines}\n")
