"""What a step tells while it runs, one JSON line each, as components/step.py writes them."""

import json
from dataclasses import dataclass
from typing import Literal

from model.errors import Fault
from model.text import printable

Kind = Literal["started", "progress", "finished", "refused", "failed"]


@dataclass(frozen=True)
class Event:
    """`says` is for people, in printable lines; `faults` are those of a refusal; `done` of `total` is how far a step
    is, 0 = unknown."""

    step: str
    kind: Kind
    says: str = ""
    done: int = 0
    total: int = 0
    faults: tuple[Fault, ...] = ()

    @classmethod
    def from_json(cls, line: str) -> "Event":
        event = json.loads(line)
        faults = tuple(Fault(**fault) for fault in event.get("faults", ()))
        return cls(
            event["step"],
            event["event"],
            "\n".join(map(printable, event.get("says", "").split("\n"))),
            event.get("done", 0),
            event.get("total", 0),
            faults,
        )


class StepEnded(Exception):
    """A step refused, or broke: then it has no faults; `log` is the file with all that is known of it."""

    def __init__(self, step: str, says: str, faults: tuple[Fault, ...] = (), *, log: str | None) -> None:
        self.step, self.says, self.faults, self.log = step, says, faults, log
        super().__init__(says)
