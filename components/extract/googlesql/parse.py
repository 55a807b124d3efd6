"""GoogleSQL on DuckDB: translated where the meaning stays the same, refused by name where it does not.

sqlglot translates. What it maps to another meaning is rewritten (rewrite.py, aliases.py, row_order.py) or refused
(unsupported.py, coercion.py, text_casts.py), and only functions that were compared with the documented answers
(allowed.py) pass. A wrong number is worse than a refusal.
"""

import functools
import logging
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import sqlglot
from sqlglot import ErrorLevel, exp

from components.extract.googlesql.aliases import expand_aliases
from components.extract.googlesql.allowed import ALLOWED, INSTEAD, USUAL
from components.extract.googlesql.annotation import AnnotatedQuery, ColumnTypes
from components.extract.googlesql.array_sources import name_elements
from components.extract.googlesql.coercion import read_date_literals, refused_coercions
from components.extract.googlesql.messages import TEXT, location_at, location_of, outside_subset
from components.extract.googlesql.pivot import expand_pivots
from components.extract.googlesql.recursion import count_iterations, refused_recursions
from components.extract.googlesql.rewrite import rewrite
from components.extract.googlesql.row_order import check_ties, refused_orders
from components.extract.googlesql.safe_casts import SafeCast, safe_casts
from components.extract.googlesql.syntax_errors import UnsupportedSqlError, translate_errors
from components.extract.googlesql.table_suffix import hide_suffixes
from components.extract.googlesql.text_casts import refused_texts
from components.extract.googlesql.type_families import is_float
from components.extract.googlesql.unsupported import why_unsupported
from components.extract.googlesql.value_tables import name_members, refused_stars
from components.extract.googlesql.window_functions import inline_windows
from model.errors import Problem, Problems, SpecError

logging.getLogger("sqlglot").setLevel(logging.ERROR)  # it warns of what is refused here with a hint

_ALSO_REQUIRED = {
    exp.ArgMax: "expression", exp.ArgMin: "expression",
    exp.TimestampDiff: "unit", exp.DatetimeDiff: "unit", exp.DateDiff: "unit",
}  # fmt: skip
_ALWAYS_ADDS_FLOATS = (exp.Stddev, exp.StddevPop, exp.StddevSamp, exp.Variance, exp.VariancePop, exp.Corr)


@dataclass(frozen=True)
class ParsedQuery:
    """A query inside the portable subset, as far as that can be checked without the columns of its tables."""

    tree: exp.Query
    tables: tuple[exp.Table, ...]
    """Those that it reads, without the names of WITH."""


@dataclass(frozen=True)
class Translation:
    """A query in DuckDB's SQL."""

    sql: str
    adds_floats: bool
    """It sums floats, and the last digits of such a sum depend on the order in which DuckDB adds."""
    safe_casts: tuple[SafeCast, ...]


@functools.cache
def parse(sql: str) -> ParsedQuery:
    """Raises UnsupportedSqlError or SpecError."""
    query = _single_query(sql)
    with translate_errors():
        _check_arguments(query)
        problems = list(_unnamed(query))
        expand_pivots(query)
        problems += _problems(query)
        name_elements(query)
        inline_windows(query)
        problems += [*refused_orders(query), *refused_stars(query), *refused_recursions(query)]
        if problems:
            raise UnsupportedSqlError(*dict.fromkeys(problems))
        expand_aliases(query)
        hide_suffixes(query)
        count_iterations(query)
        names = {cte.alias.casefold() for cte in query.find_all(exp.CTE)}
        tables = [table for table in query.find_all(exp.Table) if table.db or table.name.casefold() not in names]
        return ParsedQuery(query, tuple(tables))


def to_duckdb(sql: str, columns: Mapping[tuple[str, str], ColumnTypes]) -> Translation:
    """`columns`: (dataset or "", table) -> name -> type. Raises UnsupportedSqlError, SpecError or DataError."""
    query = parse(sql).tree.copy()
    with translate_errors():
        name_members(query, columns)
        annotated = AnnotatedQuery(query, columns)
        if problems := list(dict.fromkeys([*refused_coercions(annotated), *refused_texts(annotated)])):
            raise UnsupportedSqlError(*problems)
        read_date_literals(annotated)
        counted = tuple(safe_casts(annotated))
        check_ties(query)
        text = rewrite(query).sql(dialect="duckdb", unsupported_level=ErrorLevel.RAISE, copy=False)
        return Translation(text, _adds_floats(annotated.resolved), counted)


