"""Counts of rejected rows by rule, with examples: what is rejected is counted and shown, never dropped silently."""

from collections.abc import Iterator, Sequence

import duckdb

from artifacts.rejection_report import RejectedByRule
from artifacts.typed_rows import RejectionRule, raw
from components.preprocess.duckdb_session import one_row
from components.preprocess.unreadable import remedy
from model.errors import DataError, Problem
from model.sql import literal, quoted

EXAMPLES = 5
MOST_CHARACTERS = 40  # of an example in a sentence


class RejectionCounts:
    """Counts over `rows`, a view of the rows that extract wrote. `id_columns` say which row an example is."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        rows: str,
        rules: Sequence[RejectionRule],
        *,
        id_columns: Sequence[str],
    ) -> None:
        filters = ["broken <> 0", *(rule.broken for rule in rules)]
        counts = ", ".join(["count(*)", *(f"count(*) FILTER ({condition})" for condition in filters)])
        self.rows, self.rejected, *self._by_rule = one_row(connection, f"SELECT {counts} FROM {rows}")
        self._rules, self._connection, self._view, self._id_columns = rules, connection, rows, id_columns

    @property
    def share(self) -> float:
        return self._share(self.rejected)

    def refuse_over(self, budget: float) -> None:
        """Raises DataError, with every rule's share, when more than the budget was rejected."""
        if self.share <= budget:
            return
        shares = [
            f"{rule.name} {count:,} ({self._share(count):.2%}){self._example_texts(rule)}"
            for rule, count in self._broken()
        ]
        counts = f"{self.rejected:,} of {self.rows:,} rows ({self.share:.2%}) were rejected"
        problem = f"{budget:.2%} is exceeded: {counts}. By rule: {', '.join(shares)}"
        remedies = [remedy(rule.unreadable, self._texts(rule)) for rule, _ in self._broken() if rule.unreadable]
        hint = "Look at what changed in the data; then fix the SQL, the rule's bounds, or the budget"
        raise DataError(Problem("reject_budget", problem, ". ".join([*remedies, hint]), "rejected-over-budget"))

    def warnings(self) -> list[str]:
        """How to read texts that are not numbers."""
        return [
            f"{rule.name} {count:,} rows{self._example_texts(rule)}: {remedy(rule.unreadable, self._texts(rule))}"
            for rule, count in self._broken()
            if rule.unreadable
        ]

    def by_rule(self, rejected: str) -> tuple[RejectedByRule, ...]:
        """`rejected` is a file of the rejected rows by their keys, with the names of the rules that each breaks."""
        return tuple(
            RejectedByRule(
                name=rule.name,
                kind=rule.kind,
                expression=rule.expression,
                min=rule.min,
                max=rule.max,
                rejected=count,
                share=self._share(count),
                examples=self._examples(rule, rejected) if count else (),
            )
            for rule, count in zip(self._rules, self._by_rule, strict=True)
        )

    def _share(self, count: int) -> float:
        return count / self.rows if self.rows else 0.0

    def _broken(self) -> Iterator[tuple[RejectionRule, int]]:
        """Rules that a row breaks, and how many rows do."""
        return ((rule, count) for rule, count in zip(self._rules, self._by_rule, strict=True) if count)

    def _example_texts(self, rule: RejectionRule) -> str:
        texts = ", ".join(repr(text[:MOST_CHARACTERS]) for text in self._texts(rule))
        return f", for example {texts}" if texts else ""

    def _texts(self, rule: RejectionRule) -> list[str]:
        """The most frequent texts that could not be read."""
        if rule.unreadable is None:
            return []
        of_rule = f"SELECT {raw(rule.unreadable)} FROM {self._view} WHERE {rule.broken}"
        query = f"{of_rule} GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT {EXAMPLES}"
        return [text for (text,) in self._connection.execute(query).fetchall()]

    def _examples(self, rule: RejectionRule, rejected: str) -> tuple[dict[str, str | None], ...]:
        """The same few rows every time: those of the smallest keys. What could not be read is shown as it is."""
        if rule.unreadable:
            return tuple({rule.unreadable: text} for text in self._texts(rule))
        names = list(dict.fromkeys([*self._id_columns, *rule.columns]))
        texts = ", ".join(f"CAST({quoted(name)} AS VARCHAR)" for name in names)
        of_rule = f"{rejected} WHERE list_contains(rules, {literal(rule.name)})"
        query = f"SELECT {texts} FROM {of_rule} ORDER BY file_row_number LIMIT {EXAMPLES}"
        return tuple(dict(zip(names, row, strict=True)) for row in self._connection.execute(query).fetchall())


def broken_names(rules: Sequence[RejectionRule]) -> str:
    """SQL of the names of every rule that a row breaks, as a list, over the row's mask."""
    names = ", ".join(f"CASE WHEN {rule.broken} THEN {literal(rule.name)} END" for rule in rules)
    return f"list_filter([{names}], lambda x: x IS NOT NULL)" if names else "CAST([] AS VARCHAR[])"
