"""How a verb ends: its result or what stopped it, on the screen or as one JSON value, and its exit code."""

import json
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, is_dataclass
from typing import TYPE_CHECKING, Literal, Protocol

from model.errors import KamadoError, OutputError, Problem, UsageError
from model.exit_codes import DONE, REFUSED, USAGE
from model.interrupt import INTERRUPTED, Interrupted, raise_from_now_on
from model.text import printable
from pipelines.local.events import StepError

if TYPE_CHECKING:
    from rich.console import Console


class VerbResult(Protocol):
    """What a verb came to."""

    @property
    def exit_code(self) -> int: ...

    def for_programs(self) -> object:
        """A JSON value, or a dataclass that stands for one."""

    def show(self, console: "Console") -> None: ...


@dataclass(frozen=True)
class Done:
    """A verb that did what it should: what programs get, and the lines for people."""

    document: object = None
    lines: tuple[str, ...] = ()
    exit_code: int = DONE

    def for_programs(self) -> object:
        return self.document

    def show(self, console: "Console") -> None:
        for line in self.lines:
            console.print("\n".join(map(printable, line.split("\n"))), markup=False)


@dataclass(frozen=True)
class Unfinished:
    """A verb that came to no result; `step` is the one that refused or broke, `log` has more on it."""

    outcome: Literal["refused", "failed", "interrupted"]
    exit_code: int
    message: str
    problems: tuple[Problem, ...] = ()
    step: str | None = None
    log: str | None = None

    def for_programs(self) -> object:
        return self

    def show(self, console: "Console") -> None:
        console.print(self.message, style="red", markup=False)
        if self.outcome == "failed" and self.log:
            console.print(f"the whole log is {self.log}", markup=False)


def finish(work: Callable[["Console"], VerbResult], *, as_json: bool, unchanged: str) -> int:
    """Do the work, show how it ended, and return the exit code.

    A result goes to stdout; with JSON the screen's lines go to stderr. `unchanged` says what an interrupt leaves.
    """
    console = _console(stderr=as_json)
    result = _result_of(work, console, unchanged)
    if as_json:
        print(json.dumps(_plain(result.for_programs()), ensure_ascii=True))
    if isinstance(result, Unfinished):
        result.show(_console(stderr=True))
    elif not as_json:
        result.show(console)
    return result.exit_code


def report_usage(problem: Problem, *, as_json: bool) -> int:
    """A command line that names no verb."""

    def work(_: "Console") -> VerbResult:
        raise UsageError(problem)

    return finish(work, as_json=as_json, unchanged="")


def _result_of(work: Callable[["Console"], VerbResult], console: "Console", unchanged: str) -> VerbResult:
    try:
        with _termination_raises():
            raise_from_now_on()
            return work(console)
    except StepError as error:
        return Unfinished(error.outcome, REFUSED, error.message, error.problems, error.step, error.log)
    except UsageError as refusal:
        return Unfinished("refused", USAGE, str(refusal), refusal.problems)
    except KamadoError as refusal:
        return Unfinished("refused", REFUSED, str(refusal), refusal.problems)
    except Interrupted as interruption:
        return Unfinished("interrupted", 128 + interruption.number, _sentence(str(interruption), unchanged))
    except KeyboardInterrupt:
        return Unfinished("interrupted", INTERRUPTED, _sentence("interrupted", unchanged))
    except OSError as error:
        where = str(error.filename2 or error.filename or "the output folder")
        problem = f"cannot be used ({error.strerror or error})"
        unusable = OutputError(Problem(where, problem, "Free some space, or name another folder", "out-unwritable"))
        return Unfinished("refused", REFUSED, str(unusable), unusable.problems)


def _console(*, stderr: bool) -> "Console":
    from rich.console import Console  # takes longer to import than all else here

    return Console(stderr=stderr, soft_wrap=True, highlight=False, emoji=False)


def _sentence(event: str, unchanged: str) -> str:
    return f"{event}; {unchanged}" if unchanged else event


@contextmanager
def _termination_raises() -> Iterator[None]:
    """SIGTERM is an exception, so that what is being written is removed."""

    def stop(number: int, _: object) -> None:
        raise Interrupted(number)

    previous = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, previous)


def _plain(value: object) -> object:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value
