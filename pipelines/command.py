"""How a command over a spec ends: its result or what stopped it, on the screen or as one JSON object, and its code.

Exit codes: 0 = done, 1 = refused or failed, 2 = an argument is wrong and nothing was started, 3 = no image was built,
and the model is not to blame; 130 = interrupted, and 128 + n after another signal n.
"""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Literal, Protocol

from rich.console import Console

from model import interrupt
from model.command_line import MISTAKE, UsageError
from model.errors import KamadoError, OutputError, Problem
from pipelines.local.events import StepEnded
from pipelines.local.subprocess_runner import Interrupted

UNTOUCHED = "what was in OUT before is untouched"


class Result(Protocol):
    """What a command came to."""

    @property
    def exit_code(self) -> int: ...

    def for_programs(self) -> dict[str, Any]: ...

    def show(self, console: Console) -> None: ...


@dataclass(frozen=True)
class Unfinished:
    """A command that came to no result; `step` is the one that refused or broke, `log` has more words on it."""

    outcome: Literal["refused", "failed", "interrupted"]
    exit_code: int
    message: str
    problems: tuple[Problem, ...] = ()
    step: str | None = None
    log: str | None = None

    def for_programs(self) -> dict[str, Any]:
        return asdict(self)

    def show(self, console: Console) -> None:
        console.print(self.message, style="red", markup=False)
        if self.outcome == "failed" and self.log:
            console.print(f"the whole log is {self.log}", markup=False)


def carry_out(work: Callable[[Console], Result], *, as_json: bool) -> int:
    """Do the work, tell how it ended, and return the exit code. With JSON the screen's lines go to stderr."""
    console = Console(stderr=as_json, soft_wrap=True, highlight=False)
    result: Result
    try:
        interrupt.raise_from_now_on()
        result = work(console)
    except StepEnded as ended:
        outcome: Literal["refused", "failed"] = "refused" if ended.problems else "failed"
        result = Unfinished(outcome, 1, ended.says, ended.problems, ended.step, ended.log)
    except UsageError as refusal:
        result = Unfinished("refused", MISTAKE, str(refusal), refusal.problems)
    except KamadoError as refusal:
        result = Unfinished("refused", 1, str(refusal), refusal.problems)
    except Interrupted as interruption:
        result = Unfinished("interrupted", 128 + interruption.number, str(interruption))
    except KeyboardInterrupt:
        result = Unfinished("interrupted", interrupt.INTERRUPTED, f"interrupted; {UNTOUCHED}")
    except OSError as error:
        where = str(error.filename2 or error.filename or "OUT")
        found, hint = f"cannot be used ({error.strerror or error})", "Free some space, or name another folder"
        refused = OutputError(Problem(where, found, hint, "out-unwritable"))
        result = Unfinished("refused", 1, str(refused), refused.problems)
    if as_json:
        print(json.dumps(result.for_programs(), ensure_ascii=True))
    if not as_json or isinstance(result, Unfinished):
        result.show(console)
    return result.exit_code
