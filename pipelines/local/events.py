"""What a step tells while it runs, one JSON line each, as components/step.py writes them."""

import json
from dataclasses import dataclass
from typing import Literal

from model.errors import Problem
from model.text import printable

Kind = Literal["started", "progress", "finished", "refused", "failed"]


@dataclass(frozen=True)
class Event:
    """`says` is for people, in printable lines; `problems` are those of a refusal; `done` of `total` is how far a step
    is, 0 = unknown."""

    step: str
    kind: Kind
    says: str = ""
    done: int = 0
    total: int = 0
    problems: tuple[Problem, ...] = ()

    @classmethod
    def from_json(cls, line: str) -> "Event":
        event = json.loads(line)
        problems = tuple(Problem(**problem) for problem in event.get("problems", ()))
        return cls(
            event["step"],
            event["event"],
            "\n".join(map(printable, event.get("says", "").split("\n"))),
            event.get("done", 0),
            event.get("total", 0),
            problems,
        )


class StepEnded(Exception):
    """A step refused, or broke: then it has no problems; `log` is the file with all that is known of it."""

    def __init__(self, step: str, says: str, problems: tuple[Problem, ...] = (), *, log: str | None) -> None:
        self.step, self.says, self.problems, self.log = step, says, problems, log
        super().__init__(says)
