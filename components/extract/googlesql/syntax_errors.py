"""A query that cannot be read, or cannot be translated."""

import contextlib
from collections.abc import Iterator

import sqlglot

from components.extract.googlesql.allowed import USUAL
from model.errors import Problem, SpecError


class UnsupportedSqlError(SpecError):
    heading = "the SQL does not mean the same on BigQuery and on files"


@contextlib.contextmanager
def translate_errors() -> Iterator[None]:
    """sqlglot's errors, and nesting that is too deep for it, become SpecErrors."""
    try:
        yield
    except sqlglot.errors.UnsupportedError as error:
        raise UnsupportedSqlError(
            Problem("SQL", f"cannot be translated ({error})", USUAL, "sql-not-portable")
        ) from None
    except sqlglot.errors.SqlglotError as error:
        raise SpecError(_syntax(error)) from None
    except RecursionError:
        raise SpecError(
            Problem("SQL", "is nested too deeply", "Give its parts names: WITH part AS (SELECT …)", "sql-too-deep")
        ) from None


def _syntax(error: sqlglot.errors.SqlglotError) -> Problem:
    detail = error.errors[0] if isinstance(error, sqlglot.errors.ParseError) and error.errors else {}
    line, near = detail.get("line"), detail.get("highlight")
    column = (detail.get("col") or 0) - len(near or "") + 1
    message = f"cannot be read at {near!r}" if near else f"cannot be read ({str(error).splitlines()[0]})"
    hint = "Fix the query there or just before; it is GoogleSQL" if near else "A quote or a comment may not be closed"
    return Problem(f"SQL line {line} column {max(column, 1)}" if line else "SQL", message, hint, "sql-not-parsed")