def _adds_floats(resolved: exp.Query) -> bool:
    return any(
        isinstance(node, _ALWAYS_ADDS_FLOATS) or (isinstance(node, exp.Sum | exp.Avg) and is_float(node.this))
        for node in resolved.walk()
    )


@functools.cache
def parameters(sql: str) -> set[str]:
    """The names of the query's parameters, without their @. Raises SpecError."""
    return {parameter.name.lower() for parameter in _single_query(sql).find_all(exp.Parameter)}


def _single_query(sql: str) -> exp.Query:
    if sql.startswith("\ufeff"):
        raise SpecError(
            Problem("SQL", "starts with a byte order mark", "Save the file as UTF-8 without one", "sql-not-parsed")
        )
    with translate_errors():
        statements = _statements(sql)
    parsed = [statement for statement in statements if statement and not isinstance(statement, exp.Semicolon)]
    query = parsed[0] if len(parsed) == 1 else None
    if not isinstance(query, exp.Query):
        name = _statement_name(query, sql) if query else ""
        message = f"is {name}, not a SELECT" if query else f"has {len(parsed)} statements, not one"
        hint = "source.sql names a file with one query; WITH may stand before it"
        raise SpecError(Problem(_location_of_second(sql, statements), message, hint, "sql-not-one-query"))
    query.meta[TEXT] = sql
    return query


def _statement_name(statement: exp.Expr, sql: str) -> str:
    """Its keyword, like DELETE; the first word of a text that is not a statement, like `SELEC x`."""
    if isinstance(statement, exp.Alias | exp.Condition):
        return repr(sqlglot.tokenize(sql, read="bigquery")[0].text)
    return statement.key.upper()


def _location_of_second(sql: str, statements: list[exp.Expr | None]) -> str:
    """Where the second statement begins, or the only one, which is not a query."""
    separators = [token.end + 1 for token in sqlglot.tokenize(sql, read="bigquery") if token.text == ";"]
    start = separators[0] if len(statements) > 1 and separators else 0
    rest = sql[start:]
    return location_at(sql, start + len(rest) - len(rest.lstrip())) if any(statements) and rest.strip() else "SQL"


def _statements(sql: str) -> list[exp.Expr | None]:
    """Raises SpecError also for what sqlglot's parser raises on a call without an argument that it needs."""
    try:
        with warnings.catch_warnings():  # Python's `re` warns of patterns of RE2
            warnings.simplefilter("ignore", FutureWarning)
            return sqlglot.parse(sql, read="bigquery", error_level=ErrorLevel.RAISE)
    except (AttributeError, IndexError, KeyError, OverflowError, TypeError, ValueError) as error:
        hint = "Look for a function with too few or too many arguments"
        raise SpecError(
            Problem("SQL", f"cannot be read ({type(error).__name__}: {error})", hint, "sql-not-parsed")
        ) from None


def _check_arguments(query: exp.Query) -> None:
    """Raises SpecError for functions with too few arguments that sqlglot's parser accepts."""
    problems = Problems()
    for node in query.find_all(exp.Func):
        required = [name for name, is_required in node.arg_types.items() if is_required]
        required += filter(None, [_ALSO_REQUIRED.get(type(node))])
        if not isinstance(node, exp.Anonymous) and any(node.args.get(name) is None for name in required):
            name = node.sql_names()[0] if isinstance(node, exp.Func) else node.key
            problems.add(
                f"{location_of(node)}, {name}",
                "has too few arguments",
                "Look for a function with too few arguments",
                "sql-not-parsed",
            )
    problems.raise_if_any(SpecError)


def _unnamed(query: exp.Query) -> Iterator[Problem]:
    """Columns of the result that have no name: each engine gives them another one."""
    first: exp.Expr = query
    while isinstance(first, exp.SetOperation | exp.Subquery):
        first = first.this
    for item in first.selects if isinstance(first, exp.Select) else []:
        if not item.is_star and not item.output_name:
            yield outside_subset(item, f"Write {item.sql(dialect='bigquery'):.40} AS name", "has no name in the result")


def _problems(query: exp.Expr) -> Iterator[Problem]:
    for node in query.walk():
        if isinstance(node, exp.Anonymous):
            yield outside_subset(node, USUAL)
        elif isinstance(node, exp.Func) and type(node).__name__ not in ALLOWED:
            yield outside_subset(node, INSTEAD.get(type(node).__name__, USUAL))
        elif why := why_unsupported(node):
            yield outside_subset(node, why)
