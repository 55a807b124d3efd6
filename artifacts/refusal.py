"""refusal.json: why a step refused its input. It stands in the output folders of that step and of every later one."""

from collections.abc import Iterable
from pathlib import Path
from typing import ClassVar, Literal, Self

from artifacts.document import Document, Section
from model.errors import KamadoError, Problem


class RefusedProblem(Section):
    """One thing that is wrong, in the four parts of `model.errors.Problem`."""

    where: str
    problem: str
    hint: str
    code: str


class Refusal(Document):
    """A final refusal: the same input would be refused again. `heading` is the kind of the error."""

    FILE: ClassVar[str] = "refusal.json"
    STEP: ClassVar[str] = "any step"

    format: Literal[1] = 1
    step: str
    heading: str
    problems: tuple[RefusedProblem, ...]

    @classmethod
    def of(cls, step: str, error: KamadoError) -> Self:
        parts = (
            RefusedProblem(where=problem.where, problem=problem.problem, hint=problem.hint, code=problem.code)
            for problem in error.problems
        )
        return cls(step=step, heading=error.heading, problems=tuple(parts))

    @classmethod
    def first_in(cls, folders: Iterable[Path]) -> Self | None:
        """The refusal in the first of these folders that holds one."""
        return next((refusal for folder in folders if (refusal := cls.read_if_present(folder))), None)

    def as_problems(self) -> tuple[Problem, ...]:
        return tuple(Problem(part.where, part.problem, part.hint, part.code) for part in self.problems)

    def __str__(self) -> str:
        problems = "\n".join(f"  {problem}" for problem in self.as_problems())
        return f"{self.step}: {self.heading}, {len(self.problems)} problem(s):\n{problems}"
