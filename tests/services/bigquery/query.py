"""A query with its parameters, and the tables that it names."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import pyarrow as pa
import sqlglot
from sqlglot import exp

from tests.services.bigquery.information_schema import information_schema
from tests.services.bigquery.refusal import LOCATION, PROJECT, Refusal
from tests.services.bigquery.tables import StoredTable, Tables

SUFFIX = "_TABLE_SUFFIX"


@dataclass(frozen=True)
class NamedTable:
    """A table as the query names it: `dataset` is "" where it is that of the request. `events_*` has several parts."""

    dataset: str
    name: str
    home: str
    """The dataset in which it is."""
    parts: tuple[StoredTable, ...]

    @property
    def is_wildcard(self) -> bool:
        return self.name.endswith("*")

    @property
    def reference(self) -> dict:
        return {"projectId": PROJECT, "datasetId": self.home, "tableId": self.name}

    @property
    def partition_column(self) -> str:
        return SUFFIX if self.is_wildcard else self.parts[0].options.partitioned_by

    def suffix(self, part: StoredTable) -> str:
        return part.name.removeprefix(self.name.removesuffix("*"))


class Query:
    """Raises Refusal for what the service refuses before it plans."""

    def __init__(self, tables: Tables, sql: str, default: str, values: dict, location: str | None) -> None:
        self.sql, self.values, self._default = sql, values, default
        self._tables, self._location = tables, location
        for name in re.findall(r"@(\w+)", sql):
            if name.lower() not in values:
                raise Refusal(400, "invalidQuery", f"Query parameter '{name}' not found{self.at('@' + name)}")
        self.tree = self._syntax_tree()
        self.tables = list({(table.dataset, table.name): table for table in self._named_tables()}.values())
        self._drop_projects()

    @cached_property
    def text(self) -> str:
        """Its SQL without names of projects; * leaves the suffix of a wildcard out."""
        return self.tree.sql(dialect="bigquery") if self._is_rewritten else self.sql

    def columns_read(self) -> set[str] | None:
        """Names of all columns in the query; None when a star selects all."""
        if any(not isinstance(star.parent, exp.Count) for star in self.tree.find_all(exp.Star)):
            return None
        return {column.name.casefold() for column in self.tree.find_all(exp.Column)}

    def filters(self, table: NamedTable) -> list[str]:
        """Conditions on the column of its partitions that every row which is read fulfils, in DuckDB's SQL.

        Empty where it is read without such conditions in one place.
        """
        conditions = [self._conditions(select, table) for select in self._selects(table)]
        if not all(conditions):
            return []
        return [" OR ".join(f"({' AND '.join(parts)})" for parts in conditions)]

    def passed_on(self) -> dict[str, pa.Field]:
        """Fields of the result that are columns of its only table as they are, by name."""
        if not isinstance(self.tree, exp.Select) or self.tree.args.get("joins") or len(self.tables) != 1:
            return {}
        if self.tree.find(exp.CTE, exp.Subquery):
            return {}
        fields = {column.name: column for part in self.tables[0].parts for column in part.schema}
        passed = {}
        for output in self.tree.expressions:
            if output.is_star:
                passed |= fields
            elif isinstance(column := output.unalias(), exp.Column) and column.name in fields:
                passed[output.alias_or_name] = fields[column.name].with_name(output.alias_or_name)
        return passed

    def at(self, text: str) -> str:
        before = self.sql[: max(self.sql.find(text), 0)]
        return f" at [{before.count(chr(10)) + 1}:{len(before) - (before.rfind(chr(10)) + 1) + 1}]"

    def _syntax_tree(self) -> exp.Expr:
        try:
            return sqlglot.parse_one(self.sql, read="bigquery")
        except sqlglot.errors.SqlglotError as error:
            raise Refusal(400, "invalidQuery", f"Syntax error: {str(error).splitlines()[0]} at [1:1]") from None

    def _named_tables(self) -> Iterator[NamedTable]:
        names = {cte.alias for cte in self.tree.find_all(exp.CTE)}
        for table in self.tree.find_all(exp.Table):
            if not table.db and table.name in names:
                continue
            home = table.db or self._default
            if not home:
                message = f'Table "{table.name}" must be qualified with a dataset (e.g. dataset.table).'
                raise Refusal(400, "invalidQuery", message)
            parts = tuple(self._parts(table.catalog, home, table.name))
            if not parts:
                full = f"{table.catalog or PROJECT}:{home}.{table.name}"
                raise Refusal(404, "notFound", f"Not found: Table {full} was not found in location {self._location}")
            yield NamedTable(table.db, table.name, home, parts)

    def _parts(self, project: str, dataset: str, name: str) -> Iterator[StoredTable]:
        if self._location != LOCATION or project not in ("", PROJECT):
            return
        try:
            if name.upper().startswith("INFORMATION_SCHEMA."):
                yield information_schema(self._tables, dataset, name)
            elif name.endswith("*"):
                yield from (t for t in self._tables.in_dataset(dataset) if t.name.startswith(name[:-1]))
            else:
                yield self._tables.get(dataset, name)
        except Refusal as refusal:
            if refusal.code != 404:
                raise

    @cached_property
    def _is_rewritten(self) -> bool:
        return any(table.is_wildcard for table in self.tables) or any(
            isinstance(node, exp.Table) and node.meta.get("project") for node in self.tree.walk()
        )

    def _drop_projects(self) -> None:
        for table in self.tree.find_all(exp.Table):
            if table.catalog:
                table.set("catalog", None)
                table.meta["project"] = True
        if any(table.is_wildcard for table in self.tables):
            for star in self.tree.find_all(exp.Star):
                if not isinstance(star.parent, exp.Count):
                    star.set("except_", [*(star.args.get("except_") or ()), exp.to_identifier(SUFFIX)])

    def _selects(self, table: NamedTable) -> Iterator[tuple[exp.Select, str]]:
        """Where it is read, with its alias there."""
        for node in self.tree.find_all(exp.Table):
            if (node.db, node.name) == (table.dataset, table.name) and (select := node.find_ancestor(exp.Select)):
                yield select, node.alias_or_name

    def _conditions(self, scan: tuple[exp.Select, str], table: NamedTable) -> list[str]:
        select, alias = scan
        where = select.args.get("where")
        key = table.partition_column.casefold()
        return [_plain(part) for part in _conjuncts(where.this if where else None) if _is_on(part, key, alias)]


def _conjuncts(condition: exp.Expr | None) -> Iterator[exp.Expr]:
    condition = condition.unnest() if condition is not None else None
    if isinstance(condition, exp.And):
        yield from _conjuncts(condition.left)
        yield from _conjuncts(condition.right)
    elif condition is not None:
        yield condition


def _is_on(condition: exp.Expr, key: str, alias: str) -> bool:
    """Whether it compares this column of the table with constants, and nothing else."""
    columns = list(condition.find_all(exp.Column))
    return (
        bool(key and columns)
        and condition.find(exp.Select) is None
        and all(column.name.casefold() == key and column.table in ("", alias) for column in columns)
    )


def _plain(condition: exp.Expr) -> str:
    condition = condition.copy()
    for column in condition.find_all(exp.Column):
        column.set("table", None)
    return condition.sql(dialect="duckdb")
