"""A rule: what a field may be, as text for the page, and the check that reports where a document breaks it."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar

from model.errors import Problem

Context = TypeVar("Context")


class Violation(NamedTuple):
    """Where a rule is broken, and by what; `hint` replaces the document's where there is a better one."""

    where: str
    problem: str
    hint: str | None = None


@dataclass(frozen=True)
class FieldRule(Generic[Context]):
    """`field` and `allowed` are the row of the page. Codes are stable; several rules may share one."""

    field: str
    allowed: str
    code: str
    check: Callable[[Context], Iterator[Violation]]


def problems(rules: Iterable[FieldRule[Context]], context: Context, *, document: str, hint: str) -> list[Problem]:
    """Every problem in the order of the rules; a problem that two rules find is reported once."""
    problems = [
        Problem(f"{document} {violation.where}".strip(), violation.problem, violation.hint or hint, rule.code)
        for rule in rules
        for violation in rule.check(context)
    ]
    return list(dict.fromkeys(problems))


@dataclass(frozen=True)
class CheckedElsewhere:
    """A field whose check is not a rule: the format's reader checks it, or the check needs the other files."""

    field: str
    allowed: str
    code: str


FieldRow = FieldRule[Context] | CheckedElsewhere
FieldTable = Sequence[FieldRow[Context]]


def rules_of(table: FieldTable[Context]) -> list[FieldRule[Context]]:
    return [row for row in table if isinstance(row, FieldRule)]
