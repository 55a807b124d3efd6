"""The rules that reject a row, and the mask that says which of them it breaks."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from components.preprocess.columns import SqlColumns
from model.errors import DataError, Problem
from model.expression import Expression
from model.spec.types import Spec
from model.sql import literal

MOST_RULES = 63  # bits of a row's mask


@dataclass(frozen=True)
class SqlRule:
    """One reason to reject a row: SQL that is true where the row breaks it. `bit` is its index in a row's mask."""

    name: str
    kind: Literal["rule", "unreadable"]
    sql: str
    bit: int
    expression: str | None = None
    min: float | None = None
    max: float | None = None

    @property
    def unreadable(self) -> str | None:
        """The column whose texts this rule could not read as numbers."""
        word, _, column = self.name.partition(" ")
        return column if (self.kind, word) == ("unreadable", "unreadable") else None

    @property
    def columns(self) -> tuple[str, ...]:
        """What the rule measures."""
        return Expression.parse(self.expression).columns if self.expression else (self.name.split(" ", 1)[1],)

    @property
    def broken(self) -> str:
        """SQL over a row's mask."""
        return f"(broken & {1 << self.bit}) <> 0"


def rules_of(spec: Spec, columns: SqlColumns) -> tuple[SqlRule, ...]:
    """The implicit rules first, then the declared ones. A row is counted under every rule that it breaks."""
    implicit = [SqlRule(name, "unreadable", sql, bit) for bit, (name, sql) in enumerate(columns.unreadable().items())]
    declared = [
        SqlRule(
            rule.name,
            "rule",
            rule.bounds.outside_sql(),
            bit,
            rule.expression,
            rule.min,
            rule.max,
        )
        for bit, rule in enumerate(spec.reject, len(implicit))
    ]
    if len(implicit) + len(declared) > MOST_RULES:
        problem = f"are {len(declared)}, and {len(implicit)} columns are texts that have to be read as numbers"
        hint = f"Together they may be {MOST_RULES}: CAST numbers in the SQL, or join rules"
        raise DataError(Problem("reject rules", problem, hint, "rules-too-many"))
    return (*implicit, *declared)


def mask(rules: Sequence[SqlRule]) -> str:
    """SQL of the bits of every rule that a row breaks."""
    bits = [f"(CASE WHEN {rule.sql} THEN {1 << rule.bit} ELSE 0 END)" for rule in rules]
    return f"CAST({' | '.join(bits) or '0'} AS BIGINT)"


def broken_names(rules: Sequence[SqlRule]) -> str:
    """SQL of the names of every rule that a row breaks, as a list, over the row's mask."""
    names = ", ".join(f"CASE WHEN {rule.broken} THEN {literal(rule.name)} END" for rule in rules)
    return f"list_filter([{names}], lambda x: x IS NOT NULL)" if names else "CAST([] AS VARCHAR[])"
