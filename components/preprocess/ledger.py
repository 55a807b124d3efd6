"""The ledger: which rule rejected how many rows, with examples. What is rejected is counted, never silently gone."""

from dataclasses import dataclass
from typing import Any

import duckdb

from components.preprocess.columns import Columns
from components.preprocess.unreadable import remedy
from model.errors import DataError, Problem
from model.expression import Expression
from model.spec.types import Spec
from model.sql import literal, quoted

EXAMPLES = 5
MOST_SHOWN = 40  # characters of an example in a sentence
MOST_RULES = 63  # bits of a row's mask


@dataclass(frozen=True)
class Rule:
    """One reason to reject a row: SQL that is true where the row breaks it. `bit` is its place in a row's mask."""

    name: str
    kind: str
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
    def broken(self) -> str:
        """SQL over a row's mask."""
        return f"(broken & {1 << self.bit}) <> 0"


def rules_of(spec: Spec, columns: Columns) -> list[Rule]:
    """The implicit rules first, then the declared ones. A row is counted under every rule that it breaks."""
    implicit = [Rule(name, "unreadable", sql, bit) for bit, (name, sql) in enumerate(columns.unreadable().items())]
    declared = [
        Rule(
            rule.name,
            "rule",
            rule.bounds.outside_sql(),
            len(implicit) + place,
            rule.expression,
            rule.min,
            rule.max,
        )
        for place, rule in enumerate(spec.reject)
    ]
    if len(implicit) + len(declared) > MOST_RULES:
        found = f"are {len(declared)}, and {len(implicit)} columns are texts that have to be read as numbers"
        hint = f"Together they may be {MOST_RULES}: CAST numbers in the SQL, or join rules"
        raise DataError(Problem("reject rules", found, hint, "rules-too-many"))
    return implicit + declared


def mask(rules: list[Rule]) -> str:
    """SQL of the bits of every rule that a row breaks."""
    bits = [f"(CASE WHEN {rule.sql} THEN {1 << rule.bit} ELSE 0 END)" for rule in rules]
    return f"CAST({' | '.join(bits) or '0'} AS BIGINT)"


class Ledger:
    """Counts over `rows`, a table or file that has the mask as its column `broken` and a `row_key`.

    `raw` are the rows as extract wrote them; `shown` are the columns that say where an example stands.
    """

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, rows: str, rules: list[Rule], *, raw: str, shown: list[str]
    ) -> None:
        counts = ", ".join(
            ["count(*)", "count(*) FILTER (broken <> 0)", *(f"count(*) FILTER ({r.broken})" for r in rules)]
        )
        found = connection.execute(f"SELECT {counts} FROM {rows}").fetchone()
        assert found is not None  # an aggregate always answers
        self.rows_in, self.rejected, *self._per_rule = found
        self._rules = rules
        self._connection, self._raw, self._shown = connection, raw, shown

    @property
    def share(self) -> float:
        return self.rejected / self.rows_in if self.rows_in else 0.0

    def refuse_over(self, budget: float) -> None:
        """Raises DataError, with every rule's share, when more than the budget was rejected."""
        if self.share <= budget:
            return
        shares = [
            f"{rule.name} {count:,} ({count / self.rows_in:.2%}){self._example_texts(rule)}"
            for rule, count in zip(self._rules, self._per_rule, strict=True)
            if count
        ]
        found = (
            f"{budget:.2%} is exceeded: {self.rejected:,} of {self.rows_in:,} rows ({self.share:.2%}) were rejected. "
        )
        hint = "Look at what changed in the data; then fix the SQL, the rule's bounds, or the budget"
        hint = ". ".join([*self._remedies(), hint])
        raise DataError(Problem("reject_budget", found + "By rule: " + ", ".join(shares), hint, "rejected-over-budget"))

    def notes(self) -> list[str]:
        """What can be done about texts that are not numbers."""
        return [
            f"{rule.name} {count:,} rows{self._example_texts(rule)}: {remedy(rule.unreadable, self._texts(rule))}"
            for rule, count in zip(self._rules, self._per_rule, strict=True)
            if count and rule.unreadable
        ]

    def _remedies(self) -> list[str]:
        counts = zip(self._rules, self._per_rule, strict=True)
        return [remedy(rule.unreadable, self._texts(rule)) for rule, count in counts if count and rule.unreadable]

    def _example_texts(self, rule: Rule) -> str:
        texts = ", ".join(repr(text[:MOST_SHOWN]) for text in self._texts(rule))
        return f", for example {texts}" if texts else ""

    def _texts(self, rule: Rule) -> list[str]:
        """The most frequent texts that could not be read."""
        if rule.unreadable is None:
            return []
        of_rule = f"SELECT {quoted(rule.unreadable)} FROM {self._raw} WHERE {rule.sql}"
        query = f"{of_rule} GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT {EXAMPLES}"
        return [text for (text,) in self._connection.execute(query).fetchall()]

    def to_json(self, rejected: str) -> dict[str, Any]:
        """`rejected` is a file of the rejected rows by their keys, with the names of the rules that each breaks."""
        return {
            "rows_in": self.rows_in,
            "rejected_rows": self.rejected,
            "rejected_share": self.share,
            "rules": [
                {
                    "name": rule.name,
                    "kind": rule.kind,
                    "expression": rule.expression,
                    "min": rule.min,
                    "max": rule.max,
                    "rejected": count,
                    "share": count / self.rows_in if self.rows_in else 0.0,
                    "examples": self._examples(rule, rejected) if count else [],
                }
                for rule, count in zip(self._rules, self._per_rule, strict=True)
            ],
        }

    def _examples(self, rule: Rule, rejected: str) -> list[dict[str, Any]]:
        """The same few rows every time: those of the smallest keys. What could not be read is shown as it stands."""
        if rule.unreadable:
            return [{rule.unreadable: text} for text in self._texts(rule)]
        names = self._example_columns(rule)
        asked = ", ".join(f"CAST({quoted(name)} AS VARCHAR)" for name in names)
        of_rule = f"{rejected} WHERE list_contains(rules, {literal(rule.name)})"
        query = f"SELECT {asked} FROM {of_rule} ORDER BY file_row_number LIMIT {EXAMPLES}"
        return [dict(zip(names, row, strict=True)) for row in self._connection.execute(query).fetchall()]

    def _example_columns(self, rule: Rule) -> list[str]:
        measured = Expression.parse(rule.expression).columns if rule.expression else (rule.name.split(" ", 1)[1],)
        return list(dict.fromkeys([*self._shown, *measured]))
