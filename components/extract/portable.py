"""GoogleSQL on DuckDB: translated where the meaning stays the same, refused by name where it would not.

sqlglot translates; what it maps to another meaning is put right (mend.py) or refused (traps.py), and only functions
that were compared with the documented answers (functions.py) are let through. A wrong number is worse than a refusal.
"""

import contextlib
import functools
import logging
from collections.abc import Iterator

import sqlglot
from sqlglot import ErrorLevel, exp

from components.extract.functions import ALLOWED, INSTEAD, USUAL
from components.extract.mend import mended
from components.extract.traps import trap
from model.errors import Fault, SpecRefused

logging.getLogger("sqlglot").setLevel(logging.ERROR)  # it warns of what is refused here with more words


class UnsupportedLocally(SpecRefused):
    heading = "the SQL would not mean the same on BigQuery and on files"


@functools.cache
def to_duckdb(sql: str) -> tuple[str, list[exp.Table]]:
    """DuckDB SQL and the tables that it reads (not those of WITH). Raises UnsupportedLocally or SpecRefused."""
    query = _parse(sql)
    with _failures_told():
        if faults := list(dict.fromkeys(_faults(query))):
            raise UnsupportedLocally(*faults)
        names = {cte.alias.casefold() for cte in query.find_all(exp.CTE)}
        tables = [table for table in query.find_all(exp.Table) if table.db or table.name.casefold() not in names]
        return mended(query).sql(dialect="duckdb", unsupported_level=ErrorLevel.RAISE), tables


@functools.cache
def parameters(sql: str) -> set[str]:
    """The names that the query asks for, without their @. Raises SpecRefused."""
    return {parameter.name.lower() for parameter in _parse(sql).find_all(exp.Parameter)}


def _parse(sql: str) -> exp.Query:
    if sql.startswith("\ufeff"):
        raise SpecRefused(Fault("SQL", "starts with a byte order mark", "Save the file as UTF-8 without one"))
    with _failures_told():
        statements = sqlglot.parse(sql, read="bigquery", error_level=ErrorLevel.RAISE)
    written = [statement for statement in statements if statement and not isinstance(statement, exp.Semicolon)]
    query = written[0] if len(written) == 1 else None
    if not isinstance(query, exp.Query):
        found = f"is {query.key.upper()}, not a SELECT" if query else f"holds {len(written)} statements, not one"
        raise SpecRefused(Fault("SQL", found, "source.sql names a file with one query; WITH may stand before it"))
    return query


@contextlib.contextmanager
def _failures_told() -> Iterator[None]:
    """sqlglot's failures as refusals. Deep nesting and calls that lack an argument break it in ways of their own."""
    try:
        yield
    except SpecRefused:
        raise
    except sqlglot.errors.UnsupportedError as error:
        raise UnsupportedLocally(Fault("SQL", f"cannot be translated ({error})", USUAL)) from None
    except sqlglot.errors.SqlglotError as error:
        raise SpecRefused(_syntax(error)) from None
    except RecursionError:
        raise SpecRefused(
            Fault("SQL", "is nested too deeply", "Give its parts names: WITH part AS (SELECT …)")
        ) from None
    except Exception as error:
        way_out = "Look for a function that lacks an argument, or has one that it does not take"
        raise SpecRefused(Fault("SQL", f"cannot be read ({type(error).__name__}: {error})", way_out)) from None


def _syntax(error: sqlglot.errors.SqlglotError) -> Fault:
    detail = error.errors[0] if isinstance(error, sqlglot.errors.ParseError) and error.errors else {}
    line, near = detail.get("line"), detail.get("highlight")
    found = f"cannot be read at {near!r}" if near else f"cannot be read ({str(error).splitlines()[0]})"
    way_out = (
        "Mend the query there or just before; it is GoogleSQL" if near else "A quote or a comment may not be closed"
    )
    return Fault(f"SQL line {line}" if line else "SQL", found, way_out)


def _faults(query: exp.Expr) -> Iterator[Fault]:
    for node in query.walk():
        if isinstance(node, exp.Anonymous):
            yield _refusal(node, USUAL)
        elif isinstance(node, exp.Func) and type(node).__name__ not in ALLOWED:
            yield _refusal(node, INSTEAD.get(type(node).__name__, USUAL))
        elif why := trap(node):
            yield _refusal(node, why)


def _refusal(node: exp.Expr, way_out: str) -> Fault:
    text = node.sql(dialect="bigquery")
    return Fault(f"SQL {text[:60]}{'…' if len(text) > 60 else ''}", "is outside the portable subset", way_out)
