"""GoogleSQL on DuckDB: translated where the meaning stays the same, refused by name where it would not.

sqlglot translates; what it maps to another meaning is put right (mend.py, aliases.py, order.py) or refused (traps.py,
coercion.py, as_text.py), and only functions that were compared with the documented answers (functions.py) are let
through. A wrong number is worse than a refusal.
"""

import contextlib
import functools
import logging
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import sqlglot
from sqlglot import ErrorLevel, exp

from components.extract.googlesql.aliases import expand_aliases
from components.extract.googlesql.allowed import ALLOWED, INSTEAD, USUAL
from components.extract.googlesql.annotation import AnnotatedQuery, Columns
from components.extract.googlesql.coercion import read_date_literals, refused_coercions
from components.extract.googlesql.messages import outside_subset
from components.extract.googlesql.rewrite import mended
from components.extract.googlesql.row_order import check_ties, refused_orders
from components.extract.googlesql.safe_casts import SafeCast, safe_casts
from components.extract.googlesql.text_casts import refused_texts
from components.extract.googlesql.type_families import is_float
from components.extract.googlesql.unsupported import trap
from components.extract.googlesql.window_functions import inline_windows
from model.errors import Problem, Problems, SpecError

logging.getLogger("sqlglot").setLevel(logging.ERROR)  # it warns of what is refused here with more words

_NEEDED = {
    exp.ArgMax: "expression", exp.ArgMin: "expression",
    exp.TimestampDiff: "unit", exp.DatetimeDiff: "unit", exp.DateDiff: "unit",
}  # fmt: skip
_ADDS_ALWAYS = (exp.Stddev, exp.StddevSamp, exp.Variance, exp.Corr, exp.ApproxQuantiles)


class UnsupportedLocally(SpecError):
    heading = "the SQL would not mean the same on BigQuery and on files"


@dataclass(frozen=True)
class PortableQuery:
    """A query that is inside the subset as far as it can be told without its tables' columns."""

    tree: exp.Query
    tables: tuple[exp.Table, ...]
    """Those that it reads; the names of WITH are not among them."""


@dataclass(frozen=True)
class Translation:
    """A query in DuckDB's words."""

    sql: str
    adds_floats: bool
    """Its answer depends on the order in which DuckDB adds: the last digits of sums and means of floats."""
    safe_casts: tuple[SafeCast, ...]


@functools.cache
def portable(sql: str) -> PortableQuery:
    """Raises UnsupportedLocally or SpecError."""
    query = _parse(sql)
    with _failures_told():
        _refuse_lacking_arguments(query)
        written_out = inline_windows(query)
        if problems := list(dict.fromkeys([*_problems(query), *refused_orders(written_out)])):
            raise UnsupportedLocally(*problems)
        names = {cte.alias.casefold() for cte in query.find_all(exp.CTE)}
        tables = [table for table in query.find_all(exp.Table) if table.db or table.name.casefold() not in names]
        return PortableQuery(expand_aliases(written_out), tuple(tables))


def to_duckdb(sql: str, columns: Mapping[tuple[str, str], Columns]) -> Translation:
    """`columns`: (dataset or "", table) -> name -> type. Raises UnsupportedLocally, SpecError or DataError."""
    query = portable(sql).tree.copy()
    with _failures_told():
        annotated = AnnotatedQuery(query, columns)
        if problems := list(dict.fromkeys([*refused_coercions(annotated), *refused_texts(annotated)])):
            raise UnsupportedLocally(*problems)
        read_date_literals(annotated)
        text = mended(check_ties(query)).sql(dialect="duckdb", unsupported_level=ErrorLevel.RAISE)
        return Translation(text, _adds_floats(annotated.resolved), tuple(safe_casts(annotated)))


def _adds_floats(resolved: exp.Query) -> bool:
    return any(
        isinstance(node, _ADDS_ALWAYS) or (isinstance(node, exp.Sum | exp.Avg) and is_float(node.this))
        for node in resolved.walk()
    )


