"""What a step reports while it runs, one JSON line each, as components/step.py writes them."""

import json
from dataclasses import dataclass
from typing import Literal

from model.errors import Problem
from model.text import printable

Kind = Literal["started", "progress", "finished", "refused", "failed"]


@dataclass(frozen=True)
class Event:
    """`message` is for people, in printable lines; `problems` are those of a refusal or a failure; `done` of `total` is
    how far a step is, 0 = unknown."""

    step: str
    kind: Kind
    message: str = ""
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
            "\n".join(map(printable, event.get("message", "").split("\n"))),
            event.get("done", 0),
            event.get("total", 0),
            problems,
        )


class StepError(Exception):
    """A step refused, or failed, which is a defect; `log` is the file with all that is known of it.

    Both have problems, so that a program reads them in one way.
    """

    def __init__(
        self,
        step: str,
        message: str,
        problems: tuple[Problem, ...],
        *,
        outcome: Literal["refused", "failed"],
        log: str | None,
    ) -> None:
        self.step, self.message, self.problems, self.outcome, self.log = step, message, problems, outcome, log
        super().__init__(message)
