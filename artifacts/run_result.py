"""The outcome of one model's run as a line of JSON, for a table of several models."""

from typing import Literal, Self

from artifacts.document import Section
from artifacts.verdict import Outcome

GREEN = ("promote", "hold", "insufficient-data")  # outcomes with which a run succeeds
RunOutcome = Outcome | Literal["refused"]


class RunResult(Section):
    """`reason` is one short sentence; `reference`, `tag` and `digest` are empty where no image was built."""

    model: str
    outcome: RunOutcome
    reason: str
    reference: str = ""
    tag: str = ""
    digest: str = ""

    @classmethod
    def of_line(cls, line: str) -> Self:
        """What `line` gave."""
        return cls.model_validate_json(line)

    @property
    def green(self) -> bool:
        """Whether a run with this outcome succeeds."""
        return self.outcome in GREEN

    def line(self) -> str:
        return self.model_dump_json()
