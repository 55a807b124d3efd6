"""The outcome of one model's run as a line of JSON, for a table of several models."""

from typing import Literal

from artifacts.document import Section
from artifacts.verdict import Outcome

RunOutcome = Outcome | Literal["refused"]


class RunResult(Section):
    """`reason` is one short sentence; `reference`, `tag` and `digest` are empty where no image was built."""

    model: str
    outcome: RunOutcome
    reason: str
    reference: str = ""
    tag: str = ""
    digest: str = ""

    def line(self) -> str:
        return self.model_dump_json()