@functools.cache
def parameters(sql: str) -> set[str]:
    """The names that the query asks for, without their @. Raises SpecError."""
    return {parameter.name.lower() for parameter in _parse(sql).find_all(exp.Parameter)}


def _parse(sql: str) -> exp.Query:
    if sql.startswith("\ufeff"):
        raise SpecError(
            Problem("SQL", "starts with a byte order mark", "Save the file as UTF-8 without one", "sql-not-parsed")
        )
    with _failures_told():
        statements = _statements(sql)
    written = [statement for statement in statements if statement and not isinstance(statement, exp.Semicolon)]
    query = written[0] if len(written) == 1 else None
    if not isinstance(query, exp.Query):
        found = f"is {query.key.upper()}, not a SELECT" if query else f"holds {len(written)} statements, not one"
        raise SpecError(
            Problem(
                "SQL", found, "source.sql names a file with one query; WITH may stand before it", "sql-not-one-query"
            )
        )
    return query


def _statements(sql: str) -> list[exp.Expr | None]:
    """sqlglot's parser breaks in ways of its own on calls that lack an argument; the text is all that it is given."""
    try:
        with warnings.catch_warnings():  # of Python's own engine for patterns, which are RE2's
            warnings.simplefilter("ignore", FutureWarning)
            return sqlglot.parse(sql, read="bigquery", error_level=ErrorLevel.RAISE)
    except (AttributeError, IndexError, KeyError, OverflowError, TypeError, ValueError) as error:
        hint = "Look for a function that lacks an argument, or has one that it does not take"
        raise SpecError(
            Problem("SQL", f"cannot be read ({type(error).__name__}: {error})", hint, "sql-not-parsed")
        ) from None


def _refuse_lacking_arguments(query: exp.Query) -> None:
    """Of functions that sqlglot's parser lets through with fewer than they need."""
    problems = Problems()
    for node in query.find_all(exp.Func):
        needed = [name for name, must in node.arg_types.items() if must]
        needed += filter(None, [_NEEDED.get(type(node))])
        if not isinstance(node, exp.Anonymous) and any(node.args.get(name) is None for name in needed):
            name = node.sql_names()[0] if isinstance(node, exp.Func) else node.key
            problems.add(
                f"SQL {name}", "lacks an argument", "Look for a function that lacks an argument", "sql-not-parsed"
            )
    problems.raise_if_any(SpecError)


@contextlib.contextmanager
def _failures_told() -> Iterator[None]:
    """sqlglot's failures, and nesting that is too deep for it, as refusals."""
    try:
        yield
    except sqlglot.errors.UnsupportedError as error:
        raise UnsupportedLocally(Problem("SQL", f"cannot be translated ({error})", USUAL, "sql-not-portable")) from None
    except sqlglot.errors.SqlglotError as error:
        raise SpecError(_syntax(error)) from None
    except RecursionError:
        raise SpecError(
            Problem("SQL", "is nested too deeply", "Give its parts names: WITH part AS (SELECT …)", "sql-too-deep")
        ) from None


def _syntax(error: sqlglot.errors.SqlglotError) -> Problem:
    detail = error.errors[0] if isinstance(error, sqlglot.errors.ParseError) and error.errors else {}
    line, near = detail.get("line"), detail.get("highlight")
    found = f"cannot be read at {near!r}" if near else f"cannot be read ({str(error).splitlines()[0]})"
    hint = "Fix the query there or just before; it is GoogleSQL" if near else "A quote or a comment may not be closed"
    return Problem(f"SQL line {line}" if line else "SQL", found, hint, "sql-not-parsed")


def _problems(query: exp.Expr) -> Iterator[Problem]:
    for node in query.walk():
        if isinstance(node, exp.Anonymous):
            yield outside_subset(node, USUAL)
        elif isinstance(node, exp.Func) and type(node).__name__ not in ALLOWED:
            yield outside_subset(node, INSTEAD.get(type(node).__name__, USUAL))
        elif why := trap(node):
            yield outside_subset(node, why)
