"""Errors for the person who can fix them.

    KamadoError           something given was not good enough; `problems` lists all of it
    ├── SpecError         the spec or its SQL
    ├── DataError         the rows, the files or the folders they are in
    ├── BundleError       a trained model that must not be used
    ├── OutputError       the folder or store where results should go
    └── UsageError        the command line

Other packages have further kinds of their own. Every problem names the field, what is wrong there, and the way out.

A kind is `final` when the same input is refused again, however often it is tried: a cluster passes such a refusal on as
the outcome of the run. A kind of the outer world is not final (a full disk, a store that does not answer): the step
fails, and may be tried again.
"""

from dataclasses import dataclass
from typing import ClassVar

from model.text import printable


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong. `code` is stable and for programs; the rest is for people.

    The text often comes from the file that is at fault: control characters become their escapes here, so that no
    terminal, log or report has to defend itself.
    """

    where: str
    problem: str
    hint: str
    code: str = ""

    def __post_init__(self) -> None:
        for name in ("where", "problem", "hint", "code"):
            object.__setattr__(self, name, printable(getattr(self, name)))

    def __str__(self) -> str:
        label = f"[{self.code}] " if self.code else ""
        return f"{label}{self.where}: {self.problem}. {self.hint}"


class KamadoError(Exception):
    """Carries every problem, not the first."""

    heading: ClassVar[str] = "refused"
    final: ClassVar[bool] = True

    def __init__(self, *problems: Problem) -> None:
        self.problems = problems
        super().__init__(
            f"{self.heading}, {len(problems)} problem(s):\n" + "\n".join(f"  {problem}" for problem in problems)
        )


class SpecError(KamadoError):
    heading = "the spec was refused"


class DataError(KamadoError):
    heading = "the data was refused"


class BundleError(KamadoError):
    heading = "the bundle was refused"


class OutputError(KamadoError):
    heading = "the results cannot be written"
    final = False


class UsageError(KamadoError):
    """The command line has to be written in another way; nothing was started."""

    heading = "the command line was refused"


class Problems:
    """Collects problems so that they are reported all at once."""

    def __init__(self) -> None:
        self.items: list[Problem] = []

    def add(self, where: str, problem: str, hint: str, code: str = "") -> None:
        self.items.append(Problem(where, problem, hint, code))

    def raise_if_any(self, kind: type[KamadoError]) -> None:
        if self.items:
            raise kind(*self.items)
