"""A rule says in words what a field may be, and finds where a document breaks it."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar

from model.errors import Problem

Subject = TypeVar("Subject")


class Broken(NamedTuple):
    """Where a rule is broken, and what stands there; `hint` where there is a better one than the document's."""

    where: str
    problem: str
    hint: str | None = None


@dataclass(frozen=True)
class Rule(Generic[Subject]):
    """`may_be` stands in the page, behind `field`. Codes are stable; several rules may share one."""

    field: str
    may_be: str
    code: str
    look: Callable[[Subject], Iterator[Broken]]


def problems(rules: Iterable[Rule[Subject]], subject: Subject, *, document: str, hint: str) -> list[Problem]:
    """Every problem of the subject, in the order of the rules; a problem that two rules find is told once."""
    problems = [
        Problem(f"{document} {broken.where}".strip(), broken.problem, broken.hint or hint, rule.code)
        for rule in rules
        for broken in rule.look(subject)
    ]
    return list(dict.fromkeys(problems))


@dataclass(frozen=True)
class Elsewhere:
    """A field whose check is not a rule: the reader of the format makes it, or it needs the other files."""

    field: str
    may_be: str
    code: str


Row = Rule[Subject] | Elsewhere
Table = Sequence[Row[Subject]]


def rules_of(table: Table[Subject]) -> list[Rule[Subject]]:
    return [row for row in table if isinstance(row, Rule)]
